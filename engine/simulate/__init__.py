"""Play a vendor on this machine: OAuth, page tokens, limits and faults that vendors share. Each vendor's own server is in fixtures/."""
