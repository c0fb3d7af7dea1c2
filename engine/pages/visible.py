"""Write what no reader could see as its escape: control characters, halves of characters, marks that turn the text behind them around."""

from __future__ import annotations

import re

UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    """Write a text so that all of it can be seen."""
    return text if text.isprintable() else UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
