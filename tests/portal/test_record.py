"""The page of one record: every field, what was found in it and what becomes of it; a place, a field, a value or the record is decided there."""

from __future__ import annotations

import json
import re

import pytest

from engine.case.acts import Decided, Target
from tests.case.invented import opened_with, run_folder
from tests.case.package_kit import open_here
from tests.portal.cases_kit import AT, here, lines, served_with
from tests.portal.test_values import looked

ROWS = re.compile(r'<tr role="row" id="f(\d+)">.*?</tr>', re.DOTALL)
SHA256 = re.compile(r'name="record" value="([0-9a-f]{64})"')
RECORD = f"{AT}/acme/notes/1"
NOTES = lines(
    {
        "topic": "Lunch",
        "text": "ask Jo at jo@example.com, or bo@example.com",
        "owner": {"mail": "jo@example.com", "tags": ["a", "jo@example.com"]},
        "count": 3,
        "nobody": None,
        "empty": "",
    },
    {"topic": "Dinner", "text": "nobody", "owner": {"mail": "jo@example.com", "tags": []}, "count": 4},
)


@pytest.fixture
def notes(serve, habeas, tmp_path):
    """Serve a case with two records."""
    return served_with(serve, habeas, tmp_path, {"notes": NOTES})


def row(page: str, name: str) -> str:
    """Give the row of a field, by its path in the file."""
    return next(found[0] for found in ROWS.finditer(page) if f'data-l="In the file">{name}</td>' in found[0])


def number(page: str, name: str) -> str:
    """Give the number of a field in the form."""
    return re.search(r'id="f(\d+)"', row(page, name))[1]


def decided(portal, page: str, path: str = RECORD, **fields: str):
    """Send the form of a record."""
    return portal.send(path, page, record=SHA256.findall(page)[0], **fields)


def acts(habeas, before: int) -> list[tuple[str, str, Target]]:
    """Give what was decided since."""
    return [(act.operation, act.because, act.target) for line in open_here(habeas).lines[before:] if isinstance(act := line.act, Decided)]


def test_every_field_is_shown_with_what_was_found_in_it(notes):
    """Values, paths, each thing that was found with its reason; what is empty is counted, and a neighbour is a link away."""
    page = notes.see(RECORD)
    assert "record 1 of 2" in page
    assert "7 fields: 5 with a value are shown, 2 are empty" in page
    text = row(page, "text")
    assert text.count("an e-mail address") == 2
    assert text.count("<mark>") == 2
    assert "<mark>jo@example.com</mark>" in text
    assert text.count("<b>to decide</b>") == 2
    assert "nothing" in row(page, "topic")
    assert "to decide" in row(page, "owner.tags")
    assert f'href="{RECORD[:-1]}2"' in page
    assert "Next to decide: record 2" in page
    assert "Next to decide" not in notes.see(f"{RECORD[:-1]}2")


def test_every_field_of_every_record_of_a_vendor_is_there_with_its_label(desk, ran):
    """By the labels beside the spec, codes with their meaning; nothing of a record is missing on its page."""
    looked(desk)
    run = open_here(ran).folder / "runs" / "zoom"
    page = desk.see(f"{AT}/zoom/phone_call_history/17")
    record = json.loads((run / "phone_call_history.jsonl").read_text().splitlines()[16])
    names = set(re.findall(r'data-l="In the file">([^<]+)<', page))
    assert names == {name for name, value in record.items() if value not in (None, "", [], {})}
    assert "Caller&#39;s name" in page
    assert "(inbound)" in page or "(outbound)" in page
    assert "another person" in page
    assert "others[" in page


def test_a_place_is_decided_here_only(notes, habeas):
    """One act on the pointer of this record; the page says what becomes of it, and takes it back."""
    page, before = notes.see(RECORD), open_here(habeas).case.n
    sent = decided(notes, page, **{f"d-{number(page, 'owner.mail')}": "mask", "do": "stay", "note": "asked her"})
    assert (sent.status, sent.headers["Location"]) == (303, RECORD)
    target = Target(vendor="acme", endpoint="notes", record=SHA256.findall(page)[0], pointer="/owner/mail")
    assert acts(habeas, before) == [("mask", "third_party", target)]
    assert open_here(habeas).lines[-1].act.note == "asked her"
    page = notes.see(RECORD)
    assert 'becomes <span class="gone">[withheld: another person]</span>' in row(page, "owner.mail")
    assert f"mask here only, act {before + 1}" in row(page, "owner.mail")
    assert "to decide" in row(page, "text")
    assert decided(notes, page, undo=str(before + 1)).status == 303
    assert "to decide" in row(notes.see(RECORD), "owner.mail")


def test_a_field_is_decided_in_all_records(notes, habeas):
    """As `review mask DSR-17 acme/notes.owner.mail` does; the next record is shown, and says the same."""
    page, before = notes.see(RECORD), open_here(habeas).case.n
    sent = decided(notes, page, **{f"d-{number(page, 'owner.mail')}": "alias", "where": "field", "do": "next"})
    assert (sent.status, sent.headers["Location"]) == (303, f"{RECORD[:-1]}2")
    assert acts(habeas, before) == [("alias", "third_party", Target(vendor="acme", endpoint="notes", field="owner.mail"))]
    assert "alias in all records" in row(notes.see(f"{RECORD[:-1]}2"), "owner.mail")


def test_a_value_is_decided_wherever_it_stands(notes, habeas):
    """Every place of it, also inside of a text, in this record and others; the other value of that text waits still."""
    page, before = notes.see(RECORD), open_here(habeas).case.n
    assert decided(notes, page, **{f"d-{number(page, 'owner.mail')}": "give", "where": "value"}).status == 303
    ((operation, because, target),) = acts(habeas, before)
    assert (operation, because) == ("give", "known_to_them")
    assert target.value
    page = notes.see(RECORD)
    for name in ("owner.mail", "owner.tags", "text"):
        assert "give wherever it stands" in row(page, name)
    assert row(page, "text").count("<b>to decide</b>") == 1
    assert "<b>to decide</b>" not in row(notes.see(f"{RECORD[:-1]}2"), "owner.mail")
    assert '"rows"' in habeas("review", "list", "DSR-17", "--json").stdout


def test_the_record_is_held_as_a_whole(notes, habeas):
    """It says so above its fields, which can be read still; what the shell lists is the same."""
    page, before = notes.see(RECORD), open_here(habeas).case.n
    assert decided(notes, page, whole="hold", because="privilege", do="stay").status == 303
    assert acts(habeas, before) == [("hold", "privilege", Target(vendor="acme", endpoint="notes", record=SHA256.findall(page)[0]))]
    page = notes.see(RECORD)
    assert "Held: confidential, with a lawyer, by act" in page
    assert "Lunch" in page
    assert decided(notes, page, undo=str(before + 1)).status == 303
    assert "Held:" not in notes.see(RECORD)


def test_items_of_a_list_are_decided_together(notes, habeas):
    """A list of plain values is one row: each of its items is a place."""
    page, before = notes.see(RECORD), open_here(habeas).case.n
    assert decided(notes, page, **{f"d-{number(page, 'owner.tags')}": "drop"}).status == 303
    assert [target.pointer for _, _, target in acts(habeas, before)] == ["/owner/tags/0", "/owner/tags/1"]


def test_what_does_not_fit_decides_nothing_and_keeps_what_was_chosen(notes, habeas):
    """No field, no act, no reason, another record, nothing found to decide about: all or nothing."""
    page, before = notes.see(RECORD), open_here(habeas).case.n
    topic = f"d-{number(page, 'topic')}"
    for fields in (
        {},
        {"d-999": "mask"},
        {"d-": "mask"},
        {topic: "hold"},
        {topic: "mask", "where": "x"},
        {topic: "mask", "because": "x"},
        {topic: "mask", "where": "value"},
        {"whole": "mask"},
        {"undo": "1"},
    ):
        assert decided(notes, page, **fields).status == 422, fields
    assert notes.send(RECORD, page, **{topic: "mask"}).status == 422
    assert notes.send(RECORD, page, **{topic: "mask", "record": "0" * 64}).status == 422
    sent = decided(notes, page, **{topic: "give", "because": "privilege", "where": "field", "note": "asked her"})
    assert sent.status == 422
    assert "is no reason to give" in sent.text
    assert re.search(r'<option value="give" selected>', row(sent.text, "topic"))
    assert '<option value="field" selected>' in sent.text
    assert 'value="asked her"' in sent.text
    assert open_here(habeas).case.n == before


def test_two_reviewers_at_one_value(notes, habeas):
    """Who comes second sees what the first decided, decides nothing, and loses nothing of what was chosen."""
    page, before = notes.see(RECORD), open_here(habeas).case.n
    mail = f"d-{number(page, 'owner.mail')}"
    assert decided(notes, page, **{mail: "give", "where": "value"}).status == 303
    second = decided(notes, page, **{mail: "mask", "where": "value", "note": "mine"})
    assert second.status == 409
    assert "Decided to give every place of the value" in second.text
    assert re.search(r'value="mask" checked', row(second.text, "owner.mail"))
    assert 'value="mine"' in second.text
    assert len(acts(habeas, before)) == 1


def test_a_run_that_was_fetched_again_makes_the_form_stale(notes, habeas, tmp_path):
    """The record of that number may be another one: the form decides about none."""
    page = notes.see(RECORD)
    opened_with(habeas, run_folder(tmp_path / "again", {"notes": lines({"topic": "Another"})}))
    assert decided(notes, page, whole="hold").status == 409
    assert "Another" in notes.see(RECORD)
    assert notes.ask("GET", f"{RECORD[:-1]}2").status == 404


def test_a_record_that_changed_on_the_disk_is_not_decided_about(notes, habeas):
    """Between the page and its form: nothing is written."""
    page, before = notes.see(RECORD), open_here(habeas).case.n
    file = here(habeas, "notes.jsonl")
    file.write_bytes(file.read_bytes().replace(b"Lunch", b"Munch"))
    sent = decided(notes, page, **{f"d-{number(page, 'topic')}": "mask"})
    assert (sent.status, "notes.jsonl" in sent.text) == (422, True)
    assert open_here(habeas).case.n == before
