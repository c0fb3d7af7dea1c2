"""A run's requests in time: where they stand, that nothing of the person is in it, and folders that are no run."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil

import pytest

from engine.errors import UsageError
from engine.explain.run_folder import Sent, timeline
from engine.explain.waterfall import MOST_ROWS, chrome, duration, most_at_once, side_by_side, tick, waterfall
from tests.explain.reading import harmless
from tests.explain.runs import answer, folder
from tests.whole.commands import FULL, ask
from tests.whole.runs import answers as recorded_answers

PLANTED = ("mara.lindqvist@example.com", "Mara Lindqvist", "+49 30 555-0142", "dsr-mara-17", "emea-mara")


def span(begun: float, sent: float, ended: float) -> Sent:
    return Sent("GET /x", "", 200, begun, sent, ended, 1, 1, 0)


def test_bars_stand_where_the_requests_were(tmp_path):
    """Time begins with the first wait; a bar is its wait, then from sending to the last byte."""
    run = folder(
        tmp_path,
        {
            "lookup": [answer(0.5, request="GET /users/<EMAIL>")],
            "meetings": [
                answer(2.0, 0.5, waited=1.0, status=403, page=2, retries=2, **{"for": {"TYPE": "past"}}),
                answer(1.0, window=["2026-01-01T00:00:00Z", "2026-01-29T00:00:00Z"]),
            ],
            "never_asked": [],
        },
    )
    found = timeline(tmp_path)
    assert found.lanes == timeline(run).lanes
    assert [lane.name for lane in found.lanes] == ["lookup", "meetings"]
    first, second = found.lanes[1].requests
    assert (first.part, first.begun, first.sent, round(first.ended, 6)) == ("2026-01-01 to 2026-01-29", 0.5, 0.5, 0.6)
    assert (second.part, second.begun, second.sent, second.ended, second.retries) == ("past, page 2", 0.5, 1.5, 2.0, 2)
    assert found.seconds == 2.0
    text = waterfall(found)
    assert '<i class="wait" style="left:25.000%;width:50.000%"></i><i class="refused" style="left:75.000%;width:25.000%"></i>' in text
    assert "403, 2 retries" in harmless(text).text
    assert most_at_once(found) == 1


def test_nothing_personal_is_shown(tmp_path):
    """Parents' values, reasons, the reference, the connection's name and the folder's own name stay where they are."""
    mail, name, phone, reference, connection = PLANTED
    run = folder(
        tmp_path / mail,
        {
            "meetings": [
                answer(1.0, of={"lists.id": mail, "lists.name": name, "lists.phone": phone}, request=f"GET /users/{mail}/x?q={mail}")
            ]
        },
        reference=reference,
        connection={"name": connection, "plan": None, "verified": f"verify was refused: {mail}"},
        subject={"outcome": "matched", "reason": f"{name} was found"},
        endpoints={"meetings": {"outcome": "failed", "reason": f"no user {mail}", "notes": [phone]}},
        spec={"file": f"/home/{name}/zoom.yaml"},
    )
    (run / "meetings.jsonl").write_text(json.dumps({"name": name}), "utf-8")
    found = timeline(run)
    for text in (waterfall(found), chrome(found)):
        assert "GET /users/…/x" in text
        assert [one for one in PLANTED if one in text] == []
        assert "lists" not in text
        assert "mara" not in text.lower()


def test_a_run_against_zoom_is_shown_whole(habeas, zoom, tmp_path):
    """Every answer of every page list is in both forms, no value of the person is in either."""
    assert ask(habeas, zoom, tmp_path / "run", "--email", FULL).returncode == 0
    lists = {path.name.split(".")[0]: recorded_answers(path) for path in (tmp_path / "run" / "zoom").glob("*.pages.jsonl")}
    answers = sum(map(len, lists.values()))
    told = habeas("trace", str(tmp_path / "run"))
    assert told.returncode == 0, told.stderr
    page = harmless(told.stdout)
    assert len([one for tag, one in page.tags if tag == "li" and one.get("class") == "row"]) == answers
    events = json.loads(habeas("trace", str(tmp_path / "run" / "zoom"), "--format", "chrome").stdout)["traceEvents"]
    assert len([one for one in events if one.get("cat") == "request"]) == answers
    assert {one["args"]["name"] for one in events if one["name"] == "process_name"} == set(lists)
    person = json.loads((tmp_path / "run" / "zoom" / "lookup.jsonl").read_text())
    for value in (FULL, person["id"], person["first_name"], person["last_name"], str(tmp_path)):
        assert value not in told.stdout + json.dumps(events)


def test_events_of_one_thread_never_overlap(tmp_path):
    """What Perfetto asks of complete events: whole microseconds, no two of a thread at once, names for every lane."""
    lines = [answer(1 + number % 7 / 3, 0.2 + number % 5 / 4, waited=number % 3 / 5) for number in range(60)]
    events = json.loads(chrome(timeline(folder(tmp_path, {"meetings": lines, "lookup": [answer(0.0)]}))))["traceEvents"]
    shown = [one for one in events if one["ph"] == "X"]
    assert all(isinstance(one["ts"], int) and one["ts"] >= 0 and one["dur"] >= 0 for one in shown)
    assert len([one for one in shown if one["cat"] == "request"]) == 61
    for _, group in itertools.groupby(
        sorted(shown, key=lambda one: (one["pid"], one["tid"], one["ts"])), key=lambda one: (one["pid"], one["tid"])
    ):
        for before, after in itertools.pairwise(group):
            assert before["ts"] + before["dur"] <= after["ts"]
    named = {(one["pid"], one["tid"]) for one in events if one["name"] == "thread_name"}
    assert {(one["pid"], one["tid"]) for one in shown} == named


def test_lines_are_as_many_as_are_needed():
    """What is over makes room; what is under way does not."""
    assert side_by_side([span(0, 0, 2), span(1, 1, 3), span(2, 2, 4), span(2.5, 2.5, 2.6)]) == [1, 2, 1, 3]
    assert side_by_side([]) == []


def test_a_lane_of_thousands_stays_readable(tmp_path):
    """Its bars are joined where a screen cannot tell them apart; its rows are those refused, then the slowest; the rest is counted."""
    many = [answer(number / 100, 0.005 if number % 2 else 0.006) for number in range(5000)]
    many[777]["status"] = 502
    text = waterfall(timeline(folder(tmp_path, {"meetings": many})))
    page = harmless(text)
    assert len(page.named("li")) == MOST_ROWS + 4
    assert text.count("<i ") < MOST_ROWS + 600
    assert "4,000 quicker requests not shown here" in page.text
    assert '<i class="broken"' in text
    assert len(text) < 1_000_000
    assert page.named("details") == [{}]


def test_a_run_without_answers_is_shown_too(tmp_path):
    """Nobody was found: an empty page, and no division by nothing."""
    found = timeline(folder(tmp_path, {"meetings": []}))
    assert "0 answers" in harmless(waterfall(found)).text
    assert json.loads(chrome(found))["traceEvents"] == []


@pytest.mark.parametrize(("total", "step"), [(0.001, 0.0001), (5.28, 1.0), (9.9, 1.0), (11, 2.0), (45, 5.0), (3600, 500.0)])
def test_marks_are_round(total, step):
    """At most ten of them."""
    assert tick(total) == pytest.approx(step)


def test_spans_are_written_for_people():
    """From milliseconds to hours."""
    assert [duration(one) for one in (0, 0.0024, 1.5, 90, 200, 7200)] == ["0", "2 ms", "1.5 s", "90 s", "3 min 20 s", "120 min"]


def test_hostile_names_become_no_markup(tmp_path):
    """A request line, a `for` value and an engine of angle brackets and quotes are read as themselves."""
    bad = '<script>alert(1)</script>"'
    run = folder(tmp_path, {"meetings": [answer(1, request=bad, **{"for": {"A": bad}})]}, engine=bad)
    page = harmless(waterfall(timeline(run)))
    assert page.text.count(bad) == 2
    assert any(bad in str(one.get("title")) for one in page.named("li"))


def damage(run, text, name="meetings.pages.jsonl"):
    (run / name).write_bytes(text if isinstance(text, bytes) else text.encode())


WRONG = {
    "no folder": (lambda run: shutil.rmtree(run.parent), "there is no such folder"),
    "a file": (lambda run: (shutil.rmtree(run.parent), run.parent.write_text("")), "there is no such folder"),
    "another folder": (shutil.rmtree, "no manifest.json lies in it"),
    "killed": (lambda run: (run / "manifest.json").unlink(), "has not ended, or was killed"),
    "two runs": (lambda run: shutil.copytree(run, run.parent / "other"), "holds 2 runs: name one"),
    "empty manifest": (lambda run: damage(run, "", "manifest.json"), "is no manifest of this version"),
    "another manifest": (lambda run: damage(run, '{"name": "mara"}', "manifest.json"), "missing required field"),
    "a newer manifest": (
        lambda run: damage(run, (run / "manifest.json").read_text().replace('"format": 1', '"format": 2'), "manifest.json"),
        "<= 1",
    ),
    "a huge manifest": (lambda run: os.truncate(run / "manifest.json", 65 << 20), "larger than 64 MiB"),
    "deep": (lambda run: damage(run, "[" * 200_000, "manifest.json"), "damaged"),
    "foreign lists": (
        lambda run: damage(run, "", "mara@example.com.pages.jsonl"),
        "holds 1 page list that its manifest.json does not know",
    ),
    "half a line": (lambda run: damage(run, json.dumps(answer(1)) + '\n{"request": "mara'), "meetings.pages.jsonl:2"),
    "no JSON": (lambda run: damage(run, "mara\n"), "meetings.pages.jsonl:1"),
    "no text": (lambda run: damage(run, b"\xff\xfe\n"), "meetings.pages.jsonl:1"),
    "a record": (lambda run: damage(run, '{"email": "mara"}\n'), "missing required field `request`"),
    "a status": (lambda run: damage(run, json.dumps(answer(1, status=7))), ">= 100"),
    "a time": (lambda run: damage(run, json.dumps(answer(1, sent_at="yesterday"))), "RFC3339"),
    "no zone": (lambda run: damage(run, json.dumps(answer(1, sent_at="2026-11-24T12:00:00"))), "timezone"),
    "backwards": (lambda run: damage(run, json.dumps(answer(1, seconds=-1))), ">= 0"),
    "for ever": (lambda run: damage(run, json.dumps(answer(1, waited=1e300))), "<= 1"),
    "a line without end": (lambda run: damage(run, '{"request": "' + "x" * (2 << 20)), "meetings.pages.jsonl:1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_run_is_said(case, tmp_path):
    """Folder, file, line; exit 2; and not a word of what was read."""
    run = folder(tmp_path / "out", {"meetings": [answer(1)]})
    harm, words = WRONG[case]
    harm(run)
    with pytest.raises(UsageError) as told:
        timeline(tmp_path / "out")
    assert words in str(told.value)
    assert "mara" not in str(told.value)
    assert told.value.exit_code == 2


def test_the_command_says_what_is_wrong(habeas, tmp_path):
    """Without a traceback; a format that is none, and a file that exists."""
    run = folder(tmp_path, {"meetings": [answer(1)]})
    out = tmp_path / "timeline.html"
    assert habeas("trace", str(run), "--out", str(out)).returncode == 0
    for words in ((str(tmp_path / "no"),), (str(run), "--format", "svg"), (str(run), "--out", str(out)), (str(run), "--out", str(run))):
        told = habeas("trace", *words)
        assert told.returncode == 2, words
        assert re.fullmatch(r"error: [^\n]+\n", told.stderr)
