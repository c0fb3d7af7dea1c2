"""Pages for people: Jinja2 templates on one base, one style sheet. No script, and nothing is loaded from elsewhere."""
