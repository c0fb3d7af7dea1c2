"""Many people at once: a CSV checked whole, one state for each person at each connection, and a proof over all results."""
