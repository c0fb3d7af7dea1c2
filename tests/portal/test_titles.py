"""What people call systems and kinds of record: a page says so wherever somebody reads it, and shows the names of programs for copying only."""

from __future__ import annotations

import re

import pytest

from engine.case.acts import Purged, Withdrawn
from tests.case.acts_kit import NOW
from tests.case.package_kit import give_all, open_here
from tests.case.test_commands import home_of
from tests.portal.test_acting import AT
from tests.portal.test_values import looked

VISIBLE = re.compile(r"<code>.*?</code>|<[^>]*>", re.DOTALL)  # what is copied into a terminal, and what is no text
NAMES = re.compile(r"\b(zoom|slack|hris)\b|recordings_trash|phone_voicemails")


def visible(page: str) -> str:
    """Give the text of a page, without what is to be typed in a terminal."""
    return VISIBLE.sub(" ", page.replace("<wbr>", ""))


@pytest.mark.parametrize("path", [AT, f"{AT}/log", f"{AT}/person", f"{AT}/package", "/", "/new", f"{AT}/files"])
def test_a_page_calls_systems_and_kinds_of_record_what_people_call_them(path, office):
    """Neither what is in the way, nor a gap, a choice or the log says `zoom` or `recordings_trash`."""
    looked(office)
    page = visible(office.see(path))
    assert NAMES.findall(page) == []
    wanted = {AT: "Zoom: files of “Cloud recordings in the trash” were not downloaded", "/new": "the HR system"}
    assert wanted.get(path, "") in page


def test_an_owner_is_named_wherever_a_letter_is_told_of(office):
    """The choice, the list of all letters, what time asks for, and the log; what a person has to send themselves is not called sent."""
    at = f"{AT}/contacts"
    assert "the HR system, access" in visible(office.see(at))
    assert office.send(at, office.see(f"{at}?ask=hris/access"), do="send", vendor="hris", purpose="access").status == 303
    page = visible(office.see(at))
    assert "The HR system: access" in page
    assert "owner of the HR system about access was written" in page
    assert "the HR system" in visible(office.see("/letters"))
    told = visible(office.send("/letters", office.see("/letters"), do="tick").text)
    assert "DSR-17: the HR system (access) written, to be sent by hand." in told


def test_a_contacts_file_that_cannot_be_used_hides_no_case(office, ran):
    """Systems are then called as their specs call them, and the page Letters says what is wrong with the file."""
    (home_of(ran) / "contacts.yaml").write_text("owners: 1\n")
    assert "Zoom: files of" in office.see(AT)
    told = office.ask("GET", "/letters")
    assert (told.status, "contacts.yaml: the file" in told.text) == (422, True)


def test_the_look_up_has_a_name_too(desk):
    """Where a value or a text was found in it, the page says what that is."""
    looked(desk)
    assert "Who the person is to the service" in desk.see(f"{AT}/values?show=undecided&kind=emails")
    found = desk.send(f"{AT}/search", desk.see(f"{AT}/search"), q="Lindqvist").text
    assert "Who the person is to the service, record 1" in found
    assert "lookup, record" not in found


def test_a_decision_names_its_value_where_it_can_be_taken_back(desk, ran):
    """The log holds a digest alone; the page shows what it is of, as long as that is there, and the log itself still does not."""
    give_all(ran)
    page = desk.see(f"{AT}/decide")
    assert "<bdi>Leif Castellan</bdi>" in page or "<bdi>Weißmüller</bdi>" in page
    assert page.count("Decided to give every place of the value") == page.count('<b class="long"><bdi>') > 1
    assert "Weißmüller" not in desk.see(f"{AT}/log")
    open_here(ran).act(Withdrawn(), NOW)
    open_here(ran).act(Purged(what=("raw",), files=1, size=1), NOW)
    assert '<b class="long"><bdi>' not in desk.see(f"{AT}/decide")
