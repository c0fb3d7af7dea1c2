"""Decide whether to send a request again. Sleeps never, reads no clock: both are arguments, and so are the dice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.core.after import retry_after
from engine.core.http import Malformed, NoAnswer, Response
from engine.language.model.words import Means

TOO_MANY = 429
UNAUTHORIZED = 401
REFUSED = "the vendor refuses the credential"
MAY_PASS = (408, 425)
FLOOR = 0.5
SPREAD = 0.25


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we try, in stamina's words. Times are seconds.

    A 429 is no fault but a queue: it is bounded by `total`, and by `queued` tries, so that a storm of short holds
    does not lose an endpoint, while everything else ends after `attempts`. Each is counted for itself.
    """

    attempts: int = 6
    queued: int = 60
    wait_initial: float = 1.0
    wait_max: float = 60.0
    total: float = 900.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Send the same request again after so many seconds; `shared` holds the whole bucket."""

    seconds: float
    shared: bool


@dataclass(frozen=True, slots=True)
class Refresh:
    """Get a new token, then ask once more."""


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is final: read it."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No usable answer will come; `again_at` is when the vendor lets us go on, if it said so.

    `dead`: the credential is refused, for whatever is asked. `final`: for everything of this endpoint.
    """

    words: str
    again_at: datetime | None = None
    exhausted: bool = False
    dead: bool = False
    final: bool = False


Verdict = Wait | Refresh | Done | GiveUp
Answer = Response | NoAnswer | Malformed


@dataclass(frozen=True, slots=True)
class Tried:
    """What came before an answer: how often we were told to wait, how often it failed, and seconds since we first sent.

    The seconds count what a vendor made us wait, not what our own pace did.
    """

    queued: int = 0
    faults: int = 0
    seconds: float = 0.0
    refreshed: bool = False

    @property
    def retries(self) -> int:
        """How often it was sent again."""
        return self.queued + self.faults + self.refreshed

    def after(self, wait: Wait) -> Tried:
        """Count the answer that this wait followed."""
        return replace(self, queued=self.queued + wait.shared, faults=self.faults + (not wait.shared))


def decide(tried: Tried, answer: Answer, means: Means | None, now: datetime, jitter: float, patience: Patience) -> Verdict:
    """Say what follows an answer. `means` is what the spec's rules say of it; `jitter` lies in [0, 1)."""
    status = answer.status if isinstance(answer, Response) else None
    if means == "refresh" or (means is None and status == UNAUTHORIZED):
        return GiveUp(REFUSED, dead=True) if tried.refreshed else Refresh()
    if means == "exhausted" and isinstance(answer, Response):
        return _exhausted(retry_after(answer.headers, now), now)
    if means == "wait" or (means is None and status == TOO_MANY):
        return _queue(tried, answer, now, jitter, patience)
    if means is not None:
        return Done()
    if isinstance(answer, Response):
        if status is not None and status < 500 and status not in MAY_PASS:
            return Done()
        told = retry_after(answer.headers, now)
        return _again(tried, f"HTTP {status}", told, jitter, patience)
    if isinstance(answer, NoAnswer) and answer.final:
        return GiveUp(answer.words)
    return _again(tried, answer.words, None, jitter, patience)


def backoff(attempts: int, jitter: float, patience: Patience) -> float:
    """Give an exponential wait with full jitter: anything between 0 and the doubled wait, bounded."""
    return jitter * min(patience.wait_max, patience.wait_initial * 2.0 ** min(attempts - 1, 30))


def _queue(tried: Tried, answer: Answer, now: datetime, jitter: float, patience: Patience) -> Verdict:
    """The vendor asks us to wait: the whole bucket does."""
    told = retry_after(answer.headers, now) if isinstance(answer, Response) else None
    if told is not None and tried.seconds + told > patience.total:
        return _exhausted(told, now)
    seconds = max(FLOOR, backoff(tried.queued + 1, jitter, patience)) if told is None else told + SPREAD * jitter
    if tried.queued + 1 >= patience.queued or tried.seconds + seconds > patience.total:
        return GiveUp(f"the vendor's limit was met {_times(tried.queued + 1)}", exhausted=True)
    return Wait(seconds, shared=True)


def _again(tried: Tried, words: str, told: float | None, jitter: float, patience: Patience) -> Verdict:
    seconds = backoff(tried.faults + 1, jitter, patience) if told is None else told + SPREAD * jitter
    if tried.faults + 1 >= patience.attempts or tried.seconds + seconds > patience.total:
        return GiveUp(f"{words}, {_times(tried.faults + 1)}")
    return Wait(seconds, shared=False)


def _exhausted(told: float | None, now: datetime) -> GiveUp:
    again = now + timedelta(seconds=told) if told is not None else None
    return GiveUp("the vendor's limit is used up", again, exhausted=True)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
