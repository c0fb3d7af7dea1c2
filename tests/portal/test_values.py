"""The values page: what is undecided first; a decision of a row is the acts that the shell writes, and nothing is decided by looking."""

from __future__ import annotations

import json
import re

from engine.case.acts import Decided, Undone
from tests.case.package_kit import open_here
from tests.case.test_commands import PERSON
from tests.portal.served import ServedPortal

AT = "/case/DSR-17/values"
ROW = re.compile(r'name="r-([0-9a-f]+)"')
UNDO = re.compile(r'name="undo" value="([0-9 ]+)"')


def looked(desk: ServedPortal) -> str:
    """Look through the runs, and give the page."""
    assert desk.send(AT, desk.see(AT), do="look").status == 303
    return desk.see(AT)


def listed(ran, most: int = 1000) -> list:
    """Give the rows as the shell lists them."""
    return json.loads(ran("review", "list", "DSR-17", "--most", str(most), "--json").stdout)["rows"]


def test_to_look_writes_nothing(desk, ran):
    """Before anybody looked through the runs the page offers to, and the log stays as it was; then the policy in force stands in it."""
    before = open_here(ran).case.n
    assert "Look through it" in desk.see(AT)
    assert open_here(ran).case.n == before
    page = looked(desk)
    after = open_here(ran).case.n
    assert after == before + 1
    assert "Look through it" not in page
    assert desk.see(AT) == desk.see(AT)
    assert open_here(ran).case.n == after


def test_a_case_without_a_run_has_nothing_to_decide(desk, ran):
    """The page says how something is fetched."""
    assert ran("case", "new", "DSR-16", stdin=PERSON).returncode == 0
    page = desk.see("/case/DSR-16/values")
    assert "habeas case run DSR-16" in page
    assert "<button" not in page.partition("<main")[2]


def test_it_lists_what_the_shell_lists_page_by_page(desk, ran):
    """Every row stands on one of the pages, in the order of the shell, with its places."""
    looked(desk)
    rows = listed(ran)
    found, last = [], -(-len(rows) // 25)
    for page in range(1, last + 1):
        found += ROW.findall(desk.see(f"{AT}?p={page}"))
    assert found == [row["values"][0]["value"] for row in rows]
    assert desk.see(f"{AT}?p=999") == desk.see(f"{AT}?p={last}")
    assert f"Page 1 of {last}" in desk.see(AT)


def test_a_row_is_decided_for_all_that_share_it(desk, ran):
    """One choice is an act for each value of the row; the usual reason stands in for none, and the next page shows what waits."""
    page, rows = looked(desk), listed(ran)
    assert '<option value="" selected>another person or known to them</option>' in page
    first, second = rows[0], next(row for row in rows[1:] if row["undecided"])
    before = open_here(ran).case.n
    chosen = {f"d-{first['values'][0]['value']}": "give", f"d-{second['values'][0]['value']}": "mask"}
    sent = desk.send(AT, page, **chosen, **{f"r-{second['values'][0]['value']}": "trade_secret"})
    assert (sent.status, sent.headers["Location"]) == (303, AT)
    done = [line.act for line in open_here(ran).lines[before:]]
    assert [(act.operation, act.target.value, act.because) for act in done if isinstance(act, Decided)] == [
        *(("give", value["value"], "known_to_them") for value in first["values"]),
        *(("mask", value["value"], "trade_secret") for value in second["values"]),
    ]
    assert sum(row["undecided"] for row in listed(ran)) == sum(row["undecided"] for row in rows) - 2


def test_a_decision_is_taken_back(desk, ran):
    """Undo takes back the acts of the row, and it waits again."""
    page, rows = looked(desk), listed(ran)
    digest = rows[0]["values"][0]["value"]
    desk.send(AT, page, **{f"d-{digest}": "give"})
    last = -(-len(rows) // 25)
    page = next(told for number in range(1, last + 1) if UNDO.search(told := desk.see(f"{AT}?p={number}")))
    numbers = UNDO.findall(page)[0]
    assert desk.send(AT, page, undo=numbers).status == 303
    undone = [line.act for line in open_here(ran).lines if isinstance(line.act, Undone)]
    assert [act.act for act in undone] == [int(number) for number in numbers.split()]
    assert listed(ran) == rows
    assert desk.send(AT, desk.see(AT), undo=numbers).status == 422
    assert desk.send(AT, desk.see(AT), undo="1 x").status == 422


def test_what_does_not_fit_decides_nothing_and_keeps_what_was_chosen(desk, ran):
    """A reason that does not go with the operation, a value that is not there, nothing chosen: all or nothing, in the page's words."""
    page, rows = looked(desk), listed(ran)
    one, two = (row["values"][0]["value"] for row in rows[:2])
    before = open_here(ran).case.n
    sent = desk.send(AT, page, **{f"d-{one}": "mask", f"d-{two}": "give", f"r-{two}": "trade_secret"})
    assert sent.status == 422
    assert "“trade secret” is no reason to give" in sent.text
    assert len(re.findall(r'type="radio"[^>]* checked', sent.text)) == 2
    assert '<option value="trade_secret" selected>' in sent.text
    for fields in (
        {},
        {f"d-{one}": "hold"},
        {f"d-{one}": "give", f"r-{one}": "x"},
        {f"d-{one[:8]}": "give"},
        {f"d-{'0' * len(one)}": "give"},
        {"d-": "give"},
    ):
        assert desk.send(AT, page, **fields).status == 422
    assert open_here(ran).case.n == before


def test_two_reviewers_at_one_value(desk, ran):
    """Who comes second sees what the first decided, and decides nothing."""
    page, rows = looked(desk), listed(ran)
    digest = rows[0]["values"][0]["value"]
    assert desk.send(AT, page, **{f"d-{digest}": "give"}).status == 303
    second = desk.send(AT, page, **{f"d-{digest}": "mask"})
    assert second.status == 409
    assert f"Decided to give every place of the value {digest[:8]}, since: known to them" in second.text
    assert sum(isinstance(line.act, Decided) for line in open_here(ran).lines) == len(rows[0]["values"])


def test_a_policy_that_changed_is_looked_through_first(desk, ran):
    """Until somebody does, the page shows no values by the old one."""
    page = looked(desk)
    policy = open_here(ran).folder / "policies" / "zoom.yaml"
    policy.write_text(policy.read_text() + "\n# changed\n")
    digest = ROW.findall(page)[0]
    sent = desk.send(AT, page, **{f"d-{digest}": "give"})
    assert (sent.status, "Look through it" in sent.text) == (422, True)
    assert ROW.findall(looked(desk))


def test_when_nothing_waits_the_page_says_so(desk, ran):
    """Every value is decided, and the next act is a link away; what policies settled can still be decided otherwise."""
    assert "Nothing waits any more" not in looked(desk)
    assert ran("review", "give", "DSR-17", "undecided").returncode == 0
    page = desk.see(AT)
    assert "Every value is decided." in page
    assert "Nothing waits any more." in page
    assert "files wait too" not in page
    assert ROW.findall(page)
