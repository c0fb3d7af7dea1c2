"""Find a member that stands twice in one map of an answer: readers differ in which they take (RFC 8259 section 4), so nothing hangs on it.

Only what the spec reads is looked at. What else a vendor writes twice is delivered as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from engine.language.expressions.select import Steps

ESCAPE = b"\\u"


class _Name:
    """A member's name, equal to itself alone: so a map of JSON keeps two members of one name."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


# One pass without decoding a value, as of a plain map; there is no Struct in it that would have to be described first.
MEMBERS = msgspec.json.Decoder(dict[_Name, msgspec.Raw], dec_hook=lambda _, text: _Name(text))


def twice(text: bytes, paths: Iterable[Steps]) -> str | None:
    """Give the first of these paths whose member stands twice in a JSON text, dotted; None without. Lists on the way are not entered."""
    maps: dict[Steps, list[tuple[str, bytes]]] = {(): _members(text)}
    for path in paths:
        for depth, step in enumerate(path):
            here, above = path[: depth + 1], path[:depth]
            found = [value for name, value in maps[above] if name == step]
            if len(found) > 1:
                return ".".join(here)
            if here not in maps and depth + 1 < len(path):
                maps[here] = _members(found[0]) if found else []
    return None


def twice_in(records: Sequence[Any], path: Steps) -> str | None:
    """Do the same for each of some records; few have a name more than once, or one with an escape, so only those are looked at."""
    names = [b'"%b"' % step.encode() for step in path]
    suspect = (record for record in map(bytes, records) if ESCAPE in record or any(record.count(name) > 1 for name in names))
    return next((found for record in suspect if (found := twice(record, (path,))) is not None), None)


def _members(text: bytes) -> list[tuple[str, bytes]]:
    return [(name.text, bytes(value)) for name, value in MEMBERS.decode(text).items()] if text.lstrip()[:1] == b"{" else []


def without(body: bytes, records: Sequence[Any]) -> bytes:
    """Cut the records out of the list of an answer: what is left is short, so that looking at it costs nothing beside them.

    All of it is given where the first and the last are not found as far apart as all of them are long.
    """
    if not records:
        return body
    first, last, length = bytes(records[0]), bytes(records[-1]), len(b",".join(records))
    begin, behind = body.find(first), body.rfind(last)
    if begin < 0 or behind < 0:  # an expression wrote them anew
        return body
    end = behind + len(last)
    between = b"," if end - begin == length else b", "
    apart = end - begin == length + (len(between) - 1) * (len(records) - 1)
    if not apart or (len(records) > 1 and not body.startswith(between, begin + len(first))):
        return body
    cut = body[:begin] + body[end:]
    return cut if _is_json(cut) else body  # else it was something else that reads the same


def edges(body: bytes, records: Sequence[Any]) -> bytes:
    """Do the same at a cost that does not grow with the records: what lies between the first and the last is not proven to be records.

    Nothing is given where the rest is no JSON, or they are no maps.
    """
    if not records:
        return body
    first, last = bytes(records[0]), bytes(records[-1])
    begin, behind = body.find(first), body.rfind(last)
    if begin < 0 or behind < begin or first[:1] != b"{":
        return b""
    cut = body[:begin] + body[behind + len(last) :]
    return cut if _is_json(cut) else b""


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True
