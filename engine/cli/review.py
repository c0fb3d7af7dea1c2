"""`habeas review list|hold|drop|mask|alias|give|undo`: what is to be decided about the values of a case, and the decisions."""

from __future__ import annotations

import sys
from typing import cast

import typer

from engine.case.acts import Decided, Target, Undone
from engine.case.findings import PLACES, ListedRow, ListedValue
from engine.case.folder import OpenCase, open_case
from engine.case.person import read_person
from engine.case.review import Review, files_of, review, target_of
from engine.cli.case import now
from engine.cli.formatting import print_json, print_text, table, width_of
from engine.connection.digest_key import digest_key
from engine.connection.state_folder import home
from engine.connection.vault import Vault
from engine.errors import Exit, UsageError
from engine.language.text.mistakes import counted, did_you_mean
from engine.release.reasons import CODES, GIVING, Because, Treatment

SHOWN_DIGITS = 8
LONGEST_SHOWN = 60
MOST_FILES = 10
BY_NUMBER = ("number", "cards", "ibans", "national_ids")


def looked_through(reference: str) -> tuple[OpenCase, Review]:
    """Open a case and look through its runs. Raises UsageError, NotConnected, SpecError, DiskError, OutputError."""
    where = home()
    case = open_case(where, reference)
    person = read_person(Vault(where).keys, case.folder)
    return case, review(case, person, digest_key(where), now())


def list_command(reference: str, most: int, skip: int, *, as_json: bool) -> Exit:
    """Show what is to be decided. Gives the exit code. Raises as `looked_through`."""
    case, found = looked_through(reference)
    rows, totals = found.findings.listed(most, skip), found.findings.totals()
    files = [one for one in files_of(case, found) if one.ruling.do == "ask"]
    gone = found.findings.gone({number: decided.target for number, decided in case.case.decisions.items()})
    waiting = totals.undecided + len(files)
    if as_json:
        listed = [{"undecided": row.undecided, "count": row.count, "values": [_json(one) for one in row.values]} for row in rows]
        print_json({"rows": listed, "totals": totals, "files": [f"{one.vendor}/{one.file}" for one in files], "gone": gone})
        return Exit.INCOMPLETE if waiting else Exit.COMPLETE
    if rows:
        cells = [cell for row in rows for cell in _cells(case, row)]
        typer.echo(table(("value", "", "times", "decided", "where"), cells, (2,), width_of(sys.stdout)))
    rest = totals.rows - skip - len(rows)
    if rest > 0:
        print_text(f"and {counted(rest, 'row')} more: --skip {skip + len(rows)}")
    for file in files[:MOST_FILES]:
        print_text(f"file to decide: {file.vendor}/{file.file}")
    if len(files) > MOST_FILES:
        print_text(f"and {counted(len(files) - MOST_FILES, 'file')} more")
    for number, words in gone.items():
        print_text(f"act {number} holds on nothing any more: {words}")
    print_text(_summary(totals.undecided, len(files), totals.values))
    return Exit.INCOMPLETE if waiting else Exit.COMPLETE


def _summary(rows: int, files: int, values: int) -> str:
    waits = [counted(rows, "row") if rows else "", counted(files, "file") if files else ""]
    words = " and ".join(one for one in waits if one)
    seen = f"{counted(values, 'value')} found"
    return f"{seen}; {words} wait for a decision." if words else f"{seen}; nothing is undecided."


def _cells(case: OpenCase, row: ListedRow) -> list[tuple[str, ...]]:
    """Give the lines of a row: each value, and where it stands most."""
    return [
        (
            f"value:{one.digest[:SHOWN_DIGITS]}" if at == 0 else "",
            _shortened(one.shown),
            f"{one.count:,}",
            _decided(case, one),
            _where(one),
        )
        for at, one in enumerate(row.values)
    ]


def _decided(case: OpenCase, value: ListedValue) -> str:
    if value.decision is not None and value.decision in case.case.decisions:
        decided = case.case.decisions[value.decision]
        law = ", but for what the law forbids" if decided.operation == "give" and any(one.kind in BY_NUMBER for one in value.stands) else ""
        return f"{decided.operation} (act {value.decision}){law}"
    return f"{value.undecided:,} to decide" if value.undecided else "by policy or place"


def _where(value: ListedValue) -> str:
    stands = [f"{one.vendor}/{one.endpoint}.{one.field} ({one.kind})" for one in value.stands[:2]]
    more = len(value.stands) - len(stands)
    return ", ".join(stands) + (f" and {counted(more, 'other place')}" if more > 0 else "")


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


def decide_command(reference: str, operation: str, target: str, because: str, note: str | None) -> None:
    """Decide about something. Raises UsageError where it is not there, or the reason does not fit; as `looked_through`."""
    _check_reason(operation, because)
    case, found = looked_through(reference)
    targets = target_of(case, found, target)
    _check_fits(operation, targets)
    decided = [Decided(operation=cast("Treatment", operation), target=one, because=cast("Because", because), note=note) for one in targets]
    lines = case.acts(decided, now())
    found.findings.settle({number: one.target for number, one in case.case.decisions.items()})
    numbers = ", ".join(str(line.n) for line in lines)
    places = sum(len(found.findings.places(one)) for one in targets)
    more = " or more" if places >= PLACES else ""
    print_text(f"Decided, act {numbers}: {operation}, in {counted(places, 'place')}{more}. habeas review undo takes it back.")
    if operation == "give":
        print_text("What the law forbids to disclose stays withheld.")


def _check_fits(operation: str, targets: list[Target]) -> None:
    """Refuse what would mean nothing: a person's alias for a record or a file, other words in a file's place. Raises UsageError."""
    if any(one.file for one in targets) and operation not in ("hold", "give"):
        message = f"a file is held or given: it cannot be made to {operation}"
        raise UsageError(message)
    if operation == "alias" and any(one.value is None and one.pointer is None and one.field is None for one in targets):
        message = "an alias stands for one person: name a value, a field or a place in a record"
        raise UsageError(message)


def _check_reason(operation: str, because: str) -> None:
    if because not in CODES:
        hint = did_you_mean(because, CODES)
        message = f"--because {because}: the reasons are {', '.join(CODES)}{f'; {hint}' if hint else ''}"
        raise UsageError(message)
    if (operation == "give") != (because in GIVING):
        fitting = ", ".join(one for one in CODES if (one in GIVING) == (operation == "give"))
        message = f"--because {because} is no reason to {operation}: {fitting}"
        raise UsageError(message)


def undo_command(reference: str, act: int) -> None:
    """Take a decision back. Raises UsageError."""
    case = open_case(home(), reference)
    case.act(Undone(act=act), now())
    print_text(f"Act {act} is taken back.")
