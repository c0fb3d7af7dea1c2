"""A terminal for tests: what stands on its screen after it was written to and resized, and the command line called on one."""

from __future__ import annotations

import os
import pty
import re
import termios
import threading
from collections.abc import Iterator, Mapping

from tests.command_line import call

PIECE = re.compile(r"\x1b\[(\d*)([AJK])|([\r\n])|([^\x1b\r\n]+)")


class Screen:
    """Rows of a terminal whose `lines` are seen. One that breaks long rows anew when it is resized, as most do, or cuts them off."""

    def __init__(self, columns: int, lines: int = 24, *, breaks: bool = True) -> None:
        self.columns, self.lines, self.breaks = columns, lines, breaks
        self.rows, self.goes_on = [""], [False]
        self.row = self.column = 0

    @property
    def seen(self) -> list[str]:
        return self.rows[-self.lines :]

    def feed(self, text: str) -> None:
        for number, move, control, words in PIECE.findall(text):
            if move == "A":
                self.row = max(len(self.rows) - self.lines, 0, self.row - int(number))
            elif move == "K":
                self.rows[self.row], self.goes_on[self.row] = "", False
            elif move == "J":
                self.rows[self.row] = self.rows[self.row][: self.column]
                del self.rows[self.row + 1 :], self.goes_on[self.row + 1 :]
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self._down()
            for letter in words:
                self._put(letter)

    def _down(self) -> None:
        self.row, self.column = self.row + 1, 0
        if self.row == len(self.rows):
            self.rows.append("")
            self.goes_on.append(False)

    def _put(self, letter: str) -> None:
        if self.column == self.columns:
            self.goes_on[self.row] = True
            self._down()
        row = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = row[: self.column] + letter + row[self.column + 1 :]
        self.column += 1

    def resize(self, columns: int, lines: int | None = None) -> None:
        """Change its size while the cursor stands at the beginning of its last row."""
        self.columns, self.lines = columns, lines or self.lines
        if not self.breaks:
            self.rows = [row[:columns] for row in self.rows]
            return
        whole: list[str] = []
        going = False
        for row, goes_on in zip(self.rows, self.goes_on, strict=True):
            whole[len(whole) :] = [whole.pop() + row] if going else [row]
            going = goes_on
        broken = [[line[at : at + columns] for at in range(0, len(line), columns)] or [""] for line in whole]
        self.rows = [row for parts in broken for row in parts]
        self.goes_on = [number < len(parts) for parts in broken for number in range(1, len(parts) + 1)]
        self.row = len(self.rows) - 1


def read_all(file: int) -> Iterator[str]:
    """Give what is written to a terminal, until nobody can write to it any more."""
    try:
        while piece := os.read(file, 65536):
            yield piece.decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return


def on_terminal(words: tuple[str, ...], environ: Mapping[str, str], columns: int) -> tuple[int, str]:
    """Call the command line on a terminal of so many columns; gives the exit code and what was written to it."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, columns))
    said: list[str] = []
    reading = threading.Thread(target=lambda: said.extend(read_all(ours)))
    reading.start()
    try:
        code = call(words, environ, (theirs, theirs, theirs))
    finally:
        os.close(theirs)
        reading.join(60)
        os.close(ours)
    return code, "".join(said)
