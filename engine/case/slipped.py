"""Values that are withheld at one place and stand at another: what of a package would have left, or was given there by decision.

No file holds such a value: it is known by its digest, and looked up in the runs where somebody must see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice

import msgspec

from engine.case.findings_fill import Digest, read_record
from engine.case.in_force import InReview
from engine.errors import Refused
from engine.release.record_values import at_pointer, text_of
from engine.release.withheld import LONGEST

MOST_READ = 100_000  # records: a page waits less than a second for so many


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


def texts_where_withheld(runs: Iterable[InReview], wanted: Iterable[SlippedValue], digest: Digest) -> dict[str, str]:
    """Give values by their digests, as they stand at the places where they were withheld, in the first records of each run.

    What was decided by its place alone is in no list of what was found. Raises UsageError where a run was changed.
    """
    sought: dict[tuple[str, str], dict[str, set[str]]] = {}
    for slipped in wanted:
        sought.setdefault((slipped.vendor, slipped.endpoint), {}).setdefault(slipped.pointer, set()).add(slipped.value)
    found: dict[str, str] = {}
    for run in runs:
        places = {endpoint: pointers for (vendor, endpoint), pointers in sought.items() if vendor == run.vendor}
        left = {value for pointers in places.values() for values in pointers.values() for value in values}
        for endpoint, where, number, line in islice(run.lines(places.__contains__), MOST_READ):
            record = read_record(line, where, number)
            for pointer, values in places[endpoint].items():
                with suppress(LookupError):
                    text = text_of(at_pointer(record, pointer))[:LONGEST]
                    if (told := digest(text)) in values:
                        found.setdefault(told, text)
            if left <= found.keys():
                break
    return found
