"""What takes long is a process of its own: it outlives the portal, every portal shows how far it is, and a killed one is told."""

from __future__ import annotations

import os
import signal

import pytest

from engine.case.acts import TakenIn
from engine.portal import errand as errands
from engine.portal.errand import begin, read_errand
from tests.case.package_kit import give_all, open_here
from tests.case.test_commands import PERSON, home_of
from tests.portal.test_package_page import OFFICE

AT = "/case/DSR-17"
RUN = f"{AT}/run"


@pytest.mark.waits
def test_a_fetch_goes_on_without_the_portal_and_its_end_is_told(desk, ran, serve, zoom, monkeypatch):
    """It is begun by one portal, which ends; another shows how it ended, and the run is in the case under the name of who began it."""
    monkeypatch.setenv("HABEAS_ZOOM_TOKEN", zoom.token)
    page = desk.see(RUN)
    assert "Begin to fetch" in page
    assert desk.send(RUN, page, vendor="zoom", at=f"zoom={zoom.address}").status == 303
    under_way = desk.ask("GET", RUN)
    assert "Refresh" in under_way.headers
    assert "The fetch is under way" in under_way.text
    assert "Refresh" not in desk.ask("GET", f"{RUN}?still=1").headers
    twice = desk.send(RUN, page, vendor="zoom", at=f"zoom={zoom.address}")
    assert (twice.status, "it is under way already" in twice.text) == (422, True)
    desk.end()
    other = serve(home_of(ran))
    other.enter()
    assert "The fetch is under way" in other.see(RUN)
    other.wait("run")
    ended = other.ask("GET", RUN)
    assert "Refresh" not in ended.headers
    assert "The fetch ended" in ended.text
    assert "Zoom, “Meetings”: complete, " in ended.text
    assert "mara" not in ended.text.lower()
    last = open_here(ran).lines[-1].act
    assert isinstance(last, TakenIn)
    assert last.folder == "runs/zoom-2"


def test_a_fetch_is_stopped_where_it_was_begun(desk, ran, simulate, monkeypatch):
    """A service that never answers holds it: the button ends it, says who did, and what came is in the case with what is missing."""
    slow = simulate(held="/meetings")
    monkeypatch.setenv("HABEAS_ZOOM_TOKEN", slow.token)
    before = desk.see(RUN)
    assert "Stop the fetch" not in before
    assert desk.send(RUN, before, vendor="zoom", at=f"zoom={slow.address}").status == 303
    assert slow.arrived.wait(60)
    page = desk.see(RUN)
    assert "Stop the fetch" in page
    assert desk.send(RUN, page, do="stop", n="1").status == 303  # however much happened in the case meanwhile
    desk.wait("run")
    ended = desk.see(RUN)
    assert "stops it: what came until now is kept" in ended
    assert "The fetch ended, and not all is well" in ended
    assert "taken in, the person was found; missing: " in ended
    assert "Stop the fetch" not in ended
    last = open_here(ran).lines[-1].act
    assert isinstance(last, TakenIn)
    assert "meetings" in {gap.endpoint for gap in last.gaps}
    again = desk.send(RUN, page, do="stop")
    assert (again.status, "nothing is under way that could be stopped" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "no service was chosen"),
        ({"vendor": "nobody"}, "nobody"),
        ({"vendor": "zoom", "at": "x"}, "VENDOR=URL"),
        ({"vendor": "zoom", "at": "slack=http://127.0.0.1:1"}, "no vendor that is asked"),
    ],
)
def test_what_cannot_be_fetched_begins_nothing(desk, ran, fields, says):
    """The page says why, and no process was started."""
    sent = desk.send(RUN, desk.see(RUN), **fields)
    assert (sent.status, says in sent.text) == (422, True)
    assert read_errand(open_here(ran), "run") is None


def test_a_fetch_that_fails_says_why(desk, ran):
    """A simulated case that would really ask: nothing is sent, and the sentence of the shell stands there."""
    assert desk.send(RUN, desk.see(RUN), vendor="slack").status == 303
    desk.wait("run")
    page = desk.see(RUN)
    assert "ended, and not all is well" in page
    assert "nothing was taken in" in page
    assert "Fetch again" in page


def test_a_killed_process_is_told(desk, ran, monkeypatch):
    """Its lock is gone with it, so it is seen; another one can be begun."""
    made = []
    started = errands.subprocess.Popen
    monkeypatch.setattr(errands.subprocess, "Popen", lambda *words, **more: made.append(started(*words, **more)) or made[-1])
    give_all(ran)
    at = f"{AT}/package"
    assert desk.send(at, desk.see(at), do="build").status == 303
    os.kill(made[0].pid, signal.SIGKILL)
    desk.wait("build")
    assert "The making of the package was cut off" in desk.see(at)
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    assert desk.send(at, desk.see(at), do="build").status == 303
    desk.wait("build")
    page = desk.see(at)
    assert "cut off" not in page
    assert "What it holds" in page


def test_a_package_that_cannot_be_made_says_why(desk, ran):
    """Who answers is not named anywhere: the process says the sentence of the shell, and nothing lies there."""
    (open_here(ran).folder / "runs" / "zoom" / "meetings.jsonl").write_text("{}\n")
    at = f"{AT}/package"
    sent = desk.send(at, desk.see(at), do="build", n=str(open_here(ran).case.n))
    assert sent.status == 422
    assert read_errand(open_here(ran), "build") is None


def test_a_damaged_file_of_a_process_hides_nothing(desk, ran):
    """The page says which file, and shows the form all the same."""
    folder = open_here(ran).folder / ".errands"
    folder.mkdir(mode=0o700)
    for content in (b"{}\n", b"x", b"\xff\n", b'{"home": 1}\n'):
        (folder / "run.jsonl").write_bytes(content)
        (folder / "run.jsonl").chmod(0o600)
        page = desk.see(RUN)
        assert "run.jsonl is damaged" in page
        assert "Begin to fetch" in page


def test_a_case_that_is_over_fetches_nothing(desk, ran):
    """The page says so, and has no form."""
    assert ran("case", "new", "DSR-16", stdin=PERSON).returncode == 0
    assert "A service" in desk.see("/case/DSR-16/run")
    assert ran("case", "withdraw", "DSR-17").returncode == 0
    assert "nothing can be fetched for it" in desk.see(RUN)
    sent = desk.send(RUN, desk.see(RUN), vendor="zoom", n=str(open_here(ran).case.n))
    assert sent.status == 422


def test_the_file_that_cannot_be_written_begins_nothing(desk, ran, monkeypatch):
    """A full disk, or a program that cannot be started: said, and the case is as before."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = open_here(ran).case.n
    monkeypatch.setattr(errands.subprocess, "Popen", full)
    sent = desk.send(RUN, desk.see(RUN), vendor="zoom")
    assert (sent.status, "the disk is full" in sent.text) == (422, True)
    assert open_here(ran).case.n == before
    assert begin is errands.begin
