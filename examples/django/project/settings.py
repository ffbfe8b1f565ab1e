"""Settings of the example: what matters here is at the end."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = os.environ.get("DEBUG") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY", "an-example-has-no-secrets")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("DATABASE", BASE_DIR / "db.sqlite3")},
}
USE_TZ = True

INSTALLED_APPS = [
    "lastly.django",  # above django.contrib.staticfiles: its collectstatic is the one that runs
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "guestbook",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Where the files are published, and where visitors find them: on this machine, if nothing else is said.
STORE = os.environ.get("LASTLY_STORE", f"dir:{BASE_DIR / 'static-store'}")
STATIC_URL = os.environ.get("STATIC_URL", "/static/")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "lastly.django.StaticFilesStorage",
        "OPTIONS": {
            "store": STORE,
            # collectstatic writes it, to be shipped with the code: a server names the files that it was built with,
            # also while others are newer.
            "manifest": "release.json",
            "importmap": {"guestbook": "guestbook/js/app.js"},
        },
    },
}
