"""Every fault profile: exact records, exact outcomes, none lost, none twice."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.core.ledger import Subject
from engine.core.selection import choose
from engine.errors import DiskError, Exit
from engine.replaced import replace
from engine.runner import Run
from engine.simulate import serve
from tests.whole.runs import ZOOM, data, fast_clock, fetch, make_run, truth, written

FULL = data().FULL
PHONE = (
    "phone_profile",
    "phone_settings",
    "phone_call_logs",
    "phone_call_history",
    "phone_call_elements",
    "phone_voicemails",
    "phone_voicemails_trash",
    "phone_recordings",
    "phone_sms_sessions",
    "phone_sms",
)

# profile: (exit code, endpoints that do not end complete, endpoints whose records are not all there)
WHOLE = {"resets", "slow", "errors", "storm", "cut", "truncated", "expiring", "growing"}
PROFILES: dict[str, tuple[Exit, dict[str, str], dict[str, int]]] = {
    "html": (Exit.INCOMPLETE, {"meetings": "failed"}, {"meetings": 0}),
    "latin": (Exit.INCOMPLETE, {"meetings": "failed"}, {"meetings": 0}),
    "repeat": (Exit.COMPLETE, {}, {}),
    "strangers": (Exit.INCOMPLETE, {"meetings": "failed"}, {"meetings": 0}),
    "totals": (Exit.INCOMPLETE, {"recordings": "partial", "recordings_trash": "partial"}, {}),
    "removed": (Exit.COMPLETE, {"phone_call_logs": "absent"}, {"phone_call_logs": 0}),
    "arrays_gone": (
        Exit.COMPLETE,
        {"phone_call_logs": "absent", "phone_call_history": "absent"},
        {"phone_call_logs": 0, "phone_call_history": 0},
    ),
    "no_phone": (Exit.COMPLETE, dict.fromkeys(PHONE, "unlicensed"), dict.fromkeys(PHONE, 0)),
    "bomb": (Exit.INCOMPLETE, {"settings": "failed", "settings_options": "failed"}, {"settings": 0, "settings_options": 0}),
    "huge": (Exit.INCOMPLETE, {"phone_profile": "failed"}, {"phone_profile": 0}),
    "deep": (Exit.INCOMPLETE, {"phone_settings": "failed"}, {"phone_settings": 0}),
    "redirected": (Exit.INCOMPLETE, {"phone_settings": "failed"}, {"phone_settings": 0}),
    "downgraded": (Exit.INCOMPLETE, {"phone_settings": "failed"}, {"phone_settings": 0}),
    "missing": (
        Exit.INCOMPLETE,
        {"phone_voicemails": "failed", "phone_voicemails_trash": "failed"},
        {"phone_voicemails": 0, "phone_voicemails_trash": 0},
    ),
    "nulls": (
        Exit.COMPLETE,
        {"phone_voicemails": "empty", "phone_voicemails_trash": "empty"},
        {"phone_voicemails": 0, "phone_voicemails_trash": 0},
    ),
    "denied": (Exit.INCOMPLETE, {"recordings": "denied", "recordings_trash": "denied"}, {"recordings": 0, "recordings_trash": 0}),
}
PROFILES |= {name: (Exit.COMPLETE, {}, {}) for name in WHOLE}


@pytest.mark.waits
@pytest.mark.parametrize("fault", sorted(PROFILES))
async def test_a_fault_costs_exactly_what_it_must(fault, simulate, tmp_path: Path):
    """Under a fault, each endpoint ends as it should and holds exactly the records that can be had."""
    up = simulate(faults=[fault], scopes="all")
    code, outcomes, counts = PROFILES[fault]
    report = await fetch(up.address, up.token, FULL, tmp_path)
    assert {entry.name: str(entry.outcome) for entry in report.entries if entry.outcome != "complete"} == outcomes
    expected = truth(FULL)
    for entry in report.entries:
        found = written(tmp_path, entry.name)
        if entry.name in counts:
            assert sum(found.values()) == counts[entry.name]
        elif fault == "growing" and entry.name == "meetings":
            assert set(expected["meetings"]) <= set(found)
            assert max(found.values()) == max(expected["meetings"].values())  # in each kind of meetings once
        else:
            assert found == expected[entry.name], entry.name
    assert report.exit_code is code
    for entry in report.entries:
        assert entry.outcome.whole or entry.reason
    ended = next(entry.notes for entry in report.entries if entry.name == "webinars")
    assert ended == (("the list ended with its last page given again",) if fault == "repeat" else ())


OTHERWISE = {"revoked", "expired", "stranger", "blind", "daily", "file_breaks", "file_loops", "file_astray"}


def test_every_fault_has_its_expectation():
    """A fault that is added to the simulator must be added here."""
    assert set(PROFILES) | OTHERWISE == set(serve.faults("zoom"))


def kept_exactly(up, report, out: Path) -> None:
    """Say that every good answer was kept, nothing twice, and that only whole endpoints are called so."""
    expected = truth(FULL)
    good = sum(one["status"] == 200 and one["path"] not in ("/v2/users", f"/v2/users/{quote(FULL, safe='')}") for one in up.log())
    assert sum(entry.tally.pages for entry in report.entries) == good
    for entry in report.entries:
        found = written(out, entry.name)
        assert found <= expected[entry.name]
        assert sum(found.values()) == entry.tally.records
        assert (found == expected[entry.name]) or entry.outcome in ("partial", "failed"), entry.name


async def test_a_revoked_token_keeps_what_came_before(simulate, tmp_path: Path):
    """A token that dies in the middle ends the run as not connected; what was read is kept and nothing is called whole."""
    up = simulate(faults=["revoked"], scopes="all")
    report = await fetch(up.address, up.token, FULL, tmp_path)
    assert report.exit_code is Exit.NOT_CONNECTED
    assert report.subject.subject is Subject.MATCHED
    assert {str(entry.outcome) for entry in report.entries} >= {"failed"}
    kept_exactly(up, report, tmp_path)


async def test_a_token_that_is_dead_from_the_beginning_is_not_connected(simulate, tmp_path: Path):
    """A refused token ends with exit 4; nobody is said to be unknown."""
    up = simulate(faults=["expired"])
    report = await fetch(up.address, up.token, FULL, tmp_path)
    assert report.exit_code is Exit.NOT_CONNECTED
    assert report.subject.subject is Subject.UNPROVEN


async def test_another_person_who_answers_stops_the_run(simulate, tmp_path: Path):
    """A look-up that answers with somebody else fetches and writes nothing."""
    up = simulate(faults=["stranger"])
    report = await fetch(up.address, up.token, FULL, tmp_path)
    assert report.exit_code is Exit.REFUSED
    assert report.subject.subject is Subject.MISMATCHED
    assert [path.name for path in (tmp_path / "zoom").iterdir()] == ["manifest.json"]
    assert {str(entry.outcome) for entry in report.entries} == {"failed"}


async def test_a_connection_that_sees_nobody_proves_nothing(simulate, tmp_path: Path):
    """A "not found" by a token that may not see people is unproven, exit 3."""
    for scopes in ("granular", "classic", "all"):
        up = simulate(faults=["blind"], scopes=scopes)
        report = await fetch(up.address, up.token, FULL, tmp_path / scopes)
        assert report.exit_code is Exit.INCOMPLETE
        assert report.subject.subject is Subject.UNPROVEN
        assert (
            "name a known colleague who is not the administrator, to `habeas connect` or `habeas run`: --probe EMAIL"
            in report.subject.reason
        )


async def test_the_daily_limit_ends_an_endpoint_at_once_and_says_when_it_goes_on(simulate, tmp_path: Path):
    """An exhausted daily limit is not waited for: what came is kept, and the next midnight is named."""
    up = simulate(faults=["daily"], scopes="all")
    report = await fetch(up.address, up.token, FULL, tmp_path)
    assert report.exit_code is Exit.INCOMPLETE
    hit = [entry for entry in report.entries if entry.again_at]
    assert hit
    for entry in hit:
        assert entry.outcome in ("partial", "failed")
        assert (entry.again_at.hour, entry.again_at.minute) == (0, 0)
        assert "it can go on at" in entry.reason
    assert sum(entry.tally.requests for entry in hit) < 60
    assert {entry.name for entry in report.entries if entry.outcome == "complete"} >= set(PHONE)
    kept_exactly(up, report, tmp_path)


def downloads() -> set[str]:
    """Name what every address of a file, of the person's six of each list, ends with."""
    records = [json.loads(record) for records in truth(FULL, 6).values() for record in records]
    files = [file for one in records for file in (one, *one.get("recording_files", ()), *one.get("attachments", ()))]
    addresses = [file[name] for file in files for name in ("download_url", "transcript_download_url") if name in file]
    return {address.rpartition("/")[2] for address in addresses}


@pytest.mark.parametrize(("fault", "downloaded"), [("", True), ("file_breaks", True), ("file_loops", False), ("file_astray", False)])
async def test_files_arrive_whole_or_are_named(fault, downloaded, simulate, tmp_path: Path):
    """With --files every file is on disk, whole, resumed where it broke off, or the endpoint is partial and says so."""
    up = simulate(faults=[fault] if fault else [], meetings=6, scopes="all")
    report = await fetch(up.address, up.token, FULL, tmp_path, files=True)
    zoom = data()
    contents = {zoom.file_bytes(name) for name in downloads()}
    for entry in report.entries:
        if entry.files is None:
            continue
        assert entry.files["found"] > 0
        assert entry.files["downloaded"] == (entry.files["found"] if downloaded else 0)
        assert entry.outcome == ("complete" if downloaded else "partial")
        for path in (tmp_path / "zoom" / "files" / entry.name).iterdir():
            assert path.read_bytes() in contents
            assert path.suffix == ".mp4"
            assert path.stat().st_mode & 0o777 == 0o600
    assert report.exit_code is (Exit.COMPLETE if downloaded else Exit.INCOMPLETE)


async def test_files_that_were_on_their_way_when_the_run_was_ended_are_missing(simulate, tmp_path: Path):
    """The endpoint is partial and says why; no half file stays."""
    up = simulate(faults=["file_breaks"], meetings=6)
    runs: list[Run] = []

    async def interrupting(seconds: float) -> None:
        runs[0].interrupt(Exit.INTERRUPTED)
        await asyncio.Event().wait()

    run, transport = make_run(up.address, up.token, FULL, tmp_path, files=True, clock=replace(fast_clock(), sleep=interrupting))
    runs.append(run)
    async with transport:
        report = await run.run()
    assert report.exit_code is Exit.INTERRUPTED
    cut = [entry for entry in report.entries if entry.outcome == "partial"]
    assert cut
    for entry in cut:
        assert "interrupted" in entry.reason
        if entry.files:
            assert entry.files["downloaded"] < entry.files["found"]
    assert not list((tmp_path / "zoom").rglob("*.part"))


async def test_a_disk_that_fills_up_with_files_ends_the_run_and_says_so(simulate, tmp_path: Path, monkeypatch):
    """Records are kept; what was not downloaded is missing by name of the disk."""
    up = simulate(meetings=6)

    def full(file: int, chunk: bytes, digest: object) -> None:
        raise DiskError("the disk is full")

    monkeypatch.setattr("engine.net.partial_file._put", full)
    selection = choose(ZOOM.endpoints, (), ("past_meetings", "phone_sms_sessions", "phone_sms"))  # they are still read at that time
    report = await fetch(up.address, up.token, FULL, tmp_path, files=True, selection=selection)
    assert report.exit_code is Exit.INCOMPLETE
    assert report.error is not None
    reasons = {entry.reason for entry in report.entries if entry.outcome in ("partial", "failed")}
    told = re.compile(r"(\d+ of \d+ parts: )?the disk is full(; \d+ of \d+ parts were not read)?")
    assert reasons
    assert [reason for reason in reasons if not told.fullmatch(reason)] == []
    assert not list((tmp_path / "zoom").rglob("*.part"))
