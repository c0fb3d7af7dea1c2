"""One I/O concern a module: sending, pacing, downloading."""
