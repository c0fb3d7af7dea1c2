"""The file that hands on what runs have used of the vendor's limits: beside a stored connection, or one for a token of the environment.

A token of the environment has no name. Its files lie in `environment/`, named by a digest of the token under a key of this
folder's own: whoever sees the names can neither read the token nor try out guesses.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from engine.connection.lock_queue import FILE
from engine.connection.private_files import create_once, prepare, read_private, sync_folder
from engine.connection.stored import Name, StoredConnection
from engine.connection.vault import Vault
from engine.core.departures import Departures, departures_of
from engine.errors import HabeasError
from engine.net.clock import Clock
from engine.net.handover import Handover

END, TURN, NEXT = ".departures", ".run.lock", ".next"
KEY_BYTES = 32
KEPT_SECONDS = 40 * 86400.0
UNKNOWN = "so each limit begins with nothing that may leave at once"


def unstored_place(vault: Vault, record: StoredConnection) -> Path:
    """Give the path, without an ending, of the files of a token of the environment. Raises HabeasError where there can be none."""
    folder = vault.home / "environment"
    prepare(vault.home)
    prepare(folder)
    key = read_private(folder / "key")
    if key is None or len(key) != KEY_BYTES:
        if key is not None:
            (folder / "key").unlink(missing_ok=True)
        create_once(folder / "key", secrets.token_bytes(KEY_BYTES))
        key = read_private(folder / "key") or b""
    secret = record.tokens.access if record.tokens else record.secret or ""
    told = f"{record.vendor}\n{record.bound.at or ''}\n{secret}".encode()
    return folder / f"{record.vendor}.{hashlib.blake2b(told, key=key, digest_size=16).hexdigest()}"


def turn_of_unstored(vault: Vault, record: StoredConnection) -> Path:
    """Give the lock file by which runs with a token of the environment take turns. Raises HabeasError where there can be none."""
    place = unstored_place(vault, record)
    return place.with_name(place.name + TURN)


def sweep_unstored(folder: Path, now: float) -> None:
    """Delete the files of tokens that were not used for forty days: no limit lasts as long."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"*{END}"):
            if path.stat().st_mtime < now - KEPT_SECONDS:
                path.unlink(missing_ok=True)
                path.with_name(path.name.removesuffix(END) + TURN).unlink(missing_ok=True)


def handover_of(vault: Vault, found: Name | StoredConnection, clock: Clock) -> Handover:
    """Open what earlier runs of a connection handed on; the caller has its turn. Where nothing can be written, it says so."""
    try:
        place = unstored_place(vault, found) if isinstance(found, StoredConnection) else vault.folder / found.file
    except (HabeasError, OSError) as error:
        return nothing_known(clock, str(error))
    path = place.with_name(place.name + END)
    now = int(clock.timestamp() * 1000)
    departures, words = _read(path, now)
    try:
        replace(path, (departures or Departures()).encode({}, now), sync=False)
    except OSError as error:
        return nothing_known(clock, f"{path} cannot be written ({error.strerror})")
    if isinstance(found, StoredConnection):
        sweep_unstored(path.parent, clock.timestamp())
    return Handover(
        clock, departures or Departures(), lambda content, sync: replace(path, content, sync=sync), words, known=departures is not None
    )


def nothing_known(clock: Clock, why: str) -> Handover:
    """Give what hands on nothing, with the words that say so."""
    words = f"what runs use of the vendor's limits cannot be handed on, {UNKNOWN}: {why}"
    return Handover(clock, Departures(), None, words, known=False)


def _read(path: Path, now: int) -> tuple[Departures | None, str | None]:
    """Read the file. None for the departures, with words, where it cannot be read or is broken: it is ignored."""
    try:
        raw = read_private(path)
        return (Departures() if raw is None else departures_of(raw, now)), None
    except HabeasError as error:
        return None, f"what earlier runs used of the vendor's limits is ignored, {UNKNOWN}: {error}"
    except ValueError:
        return None, f"what earlier runs used of the vendor's limits is ignored, {UNKNOWN}: {path} is broken"


def replace(path: Path, content: bytes, *, sync: bool) -> None:
    """Replace the file atomically, which only whoever has the turn does: a kill leaves the old one or the new one. Raises OSError."""
    part = path.with_name(path.name + NEXT)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
    try:
        os.fchmod(file, FILE)
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
        if sync:
            os.fsync(file)
    finally:
        os.close(file)
    part.replace(path)
    if sync:
        sync_folder(path.parent)
