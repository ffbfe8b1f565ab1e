"""lastly for Django: `manage.py collectstatic` publishes, and `{% static %}` knows the release.

INSTALLED_APPS = ["lastly.django", "django.contrib.staticfiles", …]
STORAGES = {"staticfiles": {"BACKEND": "lastly.django.StaticFilesStorage", "OPTIONS": {…}}, …}
"""

from lastly.django.storage import StaticFilesStorage

__all__ = ["StaticFilesStorage"]
