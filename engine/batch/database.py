"""`batch.db`: a row for each person at each connection, and where it stands. Identifiers are sealed; no other column holds any.

One process works on a batch; `status`, `retry` and `cancel` of others read and change the same rows meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from errno import EIO, ENOSPC
from pathlib import Path
from typing import Any

import msgspec

from engine.discreet import Discreet
from engine.errors import DiskError, Exit, OutputError, UsageError, disk_error

FILE = "batch.db"
FORMAT = 1
BUSY = 30.0
STATES = ("queued", "running", "done", "failed", "cancelled")
SCHEMA = """
create table batch(format int not null, id text not null, created text not null, options text not null,
  refused int not null default 0, readings int not null default 0);
create table connection(name text primary key, vendor text not null, word text not null, chosen text, at text, sha256 text not null,
  simulated int not null, ended text, not_before real, rate text);
create table person(id integer primary key, request text not null, connection text not null references connection, identifiers blob,
  content blob not null, wish text not null, state text not null default 'queued', priority int not null default 0, not_before real,
  attempts int not null default 0, exit_code int, reason text, folder text, sha256 text, ended_at text,
  taken int not null default 0, unique(request, connection));
create index next_person on person(connection, priority desc, id) where state = 'queued';
create table line(request text primary key, content blob not null, reading int not null) without rowid;
create index by_state on person(connection, state);
create table refusal(content blob primary key) without rowid;
create table identity(digest blob not null, request text not null, primary key(digest, request)) without rowid;
"""


def is_begun(path: Path) -> bool:
    """Whether a file holds a batch; that of a process which was killed before it had taken the people in holds nothing."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return bool(db.execute("select count(*) from sqlite_master").fetchone()[0])
    except sqlite3.Error:
        return True  # that it is damaged, whoever opens it says


class QueuedPerson(Discreet, msgspec.Struct, frozen=True):
    """A row that is asked for: who, at which connection, with what wishes."""

    HIDDEN = ("identifiers",)

    id: int
    request: str
    connection: str
    identifiers: bytes
    wish: str
    attempts: int


class Database:
    """An open `batch.db`."""

    def __init__(self, path: Path | None, *, new: bool = False, read_only: bool = False) -> None:
        """Open a file, or one that is gone when it is closed (None). Raises UsageError where it is no batch of ours, OutputError."""
        place = "" if path is None else f"file:{path}?mode={'ro' if read_only else 'rwc' if new else 'rw'}"
        try:
            self.db = sqlite3.connect(place, uri=path is not None, timeout=BUSY, isolation_level=None)
            if path is not None and not read_only:
                path.chmod(0o600)
                self.db.execute("pragma journal_mode=wal")
            self.db.execute("pragma synchronous=normal")
            self.db.execute("pragma secure_delete=on")
            if new:
                self.db.executescript(f"begin;{SCHEMA}")
            elif self.db.execute("select format from batch").fetchone() != (FORMAT,):
                message = f"{path} is a batch of another version of Habeas"
                raise UsageError(message)
        except sqlite3.Error as error:
            if new:
                message = f"{path} cannot be made ({error}): name another folder with --out"
                raise OutputError(message) from None
            message = f"{path} is no batch, or it is damaged: put a copy back"
            raise UsageError(message) from None

    def close(self) -> None:
        """Close it; what was not committed is not kept."""
        self.db.close()

    def run(self, words: str, *values: Any) -> int:
        """Change something; gives how many rows. Raises DiskError."""
        try:
            return self.db.execute(words, values).rowcount
        except sqlite3.OperationalError as error:
            raise _refused(error) from None

    def all(self, words: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Read rows. Raises DiskError."""
        try:
            yield from self.db.execute(words, values)
        except sqlite3.OperationalError as error:
            raise _refused(error) from None

    def one(self, words: str, *values: Any) -> tuple[Any, ...] | None:
        """Read one row, which a change may give; None where there is none. Raises DiskError."""
        try:
            row = self.db.execute(words, values).fetchone()
        except sqlite3.OperationalError as error:
            raise _refused(error) from None
        return None if row is None else tuple(row)

    def count(self, words: str, *values: Any) -> int:
        """Read one number."""
        row = self.one(words, *values)
        return 0 if row is None else int(row[0] or 0)

    def claim(self, connection: str, now: float) -> QueuedPerson | None:
        """Take the next person of a connection; they are `running` then."""
        row = self.one(
            "update person set state='running', attempts=attempts+1 where id=(select id from person where connection=? and state='queued'"
            " and coalesce(not_before,0)<=? order by priority desc, id limit 1) and state='queued'"
            " returning id, request, connection, identifiers, wish, attempts",
            connection,
            now,
        )
        return None if row is None else QueuedPerson(*row)

    def waits_until(self, connection: str) -> float | None:
        """Give when the next person of a connection may be asked for; None where nobody is queued."""
        row = self.one("select min(coalesce(not_before,0)) from person where connection=? and state='queued'", connection)
        return row[0] if row is not None else None

    def left(self) -> int:
        """Count the requests that are asked for when the batch goes on: whom a killed process had under way is among them."""
        asked = "+state in ('queued', 'running') or (+state='failed' and exit_code=?)"  # +: in the order of requests, nothing is sorted
        words = f"select count(*) from (select 1 from person where {asked} group by request)"  # noqa: S608  no value is written into it
        return self.count(words, int(Exit.NOT_CONNECTED))

    def left_by_wish(self, connection: str) -> Iterator[tuple[Any, ...]]:
        """Count the same at a connection, by what they wish for."""
        yield from self.all(
            "select wish, count(*) from person where connection=? and (state in ('queued', 'running') or (state='failed' and exit_code=?))"
            " group by wish",
            connection,
            int(Exit.NOT_CONNECTED),
        )

    def end(self, ends: Iterable[tuple[Any, ...]]) -> None:
        """Note how people ended: state, not_before, exit code, reason, folder, sha256, moment, spent attempts, id; all or none of them."""
        self.run("begin immediate")
        try:
            for values in ends:
                self.run(
                    "update person set state=?1, not_before=?2, exit_code=?3, reason=?4, folder=?5, sha256=?6, ended_at=?7,"
                    " attempts=attempts-?8, taken=case when sha256 is ?6 then taken else 0 end where id=?9 and state='running'",
                    *values,
                )
            self.run("commit")
        except BaseException:
            if self.db.in_transaction:
                self.db.rollback()
            raise

    def by_state(self, connection: str | None = None) -> dict[str, int]:
        """Count the people in each state."""
        where, values = ("where connection=?", (connection,)) if connection is not None else ("", ())
        found = dict(self.all(f"select state, count(*) from person {where} group by state", *values))  # noqa: S608  no value is written into it
        return {state: found.get(state, 0) for state in STATES}


def _refused(error: sqlite3.OperationalError) -> DiskError:
    """Say why SQLite could not do something."""
    words = str(error)
    if "locked" in words:
        return DiskError(
            f"{FILE} was in use by another command for {BUSY:.0f} s: when that has ended, give this one again; nothing is lost"
        )
    return disk_error(OSError(ENOSPC, words) if "full" in words else OSError(EIO, words))
