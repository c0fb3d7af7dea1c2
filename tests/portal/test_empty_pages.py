"""Pages of which nothing is there, or that were refused: each says in its head what it is, and what comes next."""

from __future__ import annotations

import re

import pytest

from tests.case.package_kit import built, give_all, open_here
from tests.case.test_commands import PERSON, home_of
from tests.portal.conftest import OFFICE
from tests.portal.test_acting import AT


def heads(page: str) -> tuple[str, str]:
    """Give the title and the first heading of a page."""
    return re.findall("<title>(.*?), Habeas</title>", page)[0], re.findall("<h1>(.*?)</h1>", page)[0]


def test_a_refusal_says_what_it_is(desk, ran):
    """The head of the page is no name of the program, and a log that does not hold leads to the command that tells more."""
    assert ran("case", "new", "DSR-16", stdin=PERSON).returncode == 0
    log = home_of(ran) / "cases" / "DSR-16" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"gdpr", b"ccpa"))
    broken, missing = desk.ask("GET", "/case/DSR-16").text, desk.ask("GET", "/nothing").text
    assert heads(broken) == ("DSR-16 cannot be read",) * 2
    assert "<code>habeas case check-log DSR-16</code>" in broken
    assert heads(missing) == ("There is nothing here",) * 2
    assert heads(desk.ask("GET", "/case/DSR-99").text) == ("There is nothing here",) * 2
    assert heads(desk.ask("GET", "/?show=ended").text) == ("Released and ended cases",) * 2
    for page in (broken, missing):
        assert '<a href="/">All open cases</a>' in page
        assert "check-log" not in page or page is broken
    assert heads(desk.send("/leave", desk.see("/")).text) == ("Signed out",) * 2
    assert heads(desk.ask("GET", "/").text) == ("You are not signed in",) * 2


@pytest.mark.parametrize(
    ("path", "words", "way"),
    [
        ("/due", "Nothing is due.", '<a href="/">'),
        ("/letters", "Nobody was asked by mail.", '<a href="/">'),
        ("/case/DSR-16/decide", "Nothing was fetched yet", '<a href="/case/DSR-16/run">Fetch it</a>'),
        ("/case/DSR-16/contacts", "Nobody was asked by mail in this case.", "Choose whom at “Write to an owner”"),
    ],
)
def test_an_empty_page_says_what_comes_next(path, words, way, desk, ran):
    """By a link, or by the name of what stands beside it."""
    if path == "/due":
        assert ran("case", "withdraw", "DSR-17").returncode == 0
    elif path != "/letters":
        assert ran("case", "new", "DSR-16", stdin=PERSON).returncode == 0
    page = desk.see(path)
    assert words in page
    assert way in page[page.index(words) :].partition("</p>")[0]


def test_no_year_that_has_not_begun_is_offered(empty):
    """The page leads to the years before, and to those after until this one."""
    empty.enter()
    this = empty.now.astimezone().year
    page, before = empty.see("/year"), empty.see(f"/year?year={this - 1}")
    assert f"?year={this - 1}" in page
    assert f"?year={this + 1}" not in page
    assert f"?year={this}" in before


def test_a_reference_that_is_taken_leads_to_its_case(desk):
    """What was typed is kept, and the case that has the reference is one click away; who opens another is offered none."""
    fields = {"received": "30 Nov 2026", "regime": "gdpr", "language": "en", "right": "access", "email": "a@b.example"}
    again = desk.send("/new", desk.see("/new"), reference="DSR-17", **fields)
    assert (again.status, f'<a href="{AT}">Look at DSR-17</a>' in again.text) == (422, True)
    assert "Look at" not in desk.see("/new")


def test_who_is_asked_is_chosen_before_the_case_is_opened(desk):
    """On a telephone one stands below the other, and the button is the last, as it is by keys."""
    page = desk.see("/new")
    assert page.index('name="vendor"') < page.index("Open the case")


def test_a_package_that_is_out_of_date_says_so_without_a_command(desk, ran):
    """The button below makes it anew."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    built(ran)
    assert ran("review", "hold", "DSR-17", "zoom/meetings").returncode == 0
    page = desk.see(f"{AT}/package")
    assert re.search(r"<p>The package was built after act \d+, and act \d+ changed what it holds\.</p>", page)
    assert "habeas package build" not in page


def test_where_nothing_can_be_taken_back_no_column_says_so(desk, ran):
    """A case that is over shows its decisions, and no empty column beside them."""
    give_all(ran)
    assert "Take back" in desk.see(f"{AT}/decide")
    assert ran("case", "withdraw", "DSR-17").returncode == 0
    page = desk.see(f"{AT}/decide")
    assert "Decided to give" in page
    assert "Take back" not in page
    assert open_here(ran).case.phase == "withdrawn"


def test_how_long_is_kept_is_said_in_words_of_the_page(desk):
    """Nobody has to know an option of a command that the page has not."""
    page = desk.see("/kept")
    assert "<code>retention: {raw: 30d, received: 30d, release: 6mo}</code>" in page
    assert "--older-than" not in page
    assert str(desk.home) not in page


def test_a_deletion_is_told_in_words_of_its_own(desk, ran):
    """No package is released for it, and a system is asked, not fetched from."""
    assert ran("case", "new", "DSR-16", "--right", "deletion", "--vendor", "slack", stdin=PERSON).returncode == 0
    page = desk.see("/case/DSR-16")
    assert "<h2>What is in the way of the answer</h2>" in page
    assert ">nobody was asked yet</td>" in page
    assert "Nothing came of it yet." in page
    assert "<h2>What is in the way of a release</h2>" in desk.see(AT)
