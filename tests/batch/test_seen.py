"""What is seen of a batch while it is worked on: a line per connection, with rates, the time left and when it goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.batch.batch_folder import BatchFolder
from engine.batch.database import Database
from engine.cli.batch_view import SeenPace, connection_lines, status_words


@pytest.fixture
def folder(tmp_path):
    """A batch of ten people at one connection: four done, one failed, two under way."""
    database = Database(None, new=True)
    told = '{"vendors":["acme"]}'
    database.run("insert into batch(format, id, created, options) values (1,'b',?,?)", datetime(2026, 11, 29, tzinfo=UTC).isoformat(), told)
    database.run("insert into connection(name, vendor, word, sha256, simulated) values ('acme/default','acme','acme','',0)")
    states = ["done"] * 4 + ["failed"] + ["running"] * 2 + ["queued"] * 3
    for number, state in enumerate(states):
        words = "insert into person(request, connection, content, wish, state, reason) values (?,'acme/default',x'00','{}',?,?)"
        database.run(words, f"R{number}", state, "notes partial" if state == "failed" else None)
    yield BatchFolder(tmp_path, database, tmp_path)
    database.close()


def rate(at: float, sent: int) -> dict[str, dict[str, object]]:
    return {"acme/default": {"bucket": "n", "sent": sent, "allowed": 7.5, "at": at}}


def test_a_line_tells_people_rate_and_time_left(folder):
    """The rate of the last half minute beside what the limit allows."""
    paces: dict[str, SeenPace] = {}
    (first,) = connection_lines(folder, rate(100.0, 10), paces)
    assert first == "acme/default  5 of 10 people, 2 under way, 0.0 of 7.5 requests/s (n), 1 failed"
    folder.database.run("update person set state='done' where request='R5'")
    (second,) = connection_lines(folder, rate(110.0, 84), paces)
    assert second == "acme/default  6 of 10 people, 1 under way, 7.4 of 7.5 requests/s (n), about 40.0 s left, 1 failed"


def test_a_connection_that_waits_or_has_ended_says_so(folder):
    """With the moment, or what mends it."""
    folder.database.run("update connection set not_before=?", datetime(2026, 11, 30, tzinfo=UTC).timestamp())
    (line,) = connection_lines(folder, {}, {})
    assert line.endswith("1 failed, goes on at 2026-11-30 00:00:00 UTC")
    folder.database.run("update connection set ended='it was revoked: habeas connect acme'")
    (line,) = connection_lines(folder, {}, {})
    assert line.endswith("1 failed, ended: it was revoked: habeas connect acme")
    told = status_words(folder, None)
    assert "acme/default has ended: it was revoked: habeas connect acme; then the same command again goes on" in told
    assert "1 time: notes partial" in told


def test_the_status_says_how_a_batch_goes_on_that_was_killed(folder):
    """Whoever is under way stands there as running, and nobody may be at work; where nobody is left, nothing is said of it."""
    assert f"if that was killed or has ended: habeas resume {folder.path}" in status_words(folder, None)
    folder.database.run("update person set state='done'")
    assert "habeas resume" not in status_words(folder, None)


def test_old_rates_are_forgotten():
    """A pause long ago says nothing of now."""
    pace = SeenPace()
    for at, sent in ((0.0, 0), (1000.0, 0), (1010.0, 75), (1035.0, 262)):
        pace.see(at, 0, sent)
    assert pace.rates()[1] == pytest.approx((262 - 75) / 25)
