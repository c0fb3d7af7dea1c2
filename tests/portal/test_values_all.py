"""All values that wait, decided at once: asked about first, with how much it is; the lines of the log are those that the shell writes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from engine.case.acts import Decided, Identified
from tests.case.acts_kit import NOW
from tests.case.package_kit import open_here
from tests.portal.test_values import AT, listed, looked

SURE = re.compile(r'name="sure" value="([^"]+)">([^<]+)<')
ASKED = {"all": "mask", "r-all": "third_party"}


def waits(rows: Iterable[dict]) -> list[dict]:
    """Give the values of rows that wait."""
    return [value for row in rows if row["undecided"] for value in row["values"] if value["undecided"] and not value["decision"]]


def decided(ran, after: int) -> list[Decided]:
    """Give what was decided after an act."""
    return [line.act for line in open_here(ran).lines[after:] if isinstance(line.act, Decided)]


def test_all_that_wait_are_asked_about_first_and_then_decided_as_the_shell_does(desk, ran):
    """The first answer says how many values and places it is, and writes nothing; the second writes the shell's lines; one press undoes it."""
    page, values = looked(desk), waits(listed(ran))
    before = open_here(ran).case.n
    asked = desk.send(AT, page, **ASKED)
    assert (asked.status, open_here(ran).case.n) == (200, before)
    (sure, words), *more = SURE.findall(asked.text)
    places = sum(value["count"] for value in values)
    assert (words, more) == (f"Mask {len(values):,} values in {places:,} places", [])
    assert "Nothing was written yet" in asked.text
    assert asked.text.count('class="main"') == 1
    assert desk.send(AT, asked.text, **ASKED, sure=sure).status == 303
    done = decided(ran, before)
    assert {act.target.value for act in done} == {value["value"] for value in values}
    assert waits(listed(ran)) == []
    page = desk.see(f"{AT}?show=undecided")
    assert f"{len(values):,} values were decided together last." in page
    assert 'name="all"' not in page
    assert desk.send(f"{AT}?show=undecided", page, undo="last").headers["Location"].startswith(f"{AT}?show=undecided")
    assert waits(listed(ran)) == values
    before = open_here(ran).case.n
    assert ran("review", "mask", "DSR-17", "undecided", "--because", "third_party").returncode == 0
    assert decided(ran, before) == done


def test_all_that_wait_are_those_that_are_shown(desk, ran):
    """Of one kind only where one is chosen; a row with a choice of its own keeps it, and what was decided before stays."""
    looked(desk)
    page = desk.see(f"{AT}?kind=emails")
    one, two, *_ = re.findall(r'name="r-([0-9a-f]+)"', page)
    assert "rows that wait of what is shown" in page
    before = open_here(ran).case.n
    asked = desk.send(f"{AT}?kind=emails", page, **ASKED, **{f"d-{one}": "give"})
    assert "Mask all that wait, found as an e-mail address?" in html.unescape(asked.text)
    (sure, _), *_ = SURE.findall(asked.text)
    assert f'name="d-{one}" value="give" checked' in asked.text
    sent = desk.send(f"{AT}?kind=emails", asked.text, **ASKED, **{f"d-{one}": "give"}, sure=sure)
    assert sent.headers["Location"] == f"{AT}?kind=emails"
    done = {act.target.value: act.operation for act in decided(ran, before)}
    assert (done[one], done[two]) == ("give", "mask")
    left = waits(listed(ran))
    assert left
    assert not {value["value"] for value in left} & set(done)
    assert 'name="all"' not in desk.see(f"{AT}?show=hand")
    assert 'name="all"' not in desk.see(f"{AT}?kind=emails")


def test_yes_is_said_to_what_was_asked(desk, ran):
    """Another choice in the form is asked about anew, a reason that does not go with it is refused, and a stale form asks nothing."""
    page = looked(desk)
    (sure, _), *_ = SURE.findall(desk.send(AT, page, **ASKED).text)
    before = open_here(ran).case.n
    other = desk.send(AT, page, all="drop", sure=sure)
    assert (other.status, open_here(ran).case.n) == (200, before)
    assert SURE.findall(other.text)[0][0] == "drop third_party"
    for fields in ({"all": "give", "r-all": "third_party"}, {"all": "hold"}, {"all": "mask", "d-": "give"}):
        refused = desk.send(AT, page, **fields, sure=sure)
        assert (refused.status, SURE.findall(refused.text)) == (422, [])
    open_here(ran).act(Identified(how="by a colleague"), NOW, by="ana")
    stale = desk.send(AT, page, **ASKED, sure=sure)
    assert (stale.status, SURE.findall(stale.text)) == (409, [])
    assert '<option value="mask" selected>' in stale.text
    assert decided(ran, 0) == []


def test_what_was_decided_together_is_what_one_person_saved_in_one_go(desk, ran):
    """A later decision of one value is the last one, and is undone in its row; what a colleague decided is not swept along."""
    page, rows = looked(desk), [row for row in listed(ran) if row["undecided"] and len(row["values"]) == 1]
    chosen = {f"d-{row['values'][0]['value']}": "mask" for row in rows[:2]}
    assert desk.send(AT, page, **chosen).status == 303
    assert "2 values were decided together last." in desk.see(AT)
    third = rows[2]["values"][0]["value"]
    case = open_here(ran)
    case.act(Decided(operation="mask", target=case.lines[-1].act.target, because="third_party"), NOW, by="ana")
    assert "were decided together last" not in desk.see(AT)
    assert desk.send(AT, desk.see(AT), **{f"d-{third}": "give"}).status == 303
    assert desk.send(AT, desk.see(AT), undo="last").status == 303
    assert [act.operation for act in open_here(ran).case.decisions.values()] == ["mask", "mask", "mask"]
