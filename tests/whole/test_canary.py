"""No e-mail address, token or record content in any log, output, reason, error or file name: under every fault."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from urllib.parse import quote

import pytest

from engine.cli.live import Live
from engine.cli.progress import plain
from engine.cli.run import summary
from engine.simulate.serve import faults
from tests.moments import few
from tests.whole.runs import ZOOM, data, make_run

FULL = data().FULL
FAULTS = sorted(faults("zoom"))
TOLD = ("", "denied", "expired", "file_astray", "html", "latin", "redirected", "resets", "stranger", "truncated")  # each in other words


def canaries(token: str) -> set[str]:
    """Everything that must not be seen: who is asked for, what opens the door, what the records hold."""
    account = data().Account(12, 6)
    person = account.people[FULL]
    records = [*account.meetings(person), *account.webinars(person), *account.recordings(person), account.user(person)]
    values = {one[name] for one in records for name in ("topic", "uuid", "display_name", "phone_number") if name in one}
    files = {file["download_url"] for one in account.recordings(person) for file in one["recording_files"]}
    return {FULL, quote(FULL, safe=""), "lindqvist", person.id, token, *values, *files}


@pytest.mark.parametrize("fault", few(["", *FAULTS], *TOLD))
async def test_nothing_personal_and_no_secret_is_ever_told(fault, simulate, tmp_path, caplog, capfd):
    """Logs at their finest, asyncio in debug mode, progress, summary, manifest, pages, and names of files."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    up = simulate(faults=[fault] if fault else [], meetings=6)
    told = io.StringIO()
    run, transport = make_run(up.address, up.token, FULL, tmp_path, files=True, ended=lambda entry: plain(entry, told))
    async with transport:
        report = await run.run()
        Live(told).draw(run)
    told.write(summary(ZOOM, report) + repr(run) + repr(transport) + repr(report.subject.subject) + json.dumps(report.manifest))
    for path in (tmp_path / "zoom").rglob("*"):
        told.write(f"{path.relative_to(tmp_path)}\n")
        if path.name.endswith((".pages.jsonl", ".files.jsonl")):
            told.write(path.read_text("utf-8"))
    out, err = capfd.readouterr()
    everything = told.getvalue() + caplog.text + out + err
    assert [one for one in canaries(up.token) if one.lower() in everything.lower()] == []
    if report.subject.subject == "matched":
        assert FULL in (tmp_path / "zoom" / "lookup.jsonl").read_text("utf-8")
