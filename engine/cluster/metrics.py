"""What a worker tells a monitoring system: a file in Prometheus' text form, replaced as a whole, for node_exporter's textfile collector.

Every sample bears the worker's name, what the database says too: a collector refuses two files that say the same thing, and a machine may
have two workers. It names connections and states, and nobody. The form is text format 0.0.4:
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from engine.batch.database import STATES
from engine.connection.postgres_session import Session
from engine.connection.private_files import cannot_write
from engine.core.http import NoAnswer, Response

READABLE = 0o644
TOO_MANY_REQUESTS = 429
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


class UsedBucket(Struct, frozen=True):
    """A limit in use: how many requests have left since the connection was opened, and how many may leave a second."""

    bucket: str
    sent: int
    allowed: float


class WorkerCounts(Struct):
    """What this worker did since it began, by connection: requests, those answered 429; of its busiest limit what left, and what may."""

    requests: dict[str, int] = field(default_factory=dict)
    too_many: dict[str, int] = field(default_factory=dict)
    limits: dict[str, UsedBucket] = field(default_factory=dict)

    def heard(self, connection: str, answer: Response | NoAnswer) -> None:
        """Count an answer, or that none came."""
        self.requests[connection] = self.requests.get(connection, 0) + 1
        refused = isinstance(answer, Response) and answer.status == TOO_MANY_REQUESTS
        self.too_many[connection] = self.too_many.get(connection, 0) + refused


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


def metrics_text(worker: str, counts: WorkerCounts, shared: SharedState | None, *, up: bool = True) -> str:
    """Write everything down; without `shared` the database could not be asked, and nothing is said of what it knows."""
    own = {"worker": worker}
    lines = [*_metric("habeas_worker_up", "gauge", "Whether the worker was at work when this was written.", [(own, float(up))])]
    lines += [*_metric("habeas_database_up", "gauge", "Whether the database answered.", [(own, float(shared is not None))])]
    for name, kind, words, values in _samples(own, counts, shared):
        lines += _metric(name, kind, words, values)
    return "\n".join(lines) + "\n"


def _samples(
    own: MetricLabels, counts: WorkerCounts, shared: SharedState | None
) -> Iterator[tuple[str, str, str, list[tuple[MetricLabels, float]]]]:
    if shared is not None:
        people: list[tuple[MetricLabels, float]] = [
            ({"connection": name, "state": state, **own}, n) for name, states in shared.people.items() for state, n in states.items()
        ]
        yield "habeas_people", "gauge", "People at a connection, by state.", people
        yield "habeas_behind_seconds", "gauge", "How long the next person of a connection has been waiting.", _each(shared.behind, own)
        yield (
            "habeas_credential_stored_total",
            "counter",
            "Writes of a credential: one, and one for each refresh.",
            _each(shared.stored, own),
        )
        yield "habeas_connection_owned", "gauge", "Whether a worker has the connection.", _each(shared.owned, own)
    yield "habeas_requests_total", "counter", "Requests about people by this worker.", _each(counts.requests, own)
    yield "habeas_too_many_requests_total", "counter", "Those of them that were answered 429.", _each(counts.too_many, own)
    used = [({"connection": name, "bucket": one.bucket, **own}, one) for name, one in counts.limits.items()]
    yield (
        "habeas_limited_requests_total",
        "counter",
        "Requests that drew on the busiest limit.",
        [(at, one.sent) for at, one in used],
    )
    yield "habeas_allowed_per_second", "gauge", "How many requests that limit lets leave a second.", [(at, one.allowed) for at, one in used]


def write_metrics(path: Path, text: str) -> None:
    """Replace the file. Raises DiskError, OutputError."""
    part = path.with_name(f".{path.name}.part")  # what begins with a dot or does not end in .prom is not collected
    try:
        part.write_text(text, "utf-8")
        part.chmod(READABLE)
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None


def _each(values: Mapping[str, float], own: MetricLabels) -> list[tuple[MetricLabels, float]]:
    return [({"connection": name, **own}, value) for name, value in values.items()]


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
