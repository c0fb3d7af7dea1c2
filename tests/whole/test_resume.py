"""A run that was killed at any moment and goes on ends as one that was left alone."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

import engine.sink as sink_module
from engine.core.resume import staying
from engine.core.selection import choose
from engine.runner import take_over
from tests.core.specs import HEAD, vendor
from tests.whole.resumed import ends, killed_again, multisets, resumed, told, undisturbed

WIDE = """
    settings: {get: "/people/<USER_ID>/settings"}
    orders: {for: {KIND: [open, closed]}, get: "/orders", params: {kind: <KIND>}, records: items, key: id,
             pagination: {page: {page: 1}, size: {size: 2}, total: total}}
    lines: {get: "/orders/<orders.id>/lines", records: items}
    calls: {get: "/calls", params: {from: <FROM.date>, to: <TO.date>}, window: {step: 2d, since: 6d}, records: items, licence: settings.calls,
            pagination: {cursor: next, param: after}}
    mail: {for: {BOX: [in, out, spam]}, get: "/mail/<BOX>", records: items, licence: settings.mail,
           refusals: {rules: [{status: 404, means: absent}]}}
    team: {get: "/teams/<TEAM>", records: items, fields: [id]}
"""
DISCOVERING = HEAD.replace("access:", "discover:\n  own: {get: /own, capture: {TEAM: id}}\naccess:") if "discover" not in HEAD else HEAD


def record(number):
    return {"id": number, "text": f"record {number}"}


def items(*numbers, **more):
    return {"items": [record(one) for one in numbers], **more}


ANSWERS = {
    "/own": [{"id": "t1"}],
    "/people/u1/settings": [{"id": "s", "calls": True, "mail": True}],
    "/orders?kind=open&page=1&size=2": [items(1, 2, total=3)],
    "/orders?kind=open&size=2&page=2": [items(3, total=3)],
    "/orders?kind=closed&page=1&size=2": [items(3, total=1)],
    "/orders?kind=closed&size=2&page=2": [items(total=1)],
    **{f"/orders/{number}/lines": [items(number * 10, number * 10 + 1)] for number in (1, 2, 3)},
    "/calls?from=2026-11-18&to=2026-11-20": [items(100, 101, next="a")],
    "/calls?from=2026-11-18&to=2026-11-20&after=a": [items(102)],
    "/calls?from=2026-11-20&to=2026-11-22": [items(102, 103)],
    "/calls?from=2026-11-22&to=2026-11-24": [items(103, 104)],
    "/calls?from=2026-11-24&to=2026-11-25": [items(104, 105)],
    "/mail/in": [items(200)],
    "/mail/out": [items(201, 202)],
    "/mail/spam": [(404, {"code": 7})],
    "/teams/t1": [items(300, 301)],
}


@pytest.fixture(scope="module")
def wide():
    return vendor(WIDE, DISCOVERING)


def places(folder):
    """Give the lists of pages, by endpoint, in which a page does not say where in the file of records its own begin."""
    wrong = {}
    for path in folder.glob("*.pages.jsonl"):
        at = 1
        for page in map(json.loads, path.read_bytes().splitlines()):
            if page.get("lines"):
                if page["first_line"] != at:
                    wrong.setdefault(path.name, []).append(page)
                at += page["lines"]
    return wrong


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_a_run_that_is_killed_at_any_request_ends_as_one_that_was_left_alone(every, wide, tmp_path):
    """The same lines, counts and outcomes; no list that stayed is asked again."""
    report, network, copies = undisturbed(wide, ANSWERS, tmp_path)
    whole = tmp_path / "whole" / "acme"
    assert report.exit_code == 0, [(one.name, one.outcome, one.reason) for one in report.entries]
    assert len(copies) == len(network.log) >= 20
    for number, copy in list(enumerate(copies))[3::every]:
        folder = killed_again(wide, ANSWERS, copy, tmp_path / f"again-{number}", number) if number % 4 == 0 else copy
        kept = {end["known_by"] for found in ends(folder).values() for end in found if end.get("known_by")}
        again, log = resumed(wide, ANSWERS, folder)
        assert (again.exit_code, again.finished) == (0, True), (folder, again.entries)
        assert multisets(folder) == multisets(whole), folder
        assert told(folder) == told(whole), folder
        assert places(folder) == {}, folder
        assert sum(kept for kept, _ in again.kept.values()) <= len(kept)
        assert len(log) == len(set(log))


def test_nothing_is_asked_again_that_had_ended(wide, tmp_path):
    """Killed after the last answer of all, only what finds the person is asked."""
    undisturbed(wide, ANSWERS, tmp_path)
    folder = tmp_path / "whole" / "acme"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "finished": None}))
    before = multisets(folder), told(folder)
    report, log = resumed(wide, ANSWERS, folder)
    assert sorted(log) == sorted({"/own", "/me", "/people/ada%40x.io"})
    assert (multisets(folder), told(folder)) == before
    assert report.kept["calls"] == (4, 4)
    assert [entry.notes for entry in report.endpoints.values() if entry.notes] == []


def steps(monkeypatch, folder, copies):
    """Copy a folder before each change of a file in it: each copy is what a kill at that moment leaves."""
    real = {name: getattr(Path, name) for name in ("replace", "unlink")}
    write, create = sink_module.Table.write, sink_module._create

    def copied():
        shutil.copytree(folder, copies / f"{len(list(copies.iterdir())):04d}" / folder.name)

    def before(name):
        def changing(self, *words, **more):
            if self.is_relative_to(folder) and self.exists():
                copied()
            return real[name](self, *words, **more)

        return changing

    def writing(self, text, lines):
        copied()
        return write(self, text, lines)

    def creating(path):
        copied()
        return create(path)

    copies.mkdir()
    for name in real:
        monkeypatch.setattr(Path, name, before(name))
    monkeypatch.setattr(sink_module.Table, "write", writing)
    monkeypatch.setattr(sink_module, "_create", creating)


@pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.long)])
def test_a_resume_that_is_killed_at_any_of_its_steps_can_be_resumed(every, wide, tmp_path, monkeypatch):
    """Whatever it was writing, renaming or deleting: the next attempt ends as one that was left alone, and asks nothing twice."""
    _, network, copies = undisturbed(wide, ANSWERS, tmp_path)
    whole = tmp_path / "whole" / "acme"
    broken = copies[len(network.log) - 4]
    kept = {end["known_by"] for found in ends(broken).values() for end in found if end.get("known_by")}
    with monkeypatch.context() as patch:
        steps(patch, broken, tmp_path / "steps")
        _, asked = resumed(wide, ANSWERS, broken)
    moments = sorted(one / "acme" for one in (tmp_path / "steps").iterdir())
    assert len(moments) > 60
    for folder in moments[::every]:
        again, log = resumed(wide, ANSWERS, folder)
        assert (again.exit_code, multisets(folder), told(folder)) == (0, multisets(whole), told(whole)), folder
        assert not Counter(log) - Counter(asked), folder
        assert not list(folder.glob("*.part"))
    assert kept


@pytest.mark.parametrize("moments", [4, pytest.param(100, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", ["calls.pages.jsonl", "orders.pages.jsonl", "calls.jsonl", "orders.jsonl"])
def test_a_file_that_was_cut_or_changed_at_any_byte_is_read_anew_as_far_as_needed(name, moments, wide, tmp_path):
    """Never a wrong result, never a traceback; a change is said, and a cut, which a kill leaves, is only made good."""
    undisturbed(wide, ANSWERS, tmp_path)
    whole = tmp_path / "whole" / "acme"
    (whole / "manifest.json").write_bytes(unfinished(whole))
    raw = (whole / name).read_bytes()
    for number, at in enumerate(sorted({*range(0, len(raw), 1 + len(raw) // moments), len(raw) - 1})):
        for kind, text in (("cut", raw[:at]), ("changed", raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])):
            folder = tmp_path / f"{kind}-{number}" / "acme"
            shutil.copytree(whole, folder)
            (folder / name).write_bytes(text)
            report, _ = resumed(wide, ANSWERS, folder)
            assert (report.exit_code, multisets(folder)) == (0, multisets(whole)), (kind, at)
            assert told(folder)["endpoints"] == told(whole)["endpoints"], (kind, at)
            if kind == "changed":
                notes = report.endpoints[name.split(".")[0]].notes
                assert any("was damaged in line" in one or "were not as its list of pages has them" in one for one in notes), at


def unfinished(folder):
    """Give a manifest as it is before its run has ended."""
    return json.dumps({**json.loads((folder / "manifest.json").read_bytes()), "finished": None}).encode()


def left(spec, answers, tmp_path, gone, **more):
    """Give the folder of a whole run as a kill leaves it: without the ends of these endpoints' last chains."""
    undisturbed(spec, answers, tmp_path, **more)
    folder = tmp_path / "whole" / "acme"
    (folder / "manifest.json").write_bytes(unfinished(folder))
    for name in gone:
        path = folder / f"{name}.pages.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: max(place for place, line in enumerate(lines) if line.startswith(b'{"chain"'))]))
    return folder


def test_a_list_whose_total_fell_or_whose_order_shifted_is_read_from_its_start(wide, tmp_path):
    """Its first page was read before the break: none of it stays, and it is proven whole by what comes now alone."""
    folder = left(wide, ANSWERS, tmp_path, ["orders"])
    shifted = {
        "/orders?kind=closed&page=1&size=2": [items(9, 8, total=3)],
        "/orders?kind=closed&size=2&page=2": [items(7, total=3)],
        **{f"/orders/{number}/lines": [items(number * 10)] for number in (7, 8, 9)},
    }
    report, log = resumed(wide, {**ANSWERS, **shifted}, folder)
    assert report.exit_code == 0
    assert sorted(json.loads(line)["id"] for line in multisets(folder)["orders.jsonl"].elements()) == [1, 2, 3, 7, 8, 9]
    assert "/orders?kind=open&page=1&size=2" not in log
    assert report.endpoints["lines"].tally.records == 4 + 2 + 3  # of order 3, which both lists held, as of those that came


def test_a_list_that_fell_short_after_the_break_is_partial_however_whole_it_was_before(wide, tmp_path):
    """What came before the break of a list that did not end proves nothing of it."""
    folder = left(wide, ANSWERS, tmp_path, ["orders"])
    report, _ = resumed(wide, {**ANSWERS, "/orders?kind=closed&page=1&size=2": [items(total=5)]}, folder)
    assert (str(report.endpoints["orders"].outcome), report.exit_code) == ("partial", 3)
    assert "announced 5 records and delivered 0" in report.endpoints["orders"].reason
    assert str(report.endpoints["lines"].outcome) == "partial"


def test_a_list_that_did_not_end_whole_is_asked_again(wide, tmp_path):
    """Its end stands in the log, and says that something is missing: what came then is no proof, and what comes now is."""
    folder = left(wide, {**ANSWERS, "/mail/out": [(500, {})]}, tmp_path, [])
    assert {end["end"] for end in ends(folder)["mail"]} > {"complete"}
    report, log = resumed(wide, ANSWERS, folder)
    assert (report.exit_code, [one for one in log if "/mail" in one]) == (0, ["/mail/out"])
    assert sorted(json.loads(line)["id"] for line in multisets(folder)["mail.jsonl"].elements()) == [200, 201, 202]


def test_on_whom_a_window_leant_reaches_the_decision_what_stays(wide, tmp_path, monkeypatch):
    """As its end says it in the log: without it a record would be lost that only a neighbour, which is read anew, had written."""
    folder = left(wide, ANSWERS, tmp_path, [])
    logged = sorted(tuple(end.get("leans", ())) for end in ends(folder)["calls"])
    asked = []
    monkeypatch.setattr(take_over, "staying", lambda parts, needs: asked.append(parts) or staying(parts, needs))
    resumed(wide, ANSWERS, folder)
    assert any(logged)
    assert logged in [sorted(part.leans for part in parts) for parts in asked]


SHARED = [
    ("/calls?from=2026-11-18&to=2026-11-20&after=a", ()),
    ("/calls?from=2026-11-20&to=2026-11-22", (103,)),
    ("/calls?from=2026-11-20&to=2026-11-22", (102,)),
    ("/calls?from=2026-11-22&to=2026-11-24", (104,)),
    ("/calls?from=2026-11-22&to=2026-11-24", (103,)),
    ("/calls?from=2026-11-24&to=2026-11-25", (105,)),
]


@pytest.mark.parametrize(("asked", "left_there"), SHARED)
def test_a_record_that_two_windows_shared_is_not_lost_when_one_of_them_lists_it_no_more(asked, left_there, wide, tmp_path):
    """The window that left it out, because its neighbour had written it, is read anew with that neighbour, wherever the log was cut."""
    _, _, copies = undisturbed(wide, ANSWERS, tmp_path)
    for copy in copies[8::6]:
        (copy / "manifest.json").write_bytes(unfinished(copy))
        report, _ = resumed(wide, {**ANSWERS, asked: [items(*left_there)]}, copy)
        assert report.exit_code == 0
        assert {json.loads(line)["id"] for line in multisets(copy)["calls.jsonl"]} == {100, 101, 102, 103, 104, 105}


def test_a_record_that_moves_between_parts_is_said_not_to_be_noticed(wide, tmp_path):
    """It was in the part that was not read yet, and is in the one that was: nobody can see it, so a note says when each was read."""
    folder = left(wide, ANSWERS, tmp_path, ["mail"])
    gone = ends(folder)["mail"]
    last = ({"in", "out", "spam"} - {end["for"]["BOX"] for end in gone}).pop()
    report, log = resumed(wide, ANSWERS, folder)
    assert [one for one in log if "/mail" in one] == [f"/mail/{last}"]
    (note,) = report.endpoints["mail"].notes
    assert note.startswith("read in two goes: 2 of 3 parts by 2026-11-24T12:00:00")
    assert "the others from 2026-11-26T09:00:00.000Z on" in note


def test_a_child_of_a_record_that_the_parent_no_longer_lists_goes(wide, tmp_path):
    """Its list was whole; of what is asked now it is no part."""
    folder = left(wide, ANSWERS, tmp_path, ["orders"])
    report, log = resumed(wide, {**ANSWERS, "/orders?kind=closed&page=1&size=2": [items(total=0)]}, folder)
    assert report.endpoints["lines"].tally.records == 6
    assert [one for one in log if "lines" in one] == []
    assert report.kept["lines"] == (3, 3)  # order 3 is listed as open, too


def test_an_endpoint_with_a_licence_asks_its_opening_request_for_the_first_list_that_is_left(wide, tmp_path):
    """And uses its answer for that list alone: no record is written twice, none for another list."""
    folder = left(wide, ANSWERS, tmp_path, ["mail", "calls"])
    whole = multisets(folder)
    report, log = resumed(wide, ANSWERS, folder)
    assert (report.exit_code, multisets(folder)) == (0, whole)
    assert len([one for one in log if "/calls" in one]) == len([one for one in log if "/mail" in one]) == 1


def test_somebody_without_a_licence_is_not_asked_again(wide, tmp_path):
    """One refusal said it, with the flag of the settings."""
    without = {
        **ANSWERS,
        "/people/u1/settings": [{"id": "s", "calls": False, "mail": False}],
        "/calls?from=2026-11-18&to=2026-11-20": [(403, {"code": 9})],
    }
    folder = left(wide, without, tmp_path, [])
    report, log = resumed(wide, without, folder)
    assert str(report.endpoints["calls"].outcome) == "unlicensed"
    assert [one for one in log if "/calls" in one] == []


@pytest.mark.parametrize(
    ("changed", "subject", "code"),
    [
        ({"/people/ada%40x.io": [(500, {})]}, "unproven", 3),
        ({"/people/ada%40x.io": [{"id": "u1", "email": "eve@x.io"}]}, "mismatched", 5),
    ],
)
def test_where_the_person_is_not_found_again_nothing_of_what_was_fetched_is_lost(changed, subject, code, wide, tmp_path):
    """The run has not ended; when the vendor answers again it goes on from where it was."""
    folder = left(wide, ANSWERS, tmp_path, ["mail"])
    before = {path.name: path.read_bytes() for path in folder.glob("*.jsonl") if not path.name.startswith("lookup")}
    report, _ = resumed(wide, {**ANSWERS, **changed}, folder)
    assert (str(report.outcome), report.exit_code, report.finished) == (subject, code, False)
    assert {path.name: path.read_bytes() for path in folder.glob("*.jsonl") if not path.name.startswith("lookup")} == before
    assert json.loads((folder / "manifest.json").read_bytes())["finished"] is None
    report, _ = resumed(wide, ANSWERS, folder)
    assert (report.exit_code, report.finished, len(report.manifest["resumed"])) == (0, True, 2)


def test_a_parent_that_cannot_be_read_now_costs_no_child_what_it_had(wide, tmp_path):
    """Its children were not looked at, so the run has not ended and they stay."""
    folder = left(wide, ANSWERS, tmp_path, ["orders"])
    path = folder / "orders.pages.jsonl"
    path.write_bytes(b"")
    refused = {asked: [(403, {"code": 5})] for asked in ANSWERS if asked.startswith("/orders?")}
    before = (folder / "lines.jsonl").read_bytes()
    report, _ = resumed(wide, {**ANSWERS, **refused}, folder)
    assert (report.finished, report.exit_code, (folder / "lines.jsonl").read_bytes()) == (False, 3, before)
    report, log = resumed(wide, ANSWERS, folder)
    assert (report.finished, report.exit_code, [one for one in log if "lines" in one]) == (True, 0, [])


def test_another_account_of_the_person_keeps_nothing(wide, tmp_path):
    """The look-up finds another number than before the break: every list that is asked with it, or about it, is read anew."""
    folder = left(wide, ANSWERS, tmp_path, [])
    changed = {"/people/ada%40x.io": [{"id": "u2", "email": "ada@x.io"}], "/people/u2/settings": ANSWERS["/people/u1/settings"]}
    report, _ = resumed(wide, {**ANSWERS, **changed}, folder)
    assert (report.exit_code, report.kept) == (0, {})


def test_chosen_fields_stay_where_nobody_needs_the_others(wide, tmp_path):
    """`orders` with one field only cannot tell its children whom to ask by, so it is read anew; its children stay."""
    chosen = ["orders.text", "lines", "calls.id"]
    folder = left(wide, ANSWERS, tmp_path, [], selection=choose(wide.endpoints, chosen, []))
    whole = multisets(folder)
    report, log = resumed(wide, ANSWERS, folder, selection=choose(wide.endpoints, chosen, []))
    assert (report.exit_code, multisets(folder)) == (0, whole)
    assert len([one for one in log if "/orders?" in one]) == 4
    assert not [one for one in log if "lines" in one or "/calls" in one]
    assert report.kept == {"lines": (3, 3), "calls": (4, 4)}


def test_endpoints_of_which_the_spec_says_something_else_are_read_anew(wide, tmp_path):
    """Only those."""
    folder = left(wide, ANSWERS, tmp_path, [])
    whole = multisets(folder)
    report, log = resumed(wide, ANSWERS, folder, changed=frozenset({"mail"}))
    assert (report.exit_code, multisets(folder), len([one for one in log if "/mail/" in one])) == (0, whole, 3)
    assert "mail" not in report.kept
    assert "calls" in report.kept
