"""Workers that differ: clocks an hour apart, two versions of Habeas, one stopped for longer than its lease. True processes, one database.

Nobody is lost, nobody has two results, and by the vendor's own count no limit is exceeded.
"""

from __future__ import annotations

import json
import signal
from bisect import bisect_left
from pathlib import Path

import pytest

from engine.connection.postgres_session import VERSION
from engine.errors import Exit
from tests.batch.conftest import SPEC
from tests.cluster.lent import some_people
from tests.cluster.test_disturbed_workers import done
from tests.cluster.test_workers import results_of

pytestmark = pytest.mark.waits
LIMIT, SECONDS = 30, 3.0
LATE = 1.0  # seconds less than a period are counted: on a busy machine a process sends late what it had let through
HOUR = 3600.0
PEOPLE = 14  # of three requests each: one burst, and some that have to wait


@pytest.fixture
def limited(team, tmp_path):
    """Give a team whose vendor has a limit, and a batch."""
    spec = SPEC.format(vendor="acme", title="Acme").replace("verify:", f"rate_limits: {{all: {LIMIT}/{SECONDS:g}s}}\nverify:")
    team.vendor.spec.write_text(spec)
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(PEOPLE, "one"))
    return team


def most(arrivals: list[float]) -> int:
    """Give how many requests came in one period of the limit at most."""
    return max(bisect_left(arrivals, at + SECONDS - LATE) - number for number, at in enumerate(arrivals))


def ended_well(team, folder: Path) -> None:
    """Everybody has one result, and the vendor was never asked more than it allows."""
    assert results_of(team, folder) == done(PEOPLE)
    assert not list((folder / "work").iterdir())
    assert most(sorted(team.vendor.arrivals)) <= LIMIT


def stopped(pid: int) -> bool:
    """Whether a process was stopped (proc(5), the state of its main thread)."""
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize(("first", "second"), [(HOUR, 0.0), (0.0, HOUR)], ids=["ahead", "behind"])
def test_the_limits_hold_where_clocks_are_an_hour_apart(first, second, limited, tmp_path):
    """Whoever follows neither sends what is not allowed yet, nor waits for an hour; the times in the database are its own."""
    one = limited.work(believing={"clock": first})
    limited.until(lambda: len(limited.vendor.arrivals) >= LIMIT // 2)
    two = limited.work(believing={"clock": second})
    limited.until(lambda: limited.sql("select count(*) from worker") == [(2,)])
    code, said = limited.end(one)
    assert (code, "acme/one: given back" in said) == (143, True), said
    limited.until_done()
    assert limited.end(two)[0] == 143
    ended_well(limited, tmp_path / "batch")
    assert limited.sql("select count(*) from person where ended_at not between now() - interval '5 minutes' and now()") == [(0,)]


@pytest.mark.parametrize("ahead", [0.0, HOUR], ids=["same clock", "an hour ahead"])
def test_a_worker_that_was_stopped_beyond_its_lease_leaves_the_limit_to_its_successor(ahead, limited, tmp_path):
    """Woken it sends nothing, says so in one line, and ends as it is told to."""
    limited.vendor.hold = "p13@x.io"
    first = limited.work(lease=1.5, believing={"clock": ahead})
    assert limited.vendor.arrived.wait(60)
    first.send_signal(signal.SIGSTOP)
    token = limited.token()
    second = limited.work(lease=1.5)
    limited.until(lambda: limited.sql("select 1 from person where state = 'running' and token > %s", token))
    limited.vendor.release()
    limited.until_done()
    asked = limited.vendor.asked.copy()
    first.send_signal(signal.SIGCONT)
    code, said = limited.end(first)
    assert (code, said.count("acme/one: given back"), "error" in said.lower()) == (143, 1, False), said
    assert limited.end(second)[0] == 143
    assert limited.vendor.asked == asked
    ended_well(limited, tmp_path / "batch")


def test_a_worker_that_was_stopped_while_others_wait_for_what_it_has_locked_keeps_nobody_waiting(limited, tmp_path):
    """The database ends a transaction that stands still; woken, the worker says nothing of it and works on."""
    first = limited.work(lease=1.5, believing={"stopped": True})
    limited.until(lambda: stopped(first.pid))
    token = limited.token()
    second = limited.work(lease=1.5)
    limited.until(lambda: limited.token() > token, seconds=20)
    first.send_signal(signal.SIGCONT)
    limited.until_done()
    code, said = limited.end(first)
    assert (code, "error" in said.lower(), "Traceback" in said) == (143, False, False), said
    assert limited.end(second)[0] == 143
    ended_well(limited, tmp_path / "batch")


def test_two_releases_over_the_same_tables_work_side_by_side(limited, tmp_path):
    """What one had under way when it was told to end the other finishes, and each result says which of them made it."""
    limited.vendor.hold = "/files"
    first = limited.work(lease=30.0, believing={"release": "0.0.1"})
    assert limited.vendor.arrived.wait(60)
    second = limited.work(lease=30.0, believing={"release": "99.0"})
    limited.until(lambda: limited.sql("select version from worker order by version") == [("0.0.1",), ("99.0",)])
    assert limited.end(first)[0] == 143
    limited.vendor.release()
    limited.until_done()
    assert limited.end(second)[0] == 143
    ended_well(limited, tmp_path / "batch")
    manifests = (tmp_path / "batch" / "people").glob("*/*/manifest.json")
    assert {json.loads(path.read_bytes())["engine"].rpartition(" ")[2] for path in manifests} <= {"0.0.1", "99.0"}


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (VERSION - 1, f"is of a newer Habeas (version {VERSION}, this one knows {VERSION - 1}): upgrade this one"),
        (VERSION + 1, f"is of an older Habeas (version {VERSION} of {VERSION + 1}): habeas connections create-tables"),
    ],
    ids=["older", "newer"],
)
def test_a_worker_that_knows_other_tables_ends_and_the_others_work_on(tables, words, limited, tmp_path):
    """One sentence, exit 4; it takes nobody along."""
    limited.vendor.hold = "p6@x.io"
    well = limited.work()
    assert limited.vendor.arrived.wait(60)
    other = limited.work(believing={"tables": tables})
    said, _ = other.communicate(timeout=60)
    said = " ".join(said.split())
    assert (other.returncode, words in said, said.count("error")) == (Exit.NOT_CONNECTED, True, 1), said
    limited.vendor.release()
    limited.until_done()
    assert limited.end(well)[0] == 143
    ended_well(limited, tmp_path / "batch")


def test_when_the_tables_are_brought_up_to_date_workers_of_before_give_back_to_those_of_now(limited, tmp_path):
    """They end with exit 4 and a sentence in the middle of their work, and whoever knows the new tables goes on."""
    limited.vendor.hold = "p6@x.io"
    before = limited.work()
    assert limited.vendor.arrived.wait(60)
    limited.sql("update version set version = version + 1")
    said, _ = before.communicate(timeout=60)
    said = " ".join(said.split())
    assert f"is of a newer Habeas now (version {VERSION + 1}, this one knows {VERSION}): start workers of one version" in said
    assert (before.returncode, said.count("error")) == (Exit.NOT_CONNECTED, 1), said
    assert limited.sql("select name from connection where owner is not null") == []
    limited.vendor.release()
    now = limited.work(believing={"tables": VERSION + 1})
    limited.until_done()
    assert limited.end(now)[0] == 143
    ended_well(limited, tmp_path / "batch")
