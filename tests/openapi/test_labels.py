"""First labels, written from documents: to the letter, loadable, and nothing long taken over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.new.command import new_command
from engine.errors import HabeasError, OutputError, UsageError
from engine.language.text.document import MOST_BYTES
from engine.openapi.document.operations import Api
from engine.openapi.draft.labels import LONGEST, compose_labels, phrase
from engine.release.load_labels import load_labels

HERE = Path(__file__).parent
DESCRIBED = HERE / "documents" / "described.yaml"
EXPECTED = (HERE / "labels" / "described.yaml").read_text("utf-8")


def drafted(document: str) -> str:
    """Write first labels of everything in a document."""
    return compose_labels([Api(document.encode(), "x.yaml")], "acme", ("meetings", "notes"))


def test_first_labels_are_written_to_the_letter():
    """First words of descriptions; codes by alternatives, extensions and prose; what fields have in common once."""
    assert drafted(DESCRIBED.read_text("utf-8")) == EXPECTED


def test_first_labels_load():
    """And say what a field is called."""
    labels = load_labels(EXPECTED.encode(), "acme.yaml", "acme")
    assert labels.of("meetings", ("type",), 2) == ("Meeting types", "Scheduled meeting")
    assert labels.of("notes", ("type",), "plain") == ("Kind of a note", "Only text")
    assert labels.of("lookup", ("created_at",)) == ("When it was made, in UTC", None)


PHRASES = [
    ("The user's e-mail address.", "User's e-mail address"),
    ("A **bold** `code` text, with more. And more.", "Bold code text, with more"),
    ("This field indicates the state", "State"),
    ("Whether it is on; else off", "Whether it is on"),
    ("Length (in minutes)", "Length"),
    ("One \u2014 two", "One"),
    ("[Concurrent](https://acme.example.com/a) type: `Basic`", "Concurrent type"),
    ("<p>The <b>text</b></p>", "Text"),
    ("version 1.5 of it", "Version 1.5 of it"),
    ("e.g. 5", "E.g"),
    ("first line\nsecond line", "First line"),
    ("  \t ", ""),
    ("", ""),
    ("*", ""),
    ("a", "A"),
    ("the", "The"),
    ("word " * 40, "Word word word word word word word word word word word word"),
    ("a text of sixty-three characters that would end with a word of the", "Text of sixty-three characters that would end with a word"),
    ("x" * 200, "X" + "x" * 59),
    ("file_path and auto_delete", "File_path and auto_delete"),
]


@pytest.mark.parametrize(("text", "expected"), PHRASES)
def test_a_description_becomes_a_phrase(text, expected):
    """Its first words, without mark-up, article and what hangs at the end."""
    assert phrase(text) == expected


@given(st.text(max_size=900))
def test_a_phrase_is_short_and_on_one_line(text):
    """Whatever a document holds."""
    made = phrase(text)
    assert len(made) <= LONGEST
    assert made == made.strip()
    assert made.isprintable()


def answer(properties: dict[str, Any]) -> dict[str, Any]:
    """Give the answers of an operation."""
    return {"200": {"content": {"application/json": {"schema": {"type": "object", "properties": properties}}}}}


def listed(properties: dict[str, Any]) -> dict[str, Any]:
    """Give the schema of a list of records."""
    return {"type": "array", "items": {"type": "object", "properties": properties}}


def kind(description: str, said: str, value: str) -> dict[str, Any]:
    """Give the schema of a code."""
    return {"type": "string", "description": f"{description}\n`{value}` - {said}", "enum": [value], "x-enumNames": [said]}


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200), st.sampled_from(["1", "a b", "ä: b", "#", "- x", "null", "~"]))
def test_whatever_a_document_holds_the_labels_load(description, said, value):
    """No text of a document becomes anything but a label or a meaning."""
    document = {
        "openapi": "3.0.0",
        "info": {"title": description},
        "servers": [{"url": "https://api.acme.example.com"}],
        "paths": {
            "/users": {
                "get": {"parameters": [{"name": "email", "in": "query"}], "responses": answer({"users": listed({"email": {}, "id": {}})})}
            },
            "/users/{user_id}/meetings": {
                "get": {
                    "parameters": [{"name": "user_id", "in": "path"}],
                    "responses": answer({"meetings": listed({"kind": kind(description, said, value), description: {"description": said}})}),
                }
            },
        },
    }
    text = compose_labels([Api(json.dumps(document).encode("utf-8", "surrogatepass"), "x.json")], "acme", ("meetings",))
    load_labels(text.encode(), "acme.yaml", "acme")


def test_labels_lie_beside_the_spec(tmp_path, capsys):
    """Where `check` looks for them; the folder is made; what is there already is kept, and nothing is written then."""
    out = tmp_path / "acme.yaml"
    assert new_command("acme", (DESCRIBED,), out, labels=True) == 0
    beside = tmp_path / "labels" / "acme.yaml"
    assert beside.read_text("utf-8") == EXPECTED
    assert f"{beside}: first labels, what its fields are called for people\n" in capsys.readouterr().out
    out.unlink()
    with pytest.raises(OutputError, match="exists already and is not overwritten"):
        new_command("acme", (DESCRIBED,), out, labels=True)
    assert not out.exists()


def test_labels_need_a_document(tmp_path, monkeypatch):
    """Nobody is asked what each field is called."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="--labels takes what fields are called from the vendor's document: name it with --openapi"):
        new_command("acme", (), None, labels=True)
    assert list(tmp_path.iterdir()) == []


def test_without_the_option_no_labels_are_written(tmp_path):
    """Only the spec, and the schema that its first line names."""
    assert new_command("acme", (DESCRIBED,), tmp_path / "acme.yaml") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme.yaml", "habeas.schema.json"]


def test_labels_that_would_not_load_are_never_written(tmp_path, monkeypatch):
    """It would be a defect of ours; the spec is not written either, nor where the folder cannot be made."""
    (tmp_path / "labels").write_text("")
    with pytest.raises(OutputError, match="labels cannot be made"):
        new_command("acme", (DESCRIBED,), tmp_path / "acme.yaml", labels=True)
    (tmp_path / "labels").unlink()
    monkeypatch.setattr("engine.cli.new.command.compose_labels", lambda *_: "labels: 1\n")
    with pytest.raises(HabeasError, match="the first labels would not load, so nothing was written"):
        new_command("acme", (DESCRIBED,), tmp_path / "acme.yaml", labels=True)
    assert list(tmp_path.iterdir()) == []


def test_a_large_document_gives_labels_that_can_be_read():
    """At most two thousand, below the size that is read."""
    fields = {
        f"field_{n}": {"description": f"The {n}th of very many fields that one record of this vendor has, one after the other"}
        for n in range(9000)
    }
    document = {
        "openapi": "3.0.0",
        "servers": [{"url": "https://api.acme.example.com"}],
        "paths": {
            "/users": {
                "get": {"parameters": [{"name": "email", "in": "query"}], "responses": answer({"users": listed({"email": {}, **fields})})}
            }
        },
    }
    text = compose_labels([Api(json.dumps(document).encode(), "x.json")], "acme", ())
    assert text.count("field_") == 2000
    assert len(text.encode()) < MOST_BYTES
    load_labels(text.encode(), "acme.yaml", "acme")


def test_a_long_enumeration_is_not_taken_over_whole():
    """Sixty codes at most."""
    codes = {f"c{n:03}": {"const": f"c{n:03}", "title": f"Meaning {n}"} for n in range(200)}
    shape = {"oneOf": [*codes.values()], "description": "Kind"}
    document = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.acme.example.com"}],
        "paths": {
            "/users": {
                "get": {
                    "parameters": [{"name": "email", "in": "query"}],
                    "responses": answer({"users": listed({"email": {}, "kind": shape})}),
                }
            }
        },
    }
    text = compose_labels([Api(json.dumps(document).encode(), "x.json")], "acme", ())
    assert text.count("Meaning ") == 60
