"""The package that a person gets: a bag of pages and data (RFC 8493), signed, sealed, and checked by anybody."""
