"""What of an endpoint's lists stays after a break: whose end is whose, what a list leant on, and which files keep their names."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter

import pytest

import engine.runner.endpoints as run_module
from engine.runner.kept_files import whole_files
from engine.sink import Sink
from tests.core.specs import vendor
from tests.whole.resumed import begun, ends, multisets, resumed
from tests.whole.scripted import Scripted
from tests.whole.test_resume import items, unfinished

BOXES = vendor("it: {for: {BOX: [a, b, c]}, get: '/mail/<BOX>', records: items, pagination: {cursor: next, param: after}}\n")
MAIL = {"/mail/a": [items(1, 2)], "/mail/b": [items(3)], "/mail/c": [items(4)]}
DAYS = ("2026-11-16", "2026-11-18", "2026-11-20", "2026-11-22", "2026-11-24", "2026-11-25")
CALLS = "it: {get: /calls, params: {from: <FROM.date>, to: <TO.date>}, window: {step: 2d, since: 8d}, records: items}\n"


def broken_off(spec, answers, tmp_path, *, without_last=True):
    """Give the folder of a run whose lists were answered one after the other, as they stand here, and that broke off before the last ended."""
    takes = {place: number / 10 for number, place in enumerate(answers, 1)}
    begun(spec, Scripted(answers, takes=takes), tmp_path)
    folder = tmp_path / "acme"
    (folder / "manifest.json").write_bytes(unfinished(folder))
    path = folder / "it.pages.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    if without_last:
        path.write_bytes(b"".join(lines[: max(place for place, line in enumerate(lines) if line.startswith(b'{"chain"'))]))
    return folder


def numbers(folder):
    """Give how often each record was written."""
    return Counter(json.loads(line)["id"] for line in multisets(folder)["it.jsonl"].elements())


def test_lists_of_one_digest_are_all_asked_again(tmp_path, monkeypatch):
    """Nobody can tell whose end is whose: none is taken for another, none is lost and none is written twice."""
    monkeypatch.setattr(run_module, "known_by", lambda *_: lambda _: "0" * 32)
    folder = broken_off(BOXES, MAIL, tmp_path)
    report, log = resumed(BOXES, MAIL, folder)
    assert (report.exit_code, report.kept) == (0, {})
    assert sorted(one for one in log if "/mail" in one) == sorted(MAIL)
    assert numbers(folder) == Counter([1, 2, 3, 4])


def test_of_two_lists_of_one_digest_the_third_stays(tmp_path, monkeypatch):
    """In the log as among those that would be asked."""
    real = run_module.known_by
    monkeypatch.setattr(
        run_module, "known_by", lambda *key: lambda request: real(*key)(request) if request.http.url.endswith("/a") else "0" * 32
    )
    folder = broken_off(BOXES, MAIL, tmp_path, without_last=False)
    report, log = resumed(BOXES, MAIL, folder)
    assert (report.exit_code, report.kept) == (0, {"it": (1, 3)})
    assert sorted(one for one in log if "/mail" in one) == ["/mail/b", "/mail/c"]
    assert numbers(folder) == Counter([1, 2, 3, 4])


def test_which_members_no_record_had_is_known_after_a_break(tmp_path):
    """Two that `match` compares: the one that a list held before it counts with what is read after it."""
    spec = vendor("it: {for: {BOX: [a, b]}, get: '/mail/<BOX>', records: items, match: {of: <USER_ID>, by: <USER_ID>}}\n")
    answers = {"/mail/a": [{"items": [{"id": 1, "of": "u1"}]}], "/mail/b": [{"items": [{"id": 2}]}]}
    report, log = resumed(spec, answers, broken_off(spec, answers, tmp_path))
    assert [one for one in log if "/mail" in one] == ["/mail/b"]
    assert report.entries[0].reason == "no record holds `by`, which `match` compares: whose they are cannot be said"


def test_a_record_is_known_through_any_number_of_windows(tmp_path):
    """The first wrote it, each of the others leant on the one before: the last, which is read anew, does not write it again."""
    spec = vendor(CALLS)
    answers = {
        f"/calls?from={first}&to={last}": [items(100, number)] for number, (first, last) in enumerate(zip(DAYS, DAYS[1:], strict=False), 1)
    }
    folder = broken_off(spec, answers, tmp_path)
    assert [end.get("leans") for end in ends(folder)["it"]] == [None, ["before"], ["before"], ["before"]]
    report, log = resumed(spec, answers, folder)
    assert (report.exit_code, report.kept, len([one for one in log if "/calls" in one])) == (0, {"it": (4, 5)}, 1)
    assert numbers(folder) == Counter([100, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("answers", "stays"),
    [
        (MAIL, [1, 2, 3]),  # the last broke off: its record is the fourth
        ({**MAIL, "/mail/b": [items(3, next="x")], "/mail/b?after=x": [(500, {})]}, [1, 2]),  # the second did: the third's moves up
        ({**MAIL, "/mail/a": [items(1, 2, next="x")], "/mail/a?after=x": [(500, {})]}, []),
    ],
)
def test_files_stay_whose_records_stay_where_they_are(answers, stays, tmp_path):
    """The line of a record is the name of its files: one line less, and files would be fetched again; one more, and they would be another's."""
    folder = broken_off(BOXES, answers, tmp_path, without_last=len(answers) == 3)
    told = [{"record_line": line, "number": 1, "file": f"files/it/{line:06d}-1.bin"} for line in (1, 2, 3, 4)]
    (folder / "it.files.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in told))
    report, _ = resumed(BOXES, MAIL, folder)
    assert report.exit_code == 0
    assert [json.loads(line)["record_line"] for line in (folder / "it.files.jsonl").read_text().splitlines()] == stays
    assert numbers(folder) == Counter([1, 2, 3, 4])


def test_only_a_file_that_is_whole_and_beyond_doubt_stays(tmp_path):
    """One that was kept in doubt is fetched again, and so is one of another content or size, one that is gone, and a link to one elsewhere."""
    sink, sound = Sink(tmp_path / "acme"), b"sound"
    sink.prepare()
    folder = sink.files_folder("it")
    (tmp_path / "elsewhere").write_bytes(sound)
    told = {"bytes": len(sound), "sha256": hashlib.sha256(sound).hexdigest()}
    lines = [{"record_line": line, "number": 1, "file": f"files/it/{line:06d}-1.bin", **told} for line in range(1, 7)]
    lines[1]["reason"] = "its size is not the one announced"
    for line, content in ((1, sound), (2, sound), (3, b"other"), (4, b"sound, and more")):
        (folder / f"{line:06d}-1.bin").write_bytes(content)
    (folder / "000005-1.bin").symlink_to(tmp_path / "elsewhere")
    (sink.folder / "it.files.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    assert list(asyncio.run(whole_files(sink, "it"))) == [(1, 1)]
    assert [json.loads(line)["record_line"] for line in (sink.folder / "it.files.jsonl").read_text().splitlines()] == [1]
    assert ([one.name for one in folder.iterdir()], (tmp_path / "elsewhere").read_bytes()) == (["000001-1.bin"], sound)
