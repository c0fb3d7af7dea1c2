"""The token by which an answer finds its case: `HABEAS-7F3K-22QX`, 40 bits of dice that are passed in; and where it stands in a mail."""

from __future__ import annotations

import re
from collections.abc import Callable

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 and O, no 1 and I: it is read aloud, too
LENGTH = 8
TOKEN = re.compile(rf"(?<![A-Z0-9-])HABEAS-[{LETTERS}]{{4}}-[{LETTERS}]{{4}}(?![A-Z0-9-])", re.IGNORECASE)


def make_token(below: Callable[[int], int]) -> str:
    """Make a token; `below(n)` gives a random number below n."""
    drawn = "".join(LETTERS[below(len(LETTERS))] for _ in range(LENGTH))
    return f"HABEAS-{drawn[:4]}-{drawn[4:]}"


def message_id(token: str, number: int, domain: str) -> str:
    """Give the Message-ID of the n-th mail about a question."""
    return f"<{token}.{number}@{domain}>"


def tokens(*texts: str) -> frozenset[str]:
    """Find every token in some texts."""
    return frozenset(found.upper() for text in texts for found in TOKEN.findall(text))
