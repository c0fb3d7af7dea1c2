"""Names to addresses, public ones only: checked at the moment of connecting, so a name cannot be rebound in between."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from engine.net.hosts import is_loopback, is_public


class NotPublic(OSError):
    """A name that leads to this machine or into a private network."""


class PublicResolver(AbstractResolver):
    """Resolves by the system; with a simulator in use, loopback is allowed as well."""

    def __init__(self, *, loopback: bool) -> None:
        """Say whether loopback may be reached."""
        self._loopback = loopback
        self._system: ThreadedResolver | None = None

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Resolve a name. Raises NotPublic where it has no address that may be connected to."""
        self._system = self._system or ThreadedResolver()
        found = await self._system.resolve(host, port, family)
        allowed = [one for one in found if is_public(one["host"]) or (self._loopback and is_loopback(one["host"]))]
        if not allowed:
            raise NotPublic
        return allowed

    async def close(self) -> None:
        """Close the system's resolver."""
        if self._system is not None:
            await self._system.close()
