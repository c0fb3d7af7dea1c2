"""Decoders of JSON by type, each made once and by one thread.

msgspec 0.22 describes a Struct when it is first decoded, and shows the unfinished description to other threads: two that begin at the same
moment end the process (a segmentation fault). Whatever is described under one lock is finished before another thread sees it.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")
_FIRST = threading.Lock()
_MADE: dict[Any, msgspec.json.Decoder[Any]] = {}


def decoder(kind: type[_T]) -> msgspec.json.Decoder[_T]:
    """Give the decoder of a type."""
    found = _MADE.get(kind)
    if found is None:
        with _FIRST:
            found = _MADE.setdefault(kind, msgspec.json.Decoder(kind))
    return found


def converted(value: object, kind: type[_T]) -> _T:
    """Give what was decoded already as a type. Raises msgspec.ValidationError."""
    decoder(kind)
    return msgspec.convert(value, kind)
