"""Ctrl-C and SIGTERM during a connect, with real processes and terminals: it ends at once, or not before an answer is stored."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time

import pytest

from tests.connection.commands import Command, consented, opening, redirect, waiting
from tests.connection.vendor import NAME, Acme, vault
from tests.process import HABEAS

BOUND = 60.0
PATIENCE = 15.0  # seconds in which something must happen after a key


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGQUIT, 143), (signal.SIGHUP, 143)])
@pytest.mark.parametrize("times", [1, 3])
async def test_an_interrupt_while_the_vendor_answers_loses_no_token(number, code, times, tmp_path):
    """The exchange under way is finished and stored, however often one presses; nothing is asked after it."""
    async with Acme().up() as acme:
        arrived, go_on = acme.slowly()
        process = await Command(tmp_path, acme).start("connect", "acme", "--no-browser")
        url = await waiting(process)
        process.stdin.write(f"{await asyncio.to_thread(consented, url)}\n".encode())
        await asyncio.wait_for(arrived.wait(), BOUND)
        for _ in range(times):
            process.send_signal(number)
        told = await asyncio.wait_for(process.stderr.readuntil(b"stored first"), BOUND)
        go_on.set()
        out, err = await asyncio.wait_for(process.communicate(), BOUND)
        assert (process.returncode, out, acme.log) == (code, b"", ["token"]), err
        assert "Stored as acme/default" in err.decode()
        assert "Traceback" not in (told + err).decode()
        assert vault(tmp_path).read(NAME).tokens.access in acme.provider.access


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGQUIT, 143), (signal.SIGHUP, 143)])
async def test_an_interrupt_while_a_person_consents_ends_at_once(number, code, tmp_path):
    """At the paste prompt and while listening: nothing is said, sent or left behind."""
    async with Acme().up() as acme:
        habeas = Command(tmp_path, acme)
        for words, asks in ((("--no-browser",), waiting), (("--redirect-uri", redirect()), opening)):
            process = await habeas.start("connect", "acme", *words, BROWSER="true")
            await asks(process)
            process.send_signal(number)
            out, err = await asyncio.wait_for(process.communicate(), BOUND)
            assert (process.returncode, out, b"Traceback" in err) == (code, b"", False), err
        assert acme.log == []
        assert [path.name for path in vault(tmp_path).folder.glob("*") if not path.name.endswith(".lock")] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [2, 3])
async def test_a_batch_that_is_told_twice_ends_when_a_token_that_was_asked_for_is_stored(times, number, tmp_path):
    """The system ends it then, and at a third signal at once: what stands still in its loop keeps it from nothing."""
    async with Acme().up() as acme:
        store, record = vault(tmp_path), acme.record(life=-1)
        store.write(NAME, record)
        arrived, go_on = acme.slowly()
        (tmp_path / "people.csv").write_text("request,email\nA,her@acme.example\n")
        words = ("batch", str(tmp_path / "people.csv"), "--vendor", "acme", "--out", str(tmp_path / "out"))
        process = await Command(tmp_path, acme).start(*words)
        await asyncio.wait_for(arrived.wait(), BOUND)
        process.send_signal(number)
        said = await asyncio.wait_for(process.stderr.readuntil(b"Once more ends it at once."), BOUND)
        process.send_signal(number)
        said += await asyncio.wait_for(process.stderr.readuntil(b"may cost the connection."), BOUND)
        if times == 3:
            process.send_signal(number)
            await asyncio.wait_for(process.wait(), BOUND)
        go_on.set()
        _, err = await asyncio.wait_for(process.communicate(), BOUND)
        assert b"Traceback" not in said + err
        assert process.returncode in ((-number,) if times == 3 else (-number, 128 + number))  # it may have ended by itself
        assert (store.read(NAME).tokens == record.tokens) is (times == 3)


def at_terminal(habeas: Command, wait_for: bytes, keys: bytes, words: tuple[str, ...], **environ: str | None) -> tuple[int | None, bytes]:
    """Start a command at a terminal of its own and press keys when it says something; gives its exit code, None where it hung.

    They are pressed once more where nothing happens, as a person would: a signal that comes between Python's last look at its signals and
    the moment in which it begins to read a line is seen with the next one only.
    """
    given = {name: value for name, value in {**habeas.environ, "HABEAS_ACME_PROBE": "", **environ}.items() if value is not None}
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        [*HABEAS, *words],
        env=given,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  nothing else gives it a terminal
    )
    os.close(theirs)
    said, pressed, until = b"", -PATIENCE, time.monotonic() + BOUND
    try:
        while process.poll() is None and time.monotonic() < until:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    said += os.read(terminal, 4096)
                except OSError:
                    break  # the other end is closed
            if time.monotonic() > pressed + PATIENCE and wait_for in said and settled(terminal, wait_for):
                os.write(terminal, keys)
                pressed = time.monotonic()
        return process.wait(max(until - time.monotonic(), 0.1)), said
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None, said
    finally:
        os.close(terminal)


def settled(terminal: int, wait_for: bytes) -> bool:
    """Whether a hidden prompt hides by now: keys that come before are thrown away."""
    return b"secret" not in wait_for or not termios.tcgetattr(terminal)[3] & termios.ECHO


@pytest.mark.parametrize(
    ("wait_for", "words", "environ"),
    [
        (b"may not load", ("connect", "acme", "--no-browser"), {}),
        (b"go to:", ("connect", "acme", "--redirect-uri", "{redirect}"), {"BROWSER": "sleep 60 %s"}),
        (b"lient secret", ("connect", "acme", "--redirect-uri", "{redirect}"), {"HABEAS_ACME_CLIENT_SECRET": None}),
        (b"(Enter: none): ", ("connect", "acme", "--redirect-uri", "{redirect}"), {"HABEAS_ACME_PROBE": None}),
    ],
)
async def test_ctrl_c_at_the_terminal_ends_a_connect_at_once(wait_for, words, environ, tmp_path):
    """At the paste prompt, at the listener with a browser under way, at a hidden prompt: 130, and no traceback."""
    async with Acme().up() as acme:
        words = tuple(one.format(redirect=redirect()) for one in words)
        code, said = await asyncio.to_thread(at_terminal, Command(tmp_path, acme), wait_for, b"\x03", words, **environ)
        assert code == 130, said
        assert b"Traceback" not in said
        assert b"KeyboardInterrupt" not in said
