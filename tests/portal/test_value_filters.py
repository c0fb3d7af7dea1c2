"""The filters of the values page: plain links, each with the number of rows that it shows, in words of ours; no address holds a value."""

from __future__ import annotations

import re
from html import unescape
from typing import get_args
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.case.acts import Decided, Identified, Released
from engine.portal.field_names import WHY
from engine.release.policy import FoundKind
from engine.release.ruling import RulingKind
from tests.case.acts_kit import NOW
from tests.case.invented import decided
from tests.case.package_kit import open_here
from tests.portal.cases_kit import lines, served_with
from tests.portal.test_values import AT, ROW, UNDO, looked

CHOICE = re.compile(r'(?:<a href="(?P<to>[^"]+)">|<b aria-current="true">|<span class="soft">)(?P<words>[a-z -]+) (?P<count>[0-9,]+|none)<')
RECORDS = [
    {"text": "Ask ann@example.com, or bo@example.com at +46 70 174 06 12."},
    {"text": "bo@example.com said no.", "password": "correct horse"},
    {"text": "cy@example.com is on leave."},
]


def choices(page: str) -> dict[str, tuple[str | None, int]]:
    """Give what each choice says: where it leads, and how many rows it shows."""
    told = page.partition('aria-label="Which values"')[2].partition("</nav>")[0]
    return {
        one["words"]: (unescape(one["to"]) if one["to"] else None, 0 if one["count"] == "none" else int(one["count"].replace(",", "")))
        for one in CHOICE.finditer(told)
    }


def rows_at(portal, path: str) -> list[str]:
    """Give the rows of all pages of a choice."""
    page = portal.see(path)
    last = int(next(iter(re.findall(r"Page 1 of (\d+)", page)), 1))
    mark = "&" if "?" in path else "?"
    return ROW.findall(page) + [row for number in range(2, last + 1) for row in ROW.findall(portal.see(f"{path}{mark}p={number}"))]


@pytest.fixture
def small(serve, habeas, tmp_path):
    """Serve a case of three records: three addresses, a number, a password."""
    portal = served_with(serve, habeas, tmp_path, {"notes": lines(*RECORDS)})
    (portal.home / "office.yaml").write_text("controller: Acme AB\ncontact: privacy@acme.example\n")
    return portal


def row_of(page: str, shown: str) -> str:
    """Give the digest of the row in which a value is shown."""
    return ROW.findall(page[page.index(f"<bdi>{shown}</bdi>") :])[0]


def test_every_choice_shows_as_many_rows_as_it_says(desk, ran):
    """Each way of being decided, each kind, and both together; the three ways are all there is, and the address says words of ours."""
    looked(desk)
    told = choices(desk.see(AT))
    assert list(told)[:4] == ["all", "to decide", "decided by hand", "settled by policy"]
    assert sum(count for _, count in list(told.values())[1:4]) == told["all"][1] == told["anything"][1] > 100
    for words in ("to decide", "settled by policy", "a telephone number"):
        to, count = told[words]
        assert len(rows_at(desk, to or "")) == count
    both = choices(desk.see(told["to decide"][0] or ""))
    for to, count in both.values():
        assert to is None or len(rows_at(desk, to)) == count
        assert {name for name, _ in parse_qsl(urlsplit(to or "").query)} <= {"show", "kind"}
    assert both["anything"][1] == told["to decide"][1]


def test_a_decision_moves_its_row_and_the_choice_stays(small, habeas):
    """Saved under a choice, the page that follows is of the same choice; undone, the row waits again."""
    at = f"{AT}?show=undecided&kind=emails"
    page = small.see(at)
    assert choices(page)["to decide"][1] == len(ROW.findall(page)) == 3
    digest = row_of(page, "ann@example.com")
    sent = small.send(at, page, **{f"d-{digest}": "mask"})
    assert (sent.status, sent.headers["Location"]) == (303, at)
    assert digest not in ROW.findall(small.see(at))
    by_hand = small.see(f"{AT}?show=hand")
    assert ROW.findall(by_hand) == [digest]
    undone = small.send(f"{AT}?show=hand&p=1", by_hand, undo=UNDO.findall(by_hand)[0])
    assert undone.headers["Location"] == f"{AT}?show=hand&p=1"
    assert digest in ROW.findall(small.see(at))


def test_a_field_that_was_decided_is_decided_by_hand(small, habeas):
    """Not its values but the place: none of them waits, and no policy settled it."""
    decided(habeas, "mask", "acme/notes.text")
    told = choices(small.see(AT))
    assert (told["to decide"][1], told["decided by hand"][1], told["settled by policy"][1]) == (0, 4, 1)


def test_a_choice_that_fits_nothing_says_so_and_shows_all(small):
    """The empty state; what is no word of ours counts as all, so that no address can make the page say anything."""
    page = small.see(f"{AT}?show=hand&kind=secret")
    assert "No value fits what is chosen above." in page
    assert ">Show all 5</a>" in page
    assert "<form method" not in page.partition("<main")[2]
    every = small.see(AT)
    for words in ("show=x", "kind=ann@example.com", "kind=", "show=<b>&kind=cards'", "show=changed&show=x"):
        shown = small.see(f"{AT}?{words.replace('<', '%3C')}")
        assert "ann@example.com" not in shown.partition("<h1>")[0]
        assert ROW.findall(shown) in (ROW.findall(every), [])


def test_a_form_that_was_refused_keeps_the_choice(small, habeas):
    """What was chosen stands there still, under the same filter."""
    at = f"{AT}?show=undecided&kind=phones"
    page = small.see(at)
    (digest,) = ROW.findall(page)
    open_here(habeas).act(Identified(how="by a colleague"), NOW)
    stale = small.send(at, page, **{f"d-{digest}": "mask"})
    assert stale.status == 409
    assert ROW.findall(stale.text) == [digest]
    assert "?show=undecided&amp;kind=phones&amp;p=1" in stale.text


def test_what_changed_since_the_release_is_a_choice(small, habeas):
    """What was decided anew, and what was only taken back; before a release nobody is asked, and the release itself changed nothing."""
    assert "since the release" not in small.see(AT)
    decided(habeas, "mask", "undecided")
    open_here(habeas).act(Identified(how="by letter"), NOW)
    for command in ("build", "approve", "release"):
        done = habeas("package", command, "DSR-17", *(["--seal", "none"] if command == "release" else []))
        assert done.returncode == 0, done.stdout + done.stderr
    assert isinstance(open_here(habeas).lines[-1].act, Released)
    page = small.see(AT)
    assert choices(page)["decided or undone since the release"] == (None, 0)
    ann, bo = row_of(page, "ann@example.com"), row_of(page, "bo@example.com")
    assert small.send(AT, page, **{f"d-{ann}": "give"}).status == 303
    of_bo = next(number for number, act in open_here(habeas).case.decisions.items() if isinstance(act, Decided) and act.target.value == bo)
    assert small.send(AT, small.see(AT), undo=str(of_bo)).status == 303
    to, count = choices(small.see(AT))["decided or undone since the release"]
    assert (to, count) == (f"{AT}?show=changed", 2)
    assert sorted(ROW.findall(small.see(to or ""))) == sorted([ann, bo])


def test_every_kind_has_words():
    """Whatever a rule or a finder flags can be chosen by words of ours."""
    assert {*get_args(RulingKind), *get_args(FoundKind)} - {"found"} <= set(WHY)
