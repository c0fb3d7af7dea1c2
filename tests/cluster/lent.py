"""A batch as `habeas batch --dispatch` leaves it: a folder with its mark, its key, targets and people in the tables; and workers beside it."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from engine.batch.batch_folder import KIND, BatchKey
from engine.batch.lent_mark import LentMark, write_mark
from engine.batch.targets import Wish
from engine.catalogue import load
from engine.connection.sealed_file import sealed
from engine.connection.stored import Bound, Name, StoredConnection
from tests.batch.conftest import Vendor
from tests.connection.kept import Kept
from tests.process import HABEAS, environment

CONNECTIONS = "select name, token, owner, lease_until, ended from connection"
SESSIONS = "select pid, application_name, state, wait_event, pg_blocking_pids(pid), left(query, 200) from pg_stat_activity where datname = current_database()"


@dataclass
class Team:
    """A shared store, a vendor with connections, and the workers that a test begins."""

    kept: Kept
    vendor: Vendor
    workers: list[subprocess.Popen[str]] = field(default_factory=list)
    session: psycopg.Connection[tuple[Any, ...]] | None = None

    def connect(self, *names: str, secret: str = "t0", account: str | None = None) -> None:
        """Store connections of the vendor."""

        async def store() -> None:
            for name in names:
                bound = Bound((f"api.{self.vendor.name}.example",), at=self.vendor.address)
                record = StoredConnection(self.vendor.name, "headers", bound, time.time(), secret=secret, account_id=account)
                await self.kept.write(record, Name(self.vendor.name, name))

        with ThreadPoolExecutor(1) as thread:  # the test itself may run in a loop
            thread.submit(asyncio.run, store()).result()

    def sql(self, words: str, *values: Any) -> list[tuple[Any, ...]]:
        """Do something in the store; gives its rows."""
        try:
            cursor = self._session().execute(words, values)  # type: ignore[arg-type]
        except psycopg.OperationalError:  # the session was ended since: whether the store is away a new one knows
            self._end_session()
            cursor = self._session().execute(words, values)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []

    def _session(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Give a session that is kept: to begin one costs ten times what most statements do."""
        assert self.kept.address is not None
        if self.session is None:
            self.session = psycopg.connect(self.kept.address, autocommit=True, options="-c search_path=habeas")
        return self.session

    def _end_session(self) -> None:
        if self.session is not None:
            self.session.close()
        self.session = None

    def lend(
        self, folder: Path, people: dict[str, tuple[str, str]], *, share: float = 1.0, sha256: str | None = None, **options: Any
    ) -> str:
        """Put a batch into the tables: of each request the address of its person and the name of its connection."""
        number, key = secrets.token_hex(8), BatchKey(secrets.token_bytes(32))
        folder.mkdir(parents=True, exist_ok=True)
        write_mark(folder, LentMark(store="postgresql://", batch=number, dispatched=datetime.now(UTC)))
        vendor = load(str(self.vendor.spec))
        raw = sealed(self.kept.store().shared.keys.current(), KIND, number, key.lent(self.kept.folder / "state"))  # type: ignore[attr-defined]
        self.sql(
            "insert into batch (id, folder, created, options, share, sealed) values (%s, %s, now(), %s, %s, %s)",
            *(number, str(folder), json.dumps(options), share, raw),
        )
        for name in sorted({connection for _, connection in people.values()}):
            self.sql(
                "insert into target (batch, connection, vendor, word, chosen, at, sha256, simulated) values (%s, %s, %s, %s, %s, %s, %s, true)",
                *(number, f"{vendor.name}/{name}", vendor.name, str(self.vendor.spec), name, self.vendor.address, sha256 or vendor.sha256),
            )
        wish = msgspec.json.encode(Wish()).decode()
        rows = [
            (number, request, f"{vendor.name}/{name}", key.seal(request, msgspec.json.encode([("email", email)])), wish)
            for request, (email, name) in people.items()
        ]
        assert self.kept.address is not None
        with psycopg.connect(self.kept.address, options="-c search_path=habeas") as connection, connection.cursor() as cursor:
            cursor.executemany("insert into person (batch, request, connection, identifiers, wish) values (%s, %s, %s, %s, %s)", rows)
        return number

    def work(self, *words: str, lease: float = 3.0, believing: dict[str, Any] | None = None, **environ: str) -> subprocess.Popen[str]:
        """Begin a worker, which may believe something else of the world (see otherwise.py)."""
        given = {**environment(self.kept.folder, **self.kept.environ), "HABEAS_HOME": str(self.kept.folder / "state"), **environ}
        habeas = HABEAS if believing is None else (sys.executable, "-m", "tests.cluster.otherwise", json.dumps(believing))
        command = [*habeas, "worker", str(self.kept.address), "--lease", str(lease), *words]
        process = subprocess.Popen(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.workers.append(process)
        return process

    def states(self) -> dict[str, int]:
        """Count people by state."""
        return dict(self.sql("select state, count(*)::int from person group by state"))

    def token(self) -> int:
        """Give the number of the latest lease of all."""
        return int(self.sql("select max(token) from connection")[0][0])

    def until(self, condition: Any, seconds: float = 60.0) -> None:
        """Look again and again until something is so."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, (self.states(), self.sql(CONNECTIONS), self.sql(SESSIONS))
            time.sleep(0.05)  # SLEEPS: between two looks at a database

    def until_done(self, seconds: float = 60.0) -> None:
        """Wait until nobody is queued or running."""
        self.until(lambda: not {"queued", "running"} & set(self.states()), seconds)

    def end(self, worker: subprocess.Popen[str]) -> tuple[int, str]:
        """Stop a worker; gives its exit code and what it said."""
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=60)
        return worker.returncode, said

    def close(self) -> None:
        """Kill what is left."""
        self._end_session()
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.communicate()


def some_people(count: int, *names: str) -> dict[str, tuple[str, str]]:
    """Name people at connections, in turn."""
    return {f"R{number:03}": (f"p{number}@x.io", names[number % len(names)]) for number in range(count)}
