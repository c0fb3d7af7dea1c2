"""Opaque page tokens that expire, and belong to one query only."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

LIFETIME = 15 * 60


class PageTokenRefused(Exception):
    """A page token that is unknown, expired, or was given for another query."""


@dataclass
class PageTokens:
    """The tokens given out so far; `killed` makes a query's tokens die once."""

    clock: Callable[[], float]
    _given: dict[str, tuple[str, int, float]] = field(default_factory=dict)

    def give(self, query: str, offset: int) -> str:
        """Give a token for what comes after `offset`."""
        token = secrets.token_urlsafe(24)
        self._given[token] = (query, offset, self.clock() + LIFETIME)
        return token

    def offset(self, query: str, token: str) -> int:
        """Say where a token goes on; "" is the beginning. Raises PageTokenRefused."""
        if not token:
            return 0
        known, offset, expires = self._given.get(token, ("", 0, 0.0))
        if known != query or expires <= self.clock():
            raise PageTokenRefused
        return offset
