"""A lock that is fair between people: each has a queue of its own, and the queues are served round robin.

Five hundred requests of one person then stand behind each other, and not before the one request of another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable


class FairLock:
    """Held by one at a time. Who waits is passed by no other person more than once."""

    def __init__(self) -> None:
        """Begin free."""
        self._held = False
        self._person: Hashable = None
        self._own: deque[asyncio.Future[None]] = deque()
        self._others: dict[Hashable, deque[asyncio.Future[None]]] = {}

    async def acquire(self, person: Hashable) -> None:
        """Wait for the lock in the queue of a person; `release` gives it on."""
        if not self._held:
            self._held, self._person = True, person
            return
        place = asyncio.get_running_loop().create_future()
        queue = self._own if person == self._person else self._others.setdefault(person, deque())
        queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self.release()  # it was given in the moment in which the wait was given up
            raise

    def release(self) -> None:
        """Give the lock to the next person; whoever had it stands behind all others then."""
        if self._own:
            self._others[self._person] = self._own
        while self._others:
            self._person = next(iter(self._others))
            self._own = self._others.pop(self._person)
            while self._own:
                place = self._own.popleft()
                if not place.done():  # else its wait was given up
                    place.set_result(None)
                    return
        self._held, self._own = False, deque()
