"""Many machines at one batch: people in a shared PostgreSQL, and workers that own connections for a while."""
