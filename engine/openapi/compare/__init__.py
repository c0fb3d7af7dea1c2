"""A spec held against the vendor's own document."""
