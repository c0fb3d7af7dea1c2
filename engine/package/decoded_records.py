"""Decode the records of a page from the lines that leave: each by itself, or all that have the same fields at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple

from engine.language.expressions import lossless_json
from engine.language.expressions.lossless_json import number_as_sent
from engine.package.values import Together, together, turned_rows
from engine.release.given_record import GivenRecord
from engine.release.row_type import row_decoder, row_type

MINUS_ZERO = re.compile(rb"-0(?![0-9.eE])")  # which keeps its sign only as text
FAST = msgspec.json.Decoder(float_hook=number_as_sent)


def decoded(line: bytes) -> Any:
    """Decode a record, fast where that tells the same."""
    if not MINUS_ZERO.search(line):
        try:
            return FAST.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # half a character, written as its escape
    return lossless_json.loads(line)


class DecodedLater(Sequence[Any]):
    """Records that are decoded when they are asked for, each time anew."""

    def __init__(self, given: Sequence[GivenRecord]) -> None:
        """Take them as they are given."""
        self._given = given

    def __len__(self) -> int:
        """Count them."""
        return len(self._given)

    def __getitem__(self, at: Any) -> Any:
        """Decode one of them."""
        return decoded(self._given[at].line)


class FormDecoder:
    """Decodes records a few at a time, so that they stay in the processor's cache, and turns them on their side.

    Those that have the fields of the form, in whichever order, are decoded straight to their values: in two thirds of the time.
    """

    def __init__(self, first: Any) -> None:
        """Take a record that is decoded. No two threads may share one: see engine/decoding.py."""
        self.names: tuple[str, ...] = tuple(first) if type(first) is dict else ()
        row = row_type(self.names)
        self._decode = None if row is None else row_decoder(row)

    def turned(self, lines: Sequence[bytes]) -> Together | None:
        """Give records turned on their side; None where they are not of one form."""
        decode = self._decode
        if decode is not None and not any(map(MINUS_ZERO.search, lines)):
            try:
                return turned_rows(self.names, [astuple(decode(line)) for line in lines])
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass  # other fields, or half a character
        return together([decoded(line) for line in lines])
