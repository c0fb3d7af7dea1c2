"""The tables of `findings.sqlite`, a cache: what was flagged in a case's runs, where, and what was decided about it.

Numbers stand for texts, and what is flagged together in many records is one number in each of them: `findings` has a row for each time,
`members` what stands behind the number, so that 600,000 places fit into some megabytes. A record that something was decided about has
numbers of its own. As what the values of a row were found is a sum of bits, one for each kind. The file is private: it holds values of
records. A file that has its name never changes: who decides makes another one of it, which takes its place. So nobody waits, and what
somebody has open stays what it was, whatever others do; SQLite's own locks and journals hang on names, and would take one file's for
another's.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from engine.case.scratch import locked, sweep
from engine.connection.lock_queue import FILE
from engine.connection.private_files import cannot_write
from engine.errors import DiskError, HabeasError

SCHEMA_VERSION = "5"
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
CREATE TABLE whys (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, rule TEXT NOT NULL, asked INTEGER NOT NULL, bit INTEGER NOT NULL);
CREATE TABLE "values" (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL, shown TEXT NOT NULL, row INTEGER NOT NULL,
    count INTEGER NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 0, undecided INTEGER NOT NULL DEFAULT 0, decision INTEGER
);
CREATE TABLE findings (id INTEGER PRIMARY KEY, record INTEGER NOT NULL, together INTEGER NOT NULL);
CREATE TABLE members (
    together INTEGER NOT NULL, at INTEGER NOT NULL, value INTEGER NOT NULL, why INTEGER NOT NULL, pointer INTEGER NOT NULL, act INTEGER,
    PRIMARY KEY (together, at)
) WITHOUT ROWID;
CREATE TABLE stands (value INTEGER NOT NULL, field INTEGER NOT NULL, why INTEGER NOT NULL, count INTEGER NOT NULL);
CREATE TABLE rows (
    id INTEGER PRIMARY KEY, count INTEGER NOT NULL, kinds INTEGER NOT NULL,
    undecided INTEGER NOT NULL DEFAULT 0, act INTEGER NOT NULL DEFAULT 0
);
"""
FILLED = """
CREATE INDEX findings_together ON findings (together);
CREATE INDEX members_by_value ON members (value);
CREATE INDEX members_decided ON members (value, act) WHERE act IS NOT NULL;
CREATE INDEX stands_by_value ON stands (value);
CREATE INDEX values_by_row ON "values" (row);
CREATE INDEX values_by_digest ON "values" (digest);
CREATE INDEX records_by_sha256 ON records (sha256);
CREATE INDEX records_by_line ON records (endpoint, line);
INSERT INTO rows (id, count, kinds) SELECT row, max("values".count), sum(DISTINCT whys.bit) FROM "values"
    JOIN stands ON stands.value = "values".id JOIN whys ON whys.id = stands.why GROUP BY row;
CREATE INDEX rows_in_order ON rows (undecided > 0 DESC, count DESC, id);
"""
COUNTED = """
UPDATE "values" SET undecided = asked - (
    SELECT count(*) FROM members JOIN whys ON whys.id = members.why JOIN findings ON findings.together = members.together
    WHERE members.value = "values".id AND members.act IS NOT NULL AND whys.asked
);
UPDATE rows SET undecided = (
    SELECT count(*) FROM "values" WHERE "values".row = rows.id AND "values".undecided AND "values".decision IS NULL
), act = (
    SELECT max(max(coalesce("values".decision, 0), coalesce((
        SELECT max(members.act) FROM members WHERE members.value = "values".id AND members.act IS NOT NULL
    ), 0))) FROM "values" WHERE "values".row = rows.id
);
"""


QUICK = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;"
SHARED = "PRAGMA cache_size = -1000; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
OF_THE_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)


def opened(path: Path) -> sqlite3.Connection:
    """Open the file for reading. Raises sqlite3.DatabaseError where it is none."""
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    database.executescript(SHARED)
    return database


def make(path: Path, fill: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """Let a file be filled, put it in the place of an older one once it is whole, and give it, open for reading.

    Raises DiskError, OutputError, sqlite3.DatabaseError where what it is made of is damaged.
    """

    def begun() -> Path:
        part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE))
        return part

    try:
        sweep(path.parent, f"{path.name}.*.part")
        part, file = locked(begun)
        try:
            with closing(sqlite3.connect(part, isolation_level=None)) as database:
                database.executescript(QUICK)
                fill(database)
                database.execute("COMMIT")
            found = opened(part)
            part.replace(path)
            return found
        finally:
            os.close(file)
            part.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in OF_THE_DISK:
            raise
        raise refused(path, error) from None


def refused(path: Path, error: sqlite3.OperationalError) -> HabeasError:
    """Turn an error of SQLite into a DiskError (the disk is full, or refused a write) or an OutputError (any other reason)."""
    if error.sqlite_errorcode == sqlite3.SQLITE_IOERR_WRITE:  # what SQLite says of a quota that is used up
        return DiskError(f"the disk refused to write {path}: make room, or raise the quota; what was there before is kept")
    full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return cannot_write(path, OSError(errno.ENOSPC if full else errno.EIO, str(error)))
