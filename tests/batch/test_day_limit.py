"""What a vendor allows in a day is one count over all processes of a batch, also of those that were killed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import threading
from contextlib import closing

import pytest

from tests.batch.test_killed_batch import Watched, people
from tests.forked import Forked
from tests.process import HABEAS, environment

DAY, FREE, KILLED = 40, 30, 12  # a quarter of it is our share, so that the rest may leave at once


def rate_of(out) -> dict[str, object]:
    """Read what the process that works on a batch wrote last of its requests."""
    with closing(sqlite3.connect(f"file:{out / 'batch.db'}?mode=ro", uri=True)) as database:
        (told,) = database.execute("select rate from connection").fetchone()
    return dict(json.loads(told)) if told else {}


@pytest.mark.long
def test_a_days_limit_is_kept_over_three_processes(batch, vendor, tmp_path):
    """Two are killed, and the third lets nothing more leave than the first would have: each by itself would use up what is free at once."""
    vendor.spec.write_text(vendor.spec.read_text() + f"rate_limits: {{all: {DAY}/day}}\n")
    given = environment(tmp_path / "state", **vendor.given)
    lines = [f"R{index},p{index}@x.io" for index in range(30)]
    words = [*HABEAS, "batch", str(people(tmp_path, *lines)), "--vendor", str(vendor.spec), "--out", str(batch.out), "--share", "25"]
    for kill in (1, 2):
        reached = threading.Event()

        def on(_path: str, limit: int = KILLED * kill, reached: threading.Event = reached) -> None:
            if sum(vendor.asked.values()) >= limit:
                reached.set()

        vendor.asked = Watched(vendor.asked, on)
        process = Forked(words, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert reached.wait(60)
        process.kill()
        process.wait(60)
    before = rate_of(batch.out)
    last = Forked(words, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = [before]
    while len(told) < 4 and last.poll() is None:  # it has written twice that nothing left meanwhile
        if (now := rate_of(batch.out)) != told[-1] and now.get("sent") != told[-1].get("sent"):
            told = [before, now]
        elif now != told[-1]:
            told.append(now)
    assert last.poll() is None
    last.kill()
    last.wait(60)
    assert 2 * KILLED <= sum(vendor.asked.values()) <= FREE + 1 < DAY
