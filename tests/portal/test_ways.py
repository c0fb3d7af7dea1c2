"""The next act of a case: named in every state, in the list and in the case, and its link leads to where it is done."""

from __future__ import annotations

import re

from engine.case.acts import Delivered, Released
from engine.case.words import Blocked
from engine.portal.ways import WAYS, way_of
from tests.case.acts_kit import NOW
from tests.case.package_kit import approved, built, give_all, open_here
from tests.case.test_commands import PERSON, home_of
from tests.portal.conftest import OFFICE

AT = "/case/DSR-17"
NEXT = re.compile(r'<div class="next"><h2>([^<]*)</h2><p><a href="([^"]+)">([^<]+)</a></p></div>')


def offered(desk, reference: str = "DSR-17", lists: str = "/") -> tuple[str, str, str]:
    """Give what the box of a case says, where its link leads and the words of it; the list of cases must say the same."""
    ((head, where, words),) = NEXT.findall(desk.see(f"/case/{reference}"))
    assert f'<a href="{where}">{words}</a>' in desk.see(lists)
    path, _, part = where.partition("#")
    page = desk.see(path)
    assert not part or f'id="{part}"' in page
    return head, where.removeprefix(f"/case/{reference}"), words


def test_each_state_names_what_comes_next(desk, ran):
    """From what is missing to the end; a package that lies there is looked at, not made again, and a release is not the last act."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    assert offered(desk)[1:] == ("#identity", "Say how it was shown who asks")
    give_all(ran)
    assert offered(desk) == ("Nothing blocks the release", "/package", "Make the package")
    built(ran)
    assert offered(desk)[1:] == ("/package", "Look at the package, then approve it")
    approved(ran)
    assert offered(desk)[1:] == ("/package", "Release the package")
    case = open_here(ran)
    case.act(Released(package=str(case.case.approved), folder="releases/1/DSR-17"), NOW)
    assert offered(desk, lists="/?show=ended") == ("Next: tell the person", "#deliver", "Say that the package is on its way")
    assert "No case is open" in desk.see("/")
    assert ran("case", "new", "DSR-18", stdin=PERSON).returncode == 0
    assert "Released and ended: 1, 1 of them still to be told or closed." in desk.see("/")
    open_here(ran).act(Delivered(how="by hand"), NOW)
    assert offered(desk, lists="/?show=ended") == ("Next: the case can be closed", "#close", "Close the case")
    assert ran("case", "close", "DSR-17").returncode == 0
    assert NEXT.findall(desk.see(AT)) == []
    assert '<span class="soft">none</span>' in desk.see("/?show=ended")


def test_a_system_that_nothing_can_be_fetched_from_is_asked_by_mail(office, ran):
    """The page of fetches does not know it: the link leads to the letters; whose owner declined is accepted in the case."""
    for reference, more in (("DSR-20", ()), ("DSR-21", ("--right", "deletion"))):
        assert ran("case", "new", reference, "--vendor", "hris", *more, stdin=PERSON).returncode == 0
        assert ran("case", "identified", reference, "--how", "by letter").returncode == 0
    assert offered(office, "DSR-20")[1:] == ("/contacts", "Ask its owner, or add its file")
    assert offered(office, "DSR-21")[1:] == ("/contacts", "Ask its owner")
    for reference, purpose, word in (("DSR-20", "access", "declined"), ("DSR-21", "deletion", "deleted")):
        assert ran("contact", "send", reference, "hris", purpose).returncode == 0
        assert offered(office, reference)[1:] == ("/contacts", "See the letter")
        at = f"/case/{reference}/contacts"
        sent = office.upload(at, office.see(at), [], do="answer", vendor="hris", purpose=purpose, word=word)
        assert sent.status == 303, sent.text
    assert offered(office, "DSR-20")[1:] == ("#gaps", "Accept that nothing is had of it")
    assert offered(office, "DSR-21") == ("Every owner has answered", "#conclude", "Write the letter that says what was deleted")


def test_everything_that_blocks_has_a_way():
    """Each part of the work leads somewhere; a service with a spec is fetched from, one without is not."""
    for part in WAYS:
        assert way_of(Blocked("x", "y", part, "zoom"), {"zoom"}) == WAYS[part]
    assert way_of(Blocked("x", "y", vendor="hris"), {"zoom"}).place == "/contacts"
    assert way_of(Blocked("x", "y"), {"zoom"}).place == "/run"


def test_who_is_led_to_a_fetch_finds_it_filled_in(desk):
    """A service that lacks something is chosen, and so are its files where they are what is missing."""
    page = desk.see(f"{AT}/run")
    assert 'name="vendor" value="zoom" checked' in page
    assert 'name="files" value="yes" checked' in page


def test_an_undo_after_the_release_says_that_it_opens_the_case_again(desk, ran):
    """Every page on which something can be decided warns, and the button says what it does; before the release it says nothing of it."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    approved(ran)
    pages = [f"{AT}/{part}" for part in ("decide", "values", "zoom/meetings", "zoom/meetings/1")]
    for path in pages:
        assert "opens the case again" not in desk.see(path)
    case = open_here(ran)
    case.act(Released(package=str(case.case.approved), folder="releases/1/DSR-17"), NOW)
    for path in pages:
        assert "opens the case again" in desk.see(path)
    page = desk.see(pages[0])
    (number, words) = re.findall(r'<button name="undo" value="(\d+)" aria-label="[^"]+">([^<]+)</button>', page)[0]
    assert words == "Undo, and open the case again"
    assert desk.send(pages[0], page, undo=number).status == 303
    assert open_here(ran).case.state == "reviewing"
    assert ">Undo<" in desk.see(pages[0]) or "None yet" in desk.see(pages[0])


def test_letters_to_the_person_are_found_from_the_case(desk, ran):
    """A letter that was written is a file: the case says where it is saved."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    assert "so far" not in desk.see(AT)
    assert desk.send(AT, desk.see(AT), do="acknowledge").status == 303
    assert f'<a href="{AT}/contacts#person">Save them, 1 so far</a>' in desk.see(AT)
    assert 'id="person"' in desk.see(f"{AT}/contacts")


def test_where_nothing_can_be_had_nothing_is_offered(office, ran):
    """Every owner holds nothing, or the case is over: no page that shows records leads to a fetch."""
    assert ran("case", "new", "DSR-20", "--vendor", "hris", stdin=PERSON).returncode == 0
    assert "Owners are asked at" in office.see("/case/DSR-20/values")
    assert ran("contact", "send", "DSR-20", "hris", "access").returncode == 0
    at = "/case/DSR-20/contacts"
    assert office.upload(at, office.see(at), [], do="answer", vendor="hris", purpose="access", word="none").status == 303
    page = office.see("/case/DSR-20/values")
    assert "every system has answered that it holds nothing" in page
    assert "Fetch it" not in page
    assert ran("case", "withdraw", "DSR-20").returncode == 0
    page = office.see("/case/DSR-20/records")
    assert "nothing was fetched, and the case is withdrawn" in page
    assert "Fetch it" not in page


def test_who_is_late_is_told_what_is_left(desk, ran):
    """The time to say that it takes longer has passed: the page says so, and offers no button for it."""
    before = desk.see(AT)
    assert "<summary>Extend, deny, withdraw</summary>" in before
    assert "cannot be extended any more" not in before
    desk.now = desk.now.replace(year=desk.now.year + 1)
    page = desk.see(AT)
    assert "It cannot be extended any more: that the answer takes longer had to be said by" in page
    assert "<summary>Deny, withdraw</summary>" in page
