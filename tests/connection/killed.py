"""Refresh in a child that kills itself (SIGKILL) at its N-th step; then say what a later process finds. For every N.

A step is every call that changes the disk, takes a lock or uses the network, counted from the beginning of the refresh.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
from pathlib import Path

from tests.connection.vendor import NAME, Acme, keeper, vault

COUNTED = ((os, "open"), (os, "write"), (os, "fsync"), (os, "ftruncate"), (os, "replace"), (os, "unlink"), (os, "close"), (fcntl, "flock"))


def count(limit: int, further=lambda _: None) -> None:
    """Count the steps from here on; at `limit`, before and not after the call, end as a power cut would. `further` finds more steps."""
    steps = [0]

    def step() -> None:
        steps[0] += 1
        if steps[0] == limit:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(call):
        def counted(*words, **named):
            step()
            return call(*words, **named)

        return counted

    for owner, name in COUNTED:
        setattr(owner, name, counting(getattr(owner, name)))
    for name in ("send", "recv", "recv_into", "connect"):
        setattr(socket.socket, name, counting(getattr(socket.socket, name)))
    further(step)
    real = Path.replace
    Path.replace = lambda self, other: (step(), real(self, other))[1]  # type: ignore[method-assign]


def refresh(home: Path, address: str) -> str:
    """Refresh once, as a run would; say what came of it."""
    acme, store = Acme(), vault(home)
    acme.address = address
    kept, _ = keeper(store, acme)
    found = asyncio.run(kept.refresh())
    return getattr(found, "words", "") or "renewed"


def child(work) -> tuple[int, str]:
    """Run something in a forked process; gives its status and what it wrote."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            os.write(writing, work().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode()
    return os.waitpid(pid, 0)[1], said


def main() -> None:
    """For each step: one that is killed there, then two that come later."""
    address, homes = sys.argv[1], [Path(one) for one in sys.argv[2:]]
    for number, home in enumerate(homes, 1):

        def killed(home: Path = home, number: int = number) -> str:
            count(number)
            return refresh(home, address)

        status, _ = child(killed)
        first = child(lambda home=home: refresh(home, address))[1]
        second = child(lambda home=home: refresh(home, address))[1]
        print(json.dumps({"killed": os.WIFSIGNALED(status), "first": first, "second": second, "serial": vault(home).read(NAME).serial}))


if __name__ == "__main__":
    main()
