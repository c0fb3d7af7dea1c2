"""`habeas review list|hold|drop|mask|alias|give|undo`: what is to be decided about the values of a case, and the decisions."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence

import typer

from engine.case.act_words import SHOWN_DIGITS
from engine.case.acts import Target
from engine.case.deciding import WantedDecision, decide, decided_words, look_through, undo
from engine.case.findings import PLACES, ListedRow, ListedValue
from engine.case.folder import OpenCase, open_case
from engine.case.review import FileToReview, Review, files_of, gone
from engine.cli.case import now
from engine.cli.formatting import print_json, print_text, table, width_of
from engine.connection.state_folder import home
from engine.errors import Exit, UsageError
from engine.language.text.mistakes import counted

LONGEST_SHOWN = 60
MOST_FILES = 10
MOST_NUMBERS = 3


def looked_through(reference: str) -> tuple[OpenCase, Review]:
    """Open a case and look through its runs. Raises UsageError, NotConnected, SpecError, DiskError, OutputError."""
    where = home()
    case = open_case(where, reference)
    return case, look_through(case, where, now())


def list_command(reference: str, most: int, skip: int, *, as_json: bool) -> Exit:
    """Show what is to be decided. Gives the exit code. Raises as `looked_through`."""
    case, found = looked_through(reference)
    rows, totals = found.findings.listed(most, skip), found.findings.totals()
    files = [one for one in files_of(case, found) if one.ruling.do == "ask"]
    lost = gone(case, found)
    waiting = totals.undecided + len(files)
    if as_json:
        listed = [{"undecided": row.undecided, "count": row.count, "values": [_json(one) for one in row.values]} for row in rows]
        notes = {f"{one.vendor}/{one.file}": one.note for one in files}
        told = {name: note for name, note in notes.items() if note}
        print_json({"rows": listed, "totals": totals, "files": list(notes), "notes": told, "gone": lost})
        return Exit.INCOMPLETE if waiting else Exit.COMPLETE
    if rows:
        cells = [cell for row in rows for cell in _cells(case, row)]
        typer.echo(table(("value", "", "times", "decided", "where"), cells, (2,), width_of(sys.stdout)))
    rest = totals.rows - skip - len(rows)
    if rest > 0:
        print_text(f"and {counted(rest, 'row')} more: --skip {skip + len(rows)}")
    _print_files(files)
    for number, words in lost.items():
        print_text(f"act {number} holds on nothing any more: {words}")
    print_text(_summary(totals.undecided, len(files), totals.values))
    if waiting:
        print_text(_how_to_decide(reference, rows[0] if rows and rows[0].undecided else None, files[0] if files else None))
    return Exit.INCOMPLETE if waiting else Exit.COMPLETE


def _print_files(files: list[FileToReview]) -> None:
    """Name the files that wait: those of which something is to be known all of them, of the others the first."""
    told = [(file, file.note) for file in files]
    noted, plain = [one for one in told if one[1]], [one for one in told if not one[1]]
    for file, note in (*noted, *plain[:MOST_FILES]):
        print_text(f"file to decide: {file.vendor}/{file.file}{f' ({note})' if note else ''}")
    if len(plain) > MOST_FILES:
        print_text(f"and {counted(len(plain) - MOST_FILES, 'file')} more")


def _summary(rows: int, files: int, values: int) -> str:
    seen = f"{counted(values, 'value')} found"
    return f"{seen}; {_waits(rows, files)} for a decision." if rows or files else f"{seen}; nothing is undecided."


def _waits(rows: int, files: int) -> str:
    """Say what waits: `1 row waits`, `2 rows and 1 file wait`."""
    waiting = " and ".join(counted(count, noun) for count, noun in ((rows, "row"), (files, "file")) if count)
    return f"{waiting} {'waits' if rows + files == 1 else 'wait'}"


def _how_to_decide(reference: str, first: ListedRow | None, file: FileToReview | None) -> str:
    """Say how the first row that waits is decided, and how all that stands in its field; and how the first file is."""
    by_file = f"Decide about a file:\n  habeas review give|hold {reference} {shlex.quote(f'{file.vendor}/{file.file}')}" if file else ""
    if first is None:
        return by_file
    value, stand = first.values[0], first.values[0].stands[0]
    field = f"{stand.vendor}/{stand.endpoint}.{stand.field}"
    by_row = f"Decide about a row:\n  habeas review give|mask|alias {reference} value:{value.digest[:SHOWN_DIGITS]}"
    by_field = f"About a field, whoever stands in it:\n  habeas review give|mask|drop {reference} {field}"
    return "\n".join(filter(None, (by_row, by_field, by_file)))


def _cells(case: OpenCase, row: ListedRow) -> list[tuple[str, ...]]:
    """Give the lines of a row: each value, and where it stands most."""
    return [
        (
            f"value:{one.digest[:SHOWN_DIGITS]}" if at == 0 else "",
            _shortened(one.shown),
            f"{one.count:,}",
            decided_words(case, one),
            _where(one),
        )
        for at, one in enumerate(row.values)
    ]


def _where(value: ListedValue) -> str:
    first, more = value.stands[0], len(value.stands) - 1
    return f"{first.vendor}/{first.endpoint}.{first.field} ({first.kind})" + (f" and {counted(more, 'other field')}" if more else "")


def _shortened(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[: LONGEST_SHOWN - 1]}…"


def _json(value: ListedValue) -> dict[str, object]:
    return {
        "value": value.digest,
        "shown": value.shown,
        "count": value.count,
        "undecided": value.undecided,
        "decision": value.decision,
        "stands": value.stands,
    }


def decide_command(reference: str, operation: str, words: Sequence[str], because: str, note: str | None) -> None:
    """Decide about several things: all of them, or none. Raises UsageError where one is not there or does not fit; as `looked_through`."""
    case, found = looked_through(reference)
    found, targets, lines = decide(case, found, [WantedDecision(operation, tuple(words), because, note)], now())
    numbers = [str(line.n) for line in lines] if len(lines) <= MOST_NUMBERS else [f"{lines[0].n}-{lines[-1].n}"]
    print_text(f"Decided, act {', '.join(numbers)}: {operation} {', '.join(words)}{_in_places(found, targets)}.")
    if operation == "give" and not all(one.file for one in targets):
        print_text("What the law forbids to disclose stays withheld.")
    print_text(f"To take it back: habeas review undo {reference} {' '.join(numbers)}")
    rows, files = found.findings.totals().undecided, sum(one.ruling.do == "ask" for one in files_of(case, found))
    print_text(f"{_waits(rows, files)} for a decision." if rows or files else "Nothing is undecided.")


def _in_places(found: Review, targets: list[Target]) -> str:
    """Say in how many places a decision holds; an endpoint, a record or a file is one thing, whatever stands in it."""
    counts = [len(found.findings.places(one)) for one in targets if one.value or one.field or one.pointer]
    more = " or more" if any(count >= PLACES for count in counts) else ""
    return f", in {counted(sum(counts), 'place')}{more}" if counts else ""


def undo_command(reference: str, words: Sequence[str]) -> None:
    """Take decisions back: all of them, or none. Raises UsageError."""
    case = open_case(home(), reference)
    numbers = list(dict.fromkeys(number for word in words for number in _numbers(word)))
    undo(case, numbers, now())
    print_text(f"{'Act' if len(numbers) == 1 else 'Acts'} {', '.join(words)} {'is' if len(numbers) == 1 else 'are'} taken back.")


def _numbers(word: str) -> range:
    """Read `12`, or `12-20`. Raises UsageError."""
    told = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", word)
    if told is None or int(told[2] or told[1]) < int(told[1]):
        message = f"{word}: write the number of an act, as it was printed, or several: 12-20"
        raise UsageError(message)
    return range(int(told[1]), int(told[2] or told[1]) + 1)
