"""A first spec, written from the vendor's own document; what is a guess stands there as a TODO."""
