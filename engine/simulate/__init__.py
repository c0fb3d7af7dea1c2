"""The toolkit of a vendor on loopback: OAuth, page tokens, limits, faults. Generic; a vendor's own ways are in fixtures/."""
