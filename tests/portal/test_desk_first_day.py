"""What somebody stumbled over who worked at the desk for the first time: each page says what is the case, and what comes next."""

from __future__ import annotations

import json
import re

from engine.case.acts import Released
from tests.case.acts_kit import NOW
from tests.case.package_kit import bag_of, built, give_all, open_here
from tests.case.test_commands import PERSON, home_of
from tests.contact.mails import answer
from tests.portal.cases_kit import lines, served_with
from tests.portal.conftest import OFFICE
from tests.portal.test_users import added, cheap, enter
from tests.portal.test_values import looked

__all__ = ["cheap"]
AT = "/case/DSR-17"
NOBODY = "the person is no_match: the vendor knows nobody by this identifier"
TWO = [("a.csv", b"a,b\n"), ("b.csv", b"c,d\n")]


def opened(ran, reference: str, *more: str) -> str:
    """Open a case of a system without a spec; gives its address."""
    assert ran("case", "new", reference, "--vendor", "hris", *more, stdin=PERSON).returncode == 0
    return f"/case/{reference}"


def test_a_deletion_is_called_one(office, ran):
    """Nothing is fetched or released for it: the case says what is asked for, and the letter that is offered first asks for that."""
    deletion, access = opened(ran, "DSR-21", "--right", "deletion"), opened(ran, "DSR-20")
    page = office.see(deletion)
    assert "A deletion is asked for." in page
    assert "a release" not in page
    assert "fetching again" not in page
    assert "nothing taken in" not in page
    assert 'value="hris/deletion" selected' in office.see(f"{deletion}/contacts")
    assert "A deletion is asked for." not in office.see(access)
    assert 'value="hris/access" selected' in office.see(f"{access}/contacts")


def test_a_case_and_its_package_count_the_same_records(desk, ran):
    """Whoever compares the two must not think that a record was lost."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    built(ran)
    told = json.loads((bag_of(ran) / "data" / "completeness.json").read_text())
    count = sum(kind["found"] for service in told["services"] for kind in service["kinds"])
    assert re.findall(r'data-l="Records">([\d,]+)<', desk.see(AT)) == [str(count)]


def test_what_was_not_asked_for_is_not_said_to_be_complete(desk):
    """A kind that wants a permission which the connection lacks is no gap, and is named where gaps are."""
    page = desk.see(AT)
    assert "Not had from Zoom, since the connection lacks a permission that it need not have: Past meetings" in page
    assert "The person reads that." in page


def test_acts_say_what_comes_of_them(desk, ran):
    """What ends a case says so beside its button; what the person reads is called that; nothing is done before it is."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    page = desk.see(AT)
    assert "Either of these ends the case, and cannot be taken back." in page
    assert "How they were shown to be the person, with nothing personal in it, such as: called back" in page
    give_all(ran)
    built(ran)
    assert ran("package", "approve", "DSR-17").returncode == 0
    case = open_here(ran)
    case.act(Released(package=str(case.case.approved), folder="releases/1/DSR-17"), NOW)
    page = desk.see(AT)
    assert "How it gets there, as the person reads it" in page
    assert "When nothing more is to be done" in page
    assert desk.send(AT, page, do="deliver", why="by post").status == 303
    assert ">Nothing more is to be done<" in desk.see(AT)
    assert "that the package is on its way" in desk.see(f"{AT}/contacts").partition('id="person"')[2]


def test_nobody_is_offered_what_they_may_not_do(desk, ran):
    """Who reviews is not told to approve; the page of the package says who may."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    built(ran)
    added(desk, ana="review", bo="approve")
    enter(desk, "ana")
    for path in ("/", AT):
        assert "Somebody else approves the package" in desk.see(path)
    assert "In the portal: bo. Tell them" in desk.see(f"{AT}/package")
    enter(desk, "bo")
    assert "Look at the package, then approve it" in desk.see("/")
    assert "If something is not right, do not approve it" in desk.see(f"{AT}/package")


def test_a_fetch_says_what_each_service_lacks(desk):
    """Who is led there sees why a service is chosen, and what it means to leave files out."""
    page = desk.see(f"{AT}/run")
    assert re.search(r"> Zoom <span class=\"soft\">lacks [^<]*files of “Cloud recordings”", page)
    assert "Files that are left out are a gap" in page


def test_what_was_added_is_looked_at_next(office, ran):
    """A file that came without a letter leads to the files; one of several waits in good English, and none leads on."""
    at = opened(ran, "DSR-20")
    sent = office.upload(f"{at}/contacts", office.see(f"{at}/contacts"), TWO, do="file", vendor="hris")
    assert (sent.status, sent.headers["Location"]) == (303, f"{at}/files")
    page = office.see(f"{at}/files")
    assert "2 of 2 files wait for a decision" in page
    (first, second) = re.findall(r'name="(d-hris/[^"]+)" value="hold"', page)
    assert office.send(f"{at}/files", page, **{first: "hold"}).status == 303
    page = office.see(f"{at}/files")
    assert "1 of 2 files waits for a decision" in page
    assert office.send(f"{at}/files", page, **{second: "hold"}).status == 303
    assert f'Every file is decided. <a href="{at}">See what comes next</a>' in office.see(f"{at}/files")


def test_a_mail_that_was_taken_in_leads_to_its_case(office, ran):
    """From the letters of all cases, too; to files only where some came."""
    assert ran("contact", "send", "DSR-17", "hris", "access").returncode == 0
    token = re.search(r"HABEAS-[0-9A-Z]{4}-[0-9A-Z]{4}", next((open_here(ran).folder / "mails").glob("*.eml")).read_text())
    for word, files in (("DATA\n", tuple(TWO)), ("NONE\n", ())):
        mail = answer(word, sender="hr@acme.example", token=token[0], files=files)
        page = office.upload("/letters", office.see("/letters"), [("answer.eml", mail)], do="mail").text
        assert f'<a href="{AT}">See what comes next in DSR-17</a>' in page
        assert ("Look at the files that came" in page) == bool(files)


def test_no_word_of_the_manifest_stands_for_nobody(serve, habeas, tmp_path):
    """Where a service knows nobody, its kinds of record say that in words."""
    told = {"notes": {"title": "Notes", "outcome": "absent", "records": 0, "reason": NOBODY}}
    subject = {"outcome": "no_match", "identified_by": ["EMAIL"]}
    portal = served_with(serve, habeas, tmp_path, {}, subject=subject, endpoints=told)
    page = portal.see(f"{AT}/records")
    assert "the vendor knows nobody by this identifier" in page
    assert "no_match" not in page


def test_a_decision_is_not_called_by_its_number_twice(serve, habeas, tmp_path):
    """What was found inside of a text and decided about is called decided, by an act."""
    portal = served_with(serve, habeas, tmp_path, {"notes": lines({"text": "ask jo@example.com"})})
    assert habeas("review", "mask", "DSR-17", "undecided").returncode == 0
    said = re.findall(r"<td[^>]*data-l=\"Found[^>]*>(.*?)</td>", portal.see(f"{AT}/acme/notes/1"), re.DOTALL)
    shown = " ".join(re.sub(r"<[^>]+>", " ", one) for one in said)
    assert re.search(r"decided\s+act \d+", shown), shown
    assert not re.search(r"act (\d+)\s+act \1", shown), shown


def test_the_window_says_which_cases_it_lists(desk):
    """Those that have ended are not open."""
    looked(desk)
    assert "<title>Released and ended cases, Habeas</title>" in desk.see("/?show=ended")
    assert "<title>Open cases, Habeas</title>" in desk.see("/")
