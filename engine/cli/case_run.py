"""`habeas case run`: fetch at the vendors of a case side by side, and say what came of each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import typer

from engine.case.fetch import Fetched, Fetching, fetch
from engine.case.folder import OpenCase, open_case
from engine.case.person import read_person
from engine.case.to_fetch import addresses_of, record_person, vendors_of
from engine.cli.case import now, tell_next
from engine.cli.formatting import print_text, table, width_of
from engine.cli.progress import plain
from engine.cli.signals import on_signals
from engine.connection.state_folder import home
from engine.connection.vault import Vault
from engine.errors import Exit, worst
from engine.language.effective import Vendor
from engine.runner import Report


def run_command(reference: str, words: tuple[str, ...], at: tuple[str, ...], *, files: bool) -> Exit:
    """Fetch for a case and take the runs in. Gives the exit code. Raises UsageError, NotConnected, InUse, DiskError, OutputError."""
    where = home()
    case, vault = open_case(where, reference), Vault(where)
    vendors = vendors_of(case, words)
    person, there = read_person(vault.keys, case.folder), addresses_of(at, [one.name for one in vendors])
    record_person(case, where, person, now())
    how = Fetching(
        person=person,
        clock=now,
        files=files,
        at=there,
        ended=lambda vendor, entry: plain(entry, sys.stderr, vendor),
        waiting=lambda vendor: print_text(f"{vendor}: another run uses this connection: this one waits for its turn.", err=True),
        told=lambda vendor, words: print_text(f"{vendor}: {words}", err=True),
    )
    found = asyncio.run(_until_stopped(case, vendors, how))
    typer.echo(table(("vendor", "person", "records", "taken in", "missing"), [_cells(one) for one in found], (2,), width_of(sys.stdout)))
    tell_next(case)
    return worst(one.exit_code for one in found)


def _cells(one: Fetched) -> tuple[str, str, str, str, str]:
    if one.report is None or one.taken is None:
        return one.vendor, "", "", "nothing", f"everything: {one.error or _untaken(one.report)}"
    missing = ", ".join(gap.endpoint for gap in one.taken.gaps)
    records = sum(entry.tally.records for entry in one.report.entries)
    return one.vendor, one.taken.subject or "", f"{records:,}", one.taken.folder, missing


def _untaken(report: Report | None) -> str:
    if report is None:
        return "stopped before its run began"
    stopped = report.exit_code in (Exit.INTERRUPTED, Exit.TERMINATED)
    why = "it was stopped" if stopped else report.cut or f"the look-up ended {report.outcome} now ({report.subject.reason})"
    return f"what broke off before could not be ended, and is kept: {why}; run it again"


async def _until_stopped(case: OpenCase, vendors: Sequence[Vendor], how: Fetching) -> list[Fetched]:
    """Fetch; Ctrl-C, SIGTERM, SIGHUP and SIGQUIT end every run, what was received is kept."""
    on_signals(how.stopping.stop)
    return await fetch(case, vendors, how)
