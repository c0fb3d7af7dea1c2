"""Runs that are killed again and again: `make test-kills` tries a few moments, `make test-chaos` many."""
