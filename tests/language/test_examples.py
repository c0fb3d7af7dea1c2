"""Each word of the language has an example, and each example, as the reference prints it, loads in a spec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from engine.language.load import load
from engine.language.model.placement import PLACES, words_of
from engine.language.model.spec import AccessSpec, Spec
from engine.language.schema import described
from engine.language.text.mistakes import SpecError
from engine.reference.language_page import flow
from tests.language.reading import as_an_editor
from tests.whole.scripted import fetched

FULL = (Path(__file__).parent / "full.spec").read_text("utf-8")
HAVE_A_TABLE = {"auth", "oauth2", "access"}


def every() -> Iterator[tuple[str, str, Any]]:
    """Give each example with its word and the name of the word's place."""
    for _, place in PLACES:
        told = described(place)
        for word, one in told["properties"].items():
            for example in one.get("examples", ()):
                yield place.__name__, word, example
    for example in described(dict((one.__name__, one) for _, one in PLACES)["RateLimits"])["additionalProperties"]["examples"]:
        yield "RateLimits", "calls", example


def holders(value: Any, word: str) -> Iterator[dict[str, Any]]:
    """Find every map in which a word stands."""
    if isinstance(value, dict):
        if word in value:
            yield value
        value = list(value.values())
    for one in value if isinstance(value, list) else ():
        yield from holders(one, word)


def loads(word: str, number: int, example: Any) -> bool | None:
    """Load the full spec with an example in one of the word's places, or beside what stands there; None: there is no such place."""
    tree = deepcopy(as_an_editor(FULL))
    found = list(holders(tree, word))
    if number >= len(found):
        return None
    there = found[number][word]
    found[number][word] = {**there, **example} if isinstance(there, dict) and isinstance(example, dict) else example
    try:
        load(flow(tree).encode(), "x.yaml")
    except SpecError:
        return False
    return True


def test_every_word_has_an_example_or_a_table_of_its_own():
    """Otherwise a reader would have to look into other people's specs to learn how it is written."""
    shown = {(place, word) for place, word, _ in every()}
    words = {
        (place.__name__, word)
        for _, place in PLACES
        for word in described(place)["properties"]
        if "enum" not in described(place)["properties"][word]
    }
    assert {word for _, word in words - shown} == HAVE_A_TABLE


@pytest.mark.parametrize(("place", "word", "example"), list(every()), ids=lambda one: one if isinstance(one, str) else None)
def test_every_example_loads_in_a_spec(place, word, example):
    """As it is printed, in some place where the word may stand."""
    number = 0
    while (right := loads(word, number, example)) is False:
        number += 1
    assert right, f"{word}: {flow(example)}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        ("!ok", '"!ok"'),
        ("<SECRET>:", '"<SECRET>:"'),
        (["a, b", "a[]", 1, True], '["a, b", "a[]", 1, true]'),
        ({"a": {"b": "@"}}, '{a: {b: "@"}}'),
    ],
)
def test_a_text_stands_in_quotes_only_where_yaml_needs_them(value, text):
    """What is shown can be copied."""
    assert flow(value) == text


PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text("utf-8")
PIECES = re.findall(r"^### (.+)\n(?:(?!^#).*\n)*?```yaml\n((?:.*\n)*?)```$", PAGE.partition("## What some words mean")[2], re.MULTILINE)
BASE = """
spec: 1
vendor: acme
base_url: https://api.acme.example/v1
hosts: [api.acme.example]
auth: {oauth2: {authorization_url: https://acme.example/a, token_url: https://acme.example/t}}
verify: {get: /me}
rate_limits: {all: 30/s}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints: {orders: {get: /people/<USER_ID>/orders, records: items}}
"""


def placed(piece: str) -> bytes:
    """Put a piece of a spec into a whole one: words of the top, of `access`, or else endpoints."""
    tree, words = as_an_editor(BASE), as_an_editor(piece)
    if set(words) <= set(words_of(AccessSpec)):
        tree["access"] |= words
    elif set(words) <= set(words_of(Spec)):
        tree |= words
    else:
        tree["access"]["endpoints"] = words
    return flow(tree).encode()


@pytest.mark.parametrize(("word", "piece"), PIECES, ids=[word.replace("`", "") for word, _ in PIECES])
def test_what_a_word_means_is_shown_by_a_piece_of_a_spec_that_loads(word, piece):
    """It holds the word that it explains."""
    assert all(part in piece for part in re.findall(r"[a-z_0-9]+", word.replace("<endpoint.field>", "orders.id").replace(" and ", " ")))
    load(placed(piece), "x.yaml")


def test_each_piece_on_the_page_is_tried():
    """None is passed over because its heading or its fence is written in another way."""
    assert len(PIECES) == PAGE.count("```yaml") == 24


ONE, OTHER = {"id": 1, "owner": {"id": "u1"}}, {"id": 2, "owner": {"id": "u2"}}
OWNER, GUEST = {"team": {"id": 1}, "role": "owner"}, {"team": {"id": 1}, "role": "guest"}
CALLS = {"/people/u1": [{"features": {"phone": False}}], "/people/u1/calls": [(403, {})]}
ORDERED = {"/people/u1/orders": [{"orders": [{"id": 5}, {"id": 6}, {"number": 7}]}]}
BOUGHT = {"id": 5, "buyer": {"name": "Ada", "age": 36}, "total": {"amount": 9.5}}
MADE: dict[str, tuple[dict[str, list[Any]], dict[str, str], dict[str, list[Any]]]] = {
    "match": ({"/notes": [{"notes": [ONE, OTHER]}]}, {"notes": "complete"}, {"notes": [ONE]}),
    "echo": (
        {"/visits?person=u1": [{"visits": [{"id": 1, "person": "u1"}, {"id": 2, "person": "u2"}]}]},
        {"visits": "failed"},
        {"visits": []},
    ),
    "<endpoint.field>": (
        {**ORDERED, "/orders/5/lines": [{"lines": [{"id": 1}]}], "/orders/6/lines": [{"lines": [{"id": 2}]}]},
        {"orders": "complete", "lines": "complete"},
        {"lines": [{"id": 1}, {"id": 2}]},
    ),
    "for": (
        {"/people/u1/tickets?state=open": [{"tickets": [{"id": 1}]}], "/people/u1/tickets?state=closed": [{"tickets": [{"id": 2}]}]},
        {"tickets": "complete"},
        {"tickets": [{"id": 1}, {"id": 2}]},
    ),
    "key": ({"/people/u1/teams": [{"teams": [OWNER, GUEST]}]}, {"members": "complete"}, {"members": [OWNER, GUEST]}),
    "fields": (
        {"/people/u1/orders": [{"orders": [BOUGHT]}]},
        {"orders": "complete"},
        {"orders": [{"id": 5, "buyer": {"name": "Ada"}, "sum": 9.5}]},
    ),
    "licence": (CALLS, {"account": "complete", "calls": "unlicensed"}, {"calls": []}),
    "optional": ({"/people/u1/reports": [(403, {})]}, {"reports": "excluded"}, {"reports": []}),
    "replaces": (
        {"/v1/calls/u1": [(410, {})], "/v2/calls/u1": [{"calls": [{"id": 1}]}]},
        {"calls_v1": "absent", "calls_v2": "complete"},
        {"calls_v2": [{"id": 1}]},
    ),
}


@pytest.mark.parametrize("word", MADE)
def test_what_the_page_says_habeas_makes_of_an_answer_is_what_it_makes(word, tmp_path):
    """The piece of the page in a whole run, against the answers that stand beside it."""
    answers, outcomes, lines = MADE[word]
    done = fetched({one.replace("`", ""): piece for one, piece in PIECES}[word], answers, tmp_path)
    assert {name: str(done.entry(name).outcome) for name in outcomes} == outcomes
    assert {name: [line.get("record", line) for line in done.lines(name)] for name in lines} == lines


def test_the_slices_of_the_page_are_the_slices_that_are_asked_for(tmp_path):
    """Neighbours share their boundary, and the last ends a day after today."""
    done = fetched(dict(PIECES)["`window`"], {}, tmp_path)
    asked = [one.partition("?")[2] for one in done.log if "/calls" in one]
    assert asked[:2] == ["from=2026-05-24&to=2026-06-21", "from=2026-06-21&to=2026-07-19"]
    assert asked[-1].endswith("&to=2026-11-25")
