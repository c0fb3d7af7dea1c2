"""Files of whole runs: what is believed of them, who waits for them, and what is said where they are missing."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from engine.core.ledger import Entry, Outcome
from engine.core.selection import choose
from engine.errors import Exit
from engine.runner import files as module
from tests.core.specs import vendor
from tests.whole.runs import fetch, make_run

LIST = 'it: {get: /p/<USER_ID>/list, records: items, files: {each: "files[]", address: url, size: size}}\n'
PLACE = "https://api.acme.example/f/"
BYTES = b"x" * 16384
HTML = {"text": "<html>Please sign in</html>", "content_type": "text/html"}


def record(*files, number=1):
    return {"id": number, "files": [{"url": PLACE + name, "size": size} for name, size in files]}


TIMES = ("began", "waited", "seconds", "retries")


def lines(out, endpoint="it"):
    """Give what the list of files tells, in order, without the times, which every line tells."""
    return [{name: value for name, value in line.items() if name not in TIMES} for line in timed(out, endpoint)]


def timed(out, endpoint="it"):
    path = out / "acme" / f"{endpoint}.files.jsonl"
    found = sorted((json.loads(line) for line in path.read_text().splitlines()), key=lambda one: (one["record_line"], one["number"]))
    assert all(tuple(line)[-4:] == TIMES for line in found)
    return found


async def test_a_download_tells_when_it_began_and_how_often_it_was_asked_for(acme, tmp_path):
    """After a 503 and a 429: two retries, of which the run knows that one was for the limit."""
    asked = iter((503, 429, 200))
    address, _ = await acme([record(("late", None))], lambda _: web.Response(status=next(asked), body=BYTES))
    before = datetime.now(UTC)
    going, transport = make_run(address, "t", "a@x.io", tmp_path, spec=vendor(LIST), files=True)
    async with transport:
        await going.run()
    (line,) = timed(tmp_path)
    assert (line["retries"], line["waited"]) == (2, 0.0)
    assert before <= datetime.fromisoformat(line["began"]) + timedelta(milliseconds=1) <= datetime.now(UTC) + timedelta(milliseconds=1)
    assert line["seconds"] > 0
    assert (going.files.retries, going.files.limited) == (2, 1)


async def test_a_file_of_another_size_and_a_web_page_are_missing(acme, tmp_path):
    """The endpoint is partial with both reasons; what came is kept with its size and digest, the web page is not."""

    def file(request):
        return web.Response(**HTML) if "page" in request.path else web.Response(body=BYTES)

    address, _ = await acme([record(("good", 16384), ("short", 16385), ("page1", 16384), ("page2", None), ("free", None))], file)
    report = await fetch(address, "t", "a@x.io", tmp_path, spec=vendor(LIST), files=True)
    (entry,) = report.entries
    assert (report.exit_code, str(entry.outcome)) == (Exit.INCOMPLETE, "partial")
    assert (
        entry.reason
        == "2 of 5 files failed: a web page came in its place; 1 of 5 files is kept in doubt: its size is not the one announced"
    )
    assert entry.files == {"found": 5, "bytes_announced": 49153, "unknown_size": 2, "downloaded": 2, "bytes": 32768, "failed": 3}
    told = lines(tmp_path)
    digest = hashlib.sha256(BYTES).hexdigest()
    assert told[0] == {
        "record_line": 1,
        "number": 1,
        "size_announced": 16384,
        "file": "files/it/000001-1.bin",
        "bytes": 16384,
        "sha256": digest,
    }
    assert told[1] == {
        **told[0],
        "number": 2,
        "size_announced": 16385,
        "file": "files/it/000001-2.bin",
        "reason": "its size is not the one announced",
    }
    assert told[2] == {"record_line": 1, "number": 3, "size_announced": 16384, "file": None, "reason": "a web page came in its place"}
    assert sorted(one.name for one in (tmp_path / "acme" / "files" / "it").iterdir()) == ["000001-1.bin", "000001-2.bin", "000001-5.bin"]


async def test_many_reasons_are_summed_up(acme, tmp_path):
    """The three commonest are told, the number of the others too."""
    address, _ = await acme(
        [record(*((str(400 + number), None) for number in range(3, 8)))], lambda request: web.Response(status=int(request.path[-3:]))
    )
    report = await fetch(address, "t", "a@x.io", tmp_path, spec=vendor(LIST), files=True)
    assert report.entries[0].reason.endswith("; 2 further reasons")
    assert report.entries[0].reason.count("files failed: HTTP 40") == 3


@pytest.mark.parametrize("size", ["9" * 4400, '"\u00b2"', '"' + "9" * 16 + '"', "-5", "1.5", "true", '"\u0661"'])
async def test_a_size_that_is_none_is_unknown(size, acme, tmp_path):
    """Only plain digits, and no more than a file can have, are a size; nothing else ends a run."""
    address, _ = await acme(
        f'{{"items":[{{"id":1,"files":[{{"url":"{PLACE}a","size":{size}}}]}}]}}', lambda request: web.Response(body=BYTES)
    )
    report = await fetch(address, "t", "a@x.io", tmp_path, spec=vendor(LIST), files=True)
    assert report.exit_code is Exit.COMPLETE
    assert report.entries[0].files["unknown_size"] == report.entries[0].files["downloaded"] == 1


CHILD = "it: {get: /p/<USER_ID>/list, records: items, files: {address: url}}\nchild: {get: /c/<it.id>}\n"


async def test_a_child_waits_for_no_file_and_lacks_none(acme, tmp_path):
    """It is asked as soon as its parent's list is read; a file that is missing is missing from the parent alone."""
    asked: list[str] = []

    async def file(request):
        if "slow" in request.path:
            while "/v1/c/2" not in asked:
                await asyncio.sleep(0)
            return web.Response(body=BYTES)
        return web.Response(status=404)

    address, asked = await acme([{"id": 1, "url": PLACE + "slow"}, {"id": 2, "url": PLACE + "gone"}], file)
    report = await asyncio.wait_for(fetch(address, "t", "a@x.io", tmp_path, spec=vendor(CHILD), files=True), 60)
    assert [(one.name, str(one.outcome), one.reason) for one in report.entries] == [
        ("it", "partial", "1 of 2 files failed: HTTP 404"),
        ("child", "complete", None),
    ]


BOTH = "it: {get: /p/<USER_ID>/list, records: items, files: [url, transcript.url]}\n"
NOTES = [module.NOT_LOOKED_FOR, module.SOME_NOT_LOOKED_FOR]


@pytest.mark.parametrize(
    ("only", "without", "told", "found"),
    [
        ((), (), None, 2),
        (("it.id",), (), NOTES[0], None),
        (("it.id,it.url,it.transcript",), (), None, 2),
        (("it.id,it.url",), (), NOTES[1], 1),
        ((), ("it.transcript.url",), NOTES[1], 1),
        ((), ("it.url,it.transcript",), NOTES[0], None),
        ((), ("it.id",), None, 2),
    ],
)
@pytest.mark.parametrize("files", [True, False])
async def test_files_that_the_chosen_fields_leave_out_are_said_to_be(only, without, told, found, files, acme, tmp_path):
    """Nobody takes "0 files" for the vendor's answer where the operator left their addresses out."""
    address, _ = await acme([{"id": 1, "url": PLACE + "a", "transcript": {"url": PLACE + "b"}}], lambda request: web.Response(body=BYTES))
    spec = vendor(BOTH)
    choice = choose(spec.endpoints, only, without)
    report = await fetch(address, "t", "a@x.io", tmp_path, spec=spec, files=files, selection=choice)
    (entry,) = report.entries
    assert entry.notes == ((told,) if told else ())
    assert report.manifest["endpoints"]["it"]["notes"] == list(entry.notes)
    assert (entry.files or {}).get("found") == found


@pytest.mark.parametrize(("arrived", "outcome"), [(1, Outcome.PARTIAL), (2, Outcome.COMPLETE)])
def test_only_files_that_did_not_arrive_are_missing_after_an_interrupt(arrived, outcome):
    """The last of them may have come in the very moment of it."""
    counts = {"it": {"found": 2, "downloaded": arrived, "failed": 0}}
    files = module.Files(None, None, "", enabled=True, counts=counts, under_way={"it"})  # type: ignore[arg-type]
    cut = files.cut(Entry("it", Outcome.COMPLETE), "interrupted")
    assert (cut.outcome, cut.reason, cut.files) == (outcome, None if arrived == 2 else "interrupted", counts["it"])


ODD = "where its address is read stands no text"


@pytest.mark.parametrize(
    ("files", "found", "reasons"),
    [
        ("url", {"url": {"href": PLACE + "a"}}, [ODD]),
        ("url", {"url": 5}, [ODD]),
        ("url", {"url": [PLACE + "a", {"href": PLACE + "b"}]}, [None, ODD]),
        ("'parts[*].urls[*]'", {"parts": [{"urls": [PLACE + "a", PLACE + "b"]}, {"urls": [PLACE + "c"]}]}, [None, None, None]),
        ("{each: 'parts[*].files[*]', address: url}", {"parts": [{"files": [{"url": PLACE + "a"}]}]}, [None]),
        ("{each: files, address: url}", {"files": [PLACE + "a", {"url": PLACE + "b"}]}, [ODD, None]),
        ("{each: files, address: url}", {"files": PLACE + "a"}, [ODD]),
        ("{each: files, address: '@'}", {"files": [PLACE + "a"]}, [None]),
        ("'files[].url'", {"files": {"url": PLACE + "a"}}, [ODD]),
        ("'at.files[*].url'", {"at": {"files": {"url": PLACE + "a"}}}, [ODD]),
        ("{each: 'files[]', address: url}", {"files": {"url": PLACE + "a"}}, [ODD]),
        ("{each: 'files[]', address: '@'}", {"files": {"url": PLACE + "a"}}, [ODD]),
        ("{each: parts, address: 'urls[0]'}", {"parts": [{"urls": {"a": PLACE}}, {"urls": [PLACE + "a"]}]}, [ODD, None]),
        ("'files[].url'", {"files": {}, "url": PLACE}, []),
        (
            "{each: files, address: url}",
            {"files": [{"name": "none"}, {"url": None}, {"url": ""}, {"url": False}, {"url": []}, {}, None]},
            [],
        ),
    ],
    ids=str,
)
async def test_no_address_is_passed_over_because_it_stands_deeper_or_in_another_form(acme, tmp_path, files, found, reasons):
    """A vendor that writes a map where a text was has files still: each counts as failed. What holds nothing is no file."""
    address, _ = await acme([{"id": 1, **found}], lambda _: web.Response(body=BYTES))
    spec = vendor(f"it: {{get: /p/<USER_ID>/list, records: items, files: {files}}}\n")
    report = await fetch(address, "t", "a@x.io", tmp_path, spec=spec, files=True)
    (entry,) = report.entries
    assert entry.files["found"] == len(reasons)
    assert entry.outcome is (Outcome.PARTIAL if ODD in reasons else Outcome.COMPLETE)
    assert [line.get("reason") for line in lines(tmp_path)] == reasons if reasons else not (tmp_path / "acme" / "it.files.jsonl").exists()
