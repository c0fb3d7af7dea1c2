"""The policies of a case put in force: what is the person's own, what is told twice and who else is met is learned from all runs first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import msgspec

from engine.case.findings_fill import lines_of, read_record, record_files
from engine.release.apply import PolicyInForce, PolicyOnParts
from engine.release.decision import Decisions
from engine.release.finders import Finders
from engine.release.known_rows import in_batches
from engine.release.learn import KeysTold, learn, note_keys, tells_keys, tells_own
from engine.release.met import NamingRecords, met
from engine.release.own import Fact, Own
from engine.release.policy import Policy
from engine.release.reading import Leaf, WholeSide
from engine.release.vocabulary import Vocabulary


class InReview(msgspec.Struct, frozen=True):
    """A vendor's run in a case, and the policy in force for it."""

    vendor: str
    folder: Path
    proof: str
    policy: Policy
    sha256: str

    def records(self, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[tuple[str, Any]]:
        """Read every record of the endpoints that are wanted, with its endpoint. Raises UsageError where a file was changed."""
        for endpoint, where, number, line in self.lines(wanted):
            yield endpoint, read_record(line, where, number)

    def lines(self, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str, int, bytes]]:
        """Give the bytes of these records, with endpoint, file and number of the line. Raises UsageError where a file cannot be read."""
        for file in (one for one in record_files(self.folder) if wanted(one.stem)):
            endpoint, where = file.stem, str(file)
            for number, _, line in lines_of(file):
                yield endpoint, where, number, line


class Learned:
    """What the runs of a case tell before any of them is judged; `find` looks for personal data in a text."""

    def __init__(self, runs: Iterable[InReview], facts: list[Fact], kept: str | None = None) -> None:
        """Read every record of every run; where `kept` has what they tell of others, only those of the person. Raises UsageError."""
        self._of: dict[str, tuple[InReview, Own, KeysTold]] = {}
        self._met: dict[str, PolicyInForce] = {}
        self._naming: dict[str, NamingRecords] = {}
        self._people: set[str] = set()
        people, keys = json.loads(kept) if kept is not None else ([], {})
        for run in runs:
            own, told = learn(run.policy, facts, run.records(partial(tells_own, run.policy)))
            self._of[run.vendor] = (run, own, told)
            if kept is None:
                self._met[run.vendor] = PolicyInForce(run.policy, own)
                self._naming[run.vendor] = NamingRecords()
                said = set[Leaf | WholeSide]()
                records = _noted(run, told, self._met[run.vendor], said)
                self._people.update(met(self._met[run.vendor], records, self._naming[run.vendor], said))
            else:
                told.update({(index, text): place for index, text, place in keys[run.vendor]})
        self._people.update(people)
        self.find = Finders(Vocabulary(self._people))

    def to_keep(self) -> str:
        """Write what took long to learn."""
        keys = {vendor: [[*key, place] for key, place in told.items()] for vendor, (_, _, told) in self._of.items()}
        return json.dumps([sorted(self._people), keys])

    def own(self) -> set[str]:
        """Give what is the person's own: their identifiers, and what runs tell of them."""
        return {text for _, own, _ in self._of.values() for text in own.texts()}

    def in_force(self, vendor: str, decisions: Decisions | None = None, *, every: bool = False, parts: bool = False) -> PolicyInForce:
        """Put the policy for a vendor in force; `every` as PolicyInForce takes it, `parts` for a package."""
        run, own, told = self._of[vendor]
        before = self._met.pop(vendor, None)
        if before is not None and decisions is None and not parts:
            return before.informed(told, self.find, every=every)
        return (PolicyOnParts if parts else PolicyInForce)(run.policy, own, told=told, finder=self.find, decisions=decisions, every=every)

    def naming(self, vendor: str, repeating: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
        """Read the records that name people again: of endpoints for which nothing new follows from who was named before, only the first.

        Of these endpoints `repeating` says so. Raises UsageError where a file was changed.
        """
        run, naming = self._of[vendor][0], self._naming.get(vendor)
        lines = run.lines(_names_or_tells(run.policy))
        for (endpoint, where, number, line), new in naming.among(lines) if naming is not None else zip(lines, repeat(True), strict=False):
            if new or not repeating(endpoint):
                yield endpoint, read_record(line, where, number)


def _names_or_tells(policy: Policy) -> Callable[[str], bool]:
    rules = PolicyInForce(policy, Own([]))
    return lambda name: rules.compiled(name).names_people or tells_keys(policy, name)


def _noted(run: InReview, told: KeysTold, in_force: PolicyInForce, said: set[Leaf | WholeSide]) -> Iterator[tuple[str, Any]]:
    """Read the records that name people or tell what others repeat, and note the latter; None for those that name only who was `said`."""
    wanted = _names_or_tells(run.policy)
    for file in (one for one in record_files(run.folder) if wanted(one.stem)):
        endpoint = file.stem
        rows = in_force.rows_met(endpoint, said) if not tells_keys(run.policy, endpoint) else None
        for batch in in_batches((number, line) for number, _, line in lines_of(file)):
            every_new = rows.new([line for _, line in batch]) if rows is not None else repeat(True)
            for (number, line), new in zip(batch, every_new, strict=False):
                record = read_record(line, str(file), number) if new else None
                if rows is None:
                    note_keys(told, run.policy, endpoint, record)
                yield endpoint, record
                if rows is not None and new:
                    rows.met(record)
