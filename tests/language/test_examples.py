"""Each word of the language has an example, and each example, as the reference prints it, loads in a spec."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from engine.language.load import load
from engine.language.model.placement import PLACES
from engine.language.schema import described
from engine.language.text.mistakes import SpecError
from engine.reference.written import flow
from tests.language.reading import as_an_editor

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
