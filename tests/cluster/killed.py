"""Lend a batch, or take it back, in a child that kills itself (SIGKILL) at its N-th step; then say what later commands find. For each N.

A step is every statement of either database, before it is sent and when it was done, every row that is copied, and every change of a file.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

import psycopg
from psycopg import AsyncConnection, AsyncCopy, AsyncServerCursor

import engine.cluster.lend
import engine.cluster.recall
from engine.batch.batch_folder import BatchFolder
from engine.batch.database import Database
from engine.cli.app import main as habeas
from engine.connection.postgres_store import PostgresStore
from tests.connection.killed import child, count

PEOPLE = 5
LOADED = (engine.cluster.lend, engine.cluster.recall, BatchFolder, PostgresStore)


def step_of(step) -> None:
    """Count what is sent to a database twice: what was not told may have been done."""
    for owner, name in ((AsyncConnection, "execute"), (AsyncServerCursor, "execute"), (AsyncCopy, "write_row")):

        def counted(real):
            async def both(*words, **named):
                step()
                done = await real(*words, **named)
                step()
                return done

            return both

        setattr(owner, name, counted(getattr(owner, name)))
    run = Database.run

    def twice(*words):
        step()
        done = run(*words)
        step()
        return done

    Database.run = twice


def called(words: tuple[str, ...], number: int | None = None) -> tuple[int, str]:
    """Call the command line in a child that is killed at a step; gives its status and what it said."""

    def work() -> str:
        reading, writing = os.pipe()
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        if number is not None:
            count(number, step_of)
        sys.argv = ["habeas", *words]
        try:
            habeas()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        os.set_blocking(reading, False)
        return json.dumps([code, os.read(reading, 1 << 16).decode()])

    status, said = child(work)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return -9, ""
    code, text = json.loads(said)
    return code, text


class Scene:
    """One batch of a few people, lent to a store."""

    def __init__(self, spec: str, folder: Path, address: str, number: int) -> None:
        self.out, self.address = folder / f"batch-{number}", address
        people = folder / "people.csv"
        people.write_text("request,email\n" + "".join(f"R{one},p{one}@x.io\n" for one in range(PEOPLE)))
        self.batch = ("batch", str(people), "--vendor", spec, "--out", str(self.out))
        self.lend, self.resume = (*self.batch, "--dispatch", address), ("resume", str(self.out))

    def rows(self) -> dict[str, list[str]]:
        """Give what the database knows of it: states by request."""
        with psycopg.connect(self.address) as connection:
            found = connection.execute(
                "select request, array_agg(state) from habeas.person join habeas.batch on batch.id = batch where batch.folder = %s group by request",
                (str(self.out.resolve()),),
            )
            return dict(found.fetchall())

    def work(self) -> None:
        """Play a worker that was asked for everybody."""
        with psycopg.connect(self.address) as connection:
            connection.execute(
                "update habeas.person set state='done', exit_code=0, folder='people/' || request || '/acme+1', sha256='s', ended_at=now()"
                " from habeas.batch where batch.id = batch and batch.folder = %s",
                (str(self.out.resolve()),),
            )

    def home(self) -> dict[str, str]:
        """Give what the folder knows of it."""
        if not (self.out / "batch.db").exists():
            return {}
        database = sqlite3.connect(self.out / "batch.db")
        try:
            known = database.execute("select count(*) from sqlite_master").fetchone()[0]
            return dict(database.execute("select request, state from person").fetchall()) if known else {}
        finally:
            database.close()


def main() -> None:
    """For each number: a command that is killed there, and what the same command, or the other one, then finds."""
    what, spec, folder, address, *numbers = sys.argv[1:]
    for number in map(int, numbers):
        scene = Scene(spec, Path(folder), address, number)
        if what == "resume":
            assert called(scene.lend)[0] == 0
            scene.work()
        killed, _ = called(getattr(scene, what), number)
        between = scene.rows()
        again = called(getattr(scene, what))
        told = {"number": number, "killed": killed == -9, "between": between, "again": again, "rows": scene.rows(), "home": scene.home()}
        if what == "lend":
            scene.work()
            told["back"] = called(scene.resume)
            told["after"], told["home"] = scene.rows(), scene.home()
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
