"""The address that a person pastes: of any length, in any dress, and asked for again where it is another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import termios
import threading
from collections.abc import Iterator

import pytest

from engine.cli import paste_address
from engine.cli.paste_address import NONE, PROMPT, AddressPrompt
from engine.errors import NotConnected
from tests.connection.commands import Command, consented, prompted
from tests.connection.vendor import Acme
from tests.process import HABEAS
from tests.terminal import Screen

CALLBACK = "http://127.0.0.1:8917/callback"
TOO_LONG = "What was pasted is longer than 64 KiB, so it is no address.\n"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("\n", "No address was pasted.\n"),
        (f"{CALLBACK}?code=C&state=CANARY\n", "its state is another"),
        ("what is meant?\n", f"The address does not begin with {CALLBACK}: it is not the vendor's answer.\n"),
        (f"{CALLBACK}?code=CANARY{'x' * 70_000}\n", TOO_LONG),
        (f"{CALLBACK}?code=CANARY{'x' * 700_000}\n\n", TOO_LONG),
    ],
)
@pytest.mark.parametrize("change", [lambda url: url, lambda url: f"<{url}>", lambda url: url.partition("?")[2]])
async def test_a_wrong_paste_is_asked_again(change, before, words, tmp_path):
    """What was wrong is said in words of our own; the right one connects."""
    async with Acme().up() as acme:
        process, url = await prompted(Command(tmp_path, acme))
        back = await asyncio.to_thread(consented, url)
        work = asyncio.create_task(asyncio.to_thread(os.write, process._input, before.encode()))
        out, err = await asyncio.wait_for(communicated(process, work, f"{change(back)}\n"), 60)
        assert (process.returncode, "connected, the vendor answers" in out) == (0, True), err
        assert words in err
        assert PROMPT in err.partition(words)[2]
        assert ("CANARY" in err, "xxx" in err) == (False, False)


async def communicated(process, work, last: str) -> tuple[str, str]:
    """Type the rest when what comes before it was taken."""
    await work
    out, err = await process.communicate(last.encode())
    return out.decode(), err.decode()


class Terminal:
    """A terminal as standard input; what is typed is typed when it is asked for, in turn."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.stdin = os.fdopen(os.dup(self.slave), "r")
        self.before = termios.tcgetattr(self.slave)
        self.said = ""
        self.typed: list[bytes] = []

    def echo(self, text: str, *, nl: bool = True, err: bool) -> None:
        assert err
        self.said += text + "\n" * nl
        if text.endswith(PROMPT):
            assert not termios.tcgetattr(self.slave)[3] & termios.ECHO
            threading.Thread(target=self._write, args=(self.typed.pop(0),), daemon=True).start()

    def _write(self, raw: bytes) -> None:
        while raw:
            raw = raw[os.write(self.master, raw) :]

    @property
    def as_before(self) -> bool:
        return termios.tcgetattr(self.slave) == self.before


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Give a terminal that is standard input."""
    found = Terminal()
    monkeypatch.setattr("sys.stdin", found.stdin)
    monkeypatch.setattr(paste_address.typer, "echo", found.echo)
    yield found
    found.stdin.close()
    os.close(found.slave)
    os.close(found.master)


LONG = f"{CALLBACK}?state=s&code={'c' * 12_000}".encode()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ((LONG + b"\r",), LONG.decode()),
        ((LONG + b"\n",), LONG.decode()),
        ((b"wrong\x15" + LONG + b"xyz\x7f\x08\x7f\r",), LONG.decode()),
        ((b"\r", LONG + b"\r"), LONG.decode()),
        ((LONG * 20 + b"\r", LONG + b"\r"), LONG.decode()),
        ((LONG + b"\x04\r",), LONG.decode()),
    ],
)
async def test_a_terminal_hands_over_an_address_of_any_length(typed, expected, terminal):
    """Its own lines end at 4,095 bytes; it is as before afterwards, and shows nothing of what was pasted."""
    terminal.typed += typed
    assert await asyncio.wait_for(AddressPrompt().ask(None), 60) == expected
    assert terminal.as_before
    assert "ccc" not in terminal.said


async def test_what_follows_the_line_at_a_terminal_is_not_left_to_the_shell(terminal):
    """A paste of several lines is one wrong paste, not a command."""
    terminal.typed.append(b"first\rrm something\r")
    assert await asyncio.wait_for(AddressPrompt().ask("it is another"), 60) == "first"
    assert terminal.said == f"It is another.\n{paste_address.UNSEEN}\n{PROMPT}\n"
    os.set_blocking(terminal.slave, False)
    with pytest.raises(BlockingIOError):
        os.read(terminal.slave, 100)


@pytest.mark.parametrize(("why", "words"), [(None, NONE), ("it is another", "it is another; run connect again")])
async def test_the_end_of_input_at_a_terminal_ends_it(why, words, terminal):
    """Ctrl-D: nothing more will come."""
    terminal.typed.append(b"\x04")
    with pytest.raises(NotConnected, match=f"^not connected: {words}$"):
        await asyncio.wait_for(AddressPrompt().ask(why), 60)
    assert terminal.as_before


async def test_the_question_stays_on_the_screen_while_it_waits(tmp_path):
    """Also after a long wrong paste; and Ctrl-C leaves its row to nobody else."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (60, 80))
    screen, question = Screen(80, 60), PROMPT.rstrip()

    async def read_on() -> None:
        screen.feed((await asyncio.to_thread(os.read, ours, 65536)).decode().replace("\r\n", "\n"))

    async with Acme().up() as acme:
        words = ("connect", "acme", "--no-browser", "--probe", "")
        given = Command(tmp_path, acme).given({})
        process = await asyncio.create_subprocess_exec(*HABEAS, *words, env=given, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        try:
            for asked in (1, 2):
                while sum(row.rstrip() == question for row in screen.seen) < asked:
                    await asyncio.wait_for(read_on(), 60)
                assert screen.seen[screen.row].rstrip() == question
                if asked == 1:
                    os.write(ours, b"https://wrong.example/" + b"x" * 3000 + b"\r")
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(OSError):
                while True:
                    await asyncio.wait_for(read_on(), 60)
            assert await process.wait() == 130
        finally:
            if process.returncode is None:
                process.kill()
    os.close(ours)
    assert ([row.rstrip() for row in screen.seen if row][-1], screen.column) == (question, 0)
    assert "xxx" not in "".join(screen.rows)
