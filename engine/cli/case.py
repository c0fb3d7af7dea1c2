"""`habeas case new|list|show|due|add|...`: from the words of the command line to acts of a case, and what is said about them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast, get_args

import typer

from engine.case import acts, log, take
from engine.case.act_words import did
from engine.case.acting import WantedLetter, do_with_letter, excuses, pause
from engine.case.folder import OpenCase, checked_reference, open_case, references
from engine.case.letters import conclusion, is_address_in_doubt
from engine.case.naming import asked_by, name_person
from engine.case.person import Person, kind_words, parse_person, read_person
from engine.case.regimes import due, regime_of
from engine.case.review import waiting
from engine.case.taken_run import read_run
from engine.case.words import OVER, blocks, late, left, unblocked
from engine.cli.case_words import row, shown, shown_json
from engine.cli.formatting import print_json, print_text, table, width_of
from engine.connection.state_folder import home
from engine.connection.vault import Vault
from engine.errors import Exit, HabeasError, Refused, UsageError
from engine.explain.run_folder import run_folder
from engine.owners.book import title_of, untold_title
from engine.owners.new_case import WantedCase, check_wanted, open_wanted

LONGEST = 64 * 1024
QUESTIONS = {
    "email": "E-mail address (Enter: no more)",
    "phone": "Phone number, such as +15550100200 (Enter: no more)",
    "username": "Username (Enter: no more)",
    "name": "Name, as letters address the person (Enter: none)",
    "address": "Postal address, \\n between its lines (Enter: none)",
}


def now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


def today() -> date:
    """Give the day that it is where the machine stands: the law counts days where the person lives."""
    return datetime.now().astimezone().date()


def new_command(
    reference: str, regime: str, received: str | None, vendors: tuple[str, ...], asked: tuple[str, str], *, simulated: bool
) -> None:
    """Open a case; `asked` is the language, and the right.

    Raises UsageError, Refused, NotConnected, DiskError, OutputError; nothing is kept then.
    """
    language, right = asked
    where, vault = home(), Vault(home())
    law, told = regime_of(regime), WantedCase(reference, regime, _day(received), vendors, language, right, simulated)
    wanted = check_wanted(where, told, today())
    person, refused = told_person(None)
    if refused is not None and not person.identifiers:
        raise refused
    case = vault.alone(lambda: open_wanted(vault, wanted, person, now()))
    answer = due(case.case, where)
    print_text(f"{reference} is open: {law.title}, received {wanted.received}, known by {kind_words(person)}.")
    print_text(f"Answer by {answer.answer}" + (f", say that it arrived by {answer.acknowledge}" if answer.acknowledge else "") + ".")
    for other in case.case.again:
        print_text(f"The same person asked before: {other}.")
    tell_next(case)


def list_command(*, only_due: bool, as_json: bool) -> int:
    """List cases; `only_due` those that wait for an answer, the next one first. Gives the exit code."""
    where, rows, broken = home(), [], []
    for reference in references(where):
        try:
            case = open_case(where, reference)
            told = due(case.case, where)
            rows.append((case, told, late(case.case, told, today())))
        except HabeasError as error:
            broken.append(str(error))
    if only_due:
        rows = sorted(((case, told, is_late) for case, told, is_late in rows if _waits(case)), key=lambda one: str(one[1].answer))
    if as_json:
        print_json({"cases": [row(case, told, today(), 0) for case, told, _ in rows], "broken": broken})
    elif rows:
        cells = [
            (one.reference, one.opened.regime, one.case.state, str(told.answer or ""), left(told, today(), one.case))
            for one, told, _ in rows
        ]
        typer.echo(table(("case", "law", "state", "answer by", ""), cells, width=width_of(sys.stdout)))
    else:
        print_text("Nothing is due." if only_due else f"No cases in {where}: habeas case new REF opens one.")
    for message in broken:
        print_text(f"error: {message}", err=True)
    return Exit.INCOMPLETE if only_due and any(is_late for *_, is_late in rows) else Exit.USAGE if broken else Exit.COMPLETE


def _waits(case: OpenCase) -> bool:
    return case.case.state in ("open", "collecting", "reviewing", "approved")


def show_command(reference: str, *, as_json: bool) -> None:
    """Show a case. Raises UsageError."""
    where = home()
    case = open_case(where, reference)
    told = due(case.case, where)
    if as_json:
        print_json(shown_json(case, told, today(), waiting(case, where, now())))
    else:
        print_text(shown(case, told, today(), waiting(case, where, now()), width_of(sys.stdout)))


def add_command(reference: str, source: Path, vendor: str | None, *, same_person: bool) -> None:
    """Take in a run or a file. Raises UsageError, Refused, DiskError, OutputError; the case is as before then."""
    case = open_case(home(), reference)
    if source.is_dir():
        folder = run_folder(source, "cannot be taken in")
        run = read_run(folder)
        same = take.may_take(case, run, vendor=vendor, confirmed=same_person)
        case.may(acts.TakenIn(vendor=run.vendor, folder="", proof=""))
        took = take.take_run(case, folder, run, now(), same=same)
        print_text(f"Taken in: the run at {run.vendor}, {took.subject}, {len(run.endpoints)} endpoints.")
        if took.later is not None:
            print_text(f"It does not count: {took.later} began later, and found the person.")
    elif vendor is None:
        message = f"{source} is a file: say whose data it is with --vendor; nothing was taken"
        raise UsageError(message)
    else:
        case.may(acts.TakenIn(vendor=vendor, folder="", proof="", kind="file"))
        take.take_file(case, source, vendor, now(), title=untold_title(home(), vendor, case.case))
        print_text(f"Taken in: a file of {vendor}.")
    tell_next(case)


def name_command(reference: str, ask: tuple[str, ...]) -> None:
    """Add to what is known of the person, or say what a vendor is asked by. Raises UsageError, Refused, NotConnected."""
    where, vault = home(), Vault(home())
    case = open_case(where, reference)
    before = read_person(vault.keys, case.folder)
    person, refused = (asked_by(before, ask), None) if ask else told_person(before)
    if refused is not None:
        case.act(acts.IdentifierRefused(kind="identifier", reason=str(refused)), now())
        raise refused
    again, told = vault.alone(lambda: name_person(case, vault, person, before, now()))
    print_text("\n".join([f"{reference} is known by {kind_words(person)}.", *told]))
    for other in again:
        print_text(f"The same person asked before: {other}.")


def identified_command(reference: str, how: str) -> None:
    """Record how it was shown who asks. Raises UsageError."""
    case = open_case(home(), reference)
    _recorded(case, acts.Identified(how=how))


def letter_command(reference: str, kind: str, why: str | None, ground: str = "other") -> None:
    """Do an act that comes with a letter: acknowledge, extend, deny, deliver. Raises UsageError, NotConnected, DiskError, OutputError."""
    where, case = home(), open_case(home(), reference)
    if ground not in get_args(acts.Ground):
        message = f"--ground {ground}: there are {', '.join(get_args(acts.Ground))}; nothing was written"
        raise UsageError(message)
    more = conclusion(case, lambda vendor: title_of(where, vendor, case.case)) if kind == "conclude" else None
    name = do_with_letter(case, where, WantedLetter(kind, why, more, cast("acts.Ground", ground)), today(), now)
    print_text(f"Written: {case.folder / name}.txt and .eml. Nothing was sent.")
    if is_address_in_doubt(case.case):
        print_text(
            "It names no address: a service asked by e-mail may have led to somebody else. Send it to one that is known to be the person's."
        )
    tell_next(case)


def pause_command(reference: str, why: str) -> None:
    """Stop the clock. Raises UsageError where the law does not allow it."""
    case = open_case(home(), reference)
    pause(case, why, now())
    print_text(f"The clock stands still; habeas case resume {reference} lets it go on.")


def resume_command(reference: str) -> None:
    """Let the clock go on. Raises UsageError."""
    case = open_case(home(), reference)
    case.act(acts.Resumed(), now())
    print_text(f"Answer by {due(case.case, home()).answer}.")


def excuse_command(reference: str, what: str, say: str) -> None:
    """Accept a gap, or of a vendor's run all that are open. Raises UsageError where there is none."""
    case = open_case(home(), reference)
    _recorded(case, *excuses(case, what, say))


def _recorded(case: OpenCase, *done: acts.Act) -> None:
    for line in case.acts(done, now()):
        print_text(f"Recorded, act {line.n}: {did(line)}")
    tell_next(case)


def withdraw_command(reference: str) -> None:
    """Record that the request was taken back. Raises UsageError."""
    open_case(home(), reference).act(acts.Withdrawn(), now())
    print_text(f"{reference} is withdrawn.")


def close_command(reference: str) -> None:
    """Close a case. Raises UsageError."""
    open_case(home(), reference).act(acts.Closed(), now())
    print_text(f"{reference} is closed.")


def check_log_command(reference: str) -> int:
    """Walk the log of a case and say what is wrong with it. Gives the exit code. Raises UsageError where there is no case."""
    folder = home() / "cases" / checked_reference(reference)
    if not folder.is_dir():
        message = f"there is no case {reference}"
        raise UsageError(message)
    found, faults = log.checked(folder)
    for fault in faults:
        print_text(fault, err=True)
    if found is None:
        return Exit.USAGE
    print_text(f"{len(found.lines)} acts, each follows the one before. The last: {found.head[0]} {found.head[1]}")
    return Exit.COMPLETE


def told_person(before: Person | None) -> tuple[Person, Refused | None]:
    """Ask for the person at the terminal, or read standard input; gives what was refused too. Raises UsageError."""
    lines = list(_asked() if sys.stdin is not None and sys.stdin.isatty() else _piped())
    try:
        return parse_person(lines, before), None
    except Refused as error:
        return before or Person(), error


def _asked() -> Iterator[str]:
    with contextlib.suppress(typer.Abort):
        for word, question in QUESTIONS.items():
            while value := typer.prompt(question, default="", show_default=False, err=True):
                yield f"{word}: {value}"
                if word in ("name", "address"):
                    break


def _piped() -> list[str]:
    if sys.stdin is None:
        message = "standard input is closed: pipe the person in, such as `email: ...`"
        raise UsageError(message)
    try:
        return sys.stdin.buffer.read(LONGEST).decode("utf-8").splitlines()
    except UnicodeDecodeError:
        message = "the person on standard input is not UTF-8 text"
        raise UsageError(message) from None


def _day(text: str | None) -> date:
    if text is None:
        return today()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        message = f"--received {text}: write a day such as {today()}"
        raise UsageError(message) from None
    return day


def tell_next(case: OpenCase) -> None:
    """Say what to do next: what blocks the release, and the command that mends it on a line of its own, to copy."""
    if case.case.state in OVER:
        return
    first = next(blocks(case.case, case.reference, waiting(case, home(), now())), None)
    print_text(f"Next: {first.what}:\n  {first.mend}" if first is not None else unblocked(case.case, case.reference))
