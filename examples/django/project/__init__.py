"""A guestbook whose static files lastly publishes."""
