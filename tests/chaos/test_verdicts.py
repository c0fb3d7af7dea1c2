"""Who judges a disturbed batch sees what is wrong: each verdict is shown its fault, and what only looks like one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from engine.language.model.units import parse_rate
from tests.chaos import verdicts
from tests.chaos.crowd import MARK
from tests.chaos.crowd_vendor import EXPIRED, LOST, TOKEN

OWNED = [(0.0, "crowd/c1", "vm:7:a"), (10.0, "crowd/c1", "vm:8:b"), (20.0, "crowd/c1", None)]


def asked(at: float, path: str = "/v1/me", status: int = 200, pid: int = 7) -> dict[str, Any]:
    """Give a line of the vendor's log."""
    return {"at": at, "pid": pid, "connection": "c1", "account": "c1", "path": path, "status": status}


@pytest.mark.parametrize(
    ("moments", "faults"),
    [([0.0, 0.1, 8.5, 8.6], 0), ([0.0, 0.1, 0.2], 1), ([0.0, 7.9, 7.95], 1), ([0.0, 0.1, 8.0], 0)],
    ids=["within", "at once", "within less than the period", "after what is tolerated"],
)
def test_too_many_requests_in_a_period_are_seen(moments, faults):
    """Two in ten seconds, less what is tolerated."""
    assert len(list(verdicts.too_fast([asked(one) for one in moments], parse_rate("2/10s")))) == faults


def test_an_answer_that_refuses_for_too_many_is_seen():
    """However few were counted."""
    assert list(verdicts.too_fast([asked(0.0, status=429)], parse_rate("2/10s"))) == ["1 requests were refused with 429"]


@pytest.mark.parametrize(
    ("log", "faults"),
    [
        ([asked(0.0, TOKEN), asked(9.5, TOKEN)], 0),
        ([asked(0.0, TOKEN), asked(3.0, TOKEN)], 1),
        ([asked(0.0, TOKEN), asked(2.0, EXPIRED), asked(3.0, TOKEN)], 0),
        ([asked(0.0, TOKEN), asked(2.9, TOKEN, LOST), asked(9.5, TOKEN)], 0),
        ([asked(0.0, TOKEN), asked(9.5, TOKEN, 400)], 1),
    ],
    ids=["at its end", "twice", "it ended early", "one was lost on the way", "a spent token"],
)
def test_a_token_that_is_renewed_twice_is_seen(log, faults):
    """One refresh for each of its ends, and none with what was spent."""
    assert len(list(verdicts.renewed_too_often(log, 10.0))) == faults


@pytest.mark.parametrize(
    ("at", "pid", "faults"),
    [(5.0, 7, 0), (10.05, 7, 0), (12.0, 7, 1), (12.0, 8, 0), (9.0, 8, 1), (21.0, 8, 1), (5.0, 9, 1)],
    ids=["its own", "on its way", "superseded", "the next one's", "too early", "given back", "nobody's"],
)
def test_a_request_by_who_does_not_own_the_connection_is_seen(at, pid, faults):
    """Before it, after it, or never."""
    assert len(list(verdicts.asked_by_others([asked(at, pid=pid)], "crowd", OWNED))) == faults


@pytest.mark.parametrize(
    "text", [MARK.encode(), b"\\x00" + MARK.encode().hex().encode() + b"00"], ids=["plain", "as a database prints bytes"]
)
def test_a_name_is_seen(text):
    """Wherever it stands."""
    assert len(list(verdicts.named_somebody({"a table": b"1\t" + text, "another": b"1\t2"}))) == 1


def result(folder: Path, line: str = "{}", proof: str | None = None) -> dict[str, Any]:
    """Write a result, and give its row."""
    folder.mkdir(parents=True)
    (folder / "notes.jsonl").write_text(line + "\n")
    digest = proof or hashlib.sha256((folder / "notes.jsonl").read_bytes()).hexdigest()
    manifest = {"finished": "now", "subject": {"outcome": "matched"}, "endpoints": {}, "written": {"notes.jsonl": {"sha256": digest}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    told = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    place = str(folder.relative_to(folder.parents[2]))
    return {"request": folder.parent.name, "state": "done", "exit_code": 0, "reason": None, "folder": place, "manifest_sha256": told}


@pytest.mark.parametrize(
    ("change", "faults"),
    [({}, 0), ({"line": '{"more": 1}'}, 1), ({"proof": "0" * 64}, 1)],
    ids=["the same", "another line", "another file than its manifest proves"],
)
def test_a_result_that_differs_is_seen(change, faults, tmp_path):
    """By its lines, and by what its manifest proves."""
    wanted = verdicts.results_of(tmp_path / "one", [result(tmp_path / "one" / "people" / "R-1" / "crowd")])
    row = result(tmp_path / "two" / "people" / "R-1" / "crowd", **change)
    found = list(verdicts.different(tmp_path / "two", [row], wanted))
    assert len(found) == faults, found
    assert list(verdicts.different(tmp_path / "two", [{**row, "manifest_sha256": "0"}], wanted)) != []


def test_who_is_lost_and_what_is_left_over_is_seen(tmp_path):
    """One who is missing, one who is there twice, one who has failed; a folder that no row names, and one below work/."""
    row = result(tmp_path / "people" / "R-1" / "crowd+2")
    failed = {**row, "request": "R-3", "state": "failed", "exit_code": 3}
    assert len(list(verdicts.lost([row, row, failed], ["R-1", "R-2", "R-3"]))) == 2
    assert list(verdicts.lost([row], ["R-1"])) == []
    (tmp_path / "people" / "R-1" / "crowd+1").mkdir()
    (tmp_path / "work" / "1.1").mkdir(parents=True)
    assert sorted(verdicts.left_over(tmp_path, [row])) == ["people/R-1/crowd+1 lies there, and no row names it", "work/1.1 was left"]
