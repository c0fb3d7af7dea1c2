"""What a worker needs of whatever hands out connections: it says which one to drain next, and owns nothing.

Whether a connection may be drained is decided by its lease; a dispatcher that hands one out twice, late or never again costs time, and
loses nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

Begin = Callable[[str], Awaitable[None]]


class Dispatcher(Protocol):
    """Hands out the names of connections at which people can be asked for."""

    async def run(self, drain: Begin) -> None:
        """Call `drain` for one connection after the other, several side by side, until `stop`; what it raises is nobody's."""

    def stop(self) -> None:
        """Hand out nothing more."""

    async def beat(self) -> None:
        """Say that this worker lives. Raises psycopg.Error."""

    async def sweep(self, leave: Collection[str]) -> float:
        """See that every connection with claimable people is handed out soon, but those to `leave`; mend what broke off.

        Gives the seconds that it took. Raises psycopg.Error.
        """

    async def waiting(self) -> bool:
        """Whether a connection waits for a place. Raises psycopg.Error."""
