"""The log of a case: whatever happens to its bytes is noticed, no act is lost, and two people cannot act on the same state."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.case.log
from engine.case import acts
from engine.case.acts import Act
from engine.case.log import HEAD, LOG, BrokenLog, Stale, append, checked, create, read
from engine.errors import DiskError, HabeasError
from tests.case.acts_kit import ANY_ACT, NOW, OPENED
from tests.forked import apart


def begun(folder: Path, *more: Act) -> Path:
    """Make a log with some acts in a private folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    create(folder, [OPENED], "anna", NOW)
    for n, act in enumerate(more, 1):
        append(folder, n, [act], "bert", NOW)
    return folder


@given(done=st.lists(ANY_ACT, max_size=6))
def test_what_was_written_is_read(tmp_path_factory, done):
    """Every act comes back as it was, with who did it and when."""
    folder = begun(tmp_path_factory.mktemp("case"), *done)
    log = read(folder)
    assert [line.act for line in log.lines] == [OPENED, *done]
    assert [(line.n, line.by, line.at) for line in log.lines[1:]] == [(n, "bert", NOW) for n in range(2, len(done) + 2)]
    assert log.half == 0


@given(data=st.data())
def test_a_flipped_bit_is_found_in_its_line(tmp_path_factory, data):
    """Whichever bit of the log is another one, the log does not hold, and the message names that line or the one below."""
    folder = begun(tmp_path_factory.mktemp("case"), acts.Identified(how="a letter"), acts.VendorAsked(vendor="zoom"))
    raw = bytearray((folder / LOG).read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    (folder / LOG).write_bytes(raw)
    line = raw[:at].count(b"\n") + 1
    with pytest.raises(BrokenLog) as told:
        read(folder)
    assert any(f"{LOG}:{number}:" in str(told.value) for number in (line, line + 1))


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_missing_line_is_named(tmp_path, lost):
    """The line after the one that is gone does not follow; a last line that is gone is known from `log.head`."""
    folder = begun(tmp_path / "case", acts.Identified(how="a letter"), acts.VendorAsked(vendor="zoom"))
    lines = (folder / LOG).read_bytes().splitlines(keepends=True)
    (folder / LOG).write_bytes(b"".join(one for n, one in enumerate(lines, 1) if n != lost))
    with pytest.raises(BrokenLog, match=f"{LOG}:{lost}:"):
        read(folder)


def test_lines_of_another_case_do_not_pass(tmp_path):
    """A whole log with a chain of its own is not the one that was written here."""
    mine, other = begun(tmp_path / "a", acts.VendorAsked(vendor="zoom")), begun(tmp_path / "b", acts.VendorAsked(vendor="slack"))
    (mine / LOG).write_bytes((other / LOG).read_bytes())
    with pytest.raises(BrokenLog, match="holds another line 2 than was written"):
        read(mine)


@given(cut=st.integers(1, 60))
def test_a_half_last_line_is_cut_and_said(tmp_path_factory, cut):
    """What a killed command wrote half is told, changes nothing, and the next act takes its place."""
    folder = begun(tmp_path_factory.mktemp("case"), acts.Identified(how="a letter"))
    whole = (folder / LOG).read_bytes()
    (folder / LOG).write_bytes(whole + b'{"n":3,"at":"2026-11-29T12:00:00Z","by":"anna","did":"withdrawn"}'[:cut])
    log, told = checked(folder)
    assert (log.half, [one.act for one in log.lines]) == (cut, [OPENED, acts.Identified(how="a letter")])
    assert told == [f"{folder / LOG}:3: a half line of {cut} bytes: what a killed command left; the next act cuts it off"]
    append(folder, 2, [acts.VendorAsked(vendor="zoom")], "anna", NOW)
    assert [one.act for one in read(folder).lines][2:] == [acts.VendorAsked(vendor="zoom")]


def test_a_missing_log_is_named(tmp_path):
    """No log is no case, and none is made in its place."""
    (tmp_path / "case").mkdir(mode=0o700)
    with pytest.raises(BrokenLog, match="is missing"):
        read(tmp_path / "case")
    with pytest.raises(BrokenLog, match="is missing"):
        append(tmp_path / "case", 0, [OPENED], "anna", NOW)
    assert list((tmp_path / "case").iterdir()) == []


def test_a_stale_act_says_what_changed(tmp_path):
    """Who acts on what has changed meanwhile is refused, with what the other did, and nothing is written."""
    folder = begun(tmp_path / "case", acts.Identified(how="a letter"))
    before = (folder / LOG).read_bytes()
    with pytest.raises(Stale, match=r"2 identified by bert"):
        append(folder, 1, [acts.Withdrawn()], "anna", NOW)
    assert (folder / LOG).read_bytes() == before


NEWER = [
    b'{"n":1,"at":"2026-11-29T12:00:00Z","by":"a","did":"sung","prev":"' + b"0" * 64 + b'"}',
    b"[]",
    b"null",
    b"{}",
    b"7",
    b'"x"',
    b"\xff",
]


@pytest.mark.parametrize("line", NEWER)
def test_what_is_no_act_is_named(tmp_path, line):
    """A line that this version cannot read ends the reading with its number, and without a traceback."""
    folder = begun(tmp_path / "case")
    (folder / LOG).write_bytes(line + b"\n")
    with pytest.raises(BrokenLog, match=f"{LOG}:1: "):
        read(folder)


def test_a_log_that_others_can_read_is_not_used(tmp_path):
    """The log tells of a person's request: it is the owner's alone."""
    folder = begun(tmp_path / "case")
    (folder / LOG).chmod(0o644)
    with pytest.raises(HabeasError, match="chmod 600"):
        read(folder)


def _acts_until_killed(folder: Path) -> None:
    n = 1
    while True:
        append(folder, n, [acts.Identified(how=f"letter {n} " + "x" * 2000)], "anna", datetime.now(UTC))
        n += 1


@pytest.mark.parametrize("grown", [3_000, 9_000, 20_000, 50_000])
def test_a_killed_append_loses_no_act(tmp_path, grown):
    """Killed at any moment, the log holds every act that was there, and takes the next one."""
    folder = begun(tmp_path / "case")
    process = apart().Process(target=_acts_until_killed, args=(folder,))
    process.start()
    while (folder / LOG).stat().st_size < grown:
        assert process.is_alive()
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    log = read(folder)
    assert [one.act.how.split()[1] for one in log.lines[1:]] == [str(n) for n in range(1, len(log.lines))]
    append(folder, log.head[0], [acts.Withdrawn()], "anna", NOW)
    assert read(folder).lines[-1].act == acts.Withdrawn()


def _one_act(folder: Path, who: str) -> None:
    while True:
        try:
            append(folder, read(folder).head[0], [acts.Identified(how=who)], who, NOW)
        except Stale:
            continue
        return


def test_two_people_at_once_both_get_their_act(tmp_path):
    """Eight processes act at once: each act is there once, and the chain holds."""
    folder = begun(tmp_path / "case")
    made = [apart().Process(target=_one_act, args=(folder, f"p{n}")) for n in range(8)]
    for one in made:
        one.start()
    for one in made:
        one.join()
    assert sorted(line.by for line in read(folder).lines[1:]) == sorted(f"p{n}" for n in range(8))


def test_a_log_that_grows_while_it_is_read_is_whole(tmp_path, monkeypatch):
    """Somebody acts between the reading of the log and that of its head: that is no broken log."""
    folder = begun(tmp_path / "case")
    reads, done = engine.case.log.read_private, list[Path]()

    def slow(path: Path, *most: int) -> bytes | None:
        raw = reads(path, *most)
        if not done:
            done.append(path)
            append(folder, 1, [acts.Withdrawn()], "bert", NOW)
        return raw

    monkeypatch.setattr("engine.case.log.read_private", slow)
    assert len(read(folder).lines) in (1, 2)
    assert len(read(folder).lines) == 2


def test_a_full_disk_loses_no_act(tmp_path, monkeypatch):
    """What did not get onto the disk whole is cut off again; the case is as before, and the message says so."""
    folder = begun(tmp_path / "case", acts.VendorAsked(vendor="zoom"))
    before, write = (folder / LOG).read_bytes(), os.write

    def full(file: int, data: bytes) -> int:
        if len(data) > 50:
            return write(file, bytes(data[:50]))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.case.log.os.write", full)
    with pytest.raises(DiskError, match="what was there before is kept"):
        append(folder, 2, [acts.Withdrawn()], "anna", NOW)
    monkeypatch.undo()
    assert (folder / LOG).read_bytes() == before
    assert (folder / HEAD).read_text().startswith("2 ")
