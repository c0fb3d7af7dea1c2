"""Work that the event loop must neither wait for nor break off: in a thread, and to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
THREAD = "habeas store"


def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Start something that waits for the disk, or for a person at a keyring. Who is cancelled waits no longer; the work itself goes on.

    The thread is a daemon: unlike those of the loop's own pool it keeps no process alive that was told to end.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(put: Callable[[Any], None], what: object) -> None:
        if not answer.done():
            put(what)

    def do() -> None:
        try:
            told: tuple[Callable[[Any], None], object] = (answer.set_result, work())
        except BaseException as error:  # noqa: BLE001  raised where it is waited for
            told = (answer.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended: nobody waits
            loop.call_soon_threadsafe(tell, *told)

    Thread(target=do, name=THREAD, daemon=True).start()
    return answer


async def finished(work: Awaitable[T]) -> T:
    """Wait for something to its end; a cancellation that comes meanwhile is raised afterwards."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        task.exception()  # looked at, or asyncio would complain of it
        raise asyncio.CancelledError
    return task.result()


_asked = 0


async def answered(work: Awaitable[T]) -> T:
    """Do as `finished` with what asks a vendor for a token and stores it; `asking` says so meanwhile."""
    global _asked  # noqa: PLW0603  of all connections of the process: a signal ends them together
    _asked += 1
    try:
        return await finished(work)
    finally:
        _asked -= 1


def asking() -> bool:
    """Whether a vendor was asked for a token, and its answer is not stored yet."""
    return _asked > 0


async def written(work: Callable[[], T]) -> T:
    """Do something to its end in a thread: what a lock guards must not go on when the lock is given back."""
    return await finished(in_thread(work))
