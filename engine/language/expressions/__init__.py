"""What stands inside the texts of a spec: templates, JMESPath, quotes of query languages; and JSON without loss."""
