"""The members of a JSON object, or the items of a list, each as the bytes that were sent; and these bytes as one text again. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

MAP = msgspec.json.Decoder(dict[str, msgspec.Raw])
LIST = msgspec.json.Decoder(list[msgspec.Raw])
PIECE = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s"\[\]{},:]++', re.DOTALL)
OPENING, CLOSING = (b"{", b"["), (b"}", b"]")
ENCODER = msgspec.json.Encoder()


def parts_of(raw: Any) -> dict[str, Any] | list[Any]:
    """Give the members by their names, of which the last of a name counts, or the items; raw is an object or a list."""
    text = raw if bytes(memoryview(raw)[:1]) in OPENING else bytes(raw).strip()
    named = bytes(memoryview(text)[:1]) == b"{"
    try:
        return MAP.decode(text) if named else LIST.decode(text)
    except msgspec.DecodeError:
        return _slowly(bytes(text), named=named)


def joined(parts: dict[str, Any] | list[Any]) -> bytes:
    """Write members, or the items that are not None, as one JSON text."""
    if isinstance(parts, list):
        return b"[" + b",".join(bytes(item) for item in parts if item is not None) + b"]"
    try:
        return ENCODER.encode(parts)
    except UnicodeEncodeError:
        return b"{" + b",".join(json.dumps(name).encode() + b":" + bytes(value) for name, value in parts.items()) + b"}"


def _slowly(text: bytes, *, named: bool) -> dict[str, Any] | list[Any]:
    """Part what msgspec refuses, such as half a surrogate pair: by its brackets."""
    parts = [text[start:end] for start, end in _spans(text)]
    if not named:
        return parts
    found = dict[str, Any]()
    for part in parts:
        name = next(PIECE.finditer(part))[0]
        found[json.loads(name)] = msgspec.Raw(part[len(name) :].lstrip()[1:].lstrip())
    return found


def _spans(text: bytes) -> Iterator[tuple[int, int]]:
    """Give where each member begins and ends."""
    depth, start, end = 0, -1, -1
    for piece in PIECE.finditer(text):
        sort = piece[0]
        depth -= sort in CLOSING
        if (depth == 0 and sort in CLOSING) or (depth == 1 and sort == b","):
            if start >= 0:
                yield start, end
            start = -1
        elif depth >= 1:
            start, end = (piece.start() if start < 0 else start), piece.end()
        depth += sort in OPENING
