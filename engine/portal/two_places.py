"""Values that are withheld at one place and stand at another, as the page of a package shows them: which they are, and both places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from engine.case.slipped import SlippedValue
from engine.portal.field_names import called

DATA_FILE = re.compile(r"data/([a-z0-9_]+)/([a-z0-9_]+)\.(?:csv|json)")


class SlippedRow(msgspec.Struct, frozen=True):
    """A value that is withheld at one place and stands in the records of other kinds: where, as links, and in what else.

    `shown` is empty where it cannot be looked up: then only its places are known.
    """

    shown: str
    vendor: str
    endpoint: str
    field: str
    kinds: tuple[tuple[str, str], ...]
    other: bool


def two_places(every: Iterable[SlippedValue], shown: Mapping[str, str]) -> Iterator[SlippedRow]:
    """Say of each value where it is withheld, and in which kinds of record it stands; `shown` are values by their digests."""
    for slipped in every:
        kinds = {(told[1], told[2]): None for told in map(DATA_FILE.fullmatch, slipped.files) if told is not None}
        field = called(slipped.vendor, slipped.endpoint, slipped.pointer)
        other = any("/files/" in name for name in slipped.files)
        yield SlippedRow(shown.get(slipped.value, ""), slipped.vendor, slipped.endpoint, field, tuple(kinds), other)
