"""`habeas record`: a run that is kept as a case, with nothing of a person in it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import secrets
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from engine.anonymise.capture import ABOUT, Captured
from engine.anonymise.finish import Made, finish
from engine.anonymise.write import check_free
from engine.cassettes.check import cases_folder
from engine.cassettes.recorder import MOST_BYTES, MOST_EXCHANGES, Recorder
from engine.cli.connected import at_of, wall_time
from engine.cli.formatting import size, tell
from engine.cli.progress import Live, is_terminal, plain
from engine.cli.run import check_given, person_of, waiting
from engine.cli.spec_search import checked_plan, since_of, vendor_of
from engine.cli.stored import print_json
from engine.connection.lock import Taken
from engine.connection.open import Opened, find_connection, opened, turn
from engine.connection.stored import Name, StoredConnection
from engine.connection.vault import Vault, home
from engine.core.identity import Identifier
from engine.core.ledger import Entry, Subject
from engine.core.request import Chain, opening
from engine.core.selection import choose
from engine.errors import Exit, UsageError
from engine.language.effective import Vendor
from engine.net.hosts import Hosts
from engine.net.limiter import Limiter
from engine.net.transport import Transport
from engine.runner import Clock, Report, Run, RunOptions, Tools
from engine.sink import Sink

CASE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
SIGNALS = (Exit.INTERRUPTED, Exit.TERMINATED)


@dataclass(frozen=True)
class RecordArguments:
    """The command line, as it was typed."""

    vendor: str
    case: str
    email: str | None
    subject: tuple[str, ...]
    about: str | None
    out: Path | None
    only: tuple[str, ...]
    without: tuple[str, ...]
    since: str | None
    share: int
    plan: str | None
    connection: str | None
    at: str | None
    wait: bool
    json: bool


@dataclass(frozen=True)
class RecordWork:
    """One recording, before its connection is open."""

    vendor: Vendor
    person: dict[str, Identifier] = field(repr=False)
    options: RunOptions
    transport: Transport
    now: datetime
    wish: RecordArguments


@dataclass(frozen=True)
class Taped:
    """A run, and what it left on the tape."""

    report: Report
    tape: Recorder
    captured: Captured


def record_command(wish: RecordArguments) -> Exit:
    """Record one run. Raises HabeasError; then nothing was written."""
    if not CASE.fullmatch(wish.case):
        message = f"--case {wish.case}: a case's name holds a-z, 0-9, - and _, at most 63 of them"
        raise UsageError(message)
    vendor = vendor_of(wish.vendor)
    now = datetime.now(UTC).replace(microsecond=0)
    person = person_of(wish.email, wish.subject)
    choice = choose(vendor.endpoints, wish.only, wish.without)
    check_given(vendor, person, choice)
    target = (wish.out or cases_of(vendor)) / wish.case
    check_free(target)
    at = at_of(vendor, wish.at)
    vault = Vault(home())
    found = find_connection(vendor, wish.connection, at, vault)
    options = RunOptions(
        choice=choice,
        narrow=since_of(wish.since, now),
        simulated=at is not None,
        share=wish.share / 100,
        plan=checked_plan(vendor, wish.plan),
    )
    taped = asyncio.run(_in_turn(RecordWork(vendor, person, options, Transport(Hosts(vendor.hosts, at), None), now, wish), vault, found))
    return _written(wish, taped, target)


def cases_of(vendor: Vendor) -> Path:
    """Give the folder in which `check` looks for a spec's cases; for a spec inside an installation, the same below the current folder."""
    spec = Path(vendor.file)
    return cases_folder(Path("specs") / spec.name if "_data" in spec.parts else spec, vendor.name)


def _written(wish: RecordArguments, taped: Taped | None, target: Path) -> Exit:
    """Make the case, and say so; a run that cannot become one says why."""
    if taped is None:
        typer.echo("another run uses this connection: record again later, or without --no-wait", err=True)
        return Exit.INCOMPLETE
    report, tape = taped.report, taped.tape
    if tape.full:
        message = (
            f"nothing was written: the run is over {MOST_BYTES // 2**20} MiB or {MOST_EXCHANGES:,} requests, which is more than a case "
            "should be: record less with --only or --since"
        )
        raise UsageError(message)
    if report.exit_code in SIGNALS:
        typer.echo("INTERRUPTED: nothing was written", err=True)
        return report.exit_code
    if report.defect is not None or report.error is not None or report.exit_code is Exit.NOT_CONNECTED:
        typer.echo(f"error: nothing was written: {report.defect or report.error or report.cut}", err=True)
        return report.exit_code
    made = finish(taped.captured, report, sum(tape.silent.values()), secrets.token_bytes(32), target)
    if wish.json:
        outcomes = {one.name: str(one.outcome) for one in report.entries}
        told = {"folder": str(made.folder), "exchanges": made.exchanges, "bytes": made.size, "run": int(report.exit_code)}
        print_json({**told, "subject": str(report.subject.subject), "endpoints": outcomes})
    else:
        tell(_words(made, report))
    return Exit.COMPLETE


def _words(made: Made, report: Report) -> str:
    matched = report.subject.subject is Subject.MATCHED
    missing = [f"{one.name} ({one.outcome})" for one in report.entries if matched and not one.outcome.whole]
    lines = [f"Recorded {made.exchanges} requests and answers, {size(made.size)}: {made.folder}"]
    lines += [f"The run ended with exit code {int(report.exit_code)}, and so does its replay."] if report.exit_code else []
    lines += [] if matched else [f"The person, as in the run: {report.subject.subject}"]
    lines += [f"Not whole, as in the run: {', '.join(missing)}"] if missing else []
    lines += ["Nothing of what was replaced is found in it. Read it before you publish it: docs/record.md says what to look for."]
    return "\n".join(lines) + "\n"


async def _in_turn(work: RecordWork, vault: Vault, found: Name | StoredConnection) -> Taped | None:
    """Run when no other run uses the connection; None where it is in use and the operator would not wait."""
    clock = wall_time()
    try:
        async with turn(vault, found, clock, waiting, wait=work.wish.wait):
            connection = opened(work.vendor, found, vault, work.transport, clock)
            plan = checked_plan(work.vendor, work.options.plan or connection.record.plan) or next(iter(work.vendor.plans)) or None
            options = replace(work.options, connection=connection.label, plan=plan, values=connection.given)
            return await _taped(replace(work, options=options), connection)
    except Taken:
        return None


async def _taped(work: RecordWork, connection: Opened) -> Taped:
    """Run to the end, in a folder that is gone afterwards."""
    begun, live = time.monotonic(), is_terminal(sys.stderr)
    clock = Clock(lambda: work.now + timedelta(seconds=int(time.monotonic() - begun)), asyncio.sleep, random.random)
    limiter = Limiter(work.vendor.limits(work.options.plan), work.options.share)
    loop, used = asyncio.get_running_loop(), set(_secrets(connection, work.transport))

    def ended(entry: Entry) -> None:
        if not live:
            plain(entry, sys.stderr)

    with tempfile.TemporaryDirectory(prefix="habeas-record-") as folder:
        async with work.transport:
            tape = Recorder(work.transport, lambda: run.interrupt(Exit.INTERRUPTED))
            tools = Tools(tape, limiter, connection.credentials, clock, ended=ended, heard=tape.heard, told=lambda: connection.told)
            run = Run(work.vendor, work.person, work.options, Sink(Path(folder) / work.vendor.name), tools)
            loop.add_signal_handler(signal.SIGINT, run.interrupt, Exit.INTERRUPTED)
            for ending in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(ending, run.interrupt, Exit.TERMINATED)
            watching = asyncio.create_task(Live(sys.stderr).watch(run)) if live else None
            try:
                report = await run.run()
            finally:
                if watching is not None:
                    watching.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await watching
            if report.exit_code not in SIGNALS:
                await _verified(work.vendor, tape)
    used |= set(_secrets(connection, work.transport))
    return Taped(report, tape, _captured(work, connection, tape, report, tuple(sorted(used))))


async def _verified(vendor: Vendor, tape: Recorder) -> None:
    """Ask `verify` where the run ended before it was answered: a replay waits for nobody, and asks it always."""
    if not any(one.file.partition("-")[0] == vendor.verify.name for one in tape.exchanges):
        request = opening(Chain(vendor.verify))
        tape.heard(request, await tape.send(request.http))


def _secrets(connection: Opened, transport: Transport) -> list[str]:
    """Give every secret of a connection, as it is now."""
    record = connection.now
    found = [word for _, value in (transport.credential.headers if transport.credential else ()) for word in value.split()]
    found += [record.secret or "", record.account_id or "", *([record.client.secret, record.client.id] if record.client else [])]
    found += [record.tokens.access, record.tokens.refresh or ""] if record.tokens else []
    return [one for one in found if len(one) >= 8]


def _captured(work: RecordWork, connection: Opened, tape: Recorder, report: Report, used: tuple[str, ...]) -> Captured:
    wish = work.wish
    return Captured(
        vendor=work.vendor,
        person=work.person,
        exchanges=tuple(tape.exchanges),
        started=work.now,
        exit_code=int(report.exit_code),
        narrow=work.options.narrow,
        since=wish.since,
        only=wish.only,
        without=wish.without,
        settings=tuple(pair for pair in connection.given if pair[0] in work.vendor.settings),
        captured=tuple(pair for pair in connection.given if pair[0] not in work.vendor.settings),
        granted=connection.credentials.granted,
        secrets=used,
        about=wish.about or ABOUT,
    )
