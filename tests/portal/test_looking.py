"""What pages of records stand on: what was learned of the runs is kept, and tells the same; the page says what the package then holds."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

from engine.case import review
from engine.case.deciding import look_through
from engine.case.review import learned_of
from tests.case.acts_kit import NOW
from tests.case.package_kit import bag_of, built, give_all, open_here
from tests.case.test_commands import home_of
from tests.portal.cases_kit import AT, lines, served_with
from tests.portal.test_record import NOTES, SHA256, number, row
from tests.portal.test_values import looked


def test_what_was_learned_is_kept_and_tells_the_same(ran, monkeypatch):
    """Of every record of a run the same is said, whether all records were read for it or what was kept of them; once it is kept, none is."""
    case, home = open_here(ran), home_of(ran)
    ran("review", "list", "DSR-17")
    told = []
    for forgotten in (False, True):
        monkeypatch.setattr(review, "_LEARNED", {})
        if forgotten:
            with closing(sqlite3.connect(case.folder / "findings.sqlite")) as database, database:
                database.execute("DELETE FROM facts WHERE name = 'learned'")
        found = look_through(case, home, NOW)
        with found.findings as findings:
            assert bool(findings.fact("learned")) is not forgotten
            in_force = learned_of(found).in_force("zoom", parts=True)
            told.append([in_force.rulings(endpoint, record) for endpoint, record in found.runs[0].records()])
            assert findings.fact("learned")
    assert told[0] == told[1]
    assert any(told[0])


def test_two_portals_on_one_folder_show_the_same(desk, serve, ran):
    """A portal keeps nothing: what the other one did is there."""
    looked(desk)
    other = serve(home_of(ran))
    other.enter()
    for path in ("records", "zoom", "zoom/phone_call_history?p=1", "zoom/phone_call_history/17", "files", "values", "search"):
        assert other.see(f"{AT}/{path}") == desk.see(f"{AT}/{path}")
    path = f"{AT}/zoom/phone_call_history/17"
    page = desk.see(path)
    assert desk.send(path, page, record=SHA256.findall(page)[0], whole="hold").status == 303
    assert "Held:" in other.see(path)


def test_the_page_says_what_the_package_then_holds(serve, habeas, tmp_path):
    """Given, masked, dropped, an alias: each as the page of the record said that it becomes."""
    portal = served_with(serve, habeas, tmp_path, {"notes": NOTES})
    path = f"{AT}/acme/notes/1"
    for name, operation in (("owner.mail", "mask"), ("owner.tags", "drop"), ("topic", "alias"), ("count", "mask")):
        page = portal.see(path)
        sent = portal.send(path, page, record=SHA256.findall(page)[0], **{f"d-{number(page, name)}": operation})
        assert sent.status == 303
    give_all(habeas)
    page = portal.see(path)
    (home_of(habeas) / "office.yaml").write_text("controller: Acme AB\ncontact: privacy@acme.example\n")
    built(habeas)
    given = json.loads((bag_of(habeas) / "data" / "acme" / "notes.json").read_text())[0]
    assert 'becomes <span class="gone">[withheld: another person]</span>' in row(page, "owner.mail")
    assert given["owner"]["mail"] == "[withheld: another person]"
    assert row(page, "owner.tags").count("left out: another person") == 2
    assert given["owner"].get("tags", []) == []
    assert 'becomes <span class="gone">person, by number</span>' in row(page, "topic")
    assert re.fullmatch(r"person \d", given["topic"])
    assert "becomes" in row(page, "count")
    assert given["count"] == "[withheld: another person]"
    assert "to decide" not in row(page, "text")
    assert "jo@example.com" in given["text"]


@pytest.mark.parametrize("path", ["acme/notes", "acme/notes/1", "values"])
def test_a_case_that_is_over_can_be_looked_at(serve, habeas, tmp_path, path):
    """Nothing that would be refused can be pressed, and the page says why."""
    portal = served_with(serve, habeas, tmp_path, {"notes": lines({"mail": "jo@example.com"})})
    assert "fieldset disabled" not in portal.see(f"{AT}/{path}")
    assert habeas("case", "withdraw", "DSR-17").returncode == 0
    page = portal.see(f"{AT}/{path}")
    assert "Nothing can be decided in this case now" in page
    assert "<fieldset disabled>" in page
    assert "jo@example.com" in page
