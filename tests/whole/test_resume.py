"""A run that was killed at any moment and goes on ends as one that was left alone."""

from __future__ import annotations

import json

import pytest

from tests.core.specs import HEAD, vendor
from tests.whole.resumed import ends, killed_again, multisets, resumed, told, undisturbed

WIDE = """
    settings: {get: "/people/<USER_ID>/settings"}
    orders: {for: {KIND: [open, closed]}, get: "/orders", params: {kind: <KIND>}, records: items, key: id,
             pagination: {page: {page: 1}, size: {size: 2}, total: total}}
    lines: {get: "/orders/<orders.id>/lines", records: items}
    calls: {get: "/calls", params: {from: <FROM.date>, to: <TO.date>}, window: {step: 2d, since: 6d}, records: items, licence: settings.calls,
            pagination: {cursor: next, param: after}}
    mail: {for: {BOX: [in, out, spam]}, get: "/mail/<BOX>", records: items, licence: settings.mail,
           refusals: {rules: [{status: 404, means: absent}]}}
    team: {get: "/teams/<TEAM>", records: items, fields: [id]}
"""
DISCOVERING = HEAD.replace("access:", "discover:\n  own: {get: /own, capture: {TEAM: id}}\naccess:") if "discover" not in HEAD else HEAD


def record(number):
    return {"id": number, "text": f"record {number}"}


def items(*numbers, **more):
    return {"items": [record(one) for one in numbers], **more}


ANSWERS = {
    "/own": [{"id": "t1"}],
    "/people/u1/settings": [{"id": "s", "calls": True, "mail": True}],
    "/orders?kind=open&page=1&size=2": [items(1, 2, total=3)],
    "/orders?kind=open&size=2&page=2": [items(3, total=3)],
    "/orders?kind=closed&page=1&size=2": [items(3, total=1)],
    "/orders?kind=closed&size=2&page=2": [items(total=1)],
    **{f"/orders/{number}/lines": [items(number * 10, number * 10 + 1)] for number in (1, 2, 3)},
    "/calls?from=2026-11-18&to=2026-11-20": [items(100, 101, next="a")],
    "/calls?from=2026-11-18&to=2026-11-20&after=a": [items(102)],
    "/calls?from=2026-11-20&to=2026-11-22": [items(102, 103)],
    "/calls?from=2026-11-22&to=2026-11-24": [items(103, 104)],
    "/calls?from=2026-11-24&to=2026-11-25": [items(104, 105)],
    "/mail/in": [items(200)],
    "/mail/out": [items(201, 202)],
    "/mail/spam": [(404, {"code": 7})],
    "/teams/t1": [items(300, 301)],
}


@pytest.fixture(scope="module")
def wide():
    return vendor(WIDE, DISCOVERING)


def test_a_run_that_is_killed_at_any_request_ends_as_one_that_was_left_alone(wide, tmp_path):
    """The same lines, counts and outcomes; no list that stayed is asked again."""
    report, network, copies = undisturbed(wide, ANSWERS, tmp_path)
    whole = tmp_path / "whole" / "acme"
    assert report.exit_code == 0, [(one.name, one.outcome, one.reason) for one in report.entries]
    assert len(copies) == len(network.log) >= 20
    for number, copy in enumerate(copies):
        folder = killed_again(wide, ANSWERS, copy, tmp_path / f"again-{number}", number) if number % 4 == 3 else copy
        kept = {end["known_by"] for found in ends(folder).values() for end in found if end.get("known_by")}
        again, log = resumed(wide, ANSWERS, folder)
        assert (again.exit_code, again.finished) == (0, True), (folder, again.entries)
        assert multisets(folder) == multisets(whole), folder
        assert told(folder) == told(whole), folder
        assert sum(kept for kept, _ in again.kept.values()) <= len(kept)
        assert len(log) == len(set(log))


def test_nothing_is_asked_again_that_had_ended(wide, tmp_path):
    """Killed after the last answer of all, only what finds the person is asked."""
    undisturbed(wide, ANSWERS, tmp_path)
    folder = tmp_path / "whole" / "acme"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "finished": None}))
    before = multisets(folder), told(folder)
    report, log = resumed(wide, ANSWERS, folder)
    assert sorted(log) == sorted({"/own", "/me", "/people/ada%40x.io"})
    assert (multisets(folder), told(folder)) == before
    assert report.kept["calls"] == (4, 4)
