"""A vendor's account that Habeas may read: how it is made, kept, renewed and ended."""
