"""Sign in by name and passphrase: five tries a minute a name, and the same answer, in the same time, for a name that nobody has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from engine.portal.users import LONGEST, PortalUser, is_passphrase, read_users

TRIES, WITHIN, MOST_NAMES = 5, 60.0, 100  # a name, seconds, all together


class SignIn:
    """What was tried in the last minute, and one comparison at a time: each takes 32 MB for a moment."""

    def __init__(self, home: Path, clock: Callable[[], float]) -> None:
        """Take seconds that only grow."""
        self._home, self._clock = home, clock
        self._tries: dict[str, list[float]] = {}
        self._alone = asyncio.Lock()

    def may_try(self, name: str) -> bool:
        """Count a try; whether it may be made. The sixth within a minute may not, whoever makes it and whether the name is known.

        Nor may one for yet another name where so many were tried that somebody must be guessing names.
        """
        now = self._clock()
        self._tries = {one: late for one, tried in self._tries.items() if (late := [at for at in tried if now - at < WITHIN])}
        if len(self._tries) >= MOST_NAMES and name not in self._tries:
            return False
        tried = self._tries.setdefault(name, [])
        if len(tried) >= TRIES:
            return False
        tried.append(now)
        return True

    async def user(self, name: str, passphrase: str) -> PortalUser | None:
        """Give who it is; None where name or passphrase is wrong. Raises UsageError, NotConnected where the users cannot be read."""
        user = read_users(self._home).get(name)
        async with self._alone:
            fits = await asyncio.to_thread(is_passphrase, user, passphrase[:LONGEST])
        return user if fits else None
