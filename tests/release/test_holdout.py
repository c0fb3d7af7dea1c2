"""How good the finders are, on strings that they were not made with: `-s` prints the table."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from engine.release.finders import Finders
from tests.release.make_holdout import SEED, lines

HOLDOUT = Path(__file__).parent / "data" / "holdout.jsonl"
BOUNDS = {  # recall and precision, at least; national numbers without their name in front may be any number in four registers of nine
    "emails": (1.0, 1.0),
    "phones": (0.75, 0.98),
    "cards": (0.98, 0.98),
    "ibans": (1.0, 1.0),
    "national_ids": (0.75, 0.98),
    "secrets": (0.98, 0.98),
}


def measured(strings: list[dict[str, str | None]]) -> dict[str, tuple[int, int, int]]:
    """Give of each kind how many there are, how many were found exactly, and how many were found in vain."""
    there, found, vain, look = Counter(), Counter(), Counter(), Finders()
    for line in strings:
        kind, text = line["kind"], line["text"]
        start = text.find(line["value"]) if kind else -1
        hits = look(text)
        good = [hit for hit in hits if hit.kind == kind and hit.start == start and hit.end == start + len(line["value"])]
        there[kind] += 1
        found[kind] += bool(good)
        vain.update(hit.kind for hit in hits if hit not in good)
    return {kind: (there[kind], found[kind], vain[kind]) for kind in BOUNDS}


@pytest.fixture(scope="module")
def strings():
    return [json.loads(line) for line in HOLDOUT.read_text("utf-8").splitlines()]


def test_what_is_found_in_strings_that_the_finders_were_not_made_with(strings):
    """Of each kind as much is found, and as little in vain, as the decision page says; a telephone number to the character."""
    result = measured(strings)
    print(f"\n{'kind':14} {'there':>6} {'found':>6} {'in vain':>8} {'recall':>7} {'precision':>10}")
    for kind, (there, found, vain) in result.items():
        print(f"{kind:14} {there:6} {found:6} {vain:8} {found / there:7.3f} {found / max(found + vain, 1):10.3f}")
    below = {
        kind: (found / there, found / max(found + vain, 1))
        for kind, (there, found, vain) in result.items()
        if found / there < BOUNDS[kind][0] or found / max(found + vain, 1) < BOUNDS[kind][1]
    }
    assert below == {}


def test_the_holdout_is_large_and_in_ten_languages(strings):
    """There are 620 strings with something in them at least, as many without, and ten languages; each value stands in its text."""
    assert sum(line["kind"] is not None for line in strings) >= 620
    assert sum(line["kind"] is None for line in strings) >= 500
    assert len({line["locale"] for line in strings if line["kind"] == "phones"}) == 10
    assert all(line["value"] in line["text"] for line in strings if line["kind"])


def test_the_holdout_is_what_its_script_writes(strings):
    """Nobody chose the strings by hand: the script and the pinned version of Faker make them."""
    assert list(lines(SEED)) == strings
