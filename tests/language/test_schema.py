"""The JSON Schema and the loader say the same of a spec's structure, however an editor reads its scalars."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.language.load import load
from engine.language.model.spec import Spec
from engine.language.schema import LINE, NAME, schema, schema_text
from engine.language.text.document import read
from engine.language.text.mistakes import SpecError
from tests.language.reading import as_an_editor, holds

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SCHEMA = schema()
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
MISTAKES = sorted(HERE.glob("*.yaml"))
FULL = (HERE / "full.spec").read_text("utf-8")


def verdict(text: str) -> bool | None:
    """Give the loader's: True for right in structure, False for wrong, None where only what no schema can tell is wrong."""
    try:
        document = read(text.encode(), "x.yaml")
        as_an_editor(text)  # the loader reads on behind a line that is no YAML
    except (SpecError, yaml.YAMLError):
        return None  # no YAML, or no map
    if document.mistakes:  # tags, anchors and the like; an empty value is none to a schema either
        return False if any("has no value" in one.message for one in document.mistakes) else None
    try:
        Spec.model_validate(document.value)
    except ValidationError as error:
        causes = [one.get("ctx", {}).get("error") for one in error.errors()]
        return None if not any(getattr(one, "formal", True) for one in causes) else False
    return True


def editor(text: str) -> bool:
    """Give the schema's, of what an editor reads."""
    return holds(SCHEMA, as_an_editor(text))


@pytest.mark.parametrize("text", [FULL, *(path.read_text("utf-8") for path in SPECS)], ids=["full", *(path.stem for path in SPECS)])
def test_every_valid_spec_passes_the_schema(text):
    """As an editor reads it, and as text."""
    assert load(text.encode(), "x.yaml")
    assert verdict(text) is True
    assert editor(text)
    assert holds(SCHEMA, read(text.encode(), "x.yaml").value)


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_every_structural_mistake_fails_the_schema(path):
    """Which mistakes are structural the loader says; those between the words pass, and so do notes."""
    text = path.read_bytes().decode("utf-8", "replace")
    right = verdict(text)
    if right is not None:
        assert editor(text) is right


def test_most_mistakes_can_be_told_by_an_editor():
    """The verdicts differ from file to file: neither side says one thing of everything."""
    verdicts = [verdict(path.read_bytes().decode("utf-8", "replace")) for path in MISTAKES]
    assert verdicts.count(False) >= 90
    assert verdicts.count(True) >= 90
    assert verdicts.count(None) < 80


SCALARS = (
    *(
        "1",
        "007",
        "3.10",
        "1e3",
        "-1",
        "0x1F",
        "true",
        "False",
        "on",
        "none",
        "null",
        "~",
        "12:30",
        "2013-01-01",
        "2013-02-30",
        "28d",
        "0d",
        "1201mo",
    ),
    *(
        "30/s",
        "0/s",
        "10 at once",
        "5/0s",
        "1000001/s",
        "404",
        "4xx",
        "600",
        "<EMAIL>",
        "<EMAIL.md5>",
        "<EMAIL.x>",
        "<a.b>",
        "<a",
        "a>",
        "<User_Id>",
    ),
    *(
        "/a",
        "/a/../b",
        "/a?b",
        "/{a}",
        "https://acme.example/x",
        "https://acme.example",
        "http://127.0.0.1:1/x",
        ".acme.example",
        "*.x",
        "a.b",
        "a..b",
    ),
    *(
        "Bearer <SECRET>",
        "<SECRET>:",
        "a:b",
        "Authorization",
        "cookie",
        "größe",
        "a b",
        "basic",
        "absent",
        "authorization_code",
        "A",
        "x",
        "..",
        " ",
    ),
)


def full() -> object:
    """Give a spec that uses every word, as a tree of texts."""
    return as_texts(read(FULL.encode(), "x.yaml").value)


def as_texts(value: object) -> object:
    if isinstance(value, dict):
        return {name: as_texts(one) for name, one in value.items()}
    return [as_texts(one) for one in value] if isinstance(value, list) else str(value)


def mutated(data: st.DataObject, value: object) -> object:
    """Change a spec at one place: a word is left out, renamed, or has another value."""
    path: list[tuple[dict | list, str | int]] = []
    here = value
    while isinstance(here, (dict, list)) and here and (not path or data.draw(st.integers(0, 3))):
        steps = list(here) if isinstance(here, dict) else list(range(len(here)))
        path.append((here, data.draw(st.sampled_from(steps))))
        here = path[-1][0][path[-1][1]]
    holder, step = path[-1]
    other = st.sampled_from(SCALARS)
    match data.draw(st.sampled_from(["leave out", "rename", "scalar", "list", "map", "wrap", "add"])):
        case "leave out":
            del holder[step]
        case "rename" if isinstance(holder, dict):
            holder[data.draw(other)] = holder.pop(step)
        case "list":
            holder[step] = data.draw(st.lists(other, max_size=3))
        case "map":
            holder[step] = data.draw(st.dictionaries(st.sampled_from([*SCALARS, "status", "code", "cursor", "address"]), other, max_size=3))
        case "wrap":
            holder[step] = data.draw(st.sampled_from([[holder[step]], {"X": holder[step]}]))
        case "add" if isinstance(here, dict):
            here[data.draw(st.sampled_from([*SCALARS, "link", "page", "match", "for", "window", "key", "basic"]))] = data.draw(other)
        case _:
            holder[step] = data.draw(other)
    return value


@given(st.data())
def test_of_a_mutated_spec_both_say_the_same(data):
    """Every scalar is written in quotes, so an editor sees the text that the loader sees."""
    value = full()
    for _ in range(data.draw(st.integers(1, 2))):
        if value:
            mutated(data, value)
    text = yaml.safe_dump(value, default_style="'", allow_unicode=True, width=1000)
    right = verdict(text)
    if right is not None:
        assert editor(text) is right, text


@given(st.data())
def test_an_editor_never_underlines_what_the_loader_takes(data):
    """Plain scalars are numbers, booleans and nulls to an editor: it may take more than the loader does (0x1F), and never less."""
    value = mutated(data, full())
    text = plain(value)
    if verdict(text) is True:
        assert editor(text), text


def plain(value: object) -> str:
    """Write a value without a quote; JSON around it, for its shape."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"? {key}\n : {plain(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(plain, value)) + "]"
    text = str(value)
    return json.dumps(text) if set(text) & set("{}[],?:#'\"&*!|>%@`<") or text.strip() != text else text


def test_what_plain_scalars_look_like_to_an_editor_is_allowed():
    """A version that looks like a number, a switch that looks like a truth, a day."""
    seen = as_an_editor("{a: 1, b: false, c: 3.10, d: 2013-01-01, e: on, f: 12:30, g: null, h: 0o17, i: '1', j: no}")
    assert seen == {"a": 1, "b": False, "c": 3.1, "d": "2013-01-01", "e": "on", "f": "12:30", "g": None, "h": 15, "i": "1", "j": "no"}
    for line in (
        "version: 3.10",
        "version: 2025-09-03",
        "title: 42",
        "params: {a: true, b: 1, c: [1, x]}",
        "headers: {X-A: 1}",
        "key: true",
    ):
        text = (
            "\n".join(one for one in FULL.splitlines() if not one.startswith((line.partition(":")[0] + ":", "  X-Version"))) + f"\n{line}\n"
        )
        text = text.replace("<VERSION>", "1")
        assert verdict(text) is True, line
        assert editor(text), line


def test_every_word_says_what_it_means():
    """A property without a description would leave the editor silent; a bare <NAME> would vanish in Markdown."""
    for place in (SCHEMA, *(one for one in SCHEMA["$defs"].values() if "properties" in one)):
        assert place["additionalProperties"] is not True
        for word, told in place["properties"].items():
            assert told["description"], word
            assert told["markdownDescription"] == told["description"]
            assert "<" not in "".join(told["description"].split("`")[::2]), word


def test_the_published_schema_is_the_derived_one_and_every_spec_names_it():
    """It lies beside the specs, and is the first thing an editor reads of them."""
    assert (ROOT / "specs" / NAME).read_text("utf-8") == schema_text()
    for path in SPECS:
        assert path.read_text("utf-8").splitlines()[0] == LINE


def test_the_full_spec_uses_every_word():
    """Otherwise a word could be right for the loader and wrong for the schema without anybody noticing."""
    words = {word for place in SCHEMA["$defs"].values() for word in place.get("properties", {})} | set(SCHEMA["properties"])
    seen: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            seen.update(value)
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(full())
    assert words - seen == set()
