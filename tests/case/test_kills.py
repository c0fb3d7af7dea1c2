"""Commands killed with SIGKILL at the moments at which something gets onto the disk: the next call goes on, and no act is lost."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from engine.case import acts
from engine.case.folder import open_case
from engine.case.person import parse_person, read_person, write_person
from engine.case.scratch import scratch
from engine.connection.vault import Vault
from engine.errors import DiskError
from tests.case.acts_kit import NOW
from tests.case.test_commands import PERSON, home_of, state
from tests.forked import run
from tests.process import environment

# Runs a command, and kills it with SIGKILL before the n-th fsync: each comes right before or after something gets its name.
KILLER = """
import os, signal, sys
left, real = int(sys.argv[1]), os.fsync
def fsync(file):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    real(file)
os.fsync = fsync
sys.argv = ["habeas", *sys.argv[2:]]
from engine.cli import main
main()
"""


def killed(home: Path, moment: int, words: tuple[str, ...], told: str | None, **more: str) -> bool:
    """Run a command until that moment; whether it was killed."""
    command = [sys.executable, "-c", KILLER, str(moment), *words]
    done = run(command, env=environment(home, **more), input=told or "", text=True, capture_output=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode == -9


@pytest.fixture
def source(ran, tmp_path):
    """A run outside of the case, and a file."""
    shutil.copytree(home_of(ran) / "cases/DSR-17/runs/zoom", tmp_path / "run/zoom")
    (tmp_path / "export.csv").write_text("a,b\n")
    return tmp_path


COMMANDS = {
    "new": (("case", "new", "DSR-90", "--simulated"), PERSON, (3, 7)),
    "add a file": (("case", "add", "DSR-17", "{}/export.csv", "--vendor", "hris"), None, (5, 8)),
    "add a run": (("case", "add", "DSR-17", "{}/run"), None, (2, 20)),
    "hold": (("review", "hold", "DSR-17", "zoom/meetings:3"), None, (1, 4)),
    "name": (("case", "name", "DSR-17"), "email: mara.second@example.com\n", (1, 4)),
    "rekey": (("connections", "rekey"), None, (3, 5)),
    "letter": (("case", "acknowledge", "DSR-17"), None, (1, 3, 4)),
}
OFFICE = "controller: Acme GmbH\ncontact: privacy@acme.example\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_command_loses_no_act_and_the_next_goes_on(ran, source, name):
    """Before each moment the acts are those that were there; the same command then does its work, and nothing hidden stays."""
    home, (words, told, moments) = home_of(ran), COMMANDS[name]
    (home / "office.yaml").write_text(OFFICE)
    words = tuple(word.format(source) for word in words)
    was_killed = 0
    for moment in moments:
        before = state(ran)["acts"]
        was_killed += killed(home, moment, words, told)
        assert ran("case", "check-log", "DSR-17").returncode == 0
        assert state(ran)["acts"][: len(before)] == before
        known = ran("case", "show", "DSR-90").returncode == 0
        if not known or name != "new":
            done = ran(*words, stdin=told)
            assert done.returncode == 0, done.stderr
        assert not [one for one in home.rglob(".*") if one.name != ".lock"]
        assert read_person(Vault(home).keys, home / "cases/DSR-17").identifiers["email"][0] == "mara.lindqvist@example.com"
    assert was_killed


def test_a_folder_that_no_act_tells_of_is_named(ran):
    """Killed between the name of a folder and its act, a run is no part of the case: it is said, and the next one lies beside it."""
    folder = home_of(ran) / "cases/DSR-17"
    shutil.copytree(folder / "runs/zoom", folder / "runs/zoom-2")
    (folder / "received/hris/1").mkdir(parents=True)
    assert state(ran)["strays"] == ["received/hris/1", "runs/zoom-2"]
    assert state(ran)["vendors"]["zoom"]["run"] == "runs/zoom"
    shown = ran("case", "show", "DSR-17").stdout
    assert "runs/zoom-2 lies in the case and no act tells of it: what a killed command left; delete it." in shown
    assert ran("case", "add", "DSR-17", str(folder / "runs/zoom")).returncode == 0
    assert state(ran)["vendors"]["zoom"]["run"] == "runs/zoom-3"


def test_a_letter_that_no_act_tells_of_is_named(ran):
    """Killed between a letter and its act: the letter is no part of the case, and it is said; the next one has a name of its own."""
    home = home_of(ran)
    (home / "office.yaml").write_text(OFFICE)
    assert killed(home, 4, ("case", "acknowledge", "DSR-17"), None)
    assert state(ran)["strays"] == ["letters/4-acknowledge.eml", "letters/4-acknowledge.txt"]
    assert ran("case", "identified", "DSR-17", "--how", "called back").returncode == 0
    assert ran("case", "acknowledge", "DSR-17").returncode == 0
    assert sorted(one.name for one in (home / "cases/DSR-17/letters").glob("*.txt")) == ["4-acknowledge.txt", "5-acknowledge.txt"]
    assert state(ran)["strays"] == ["letters/4-acknowledge.eml", "letters/4-acknowledge.txt"]


def test_a_letter_that_was_overtaken_leaves_no_file(ran, monkeypatch):
    """Who comes second is refused, and their letter, which would have the name of another act, is nowhere; on a full disk neither."""
    from engine.case import acting

    home, fill = home_of(ran), acting.letter
    (home / "office.yaml").write_text(OFFICE)
    letters = home / "cases/DSR-17/letters"

    def overtaken(*words, **more):
        made = fill(*words, **more)
        open_case(home, "DSR-17").insist(acts.Acknowledged(letter=None), NOW)
        return made

    monkeypatch.setattr(acting, "letter", overtaken)
    done = ran("case", "acknowledge", "DSR-17")
    assert (done.returncode, "the case was changed meanwhile" in done.stderr) == (2, True)
    assert not list(letters.glob("*"))
    monkeypatch.setattr(acting, "letter", fill)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.case.log.os.fsync", full)
    done = ran("case", "acknowledge", "DSR-17")
    monkeypatch.undo()
    assert (done.returncode, "the disk is full" in done.stderr) == (3, True)
    assert not list(letters.glob("*"))
    assert ran("case", "acknowledge", "DSR-17").returncode == 0
    assert sorted(one.name for one in letters.iterdir()) == ["5-acknowledge.eml", "5-acknowledge.txt"]


def test_a_sealed_person_that_no_act_tells_of_is_recorded_by_the_next_run(ran, zoom):
    """Killed between the person and the act, `case name` left an identifier without its digest: its own run would be another's."""
    home = home_of(ran)
    keys, folder = Vault(home).keys, home / "cases/DSR-17"
    write_person(keys, folder, "DSR-17", parse_person(["email: mara.second@example.com"], read_person(keys, folder)))
    done = ran("case", "run", "DSR-17", "--vendor", "zoom", HABEAS_ZOOM_AT=zoom.address, HABEAS_ZOOM_TOKEN=zoom.token)
    assert done.returncode == 0, done.stderr
    assert [one["did"] for one in state(ran)["acts"]][-2:] == ["named", "taken"]
    assert len(open_case(home, "DSR-17").case.digests) == 2


def test_a_folder_in_use_is_not_swept(tmp_path):
    """What another command is making is locked; only what a killed one left is swept."""
    home = tmp_path / "cases"
    with scratch(home) as mine:
        (home / ".0123.new").mkdir()
        (home / ".0123.new/person.sealed").write_text("x")
        with scratch(home) as other:
            assert {one.name for one in home.iterdir()} == {mine.name, other.name}
    assert list(home.iterdir()) == []


def test_what_cannot_be_recorded_does_not_stay(ran, tmp_path, monkeypatch):
    """On a full disk the act of a file or of a person is refused: the case is as before, the file gone, the person who they were."""
    (tmp_path / "export.csv").write_text("a,b\n")
    home = home_of(ran)
    before = state(ran)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.case.log.os.write", full)
    added = ran("case", "add", "DSR-17", str(tmp_path / "export.csv"), "--vendor", "hris")
    named = ran("case", "name", "DSR-17", stdin="email: mara.second@example.com\n")
    monkeypatch.undo()
    assert [(one.returncode, "the disk is full" in one.stderr) for one in (added, named)] == [(3, True)] * 2
    assert state(ran) == before
    assert list(read_person(Vault(home).keys, home / "cases/DSR-17").identifiers["email"]) == ["mara.lindqvist@example.com"]


def test_an_act_without_a_new_head_is_done(ran, monkeypatch):
    """The line is on the disk: where only the head could not be written, the act holds, and the next one brings the head up."""
    home = home_of(ran)
    case = open_case(home, "DSR-17")

    def full(*_: object) -> None:
        message = "the disk is full"
        raise DiskError(message)

    monkeypatch.setattr("engine.case.log.write_private", full)
    case.act(acts.Identified(how="a letter"), NOW)
    monkeypatch.undo()
    assert (home / "cases/DSR-17/log.head").read_text().split()[0] == str(case.case.n - 1)
    case.act(acts.Identified(how="another letter"), NOW)
    assert (home / "cases/DSR-17/log.head").read_text().split()[0] == str(case.case.n)


def test_a_damaged_cache_is_made_anew(ran):
    """Findings follow from the runs: whatever becomes of the file of the cache, the list is the same."""
    listed = json.loads(ran("review", "list", "DSR-17", "--json").stdout)
    cache = home_of(ran) / "cases/DSR-17/findings.sqlite"
    raw = cache.read_bytes()
    for damaged in (raw[: len(raw) // 2], raw[:8192] + os.urandom(len(raw) - 8192), b"", b"no database"):
        cache.write_bytes(damaged)
        assert json.loads(ran("review", "list", "DSR-17", "--json").stdout) == listed
