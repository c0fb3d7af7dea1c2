"""What a timeline tells of retries, limits and downloads, and of runs that did not record them yet."""

from __future__ import annotations

import json

from engine.explain.run_folder import timeline
from engine.explain.waterfall import chrome, waterfall
from tests.core.specs import HEAD
from tests.explain.reading import harmless
from tests.explain.runs import answer, folder, stamp
from tests.whole.scripted import fetched


def tried(sent: float, status: int | None, waited: float = 0.0, seconds: float = 0.5) -> dict[str, object]:
    return {"status": status, "sent_at": stamp(sent), "waited": waited, "seconds": seconds}


def fetched_file(number: int, began: float, seconds: float = 1.0, **more: object) -> dict[str, object]:
    line = {"record_line": 1, "number": number, "size_announced": None, "file": f"files/it/000001-{number}.bin", "bytes": 1000}
    return {**line, "began": stamp(began), "waited": 0.0, "seconds": seconds, "retries": 0, **more}


def written(out, lists, files):
    run = folder(out, lists)
    (run / "it.files.jsonl").write_text("".join(json.dumps(one) + "\n" for one in files), "utf-8")
    return timeline(out)


def test_every_try_is_drawn_and_told(tmp_path):
    """Each with its wait before it; the waits of all are the request's."""
    late = answer(8.0, 2.0, waited=3.0, retries=2, bucket="slow", earlier=[tried(1.0, 429, 1.0), tried(4.0, None, 0.5)])
    found = timeline(folder(tmp_path, {"it": [late]}))
    (sent,) = found.lanes[0].requests
    assert [(one.begun, one.sent, one.ended, one.status) for one in sent.tries] == [
        (0.0, 1.0, 1.5, 429),
        (3.5, 4.0, 4.5, None),
        (6.5, 8.0, 10.0, 200),
    ]
    text = waterfall(found)
    page = harmless(text)
    assert "(1 after HTTP 429)" in page.text
    assert "Requests waited for the vendor's limits: slow during 3 s of 10 s." in page.text
    (row,) = [one for one in page.named("li") if one.get("class") == "row"]
    assert row["title"].endswith("sent at 8 s, before that no answer at 4 s, before that 429 at 1 s")
    assert '<i class="refused" style="left:10.000%;width:5.000%">' in text
    assert '<i class="broken" style="left:40.000%;width:5.000%">' in text
    events = [one for one in json.loads(chrome(found))["traceEvents"] if one["ph"] == "X"]
    assert [(one["cat"], one["ts"]) for one in events if one["cat"] != "wait"] == [
        ("try", 1_000_000),
        ("try", 4_000_000),
        ("request", 8_000_000),
    ]


def test_a_wait_is_told_per_limit_as_the_time_in_which_any_request_waited(tmp_path):
    """Waits side by side count once; of a request whose limit has no name it is said that it has none."""
    lines = [
        answer(4.0, waited=3.0, bucket="slow"),
        answer(5.0, waited=3.0, bucket="slow"),
        answer(6.0, waited=1.0, bucket="fast"),
        answer(9.0, 1.0, waited=0.5),
        answer(0.0),
    ]
    text = harmless(waterfall(timeline(folder(tmp_path, {"it": lines})))).text
    assert "limits: a limit without a name during 500 ms of 10 s, fast during 1 s of 10 s, slow during 4 s of 10 s." in text
    assert "No request waited for a limit." in harmless(waterfall(timeline(folder(tmp_path / "b", {"it": [answer(0.0)]})))).text


def test_downloads_have_a_lane_of_their_own(tmp_path):
    """Begun, waited, ended, asked again; one that did not come is told; nothing of a file's name is shown."""
    files = [fetched_file(1, 2.0, 3.0, waited=1.0, retries=1), fetched_file(2, 4.0, file=None, bytes=0), fetched_file(3, 8.0)]
    found = written(tmp_path, {"it": [answer(0.0, 0.5, bucket="slow")]}, files)
    assert [(lane.name, lane.files, lane.records, lane.retries) for lane in found.lanes] == [("it", False, 2, 0), ("it, files", True, 2, 1)]
    page = harmless(waterfall(found))
    assert "2 of 3 files downloaded, 2.0 kB, in 4 s, 1 asked for again." in page.text
    assert "slow during 1 s of 9 s." in page.text
    assert "1 request for 1 answer" in page.text
    assert "no file" in page.text
    assert "000001" not in page.text
    events = [one for one in json.loads(chrome(found))["traceEvents"] if one.get("cat") == "download"]
    assert [(one["ts"], one["dur"], one["args"]["bytes"]) for one in events] == [
        (3_000_000, 2_000_000, 1000),
        (4_000_000, 1_000_000, 0),
        (8_000_000, 1_000_000, 1000),
    ]


def test_a_run_that_did_not_record_them_is_shown_all_the_same(tmp_path):
    """Page lines without a limit or tries, files without times."""
    old = {"record_line": 1, "number": 1, "size_announced": None, "file": "files/it/000001-1.bin", "bytes": 3, "sha256": "0" * 64}
    found = written(tmp_path, {"it": [answer(1.0, waited=0.5, retries=1)]}, [old])
    assert [lane.name for lane in found.lanes] == ["it"]
    assert "No downloads are recorded." in harmless(waterfall(found)).text


def test_a_run_records_its_tries(tmp_path):
    """Status, time, wait and seconds of each try before the last; and the limit that the request was counted in."""
    head = HEAD.replace("verify:", "rate_limits: {slow: 1/s}\nverify:")
    answers = {"/list": [(429, {}, {"retry-after": "3"}), (503, {}), {"items": [{"id": 1}]}]}
    run = fetched("it: {get: /list, records: items, bucket: slow}", answers, tmp_path / "out", head)
    (line,) = run.lines("it.pages")
    assert (line["bucket"], line["retries"], line["status"]) == ("slow", 2, 200)
    assert [(one["status"], one["waited"], one["seconds"]) for one in line["earlier"]] == [(429, 0.0, 0.0), (503, 3.125, 0.0)]
    found = timeline(tmp_path / "out")
    sent = next(lane for lane in found.lanes if lane.name == "it").requests[0]
    assert len(sent.tries) == 3
    assert sent.retries == 2
