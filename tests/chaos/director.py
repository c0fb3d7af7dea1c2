"""Which disturbance comes when: as many of each kind as were asked for, in an order by the seed, as the work goes on."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from tests.chaos.crowd_vendor import CUT, LOST, TOKEN
from tests.chaos.vendor_process import VendorProcess
from tests.chaos.verdicts import asked

PART = 0.85  # the last event comes before the end
POLL = 0.02
STALLED = 100.0  # seconds
WORDS = {CUT: "half of it", LOST: "nothing"}


def planned(shares: Mapping[str, int], events: int, dice: random.Random) -> list[str]:
    """Give the kinds of so many events, as often as their shares of a hundred say."""
    whole = sum(shares.values())
    found = [kind for kind, share in shares.items() for _ in range(max(1, events * share // whole))]
    rest = [kind for kind, _ in Counter(shares).most_common()]
    found += [rest[number % len(rest)] for number in range(events - len(found))]
    dice.shuffle(found)
    return found[:events]


class Director:
    """Lets events come when the vendor was asked so much of what an undisturbed batch asks (`asked`)."""

    def __init__(self, vendor: VendorProcess, events: list[str], asked: int) -> None:
        self.vendor, self.events, self.asked = vendor, events, asked
        self.began = time.monotonic()
        self.done = Counter[str]()

    def each(self, idle: Callable[[], object]) -> Iterator[str]:
        """Give each kind when it is its turn. `idle` is called meanwhile, and raises where the work has stopped."""
        for number, kind in enumerate(self.events, 1):
            enough = PART * self.asked * number / (len(self.events) + 1)
            self.until(lambda enough=enough: self._asked() >= enough, idle)  # type: ignore[misc]
            yield kind
            self.done[kind] += 1

    def until(self, reached: Callable[[], bool], idle: Callable[[], object]) -> None:
        """Wait, as long as anything is asked for that was not asked for before."""
        known, since = 0, time.monotonic()
        while not reached():
            idle()
            known, before = self._asked(), known
            since = time.monotonic() if known > before else since
            assert time.monotonic() < since + STALLED, f"no progress after {dict(self.done)}"
            time.sleep(POLL)  # SLEEPS: real processes and their server take real time

    def _asked(self) -> int:
        return int(self.vendor.ask("count")["asked"])

    def rows(self, people: int) -> list[tuple[str, str]]:
        """Give the table of what was done, after the vendor's end."""
        log, tokens = asked(self.vendor.log), [one["status"] for one in self.vendor.log if one["path"] == TOKEN]
        faults = Counter(one["status"] for one in log if one["status"] not in (200, 404))
        again = len(log) - len({(one["connection"], one["path"]) for one in log})
        kinds = [(f"event: {kind}", str(count)) for kind, count in sorted(self.done.items())]
        return [
            *kinds,
            ("events", str(self.done.total())),
            ("people", str(people)),
            ("requests", str(len(log))),
            ("of them asked before", str(again)),
            *((f"answered with {WORDS.get(status, status)}", str(count)) for status, count in sorted(faults.items())),
            ("refreshes", str(tokens.count(200))),
            ("refreshes lost on the way", str(tokens.count(LOST))),
            ("seconds", f"{time.monotonic() - self.began:.0f}"),
        ]
