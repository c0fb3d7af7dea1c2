"""`habeas` in a process of its own that believes other things: `python -m tests.cluster.otherwise '{"clock": 3600}' worker URL`.

`clock`: by how many seconds its clock is ahead; `release`: of which version it is; `tables`: which version of the tables it knows;
`stopped`: it is stopped in the first transaction in which it has locked a connection.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import datetime, timedelta, tzinfo
from typing import Any

BELIEFS = json.loads(sys.argv.pop(1)) if __name__ == "__main__" else {}
AHEAD = float(BELIEFS.get("clock", 0.0))
true_time = time.time


class Shifted(datetime):
    """A time by a clock that is ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        """Give what that clock shows."""
        return datetime.now(tz) + timedelta(seconds=AHEAD)


def stop_in_a_transaction() -> None:
    """Stop when a connection is locked."""
    from engine.cluster import ownership, people

    locked = ownership.fenced

    async def fenced(*given: Any) -> set[str]:
        found = await locked(*given)
        os.kill(os.getpid(), signal.SIGSTOP)
        ownership.fenced = people.fenced = locked  # type: ignore[attr-defined]
        return found

    ownership.fenced = people.fenced = fenced  # type: ignore[attr-defined]


def main() -> None:
    """Believe it, then be the command."""
    time.time = lambda: true_time() + AHEAD
    import engine
    import engine.net.clock
    from engine.connection import postgres_session

    engine.net.clock.datetime = Shifted  # type: ignore[misc]
    engine.__version__ = BELIEFS.get("release", engine.__version__)
    postgres_session.VERSION = BELIEFS.get("tables", postgres_session.VERSION)  # before anything else has imported it
    if BELIEFS.get("stopped"):
        stop_in_a_transaction()
    from engine.cli import main as habeas

    habeas()


if __name__ == "__main__":
    main()
