"""`--cases`: each row has a case of its name, which takes the runs in."""

from __future__ import annotations

import sqlite3

import pytest

from tests.batch.conftest import states_of
from tests.case.test_commands import home_of


def test_each_row_has_a_case_that_takes_its_run_in(batch, habeas):
    """Opened where there is none, used where there is one of the same person; each run once, again changes nothing."""
    habeas("case", "new", "DSR-1", "--vendor", "zoom", "--simulated", stdin="email: ada@x.io\n")
    done = batch("DSR-1,ada@x.io", "DSR-2,bert@x.io", words=("--cases",))
    assert done.code == 0, done.err
    logs = {name: home_of(habeas) / "cases" / name / "log.jsonl" for name in ("DSR-1", "DSR-2")}
    before = {name: path.read_text() for name, path in logs.items()}
    for name, text in before.items():
        assert text.count('"did":"taken"') == 1
        assert states_of(batch.out)[name] == "done"
    assert batch("DSR-1,ada@x.io", "DSR-2,bert@x.io", words=("--cases",)).code == 0
    assert {name: path.read_text() for name, path in logs.items()} == before


def test_a_batch_that_was_killed_before_a_case_was_told_takes_its_run_in_once(batch, habeas):
    """The run is known by the sha256 of its manifest."""
    batch("DSR-1,ada@x.io", words=("--cases",))
    with sqlite3.connect(batch.out / "batch.db") as database:
        database.execute("update person set taken=0")
    database.close()
    batch("DSR-1,ada@x.io", "DSR-2,bert@x.io", words=("--cases",))
    assert (home_of(habeas) / "cases" / "DSR-1" / "log.jsonl").read_text().count('"did":"taken"') == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [("R-1234567,ada@x.io", "six digits in a row"), ("DSR-1,bert@x.io", "there is a case DSR-1 already, of another person")],
)
def test_a_request_that_no_case_may_bear_is_refused_before_anything_is_sent(line, words, batch, vendor, tmp_path):
    """By its line; the case is as it was."""
    assert batch("DSR-1,ada@x.io", words=("--cases",)).code == 0
    asked = vendor.asked.copy()
    second = tmp_path / "second.csv"
    second.write_text(f"request,email\n{line}\n")
    done = batch.habeas("batch", str(second), "--vendor", str(vendor.spec), "--out", str(tmp_path / "other"), "--cases")
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert vendor.asked == asked


def test_the_result_of_another_try_is_taken_in_too(batch, habeas):
    """The case has both, and what is known by now."""
    batch("DSR-1,broken@x.io", words=("--cases",))
    habeas("retry", str(batch.out))
    batch("DSR-1,broken@x.io", words=("--cases",))
    assert (home_of(habeas) / "cases" / "DSR-1" / "log.jsonl").read_text().count('"did":"taken"') == 2
