"""The policies of a case put in force: what is the person's own, what is told twice and who else is met is learned from all runs first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from engine.case.findings_fill import read_record, record_files
from engine.release.apply import PolicyInForce
from engine.release.decision import Decisions
from engine.release.finders import Finders
from engine.release.learn import learn
from engine.release.own import Fact, Own
from engine.release.policy import Policy
from engine.release.ruling import Ruling
from engine.release.vocabulary import Vocabulary

NO_NAME = re.compile(r"(?:^|_)(?:site|location|city|country|region|department|company|group|queue|team|room|device|title)(?:_|$)")


class InReview(msgspec.Struct, frozen=True):
    """A vendor's run in a case, and the policy in force for it."""

    vendor: str
    folder: Path
    proof: str
    policy: Policy
    sha256: str

    def records(self) -> Iterator[tuple[str, Any]]:
        """Read every record, with its endpoint. Raises UsageError where a file was changed."""
        for file in record_files(self.folder):
            with file.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    yield file.stem, read_record(line.rstrip(b"\n"), f"{file}:{number}")


class Learned:
    """What the runs of a case tell before any of them is judged; `find` looks for personal data in a text."""

    def __init__(self, runs: Iterable[InReview], facts: list[Fact]) -> None:
        """Read every record of every run. Raises UsageError where one cannot be read."""
        self._of: dict[str, tuple[InReview, Own, dict[tuple[int, str], int]]] = {}
        met: set[str] = set()
        for run in runs:
            own, told = learn(run.policy, facts, run.records())
            self._of[run.vendor] = (run, own, told)
            first = PolicyInForce(run.policy, own, told=told)
            met |= {one.value for endpoint, record in run.records() for one in first.rulings(endpoint, record) if _names_somebody(one)}
        self.find = Finders(Vocabulary(met))

    def in_force(self, vendor: str, decisions: Decisions | None = None, *, every: bool = False) -> PolicyInForce:
        """Put the policy for a vendor in force; `every` as PolicyInForce takes it."""
        run, own, told = self._of[vendor]
        return PolicyInForce(
            run.policy,
            own,
            told=told,
            finder=lambda text: ((hit.kind, hit.value) for hit in self.find(text)),
            decisions=decisions,
            every=every,
        )


def _names_somebody(ruling: Ruling) -> bool:
    """Whether a value of a person's field may be looked for in all texts: not where they sit, or for which department they work."""
    steps = ruling.pointer.lower().split("/")
    return ruling.kind == "who" and bool(ruling.value) and not any(NO_NAME.search(step) for step in steps)
