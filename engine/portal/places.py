"""Where a service stands in the addresses of a case: by its name, unless a page is called so."""

from __future__ import annotations

OF_A_CASE = frozenset(
    {
        "contacts",
        "decide",
        "files",
        "letter",
        "log",
        "package",
        "person",
        "preview",
        "records",
        "run",
        "sealed",
        "search",
        "values",
    }
)
APART = "of-"  # no name of a service holds a hyphen


def place_of(vendor: str) -> str:
    """Give the part of the address that stands for a service."""
    return f"{APART}{vendor}" if vendor in OF_A_CASE else vendor


def vendor_at(place: str) -> str:
    """Give the service that a part of an address stands for."""
    return place.removeprefix(APART)
