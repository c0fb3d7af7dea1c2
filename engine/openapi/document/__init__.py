"""A vendor's OpenAPI document, read: operations, schemas, paths, scopes."""
