"""`habeas review ...`: the commands with their options and help; each calls engine/cli/review. Loaded only when one of them is called."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.case_app import Reference
from engine.cli.options import JsonOption

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

TargetArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="TARGET",
        help="value:3f9a, zoom/meetings, zoom/meetings.topic, zoom/meetings:17#/topic, "
        "zoom/files/recordings/000001-1.mp4; undecided: all that wait.",
    ),
]
BecauseOption = Annotated[str, typer.Option("--because", metavar="CODE", help="Why: one of the ten reasons of docs/policy.md.")]
Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="For colleagues; it stands in the log, so nothing personal.")]


@app.command("list", short_help="What is to be decided.", epilog="Example: habeas review list DSR-17")
def list_(
    reference: Reference,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="How many rows.")] = 50,
    skip: Annotated[int, typer.Option("--skip", metavar="N", min=0, help="How many rows to pass over.")] = 0,
    json: JsonOption = False,
) -> None:
    """Show what the policies and finders found in a case's runs, by distinct value: undecided first, then the most frequent.

    Values that always stand side by side, such as one person's name and number, share a row, and a decision.

    Exit codes: 0 nothing waits for a decision, 3 something does, 2 there is no such case, or no run in it.
    """
    from engine.cli.review import list_command

    raise typer.Exit(list_command(reference, most, skip, as_json=json))


@app.command(short_help="Do not hand it over, and say so.", epilog="Example: habeas review hold DSR-17 zoom/files/recordings/000001-1.mp4")
def hold(reference: Reference, targets: TargetArgument, because: BecauseOption = "third_party", note: Note = None) -> None:
    """Hold an endpoint, a record or a file: it is not handed over, and listed with its reason.

    Exit codes: 0 decided, 2 there is no such target, or it cannot be now.
    """
    _decide(reference, "hold", targets, because, note)


@app.command(short_help="Leave a field out.", epilog="Example: habeas review drop DSR-17 zoom/settings.feature --because not_personal")
def drop(reference: Reference, targets: TargetArgument, because: BecauseOption = "not_personal", note: Note = None) -> None:
    """Leave a field out; how many were is counted.

    Exit codes: 0 decided, 2 there is no such target, or it cannot be now.
    """
    _decide(reference, "drop", targets, because, note)


@app.command(short_help="Put words in its place that say why.", epilog="Example: habeas review mask DSR-17 value:3f9a")
def mask(reference: Reference, targets: TargetArgument, because: BecauseOption = "third_party", note: Note = None) -> None:
    """Replace a value by words that say why it is withheld.

    Exit codes: 0 decided, 2 there is no such target, or it cannot be now.
    """
    _decide(reference, "mask", targets, because, note)


@app.command(short_help="Name a person by a number.", epilog="Example: habeas review alias DSR-17 value:3f9a")
def alias(reference: Reference, targets: TargetArgument, because: BecauseOption = "third_party", note: Note = None) -> None:
    """Replace a person by `person 1`, `person 2`: the same one by the same number in one package.

    Exit codes: 0 decided, 2 there is no such target, or it cannot be now.
    """
    _decide(reference, "alias", targets, because, note)


@app.command(short_help="Give it as it is.", epilog="Example: habeas review give DSR-17 value:3f9a")
def give(reference: Reference, targets: TargetArgument, because: BecauseOption = "known_to_them", note: Note = None) -> None:
    """Give a value as it is, whatever a policy says; what the law forbids to disclose stays withheld.

    Exit codes: 0 decided, 2 there is no such target, or it cannot be now.
    """
    _decide(reference, "give", targets, because, note)


@app.command(short_help="Take a decision back.", epilog="Example: habeas review undo DSR-17 12")
def undo(
    reference: Reference,
    numbers: Annotated[list[str], typer.Argument(metavar="ACT", help="The numbers of the acts, as they were printed: 12, or 12-20.")],
) -> None:
    """Take a decision back: what the policy says holds again.

    Exit codes: 0 taken back, 2 this act is no decision that holds.
    """
    from engine.cli.review import undo_command

    undo_command(reference, numbers)


def _decide(reference: str, operation: str, targets: list[str], because: str, note: str | None) -> None:
    from engine.cli.review import decide_command

    decide_command(reference, operation, targets, because, note)
