"""The guestbook in Django's admin, which has static files of its own."""

from django.contrib import admin

from .models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ("name", "stars", "written")
    list_filter = ("written",)
    date_hierarchy = "written"
