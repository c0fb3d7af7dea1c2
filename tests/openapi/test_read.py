"""What is read as a document and what is refused, with the words that refuse it."""

from __future__ import annotations

import json
import re
import resource
import time
from pathlib import Path

import pytest

from engine.cli.openapi_option import contents
from engine.openapi.compare.comparison import trouble
from engine.openapi.document import read as reading
from engine.openapi.document.operations import Api
from engine.openapi.document.read import DocumentError, read, scalar

HERE = Path(__file__).parent
BOMB = "openapi: 3.0.0\npaths: {}\na: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no OpenAPI document"),
        (b"- a\n- b\n", "no OpenAPI document: that is a map"),
        (b"openapi: 4.0.0\n", "version `4.0.0`: OpenAPI 3.0 and 3.1 and Swagger 2.0 are read"),
        (b"openapi: 3.2.0\n", "version `3.2.0`"),
        (b"swagger: '1.2'\n", "version `1.2`"),
        (b'{"swaggerVersion": "1.2", "apis": []}', "a Swagger 1 document"),
        (b"asyncapi: 2.6.0\n", "an AsyncAPI document"),
        (b'{"info": {}, "item": []}', "a Postman collection"),
        (b'{"$schema": "https://json-schema.org/draft/2020-12/schema"}', "a JSON Schema"),
        (b"spec: 1\nvendor: zoom\n", "a spec of Habeas"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"#%RAML 1.0\ntitle: x\n", "a RAML document"),
        (b'{"openapi": "3.0.0",\n "paths": {', "not JSON: it ends in the middle"),
        (b'{"openapi": "3.0.0",\n "paths": nothing}', "not JSON in line 2"),
        (b'{"openapi": "\xff"}', "not"),
        (b"openapi: \xff\n", "not UTF-8"),
        (b"openapi: 3.0.0\npaths: [\n", "not YAML in line"),
        (b"openapi: 3.0.0\n---\nopenapi: 3.0.0\n", "a second document begins"),
        (b"openapi: 3.0.0\n? [a]\n: b\n", "a key must be a text"),
        (b"openapi: 3.0.0\nx: &a [*a]\n", "the alias *a cannot stand here"),
        (BOMB.encode(), "with its aliases unfolded it holds more than 3,000,000 values"),
        (b"openapi: 3.0.0\nx: " + b"[" * 500, "nested deeper than 200 levels"),
        (b"[" * 200_000, "nested too deeply"),
        (b"[" + b"1," * 3_000_001 + b"1]", "more than 3,000,000 values"),
        (b" " * (64 * 2**20 + 1), "larger than 64 MiB"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:30],
)
def test_what_is_no_document_is_explained(raw, words):
    """One sentence: which file, what it is, what to do instead."""
    with pytest.raises(DocumentError) as caught:
        read(raw, "x.yaml")
    assert str(caught.value).startswith("x.yaml: ")
    assert words in str(caught.value)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_version_with_control_characters_moves_no_cursor():
    """What is repeated of a document is printable, and short."""
    with pytest.raises(DocumentError) as caught:
        read(json.dumps({"openapi": "\x1b[2J" + "9" * 500}).encode(), "x")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "told", ["openapi: 3.0.3", "openapi: 3.1", "openapi: '3.1.0'", "openapi: 3.0", "swagger: 2.0", 'swagger: "2.0"', "\ufeffopenapi: 3.0.1"]
)
def test_the_three_versions_are_read(told):
    """Whether the version is quoted or a number, with or without a mark of byte order."""
    assert "paths" in read(f"{told}\npaths: {{}}\n".encode(), "x")


def test_the_room_reads_no_file():
    """Bytes and a name come in; reading and writing is for the command line."""
    room = Path(reading.__file__).parent.parent
    told = "\n".join(path.read_text("utf-8") for path in room.rglob("*.py"))
    assert re.findall(r"^\s*(?:from|import) (?:pathlib|tempfile|io|os)\b", told, re.MULTILINE) == []


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """The file, and why."""
    with pytest.raises(DocumentError, match=r"nothing\.yaml: the file cannot be read: No such file"):
        contents(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("2024-01-01", "2024-01-01"),
        ("12:30", "12:30"),
        ("0x1F", "0x1F"),
        ("010", 10),
        ("1.0", 1.0),
        ("true", True),
        ("~", None),
        ("", None),
        ("-3", -3),
        ("1e3", 1000.0),
        ("v1", "v1"),
    ],
)
def test_plain_scalars_are_read_by_the_core_schema(text, value):
    """A day stays a text, and Norway a country."""
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_anchors_share_and_merge_keys_bring_what_is_not_written():
    """Documents written by hand use both."""
    found = read(b"openapi: 3.0.0\nx: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: *x\nw: {<<: [*x, {c: 4}]}\nv: &v 5\nu: *v\n", "x")
    assert found["y"] == {"a": 1, "b": 3}
    assert found["z"] == found["x"]
    assert found["w"] == {"a": 1, "b": 2, "c": 4}
    assert found["u"] == 5


def test_quoted_scalars_and_status_codes_stay_text():
    """`200:` is a key, and "3" in quotes is a text."""
    found = read(b"openapi: 3.0.0\n200: '3'\n", "x")
    assert found["200"] == "3"


def test_refs_are_followed_reported_and_never_fetched():
    """A circle ends, what is broken or remote is told once for the whole document."""
    api = Api((HERE / "documents" / "broken.yaml").read_bytes(), "broken.yaml")
    shown = [one.show(()) for one in trouble(api)]
    assert shown == [
        (
            "note: 2 `$ref`s to other documents: they are never fetched, and were not looked into\n --> broken.yaml:1:1\n"
            "  = `https://elsewhere.example.com/paths.yaml#/away`, `team.yaml#/Team`"
        ),
        (
            "note: 4 `$ref`s that lead nowhere in the document, and were not looked into\n --> broken.yaml:1:1\n"
            "  = `#/components/schemas/Loop`, `#/components/parameters/nowhere`, `#/components/schemas/Pool` and\n    1 more"
        ),
    ]
    operation = api.operation("/loops", "get")
    assert operation is not None
    assert operation.answer is not None
    assert operation.answer.open


def large(yaml_too: bool) -> bytes:
    """Make a document of ten megabytes."""
    properties = {f"field_{index}": {"type": "string", "description": "what it is, " * 4} for index in range(40)}
    answer = {"200": {"description": "x", "content": {"application/json": {"schema": {"type": "object", "properties": properties}}}}}
    paths = {f"/things/{index}/{{id}}": {"get": {"responses": answer}} for index in range(2600)}
    return json.dumps(
        {"openapi": "3.0.0", "info": {"title": "Large", "version": "1"}, "paths": paths}, indent=1 if yaml_too else None
    ).encode()


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_ten_megabytes_take_a_moment_and_bounded_memory(form):
    """Read, indexed and searched in seconds, with less than twenty times its size."""
    raw = large(form == "yaml")
    raw = b"# YAML\n" + raw if form == "yaml" else raw
    assert len(raw) > 10_000_000
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    api = Api(raw, "large")
    assert len(api.items) > 2000
    assert trouble(api) == ()
    assert time.process_time() - began < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024


def test_the_bounds_are_stated(monkeypatch):
    """A smaller bound refuses a smaller file, and says its size."""
    monkeypatch.setattr(reading, "MOST_BYTES", 2**20)
    with pytest.raises(DocumentError, match="larger than 1 MiB"):
        read(b" " * (2**20 + 1), "x")
