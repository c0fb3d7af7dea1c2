"""Cassettes: a vendor's answers in readable files, asked again offline by the real engine."""
