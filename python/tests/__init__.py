"""The tests of the Python side; `run.py` runs them."""

import django
from django.conf import settings

if not settings.configured:
    from tests import settings as ours

    settings.configure(**{name: value for name, value in vars(ours).items() if name.isupper()})
    django.setup()
