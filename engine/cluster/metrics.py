"""What a worker tells a monitoring system: a file in Prometheus' text form, replaced as a whole, for node_exporter's textfile collector.

It names connections and states, and nobody: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from engine.batch.database import STATES
from engine.connection.postgres_session import Session
from engine.connection.private_files import cannot_write

READABLE = 0o644
MetricLabels = dict[str, str]
PEOPLE = "select connection, state, count(*) from habeas.person group by connection, state"
BEHIND = """
select person.connection, extract(epoch from max(now() - greatest(batch.dispatched, coalesce(person.not_before, batch.dispatched))))
from habeas.person join habeas.batch on batch.id = person.batch
where person.state = 'queued' and coalesce(person.not_before, batch.dispatched) <= now() group by person.connection
"""
CONNECTIONS = """
select connection.name, credential.serial, connection.lease_until > now() from habeas.connection
left join habeas.credential using (name) where connection.name in (select connection from habeas.target)
"""


class SharedState(Struct):
    """What the database knows, by connection: people in each state, seconds behind, writes of its credential, whether it is owned."""

    people: dict[str, dict[str, int]] = field(default_factory=dict)
    behind: dict[str, float] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    owned: dict[str, bool] = field(default_factory=dict)


class WorkerCounts(Struct):
    """What this worker did since it began, by connection: requests, those that were answered 429; how many a second of how many allowed."""

    requests: dict[str, int] = field(default_factory=dict)
    too_many: dict[str, int] = field(default_factory=dict)
    allowed: dict[str, float] = field(default_factory=dict)
    rate: dict[str, float] = field(default_factory=dict)


async def shared_state(session: Session) -> SharedState:
    """Ask the database. Raises psycopg.Error."""
    found = SharedState()
    for connection, serial, owned in await (await session.execute(CONNECTIONS)).fetchall():
        found.people[connection] = dict.fromkeys(STATES, 0)
        found.owned[connection], found.behind[connection] = bool(owned), 0.0
        if serial is not None:
            found.stored[connection] = int(serial)
    for connection, state, count in await (await session.execute(PEOPLE)).fetchall():
        found.people.setdefault(connection, dict.fromkeys(STATES, 0))[state] = int(count)
    for connection, seconds in await (await session.execute(BEHIND)).fetchall():
        found.behind[connection] = max(0.0, float(seconds))
    return found


def metrics_text(worker: str, counts: WorkerCounts, shared: SharedState | None) -> str:
    """Write everything down; without `shared` the database could not be asked, and nothing is said of what it knows."""
    own = {"worker": worker}
    lines = [*_metric("habeas_database_up", "gauge", "Whether the database answered.", [({}, float(shared is not None))])]
    for name, kind, words, values in _samples(own, counts, shared):
        lines += _metric(name, kind, words, values)
    return "\n".join(lines) + "\n"


def _samples(
    own: MetricLabels, counts: WorkerCounts, shared: SharedState | None
) -> Iterator[tuple[str, str, str, list[tuple[MetricLabels, float]]]]:
    if shared is not None:
        people: list[tuple[MetricLabels, float]] = [
            ({"connection": name, "state": state}, n) for name, states in shared.people.items() for state, n in states.items()
        ]
        yield "habeas_people", "gauge", "People at a connection, by state.", people
        yield "habeas_behind_seconds", "gauge", "How long the next person of a connection has been waiting.", _each(shared.behind)
        yield "habeas_credential_stored_total", "counter", "Writes of a credential: one, and one for each refresh.", _each(shared.stored)
        yield "habeas_connection_owned", "gauge", "Whether a worker has the connection.", _each(shared.owned)
    yield "habeas_requests_total", "counter", "Requests of this worker.", _each(counts.requests, own)
    yield "habeas_too_many_requests_total", "counter", "Answers 429 to this worker.", _each(counts.too_many, own)
    yield "habeas_requests_per_second", "gauge", "Requests of this worker that draw on the busiest limit.", _each(counts.rate, own)
    yield "habeas_allowed_per_second", "gauge", "What may leave of that limit.", _each(counts.allowed, own)


def write_metrics(path: Path, text: str) -> None:
    """Replace the file. Raises DiskError, OutputError."""
    part = path.with_name(f".{path.name}.part")  # what begins with a dot or does not end in .prom is not collected
    try:
        part.write_text(text, "utf-8")
        part.chmod(READABLE)
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None


def _each(values: Mapping[str, float], more: MetricLabels | None = None) -> list[tuple[MetricLabels, float]]:
    return [({"connection": name, **(more or {})}, value) for name, value in values.items()]


def _metric(name: str, kind: str, help_: str, values: list[tuple[MetricLabels, float]]) -> Iterator[str]:
    samples = [f"{name}{_labels(labels)} {float(value):.12g}" for labels, value in values]
    if samples:
        yield f"# HELP {name} {help_}"
        yield f"# TYPE {name} {kind}"
        yield from sorted(samples)


def _labels(labels: MetricLabels) -> str:
    told = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ",".join(told) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
