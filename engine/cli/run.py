"""`habeas run`: from the words of the command line to a run, and from its report to an exit code."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer

from engine.cli.connected import at_of
from engine.cli.formatting import tell
from engine.cli.progress import Live, is_terminal, plain
from engine.cli.spec_search import checked_plan, since_of, vendor_of
from engine.cli.summary import summary
from engine.connection.lock import Taken
from engine.connection.open import Opened, find_connection, opened, turn
from engine.connection.stored import Name, StoredConnection
from engine.connection.vault import Vault, home
from engine.core.identity import Identifier, identify
from engine.core.ledger import Entry
from engine.core.selection import Selection, choose
from engine.core.subject import lacking, unsafe
from engine.errors import Exit, Refused, UsageError
from engine.language.effective import Vendor
from engine.net.clock import wall_clock
from engine.net.hosts import Hosts
from engine.net.limiter import Limiter
from engine.net.transport import Transport
from engine.runner import Report, Run, RunOptions, Tools
from engine.runner.manifest import readable
from engine.sink import Sink

KINDS = {"email": "EMAIL", "phone": "PHONE", "username": "USERNAME"}
LONGEST_IDENTIFIER = 1024


@dataclass(frozen=True)
class RunArguments:
    """The command line of one run, as it was typed."""

    vendor: str
    email: str | None
    subject: tuple[str, ...]
    out: Path | None
    only: tuple[str, ...]
    without: tuple[str, ...]
    since: str | None
    files: bool
    share: int
    plan: str | None
    ref: str | None
    at: str | None
    json: bool
    connection: str | None = None
    wait: bool = True


def run_command(wish: RunArguments) -> Exit:
    """Carry out one run. Raises HabeasError before anything is sent."""
    vendor = vendor_of(wish.vendor)
    now = datetime.now(UTC)
    person = person_of(wish.email, wish.subject)
    choice = choose(vendor.endpoints, wish.only, wish.without)
    check_given(vendor, person, choice)
    at = at_of(vendor, wish.at)
    transport = Transport(Hosts(vendor.hosts, at), None)
    vault = Vault(home())
    found = find_connection(vendor, wish.connection, at, vault)
    options = RunOptions(
        choice=choice,
        files=wish.files,
        narrow=since_of(wish.since, now),
        reference=wish.ref,
        simulated=at is not None,
        share=wish.share / 100,
        plan=checked_plan(vendor, wish.plan),
    )
    out = wish.out or Path(f"habeas-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")
    sink = Sink(out / vendor.name)
    report = asyncio.run(_in_turn(RunWork(vendor, person, options, sink, transport), vault, found, wait=wish.wait))
    if report is None:
        typer.echo("another run uses this connection: run again later, or without --no-wait", err=True)
        return Exit.INCOMPLETE
    if wish.json:
        told = {**report.manifest, "exit_code": int(report.exit_code), "folder": readable(str(report.folder))}
        tell(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
    else:
        tell(summary(vendor, report) + "\n")
    return report.exit_code


@dataclass(frozen=True)
class RunWork:
    """One run, before its connection is open."""

    vendor: Vendor
    person: dict[str, Identifier]
    options: RunOptions
    sink: Sink
    transport: Transport


async def _in_turn(work: RunWork, vault: Vault, found: Name | StoredConnection, *, wait: bool) -> Report | None:
    """Run when no other run uses the connection; None where it is in use and the operator would not wait."""
    clock = wall_clock()
    try:
        async with turn(vault, found, clock, waiting, wait=wait):
            connection = opened(work.vendor, found, vault, work.transport, clock)
            plan = checked_plan(work.vendor, work.options.plan or connection.record.plan) or next(iter(work.vendor.plans)) or None
            options = replace(work.options, connection=connection.label, plan=plan, values=connection.given)
            return await _run(replace(work, options=options), connection)
    except Taken:
        return None


def waiting() -> None:
    """Say why nothing happens yet."""
    typer.echo("Another run uses this connection: this one waits for its turn.", err=True)


async def _run(work: RunWork, connection: Opened) -> Report:
    live = is_terminal(sys.stderr)
    limiter = Limiter(work.vendor.limits(work.options.plan), work.options.share)

    def ended(entry: Entry) -> None:
        if not live:
            plain(entry, sys.stderr)

    async with work.transport:
        tools = Tools(work.transport, limiter, connection.credentials, wall_clock(), ended=ended, told=lambda: connection.from_token)
        run = Run(work.vendor, work.person, work.options, work.sink, tools)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, run.interrupt, Exit.INTERRUPTED)
        for ending in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(ending, run.interrupt, Exit.TERMINATED)
        watching = asyncio.create_task(Live(sys.stderr).watch(run)) if live else None
        try:
            return await run.run()
        finally:
            if watching is not None:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watching


def person_of(email: str | None, subject: tuple[str, ...]) -> dict[str, Identifier]:
    """Read who is asked for. Raises UsageError, Refused."""
    given = [("email", email)] if email is not None else []
    for text in subject:
        kind, equals, value = text.partition("=")
        if not equals or kind not in KINDS:
            message = "--subject is written KIND=VALUE; KIND is email, phone or username"
            raise UsageError(message)
        given.append((kind, value))
    person: dict[str, Identifier] = {}
    for kind, value in given:
        if KINDS[kind] in person:
            message = f"the {kind} is given twice"
            raise UsageError(message)
        person[KINDS[kind]] = identify(kind, _from_stdin() if value == "-" else value)  # type: ignore[arg-type]
    return person


def check_given(vendor: Vendor, person: Mapping[str, Identifier], choice: Selection) -> None:
    """See that nothing that will be asked needs an identifier that was not given. Raises UsageError, Refused."""
    lack = lacking(vendor, person, choice.excluded)
    if lack is None:
        fault = unsafe(vendor, person, choice.excluded)
        if fault is not None:
            message = f"{fault}; nothing was sent"
            raise Refused(message)
        return
    kinds = [one.lower() for one in lack.identifiers]
    option = " or ".join("--email ADDRESS" if kind == "email" else f"--subject {kind}=VALUE" for kind in kinds)
    if lack.to_look_up:
        message = f"{vendor.title} finds people by {' or '.join(kinds)}: add {option}"
        raise UsageError(message)
    message = f"{vendor.title} needs the person's {kinds[0]} too: add {option}"
    if lack.endpoints:
        message += f", or leave out what needs it: --without {','.join(lack.endpoints)}"
    raise UsageError(message)


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
