"""The policies of a case put in force: what is the person's own, what is told twice and who else is met is learned from all runs first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from engine.case.findings_fill import lines_of, read_record, record_files
from engine.release.apply import PolicyInForce, PolicyOnParts
from engine.release.decision import Decisions
from engine.release.finders import Finders
from engine.release.learn import learn, teaches
from engine.release.met import met
from engine.release.own import Fact, Own
from engine.release.policy import Policy
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
        for file in (one for one in record_files(self.folder) if wanted(one.stem)):
            yield from ((file.stem, read_record(line, f"{file}:{number}")) for number, _, line in lines_of(file))


class Learned:
    """What the runs of a case tell before any of them is judged; `find` looks for personal data in a text."""

    def __init__(self, runs: Iterable[InReview], facts: list[Fact]) -> None:
        """Read every record of every run. Raises UsageError where one cannot be read."""
        self._of: dict[str, tuple[InReview, Own, dict[tuple[int, str], int]]] = {}
        people: set[str] = set()
        for run in runs:
            own, told = learn(run.policy, facts, run.records(partial(teaches, run.policy)))
            self._of[run.vendor] = (run, own, told)
            people.update(met(PolicyInForce(run.policy, own), run.records))
        self.find = Finders(Vocabulary(people))

    def in_force(self, vendor: str, decisions: Decisions | None = None, *, every: bool = False, parts: bool = False) -> PolicyInForce:
        """Put the policy for a vendor in force; `every` as PolicyInForce takes it, `parts` for a package."""
        run, own, told = self._of[vendor]
        return (PolicyOnParts if parts else PolicyInForce)(run.policy, own, told=told, finder=self.find, decisions=decisions, every=every)
