"""The tables of `findings.sqlite`, a cache: what was flagged in a case's runs, where, and what was decided about it.

Numbers stand for texts, so that 400,000 findings fit into some megabytes. The file is private: it holds values of records.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from engine.connection.lock_queue import FILE
from engine.connection.private_files import cannot_write
from engine.errors import DiskError, HabeasError

SCHEMA_VERSION = "2"
PATIENCE = 60.0  # seconds: whoever writes at the same time is done long before
TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE endpoints (id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, endpoint TEXT NOT NULL, file TEXT NOT NULL);
CREATE TABLE files (endpoint INTEGER NOT NULL, line INTEGER NOT NULL, file TEXT NOT NULL);
CREATE TABLE records (
    id INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL, line INTEGER NOT NULL, begins INTEGER NOT NULL, sha256 BLOB NOT NULL,
    before INTEGER NOT NULL, last INTEGER NOT NULL
);
CREATE TABLE fields (id INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL, field TEXT NOT NULL);
CREATE TABLE pointers (id INTEGER PRIMARY KEY, field INTEGER NOT NULL, pointer TEXT NOT NULL);
CREATE TABLE whys (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, rule TEXT NOT NULL, asked INTEGER NOT NULL);
CREATE TABLE "values" (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL, shown TEXT NOT NULL, row INTEGER NOT NULL,
    count INTEGER NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 0, undecided INTEGER NOT NULL DEFAULT 0, decision INTEGER
);
CREATE TABLE findings (
    id INTEGER PRIMARY KEY, value INTEGER NOT NULL, why INTEGER NOT NULL, record INTEGER NOT NULL, pointer INTEGER NOT NULL, act INTEGER
);
CREATE TABLE stands (value INTEGER NOT NULL, field INTEGER NOT NULL, why INTEGER NOT NULL, count INTEGER NOT NULL);
CREATE TABLE rows (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, undecided INTEGER NOT NULL DEFAULT 0);
"""
FILLED = """
CREATE INDEX findings_by_value ON findings (value);
CREATE INDEX findings_decided ON findings (value) WHERE act IS NOT NULL;
CREATE INDEX stands_by_value ON stands (value);
CREATE INDEX values_by_row ON "values" (row);
CREATE INDEX values_by_digest ON "values" (digest);
CREATE INDEX records_by_sha256 ON records (sha256);
CREATE INDEX records_by_line ON records (endpoint, line);
INSERT INTO rows (id, count) SELECT row, max(count) FROM "values" GROUP BY row;
CREATE INDEX rows_in_order ON rows (undecided > 0 DESC, count DESC, id);
"""
COUNTED = """
UPDATE "values" SET undecided = asked - (
    SELECT count(*) FROM findings JOIN whys ON whys.id = findings.why
    WHERE findings.value = "values".id AND findings.act IS NOT NULL AND whys.asked
);
UPDATE rows SET undecided = (
    SELECT count(*) FROM "values" WHERE "values".row = rows.id AND "values".undecided AND "values".decision IS NULL
);
"""


QUICK = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000; BEGIN;"
SHARED = (
    "PRAGMA cache_size = -1000; PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; "
    "PRAGMA trusted_schema = OFF;"
)


def opened(path: Path) -> sqlite3.Connection:
    """Open the file for reading, and for decisions. Raises sqlite3.DatabaseError where it is none."""
    database = sqlite3.connect(path, PATIENCE, isolation_level=None)
    database.executescript(SHARED)
    return database


@contextmanager
def made(path: Path) -> Iterator[sqlite3.Connection]:
    """Make the file anew, beside an older one, which it replaces once it is whole. Raises DiskError, OutputError."""
    try:
        _clear(path)
        part, file = _part(path)
        try:
            with closing(sqlite3.connect(part, isolation_level=None)) as database:
                database.executescript(QUICK + TABLES)
                yield database
                database.execute("COMMIT")
            path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # of an older file that was deleted, or killed in a change
            part.replace(path)
        finally:
            os.close(file)
            part.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None
    except sqlite3.OperationalError as error:
        raise refused(path, error) from None


def refused(path: Path, error: sqlite3.OperationalError) -> HabeasError:
    """Turn an error of SQLite into a DiskError (the disk is full, or refused a write) or an OutputError (any other reason)."""
    if error.sqlite_errorcode == sqlite3.SQLITE_IOERR_WRITE:  # what SQLite says of a quota that is used up
        return DiskError(f"the disk refused to write {path}: make room, or raise the quota; what was there before is kept")
    full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return cannot_write(path, OSError(errno.ENOSPC if full else errno.EIO, str(error)))


def _part(path: Path) -> tuple[Path, int]:
    """Make a file beside another and lock it; one that was cleared before it was locked is made again. Raises OSError."""
    while True:
        part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
        with suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file), part.stat()):
                return part, file
        os.close(file)


def _clear(path: Path) -> None:
    """Remove what a killed process left half made: nobody holds a lock on it."""
    for left in path.parent.glob(f"{path.name}.*.part"):
        with suppress(FileNotFoundError, BlockingIOError), left.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()
