"""The pages of kinds and of records: what the files hold, in their order, 50 a page; a record, or all of a kind, is held or given there."""

from __future__ import annotations

import json
import re

import pytest

from engine.case.acts import Decided, Undone
from tests.case.invented import decided
from tests.case.package_kit import open_here
from tests.portal.cases_kit import AT, here, lines, served_with
from tests.portal.test_values import looked

NUMBERS = re.compile(r'<tr role="row" id="r(\d+)">')
KIND = f"{AT}/acme/notes"
MANY = lines(*({"id": at, "topic": f"topic {at}", "mail": f"person{at}@example.com" if at % 10 == 0 else None} for at in range(1, 126)))


@pytest.fixture
def many(serve, habeas, tmp_path):
    """Serve a case with 125 records, in every tenth of which an address stands."""
    return served_with(serve, habeas, tmp_path, {"notes": MANY, "nothing": b""})


def test_before_anybody_looked_through_the_runs_the_pages_offer_to(desk, ran):
    """Each of them; the button leads to the records, and to look wrote nothing before it."""
    before = open_here(ran).case.n
    for path in ("records", "zoom", "zoom/meetings", "zoom/meetings/1", "files", "search"):
        assert "Look through it" in desk.see(f"{AT}/{path}")
    assert open_here(ran).case.n == before
    sent = desk.send(f"{AT}/records", desk.see(f"{AT}/zoom/meetings"), do="look")
    assert (sent.status, sent.headers["Location"]) == (303, f"{AT}/records")
    assert "Look through it" not in desk.see(f"{AT}/zoom/meetings")


def test_every_kind_of_record_is_listed_with_what_came_of_it(desk, ran):
    """Outcome, records, places found and waiting, as the manifest and the cache of findings count them; none is left out for being zero."""
    looked(desk)
    manifest = json.loads((open_here(ran).folder / "runs" / "zoom" / "manifest.json").read_text())
    page = desk.see(f"{AT}/records")
    for endpoint, told in manifest["endpoints"].items():
        row = re.search(rf'<tr role="row">(?:(?!</tr>).)*>{endpoint}</span>.*?</tr>', page, re.DOTALL)
        assert row is not None
        assert {"excluded": "left out"}.get(told["outcome"], told["outcome"]) in row[0]
        assert (f'data-l="Records">{told["records"]:,}<' in row[0]) == bool(told["records"])
    waiting = sum(int(one.replace(",", "")) for one in re.findall(r"\?show=undecided\">([\d,]+)<", page))
    told = json.loads(ran("review", "list", "DSR-17", "--most", "1000", "--json").stdout)
    assert waiting == sum(value["undecided"] for row in told["rows"] for value in row["values"])
    assert desk.see(f"{AT}/zoom").count("<tr") == page.count("<tr")


def test_the_records_stand_in_the_order_of_the_file_fifty_a_page(many):
    """Every page begins where the one before ended; an address stays that of the same records."""
    found = [NUMBERS.findall(many.see(f"{KIND}?p={page}")) for page in (1, 2, 3)]
    assert [len(one) for one in found] == [50, 50, 25]
    assert [int(one) for page in found for one in page] == list(range(1, 126))
    assert many.see(f"{KIND}?p=99") == many.see(f"{KIND}?p=3")
    assert "topic 77" in many.see(f"{KIND}?p=2")
    assert "Page 2 of 3" in many.see(f"{KIND}?p=2")


def test_only_records_with_something_to_decide_are_shown_when_asked_for(many, habeas):
    """One after another, from any of them on; once nothing waits, that is said."""
    page = many.see(f"{KIND}?show=undecided")
    assert NUMBERS.findall(page) == [str(number) for number in range(10, 126, 10)]
    assert NUMBERS.findall(many.see(f"{KIND}?show=undecided&after=100")) == ["110", "120"]
    assert "Nothing behind record 120 waits" in many.see(f"{KIND}?show=undecided&after=120")
    assert habeas("review", "give", "DSR-17", "undecided").returncode == 0
    assert "Nothing in these records waits" in many.see(f"{KIND}?show=undecided")


def test_a_kind_that_gave_nothing_says_so(many):
    """It is no error: the service was asked, and has none."""
    assert "gave no such record" in many.see(f"{AT}/acme/nothing")
    for path in ("acme/other", "other/notes", "other", "acme/notes/126", "acme/notes/0", "acme/notes/x", "acme/notes/1x", "acme/notes/-1"):
        answer = many.ask("GET", f"{AT}/{path}")
        assert (answer.status, "To the case" in answer.text) == (404, True), path
        assert many.send(f"{AT}/{path}", many.see(KIND), do="look").status in (404, 405, 422), path


def test_records_are_held_and_given_and_that_is_taken_back(many, habeas):
    """Each choice is the act that the shell writes; what is held says so in its row, with the way back."""
    before = open_here(habeas).case.n
    sent = many.send(f"{KIND}?p=2", many.see(f"{KIND}?p=2"), **{"d-60": "hold", "d-61": "hold", "because": "privilege"})
    assert (sent.status, sent.headers["Location"]) == (303, f"{KIND}?p=2")
    done = [line.act for line in open_here(habeas).lines[before:]]
    assert [(act.operation, act.because, act.target.endpoint) for act in done] == [("hold", "privilege", "notes")] * 2
    assert all(isinstance(act, Decided) and act.target.record and act.target.pointer is None for act in done)
    page = many.see(f"{KIND}?p=2")
    assert page.count("held: confidential, with a lawyer") == 2
    assert many.send(KIND, page, undo=re.findall(r'name="undo" value="(\d+)"', page)[0]).status == 303
    assert isinstance(open_here(habeas).lines[-1].act, Undone)
    assert many.see(f"{KIND}?p=2").count("held: confidential") == 1


def test_all_of_a_kind_is_held_at_once(many, habeas):
    """One act; the kinds say so, each record says so, and it is taken back on the same page."""
    assert many.send(KIND, many.see(KIND), **{"all": "hold", "r-all": "out_of_scope"}).status == 303
    act = open_here(habeas).lines[-1].act
    assert (act.operation, act.target.endpoint, act.target.record, act.because) == ("hold", "notes", None, "out_of_scope")
    page = many.see(KIND)
    assert page.count("held: not asked for") == 50
    assert "not given: not asked for" in many.see(f"{AT}/records")
    assert many.send(KIND, page, undo=str(open_here(habeas).case.n)).status == 303
    assert "held:" not in many.see(KIND)


def test_what_does_not_fit_decides_nothing_and_keeps_what_was_chosen(many, habeas):
    """A reason that does not go with it, a record that is not there, an act that is none: all or nothing."""
    before = open_here(habeas).case.n
    page = many.see(KIND)
    sent = many.send(KIND, page, **{"d-3": "hold", "because": "known_to_them"})
    assert sent.status == 422
    assert "is no reason to hold" in sent.text
    assert re.search(r'name="d-3" value="hold" checked', sent.text)
    for fields in ({}, {"d-999": "hold"}, {"d-": "hold"}, {"d-x": "hold"}, {"d-1": "mask"}, {"all": "x"}, {"undo": "x"}, {"undo": "1"}):
        assert many.send(KIND, page, **fields).status == 422, fields
    assert open_here(habeas).case.n == before


def test_a_second_reviewer_sees_what_the_first_did_and_decides_nothing(many, habeas):
    """The form is of the case as it was; what was chosen is kept."""
    page = many.see(KIND)
    assert many.send(KIND, page, **{"d-3": "hold"}).status == 303
    second = many.send(KIND, page, **{"d-4": "hold", "because": "privilege"})
    assert second.status == 409
    assert "Decided to hold the record" in second.text
    assert re.search(r'name="d-4" value="hold" checked', second.text)
    assert '<option value="privilege" selected>' in second.text
    assert sum(isinstance(line.act, Decided) for line in open_here(habeas).lines) == 1


def test_a_record_that_was_changed_is_not_shown_as_if_it_were_the_one(many, habeas):
    """Another byte, a shorter file, a link in its place, no file, no folder: each is an error that names the file, on a page of the case."""
    file = here(habeas, "notes.jsonl")
    raw = file.read_bytes()
    outside = file.with_name("outside")
    outside.write_bytes(raw)
    for change in (
        lambda: file.write_bytes(raw.replace(b"topic 3", b"topic X")),
        lambda: file.write_bytes(raw[:100]),
        lambda: (file.unlink(), file.symlink_to(outside)),
        file.unlink,
    ):
        change()
        for path in (KIND, f"{KIND}/3"):
            answer = many.ask("GET", path)
            assert (answer.status, "notes.jsonl" in answer.text, "To the case" in answer.text) == (422, True, True)
            assert "topic X" not in answer.text
    file.write_bytes(raw)
    assert "topic 3" in many.see(KIND)


def test_a_case_that_vanishes_is_told(many, habeas):
    """The folder of the run, then that of the case: no page of it is there, and no form writes one."""
    page, folder = many.see(KIND), open_here(habeas).folder
    aside = folder.with_name("aside")
    (folder / "runs").rename(folder / "gone")
    for path in ("records", "acme", "acme/notes", "acme/notes/3", "files"):
        assert many.ask("GET", f"{AT}/{path}").status == 422, path
    folder.rename(aside)
    for path in ("records", "acme", "acme/notes", "acme/notes/3", "files", "search"):
        assert many.ask("GET", f"{AT}/{path}").status == 404, path
    assert many.send(KIND, page, **{"d-3": "hold"}).status == 404
    assert not folder.exists()
    (aside / "gone").rename(aside / "runs")
    aside.rename(folder)
    assert many.send(KIND, page, **{"d-3": "hold"}).status == 303


def test_a_log_that_was_tampered_with_while_a_page_is_open_takes_no_decision(many, habeas):
    """The chain does not hold: the page says which line, and nothing is written."""
    page, log = many.see(KIND), open_here(habeas).folder / "log.jsonl"
    raw = log.read_bytes()
    log.write_bytes(raw.replace(b"gdpr", b"ccpa"))
    sent = many.send(KIND, page, **{"d-3": "hold"})
    assert (sent.status, "log.jsonl:" in sent.text) == (422, True)
    assert log.read_bytes() == raw.replace(b"gdpr", b"ccpa")


def test_a_cache_of_findings_that_was_damaged_is_made_anew(many, habeas):
    """It is no truth: the pages are the same without it."""
    page = many.see(KIND)
    cache = open_here(habeas).folder / "findings.sqlite"
    cache.write_bytes(b"no database")
    assert many.see(KIND) == page
    cache.unlink()
    assert many.see(KIND) == page


def test_a_choice_whose_record_is_elsewhere_now_is_counted(serve, habeas, tmp_path):
    """A colleague decided it meanwhile, so that it is not among those that wait: the page does not pretend that the choice is still there."""
    portal = served_with(serve, habeas, tmp_path, {"notes": lines({"text": "ann@example.com"}, {"text": "bo@example.com"})})
    path = f"{AT}/acme/notes?show=undecided"
    page = portal.see(path)
    decided(habeas, "mask", "acme/notes:1")
    stale = portal.send(path, page, **{"d-1": "hold", "d-2": "hold"})
    assert stale.status == 409
    assert "1 of your choices is of what stands elsewhere now: look for it, and choose again." in stale.text
    assert 'name="d-2" value="hold" checked' in stale.text
