"""`habeas case run`: fetch at the vendors of a case side by side, and say what came of each."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence

import typer

from engine.case import acts
from engine.case.fetch import Fetched, Fetching, fetch
from engine.case.folder import OpenCase, open_case
from engine.case.person import Person, read_person
from engine.catalogue import load
from engine.cli.case import digest_of, now, tell_next
from engine.cli.formatting import print_text, table, width_of
from engine.cli.progress import TERMINATING, plain
from engine.connection.digest_key import PersonDigest
from engine.connection.state_folder import home
from engine.connection.vault import Vault
from engine.errors import Exit, UsageError
from engine.language.effective import Vendor

WORST = (Exit.INTERRUPTED, Exit.TERMINATED, Exit.DEFECT, Exit.REFUSED, Exit.NOT_CONNECTED, Exit.INCOMPLETE, Exit.USAGE, Exit.COMPLETE)


def run_command(reference: str, words: tuple[str, ...], at: tuple[str, ...], *, files: bool) -> Exit:
    """Fetch for a case and take the runs in. Gives the exit code. Raises UsageError, NotConnected, InUse, DiskError, OutputError."""
    where = home()
    case, vault = open_case(where, reference), Vault(where)
    vendors = [load(word) for word in dict.fromkeys(words or waiting_vendors(case))]
    for vendor in vendors:
        case.may(acts.TakenIn(vendor=vendor.name, folder="", proof=""))
    person, there = read_person(vault.keys, case.folder), _all_at(at, [one.name for one in vendors])
    _recorded(case, person, digest_of(where, person))
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
    return min((one.exit_code for one in found), key=WORST.index)


def _recorded(case: OpenCase, person: Person, digest: PersonDigest) -> None:
    """Record who the person is, where a killed `case name` had sealed it and not said so. Raises UsageError, DiskError, OutputError."""
    if case.case.key_id == digest.key_id and case.case.digests != digest.all:
        case.insist(acts.Named(kinds=tuple(person.identifiers), digests=digest.all, key_id=digest.key_id), now())


def waiting_vendors(case: OpenCase) -> Sequence[str]:
    """Give the vendors of a case that have nothing yet. Raises UsageError where there is none."""
    found = [name for name, part in case.case.vendors.items() if not part.here]
    if not found:
        message = f"every vendor of {case.reference} has been asked: name those to ask again, or another one, with --vendor"
        raise UsageError(message)
    return found


def _all_at(words: Sequence[str], vendors: Sequence[str]) -> dict[str, str]:
    """Read where vendors are. Raises UsageError for one that is not asked: a typing error must not send a request to the real one."""
    there = {}
    for text in words:
        vendor, equals, address = text.partition("=")
        if not equals:
            message = f"--at {text}: write VENDOR=URL, such as zoom=http://127.0.0.1:8917"
            raise UsageError(message)
        if vendor not in vendors:
            message = f"--at {text}: no vendor that is asked is called `{vendor}`; asked are: {', '.join(vendors)}; nothing was sent"
            raise UsageError(message)
        there[vendor] = address
    return there


def _cells(one: Fetched) -> tuple[str, str, str, str, str]:
    if one.report is None or one.taken is None:
        return one.vendor, "", "", "nothing", f"everything: {one.error or 'stopped before its run began'}"
    missing = ", ".join(gap.endpoint for gap in one.taken.gaps)
    records = sum(entry.tally.records for entry in one.report.entries)
    return one.vendor, one.taken.subject or "", f"{records:,}", one.taken.folder, missing


async def _until_stopped(case: OpenCase, vendors: Sequence[Vendor], how: Fetching) -> list[Fetched]:
    """Fetch; Ctrl-C, SIGTERM, SIGHUP and SIGQUIT end every run, what was received is kept."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, how.stopping.stop, Exit.INTERRUPTED)
    for number in TERMINATING:
        loop.add_signal_handler(number, how.stopping.stop, Exit.TERMINATED)
    return await fetch(case, vendors, how)
