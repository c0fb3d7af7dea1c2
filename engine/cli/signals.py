"""Ctrl-C, SIGTERM, SIGHUP and SIGQUIT while a loop runs; SIGHUP stays ignored where it was from the start, as `nohup` has it.

None of them raises an exception in the middle of the loop's work: it would meet whatever runs then, and what another task waits for would
never come (a batch that was told twice waited for ever).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from engine.cli.formatting import tell
from engine.connection.uninterrupted import asking
from engine.errors import Exit

TERMINATING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
ENDING = {signal.SIGINT: Exit.INTERRUPTED, **dict.fromkeys(TERMINATING, Exit.TERMINATED)}
STILL_BUSY = "The vendor was asked already: its answer is stored first."
ALL_THE_SAME = "Once more ends it all the same, and may cost the connection."
LOOK_AGAIN = 0.05  # seconds


def on_signals(act: Callable[[Exit], object]) -> None:
    """Call `act` with the exit code of each signal that comes, however often, as long as this loop runs."""
    for number in _heard():
        asyncio.get_running_loop().add_signal_handler(number, act, ENDING[number])


def no_signals() -> None:
    """Let the signals be what they are without `on_signals`."""
    for number in _heard():
        asyncio.get_running_loop().remove_signal_handler(number)


def once_then_at_once(act: Callable[[Exit], object]) -> None:
    """Call `act` at the first signal; at the second the system ends this process, as soon as no answer about a token has to be stored.

    Two that come in one moment are two. There is no moment between them in which one would raise an exception.
    """
    told: list[signal.Signals] = []

    def hear(number: signal.Signals) -> None:
        told.append(number)
        if len(told) == 1:
            act(ENDING[number])
        elif len(told) == 2:
            no_signals()
            for each in _heard():
                signal.signal(each, signal.SIG_DFL)
            _end(number)
            if asking():  # else nothing comes after it
                tell(f"{STILL_BUSY} {ALL_THE_SAME}\n", sys.stderr)

    for number in _heard():
        asyncio.get_running_loop().add_signal_handler(number, hear, number)


def _heard() -> list[signal.Signals]:
    """Give the signals that end this process: nothing here ever takes over SIGHUP while it is ignored, so that it stays so."""
    return [number for number in ENDING if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN]


def _end(number: signal.Signals) -> None:
    if asking():
        asyncio.get_running_loop().call_later(LOOK_AGAIN, _end, number)
    else:
        os.kill(os.getpid(), number)
