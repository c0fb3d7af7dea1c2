"""A vendor's own OpenAPI document: read it, hold a spec against it, write a first spec from it. Fetches nothing."""
