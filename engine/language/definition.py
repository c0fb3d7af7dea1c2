"""Give a digest of what a spec says of one request, so that a later process can tell whether it says the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from pydantic import BaseModel

from engine.language.expressions.select import Select

SHOWN = 16  # hexadecimal digits


def definition_of(request: Struct) -> str:
    """Give the digest: of every word that the request has, its own or the top's, in any process the same."""
    return hashlib.sha256(repr(_plain(request)).encode("utf-8", "surrogatepass")).hexdigest()[:SHOWN]


def _plain(value: Any) -> Any:
    """Give a value in plain types whose `repr` is the same in every process. What is common, and what is told apart fast, comes first."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Select):
        return value.text
    if isinstance(value, Struct):
        return [type(value).__name__, [(name, _plain(getattr(value, name))) for name in value.__struct_fields__]]
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(map(repr, map(_plain, value)))
    if isinstance(value, BaseModel):
        return [type(value).__name__, [(name, _plain(getattr(value, name))) for name in type(value).model_fields]]
    if isinstance(value, Mapping):
        return [(_plain(name), _plain(inner)) for name, inner in value.items()]
    return value
