"""What is kept in the database."""

from django.db import models


class Entry(models.Model):
    """What a visitor has left."""

    name = models.CharField(max_length=80)
    text = models.TextField(max_length=1000)
    stars = models.PositiveSmallIntegerField(default=3)
    written = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-written",)
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.name}, {self.written:%Y-%m-%d}"
