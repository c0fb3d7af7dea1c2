"""`habeas contact ...`: the commands with their options and help; each calls engine/cli/contact. Loaded only when one of them is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.case_app import Reference
from engine.cli.options import JsonOption

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

OwnerArgument = Annotated[str, typer.Argument(metavar="VENDOR", help="The vendor, or the system that contacts.yaml names.")]
AboutOption = Annotated[
    str | None, typer.Option("--about", metavar="access|deletion", help="Which question; default what the case is about.")
]


@app.command(short_help="Ask an owner by mail.", epilog="Example: habeas contact send DSR-17 zoom deletion")
def send(
    reference: Reference,
    vendor: OwnerArgument,
    purpose: Annotated[str, typer.Argument(metavar="access|deletion", help="What is asked for.")],
    again: Annotated[bool, typer.Option("--again", help="Send another mail, though one may have been sent.")] = False,
    by_hand: Annotated[bool, typer.Option("--eml", help="Write a file to be sent by hand, though a mail server is set.")] = False,
    early: Annotated[bool, typer.Option("--before-access", help="Ask for deletion though the access is not answered yet.")] = False,
) -> None:
    """Ask whoever answers for a system, by mail: through the server of contacts.yaml, else as an .eml to be sent from a mail program.

    Exit codes: 0 sent or written, 2 nobody is named, or it was asked before, 3 the server did not take it, or it may have been sent.
    """
    from engine.cli.contact import send_command

    raise typer.Exit(send_command(reference, vendor, purpose, again=again, by_hand=by_hand, early=early))


@app.command("list", short_help="What was asked by mail.", epilog="Example: habeas contact list")
def list_(json: JsonOption = False) -> None:
    """List every question of every case: how far it is, and until when an answer is due.

    Exit codes: 0 listed, 2 the log of a case does not hold; the others are listed all the same.
    """
    from engine.cli.contact import list_command

    raise typer.Exit(list_command(as_json=json))


@app.command(short_help="Show a question, its mails and answers.", epilog="Example: habeas contact show DSR-17 zoom")
def show(reference: Reference, vendor: OwnerArgument) -> None:
    """Show what a system's owner was asked, what came back and where it lies, and what can be done next.

    Exit codes: 0 shown, 2 nobody was asked.
    """
    from engine.cli.contact import show_command

    show_command(reference, vendor)


@app.command(short_help="Ask no more.", epilog='Example: habeas contact stop DSR-17 zoom --why "the account was closed"')
def stop(
    reference: Reference,
    vendor: OwnerArgument,
    why: Annotated[str | None, typer.Option("--why", metavar="TEXT", help="Why, for colleagues; no personal data.")] = None,
    about: AboutOption = None,
) -> None:
    """Stop a question: no reminder, and nothing waits for it any more.

    Exit codes: 0 recorded, 2 nobody was asked.
    """
    from engine.cli.contact import stop_command

    stop_command(reference, vendor, why, about)


@app.command(short_help="Record an answer that was read.", epilog="Example: habeas contact answer DSR-17 zoom none")
def answer(
    reference: Reference,
    vendor: OwnerArgument,
    word: Annotated[str, typer.Argument(metavar="data|none|deleted|declined", help="What the owner answered.")],
    file: Annotated[list[Path] | None, typer.Option("--file", metavar="FILE", help="A file that was given; repeat it for several.")] = None,
    kept: Annotated[str | None, typer.Option("--kept", metavar="TEXT", help="Of a deletion: what is kept, as the person reads it.")] = None,
    why: Annotated[str | None, typer.Option("--why", metavar="TEXT", help="Why it is kept, as the person reads it.")] = None,
    about: AboutOption = None,
) -> None:
    """Record what an owner answered, by telephone or in a mail that a person has read.

    Exit codes: 0 recorded, 2 it does not fit what was asked.
    """
    from engine.cli.contact import answer_command

    answer_command(reference, vendor, word, tuple(file or ()), (kept, why), about)


@app.command(short_help="Take answers in.", epilog="Example: habeas contact ingest answer.eml")
def ingest(
    source: Annotated[Path, typer.Argument(metavar="FILE.eml|MAILDIR|FILE", help="A mail, a Maildir, or a file that an owner gave.")],
    case: Annotated[str | None, typer.Option("--case", metavar="REF", help="The case of a file that is no mail.")] = None,
    vendor: Annotated[str | None, typer.Option("--vendor", metavar="VENDOR", help="Whose data such a file is.")] = None,
) -> None:
    """Take mails in. Only the token and the sender together close a question; what a person has to read is said, and closes nothing.

    Exit codes: 0 taken in, 2 no mail, 3 something has to be read.
    """
    from engine.cli.contact import ingest_command

    raise typer.Exit(ingest_command(source, case, vendor))
