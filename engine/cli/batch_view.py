"""What is said of a batch: a line per connection while it is worked on, and the table of `habeas status`."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

from engine.batch.asking import EndedPerson
from engine.batch.batch_folder import PROOF, BatchFolder, LentTo
from engine.batch.database import STATES
from engine.batch.work import BatchWork
from engine.cli.formatting import fitted, people, room, span, table, tell
from engine.cli.live import UNKNOWN, Live
from engine.core.window import rfc3339
from engine.language.text.mistakes import counted

MOST_REASONS = 12
RATE_OVER = 30.0
EVERY = 1.0  # to count very many people five times a second would cost more than they do


class SeenPace:
    """How fast a connection's people and requests went of late."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._seen: deque[tuple[float, int, int]] = deque()

    def see(self, now: float, people: int, sent: int) -> None:
        """Note how many have ended and left by now."""
        self._seen.append((now, people, sent))
        while now - self._seen[0][0] > RATE_OVER and len(self._seen) > 2:
            self._seen.popleft()

    def rates(self) -> tuple[float, float]:
        """Give people and requests a second."""
        (first, people, sent), (last, people_now, sent_now) = self._seen[0], self._seen[-1]
        seconds = last - first
        return ((people_now - people) / seconds, (sent_now - sent) / seconds) if seconds else (0.0, 0.0)


class BatchView:
    """Shows the work on a batch on a terminal; elsewhere it says a line of whoever lacks something."""

    def __init__(self, folder: BatchFolder, stream: TextIO) -> None:
        """Show on a stream."""
        self.folder, self.stream = folder, stream
        self._live, self._paces = Live(stream), dict[str, SeenPace]()

    def ended(self, one: EndedPerson) -> None:
        """Say how somebody ended who lacks something."""
        if one.ending.state != "done" and one.ending.reason is not None and not self.stream.isatty():
            tell(f"{one.person.request}, {one.person.connection}: {one.ending.state}: {one.ending.reason}\n", self.stream)

    def told(self, connection: str, words: str) -> None:
        """Say what is to be said of a connection."""
        tell(f"{connection}: {words}\n", self.stream)

    def waiting(self, connection: str) -> None:
        """Say why nothing happens yet."""
        tell(f"{connection}: another process uses this connection: its people wait.\n", self.stream)

    async def watch(self, work: BatchWork) -> None:
        """Redraw until cancelled."""
        while True:
            columns, _ = room(self.stream) or UNKNOWN
            self._live.show([line[: columns - 1] for line in connection_lines(self.folder, work.rates(), self._paces)], columns)
            await asyncio.sleep(EVERY)


def connection_lines(folder: BatchFolder, rates: dict[str, dict[str, Any]], paces: dict[str, SeenPace]) -> Iterator[str]:
    """Give a line per connection: people of all, the rate reached against the limit, the time left."""
    rows = list(folder.database.all("select name, ended, not_before from connection order by name"))
    width = max((len(name) for name, _, _ in rows), default=0)
    for name, ended, not_before in rows:
        states = folder.database.by_state(name)
        left, over = states["queued"] + states["running"], states["done"] + states["failed"]
        told = [f"{over:,} of {over + left:,} people", f"{states['running']} under way"]
        rate, pace = rates.get(name), paces.setdefault(name, SeenPace())
        if rate is not None:
            pace.see(rate["at"], over, rate["sent"])
            people, sent = pace.rates()
            told.append(f"{sent:.1f} of {rate['allowed']:.1f} requests/s ({rate['bucket']})")
            told += [f"about {span(left / people)} left"] if people and left else []
        told += [f"{states['failed']:,} failed"] if states["failed"] else []
        told += [f"goes on at {_moment(not_before)}"] if not_before and not ended else []
        told += [f"ended: {ended}"] if ended else []
        yield f"{name:{width}}  {', '.join(told)}"


def status_words(folder: BatchFolder, width: int | None) -> str:
    """Say how far a batch is: people by state at each connection, what failed by reason, when it goes on."""
    names = [row[0] for row in folder.database.all("select name from connection order by name")]
    rows = [(name, *(f"{folder.database.by_state(name)[state]:,}" for state in STATES)) for name in names]
    lines = [table(("connection", *STATES), rows, tuple(range(1, 1 + len(STATES))), width)]
    reasons = list(_reasons(folder))
    if reasons:
        lines += ["", "What lacks something, by reason:", *(f"  {counted(number, 'time')}: {words}" for words, number in reasons)]
    for name, ended, not_before in folder.database.all("select name, ended, not_before from connection order by name"):
        lines += [f"{name} has ended: {ended}; then the same command again goes on"] if ended else []
        lines += [f"{name} goes on at {_moment(not_before)}"] if not_before and not ended else []
    lines += [f"{counted(folder.refused, 'line')} of the file cannot be asked for: refused.csv"] if folder.refused else []
    lines += _what_next(folder) if folder.lent is None else _what_next_away(folder, folder.lent)
    return fitted("\n".join(lines), width)


def _lent_json(lent: LentTo) -> dict[str, object]:
    return {"store": lent.store, "since": rfc3339(lent.since), "workers": lent.workers, "idle": lent.idle, "not_lent": lent.at_home}


def _what_next(folder: BatchFolder) -> Iterator[str]:
    states = folder.database.by_state()
    if states["queued"] + states["running"]:
        yield f"Whoever is queued or running is asked by the process at work; if that was killed or has ended: habeas resume {folder.path}"
    if states["failed"]:
        yield f"To ask once more for those who failed: habeas retry {folder.path}, then the same habeas batch again"
    if (folder.path / PROOF).exists():
        yield f"The results lie in {folder.path / 'people'}; the batch's proof is {folder.path / PROOF}"


def _what_next_away(folder: BatchFolder, lent: LentTo) -> Iterator[str]:
    """Say the same of a batch that is lent to workers."""
    states = folder.database.by_state()
    if lent.at_home:
        who = "1 more had ended before it was" if lent.at_home == 1 else f"{lent.at_home:,} more had ended before they were"
        yield f"{who} lent: habeas status {folder.path}, on its machine, counts all"
    if lent.idle:
        who = f"{people(lent.idle)} of those queued"
        yield f"Nobody asks for {who}: habeas resume {folder.path} takes them back, the same habeas batch --dispatch lends them"
    if states["queued"] + states["running"] > lent.idle:
        seen = f"{counted(lent.workers, 'worker')} of {lent.store}" if lent.workers else f"workers of {lent.store}; none was seen just now"
        yield f"Whoever {'else ' if lent.idle else ''}is queued or running is asked by {seen}: habeas worker starts one, over that store"
    if states["failed"]:
        yield f"To ask once more for those who failed: habeas retry {folder.path}"
    yield f"The results lie in {folder.path / 'people'}; habeas resume {folder.path} takes the batch back and brings {PROOF} up to date"


def status_json(folder: BatchFolder) -> dict[str, object]:
    """Give the same for programs."""
    lent = folder.lent
    connections = {
        name: {
            "states": folder.database.by_state(name),
            "ended": ended,
            "goes_on": not_before and _moment(not_before),
            "rate": rate and json.loads(rate),
        }
        for name, ended, not_before, rate in folder.database.all("select name, ended, not_before, rate from connection order by name")
    }
    return {
        "states": folder.database.by_state(),
        "connections": connections,
        "reasons": [{"reason": words, "people": number} for words, number in _reasons(folder)],
        "refused_lines": folder.refused,
        "lent": None if lent is None else _lent_json(lent),
    }


def _reasons(folder: BatchFolder) -> Iterator[tuple[str, int]]:
    yield from folder.database.all(
        "select reason, count(*) from person where reason is not null and state in ('failed', 'done', 'queued') group by reason"
        " order by count(*) desc, reason limit ?",
        MOST_REASONS,
    )


def _moment(timestamp: float) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"
