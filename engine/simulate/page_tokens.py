"""Page tokens as vendors give them: opaque, good for 15 minutes and for one query only."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

LIFETIME = 15 * 60


class PageTokenRefused(Exception):
    """The page token is unknown, expired, or of another query."""


@dataclass
class PageTokens:
    """The page tokens that were given out, each with its query, its offset and its end."""

    clock: Callable[[], float]
    _given: dict[str, tuple[str, int, float]] = field(default_factory=dict)

    def give(self, query: str, offset: int) -> str:
        """Give a token for the page that begins at `offset`."""
        token = secrets.token_urlsafe(24)
        self._given[token] = (query, offset, self.clock() + LIFETIME)
        return token

    def offset(self, query: str, token: str) -> int:
        """Give the offset that a token stands for; "" is the beginning. Raises PageTokenRefused."""
        if not token:
            return 0
        known, offset, expires = self._given.get(token, ("", 0, 0.0))
        if known != query or expires <= self.clock():
            raise PageTokenRefused
        return offset
