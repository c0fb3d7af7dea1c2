"""The graph of a run's requests: valid Mermaid for every spec, whatever its names."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from engine.catalogue import load_file
from engine.core.plan import plan
from engine.core.selection import choose
from engine.explain.graph import graph
from engine.language.load import check
from tests.conftest import ROOT

SPECS = sorted((ROOT / "specs").glob("*.yaml"))
# What Mermaid's grammar reads of ours: the head, comments, quoted boxes, arrows with or without a quoted text.
QUOTED = r"\"(?:[A-Za-z0-9 ./,:_=()'-]|#\d+;|<br/>)+\""
NODE = r"(?:n\d+|found)"
GRAMMAR = re.compile(
    rf"flowchart LR|  %% [^{{}}\n]*|  (?:  )?n\d+\[{QUOTED}\]|  (?:  )?{NODE} (?:-->|-\.->)(?:\|{QUOTED}\|)? {NODE}"
    rf"|  subgraph found \[{QUOTED}\]|  end"
)
ODD = """
spec: 1
vendor: odd
title: 'Odd "x"; %%{init}%% <b>&#59; `y` end'
base_url: https://api.example.com/v1
auth: {headers: {Authorization: Bearer <SECRET>}}
verify: {get: /me}
rate_limits: {style: 5/s, end: 10 at once}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
    end: {get: "/p/<USER_ID>;/(x)'*", bucket: end, records: items}
    graph: {get: /q/<end.id>/class, licence: click.a}
    click: {get: /q/<USER_ID>/subgraph, bucket: style, replaces: end}
"""


def drawn(vendor, *only: str) -> str:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return graph(vendor, plan(vendor, choose(vendor.endpoints, only, ()), now, None, (None, 0.75)))


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.stem)
def test_every_shipped_spec_is_drawn(file):
    """One box per request, and arrows between boxes that exist."""
    vendor = load_file(file)
    text = drawn(vendor)
    assert [line for line in text.splitlines() if not GRAMMAR.fullmatch(line)] == []
    boxes = set(re.findall(r"^ +(n\d+)\[", text, re.MULTILINE))
    assert len(boxes) == len(tuple(vendor.requests()))
    assert {end for arrow in re.findall(r"^ +(\w+) -.*> ?.* (\w+)$", text, re.MULTILINE) for end in arrow} <= {*boxes, "found"}
    assert text.count("subgraph") == text.count("\n  end\n") == (len(vendor.lookups) > 1)


def test_zooms_graph_says_who_waits_and_how_often():
    """Endpoints wait for the look-up; numbers and limits stand in the boxes."""
    text = drawn(load_file(ROOT / "specs" / "zoom.yaml"))
    assert "meetings<br/>GET /users/#60;USER_ID#62;/meetings<br/>2 requests at least<br/>limit: medium" in text
    assert "phone_call_history<br/>" in text
    assert "if refused: settings tells why<br/>succeeds phone_call_logs" in text
    assert text.count("  n1 --> ") == 16


def test_words_of_mermaid_are_only_names():
    """`end`, `click`, quotes, percent signs, semicolons and markup stand in quotes, as entities."""
    text = drawn(check(ODD.encode(), "odd.yaml")[0])
    assert [line for line in text.splitlines() if not GRAMMAR.fullmatch(line)] == []
    assert '  n2 -->|"once per record"| n4' in text
    assert "1 request per record" in text
    assert "#37;#37;#123;init#125;#37;#37;" in text


@pytest.mark.parametrize(
    ("name", "shows"), [("zoom", "a listed person proves that it sees people"), ("mailchimp", "shows that the connection is alive")]
)
def test_the_graph_says_of_verify_what_it_can_show(name, shows):
    """Only a call that lists people proves that the connection sees any."""
    assert f'-.->|"{shows}"|' in drawn(load_file(ROOT / "specs" / f"{name}.yaml"))


def test_what_is_discovered_comes_before_who_needs_it():
    """A value of the account goes to who carries it; who asks once per record of the account waits for the person too."""
    text = drawn(load_file(ROOT / "specs" / "hubspot.yaml"), "contact", "form_submissions")
    names = dict((name, node) for node, name in re.findall(r"^ +(n\d+)\[\"(\w+)<", text, re.MULTILINE))
    assert f"  {names['properties']} --> {names['contact']}" in text
    assert f"  {names['lookup']} --> {names['form_submissions']}" in text
    assert f'  {names["forms"]} -->|"once per record"| {names["form_submissions"]}' in text


def test_what_is_left_out_is_not_drawn():
    """A plan of one endpoint has no arrow to another."""
    text = drawn(load_file(ROOT / "specs" / "zoom.yaml"), "webinars")
    assert "webinars" in text
    assert "meetings" not in text
    assert text.count("[") == 3


def test_the_command_prints_the_graph_alone(habeas):
    """For a file or a pipe; two forms at once are refused."""
    told = habeas("plan", "zoom", "--graph", "--only", "settings")
    assert told.returncode == 0
    assert told.stdout.startswith("flowchart LR\n")
    assert habeas("plan", "zoom", "--graph", "--json").returncode == 2
