"""A small project: what the tests run in, each with OPTIONS of its own."""

import tempfile
from pathlib import Path

BASE_DIR = Path(tempfile.gettempdir())
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = ["lastly.django", "django.contrib.staticfiles"]
STATIC_URL = "/static/"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
STORAGES = {"staticfiles": {"BACKEND": "lastly.django.StaticFilesStorage"}}
LOGGING = {
    "version": 1,
    "handlers": {"none": {"class": "logging.NullHandler"}},
    "loggers": {"lastly.django": {"handlers": ["none"], "propagate": False}},
}
