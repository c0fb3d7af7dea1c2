"""DNS for the transport: public addresses only.

They are checked in the look-up that the connection uses, so that a name cannot lead elsewhere in between (DNS rebinding).
"""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from engine.net.hosts import is_loopback, is_public


class NotPublic(OSError):
    """A name leads to this machine or into a private network; its text is the name."""


class PublicResolver(AbstractResolver):
    """Resolve by the system's resolver and drop every address that is not public; with a simulator, loopback is allowed too."""

    def __init__(self, *, loopback: bool) -> None:
        """`loopback`: addresses of this machine are allowed too."""
        self._loopback = loopback
        self._system: ThreadedResolver | None = None

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Give the public addresses of a name. Raises NotPublic if it has none."""
        self._system = self._system or ThreadedResolver()
        found = await self._system.resolve(host, port, family)
        allowed = [one for one in found if is_public(one["host"]) or (self._loopback and is_loopback(one["host"]))]
        if not allowed:
            raise NotPublic(host)
        return allowed

    async def close(self) -> None:
        """Close the system's resolver."""
        if self._system is not None:
            await self._system.close()
