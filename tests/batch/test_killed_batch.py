"""A batch that is stopped by a signal or killed: what is under way, who is asked again, and that nobody is lost or there twice."""

from __future__ import annotations

import hashlib
import signal
import sqlite3
import subprocess
import tarfile
import threading

import pytest

from engine.errors import Exit
from tests.batch.conftest import proof_of, states_of
from tests.forked import Forked, run
from tests.process import HABEAS, environment


def people(folder, *lines: str):
    """Write a CSV."""
    path = folder / "people.csv"
    path.write_text("\n".join(["request,email", *lines]) + "\n")
    return path


def test_a_second_process_is_told_that_one_works_on_the_batch(batch, vendor, habeas, tmp_path):
    """And `status` shows how far that one is."""
    vendor.hold = "/files"
    code: list[int] = []
    first = Forked(  # a second command needs a process of its own
        [*HABEAS, "batch", str(people(tmp_path, "A,ada@x.io")), "--vendor", str(vendor.spec), "--out", str(batch.out)],
        env=environment(tmp_path / "state", **vendor.given),
        stderr=subprocess.DEVNULL,
    )
    try:
        assert vendor.arrived.wait(60)
        told = habeas("status", str(batch.out), HABEAS_HOME=str(tmp_path / "state"))
        code.append(told.returncode)
        assert "acme/environment" in told.stdout
        again = habeas(
            "batch",
            str(tmp_path / "people.csv"),
            "--vendor",
            str(vendor.spec),
            "--out",
            str(batch.out),
            HABEAS_HOME=str(tmp_path / "state"),
            **vendor.given,
        )
        assert (again.returncode, "another process works on this batch" in again.stderr) == (3, True)
    finally:
        vendor.release()
        assert first.wait(60) == 0
    assert code == [0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_is_under_way_with_a_manifest_and_the_rest_stays_queued(number, batch, vendor, tmp_path):
    """Whoever was under way is asked again; the exit code is the signal's."""
    vendor.hold = "p3/files"
    lines = [f"R{index},p{index}@x.io" for index in range(30)]
    given = environment(tmp_path / "state", **vendor.given)
    words = [*HABEAS, "batch", str(people(tmp_path, *lines)), "--vendor", str(vendor.spec), "--out", str(batch.out)]
    first = Forked(words, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert vendor.arrived.wait(60)
    first.send_signal(number)
    _, said = first.communicate(timeout=60)
    assert first.returncode == {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}[number]
    assert "Stopping" in said
    states = states_of(batch.out)
    assert states["R3"] == "queued"
    assert set(states.values()) <= {"queued", "done"}
    vendor.release()
    assert run(words, env=given, capture_output=True, timeout=60, check=False).returncode == 0
    assert set(states_of(batch.out).values()) == {"done"}
    assert vendor.asked["/people/p3@x.io"] == 2


def test_a_batch_under_nohup_outlives_its_terminal(batch, vendor, tmp_path):
    """SIGHUP ends nothing where it was ignored from the start: whoever was under way is read to the end, and the others are asked."""
    vendor.hold = "p3/files"
    lines = [f"R{index},p{index}@x.io" for index in range(5)]
    words = [*HABEAS, "batch", str(people(tmp_path, *lines)), "--vendor", str(vendor.spec), "--out", str(batch.out)]
    given, silent = environment(tmp_path / "state", **vendor.given), subprocess.DEVNULL
    first = subprocess.Popen(["nohup", *words], env=given, stdin=silent, stdout=silent, stderr=subprocess.PIPE, text=True)
    assert vendor.arrived.wait(60)
    first.send_signal(signal.SIGHUP)
    vendor.release()
    _, said = first.communicate(timeout=60)
    assert (first.returncode, "Stopping" in said) == (0, False)
    assert set(states_of(batch.out).values()) == {"done"}


def test_a_signal_ends_a_batch_that_nobody_listens_to_any_more(batch, vendor, tmp_path):
    """Ctrl-C at `habeas batch ... 2>&1 | tee log` ends `tee` too: what cannot be said keeps nothing from being done."""
    vendor.hold = "/notes"
    words = [*HABEAS, "batch", str(people(tmp_path, "A,ada@x.io")), "--vendor", str(vendor.spec), "--out", str(batch.out)]
    first = Forked(words, env=environment(tmp_path / "state", **vendor.given), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert vendor.arrived.wait(60)
        first.stderr.close()
        first.send_signal(signal.SIGINT)
        assert first.wait(20) == Exit.INTERRUPTED
    finally:
        first.kill()


def test_two_signals_in_one_moment_are_two(batch, vendor, tmp_path):
    """They come together where the process could not hear them when they were sent: it ends at once, and spoke of the first only."""
    vendor.hold = "/notes"
    words = [*HABEAS, "batch", str(people(tmp_path, "A,ada@x.io")), "--vendor", str(vendor.spec), "--out", str(batch.out)]
    first = Forked(words, env=environment(tmp_path / "state", **vendor.given), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert vendor.arrived.wait(60)
    for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        first.send_signal(number)
    _, said = first.communicate(timeout=60)
    assert first.returncode in (-signal.SIGINT, -signal.SIGTERM)
    assert said.count("Stopping") == 1


@pytest.mark.parametrize("held", ["/me", "/people/p0@x.io", "/people/p0/notes"])
def test_a_signal_waits_for_no_vendor_that_is_silent(held, batch, vendor, tmp_path):
    """Whatever was asked: the account, for all of them, or somebody. Whoever was not begun is queued, and nothing is counted as a try."""
    vendor.hold = held
    lines = [f"R{index},p{index}@x.io" for index in range(3)]
    words = [*HABEAS, "batch", str(people(tmp_path, *lines)), "--vendor", str(vendor.spec), "--out", str(batch.out)]
    first = Forked(words, env=environment(tmp_path / "state", **vendor.given), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert vendor.arrived.wait(60)
        first.send_signal(signal.SIGINT)
        assert first.wait(20) == Exit.INTERRUPTED
    finally:
        first.kill()
    assert states_of(batch.out)["R0"] == "queued"
    database = sqlite3.connect(batch.out / "batch.db")
    assert database.execute("select attempts from person where request = 'R0'").fetchone() == (0,)


def killed_batch(vendor, out, tmp_path, kills: int) -> dict[str, str]:
    """Kill a batch of sixty so many times where it is then, and let it end; gives the states."""
    lines = [f"R{index},p{index}@x.io" for index in range(60)]
    given = environment(tmp_path / "state", **vendor.given)
    words = [*HABEAS, "batch", str(people(tmp_path, *lines)), "--vendor", str(vendor.spec), "--out", str(out), "--pack"]
    for kill in range(kills):
        reached = threading.Event()
        limit = sum(vendor.asked.values()) + 7 + 23 * (kill % 5)

        def on(_path: str, limit: int = limit, reached: threading.Event = reached) -> None:
            if sum(vendor.asked.values()) >= limit:
                reached.set()

        vendor.asked = Watched(vendor.asked, on)
        process = Forked(words, env=given, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not reached.wait(0.02) and process.poll() is None:
            pass
        process.kill()
        process.wait(60)
    assert run(words, env=given, capture_output=True, timeout=120, check=False).returncode == 0
    return states_of(out)


class Watched(dict):
    """A counter that tells of each count."""

    def __init__(self, before: dict[str, int], on) -> None:
        super().__init__(before)
        self.on = on

    def __missing__(self, _path: str) -> int:
        return 0

    def __setitem__(self, path: str, count: int) -> None:
        super().__setitem__(path, count)
        self.on(path)


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
def test_a_killed_batch_loses_nobody_and_has_nobody_twice(kills, batch, vendor, tmp_path):
    """Wherever it was: one result a request, whole, its sha256 right."""
    states = killed_batch(vendor, batch.out, tmp_path, kills)
    assert states == {f"R{index}": "done" for index in range(60)}
    found = sorted(str(one.relative_to(batch.out / "people")) for one in (batch.out / "people").rglob("*") if one.is_file())
    assert found == sorted(f"R{index}/acme.tar" for index in range(60))
    for one in proof_of(batch.out)["people"]:
        with tarfile.open(batch.out / one["folder"]) as archive:
            content = {name: archive.extractfile(name).read() for name in archive.getnames() if name.endswith(("json", "jsonl"))}
        assert hashlib.sha256(content["acme/manifest.json"]).hexdigest() == one["manifest_sha256"]
        assert content["acme/notes.jsonl"].count(b"\n") == 2


@pytest.mark.parametrize(("told", "kept"), [(False, ["acme"]), (True, ["acme", "acme.try-1"])], ids=["not told of", "of an earlier try"])
def test_what_lies_in_the_place_of_a_killed_try_is_dropped_unless_it_was_told_of(told, kept, batch, vendor):
    """A result is in its place before it is written down: killed in between, it counts as never fetched."""
    batch("A,ada@x.io")
    with sqlite3.connect(batch.out / "batch.db") as database:
        database.execute("update person set state='running'" + ("" if told else ", sha256=null, folder=null"))
    database.close()
    assert batch("A,ada@x.io").code == 0
    assert vendor.asked["/people/ada@x.io"] == 2
    assert sorted(one.name for one in (batch.out / "people" / "A").iterdir()) == kept
    assert states_of(batch.out) == {"A": "done"}


def test_a_batch_that_was_killed_while_it_was_taken_in_is_begun_by_the_same_command(batch, vendor, monkeypatch):
    """What it left holds nobody, and is no batch; a folder that holds anything else is."""
    batch.out.mkdir()
    with sqlite3.connect(batch.out / "batch.db") as database:
        database.execute("pragma journal_mode=wal")
    database.close()
    told = batch.habeas("status", str(batch.out))
    assert (told.returncode, "holds no batch" in told.stderr) == (2, True)
    assert batch("A,ada@x.io").code == 0
    assert states_of(batch.out) == {"A": "done"}
    (batch.out / "batch.db").write_text("no database")
    assert "is no batch, or it is damaged" in " ".join(batch("A,ada@x.io").err.split())
