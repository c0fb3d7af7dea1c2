"""Several look-ups of one vendor: which of them are alternatives, and what their results come to together. Pure; engine/runner sends them.

Look-ups that capture the same names are alternatives: the first that finds somebody ends them. Those that capture other names look for
the person as something else (a contact, an agent), and all of them are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from msgspec import Struct

from engine.core.ledger import Entry, Outcome, Subject
from engine.core.subject import LookupResult, captured_by
from engine.language.effective import Endpoint, Row
from engine.replaced import replace

STOPS = (Subject.MISMATCHED, Subject.AMBIGUOUS)


class Sought(Struct, frozen=True):
    """What one group of alternatives came to. `outcome`: how what needs its values ends where it found nobody, or could not say."""

    names: frozenset[str]
    found: LookupResult
    outcome: Outcome = Outcome.FAILED


class Combined(Struct, frozen=True):
    """The person over all groups; `lacking` are the groups whose values are not known though the person was matched by another."""

    found: LookupResult
    lacking: tuple[Sought, ...] = ()

    def entry(self, endpoint: Endpoint) -> Entry | None:
        """Say how an endpoint ends that needs what no look-up captured; None if it needs nothing of that."""
        needed = {hole.name for hole in endpoint.holes()} | {one.name for one in endpoint.fields_used}
        for sought in self.lacking:
            missing = sorted(needed & sought.names)
            if missing:
                words = f"<{missing[0]}> is not known: {sought.found.reason}"
                return Entry(endpoint.name, sought.outcome, words, again_at=sought.found.again_at)
        return None


def values_of(group: Sequence[Endpoint]) -> frozenset[str]:
    """Name every value that comes with the person whom a group finds: what is captured, and the `for` values of the look-up."""
    return captured_by(group[0]) | {name for lookup in group for row in lookup.rows for name, _ in row}


def combined(sought: Sequence[Sought]) -> Combined:
    """Decide over all groups: matched is who was found by any, unless one of them answered with somebody else or several persons."""
    stopping = next((one.found for one in sought if one.found.subject in STOPS), None)
    if stopping is not None:
        return Combined(stopping)
    matched = [one for one in sought if one.found.subject is Subject.MATCHED]
    if not matched:
        doubtful = next((one.found for one in sought if one.found.subject is not Subject.NO_MATCH), None)
        return Combined(doubtful or sought[0].found)
    rows = tuple(_joined(row) for row in product(*(one.found.rows for one in matched)))
    lacking = tuple(_absent(one) for one in sought if one.found.subject is not Subject.MATCHED)
    proof = next((one.found.proof for one in lacking if one.found.proof is not None), None)
    return Combined(replace(matched[0].found, rows=rows, proof=proof), lacking)


def _absent(sought: Sought) -> Sought:
    return replace(sought, outcome=Outcome.ABSENT) if sought.found.subject is Subject.NO_MATCH else sought


def _joined(rows: Iterable[Row]) -> Row:
    return tuple(dict(pair for row in rows for pair in row).items())
