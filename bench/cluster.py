"""What workers over a shared database cost: `python -m bench.cluster`, beside one worker, or the batch of one machine. Bounded, on 127.0.0.1 only.

It needs PostgreSQL. Vendors, workers and the database are processes of their own; a worker's CPU is measured when it has ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from procrastinate import sql

from bench.batch import HABEAS, HEAD, LIMIT, SHARE, Row, batch, vendor, verdict, write_people
from bench.batch_vendor import SECONDS
from engine.cli.formatting import table
from engine.cluster import ownership, people
from engine.cluster.lease import LeaseTimes
from engine.cluster.pool import Pool, pool_of
from engine.cluster.procrastinate_dispatcher import QUEUE, ProcrastinateDispatcher
from engine.connection.chosen_store import make_tables
from engine.connection.stored import Bound, Name, StoredConnection
from tests.connection.kept import Kept, keeping
from tests.connection.vendor import Acme
from tests.postgres import Postgres, program

PAUSE = 0.2
PER_PERSON = 40
CONNECTIONS, PEOPLE, FREE, TIMES = 10_000, 100_000, 200, 100
FILL = f"""
set search_path = habeas;
insert into habeas.connection (name, account, token, owner, lease_until)
  select 'bench/c' || n, 'bench/c' || n, 1, 'another', now() + interval '1 hour' from generate_series(0, {CONNECTIONS - 1}) n;
insert into habeas.batch (id, folder, created, options, share, sealed) values ('b', '/nowhere', now(), '{{}}', 0.75, '');
insert into habeas.target (batch, connection, vendor, word, sha256, simulated) select 'b', name, 'bench', 'bench', '', true from habeas.connection;
insert into habeas.person (batch, request, connection, identifiers, wish)
  select 'b', 'R' || n, 'bench/c' || n % {CONNECTIONS}, decode(repeat('00', 80), 'hex'), '{{}}' from generate_series(1, {PEOPLE}) n;
insert into habeas.procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status)
  select '{QUEUE}', 'drain', name, null, jsonb_build_object('connection', name), 'doing' from habeas.connection;
analyze;
"""
SET_FREE = f"""
set search_path = habeas;
update habeas.connection set owner = null, lease_until = null where substr(name, 8)::int < {FREE};
update habeas.procrastinate_jobs set status = 'todo', queueing_lock = lock where substr(lock, 8)::int < {FREE};
"""


@contextmanager
def database() -> Iterator[Postgres]:
    """Serve one."""
    server = Postgres("synchronous_commit=on", "shared_buffers=128MB")
    try:
        server.start()
        asyncio.run(make_tables(server.address()))
        yield server
    finally:
        server.stop()


class Accounts:
    """Vendors with one account each, all stored in a database, and a batch of people who are asked for at each."""

    def __init__(self, folder: Path, server: Postgres, addresses: Sequence[str], *, limited: bool) -> None:
        self.folder, self.server, self.kept = folder, server, Kept(folder, server.address())
        self.names = [f"bench{number}" for number in range(len(addresses))]
        self.environ = {**os.environ, **self.kept.environ, "HABEAS_SPECS": str(folder)}
        for name, address in zip(self.names, addresses, strict=True):
            self._write_spec(name, limited=limited)
            self.environ[f"HABEAS_{name.upper()}_AT"] = address
            record = StoredConnection(name, "headers", Bound(("vendor.example",), at=address), time.time(), secret="t0")
            asyncio.run(self.kept.write(record, Name(name)))

    def _write_spec(self, name: str, *, limited: bool) -> None:
        head = (HEAD % (f"rate_limits: {{all: {LIMIT}/s}}" if limited else "")).replace("vendor: bench\n", f"vendor: {name}\n")
        lines = (f"    e{number}: {{get: /people/<USER_ID>/e{number}, records: items}}\n" for number in range(PER_PERSON - 1))
        (self.folder / f"{name}.yaml").write_text(head + "".join(lines))

    def lend(self, count: int) -> float:
        """Lend so many people at each account; gives the CPU."""
        words = [word for name in self.names for word in ("--vendor", name)]
        csv, out = write_people(self.folder, count), self.folder / "out"
        return self._run("batch", str(csv), *words, "--out", str(out), "--dispatch", self.server.address())

    def work(self, *many: int, seconds: float | None = None) -> tuple[float, float]:
        """Let workers with so many places each work to the end, or for some time; gives how long that took, and their CPU."""
        words = (*HABEAS, "worker", self.server.address(), "--lease", "10")
        with (self.folder / "said").open("ab") as said:
            workers = [subprocess.Popen([*words, "--many", str(one)], env=self.environ, stdout=said, stderr=said) for one in many]
        began = self._until("select count(*) from habeas.person where state = 'running'", lambda left: left > 0)
        ended = began + seconds if seconds is not None else None
        done = self._until("select count(*) from habeas.person where state in ('queued', 'running')", lambda left: left == 0, ended)
        cpu = 0.0
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            _, status, used = os.wait4(worker.pid, 0)
            worker.returncode = os.waitstatus_to_exitcode(status)
            assert worker.returncode == 143, (self.folder / "said").read_text()
            cpu += used.ru_utime + used.ru_stime
        return done - began, cpu

    def _until(self, words: str, enough: Callable[[int], bool], ended: float | None = None) -> float:
        while not enough(self.server.sql(words, database="habeas")[0][0]) and (ended is None or time.perf_counter() < ended):
            time.sleep(PAUSE)
        return time.perf_counter()

    def _run(self, *words: str) -> float:
        process = subprocess.Popen([*HABEAS, *words], env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read() if process.stderr is not None else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, said.decode()
        return used.ru_utime + used.ru_stime


@contextmanager
def accounts(limits: Sequence[int]) -> Iterator[tuple[Accounts, list[Mapping[str, float]]]]:
    """Serve one account for each limit (0: none) over a database; what the vendors counted is there when the block has ended."""
    counted: list[Mapping[str, float]] = []
    with tempfile.TemporaryDirectory() as name, database() as server:
        with ExitStack() as stack:
            up = [stack.enter_context(vendor(limit)) for limit in limits]
            yield Accounts(Path(name), server, [one.address for one in up], limited=any(limits)), counted
        counted += [one.counted for one in up]


def side_by_side(count: int = 32) -> Row:
    """Two accounts by two workers of one place, beside one worker."""
    took = []
    for many in ((1,), (1, 1)):
        with accounts((LIMIT, LIMIT)) as (team, _):
            team.lend(count)
            took.append(team.work(*many)[0])
    alone, both = took
    told = f"{alone / both:.2f} x ({both:.1f} s)"
    return "two workers of one place, two accounts", told, f"one worker: {alone:.1f} s", verdict(">= 1.9 x", alone / both >= 1.9)


def saturated() -> Row:
    """A minute at the limits of two accounts."""
    count = int(LIMIT * SHARE * SECONDS * 1.15 / PER_PERSON)
    with accounts((LIMIT, LIMIT)) as (team, counted):
        team.lend(count)
        team.work(2, seconds=SECONDS + 5.0)
    used = [one["in_time"] / (SECONDS * LIMIT * SHARE) for one in counted]
    refused = sum(one["refused"] for one in counted)
    told = f"{min(used):.1%} and {max(used):.1%} of N x share, {refused:.0f} x 429"
    most = max(one["most"] for one in counted)
    good = min(used) >= 0.98 and refused == 0
    return f"one worker of two places, {LIMIT}/s, {SECONDS} s", told, f"{most:.0f} at most in a second", verdict(">= 98 %, 0 x 429", good)


def per_person(count: int = 300, rounds: int = 3) -> Row:
    """CPU of a person of forty requests, dispatching included, beside the batch of one machine: in turns, because a busy machine is slower."""
    here, there = list[float](), list[float]()
    for _ in range(rounds):
        with vendor() as up:
            here.append(batch(count, PER_PERSON, up.address)["cpu"] / count)
        with accounts((0,)) as (team, _counted):
            there.append((team.lend(count) + team.work(1)[1]) / count)
    ratios = [mine / other for mine, other in zip(there, here, strict=True)]
    mine, other, ratio = map(statistics.median, (there, here, ratios))
    told = f"{mine * 1000:.0f} ms, {ratio:.2f} x ({min(ratios):.2f} to {max(ratios):.2f})"
    return (
        f"CPU per person of 40 requests, {count} people, {rounds} times",
        told,
        f"{other * 1000:.0f} ms in a batch",
        verdict("<= 1.3 x", ratio <= 1.3),
    )


def claims() -> Iterator[Row]:
    """What it takes to find work among ten thousand connections and a hundred thousand people."""
    with database() as server:
        server.sql(FILL, database="habeas")
        busy, free, sweep = asyncio.run(_claims(server))
    size = f"{CONNECTIONS:,} connections, {PEOPLE:,} people"
    yield f"claim, all of {size} busy", busy.cpu, busy.wall, verdict("<= 2 ms", busy.seconds <= 0.002)
    yield f"claim of a job, its lease and a person, {FREE} free", free.cpu, free.wall, verdict("<= 10 ms", free.seconds <= 0.01)
    yield "sweep, by one worker of all, a twentieth of its time", sweep.cpu, sweep.wall, ""


class Measured:
    """How long something took that was done several times: CPU here and in the session's process of the database, and the median time."""

    def __init__(self, seconds: float, took: Sequence[float]) -> None:
        self.seconds = seconds
        self.cpu, self.wall = f"{seconds * 1000:.2f} ms CPU", f"{statistics.median(took) * 1000:.2f} ms passed"


async def _claims(server: Postgres) -> tuple[Measured, Measured, Measured]:
    pool = pool_of(server.address(), 10.0)
    await pool.open(wait=True)
    await pool.resize(1, 1)
    try:
        times = LeaseTimes()
        busy = await _measured(pool, lambda: _fetched(pool))
        sweeps = ProcrastinateDispatcher(pool, 1, times)
        sweep = await _measured(pool, lambda: sweeps.sweep(()), 5)
        server.sql(SET_FREE, database="habeas")
        free = await _measured(pool, lambda: _claimed(pool, times))
        return busy, free, sweep
    finally:
        await pool.close()


async def _fetched(pool: Pool) -> str | None:
    async with pool.connection() as connection:
        row = await (await connection.execute(sql.queries["fetch_job"], {"queues": [QUEUE], "worker_id": None})).fetchone()
    return row[4] if row is not None else None


async def _claimed(pool: Pool, times: LeaseTimes) -> None:
    name = await _fetched(pool)
    assert name is not None
    lease = await ownership.take(pool, name, "bench", times, ())
    assert lease is not None
    assert await people.claim(pool, lease, name, ["b"]) is not None


async def _measured(pool: Pool, what: Callable[[], Awaitable[object]], times: int = TIMES) -> Measured:
    async with pool.connection() as connection:
        used = Path(f"/proc/{connection.info.backend_pid}/schedstat")
    before, took = time.process_time() + int(used.read_text().split()[0]) / 1e9, []
    for _ in range(times):
        began = time.perf_counter()
        await what()
        took.append(time.perf_counter() - began)
    return Measured((time.process_time() + int(used.read_text().split()[0]) / 1e9 - before) / times, took)


def expiries(count: int = 50) -> Row:
    """Many that meet a dead token at once, each with a session of its own."""
    with tempfile.TemporaryDirectory() as name, database() as server:
        asked, renewed, seconds = asyncio.run(_expired(Kept(Path(name), server.address()), count))
    told = f"{asked} refresh, {renewed} have the token"
    return f"{count} expiries at once", told, f"{seconds:.2f} s", verdict("1 refresh", asked == 1 and renewed == count)


async def _expired(kept: Kept, count: int) -> tuple[int, int, float]:
    async with Acme().up() as acme:
        await kept.write(acme.record(life=-1))
        keepers = [(await keeping(kept.store(), acme))[0] for _ in range(count)]
        began = time.perf_counter()
        await asyncio.gather(*(keeper.refresh() for keeper in keepers))
        seconds = time.perf_counter() - began
    return acme.log.count("token"), sum(not keeper.due() and keeper.record.serial == 2 for keeper in keepers), seconds


def main() -> None:
    """Measure everything, and print it as a table."""
    if program("postgres") is None:
        sys.exit("Workers over a shared database were not measured: that needs PostgreSQL, install it (Debian: apt install postgresql).")
    rows = [*claims(), expiries(), per_person(), side_by_side(), saturated()]
    print(table(("what", "measured", "beside", "budget"), rows))
    sys.exit(any("MISSED" in row[-1] for row in rows))


if __name__ == "__main__":
    main()
