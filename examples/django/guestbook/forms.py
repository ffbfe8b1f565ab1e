"""The form for a new entry, with static files of its own."""

from django import forms

from .models import Entry


class EntryForm(forms.ModelForm):
    """A form whose media are named by logical path: `{{ form.media }}` gives the release's URLs."""

    class Meta:
        model = Entry
        fields = ("name", "text", "stars")
        widgets = {
            "stars": forms.NumberInput(attrs={"min": 1, "max": 5}),
            "text": forms.Textarea(attrs={"rows": 4}),
        }

    class Media:
        css = {"all": ["guestbook/css/form.css"]}
        js = ["guestbook/js/counter.js"]
