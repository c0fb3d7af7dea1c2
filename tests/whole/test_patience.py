"""What a vendor's limits, passing refusals and unfinished answers cost a run: how it ends, how often it asked, how long it took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.core.specs import HEAD
from tests.whole.scripted import fetched

CASES = yaml.safe_load((Path(__file__).parent / "data" / "patience.yaml").read_text("utf-8"))
GOOD = {"items": [{"id": 1}]}


def answers_of(written: Any) -> list[tuple[int, object, dict[str, str]]]:
    """Read what one place answers: `STATUS`, `STATUS xTIMES`, or a map."""
    if isinstance(written, dict):
        status = written["status"]
        return [(status, written.get("body", GOOD if status == 200 else {}), written.get("headers", {}))] * written.get("times", 1)
    status, _, times = str(written).partition(" x")
    return [(int(status), GOOD if status == "200" else {}, {})] * int(times or 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_how_long_a_vendor_is_waited_for(case, tmp_path):
    """The endpoint ends as it should, after so many requests, in so many seconds."""
    answers = {place: [one for part in parts for one in answers_of(part)] for place, parts in case["answers"].items()}
    limits = f"rate_limits: {json.dumps(case['limits'])}\n" if "limits" in case else ""
    found = fetched(json.dumps({"it": case["it"]}) + "\n", answers, tmp_path, HEAD.replace("access:", f"{limits}access:"))
    entry, then = found.entry(), case["then"]
    assert (str(entry.outcome), entry.reason, entry.tally.requests) == (then["outcome"], then.get("reason"), then["requests"])
    times = [moment for place, moment in zip(found.log, found.times, strict=True) if place.removeprefix("POST ").split(" ")[0] in answers]
    assert then["from"] <= times[-1] - times[0] <= then["to"]


def test_a_limit_goes_on_when_the_vendor_says_however_slow_its_answer_is(tmp_path):
    """The moment counts from when the answer came, by which its own `Date` is meant, not from when it was asked for."""
    headers = {"date": "Tue, 24 Nov 2026 12:00:30 GMT", "retry-after": "2026-11-25T00:00:00Z"}
    endpoint = {"it": {"get": "/slow/<USER_ID>", "records": "items", "pagination": "none"}}
    found = fetched(json.dumps(endpoint) + "\n", {"/slow/u1": [(429, {}, headers)]}, tmp_path, takes={"/slow/u1": 30})
    assert found.manifest["endpoints"]["it"]["again_at"] == "2026-11-25T00:00:00Z"


def test_two_endpoints_of_one_request_line_share_its_limit(tmp_path):
    """The vendor counts what it is asked for, not by which name the spec asks: a third line goes on beside them."""
    limits = "rate_limits: {slow: 2/min each}\nbucket: slow\n"
    endpoints = """
first: {for: {KIND: [a, b]}, get: /p/<USER_ID>, params: {kind: <KIND>}, records: items, pagination: none}
again: {for: {KIND: [c, d]}, get: /p/<USER_ID>, params: {kind: <KIND>}, records: items, pagination: none}
other: {for: {KIND: [e, f]}, get: /q/<USER_ID>, params: {kind: <KIND>}, records: items, pagination: none}
"""
    answers = {f"/{place}/u1?kind={kind}": [{"items": []}] for place, kinds in (("p", "abcd"), ("q", "ef")) for kind in kinds}
    found = fetched(endpoints, answers, tmp_path, HEAD.replace("access:", f"{limits}access:"))
    asked = {
        place: [moment for line, moment in zip(found.log, found.times, strict=True) if line.startswith(place)] for place in ("/p/", "/q/")
    }
    shared, alone = asked["/p/"], asked["/q/"]
    assert len(shared) == 4
    assert all(later - earlier >= 60 for earlier, later in zip(shared, shared[2:], strict=False))
    assert alone[-1] < shared[2]
