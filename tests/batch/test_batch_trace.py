"""`habeas trace` of a batch: all its requests, whatever became of its people and its folder, and nobody's identifier."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from engine.batch.batch_folder import label_of
from tests.batch.conftest import SPEC
from tests.batch.test_batch import MESS
from tests.explain.reading import harmless

LIMITS = "rate_limits: {all: 1000/s, n: [5000/min each, 90000/day]}\nbucket: n\n"


def drawn(batch, *words: str, code: int = 0) -> str:
    """Give what the page says; it runs and loads nothing, and names nobody."""
    done = batch.habeas("trace", str(batch.out), *words)
    assert done.returncode == code, done.stderr
    if code:
        return done.stderr
    said = harmless(done.stdout).text
    assert re.findall(r"\b(?:ada|bert|none1|x\.io|example)\b", done.stdout) == []
    assert "@" not in said
    return said


def sent(batch) -> int:
    """Count the answers in all page lists."""
    lines = (line for path in batch.out.rglob("*.pages.jsonl") for line in path.read_text("utf-8").splitlines())
    return sum("request" in json.loads(line) for line in lines)


def test_people_and_requests_are_drawn_by_connection(batch, vendor):
    """Each state is counted in words, every answer of every result is in the rate, and each limit in time is told."""
    vendor.spec.write_text(SPEC.format(vendor="acme", title="Acme").replace("access:\n", f"{LIMITS}access:\n"))
    batch(*MESS)
    said = drawn(batch)
    assert "acme/environment 5 people: 3 done, 2 failed." in said
    assert f"{sent(batch)} requests. Drawn is the limit that was filled the most" in said
    assert f"all 1,000 per second {sent(batch)} " in said
    assert "n 5,000 per minute for each request line 3 3 " in said
    assert f"{asked(batch) - sent(batch)} requests that brought no page" in said
    assert "1 connection, simulated vendors among them" in said
    assert "75 % of it" in said


def test_a_second_try_counts_in_the_rate_and_its_person_once(batch, vendor):
    """What was asked before `retry` is drawn too, with the connection's requests; without limits nothing is drawn beside the rate."""
    batch("A,ada@x.io", "D,broken@x.io")
    first = sent(batch)
    batch.habeas("retry", str(batch.out))
    batch("A,ada@x.io", "D,broken@x.io")
    assert sent(batch) > first
    said = drawn(batch)
    assert f"{sent(batch)} requests, drawn beside no limit" in said
    assert "2 people: 1 done, 1 failed." in said


def test_packed_results_are_read_as_folders_are(batch):
    """The same people and requests."""
    batch(*MESS)
    number = sent(batch)
    shutil.rmtree(batch.out)
    batch(*MESS, words=("--pack",))
    assert f"{number} requests" in drawn(batch)


def asked(batch) -> int:
    """Count the requests of all manifests."""
    told = [json.loads(path.read_text("utf-8")) for path in batch.out.rglob("manifest.json")]
    return sum(one["lookup"]["requests"] + sum(entry["requests"] for entry in one["endpoints"].values()) for one in told)


@pytest.mark.parametrize("what", ["gone", "damaged", "unfinished", "absurd"])
def test_what_cannot_be_read_is_counted_and_said(batch, what):
    """A result that is missing, or says nothing that can be drawn, is no result without requests."""
    batch("A,ada@x.io", "B,bert@x.io")
    place = batch.out / "people" / "B" / "acme"
    manifest = place / "manifest.json"
    told = json.loads(manifest.read_text("utf-8"))
    if what == "gone":
        shutil.rmtree(place)
    elif what == "damaged":
        (place / "notes.pages.jsonl").write_text('{"request": 7}\n')
    elif what == "unfinished":
        manifest.write_text(json.dumps({**told, "finished": None}))
    else:
        manifest.write_text(json.dumps({**told, "connection": {"name": "", "share": 0, "plan": None}}))
    assert "2 people: 2 done." in (said := drawn(batch))
    assert "1 result not there or not readable: their requests are not drawn." in said


def test_limits_of_another_spec_are_not_drawn(batch, vendor):
    """The spec may have changed since; the rate is drawn alone, and it is said why."""
    batch("A,ada@x.io")
    vendor.spec.write_text(SPEC.format(vendor="acme", title="Other"))
    said = drawn(batch)
    assert "The limits are not drawn: the spec is not there, or has changed since." in said
    assert f"{sent(batch)} requests, drawn beside no limit" in said


def test_a_batch_is_no_chrome_trace(batch):
    """It says what to do instead."""
    batch("A,ada@x.io")
    assert "which is drawn as a page only" in drawn(batch, "--format", "chrome", code=2)


@pytest.mark.parametrize(
    ("connection", "label"),
    [
        ("zoom/default", "zoom"),
        ("zoom/environment", "zoom"),
        ("zoom/emea", "zoom.emea"),
        ("zoom/tar", "zoom.=tar"),
        ("zoom/try-1", "zoom.=try-1"),
        ("zoom/try-a", "zoom.try-a"),
        ("zoom/tar-1", "zoom.tar-1"),
    ],
)
def test_no_connection_bears_the_name_of_another_ones_result(connection, label):
    """`zoom.tar` is what the default connection brought, packed, and `zoom.try-1` an earlier try of it."""
    assert label_of(connection) == label
    assert connection.endswith(("default", "environment")) or not re.fullmatch(r"zoom(\.tar)?(\.try-[0-9]+)?", label)
