"""The one app of the example: entries, a form to write them, and static files that refer to one another."""
