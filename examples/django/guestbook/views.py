"""The guestbook's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from .forms import EntryForm
from .models import Entry


def index(request: HttpRequest) -> HttpResponse:
    """Shows the entries and takes new ones."""
    form = EntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("index")
    return render(request, "guestbook/index.html", {"entries": Entry.objects.all()[:50], "form": form})
