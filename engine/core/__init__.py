"""Decisions as pure functions: the time and random numbers are arguments, and nothing here sends, reads or writes anything."""
