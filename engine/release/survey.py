"""Count what a policy does with recorded records, by field: what an author of a policy wants to see before a person's data come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.language.text.mistakes import counted
from engine.release.apply import PolicyInForce
from engine.release.field_path import FieldSteps
from engine.release.finders import Finders
from engine.release.learn import learn
from engine.release.met import met
from engine.release.own import Fact
from engine.release.policy import Policy, Pronouncement
from engine.release.record_values import field_at, fields_in
from engine.release.ruling import STRENGTH
from engine.release.vocabulary import Vocabulary

Strongest = Pronouncement | None
SAID: Mapping[Strongest, str] = {
    "ask": "asked about",
    "alias": "replaced by an alias",
    "mask": "masked",
    "drop": "left out",
    "hold": "held",
}


def survey(policy: Policy, runs: Iterable[tuple[Iterable[Fact], Mapping[str, list[Any]]]]) -> dict[tuple[str, FieldSteps], Strongest]:
    """Say of every recorded field what happens to it in some record: of several the strongest. A run is a person and their records."""
    found: dict[tuple[str, FieldSteps], Strongest] = {}
    for identifiers, records in runs:
        pairs = [(endpoint, record) for endpoint, of_it in records.items() for record in of_it]
        own, told = learn(policy, identifiers, pairs)
        look = Finders(Vocabulary(met(PolicyInForce(policy, own, told=told), pairs)))
        in_force = PolicyInForce(policy, own, told=told, finder=look)
        for endpoint, record in pairs:
            fields = set(fields_in(record))
            for path in fields:
                found.setdefault((endpoint, path), None)
            for ruling in in_force.rulings(endpoint, record):
                above = field_at(ruling.pointer)
                for path in (path for path in fields if path[: len(above)] == above):
                    before = found[endpoint, path]
                    if before is None or STRENGTH[ruling.do] > STRENGTH[before]:
                        found[endpoint, path] = ruling.do
    return found


def summed_up(found: Mapping[tuple[str, FieldSteps], Strongest]) -> str:
    """Sum up in one line: of fields that hold others only the innermost count."""
    holders = {(endpoint, path[:-1]) for endpoint, path in found}
    counts: dict[Strongest, int] = {}
    for key, treatment in found.items():
        if key not in holders:
            counts[treatment] = counts.get(treatment, 0) + 1
    parts = [f"{counts[one]} {words}" for one, words in SAID.items() if one in counts]
    return f"of {counted(sum(counts.values()), 'recorded field')} {', '.join(parts) or 'nothing withheld or asked about'}"
