"""`habeas run`: from the words of the command line to a run, and from its report to an exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer

from engine.cli.find import checked_plan, since_of, vendor_of
from engine.cli.progress import Live, is_terminal, plain
from engine.cli.summary import summary
from engine.core.choice import choose
from engine.core.identity import Identifier, identify
from engine.core.ledger import Entry
from engine.core.subject import asked_by
from engine.errors import Exit, UsageError
from engine.net.hosts import Hosts
from engine.net.limiter import Limiter
from engine.net.tokens import Fixed, from_environment
from engine.net.transport import Transport
from engine.runner import Clock, Options, Report, Run, Tools
from engine.sink import Sink
from engine.spec.effective import Vendor

KINDS = {"email": "EMAIL", "phone": "PHONE", "username": "USERNAME"}
LONGEST_IDENTIFIER = 1024


@dataclass(frozen=True)
class Wish:
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


def run_command(wish: Wish) -> Exit:
    """Carry out one run. Raises HabeasError before anything is sent."""
    vendor = vendor_of(wish.vendor)
    now = datetime.now(UTC)
    person = _person(wish, vendor)
    choice = choose(vendor.endpoints, wish.only, wish.without)
    at = wish.at if wish.at is not None else os.environ.get(f"HABEAS_{vendor.name.upper()}_AT") or None
    hosts = Hosts(vendor.hosts, at)
    credential = from_environment(vendor.name, os.environ)
    options = Options(
        choice=choice,
        files=wish.files,
        narrow=since_of(wish.since, now),
        reference=wish.ref,
        simulated=at is not None,
        share=wish.share / 100,
        plan=checked_plan(vendor, wish.plan) or next(iter(vendor.plans)) or None,
    )
    out = wish.out or Path(f"habeas-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")
    sink = Sink(out / vendor.name)
    transport = Transport(hosts, credential)
    report = asyncio.run(_run(vendor, person, options, sink, transport))
    if wish.json:
        sys.stdout.write(
            msgspec.json.format(
                msgspec.json.encode({**report.manifest, "exit_code": int(report.exit_code), "folder": str(report.folder)}), indent=2
            ).decode()
            + "\n"
        )
    else:
        typer.echo(summary(vendor, report))
    return report.exit_code


async def _run(vendor: Vendor, person: dict[str, Identifier], options: Options, sink: Sink, transport: Transport) -> Report:
    live = is_terminal(sys.stderr)
    clock = Clock(lambda: datetime.now(UTC), asyncio.sleep, random.random)
    limiter = Limiter(vendor.limits(options.plan), options.share)

    def ended(entry: Entry) -> None:
        if not live:
            plain(entry, sys.stderr)

    async with transport:
        run = Run(vendor, person, options, sink, Tools(transport, limiter, Fixed(), clock, ended=ended))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, run.interrupt, Exit.INTERRUPTED)
        loop.add_signal_handler(signal.SIGTERM, run.interrupt, Exit.TERMINATED)
        watching = asyncio.create_task(Live(sys.stderr).watch(run)) if live else None
        try:
            return await run.run()
        finally:
            if watching is not None:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watching


def _person(wish: Wish, vendor: Vendor) -> dict[str, Identifier]:
    """Read who is asked for. Raises UsageError, Refused."""
    given = [("email", wish.email)] if wish.email is not None else []
    for text in wish.subject:
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
    needed = asked_by(vendor.lookup)
    if needed not in person:
        option = "--email ADDRESS" if needed == "EMAIL" else f"--subject {needed.lower()}=VALUE"
        message = f"{vendor.title} finds people by {needed.lower()}: add {option}"
        raise UsageError(message)
    return person


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
