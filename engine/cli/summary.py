"""The text at the end of a run: a table of outcomes, what is left out and why, the verdict, where the result lies."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cli.formatting import size, table
from engine.core.ledger import Entry, Outcome, Subject
from engine.errors import Exit
from engine.language.effective import Vendor
from engine.language.text.wording import counted
from engine.runner import Report

SUBJECT = {
    Subject.MATCHED: "the person was found",
    Subject.NO_MATCH: "nobody is known by this identifier; the connection was shown to see people",
    Subject.AMBIGUOUS: "REFUSED: more than one person answers to this identifier; nothing was fetched",
    Subject.MISMATCHED: "REFUSED: another person answered than the one asked for; nothing was fetched",
    Subject.UNPROVEN: "UNPROVEN: it could not be shown whether the vendor knows the person",
}


def summary(vendor: Vendor, report: Report) -> str:
    """Write the whole text of a run's end, without a line break at its end."""
    found = report.subject
    lines = [f"{vendor.title}: {SUBJECT[found.subject]}"]
    if found.reason and found.subject is not Subject.NO_MATCH:
        lines.append(f"  {found.reason}")
    if found.subject is Subject.MATCHED:
        asked = [one for one in report.entries if one.outcome is not Outcome.EXCLUDED]
        rows = [(one.name, str(one.outcome), f"{one.tally.records:,}", size(_bytes(one)), one.reason or "") for one in asked]
        lines += ["", table(("endpoint", "outcome", "records", "size", "why"), rows, right=(2, 3)), ""]
        left_out = [one.name for one in report.entries if one.outcome is Outcome.EXCLUDED]
        lines += [f"Left out by order: {', '.join(left_out)}"] if left_out else []
        lines += _orders(report)
        lines += _files(report)
        lines += [f"{one.name}: {note}" for one in report.entries for note in one.notes]
    if vendor.gaps:
        lines += ["What this vendor's API cannot give:", *(f"  - {gap}" for gap in vendor.gaps), ""]
    lines += [_verdict(report), f"The result lies in {report.folder}", "Its proof is manifest.json there."]
    return "\n".join(lines)


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
        sizes = [size(totals["bytes_announced"])] if totals["bytes_announced"] or not totals["unknown_size"] else []
        sizes += [f"{totals['unknown_size']} of unknown size"] if totals["unknown_size"] else []
        add = "" if report.files else ": add --files"
        yield f"{counted(left, 'file')}, {' and '.join(sizes)}, not downloaded{add}"
    else:
        failed = f", {totals['failed']} could not be fetched" if totals["failed"] else ""
        yield f"{counted(totals['downloaded'], 'file')} downloaded, {size(totals['bytes'])}{failed}"


def _verdict(report: Report) -> str:
    """Say in one line whether anything is missing, and what to do about it."""
    left_out = sum(one.outcome is Outcome.EXCLUDED for one in report.entries)
    whole = len(report.entries)
    if report.defect is not None:
        return f"INCOMPLETE: {report.defect}; please report it with this line."
    if report.exit_code is Exit.COMPLETE:
        return f"Complete as asked, {whole - left_out} of {whole} endpoints." if _narrowed(report) else "Complete: nothing is left out."
    if report.exit_code is Exit.REFUSED:
        return "Refused for the person's safety: check the identifier."
    if report.exit_code is Exit.NOT_CONNECTED:
        return f"NOT CONNECTED: {report.cut or 'the vendor refuses the credential'}"
    stopped = f" Stopped: {report.error}." if report.error else ""
    if report.subject.subject is not Subject.MATCHED:
        return f"{_ending(report)}: nothing was fetched.{stopped}"
    missing = [one.name for one in report.entries if not one.outcome.whole]
    again = next((one.again_at for one in report.entries if one.again_at), None)
    later = f" The vendor's limit is used up; run again after {again:%Y-%m-%d %H:%M} UTC." if again else ""
    what = "1 endpoint misses" if len(missing) == 1 else f"{len(missing)} of {whole} endpoints miss"
    return f"{_ending(report)}: {what} something: {', '.join(missing)}.{later}{stopped}"


def _narrowed(report: Report) -> bool:
    """Whether the operator had less fetched than there is: fewer endpoints or fields, a shorter time, or no files."""
    if report.subject.subject is not Subject.MATCHED:
        return False
    orders = (report.manifest["excluded"], report.manifest["narrowed"], report.manifest["fields"])
    return any(orders) or any(one.files and one.files["found"] != one.files["downloaded"] for one in report.entries)


def _ending(report: Report) -> str:
    return "INTERRUPTED" if report.exit_code in (Exit.INTERRUPTED, Exit.TERMINATED) else "INCOMPLETE"
