"""Count requests as a vendor does: at most so many in any window of so many seconds, per bucket."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Meter:
    """Remembers when requests came. `limits` are, by bucket, pairs of a number of requests and a window in seconds."""

    clock: Callable[[], float]
    limits: dict[str, tuple[tuple[int, float], ...]]
    _seen: dict[tuple[str, float], deque[float]] = field(default_factory=dict)

    def met(self, bucket: str) -> float | None:
        """Count one request; gives the window in seconds of the limit it exceeds, or None where it may pass."""
        now, met = self.clock(), None
        for count, seconds in self.limits.get(bucket, ()):
            times = self._seen.setdefault((bucket, seconds), deque())
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= count:
                met = seconds
        if met is None:
            for _, seconds in self.limits.get(bucket, ()):
                self._seen[bucket, seconds].append(now)
        return met
