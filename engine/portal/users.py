"""Who may sign in to the portal: `$HABEAS_HOME/portal-users.json`, for its owner's eyes only. A passphrase is kept as its scrypt digest."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, cast, get_args

import msgspec

from engine.connection.private_files import locked, prepare, read_private, write_private
from engine.decoding import decoder
from engine.errors import UsageError
from engine.replaced import replace

Role = Literal["review", "approve"]
ROLES: Mapping[str, str] = {"review": "does everything but approve a package", "approve": "approves packages, too"}
FILE = "portal-users.json"
NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
LONGEST, LONGEST_NAME = 256, 40
COST = {"n": 1 << 15, "r": 8, "p": 1}  # 32 MB and a tenth of a second
ROOM = 1 << 26


class PortalUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may sign in: what they may do, and salt and digest of their passphrase."""

    role: Role
    salt: str
    digest: str

    def __repr__(self) -> str:
        """Show no digest."""
        return f"PortalUser({self.role})"


Users = Mapping[str, PortalUser]
NOBODY = PortalUser("review", "00" * 16, "")


def read_users(home: Path) -> dict[str, PortalUser]:
    """Read who may sign in; empty where nobody was added.

    Raises UsageError where the file is damaged, NotConnected where others can read it.
    """
    raw = read_private(home / FILE)
    if raw is None:
        return {}
    try:
        return decoder(dict[str, PortalUser]).decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = f"{home / FILE} is damaged, so nobody signs in: put a copy back, or delete it and add everybody again"
        raise UsageError(message) from None


def checked_role(role: str) -> Role:
    """Give a role. Raises UsageError for anything else."""
    if role not in get_args(Role):
        message = f"--role {role}: write {' or '.join(ROLES)}; nothing was changed"
        raise UsageError(message)
    return cast("Role", role)


def add_user(home: Path, name: str, role: str, passphrase: str, salt: bytes) -> None:
    """Add somebody. Raises UsageError for a name that is there or cannot be one, NotConnected, DiskError, OutputError."""
    if not NAME.fullmatch(name):
        message = f"{name}: a name stands in logs: a-z, 0-9, `.`, `_` and `-`, at most 32 of them, a letter first; nothing was changed"
        raise UsageError(message)

    def added(users: dict[str, PortalUser]) -> None:
        if name in users:
            message = f"{name} may sign in already: habeas portal changeuser {name}; nothing was changed"
            raise UsageError(message)
        users[name] = PortalUser(checked_role(role), salt.hex(), digest_of(passphrase, salt).hex())

    _changed(home, added)


def change_user(home: Path, name: str, role: str | None, passphrase: tuple[str, bytes] | None) -> None:
    """Give somebody another role, or another passphrase with its salt. Raises as `add_user`."""

    def changed(users: dict[str, PortalUser]) -> None:
        user = _there(users, name)
        user = replace(user, role=checked_role(role)) if role is not None else user
        if passphrase is not None:
            user = replace(user, salt=passphrase[1].hex(), digest=digest_of(*passphrase).hex())
        users[name] = user

    _changed(home, changed)


def remove_user(home: Path, name: str) -> None:
    """Let somebody sign in no more; their sessions end. What they did stays in the logs. Raises as `add_user`."""

    def removed(users: dict[str, PortalUser]) -> None:
        _there(users, name)
        del users[name]

    _changed(home, removed)


def digest_of(passphrase: str, salt: bytes) -> bytes:
    """Give the digest of a passphrase: slow, and in a room of memory, so that guesses cost."""
    return hashlib.scrypt(passphrase.encode("utf-8", "replace"), salt=salt, maxmem=ROOM, dklen=32, **COST)


def is_passphrase(user: PortalUser | None, passphrase: str) -> bool:
    """Whether it is the user's; for somebody who does not exist it takes the same time to say no."""
    told = user or NOBODY
    found = digest_of(passphrase, bytes.fromhex(told.salt)).hex()
    return hmac.compare_digest(found, told.digest) and user is not None


def _there(users: Users, name: str) -> PortalUser:
    found = users.get(name)
    if found is None:
        message = f"nobody called {name} may sign in: {', '.join(users) or 'nobody may'}; nothing was changed"
        raise UsageError(message)
    return found


def _changed(home: Path, change: Callable[[dict[str, PortalUser]], None]) -> None:
    """Change the file, alone, all of it or nothing."""

    async def alone() -> None:
        async with locked(home / f".{FILE}.lock"):
            users = read_users(home)
            change(users)
            write_private(home / FILE, msgspec.json.encode(users) + b"\n")

    prepare(home)
    asyncio.run(alone())
