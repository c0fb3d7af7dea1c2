"""Batches on several machines: people in a shared database, workers that own connections for a while, and how they are seen."""
