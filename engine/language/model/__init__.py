"""The words of a spec, each defined once: its type, its default, its meaning."""
