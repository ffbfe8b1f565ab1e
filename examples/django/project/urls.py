"""The guestbook at the root, the admin beside it."""

from django.contrib import admin
from django.urls import path

from guestbook.views import index

urlpatterns = [
    path("", index, name="index"),
    path("admin/", admin.site.urls),
]
