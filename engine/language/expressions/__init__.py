"""What stands inside the values of a spec: templates, JMESPath, quotes in query languages; and JSON with exact numbers."""
