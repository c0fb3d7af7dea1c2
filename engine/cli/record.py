"""`habeas record`: a run that is kept as a cassette, with nothing of a person in it."""

from __future__ import annotations

import asyncio
import re
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from engine.anonymise.capture import ABOUT, Captured
from engine.anonymise.finish import Made, check_free, finish
from engine.assembly import Order, RunArguments, order_of
from engine.catalogue import load
from engine.cli.formatting import print_json, print_text, tell
from engine.cli.progress import renewing
from engine.cli.run import ended, identifiers, noted, split_subjects, waiting, watched
from engine.connection.open import Opened
from engine.core.ledger import Subject
from engine.core.sizes import size_text
from engine.errors import Exit, InUse, UsageError
from engine.language.effective import Vendor
from engine.net.clock import clock_from
from engine.net.transport import Transport
from engine.replaced import replace
from engine.runner import Report
from engine.runner.recorder import MOST_BYTES, MOST_EXCHANGES, Recorder
from engine.spec_files import cassettes_folder

CASSETTE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
SIGNALS = (Exit.INTERRUPTED, Exit.TERMINATED)


class RecordArguments(Struct, frozen=True, kw_only=True):
    """The command line: which run, and where its recording goes."""

    vendor: str
    cassette: str
    subject: tuple[str, ...]
    run: RunArguments
    about: str | None = None
    out: Path | None = None
    json: bool = False


class RecordedRun(Struct, frozen=True):
    """A run, what was kept of it, and what a cassette is made of."""

    report: Report
    recorder: Recorder
    captured: Captured


def record_command(arguments: RecordArguments) -> Exit:
    """Record one run. Raises HabeasError; then nothing was written."""
    if not CASSETTE.fullmatch(arguments.cassette):
        message = f"--cassette {arguments.cassette}: a cassette's name holds a-z, 0-9, - and _, at most 63 of them"
        raise UsageError(message)
    vendor = load(arguments.vendor)
    now = datetime.now(UTC).replace(microsecond=0)
    target = (arguments.out or cassettes_of(vendor)) / arguments.cassette
    wanted = replace(
        arguments.run,
        person=identifiers((*arguments.run.person, *split_subjects(arguments.subject))),
        probe=identifiers(arguments.run.probe),
    )
    order = asyncio.run(order_of(vendor, wanted, now))
    check_free(target)
    order.chosen.store.waits(busy=renewing)
    try:
        recorded = asyncio.run(_recorded(order, arguments, now))
    except InUse:
        print_text("another run uses this connection: record again later, or without --no-wait", err=True)
        return Exit.INCOMPLETE
    return _written(arguments, recorded, target)


def cassettes_of(vendor: Vendor) -> Path:
    """Give the folder in which `check` looks for a spec's cassettes; for an installed spec, the same below the current folder."""
    spec = Path(vendor.file)
    return cassettes_folder(Path("specs") / spec.name if "_data" in spec.parts else spec, vendor.name)


def _written(arguments: RecordArguments, recorded: RecordedRun, target: Path) -> Exit:
    """Make the cassette, and say so; a run that cannot become one says why."""
    report, recorder = recorded.report, recorded.recorder
    if recorder.full:
        message = (
            f"nothing was written: the run is over {MOST_BYTES // 2**20} MiB or {MOST_EXCHANGES:,} requests, which is more than a cassette "
            "should be: record less with --only or --since"
        )
        raise UsageError(message)
    if report.exit_code in SIGNALS:
        print_text("INTERRUPTED: nothing was written", err=True)
        return report.exit_code
    if report.defect is not None or report.error is not None or report.exit_code is Exit.NOT_CONNECTED:
        print_text(f"error: nothing was written: {report.defect or report.error or report.cut}", err=True)
        return report.exit_code
    made = finish(recorded.captured, report, sum(recorder.silent.values()), secrets.token_bytes(32), target)
    if arguments.json:
        outcomes = {one.name: str(one.outcome) for one in report.entries}
        told = {"folder": str(made.folder), "exchanges": made.exchanges, "bytes": made.size, "run": int(report.exit_code)}
        print_json({**told, "subject": str(report.subject.subject), "endpoints": outcomes})
    else:
        tell(_words(made, report))
    return Exit.COMPLETE


def _words(made: Made, report: Report) -> str:
    matched = report.subject.subject is Subject.MATCHED
    missing = [f"{one.name} ({one.outcome})" for one in report.entries if matched and not one.outcome.whole]
    lines = [f"Recorded {made.exchanges} requests and answers, {size_text(made.size)}: {made.folder}"]
    lines += [f"The run ended with exit code {int(report.exit_code)}, and so does its replay."] if report.exit_code else []
    lines += [] if matched else [f"The person, as in the run: {report.subject.subject}"]
    lines += [f"Not whole, as in the run: {', '.join(missing)}"] if missing else []
    lines += ["Nothing of what was replaced is found in it. Read it before you publish it: docs/record.md says what to look for."]
    return "\n".join(lines) + "\n"


async def _recorded(order: Order, arguments: RecordArguments, now: datetime) -> RecordedRun:
    """Run to the end, in a folder that is gone afterwards."""
    clock, transport = clock_from(now), order.chosen.transport
    with tempfile.TemporaryDirectory(prefix="habeas-record-") as folder:
        async with order.chosen.in_turn(waiting, wait=order.wait, told=noted) as connection, transport:
            used = set(_secrets(connection, transport))
            recorder = Recorder(transport, lambda: run.interrupt(Exit.INTERRUPTED))
            session = order.session(connection, network=recorder, clock=clock, ended=ended, heard=recorder.heard)
            run = order.run(session, connection, Path(folder))
            async with watched(run):
                report = await run.run()
            if report.exit_code not in SIGNALS:
                await run.finish_verify()
            used |= set(_secrets(connection, transport))
    captured = _captured(order, arguments, connection, recorder, (report, now, tuple(sorted(used))))
    sought = report.outcome in (Subject.NO_MATCH, Subject.UNPROVEN) and report.subject.proof != "verify"
    return RecordedRun(report, recorder, replace(captured, probe=run.options.probe if sought else {}))


def _secrets(connection: Opened, transport: Transport) -> list[str]:
    """Give every secret of a connection, as it is now."""
    record = connection.now
    found = [word for _, value in (transport.credential.headers if transport.credential else ()) for word in value.split()]
    found += [record.secret or "", record.account_id or "", *([record.client.secret, record.client.id] if record.client else [])]
    found += [record.tokens.access, record.tokens.refresh or ""] if record.tokens else []
    return [one for one in found if len(one) >= 8]


def _captured(
    order: Order, arguments: RecordArguments, connection: Opened, recorder: Recorder, ran: tuple[Report, datetime, tuple[str, ...]]
) -> Captured:
    report, now, used = ran
    settings = order.vendor.settings
    return Captured(
        vendor=order.vendor,
        person=order.person,
        exchanges=tuple(recorder.exchanges),
        started=now,
        exit_code=int(report.exit_code),
        narrow=order.options.narrow,
        since=arguments.run.since,
        only=arguments.run.only,
        without=arguments.run.without,
        settings=tuple(pair for pair in connection.given if pair[0] in settings),
        captured=tuple(pair for pair in connection.given if pair[0] not in settings),
        granted=connection.granted,
        secrets=used,
        about=arguments.about or ABOUT,
    )
