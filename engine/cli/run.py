"""`habeas run`: from the words of the command line to a run, and from its report to the closing table and an exit code."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec

from engine.assembly import Order, RunArguments, order_of, probe_of, probe_pair
from engine.catalogue import load
from engine.cli.formatting import drop, fitted, print_text, table, tell, width_of
from engine.cli.live import Live
from engine.cli.progress import is_terminal, plain, renewing
from engine.cli.signals import on_signals
from engine.core.identity import PLACEHOLDERS, Identifier
from engine.core.ledger import BY_ORDER, Entry, Outcome, Subject, latest
from engine.core.sizes import size_of, size_text
from engine.errors import Exit, InUse, UsageError
from engine.language.effective import Vendor
from engine.language.text.mistakes import counted
from engine.open_account import carry_out
from engine.replaced import replace
from engine.runner import Report, Run
from engine.runner.manifest import readable

SUBJECT = {
    Subject.MATCHED: "the person was found",
    Subject.NO_MATCH: "nobody is known by this identifier",
    Subject.AMBIGUOUS: "REFUSED: more than one person answers to this identifier; nothing was fetched",
    Subject.MISMATCHED: "REFUSED: another person answered than the one asked for; nothing was fetched",
    Subject.UNPROVEN: "UNPROVEN: it could not be shown whether the vendor knows the person",
}

SEES = {"verify": "the verify call listed a person in this run", "probe": "the probe was found by the same look-up in this run"}


def summary(vendor: Vendor, report: Report, width: int | None = None) -> str:
    """Write the whole text of a run's end, not wider than `width`, without a line break at its end."""
    found = report.subject
    shown = f"; {SEES[found.proof]}" if found.proof is not None else ""
    lines = [f"{vendor.title}: {SUBJECT[found.subject]}{shown}"]
    if found.reason and found.subject is not Subject.NO_MATCH:
        lines.append(f"  {found.reason}")
    if found.subject is Subject.MATCHED:
        left_out = [one.name for one in report.entries if one.outcome is Outcome.EXCLUDED and one.reason == BY_ORDER]
        asked = [one for one in report.entries if one.name not in left_out]
        rows = [(one.name, str(one.outcome), f"{one.tally.records:,}", size_text(_bytes(one)), one.reason or "") for one in asked]
        lines += ["", table(("endpoint", "outcome", "records", "size", "why"), rows, (2, 3), width), ""]
        lines += [f"Left out by order: {', '.join(left_out)}"] if left_out else []
        lines += _orders(report)
        lines += _files(report)
        lines += [f"{one.name}: {note}" for one in report.entries for note in one.notes]
    lines += [*_gaps(vendor), ""]
    lines += [*_kept(report), _verdict(report), f"The result lies in {report.folder}"]
    lines.append("Its proof is manifest.json there." if report.finished else f"It proves nothing yet: habeas resume {report.folder}")
    return fitted("\n".join(lines), width)


def _kept(report: Report) -> Iterator[str]:
    """Say what stayed of a run that broke off before."""
    if report.resumed:
        kept, parts = (sum(numbers) for numbers in zip(*report.kept.values(), strict=True)) if report.kept else (0, 0)
        among = f" of {counted(parts, 'part')} of {counted(len(report.kept), 'endpoint')}" if kept else " part"
        files = f", and {counted(report.kept_files, 'file')}" if report.kept_files else ""
        yield f"Kept from before the break: {kept or 'no'}{among}{files}; all else was asked anew."


def _gaps(vendor: Vendor) -> Iterator[str]:
    """Say what the result cannot hold, whoever is asked for."""
    if vendor.gaps:
        yield "What this vendor's API cannot give, or is not asked:"
        yield from (f"  - {gap}" for gap in vendor.gaps)
    else:
        yield vendor.without_gaps


def _orders(report: Report) -> Iterator[str]:
    """Say what `--since`, `--only` and `--without` left out of endpoints that were asked."""
    narrowed, fields = report.manifest["narrowed"], report.manifest["fields"]
    if isinstance(narrowed, dict):
        yield f"Narrowed by order: nothing before {str(narrowed['since'])[:10]} where Habeas asks by time"
    if isinstance(fields, dict) and fields:
        yield f"Fields chosen by order: {', '.join(fields)}"


def _bytes(entry: Entry) -> int:
    """Give the size of an endpoint's records on disk."""
    found = entry.file.get("bytes", 0) if entry.file else 0
    return found if isinstance(found, int) else 0


def _files(report: Report) -> Iterator[str]:
    """Say how many files were found, and downloaded or left."""
    totals = {"found": 0, "bytes_announced": 0, "unknown_size": 0, "downloaded": 0, "bytes": 0, "failed": 0}
    for entry in report.entries:
        for name, number in (entry.files or {}).items():
            totals[name] += number if isinstance(number, int) else 0
    if not totals["found"]:
        return
    left = totals["found"] - totals["downloaded"] - totals["failed"]
    if left:
        sizes = [size_text(totals["bytes_announced"])] if totals["bytes_announced"] or not totals["unknown_size"] else []
        sizes += [f"{totals['unknown_size']} of unknown size"] if totals["unknown_size"] else []
        add = "" if report.files else ": add --files"
        yield f"{counted(left, 'file')}, {' and '.join(sizes)}, not downloaded{add}"
    else:
        failed = f", {totals['failed']} missing or in doubt" if totals["failed"] else ""
        yield f"{counted(totals['downloaded'], 'file')} downloaded, {size_text(totals['bytes'])}{failed}"


def _verdict(report: Report) -> str:
    """Say in one line whether anything is missing, and what to do about it."""
    left_out = sum(one.outcome is Outcome.EXCLUDED for one in report.entries)
    whole = len(report.entries)
    if report.defect is not None:
        return f"INCOMPLETE: {report.defect}; please report it with this line."
    if not report.finished:
        return f"{_ending(report)}: not all that the run had fetched before the break could be looked at again; it is kept."
    if report.exit_code is Exit.COMPLETE:
        return f"Complete as asked, {whole - left_out} of {whole} endpoints." if _narrowed(report) else "Complete: nothing is left out."
    if report.exit_code is Exit.REFUSED:
        return "Refused for the person's safety: check the identifier."
    if report.exit_code is Exit.NOT_CONNECTED:
        return f"NOT CONNECTED: {report.cut or 'the vendor refuses the credential'}"
    stopped = f" Stopped: {report.error}." if report.error else ""
    again = latest(report.entries)
    later = f" The vendor's limit is used up; run again after {again:%Y-%m-%d %H:%M} UTC." if again else ""
    if report.subject.subject is not Subject.MATCHED:
        return f"{_ending(report)}: nothing was fetched.{later}{stopped}"
    missing = [one.name for one in report.entries if not one.outcome.whole]
    what = "1 endpoint misses" if len(missing) == 1 else f"{len(missing)} of {whole} endpoints miss"
    return f"{_ending(report)}: {what} something: {', '.join(missing)}.{later}{stopped}"


def _narrowed(report: Report) -> bool:
    """Whether less was fetched than there is: fewer endpoints or fields, a shorter time, or no files."""
    if report.subject.subject is not Subject.MATCHED:
        return False
    orders = (report.manifest["narrowed"], report.manifest["fields"], any(one.outcome is Outcome.EXCLUDED for one in report.entries))
    return any(orders) or any(one.files and one.files["found"] != one.files["downloaded"] for one in report.entries)


def _ending(report: Report) -> str:
    return "INTERRUPTED" if report.exit_code in (Exit.INTERRUPTED, Exit.TERMINATED) else "INCOMPLETE"


LONGEST_IDENTIFIER = 1024


def run_command(word: str, subject: tuple[str, ...], arguments: RunArguments, *, as_json: bool) -> Exit:
    """Carry out one run; `subject` are further identifiers as KIND=VALUE. Raises HabeasError before anything is sent."""
    vendor = load(word)
    person = identifiers((*arguments.person, *split_subjects(subject)))
    wanted = replace(arguments, person=person, probe=identifiers(arguments.probe))
    return carried_out(asyncio.run(order_of(vendor, wanted, datetime.now(UTC))), as_json=as_json)


def carried_out(order: Order, *, as_json: bool) -> Exit:
    """Carry out an order, say what came of it, and give the exit code. Raises HabeasError before anything is sent."""
    order.chosen.store.waits(busy=renewing)
    try:
        report = asyncio.run(carry_out(order, ended=ended, waiting=waiting, told=noted, watch=watched))
    except InUse as error:
        print_text(str(error), err=True)
        return error.exit_code
    if as_json:
        told = {**report.manifest, "exit_code": int(report.exit_code), "folder": readable(str(report.folder))}
        text = msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
    else:
        text = summary(order.vendor, report, width_of(sys.stdout))
    try:
        tell(text + "\n")
    except OSError:
        if report.exit_code is Exit.COMPLETE:
            raise
        drop(sys.stdout)
        print_text("error: the summary could not be written; the manifest in the result's folder says the same", err=True)
    return report.exit_code


def noted(words: str) -> None:
    """Say what a run has to say before it begins."""
    print_text(f"Note: {words}", err=True)


def waiting() -> None:
    """Say why nothing happens yet."""
    print_text("Another run uses this connection: this one waits for its turn.", err=True)


def ended(entry: Entry) -> None:
    """Say that an endpoint has ended, where no live view shows it."""
    if not is_terminal(sys.stderr):
        plain(entry, sys.stderr)


@asynccontextmanager
async def watched(run: Run) -> AsyncIterator[None]:
    """End a run on Ctrl-C, SIGTERM, SIGHUP and SIGQUIT, what was received kept; show it live on a terminal."""
    on_signals(run.interrupt)
    watching = asyncio.create_task(Live(sys.stderr).watch(run)) if is_terminal(sys.stderr) else None
    try:
        yield
    finally:
        if watching is not None:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


def bytes_of(text: str) -> int:
    """Read `--largest-file`. Raises UsageError."""
    found = size_of(text)
    if found is None:
        message = "--largest-file is a number of bytes, kB, MB, GB or TB, such as 10GB"
        raise UsageError(message)
    return found


def split_subjects(subject: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read `--subject KIND=VALUE`. Raises UsageError."""
    pairs = []
    for text in subject:
        kind, equals, value = text.partition("=")
        if not equals or kind not in PLACEHOLDERS:
            message = "--subject is written KIND=VALUE; KIND is email, phone or username"
            raise UsageError(message)
        pairs.append((kind, value))
    return tuple(pairs)


def identifiers(given: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Read the identifiers that are given as `-` from standard input, a line each. Raises UsageError."""
    return tuple((kind, _from_stdin() if value == "-" else value) for kind, value in given)


def probes(vendor: Vendor, given: tuple[str, ...]) -> dict[str, Identifier]:
    """Read `--probe`, each EMAIL, KIND=VALUE or `-` for standard input. Raises UsageError."""
    return probe_of(vendor, identifiers(tuple(map(probe_pair, given))))


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
