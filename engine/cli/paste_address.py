"""Ask a person to paste the address at which the browser ended: of any length, unseen, and again where it is another.

A terminal hands over at most 4,095 bytes of a line that it edits itself (termios, canonical mode): it is read byte by byte instead.
"""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from engine.cli.formatting import fitted, width_of
from engine.errors import NotConnected

LONGEST = PIECE = 64 * 1024
NONE = "no address was pasted"
END_OF_INPUT, ERASE, KILL = b"\x04", (b"\x7f", b"\x08"), b"\x15"
PROMPT = "Then paste the address you were sent to (the page itself may not load): "
UNSEEN = "What you paste here is not shown."


class AddressPrompt:
    """Reads lines of standard input; what follows a line in a pipe is kept for the next."""

    def __init__(self) -> None:
        """Nothing is read before `ask`."""
        self._rest = b""

    async def ask(self, why: str | None) -> str:
        """Ask for an address, after saying why the one before is not it. Raises NotConnected where none comes."""
        while True:
            if why is not None:
                _say(f"{why[:1].upper()}{why[1:]}.\n")
            with _whole_lines() as at_terminal:
                _say(f"{UNSEEN}\n" * at_terminal + PROMPT)
                try:
                    line, ended = await self._line(at_terminal=at_terminal)
                except asyncio.CancelledError:
                    _say("\n")
                    raise
            if at_terminal or (ended and not line):
                _say("\n")
            if len(line) > LONGEST:
                why = f"what was pasted is longer than {LONGEST // 1024} KiB, so it is no address"
                continue
            try:
                text = line.decode().strip()
            except UnicodeDecodeError:
                message = "not connected: what was pasted is not UTF-8 text, so it is no address"
                raise NotConnected(message) from None
            if text:
                return text
            if ended:
                message = f"not connected: {f'{why}; run connect again' if why not in (None, NONE) else NONE}"
                raise NotConnected(message)
            why = NONE

    async def _line(self, *, at_terminal: bool) -> tuple[bytes, bool]:
        """Read one line, and whether the input ended instead; of a longer one than LONGEST no more than its length is kept."""
        file = sys.stdin.fileno() if sys.stdin is not None else None
        line, rest = b"", self._rest
        while True:
            piece, newline, self._rest = rest.partition(b"\n")
            line = (_typed(line, piece) if at_terminal else line + piece)[: LONGEST + 1]
            if newline:
                self._rest = b"" if at_terminal else self._rest
                return line, False
            if at_terminal and piece.endswith(END_OF_INPUT) and not line:
                return line, True
            rest = await _read(file) if file is not None else b""
            if not rest:
                return line, True


def _say(text: str) -> None:
    typer.echo(fitted(text, width_of(sys.stderr)), nl=False, err=True)


def _typed(line: bytes, piece: bytes) -> bytes:
    """Give a line with what was typed, as the terminal would have edited it."""
    if not any(key in piece for key in (END_OF_INPUT, KILL, *ERASE)):
        return line + piece
    for number in piece:
        key = bytes([number])
        line = line[:-1] if key in ERASE else b"" if key == KILL else line if key == END_OF_INPUT else line + key
    return line


async def _read(file: int) -> bytes:
    """Read what there is, and wait for it. Not in a thread: Ctrl-C could not end one that waits in `read`."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(file, ready.set)
    except PermissionError:  # a plain file, which never waits
        ready.set()
    try:
        await ready.wait()
    finally:
        loop.remove_reader(file)
    return os.read(file, PIECE)


@contextmanager
def _whole_lines() -> Iterator[bool]:
    """Let a terminal hand over every byte, unseen; gives whether there is one.

    What was typed beyond the line is dropped in the end: the shell must not take it for a command.
    """
    file = sys.stdin.fileno() if sys.stdin is not None else -1
    if not os.isatty(file):
        yield False
        return
    before = termios.tcgetattr(file)
    changed = termios.tcgetattr(file)
    changed[3] &= ~(termios.ICANON | termios.ECHO)
    changed[6][termios.VMIN], changed[6][termios.VTIME] = 1, 0
    termios.tcsetattr(file, termios.TCSADRAIN, changed)
    try:
        yield True
    finally:
        termios.tcsetattr(file, termios.TCSAFLUSH, before)
