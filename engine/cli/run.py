"""`habeas run`: from the words of the command line to a run, and from its report to an exit code."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import typer

from engine.assembly import KINDS, RunArguments, carry_out, order_of
from engine.catalogue import load
from engine.cli.formatting import tell
from engine.cli.progress import Live, is_terminal, plain
from engine.cli.summary import summary
from engine.core.ledger import Entry
from engine.errors import Exit, InUse, UsageError
from engine.runner import Run
from engine.runner.manifest import readable

LONGEST_IDENTIFIER = 1024


def run_command(word: str, subject: tuple[str, ...], arguments: RunArguments, *, as_json: bool) -> Exit:
    """Carry out one run; `subject` are further identifiers as KIND=VALUE. Raises HabeasError before anything is sent."""
    vendor = load(word)
    person = identifiers((*arguments.person, *split_subjects(subject)))
    order = order_of(vendor, replace(arguments, person=person), datetime.now(UTC))
    try:
        report = asyncio.run(carry_out(order, ended=ended, waiting=waiting, watch=watched))
    except InUse as error:
        typer.echo(str(error), err=True)
        return error.exit_code
    if as_json:
        told = {**report.manifest, "exit_code": int(report.exit_code), "folder": readable(str(report.folder))}
        tell(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
    else:
        tell(summary(vendor, report) + "\n")
    return report.exit_code


def waiting() -> None:
    """Say why nothing happens yet."""
    typer.echo("Another run uses this connection: this one waits for its turn.", err=True)


def ended(entry: Entry) -> None:
    """Say that an endpoint has ended, where no live view shows it."""
    if not is_terminal(sys.stderr):
        plain(entry, sys.stderr)


@asynccontextmanager
async def watched(run: Run) -> AsyncIterator[None]:
    """End a run on Ctrl-C, SIGTERM and SIGHUP, what was received kept; show it live on a terminal."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, run.interrupt, Exit.INTERRUPTED)
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, run.interrupt, Exit.TERMINATED)
    watching = asyncio.create_task(Live(sys.stderr).watch(run)) if is_terminal(sys.stderr) else None
    try:
        yield
    finally:
        if watching is not None:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


def split_subjects(subject: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read `--subject KIND=VALUE`. Raises UsageError."""
    pairs = []
    for text in subject:
        kind, equals, value = text.partition("=")
        if not equals or kind not in KINDS:
            message = "--subject is written KIND=VALUE; KIND is email, phone or username"
            raise UsageError(message)
        pairs.append((kind, value))
    return tuple(pairs)


def identifiers(given: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Read the identifiers that are given as `-` from standard input, a line each. Raises UsageError."""
    return tuple((kind, _from_stdin() if value == "-" else value) for kind, value in given)


def _from_stdin() -> str:
    if sys.stdin is None:
        message = "standard input is closed: give the identifier itself, or pipe it in"
        raise UsageError(message)
    line = sys.stdin.buffer.readline(LONGEST_IDENTIFIER)
    try:
        return line.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        message = "the identifier on standard input is not UTF-8 text"
        raise UsageError(message) from None
