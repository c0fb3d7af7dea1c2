"""Answers that mean no good: the endpoint that got them ends with words, the others go on, and memory and time have an end."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

import pytest

from engine.core.envelope import MOST_VALUES
from engine.core.http import MOST_ADDRESS, resolved
from engine.core.identity import identify, lowered, same_person
from engine.core.trail import MOST_EMPTY
from engine.errors import DiskError, Exit
from engine.sink import MANIFEST_ROOM, Sink
from tests.conftest import ROOT
from tests.core.specs import vendor
from tests.disk import in_place, noted
from tests.moments import few
from tests.net.servers import answer, saying, serving
from tests.whole.commands import FULL, manifest
from tests.whole.runs import fetch
from tests.whole.scripted import BASE, fetched

TWO = "it: {get: /list, records: items, pagination: {cursor: next, param: after}}\nother: {get: /other, records: items}\n"
SOME = {"items": [{"id": 1}]}
PRINTING = ("plan slack", "plan zoom --json", "connections list --json", "docs slack", "schema", "check slack", "--help")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([b'{"items":[' + b"1," * (MOST_VALUES + 1) + b"1]}"], f"an answer of over {MOST_VALUES:,} values"),
        ([{"items": [{"id": 1}], "next": "x" * (MOST_ADDRESS + 1)}], "`next` holds a page token that no address could carry"),
        ([{"items": [], "next": f"n{number}"} for number in range(MOST_EMPTY + 5)], "gave 100 empty pages in a row"),
    ],
)
def test_a_page_without_measure_ends_its_endpoint_and_no_other(said, words, tmp_path):
    """Millions of tiny values, a token of any length, pages that are empty for ever."""
    answers = {"/list": said, "/other": [SOME]}
    answers |= {f"/list?after=n{number}": [{"items": [], "next": f"n{number + 1}"}] for number in range(MOST_EMPTY + 5)}
    done = fetched(TWO, answers, tmp_path)
    assert {one.name: one.outcome.whole for one in done.report.entries} == {"it": False, "other": True}
    assert words in done.entry().reason
    assert len(done.log) < MOST_EMPTY + 10


@pytest.mark.parametrize("location", ["https://[evil", "https://zoom\u2100.us/", "http://x/" + "y" * 70_000])
def test_a_reference_that_is_none_is_no_defect(location):
    """It leads nowhere; what is relative leads where it should."""
    assert resolved(f"{BASE}/a", location) in (None, location)
    assert resolved(f"{BASE}/a?b=1", "c") == f"{BASE}/c"


async def test_a_redirect_to_what_is_no_address_fails_its_endpoint(tmp_path):
    """The credential stays at home, the run goes on to its end."""
    async with serving(saying(answer("302 Found", Location="https://[evil"))) as server:
        report = await fetch(server.address, "t", "ada@x.io", tmp_path, spec=vendor(TWO))
    assert report.exit_code is Exit.INCOMPLETE
    assert "redirected to what is no address" in report.subject.reason


def test_an_expression_that_cannot_be_evaluated_finds_nothing(tmp_path):
    """The average of numbers beyond all measure is no defect of the run."""
    spec = TWO.replace("records: items", 'records: items, match: {"avg([n])": <USER_ID>}', 1)
    done = fetched(spec, {"/list": [b'{"items":[{"n":' + b"9" * 3000 + b"}]}"], "/other": [SOME]}, tmp_path)
    assert done.report.exit_code is Exit.COMPLETE


def test_no_character_becomes_one_of_another_address():
    """The Kelvin sign is no k: its owner is not Kim. Letters of other alphabets are folded among themselves."""
    assert lowered("\u212aIM@X.IO") == "\u212aim@x.io"
    assert not same_person("email", "\u212aim@x.io", "kim@x.io")
    assert same_person("email", "ZO\u00cb@x.io", "zo\u00eb@X.io")
    assert identify("email", "\u212aim@x.io").value == "\u212aim@x.io"


@pytest.mark.parametrize("stream", ["2>&1 | head -1", "2>/dev/full", ">/dev/full"])
def test_a_reader_that_goes_away_costs_nothing_of_the_run(stream, zoom, tmp_path):
    """Progress and result are only told: the records are all there, and the manifest says so."""
    words = ["run", "zoom", "--at", zoom.address, "--email", FULL, "--out", str(tmp_path), "--only", "settings,meetings", "--ref", "\udcff"]
    script = f'"$@" {stream}; exit ${{PIPESTATUS[0]}}'
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "engine", *words]
    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": "/usr/bin:/bin", "HABEAS_ZOOM_TOKEN": zoom.token}, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == (3 if stream == ">/dev/full" else 0), done
    assert b"Traceback" not in done.stderr
    assert manifest(tmp_path)["endpoints"]["meetings"]["outcome"] == "complete"
    assert manifest(tmp_path)["reference"] == "\\udcff"


@pytest.mark.parametrize("words", ["plan slack", "plan zoom --json", "connections list --json", "schema", "--version"])
def test_an_output_that_is_closed_is_not_exit_0(words, tmp_path):
    """What a command says is lost, and it is said on standard error."""
    command = ["bash", "-c", '"$@" >&-', "bash", sys.executable, "-m", "engine", *words.split()]
    environ = {"PATH": "/usr/bin:/bin", "HABEAS_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=False)
    assert done.stderr == b"error: standard output takes no more (it is closed): make room, or send it elsewhere\n"
    assert done.returncode == 3


def test_a_run_whose_summary_is_lost_keeps_its_own_exit_code(zoom, tmp_path):
    """A worse end than a lost summary stays what it is."""
    words = ["run", "zoom", "--at", zoom.address, "--email", FULL, "--out", str(tmp_path)]
    command = ["bash", "-c", '"$@" >/dev/full', "bash", sys.executable, "-m", "engine", *words]
    environ = {"PATH": "/usr/bin:/bin", "HABEAS_ZOOM_TOKEN": "refused"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=False)
    assert done.returncode == 4, done
    assert b"the summary could not be written" in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", few(PRINTING, "plan slack", "connections list --json", "--help"))
def test_an_output_that_takes_no_more_is_no_defect(words, unbuffered, tmp_path):
    """It is said in a sentence, whether the bytes leave at once or when the command ends."""
    command = ["bash", "-c", '"$@" >/dev/full', "bash", sys.executable, "-m", "engine", *words.split()]
    environ = {"PATH": "/usr/bin:/bin", "HABEAS_HOME": str(tmp_path), "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=False)
    assert done.stderr == b"error: standard output takes no more (No space left on device): make room, or send it elsewhere\n"
    assert done.returncode == 3


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", few(PRINTING, "plan slack", "connections list --json", "--help"))
def test_a_reader_that_closes_its_end_is_no_defect(words, unbuffered, tmp_path):
    """As of other tools: the code of SIGPIPE, without a word, whether the bytes leave at once or when the command ends."""
    environ = {"PATH": "/usr/bin:/bin", "HABEAS_HOME": str(tmp_path), "PYTHONUNBUFFERED": unbuffered}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        command = [sys.executable, "-m", "engine", *words.split()]
        done = subprocess.run(command, cwd=ROOT, env=environ, stdout=closed, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


def test_the_proof_has_its_room_before_anything_is_sent(tmp_path, monkeypatch):
    """A disk that cannot hold a manifest is said at once; one that fills up later leaves its room."""
    sink = Sink(tmp_path / "a")
    sink.prepare()
    assert (tmp_path / "a" / "manifest.json.part").stat().st_size == MANIFEST_ROOM
    asyncio.run(sink.manifest({"a": 1}))
    assert json.loads((tmp_path / "a" / "manifest.json").read_text()) == {"a": 1}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["manifest.json"]

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(DiskError, match="the disk is full"):
        Sink(tmp_path / "b").prepare()


def test_the_proof_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """After a power cut there is a whole manifest or none: an empty one would say that nothing was asked."""
    sink = Sink(tmp_path / "a")
    sink.prepare()
    steps = noted(monkeypatch)
    path = asyncio.run(sink.manifest({"a": 1}))
    assert steps[:2] == in_place(path)[:2]


@pytest.mark.parametrize("word", ["a" * 5000, "./" + "a" * 5000 + ".yaml"])
def test_a_name_beyond_all_length_is_only_unknown(word, habeas):
    """Exit 2 and a sentence."""
    for environ in ({}, {"HABEAS_SPECS": "a" * 5000}):
        done = habeas("check", word, **environ)
        assert (done.returncode, "defect" in done.stderr) == (2, False)
