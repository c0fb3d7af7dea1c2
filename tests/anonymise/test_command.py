"""`habeas record` as people use it, against a simulated Zoom in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from engine.cassettes.check import check_cassettes
from engine.catalogue import load_file
from engine.net.clock import clock_from
from tests.conftest import ROOT
from tests.whole.commands import FULL


def record(habeas, up, out: Path, *words: str, email: str = FULL, **environment: str):
    return habeas(
        "record", "zoom", "--email", email, "--at", up.address, "--out", str(out), "--since", "30d", *words,
        **{"HABEAS_ZOOM_TOKEN": up.token, **environment},
    )  # fmt: skip


def texts(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize(
    ("email", "cassette"), [(FULL, "everything"), ("leif.castellan@example.org", "denied"), ("a#b@example.com", "signs")]
)
def test_a_recorded_run_is_a_cassette_that_check_accepts(habeas, simulate, tmp_path, email, cassette):
    """The replay of what was recorded ends as the run did, nothing of the person or the token is in it, and only the owner may read it."""
    up = simulate(people=12, meetings=640)
    (tmp_path / "specs").mkdir()
    spec = tmp_path / "specs" / "zoom.yaml"
    spec.write_bytes((ROOT / "specs" / "zoom.yaml").read_bytes())
    done = habeas(
        "record", str(spec), "--email", email, "--at", up.address, "--cassette", cassette, "--since", "30d", HABEAS_ZOOM_TOKEN=up.token
    )
    folder = tmp_path / "fixtures" / "zoom" / "cassettes" / cassette
    assert (done.returncode, str(folder) in done.stdout) == (0, True), done.stderr
    held = check_cassettes(load_file(spec), spec, "zoom")
    assert (held.cassettes, len(held.replays)) == (1, 1), [one.show() for one in held.findings]
    written = texts(folder)
    assert up.token not in written
    own = [one for one in re.split(r"[^a-z]", email.partition("@")[0]) if len(one) > 3]
    assert not any(one in re.findall("[a-z]+", (written + done.stdout + done.stderr).lower()) for one in own)
    assert email not in written
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes == {0o600, 0o700}


def test_pages_and_ids_join_in_what_was_recorded(habeas, simulate, tmp_path):
    """Three pages of meetings lead from one to the next, and all of them are of the person that the look-up found."""
    up = simulate(people=12, meetings=640)
    done = record(habeas, up, tmp_path, "--only", "meetings", "--cassette", "pages", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["endpoints"]["meetings"] == "complete"
    names = sorted(path.name for path in (tmp_path / "pages").glob("*.http"))
    assert [name[4:] for name in names if "scheduled" in name] == [
        "meetings-scheduled.http",
        "meetings-scheduled-page-2.http",
        "meetings-scheduled-page-3.http",
    ]
    person = json.loads((tmp_path / "pages" / "expected" / "lookup.jsonl").read_text("utf-8").splitlines()[0])
    lines = (tmp_path / "pages" / "expected" / "meetings.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["host_id"] for line in lines} == {person["id"]}


@pytest.mark.parametrize(
    ("faults", "exit_code"), [("storm", 0), ("resets", 0), ("html", 0), ("truncated", 0)], ids=["storm", "resets", "html", "truncated"]
)
def test_what_went_wrong_on_the_way_is_recorded_too(habeas, simulate, tmp_path, faults, exit_code, monkeypatch):
    """Limits and broken answers are part of the cassette; resets, which no file can hold, are left out where the run got over them."""
    up = simulate(faults=[faults])
    monkeypatch.setattr("engine.cli.record.clock_from", partial(clock_from, sleep=lambda _: asyncio.sleep(0)))  # nobody waits
    done = record(habeas, up, tmp_path, "--cassette", "faults", "--only", "settings,meetings")
    assert done.returncode == exit_code, done.stderr


def test_a_second_recording_has_other_stand_ins(habeas, zoom, tmp_path):
    """The key is thrown away: the same person gets another name in each recording."""
    people = set()
    for cassette in ("first", "second"):
        done = record(habeas, zoom, tmp_path, "--cassette", cassette, "--only", "settings")
        assert done.returncode == 0, done.stderr
        people.add((tmp_path / cassette / "cassette.yaml").read_text("utf-8").split("email: ")[1].split("\n")[0])
    assert len(people) == 2


@pytest.mark.parametrize(
    ("words", "environment", "code", "said"),
    [
        (["--cassette", "../up"], {}, 2, "a cassette's name holds"),
        (["--cassette", "Mara"], {}, 2, "a cassette's name holds"),
        (["--cassette", "mara-lindqvist"], {}, 5, "the cassette's name: holds what should have been replaced"),
        (["--cassette", "x", "--about", "What Mara Lindqvist has"], {}, 5, "cassette.yaml: about: holds what should have been replaced"),
        (["--cassette", "there"], {}, 2, "exists already"),
        (["--cassette", "x", "--only", "meating"], {}, 2, "meating"),
        (["--cassette", "x"], {"HABEAS_ZOOM_TOKEN": ""}, 4, "not connected"),
        (["--cassette", "x"], {"HABEAS_ZOOM_TOKEN": "wrong-token-here"}, 4, "nothing was written"),
        (["--case", "x"], {}, 2, "No such option: --case (Possible options: --cassette"),
    ],
)
def test_what_cannot_be_recorded_is_said_and_leaves_nothing(habeas, zoom, tmp_path, words, environment, code, said):
    """Wrong names, a person in a name, a cassette that exists, no connection: a sentence, the exit code, and no file."""
    (tmp_path / "there").mkdir()
    done = record(habeas, zoom, tmp_path, *words, "--only", "settings", **environment)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_asked(habeas, zoom, tmp_path):
    """A file in the place of a folder: nothing was sent."""
    (tmp_path / "file").write_text("x")
    before = len(zoom.log())
    done = record(habeas, zoom, tmp_path / "file", "--cassette", "x")
    assert (done.returncode, "cannot be made" in done.stderr) == (2, True), done.stderr
    assert len(zoom.log()) == before


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_nothing(simulate, tmp_path, sent, code):
    """Ctrl-C in the middle of a run: no cassette, no draft, and no copy of the person's records."""
    up = simulate(held="/meetings")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    words = ["record", "zoom", "--email", FULL, "--at", up.address, "--out", str(tmp_path / "cassettes"), "--cassette", "cut"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HABEAS_HOME": str(tmp_path / "home"),
        "HABEAS_ZOOM_TOKEN": up.token,
        "TMPDIR": str(scratch),
    }
    with subprocess.Popen([sys.executable, "-m", "engine", *words], env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert up.arrived.wait(60)
        process.send_signal(sent)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, "nothing was written" in said) == (code, True), said
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "cassettes").exists()
