"""What of a package that was not made would have left although it is withheld."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.errors import Refused


class SlippedValue(msgspec.Struct, frozen=True):
    """A value that is withheld at one place and stands in files of the package all the same.

    `value`: its keyed digest, by which the log and what was found name it.
    """

    vendor: str
    endpoint: str
    pointer: str
    files: tuple[str, ...]
    value: str = ""


class WouldLeave(Refused):
    """Something that is withheld would leave; `slipped` says what and where, without any value."""

    def __init__(self, message: str, slipped: Sequence[SlippedValue] = ()) -> None:
        """Take what would leave."""
        super().__init__(message)
        self.slipped = tuple(slipped)
