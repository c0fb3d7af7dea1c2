"""The places of a record about which something is to be decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec


class FlaggedPlace(msgspec.Struct, frozen=True, gc=False):
    """A value at a JSON pointer of a record, why it was flagged (a `rule`), and whether somebody must be asked.

    `value` may be a part of the text that stands there. Places with the same `group` in one record are about one person.
    """

    pointer: str
    value: str
    kind: str
    rule: str
    group: int | None = None
    asked: bool = True


Flags = Callable[[str, str, Any, str], Iterable[FlaggedPlace]]  # of a vendor, an endpoint, a record and the sha256 of its line
