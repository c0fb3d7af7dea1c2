"""The live view: what its rows say, and that a terminal that is resized keeps none of the old ones."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import subprocess
import termios
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.live import Live, _fitting, downloaded, endpoint_row, slices, whole_run
from engine.connection.keeper import Fixed
from engine.core.identity import identify
from engine.core.ledger import Entry, Outcome, Tally
from engine.language.model.units import Rate
from engine.net.clock import clock_from
from engine.net.limiter import Limiter, limiter_of
from engine.runner import Run, RunOptions, Session
from tests.clock import passing, run
from tests.core.specs import HEAD, vendor
from tests.process import HABEAS, ROOT, environment
from tests.terminal import Screen
from tests.whole.commands import FULL
from tests.whole.runs import ZOOM
from tests.whole.scripted import NOW, Scripted

TEXT = st.text("abcdefghij ", min_size=1, max_size=130).map(str.strip).filter(bool)
DRAWN = st.lists(st.tuples(st.integers(20, 130), st.lists(TEXT, min_size=1, max_size=8)), min_size=1, max_size=6)


@given(DRAWN)
def test_a_resized_terminal_shows_the_last_rows_and_what_stood_above_them(drawn):
    """However often it was made narrower or wider between two drawings."""
    out, screen = io.StringIO(), Screen(drawn[0][0], 200)
    screen.feed("$ habeas run\n")
    shown = Live(out)
    for columns, rows in drawn:
        screen.resize(columns)
        out.seek(0)
        out.truncate()
        shown.show([row[: columns - 1] for row in rows], columns)
        screen.feed(out.getvalue())
    assert [row.rstrip() for row in screen.rows] == ["$ habeas run", *(row[: columns - 1].rstrip() for row in rows), ""]


@given(DRAWN)
def test_a_terminal_that_cuts_rows_off_shows_no_old_ones_either(drawn):
    """What it loses stood above them."""
    out, screen = io.StringIO(), Screen(drawn[0][0], 200, breaks=False)
    screen.feed("\n" * 50)
    shown = Live(out)
    for generation, (columns, rows) in enumerate(drawn):
        screen.resize(columns)
        out.seek(0)
        out.truncate()
        shown.show([f"{generation}{row}"[: columns - 1] for row in rows], columns)
        screen.feed(out.getvalue())
    assert [row for row in screen.rows if row] == [f"{generation}{row}"[: columns - 1].rstrip() for row in rows]


def test_a_terminal_that_was_made_lower_shows_what_fits(tmp_path):
    """No row above the screen is asked for, and none is left below the last."""
    out, screen = io.StringIO(), Screen(60, 30)
    shown = Live(out)
    shown.show([f"old {number}" for number in range(20)], 60)
    screen.feed(out.getvalue())
    screen.resize(60, 8)
    out.seek(0)
    out.truncate()
    shown.show([f"new {number}" for number in range(7)], 60)
    screen.feed(out.getvalue())
    assert screen.seen == [*(f"new {number}" for number in range(7)), ""]


@given(st.integers(20, 200), st.lists(TEXT, max_size=6))
def test_a_row_is_cut_between_its_parts(columns, parts):
    """A part that has no room is left out whole, and no row is wider than the terminal."""
    row = _fitting("meetings  reading", parts, columns)
    assert len(row) <= columns
    whole = ["meetings  reading" + "".join(f"{', ' if at else '  '}{part}" for at, part in enumerate(parts[:count])) for count in range(7)]
    assert row in {*whole, "meetings  reading"[:columns].rstrip()}


LIMITED = HEAD.replace("verify:", "rate_limits: {slow: 1/s}\nverify:")
KINDS = [f"k{number}" for number in range(40)]
ENDPOINTS = f"it: {{for: {{KIND: [{', '.join(KINDS)}]}}, get: /list, params: {{kind: <KIND>}}, records: items, bucket: slow}}"
LISTS = {f"/list?kind={kind}": [{"items": [{"id": kind}]}] for kind in KINDS}


def seen(answers: dict[str, list[Any]], until: float, tmp_path: Path) -> tuple[str, list[str]]:
    """Look at a run when so many seconds have passed: the row of `it`, and what is said of the whole."""
    spec, person = vendor(ENDPOINTS, LIMITED), {"EMAIL": identify("email", "ada@x.io")}

    async def scenario() -> tuple[str, list[str]]:
        clock, limiter = clock_from(NOW, passing, lambda: 0.5), limiter_of(spec)
        going = Run(
            Session(vendor=spec, network=Scripted(answers), credentials=Fixed(), limiter=limiter, clock=clock),
            person,
            RunOptions(),
            tmp_path,
        )
        work = asyncio.create_task(going.run())
        await passing(until)
        found = endpoint_row(going, "it", 100), list(whole_run(going, until))
        await work
        return found

    return run(scenario())


def test_an_endpoint_tells_its_slices_and_what_it_waits_for(tmp_path):
    """How many of the known ones are read, records, pages, the limit that holds it up; and the time that it needs at least."""
    row, whole = seen(LISTS, 3.0, tmp_path)
    assert row == "it  reading     3 of 40 slices, 3 records, 3 pages, waits for the limit slow"
    least = (21 - 1.005) / 0.75  # 16 of the others are under way
    assert whole == ["3.0 s elapsed", "3 of 40 slices", f"at least {least:.1f} s left"]


def test_retries_and_limits_are_told(tmp_path):
    """How often it was asked again, and how often the vendor's limit was the reason; nothing is left that is not begun."""
    answers = {**LISTS, "/list?kind=k0": [(429, {}, {"retry-after": "1"}), (503, {}), {"items": []}]}
    _, whole = seen(answers, 54.0, tmp_path)
    assert whole[2:] == ["2 retries (1 for the vendor's limit)"]


def test_an_end_is_told_with_its_reason_and_its_files():
    """As far as the row has room."""
    entry = Entry("it", Outcome.PARTIAL, "HTTP 500, 6 times", Tally(records=7), files={"found": 3, "downloaded": 2})
    going = SimpleNamespace(vendor=SimpleNamespace(endpoints={"it": None}), entries={"it": entry}, runs={})
    assert endpoint_row(going, "it", 100) == "it  partial     7 records, 2 of 3 files, HTTP 500, 6 times"
    assert endpoint_row(going, "it", 40) == "it  partial     7 records, 2 of 3 files"


def test_downloads_are_counted():
    """Files, bytes, and those that are missing or in doubt."""
    state = {"found": 12, "downloaded": 3, "failed": 1, "bytes": 31_200_000}
    assert list(downloaded([state])) == ["3 of 12 files", "31.2 MB", "1 missing or in doubt"]
    assert slices(97, 182) == "97 of 182 slices"


@pytest.mark.parametrize(("held", "least"), [(0.0, 3.0), (30.0, 33.0)])
def test_the_time_left_is_what_the_limit_demands(held, least):
    """Of the requests that are known to be left, after a hold; never more than that."""

    async def scenario() -> float:
        limiter = Limiter({"slow": (Rate(1, 1.0),)}, 1.0)
        async with limiter.slot("slow", "it"):
            pass
        waiting = asyncio.create_task(_one(limiter))
        limiter.hold("slow", asyncio.get_running_loop().time() + held)
        await passing(0.01)
        found = limiter.least([("slow", "it", 4)])
        waiting.cancel()
        return found

    assert run(scenario()) == pytest.approx(least, abs=0.3)


async def _one(limiter: Limiter) -> None:
    async with limiter.slot("slow", "it"):
        pass


@pytest.mark.waits
def test_a_real_terminal_is_resized_in_the_middle_of_a_run(zoom, tmp_path):
    """From 120 to 70 columns: each endpoint has one row in the end, and no row of before is left."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    words = ["run", "zoom", "--at", zoom.address, "--email", FULL, "--out", str(tmp_path / "out"), "--since", "200d"]
    environ = environment(tmp_path / "home", HABEAS_ZOOM_TOKEN=zoom.token)
    screen = Screen(120, 40)
    with subprocess.Popen([*HABEAS, *words], env=environ, cwd=ROOT, stderr=theirs, stdout=subprocess.PIPE) as process:
        os.close(theirs)
        resized = False
        try:
            while piece := os.read(ours, 65536):
                screen.feed(piece.decode())
                if not resized and screen.column == 0 and b"elapsed" in piece:
                    termios.tcsetwinsize(ours, (40, 70))
                    screen.resize(70)
                    resized = True
        except OSError:
            pass
        process.communicate(timeout=60)
    os.close(ours)
    assert resized
    rows = [row for row in screen.seen if row]
    assert len(rows) == len(list(ZOOM.endpoints)) + 1, rows
    assert [row.split()[0] for row in rows[:-1]] == list(ZOOM.endpoints)
    assert "elapsed" in rows[-1]
