"""What was worked out before, remembered while it is asked for again now and then: memory is bounded, however much is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V], Generic[K, V]):
    """Works out a value when it is asked for: `remembered[key]`. What fills the first half is set aside, and comes back if it is asked for.

    So that what stands in a few records only never drives out what stands in many.
    """

    def __init__(self, work_out: Callable[[K], V], most: int) -> None:
        """Take what gives the value of a key, the same each time, and how many may be kept."""
        super().__init__()
        self.work_out = work_out
        self._half = max(1, most // 2)
        self._aside: dict[K, V] = {}

    def __missing__(self, key: K) -> V:
        found = self._aside.get(key)
        if found is None:
            found = self.work_out(key)
        if len(self) >= self._half:
            self._aside = dict(self)
            self.clear()
        self[key] = found
        return found
