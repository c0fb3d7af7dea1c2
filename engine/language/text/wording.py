"""Numbers with their nouns, as every message of the engine writes them: 1 record, 2,000 records."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Write a number with its noun, which takes an `s` unless the number is 1; thousands are set apart by commas."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
