"""What of ended cases is kept after its time, and to delete it: as `habeas purge` does, and as the same act."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.case.acts import Identified, Purged
from tests.case.acts_kit import NOW
from tests.case.package_kit import open_here
from tests.case.test_commands import PERSON

AT = "/kept"


@pytest.fixture
def ended(desk, ran):
    """A desk with a case that ended long ago, and an office that says how long it is kept."""
    assert ran("case", "withdraw", "DSR-17").returncode == 0
    assert ran("case", "new", "DSR-18", stdin=PERSON).returncode == 0
    (desk.home / "office.yaml").write_text("controller: Acme AB\nretention: {raw: 30d, received: 30d}\n")
    desk.now += timedelta(days=40)
    return desk


def chosen(ended, ran, **fields):
    """Choose the case and send the form."""
    told = {"do": "delete", "case": f"DSR-17/{open_here(ran).case.n}", "sure": "yes", **fields}
    return ended.send(AT, ended.see(AT), **told)


def test_what_is_due_is_shown_and_deleted(ended, ran):
    """To look deletes nothing; then the act of the shell stands in the log, the runs are gone and the page is empty."""
    page, before = ended.see(AT), open_here(ran).case.n
    assert "raw (" in page
    assert "DSR-18" not in page
    assert open_here(ran).case.n == before
    assert chosen(ended, ran).headers["Location"] == AT
    act = open_here(ran).lines[-1].act
    assert isinstance(act, Purged)
    assert act.what == ("raw",)
    assert not (open_here(ran).folder / "runs").exists()
    assert "Nothing is kept after its time" in ended.see(AT)


def test_before_its_time_nothing_is_shown(ended):
    """Thirty days are not over."""
    ended.now -= timedelta(days=20)
    assert "Nothing is kept after its time" in ended.see(AT)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"sure": ""}, "say that you know that nothing brings it back"),
        ({"case": "DSR-17/2"}, "DSR-17 was changed meanwhile"),
        ({"case": "DSR-17"}, "a reference"),
        ({"case": "../x/1"}, "a reference"),
        ({"do": "x"}, "the form names no act"),
    ],
)
def test_what_does_not_fit_deletes_nothing(ended, ran, fields, says):
    """A box that is not ticked, an older form, no case, no act."""
    answer, before = chosen(ended, ran, **fields), open_here(ran).case.n
    assert (answer.status, says in answer.text) == (422, True), answer.text
    assert (open_here(ran).case.n, (open_here(ran).folder / "runs").is_dir()) == (before, True)


def test_where_nobody_says_how_long_nothing_can_be_deleted(desk, ran):
    """The page says what to write where; a form that was made up deletes nothing."""
    assert ran("case", "withdraw", "DSR-17").returncode == 0
    desk.now += timedelta(days=4000)
    page = desk.see(AT)
    assert "nobody says how long anything is kept" in page
    assert "<button" not in page.partition("<main")[2]
    assert desk.send(AT, page, do="delete", case=f"DSR-17/{open_here(ran).case.n}", sure="yes").status == 422
    assert (open_here(ran).folder / "runs").is_dir()


def test_a_case_that_goes_on_is_never_deleted(ended, ran):
    """Of one that is open nothing is due, whatever a form says."""
    case = open_here(ran, "DSR-18")
    case.act(Identified(how="x"), NOW)
    assert ended.send(AT, ended.see(AT), do="delete", case=f"DSR-18/{case.case.n}", sure="yes").status == 303
    assert (case.folder / "person.sealed").is_file()
    assert open_here(ran, "DSR-18").case.n == case.case.n
