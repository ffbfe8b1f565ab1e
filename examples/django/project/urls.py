"""The guestbook at the root, the admin beside it, and the static files where no CDN is in front of them."""

from django.conf import settings
from django.contrib import admin
from django.urls import path, re_path
from django.views.static import serve
from guestbook.views import index

urlpatterns = [
    path("", index, name="index"),
    path("admin/", admin.site.urls),
]
if settings.STORE.startswith("dir:"):
    # A store that is a folder has each file under its key. What begins with a dot is private.
    store = {"document_root": settings.STORE.removeprefix("dir:")}
    urlpatterns.append(re_path(r"^static/(?P<path>[^.].*)$", serve, store))
