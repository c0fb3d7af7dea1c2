"""Workers that are killed, stopped and woken, whose database dies under them, end a batch as one that nobody disturbed ends."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine.connection.chosen_store import make_tables
from engine.errors import Exit
from engine.language.model.units import parse_rate
from tests.batch.conftest import proof_of
from tests.chaos import verdicts
from tests.chaos.conftest import CONNECTIONS, EVENTS, PEOPLE, SEED, Undisturbed
from tests.chaos.crowd import ALLOWED, VENDOR, write_spec
from tests.chaos.crowd_vendor import LIFE
from tests.chaos.director import Director, planned
from tests.chaos.vendor_process import VendorProcess
from tests.chaos.warm import Habeas
from tests.connection.kept import Kept
from tests.postgres import Postgres

SHARES = {
    "worker killed": 50,
    "worker killed while renewing": 10,
    "worker woken": 17,
    "session ended": 7,
    "backend killed": 4,
    "worker told to end": 5,
    "database away": 4,
    "database away while renewing": 3,
}
WORKERS, MANY, LEASE = 3, 6, 3.0
ASLEEP, AWAY, LONGEST = LEASE + 2.5, 5.0, 120.0
GRACE = AWAY + LEASE + 2.0  # longer than the database is away: what lies on a machine meanwhile is sent as soon as it is back
ACCOUNTS = {"c10": "shared", "c11": "shared"}
WATCHED = """
create schema chaos;
create table chaos.owned (at double precision, name text, token bigint, owner text);
create function chaos.note() returns trigger language plpgsql security definer as
  $$ begin insert into chaos.owned values (extract(epoch from clock_timestamp()), new.name, new.token, new.owner); return new; end $$;
create trigger note after update of token, owner on habeas.connection for each row execute function chaos.note();
"""
LEFT = "select count(*)::int from habeas.person where state in ('queued', 'running')"
OWNERS = "select distinct owner from habeas.connection where owner is not null and lease_until > now()"
UNDER_WAY = "select request, owner from habeas.person p join habeas.connection c on c.name = p.connection where state = 'running' and owner is not null"
ROWS = "select request, state, exit_code, reason, folder, sha256 as manifest_sha256 from habeas.person"


class Team:
    """Three workers over one database; whoever ends is followed by another."""

    def __init__(self, folder: Path, vendor: VendorProcess, database: Postgres, dice: random.Random) -> None:
        self.folder, self.vendor, self.database, self.dice = folder, vendor, database, dice
        self.out, self.log = folder / "out", folder / "log"
        self.kept = Kept(folder, database.address())
        asyncio.run(make_tables(database.address()))
        database.sql(WATCHED, database="habeas")
        vendor.connect(self.kept, CONNECTIONS, ACCOUNTS)
        self.environ = {**vendor.environ(self.kept), "GRACE": str(GRACE), "SETTLE": str(LEASE)}
        self.homes = [folder / f"machine-{number}" for number in range(WORKERS)]
        self.workers: list[Habeas] = []
        self.asleep: dict[Habeas, float] = {}

    def call(self, *words: str, code: int = 0, log: str = "log") -> str:
        """Call a command to its end; gives what it said."""
        path = self.folder / log
        done = Habeas(words, self.environ, path).ended(LONGEST)
        said = path.read_text("utf-8")
        assert done == code, said[-3000:]
        return said

    def staff(self, *, killing: bool = False) -> None:
        """See that there are three workers; whoever could not begin without a database tries again. `killing`: one is killed meanwhile."""
        for worker in [one for one in self.workers if not one.alive]:
            if killing and worker.ended(0) == -signal.SIGKILL:
                continue
            assert self._without_beginning(worker), f"{worker.pid} has ended: {self.said()}"
            self.workers.remove(worker)
        while len(self.workers) < WORKERS:
            home = next(home for home in self.homes if str(home) not in [one.environ["HABEAS_HOME"] for one in self.workers])
            metrics = ("--metrics", str(home.with_suffix(".prom")))
            words = ("worker", self.database.address(), "--lease", str(LEASE), "--many", str(MANY), *metrics)
            self.workers.append(Habeas(words, {**self.environ, "HABEAS_HOME": str(home)}, self.log))

    def watch(self) -> None:
        """See that they work; whoever has slept long enough is woken."""
        now = time.monotonic()
        for worker in [one for one, until in self.asleep.items() if now >= until]:
            del self.asleep[worker]
            self._signal(worker, signal.SIGCONT)
        self.staff()

    def left(self) -> int:
        """Count who is yet to be asked; no connection may have ended."""
        ended = self.database.sql("select name, ended from habeas.connection where ended is not null", database="habeas")
        assert ended == [], self.said()
        return int(self.database.sql(LEFT, database="habeas")[0][0])

    def said(self) -> str:
        """Give the end of what all of them said."""
        return self.log.read_text("utf-8")[-3000:]

    def disturb(self, kind: str) -> None:
        """Do what an event is called."""
        if kind == "worker killed while renewing":
            pid = self._while_renewing(int(signal.SIGKILL))
            self.gone(next(one for one in self.workers if one.pid == pid), -signal.SIGKILL)
        elif kind == "worker killed":
            worker = self.dice.choice(self.workers)
            self._signal(worker, signal.SIGKILL)
            self.gone(worker, -signal.SIGKILL)
        elif kind == "worker told to end":
            worker = self._awake()
            self._signal(worker, signal.SIGTERM)
            self.gone(worker, Exit.TERMINATED)
        elif kind == "worker woken":
            worker = self._about_to_write(self._awake())
            self._signal(worker, signal.SIGSTOP)
            self.asleep[worker] = time.monotonic() + ASLEEP
        elif kind.startswith("database away"):
            if "renewing" in kind:
                self._while_renewing(0)
            self._without_database()
        else:
            self._backend(kill=kind == "backend killed")
        self.staff()

    def _while_renewing(self, number: int) -> int:
        """Signal the next one who renews a token, and see that there are some who may; gives its pid. Nobody is woken meanwhile: that waits."""
        with ThreadPoolExecutor(1) as pool:
            told = pool.submit(self.vendor.ask, "refreshing", number=number)
            while not told.done():
                self.staff(killing=number == signal.SIGKILL)
                time.sleep(0.02)  # SLEEPS: real processes and their server take real time
        assert told.exception() is None, f"nobody renews: {self.said()}"
        return int(told.result()["pid"])

    def _awake(self) -> Habeas:
        """Choose one who is awake, and who owns something if anybody does; two never sleep at once."""
        while self.asleep:
            self.watch()
            time.sleep(0.05)  # SLEEPS: real processes and their server take real time
        owners = {int(owner.split(":")[1]) for (owner,) in self.database.sql(OWNERS, database="habeas")}
        return self.dice.choice([one for one in self.workers if one.pid in owners] or self.workers)

    def _about_to_write(self, other: Habeas) -> Habeas:
        """Choose one who has put a result in its place and not yet said so: woken too late, it must not. Else the `other`."""
        until = time.monotonic() + LEASE
        while time.monotonic() < until:
            for request, owner in self.database.sql(UNDER_WAY, database="habeas"):
                if any((self.out / "people" / request).glob("*")):
                    return next((one for one in self.workers if f":{one.pid}:" in owner), other)
            time.sleep(0.01)  # SLEEPS: real processes and their server take real time
        return other

    def _signal(self, worker: Habeas, number: signal.Signals) -> None:
        self.vendor.ask("signal", pid=worker.pid, number=int(number))

    def gone(self, worker: Habeas, code: int) -> None:
        """Wait for the end of one who was signalled; it may have ended before it began, by SIGTERM only if that is what it was sent."""
        ended = worker.ended(LONGEST)
        if ended is None:
            worker.dump()
        told = -signal.SIGTERM if code == Exit.TERMINATED else None
        assert ended == code or (ended is not None and self._without_beginning(worker, told)), (
            f"{worker.pid} has ended with {ended}: {self.said()}"
        )
        self.workers.remove(worker)
        self.asleep.pop(worker, None)

    def _without_beginning(self, worker: Habeas, *codes: int) -> bool:
        """Whether it ended before it began: the database was away, or it ended with one of these codes."""
        early = worker.ended(0) in (Exit.NOT_CONNECTED, *codes)
        return early and f":{worker.pid}:" not in self.log.read_text("utf-8")

    def _without_database(self) -> None:
        """Let the database crash, and begin again some seconds later; whoever has what it could not take is left alone until it is sent."""
        self.database.crash()
        until = time.monotonic() + AWAY
        while time.monotonic() < until:
            self.watch()
            time.sleep(0.05)  # SLEEPS: real processes and their server take real time
        self.database.begin()
        while any(any(home.glob("unsent/*")) for home in self.homes):  # who dies with the only copy of a token takes it along
            self.watch()
            time.sleep(0.05)  # SLEEPS: real processes and their server take real time

    def _backend(self, *, kill: bool) -> None:
        """End a session of a worker: in order, or by killing its process, after which the database ends all and recovers."""
        ended = False
        while not ended:
            self.watch()
            sessions = self.database.sql("select pid from pg_stat_activity where usename = 'team' order by pid")
            if sessions and kill:
                ended = self.database.kill(self.dice.choice(sessions)[0])
                self.database.recovered()
            elif sessions:
                ((ended,),) = self.database.sql(f"select pg_terminate_backend({self.dice.choice(sessions)[0]})")

    def end(self) -> None:
        """Kill whoever is left."""
        for worker in self.workers:
            worker.end()


@pytest.fixture
def database() -> Iterator[Postgres]:
    """Give a database that a test may kill: what was committed survives that."""
    server = Postgres("synchronous_commit=on")
    try:
        server.start()
        yield server
    finally:
        server.stop()


def stored(database: Postgres) -> dict[str, bytes]:
    """Give all that the database keeps: every table as it prints it, and every file of its own."""
    texts = {}
    with psycopg.connect(database.address("habeas", "boss")) as connection:
        names = connection.execute("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname !~ '^pg_'").fetchall()
        for (name,) in names:
            with connection.cursor().copy(f"copy {name} to stdout".encode()) as copy:
                texts[name] = b"".join(bytes(one) for one in copy)
    for path in database.folder.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                texts[str(path.relative_to(database.folder))] = path.read_bytes()
    return texts


def test_a_disturbed_cluster_ends_as_an_undisturbed_batch(undisturbed: Undisturbed, database: Postgres, tmp_path, record_property):
    """None is lost, every result is that of a batch left alone, no limit is exceeded, no token renewed twice, nothing sent by an owner of before."""
    dice = random.Random(SEED)
    with VendorProcess(
        tmp_path / "vendor", write_spec(tmp_path / "specs"), seed=SEED, limited=True, faulty=True, accounts=ACCOUNTS
    ) as vendor:
        team = Team(tmp_path, vendor, database, dice)
        team.call("batch", str(undisturbed.people), "--vendor", VENDOR, "--out", str(team.out), "--dispatch", database.address())
        team.staff()
        director = Director(vendor, planned(SHARES, EVENTS, dice), undisturbed.asked)
        try:
            for kind in director.each(team.watch):
                team.disturb(kind)
            seen = verdicts.command_lines()
            director.until(lambda: team.left() == 0 and not team.asleep, team.watch)
            for worker in team.workers:
                worker.stop()
            for worker in list(team.workers):
                team.gone(worker, Exit.TERMINATED)
        finally:
            team.end()
    record_property("disturbed", director.rows(PEOPLE))
    said = team.log.read_text("utf-8")
    words = f"seed {SEED}: {said[-3000:]}"
    assert "please report" not in said, words
    lent = rows_of(database)
    owned = database.sql("select at, name, owner from chaos.owned order by at", database="habeas")
    kept = stored(database)
    team.call("resume", str(team.out))
    rows = proof_of(team.out)["people"]
    told = (team.log, *team.out.glob("batch.*"), *team.out.glob("*.json"), *tmp_path.glob("*.prom"))
    texts = {path.name: path.read_bytes() for path in told}
    assert len(list(tmp_path.glob("*.prom"))) == WORKERS
    assert verdicts.few(verdicts.lost(lent, undisturbed.results)) == "", words
    assert verdicts.few(verdicts.lost(rows, undisturbed.results)) == "", words
    assert verdicts.few(verdicts.different(team.out, rows, undisturbed.results)) == "", words
    assert verdicts.few(verdicts.left_over(team.out, rows)) == "", words
    assert verdicts.few(verdicts.too_fast(vendor.log, parse_rate(ALLOWED))) == "", words
    assert verdicts.few(verdicts.renewed_too_often(vendor.log, LIFE)) == "", words
    assert verdicts.few(verdicts.asked_by_others(vendor.log, VENDOR, owned)) == "", words
    assert verdicts.few(verdicts.named_somebody({**kept, **texts, **seen})) == "", words


def rows_of(database: Postgres) -> list[dict[str, Any]]:
    """Give the rows of everybody as the database has them."""
    names = ("request", "state", "exit_code", "reason", "folder", "manifest_sha256")
    return [dict(zip(names, row, strict=True)) for row in database.sql(ROWS, database="habeas")]
