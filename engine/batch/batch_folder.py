"""A batch's folder: its options, its key, who works on it, and where results lie in it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from os.path import samestat
from pathlib import Path

import msgspec

from engine.batch.database import FILE, FORMAT, Database, is_begun
from engine.connection.digest_key import DigestKey, digest_key
from engine.connection.keys import Keys
from engine.connection.private_files import Taken, locked
from engine.connection.sealed_file import END, seal_file, unseal_file
from engine.connection.sealing import NONCE_BYTES, decrypted, encrypted
from engine.connection.vault import Vault
from engine.decoding import decoder
from engine.errors import InUse, NotConnected, OutputError, UsageError

KIND = "batch"
PEOPLE, WORK, LOCK = "people", "work", ".lock"
PROOF, REFUSED = "batch.json", "refused.csv"
OF = "+"  # the results of workers bear the number of their lease behind it, as no name of a connection can
LENT_END = rf"(?:[{OF}][0-9.]+)?"
LIKE_A_RESULT = re.compile(r"tar|try-[0-9]+")
FOLDER, PRIVATE = 0o700, 0o600
KEY_BYTES = 32


class BatchOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What decides the results of a batch: it is the same for all its people, and whenever it goes on.

    `vendors` and `connections` are as they were typed; `narrow` is the moment before which nothing is asked; `regime`: each
    row has a case under this law.
    """

    vendors: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    files: bool = False
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    since: str | None = None
    plan: str | None = None
    pack: bool = False
    regime: str | None = None
    at: Mapping[str, str] = {}


class BatchKey(msgspec.Struct, frozen=True):
    """The key that seals the identifiers of one batch; it is kept sealed in the state folder, never in the batch's own.

    `digests` is that of the machine which a batch is lent from: by it whoever goes on with a run knows that its person is the same.
    """

    secret: bytes
    digests: DigestKey | None = None

    def __repr__(self) -> str:
        """Show no secret."""
        return "BatchKey(...)"

    def lent(self, home: Path) -> bytes:
        """Give what workers need of it. Raises HabeasError where there can be no key of digests."""
        return self.secret + digest_key(home).secret

    def seal(self, request: str, data: bytes) -> bytes:
        """Seal what belongs to a request."""
        return b"".join(encrypted(self.secret, data, request.encode()))

    def unseal(self, request: str, raw: bytes) -> bytes:
        """Give what was sealed. Raises UsageError where it was changed."""
        try:
            return decrypted(self.secret, raw[:NONCE_BYTES], raw[NONCE_BYTES:], request.encode())
        except ValueError:
            message = f"{FILE}: who {request} is cannot be read, the file was changed: put a copy back"
            raise UsageError(message) from None


def key_lent(raw: bytes) -> BatchKey:
    """Read what `lent` gave."""
    return BatchKey(raw[:KEY_BYTES], DigestKey(raw[KEY_BYTES:]) if len(raw) > KEY_BYTES else None)


def key_path(home: Path, name: str) -> Path:
    """Give where the key of a batch is kept."""
    return home / f"{KIND}-{name}{END}"


class LentTo(msgspec.Struct, frozen=True):
    """Whom a batch is lent to: the store as it may be shown, since when, and how many workers were seen there just now.

    `idle`: how many of its people are queued and nobody asks for them: they are taken back, or are yet to be lent. `at_home`: how many
    had ended before and are not among those that are seen.
    """

    store: str
    since: datetime
    workers: int
    idle: int = 0
    at_home: int = 0


class BatchFolder:
    """An open batch: its folder, its database and what they say of it. `lent`: its people are lent, and this is what the workers did."""

    def __init__(self, path: Path, database: Database, home: Path, lent: LentTo | None = None) -> None:
        """Take an open database. Raises UsageError."""
        self.path, self.database, self.home, self.lent = path, database, home, lent
        row = database.one("select id, created, options, refused from batch") or ("", "", "{}", 0)
        self.id, self.created, self.refused = str(row[0]), datetime.fromisoformat(row[1]), int(row[3])
        self.options = decoder(BatchOptions).decode(row[2])
        self._file: os.stat_result | None = None

    def key(self, keys: Keys) -> BatchKey:
        """Read the key. Raises NotConnected where this machine does not have it."""
        raw = unseal_file(keys, key_path(self.home, self.id), KIND, self.id)
        if raw is None:
            message = f"{self.path}: the key to this batch's people is not in {self.home}: go on where it was begun, or begin a new one"
            if self.database.count("select exists(select 1 from person where identifiers is null)"):
                message = f"{self.path} was purged, and the key to this batch's people with it: begin a new one, with another --out"
            raise NotConnected(message)
        return BatchKey(raw)

    def place(self, request: str, label: str) -> Path:
        """Give where the result of a person at a connection lies: `people/DSR-17/zoom`, `people/DSR-17/zoom.emea`."""
        return self.path / PEOPLE / request / label

    def check_there(self) -> None:
        """See that a folder that is worked on was not moved: results would lie where its database is not. Raises OutputError."""
        with suppress(OSError):
            if self._file is None or samestat(self._file, (self.path / FILE).stat()):
                return
        message = f"{self.path} was moved or replaced while it was worked on: put it back, and give the same command again; nothing is lost"
        raise OutputError(message)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Let one process work on the batch. Raises InUse."""
        try:
            async with locked(self.path / LOCK, wait=False):
                self._file = (self.path / FILE).stat()
                yield
        except Taken:
            message = f"{self.path}: another process works on this batch: habeas status {self.path} shows how far it is"
            raise InUse(message) from None


def label_of(connection: str) -> str:
    """Give the name of a connection's folder: the vendor's for its default one and for a token of the environment.

    A connection that is called as a packed result or an earlier try ends (`zoom.tar`, `zoom.try-1`) gets a sign that no name holds.
    """
    vendor, _, name = connection.partition("/")
    return vendor if name in ("default", "environment") else f"{vendor}.{'=' if LIKE_A_RESULT.fullmatch(name) else ''}{name}"


def make(path: Path, vault: Vault, options: BatchOptions, now: datetime, *, trial: bool) -> tuple[BatchFolder, BatchKey]:
    """Begin a batch; nothing of it is kept before the database is committed. A `trial` has no folder. Raises OutputError, DiskError."""
    name, key = secrets.token_hex(8), BatchKey(secrets.token_bytes(KEY_BYTES))
    if not trial:
        try:
            path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
            path.chmod(FOLDER)
        except OSError as error:
            message = f"{path} cannot be made ({error.strerror}): name another folder with --out"
            raise OutputError(message) from None
        if any(not one.name.startswith(FILE) for one in path.iterdir()):
            message = f"{path} holds something, and no batch: name another folder with --out"
            raise OutputError(message)
        seal_file(vault.keys, key_path(vault.home, name), KIND, name, key.secret)
    database = Database(None if trial else path / FILE, new=True)
    told = msgspec.json.encode(options).decode()
    database.run("insert into batch(format, id, created, options) values (?,?,?,?)", FORMAT, name, now.isoformat(), told)
    return BatchFolder(path, database, vault.home), key


def unmake(folder: BatchFolder) -> None:
    """Take back a batch that was begun and came to nothing."""
    folder.database.close()
    if folder.path.is_dir() and (folder.path / FILE).exists():
        shutil.rmtree(folder.path, ignore_errors=True)
        key_path(folder.home, folder.id).unlink(missing_ok=True)


def opened(path: Path, home: Path, *, read_only: bool = False) -> BatchFolder:
    """Open the folder of a batch. Raises UsageError where there is none."""
    if not is_begun(path / FILE):
        message = f"{path} holds no batch: habeas batch PEOPLE.csv --out {path} makes one"
        raise UsageError(message)
    return BatchFolder(path, Database(path / FILE, read_only=read_only), home)
