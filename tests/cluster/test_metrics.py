"""What a worker tells a monitoring system, judged by Prometheus' own reader."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.cluster.metrics import SharedState, UsedBucket, WorkerCounts, metrics_text, shared_state, write_metrics
from engine.connection.postgres_session import session
from engine.core.http import NoAnswer, Response
from engine.errors import OutputError
from tests.cluster.lent import some_people

COUNTS = WorkerCounts(requests={"acme/default": 41}, too_many={"acme/default": 1}, limits={"acme/default": UsedBucket("light", 74, 7.5)})
SHARED = SharedState(
    people={"acme/default": {"queued": 3, "running": 1, "done": 5, "failed": 0, "cancelled": 0}},
    behind={"acme/default": 12.5},
    stored={"acme/default": 4},
    owned={"acme/default": True},
)


def read(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read a file as Prometheus does; gives each sample by its name and labels."""
    return {
        (one.name, frozenset(one.labels.items())): one.value for family in text_string_to_metric_families(text) for one in family.samples
    }


def test_every_number_has_its_name_its_labels_and_its_kind():
    """Counters end in `_total`; what the worker counts itself bears its name."""
    found = read(metrics_text("w1", COUNTS, SHARED))
    connection, worker = ("connection", "acme/default"), ("worker", "w1")
    assert found == {
        ("habeas_worker_up", frozenset({worker})): 1,
        ("habeas_database_up", frozenset({worker})): 1,
        **{
            ("habeas_people", frozenset({connection, worker, ("state", state)})): count
            for state, count in {"queued": 3, "running": 1, "done": 5, "failed": 0, "cancelled": 0}.items()
        },
        ("habeas_behind_seconds", frozenset({connection, worker})): 12.5,
        ("habeas_credential_stored_total", frozenset({connection, worker})): 4,
        ("habeas_connection_owned", frozenset({connection, worker})): 1,
        ("habeas_requests_total", frozenset({connection, worker})): 41,
        ("habeas_too_many_requests_total", frozenset({connection, worker})): 1,
        ("habeas_limited_requests_total", frozenset({connection, worker, ("bucket", "light")})): 74,
        ("habeas_allowed_per_second", frozenset({connection, worker, ("bucket", "light")})): 7.5,
    }
    kinds = {one.name: one.type for one in text_string_to_metric_families(metrics_text("w1", COUNTS, SHARED))}
    assert {name for name, kind in kinds.items() if kind == "counter"} == {
        "habeas_requests",
        "habeas_limited_requests",
        "habeas_too_many_requests",
        "habeas_credential_stored",
    }


def test_two_workers_of_one_machine_say_nothing_twice():
    """A collector that reads both files takes each name with its labels once, and refuses the other."""
    first, second = (read(metrics_text(worker, COUNTS, SHARED)) for worker in ("w1", "w2"))
    assert (len(first), set(first) & set(second)) == (len(second), set())


def test_a_database_that_does_not_answer_is_said_and_nothing_is_claimed_of_it():
    """An old number would look like a quiet queue."""
    found = read(metrics_text("w1", COUNTS, None))
    assert found["habeas_database_up", frozenset({("worker", "w1")})] == 0
    assert {name for name, _ in found} & {"habeas_people", "habeas_behind_seconds", "habeas_connection_owned"} == set()


def test_a_name_with_quotes_and_line_breaks_is_read_back_as_it_was():
    """Labels are escaped as the format says."""
    odd = 'a"b\\c\nd'
    assert ("habeas_requests_total", frozenset({("connection", odd), ("worker", odd)})) in read(
        metrics_text(odd, WorkerCounts(requests={odd: 1}), None)
    )


def test_the_file_is_replaced_as_a_whole_and_can_be_read_by_the_collector(tmp_path):
    """The collector runs as another user."""
    path = tmp_path / "habeas.prom"
    for text in ("a 1\n", "a 2\n"):
        write_metrics(path, text)
        assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["habeas.prom"]
    with pytest.raises(OutputError, match=r"habeas\.prom cannot be written"):
        write_metrics(tmp_path / "none" / "habeas.prom", "a 1\n")


async def test_what_the_database_knows_is_counted_by_connection(database):
    """Somebody who may only be asked later is not behind; a connection without a batch is not of this."""
    now = datetime.now(UTC)
    with psycopg.connect(database, autocommit=True) as db:
        for name in ("acme/default", "acme/idle", "acme/other"):
            db.execute("insert into habeas.connection (name, account) values (%s, %s)", (name, name))
        db.execute("update habeas.connection set lease_until = now() + interval '1 minute' where name = 'acme/default'")
        db.execute("insert into habeas.credential values ('acme/default', 7, '')")
        words = (
            "insert into habeas.batch (id, folder, created, dispatched, options, share, sealed) values ('b', '/x', now(), %s, '{}', 1, '')"
        )
        db.execute(words, (now - timedelta(seconds=100),))
        for name in ("acme/default", "acme/idle"):
            db.execute("insert into habeas.target values ('b', %s, 'acme', 'acme', null, null, '', false)", (name,))
        for number, (state, not_before) in enumerate(
            [("queued", None), ("queued", now - timedelta(seconds=40)), ("done", None), ("queued", now + timedelta(hours=1))]
        ):
            db.execute(
                "insert into habeas.person (batch, request, connection, identifiers, wish, state, not_before)"
                " values ('b', %s, 'acme/default', '', '{}', %s, %s)",
                (f"R{number}", state, not_before),
            )
    async with session(database) as connection:
        found = await shared_state(connection)
    nobody = {"queued": 0, "running": 0, "done": 0, "failed": 0, "cancelled": 0}
    assert found.people == {"acme/default": {**nobody, "queued": 3, "done": 1}, "acme/idle": nobody}
    assert (found.owned, found.stored) == ({"acme/default": True, "acme/idle": False}, {"acme/default": 7})
    assert found.behind["acme/idle"] == 0
    assert 100 <= found.behind["acme/default"] < 200


def test_a_worker_keeps_its_figures_in_a_file_and_says_in_it_that_it_has_ended(team, tmp_path):
    """What was asked, who is done, and nobody's identifier; a refusal for too many requests is counted."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(3, "one"))
    path = tmp_path / "habeas.prom"
    worker = team.work("--metrics", str(path))
    team.until(path.exists)
    team.until_done()
    code, said = team.end(worker)
    assert code == 143, said
    text = path.read_text()
    found = {(name, *(value for key, value in sorted(labels) if key != "worker")): value for (name, labels), value in read(text).items()}
    assert (found["habeas_worker_up",], found["habeas_database_up",]) == (0, 1)
    assert found["habeas_people", "acme/one", "done"] == 3
    assert found["habeas_requests_total", "acme/one"] == sum(count for place, count in team.vendor.asked.items() if place != "/me")
    assert found["habeas_too_many_requests_total", "acme/one"] == 0
    assert "x.io" not in text


@pytest.mark.parametrize(("answer", "refused"), [(Response(429, {}, b""), 1), (Response(200, {}, b""), 0), (NoAnswer("reset", "gone"), 0)])
def test_of_answers_those_for_too_many_requests_are_counted_apart(answer, refused):
    """And a request without an answer is a request."""
    counts = WorkerCounts()
    counts.heard("acme/default", answer)
    assert (counts.requests, counts.too_many) == ({"acme/default": 1}, {"acme/default": refused})


def test_a_file_that_cannot_be_written_is_said_once_and_costs_nobody(team, tmp_path):
    """Whoever looks at the figures sees that they are old."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(2, "one"))
    worker = team.work("--metrics", str(tmp_path / "none" / "habeas.prom"))
    team.until_done()
    _, said = team.end(worker)
    assert said.count("habeas.prom cannot be written") == 1
    assert team.states() == {"done": 2}
