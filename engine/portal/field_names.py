"""What fields, kinds of record and reasons are called for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from engine.case.answer import LOOKUP, labels_of
from engine.case.review import Review
from engine.case.taken_run import read_run
from engine.release.record_values import field_at

labels = lru_cache(maxsize=16)(labels_of)  # a spec's file does not change while a portal runs
WHO = "Who the person is to the service"
ACT = re.compile(r"act \d+")
WHY = {
    "who": "another person",
    "emails": "an e-mail address",
    "phones": "a telephone number",
    "known_people": "somebody who was met in this case",
    "cards": "a card number",
    "ibans": "an account number",
    "national_ids": "a national number",
    "secret": "a secret",
    "number": "a number that the law protects",
    "left_out": "left out by the policy",
    "repeated": "told before",
    "decided": "decided",
    "file": "a file",
}


def called(vendor: str, endpoint: str, pointer: str) -> str:
    """Name a field, by its JSON pointer; what has no label goes by its own name."""
    steps = field_at(pointer)
    return labels(vendor).of(endpoint, steps)[0] if steps else "the record itself"


def why_words(kind: str, rule: str) -> str:
    """Say as what something was found."""
    name = "decided" if ACT.fullmatch(rule) else rule.removeprefix("find.") if kind == "found" else kind
    return WHY.get(name, name)


def kind_title(found: Review, vendor: str, endpoint: str) -> str:
    """Name a kind of record as the run does; without one, by its own name."""
    if endpoint == LOOKUP:
        return WHO
    run = next((one for one in found.runs if one.vendor == vendor), None)
    return run_titles(run.folder, run.proof).get(endpoint, endpoint) if run is not None else endpoint


@lru_cache(maxsize=32)
def run_title(folder: Path, _: str) -> str | None:
    """Give what a run, whose manifest has this sha256, calls its vendor; None where it does not say. Raises UsageError."""
    return read_run(folder).title


@lru_cache(maxsize=32)
def run_titles(folder: Path, _: str) -> Mapping[str, str]:
    """Give the titles of a run, whose manifest has this sha256. Raises UsageError."""
    return {name: str(told.get("title") or name) for name, told in read_run(folder).endpoints.items()}
