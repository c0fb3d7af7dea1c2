"""Cassettes, folders of a vendor's recorded answers: replayed offline through the real engine, checked, served as a simulator."""
