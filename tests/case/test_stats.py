"""`habeas stats`: the requests of a year, counted from the logs alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from engine.case import acts
from engine.case.acts import LogLine
from engine.case.stats import end_of, rows
from tests.case.test_commands import PERSON, TODAY, home_of

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
RELEASED = [
    acts.TakenIn(vendor="hris", folder="f", proof="p", kind="file"),
    acts.Approved(package="p"),
    acts.Released(package="p", folder="f"),
]
EXCUSED = acts.Excused(vendor="hris", say="It is kept for a lawsuit.")


def answered(word: str, purpose: str = "deletion") -> acts.OwnerAnswered:
    return acts.OwnerAnswered(vendor="hris", answer=word, purpose=purpose)


def told(*done: acts.Act, right: str = "access", regime: str = "ccpa", simulated: bool = False, days: int = 1) -> list[LogLine]:
    """Number acts, so many days apart, behind the opening of a case of one vendor."""
    opened = acts.CaseOpened(
        reference="R", regime=regime, language="en", received=BEGIN.date(), digests=(), right=right, simulated=simulated
    )
    every = [opened, acts.VendorAsked(vendor="hris"), *done]
    moments = [BEGIN, BEGIN, *(BEGIN + timedelta(days=days * n) for n in range(1, len(done) + 1))]
    return [LogLine(n=n, at=at, by="a", act=act, sha256="") for n, (act, at) in enumerate(zip(every, moments, strict=True), 1)]


ENDS = {
    "open": (told(), "open", None, None),
    "released, and nobody knows that it arrived": (told(*RELEASED), "open", None, None),
    "delivered": (told(*RELEASED, acts.Delivered(how="x")), "answered", None, 4),
    "closed without a word on how": (told(*RELEASED, acts.Closed()), "answered", None, 4),
    "delivered, closed later": (told(*RELEASED, acts.Delivered(how="x"), acts.Closed()), "answered", None, 4),
    "closed, and purged": (told(*RELEASED, acts.Delivered(how="x"), acts.Closed(), acts.Purged(what=("raw",))), "answered", None, 4),
    "delivered, and begun anew": (told(*RELEASED, acts.Delivered(how="x"), RELEASED[0]), "open", None, None),
    "denied": (told(acts.Denied(why="x", ground="unverified")), "denied", "unverified", 1),
    "denied as it was before there were grounds": (told(acts.Denied(why="x")), "denied", "other", 1),
    "withdrawn": (told(acts.Withdrawn()), "withdrawn", None, None),
    "deleted": (told(answered("answered_deleted"), acts.Concluded(), right="deletion"), "answered", None, 2),
    "nothing there": (told(answered("answered_none"), acts.Concluded(), right="deletion"), "answered", None, 2),
    "a letter that says that all is kept": (told(answered("declined"), EXCUSED, acts.Concluded(), right="deletion"), "denied", "other", 3),
    "a clock that was set back": (told(acts.Denied(why="x"), days=-9), "denied", "other", 0),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_became_of_a_request(name):
    """Answered is what the person was told; where nothing was deleted, a letter does not make it an answer."""
    lines, became, ground, days = ENDS[name]
    end = end_of(lines)
    assert (end.became, end.ground, end.days) == (became, ground, days)


def test_a_case_to_practise_with_is_no_request():
    """It is not counted, nor is a log that does not begin."""
    assert end_of(told(acts.Withdrawn(), simulated=True)) is None
    assert end_of([]) is None


def test_rows_are_by_law_and_right():
    """Every request stands in one column; the median is of those that were answered or denied."""
    made = [end_of(told(acts.Denied(why="x", ground=ground), days=days)) for ground, days in (("exempt", 2), ("exempt", 4), ("other", 40))]
    made += [end_of(told()), end_of(told(acts.Withdrawn())), end_of(told(answered("answered_none"), acts.Concluded(), right="deletion"))]
    deletion, access = rows(reversed(made))[::-1]
    assert (access.regime, access.right, access.received, access.denied, access.open, access.withdrawn) == ("ccpa", "access", 5, 3, 1, 1)
    assert (access.median_days, access.denied_because) == (4, {"exempt": 2, "other": 1})
    assert (deletion.right, deletion.received, deletion.answered, deletion.median_days) == ("deletion", 1, 1, 2)


def test_the_command_counts_a_year_and_names_what_it_could_not_read(habeas):
    """By the day of receipt; a broken log is said, and the others are counted all the same."""
    year = TODAY.year
    for number, day in enumerate((f"{year}-01-01", f"{year - 1}-12-31", f"{year}-01-01"), 1):
        assert habeas("case", "new", f"DSR-{number}", "--received", day, "--vendor", "zoom", stdin=PERSON).returncode == 0
    (home_of(habeas) / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@acme.example\n")
    assert habeas("case", "deny", "DSR-1", "--why", "we could not tell who asks", "--ground", "unverified").returncode == 0
    assert (
        "--ground nobody: there are unverified, not_entitled, exempt, other"
        in habeas("case", "deny", "DSR-3", "--why", "x", "--ground", "nobody").stderr
    )
    told = habeas("stats")
    assert told.returncode == 0
    assert f"Requests received in {year}" in told.stdout
    assert told.stdout.splitlines()[3].split()[:7] == ["gdpr", "access", "2", "0", "1", "0", "1"]
    assert told.stdout.endswith("denied, gdpr access: 1, who asked could not be verified\n")
    (row,) = json.loads(habeas("stats", "--year", str(year), "--json").stdout)["rows"]
    assert (row["received"], row["denied_because"]) == (2, {"unverified": 1})
    assert "No request was received in 1999" in habeas("stats", "--year", "1999").stdout
    (home_of(habeas) / "cases/DSR-3/log.jsonl").write_text("x\n")
    broken = habeas("stats", "--year", str(year))
    assert broken.returncode == 2
    assert "DSR-3/log.jsonl:1" in broken.stderr
    assert broken.stdout.splitlines()[3].split()[2] == "1"
