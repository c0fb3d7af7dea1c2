"""An optional endpoint is left out, and says so, where the connection lacks its scope; with the scope it is as any other."""

from __future__ import annotations

import json

import pytest

from engine.core.ledger import Outcome
from engine.core.scopes import matrix
from engine.errors import Exit
from engine.runner.verify import Verified
from tests.core.specs import HEAD, vendor
from tests.whole.scripted import fetched

IT = "it: {get: /p/<USER_ID>, records: items, granted_by: [reports, all], optional: true}\nown: {get: /own/<USER_ID>}\n"
TWO = IT.replace("get: /p/<USER_ID>", "for: {K: [a, b]}, get: /p/<USER_ID>/<K>")
PAGED = IT.replace("records: items", "records: items, pagination: {cursor: next, param: page}")
BELOW = "below: {get: /b/<it.id>, records: items}\n"
RULES = HEAD.replace(
    "refusals: {code: code, message: message}",
    "refusals: {code: code, rules: [{status: 403, means: denied}, {status: 404, code: 7, means: empty}]}",
)
OWN = {"/own/u1": [{}]}
NO, GOOD, NONE = (403, {"code": 9}), {"items": [{"id": 1}]}, (404, {"code": 7})
NEEDS = "optional: needs reports or all"
TOLD_IN_FULL = "the vendor denies it (HTTP 403, code 9); it needs the scope reports or all"
TOLD = f"{NEEDS}; the vendor denies it (HTTP 403, code 9)"


@pytest.mark.parametrize(
    ("granted", "spec", "answers", "then", "code"),
    [
        ({"people"}, IT, {}, {"it": ("excluded", NEEDS)}, 0),
        ({"all"}, IT, {"/p/u1": [GOOD]}, {"it": ("complete", None)}, 0),
        ({"reports"}, IT, {"/p/u1": [NO]}, {"it": ("denied", "the vendor denies it (HTTP 403, code 9)")}, 3),
        (None, IT, {"/p/u1": [NO]}, {"it": ("excluded", TOLD)}, 0),
        (None, IT, {"/p/u1": [GOOD]}, {"it": ("complete", None)}, 0),
        (None, IT, {"/p/u1": [(400, {"code": 5})]}, {"it": ("failed", "the vendor refused (HTTP 400, code 5)")}, 3),
        (None, TWO, {"/p/u1/a": [NO], "/p/u1/b": [NO]}, {"it": ("excluded", TOLD)}, 0),
        (None, TWO, {"/p/u1/a": [GOOD], "/p/u1/b": [NO]}, {"it": ("partial", None)}, 3),
        (None, TWO, {"/p/u1/a": [NONE], "/p/u1/b": [NO]}, {"it": ("denied", None)}, 3),
        ({"people"}, IT + BELOW, {}, {"below": ("excluded", f"it is excluded: {NEEDS}")}, 0),
        (None, PAGED, {"/p/u1": [{"items": [], "next": "n"}], "/p/u1?page=n": [NO]}, {"it": ("denied", TOLD_IN_FULL)}, 3),
        (None, PAGED, {"/p/u1": [{"items": [{"id": 1}], "next": "n"}], "/p/u1?page=n": [NO]}, {"it": ("partial", None)}, 3),
        (None, IT + BELOW, {"/p/u1": [NO]}, {"below": ("excluded", f"it is excluded: {TOLD}")}, 0),
    ],
)
def test_only_a_missing_scope_leaves_an_optional_endpoint_out(granted, spec, answers, then, code, tmp_path, monkeypatch):
    """By the token's scopes or by refusals alone; never beside a good answer, and never where the scope is held."""
    monkeypatch.setattr("tests.whole.scripted.Fixed.granted", granted if granted is None else frozenset(granted))
    run = fetched(spec, {**OWN, **answers}, tmp_path, RULES)
    for name, (outcome, reason) in then.items():
        entry = run.entry(name)
        assert entry.outcome is Outcome(outcome)
        assert reason is None or (entry.reason or None) == reason
    assert run.report.exit_code == code
    asked = [one for one in run.log if one.startswith("/p/")]
    assert bool(asked) is (granted is None or "people" not in granted)
    assert run.manifest["excluded"] == []


def test_verify_misses_nothing_where_only_an_optional_scope_is_missing():
    """It is listed apart, with what it would add; a scope that something else needs too is missing all the same."""
    acme = vendor(IT + "other: {get: /o/<USER_ID>, granted_by: people}\n")
    found = matrix(acme, frozenset({"people"}))
    assert (found.lacking, found.missing, dict(found.further)) == ((), {}, {"reports or all": ("it",)})
    assert Verified(alive=True, words="", matrix=found).exit_code is Exit.COMPLETE
    assert dict(matrix(acme, frozenset({"people", "all"})).further) == {}
    assert dict(matrix(acme, None).further) == {"reports or all": ("it",)}
    both = vendor(IT + "other: {get: /o/<USER_ID>, granted_by: reports}\n")
    assert matrix(both, frozenset({"x"})).missing == {"reports": ("other",)}


SPEC = """\
spec: 1
vendor: acme
title: Acme
base_url: https://api.acme.example/v1
auth:
  oauth2:
    authorization_url: https://api.acme.example/a
    token_url: https://api.acme.example/t
    scopes: [people]
verify: {get: /me, granted_by: people}
rate_limits: {all: 10/s}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}, granted_by: people}
  endpoints:
    orders: {title: orders, get: /orders/<USER_ID>, granted_by: people}
    reports: {title: the reports, get: /reports/<USER_ID>, granted_by: reports, optional: true}
"""


@pytest.fixture
def acme(tmp_path):
    path = tmp_path / "acme.yaml"
    path.write_text(SPEC, "utf-8")
    return str(path)


def test_the_plan_and_the_page_say_what_is_optional(habeas, acme):
    """Each with the scope it needs; what is asked for at consent is only what every app has."""
    text, graph, page = (habeas(*words).stdout for words in (("plan", acme), ("plan", acme, "--graph"), ("docs", acme)))
    assert "Optional, asked only where the connection has the scope: reports." in text
    assert graph.count("optional: left out without its scope") == 1
    steps = json.loads(habeas("plan", acme, "--json").stdout)["steps"]
    assert [one["name"] for one in steps if one["optional"]] == ["reports"]
    assert "**Could also be asked for**" in page
    assert "Optional: it needs `reports`; without that it is left out, and the result says so." in page


def test_a_note_on_scopes_is_none_where_they_are_optional(habeas, acme):
    """That no family lists such a scope is what the word means."""
    told = habeas("check", acme)
    assert "is not listed" not in told.stdout + told.stderr
    assert "grants `reports`" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("scopes", "outcome", "code"),
    [
        ("granted_by: [orgs], ", Outcome.DENIED, Exit.INCOMPLETE),
        ("granted_by: [reports, all], ", Outcome.EXCLUDED, Exit.COMPLETE),
        ("", Outcome.EXCLUDED, Exit.COMPLETE),
    ],
)
def test_what_another_scope_would_have_found_out_is_no_reason_to_leave_it_out(scopes, outcome, code, tmp_path, monkeypatch):
    """A discovery that needs a scope of its own and is refused shows nothing about the endpoint's scope; one without shows it."""
    monkeypatch.setattr("tests.whole.scripted.Fixed.granted", None)
    head = RULES.replace("verify:", f"discover: {{org: {{get: /org, {scopes}capture: {{ORG: id}}}}}}\nverify:")
    spec = "it: {get: /orgs/<ORG>/<USER_ID>, records: items, granted_by: [reports, all], optional: true}\nown: {get: /own/<USER_ID>}\n"
    run = fetched(spec, {**OWN, "/org": [NO]}, tmp_path, head)
    assert (run.entry("it").outcome, run.report.exit_code) == (outcome, code)
