"""The machine that a batch is lent from: a team's database, a vendor that it is connected to, and the command line."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from tests.batch.conftest import Vendor
from tests.connection.kept import KEY
from tests.postgres import Postgres


class HomeMachine:
    """A team's machine: its state folder, and a batch's folder. Workers are played by SQL."""

    def __init__(self, habeas, vendor: Vendor, postgres: Postgres, address: str, folder: Path) -> None:
        self.habeas, self.vendor, self.postgres, self.address, self.folder = habeas, vendor, postgres, address, folder
        self.out = folder / "november"
        self.key = {"HABEAS_KEY": KEY}

    def connect(self, name: str = "default") -> None:
        """Connect the vendor in the team's store."""
        words = ("connect", str(self.vendor.spec), "--connection", name)
        done = self.habeas(*words, **self.key, HABEAS_STORE=self.address, **self.vendor.given, HABEAS_ACME_PROBE="")
        assert done.returncode in (0, 3), done.stderr

    def people(self, *lines: str, head: str = "request,email") -> Path:
        """Write a CSV."""
        path = self.folder / "people.csv"
        path.write_text("\n".join([head, *lines]) + "\n")
        return path

    def batch(self, *lines: str, words: tuple[str, ...] = (), **more: str) -> subprocess.CompletedProcess[str]:
        """Call `habeas batch` over a CSV of these lines."""
        people = self.people(*lines)
        return self.call("batch", str(people), "--vendor", str(self.vendor.spec), "--out", str(self.out), *words, **more)

    def lend(self, *lines: str, words: tuple[str, ...] = (), **more: str) -> subprocess.CompletedProcess[str]:
        """Call `habeas batch --dispatch`."""
        return self.batch(*lines, words=("--dispatch", self.address, *words), **more)

    def call(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Call the command line; the team's store is named by options alone."""
        return self.habeas(*words, **{**self.key, "HABEAS_ACME_AT": self.vendor.address, **more})

    def sql(self, *statements: str) -> list[tuple]:
        """Do what a worker would."""
        return self.postgres.sql(*statements, database="habeas")

    def ended(self, request: str, state: str = "done", code: int = 0, reason: str | None = None, token: int = 1) -> None:
        """Play a worker that was asked for somebody: a result in its place, and a row that names it."""
        place = self.out / "people" / request / f"acme+{token}"
        place.mkdir(parents=True)
        (place / "manifest.json").write_text(json.dumps({"subject": {"outcome": "matched"}}))
        words = "null" if reason is None else f"'{reason}'"
        self.sql(
            f"update habeas.person set state='{state}', exit_code={code}, reason={words}, folder='people/{request}/acme+{token}', "
            f"sha256='{token}', ended_at=now(), attempts=1, token={token} where request='{request}'"
        )

    def rows(self) -> dict[str, str]:
        """Give the state of each request in the database."""
        return dict(self.sql("select request, state from habeas.person order by id"))

    def sqlite(self, words: str) -> list[tuple]:
        """Read the batch's own database."""
        with contextlib.closing(sqlite3.connect(self.out / "batch.db")) as database:
            return database.execute(words).fetchall()

    def at_home(self) -> dict[str, str]:
        """Give the state of each request in the batch's own folder."""
        return dict(self.sqlite("select request, state from person order by id"))

    def proof(self) -> dict[str, Any]:
        """Read the batch's proof."""
        return dict(json.loads((self.out / "batch.json").read_text()))
