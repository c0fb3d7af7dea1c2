"""Lists beside `records` in recorded answers, of which nothing is kept."""

from __future__ import annotations

import json

import pytest

from engine.cassettes.replay import Heard
from engine.cassettes.unread_lists import unread_lists
from engine.core.chain import Chain
from engine.core.http import Response
from engine.core.request import opening
from tests.core.specs import ROW, vendor

DATA = [{"id": 1}]
CASES = [
    ("records: data", {"data": DATA, "included": [{"id": 2}], "meta": {"n": 1}, "tags": ["a"], "warnings": []}, ("included",)),
    ("records: a.data", {"a": {"data": DATA, "more": DATA}, "extra": DATA}, ("a.more", "extra")),
    ("records: data\nrefusals: {refused: errors}", {"data": DATA, "errors": []}, ()),
    ("records: data\necho: {'users[].id': <USER_ID>}", {"data": DATA, "users": [{"id": "u 1"}]}, ()),
    ('records: "@"\npagination: none', DATA, ()),
    ("", {"data": DATA}, ()),
    ("records: other", {"data": DATA}, ()),
]


@pytest.mark.parametrize(("words", "body", "paths"), CASES, ids=lambda one: str(one)[:40])
def test_lists_that_nothing_reads_are_named(words, body, paths):
    """JSON:API's `included` and its like; not what another word reads, texts, empty lists, or answers that are no pages."""
    spec = vendor("it:\n  get: /p\n" + "".join(f"  {line}\n" for line in words.splitlines()))
    request = opening(Chain(spec.endpoints["it"], ROW))
    found = unread_lists(spec, [Heard(request, Response(200, {}, json.dumps(body).encode()))])
    assert found == ({"it": paths} if paths else {})


def test_a_list_that_another_endpoint_reads_from_the_same_request_is_read():
    """Two endpoints ask the same address, each for its list."""
    spec = vendor("it: {get: /p, records: data}\nmore: {get: /p, records: included}\n")
    request = opening(Chain(spec.endpoints["it"], ROW))
    body = json.dumps({"data": DATA, "included": DATA}).encode()
    assert unread_lists(spec, [Heard(request, Response(200, {}, body))]) == {}


def test_check_notes_them_with_their_place(acme, habeas):
    """A note, exit 0, at the word `records`."""
    path = acme / "fixtures/acme/cassettes/whole/050-notes-page-2.http"
    path.write_text(path.read_text("utf-8").replace('"notes": [', '"included": [{"id": 7}], "notes": ['), "utf-8")
    done = habeas("check", str(acme / "specs" / "acme.yaml"))
    assert done.returncode == 0
    assert "note: the answers of `notes` hold 1 list beside `records` that nothing keeps: `included`" in " ".join(done.stdout.split())
