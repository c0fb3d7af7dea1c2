"""Types for JSON objects with the same members: decoded straight to their values, without a map, in two thirds of the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from engine.language.expressions.lossless_json import number_as_sent

MOST_FIELDS = 1_000
NONE: Mapping[str, Any] = {}


def row_type(names: Sequence[str], kinds: Mapping[str, Any] = NONE) -> type[msgspec.Struct] | None:
    """Give the type of objects that have these members and no others; `kinds` says of which type some are.

    None where it cannot be made. A type, as what decodes it, is for one thread alone: see engine/decoding.py.
    """
    if not 0 < len(names) <= MOST_FIELDS:
        return None
    of = {f"f{at}": name for at, name in enumerate(names)}
    fields = [(field, kinds.get(name, Any)) for field, name in of.items()]
    try:
        return msgspec.defstruct("Row", fields, rename=of.get, forbid_unknown_fields=True, gc=False)
    except ValueError:  # a name with a quote, a stroke, half a character
        return None


def row_decoder(kind: type[msgspec.Struct]) -> Callable[[bytes], Any]:
    """Give what decodes a line to such a row, its numbers as they came.

    It raises DecodeError or UnicodeDecodeError for other lines, RecursionError for absurd nesting.
    """
    return msgspec.json.Decoder(kind, float_hook=number_as_sent).decode
