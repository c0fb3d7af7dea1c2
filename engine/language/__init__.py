"""The spec language: model, loading, templates, selection, linting. Pure."""
