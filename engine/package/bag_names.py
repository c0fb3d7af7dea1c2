"""The names of a bag's files: which ones the profile knows, and which may stand in a bag at all."""

from __future__ import annotations

import re
from typing import Final

PROFILE: Final = "urn:habeas:package:1"
PAYLOAD, DATA = "data/", "data"
BAGIT, BAG_INFO, MANIFEST, TAG_MANIFEST = "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"
SIGNATURE, SIGNERS, HEAD, INDEX = "tagmanifest-sha256.txt.sig", "signers.txt", "habeas.json", "index.html"
COMPLETENESS, WITHHELD, INFORMATION = "data/completeness.json", "data/withheld.json", "data/information.json"
LONGEST_NAME = 200
STEP = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?")
RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def name_fault(name: str) -> str | None:
    """Say why a file of a bag cannot have this name; None if it can.

    What is allowed means the same to every system that the package may be opened on: ASCII letters, digits, `.`, `_` and `-`, and no step
    that Windows keeps for devices or shortens.
    """
    steps = name.split("/")
    if "\\" in name or name.startswith("/") or ".." in steps or re.match("[A-Za-z]:", name) or "\0" in name:
        return "leaves the bag"
    if len(name) > LONGEST_NAME:
        return f"has a name of more than {LONGEST_NAME} characters"
    if not all(map(STEP.fullmatch, steps)):
        return "has a name of other characters than letters, digits, `.`, `_` and `-`"
    if any(map(RESERVED.fullmatch, steps)):
        return "has a name that Windows keeps for a device"
    return None


def shown(name: str) -> str:
    """Give a name as a terminal can show it: at most 120 characters, none of which acts on the terminal or turns the text."""
    plain = "".join(char if char.isascii() and char.isprintable() else char.encode("unicode_escape").decode() for char in name)
    return plain if len(plain) <= 120 else f"{plain[:117]}..."
