"""A copy of a frozen value with other fields, whichever way its type was made (`copy.replace` of Python 3.13)."""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")


def replace(value: _T, /, **changes: Any) -> _T:
    """Give the same dataclass or Struct with `changes` in place of its fields. Raises TypeError for a field that it has not."""
    made: Callable[..., _T] = msgspec.structs.replace if isinstance(value, msgspec.Struct) else dataclasses.replace
    return made(value, **changes)
