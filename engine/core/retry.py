"""Decide what follows an answer: wait and send again, refresh the token, read it, or give up. A 401 is judged here (`decide`).

The first 401 gives `Refresh`, one after the renewal `GiveUp(dead=True)`; what a run then does with its credential is decided in
`core/refused_credential`. Never sleeps: the time and random numbers are arguments.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from engine.core.after import LONGEST, asked_to_return, failed_until, retry_after
from engine.core.http import Malformed, NoAnswer, Response
from engine.language.model.words import Means
from engine.replaced import replace

TOO_MANY = 429
UNAUTHORIZED = 401
REFUSED = "the vendor refuses the credential"
# 477: the account is being moved, https://developers.hubspot.com/docs/api-reference/error-handling
MAY_PASS = (408, 423, 425, 477)
ACCEPTED = 202  # not acted upon yet (RFC 9110 section 15.3.3): of a file, whose body nobody reads
FLOOR = 0.5
SPREAD = 0.25
UNFINISHED_FROM = 4  # the backoff of an incomplete answer begins with up to 8 s: a search that ran out of time needs a while


class Patience(Struct, frozen=True):
    """How long to try. Times are seconds.

    A 429 is not a failure but a queue: it is bounded by `total` and by `queued` tries, so that many short waits do not lose
    an endpoint. An answer that the spec calls incomplete (`means: again`) ends after `incomplete` tries or `incomplete_total`
    seconds since the first such answer; everything else after `attempts` tries. The three are counted separately.
    """

    attempts: int = 6
    queued: int = 60
    incomplete: int = 4
    incomplete_total: float = 120.0
    wait_initial: float = 1.0
    wait_max: float = 60.0
    total: float = 900.0


class Wait(Struct, frozen=True):
    """Send the same request again after this many seconds.

    `shared`: nothing else of its bucket is sent until then; `incomplete`: because the answer was.
    """

    seconds: float
    shared: bool
    incomplete: bool = False


class Refresh(Struct, frozen=True):
    """Renew the token, then send the request once more."""


class Done(Struct, frozen=True):
    """The answer is final: read it."""


class GiveUp(Struct, frozen=True):
    """No usable answer will come. `exhausted`: a limit is used up; `again_at` is when the vendor allows more, if it said so.

    `dead`: the credential is refused, whatever is asked. `final`: it holds for the whole endpoint.
    """

    words: str
    again_at: datetime | None = None
    exhausted: bool = False
    dead: bool = False
    final: bool = False

    @property
    def said(self) -> str:
        """Give the words, with when the vendor allows more."""
        return self.words if self.again_at is None else f"{self.words}; it can go on at {self.again_at:%Y-%m-%d %H:%M:%S} UTC"


Verdict = Wait | Refresh | Done | GiveUp
Answer = Response | NoAnswer | Malformed


class Tried(Struct, frozen=True):
    """What came before an answer: how often the vendor made us wait (`queued`), how often it failed, the seconds since the first try.

    Seconds in which our own pace held the request back do not count. `incomplete` is how many answers were, `incomplete_at`
    the seconds at the first of them.
    """

    queued: int = 0
    faults: int = 0
    seconds: float = 0.0
    refreshed: bool = False
    incomplete: int = 0
    incomplete_at: float = 0.0

    @property
    def retries(self) -> int:
        """Give how often the request was sent again."""
        return self.queued + self.faults + self.incomplete + self.refreshed

    def after(self, wait: Wait) -> Tried:
        """Count the answer that led to this wait."""
        if wait.incomplete:
            return replace(self, incomplete=self.incomplete + 1, incomplete_at=self.incomplete_at if self.incomplete else self.seconds)
        return replace(self, queued=self.queued + wait.shared, faults=self.faults + (not wait.shared))


def decide(tried: Tried, answer: Answer, means: Means | None, now: datetime, jitter: float, patience: Patience) -> Verdict:
    """Say what follows an answer. `means` is what the spec's rules say of it, None if nothing; `jitter` is random, in [0, 1)."""
    status = answer.status if isinstance(answer, Response) else None
    if means == "refresh" or (means is None and status == UNAUTHORIZED):
        return GiveUp(REFUSED, dead=True) if tried.refreshed else Refresh()
    if means == "exhausted" and isinstance(answer, Response):
        return _exhausted(retry_after(answer.headers, now), now)
    if means == "wait" or (means is None and status == TOO_MANY):
        return _queue(tried, answer, now, jitter, patience)
    if means is not None:
        return _unfinished(tried, answer, now, jitter, patience) if means == "again" else Done()
    if isinstance(answer, Response):
        if not _passes(answer, now):
            return Done()
        return _again(tried, f"HTTP {status}", failed_until(answer.headers, now), jitter, patience)
    if isinstance(answer, NoAnswer) and answer.final:
        return GiveUp(answer.words)
    told = failed_until(answer.headers, now) if isinstance(answer, Malformed) else None
    return _again(tried, answer.words, told, jitter, patience)


def backoff(attempts: int, jitter: float, patience: Patience) -> float:
    """Give the seconds of an exponential backoff with full jitter: from 0 to a bound that doubles with every attempt."""
    return jitter * min(patience.wait_max, patience.wait_initial * 2.0 ** min(attempts - 1, 30))


def _passes(answer: Response, now: datetime) -> bool:
    """Whether an answer that no rule knows may pass: by its status, or because the vendor says when to ask again."""
    if answer.status >= 500 or answer.status in (ACCEPTED, *MAY_PASS):
        return True
    return answer.status >= 400 and asked_to_return(answer.headers, now) is not None


def pause(told: float | None, attempts: int, jitter: float, patience: Patience) -> float:
    """Give the seconds until the next try: as long as the vendor told, and never shorter than the backoff.

    A vendor that tells `Retry-After: 0`, or a reset that is past by its own clock, would be asked several times a second.
    """
    least = backoff(attempts, jitter, patience)
    return least if told is None else max(least, told + SPREAD * jitter)


def _queue(tried: Tried, answer: Answer, now: datetime, jitter: float, patience: Patience) -> Verdict:
    """Wait as the vendor asks, with the whole bucket; give up if that takes too long."""
    told = retry_after(answer.headers, now) if isinstance(answer, Response) else None
    if told is not None and tried.seconds + told > patience.total:
        return _exhausted(told, now)
    seconds = max(FLOOR, pause(told, tried.queued + 1, jitter, patience))
    if tried.queued + 1 >= patience.queued or tried.seconds + seconds > patience.total:
        return GiveUp(f"the vendor's limit was met {_times(tried.queued + 1)}", exhausted=True)
    return Wait(seconds, shared=True)


def _again(tried: Tried, words: str, told: float | None, jitter: float, patience: Patience) -> Verdict:
    seconds = pause(told, tried.faults + 1, jitter, patience)
    if tried.faults + 1 >= patience.attempts or tried.seconds + seconds > patience.total:
        return GiveUp(f"{words}, {_times(tried.faults + 1)}")
    return Wait(seconds, shared=False)


def _unfinished(tried: Tried, answer: Answer, now: datetime, jitter: float, patience: Patience) -> Verdict:
    """Ask again alone, a few times and not for long: what a vendor cannot finish now it may never finish."""
    told = failed_until(answer.headers, now) if isinstance(answer, Response) else None
    seconds = max(FLOOR, pause(told, tried.incomplete + UNFINISHED_FROM, jitter, patience))
    spent = tried.seconds - tried.incomplete_at if tried.incomplete else 0.0
    late = spent + seconds > patience.incomplete_total or tried.seconds + seconds > patience.total
    if tried.incomplete + 1 >= patience.incomplete or late:
        return GiveUp(f"{_incomplete(answer)}, {_times(tried.incomplete + 1)}")
    return Wait(seconds, shared=False, incomplete=True)


def _incomplete(answer: Answer) -> str:
    """Say what came each time: an incomplete answer where it was a 2xx, else its status."""
    if not isinstance(answer, Response):
        return answer.words
    return "the vendor's answer was incomplete" if answer.status < 300 else f"HTTP {answer.status}"


def _exhausted(told: float | None, now: datetime) -> GiveUp:
    """End for a limit that is used up. A moment ten years away is the vendor's mistake: no time is told then."""
    again = now + timedelta(seconds=told) if told is not None and told < LONGEST else None
    return GiveUp("the vendor's limit is used up", again, exhausted=True)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
