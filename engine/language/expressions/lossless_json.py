"""JSON to Python values and back, with every number exactly as the vendor wrote it.

`1.10` stays `1.10`, `1e5` stays `1e5`, integers have any length, and a lone surrogate stays the escape it was.
"""

from __future__ import annotations

import json
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec


class Number(float):
    """A number that is not a plain integer; it compares as a float and is written as it came."""

    __slots__ = ("json", "text")
    text: str
    json: msgspec.Raw

    def __new__(cls, text: str) -> Number:
        """Keep the source text beside the value, and the same for the encoder, which may ask for it often."""
        self = super().__new__(cls, text)
        self.text = text
        self.json = msgspec.Raw(text.encode())
        return self

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        """Copy and pickle it by its text: Python would make a copy from the float, which has none."""
        return Number, (self.text,)


number_as_sent = lru_cache(maxsize=1 << 12)(Number)  # the same few numbers come again and again


class Json(str):
    """A JSON value other than a text: a number, a truth value, a list. It reads, and compares, as its JSON text."""

    __slots__ = ()


def _integer(text: str) -> int | Number:
    return Number(text) if text == "-0" or len(text) > LONGEST_INTEGER else int(text)


LONGEST_INTEGER = 4000


def _constant(text: str) -> Any:
    message = f"{text} is not JSON"
    raise ValueError(message)


# One for all: to make it costs more than to read most texts.
DECODER = json.JSONDecoder(parse_float=Number, parse_int=_integer, parse_constant=_constant)


def loads(raw: bytes) -> Any:
    """Decode JSON. Raises ValueError for other text, RecursionError for absurd nesting."""
    return DECODER.decode(raw.decode("utf-8"))


def repeats(raw: bytes) -> bool:
    """Whether a map in a JSON text holds a member twice: readers differ in which they take (RFC 8259 section 4)."""
    found = False

    def pairs(members: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({name for name, _ in members}) < len(members)

    json.loads(raw.decode("utf-8"), object_pairs_hook=pairs, parse_int=str)
    return found


def dumps(value: Any) -> bytes:
    """Encode on one line, numbers as they came, text as UTF-8 (a lone surrogate as its escape)."""
    try:
        return ENCODER.encode(value)
    except (OverflowError, UnicodeEncodeError):  # an integer of over 64 bits, half a surrogate pair
        pass
    try:
        return msgspec.json.encode(_raw(value))
    except UnicodeEncodeError:
        return msgspec.json.encode(_raw(value, escape=True))


ENCODER = msgspec.json.Encoder(enc_hook=attrgetter("json"))  # a number as it came


def _raw(value: Any, *, escape: bool = False) -> Any:
    if isinstance(value, Number):
        return value.json
    if isinstance(value, int) and not isinstance(value, bool):
        return msgspec.Raw(str(value).encode())
    if isinstance(value, str) and escape:
        return msgspec.Raw(json.dumps(value).encode())
    if isinstance(value, dict):
        if escape and any(not _encodable(key) for key in value):
            pairs = (f"{json.dumps(key)}:".encode() + dumps(one) for key, one in value.items())
            return msgspec.Raw(b"{" + b",".join(pairs) + b"}")
        return {key: _raw(one, escape=escape) for key, one in value.items()}
    if isinstance(value, list):
        return [_raw(one, escape=escape) for one in value]
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_of(value: Any) -> str | None:
    """Write a scalar as text, as the vendor would; None for null, a map or a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value.text
    if isinstance(value, (int, float)):
        return str(value)
    return None
