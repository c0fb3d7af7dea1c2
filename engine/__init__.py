"""Habeas: everything a vendor holds about one person, with proof of what was and was not obtained."""

__version__ = "0.1.0"
