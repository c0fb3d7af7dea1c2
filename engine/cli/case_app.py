"""`habeas case ...`: the commands with their options and help; each calls engine/cli/case. Loaded only when one of them is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import JsonOption

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

Reference = Annotated[str, typer.Argument(metavar="REF", help="The case: DSR-17.")]
Vendors = Annotated[list[str] | None, typer.Option("--vendor", metavar="VENDOR", help="A vendor of the case; repeat it for several.")]
How = Annotated[str, typer.Option("--how", metavar="TEXT", help="By which evidence; no personal data.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, as the person reads it.")]


@app.command(short_help="Open a case.", epilog="Example: habeas case new DSR-17 --vendor zoom --vendor slack")
def new(
    reference: Reference,
    regime: Annotated[str, typer.Option("--regime", help="The law: gdpr, uk, ccpa, lgpd, pipeda.")] = "gdpr",
    received: Annotated[str | None, typer.Option("--received", metavar="DAY", help="When the request arrived; default today.")] = None,
    vendor: Vendors = None,
    language: Annotated[str, typer.Option("--language", help="Of letters and package: en or de.")] = "en",
    right: Annotated[str, typer.Option("--right", metavar="access|deletion", help="What the person asks for.")] = "access",
    simulated: Annotated[bool, typer.Option("--simulated", help="A case to practise with: it takes runs at simulators only.")] = False,
) -> None:
    r"""Open a case: one person's request. Prints until when it must be answered, and what to do next.

    Who asks is read from standard input, or asked for: lines such as `email: ADDRESS`, `phone: +NUMBER`, `username: NAME`, `name: NAME`,
    `address: STREET\nCITY`. All of it is kept sealed; nothing of it stands in the log.

    Exit codes: 0 opened, 2 wrong usage or a reference that exists, 5 an identifier that could mean somebody else.
    """
    from engine.cli.case import new_command

    new_command(reference, regime, received, tuple(vendor or ()), (language, right), simulated=simulated)


@app.command("list", epilog="Example: habeas case list")
def list_(json: JsonOption = False) -> None:
    """List every case: its law, its state, how long is left.

    Exit codes: 0 listed, 2 the log of a case does not hold; the others are listed all the same.
    """
    from engine.cli.case import list_command

    raise typer.Exit(list_command(only_due=False, as_json=json))


@app.command(short_help="What is due, by date.", epilog="Example: habeas case due")
def due(json: JsonOption = False) -> None:
    """List the cases that wait for an answer, the next one first.

    Exit codes: 0 nothing is late, 3 something is, 2 the log of a case does not hold.
    """
    from engine.cli.case import list_command

    raise typer.Exit(list_command(only_due=True, as_json=json))


@app.command(short_help="Show a case.", epilog="Example: habeas case show DSR-17")
def show(reference: Reference, json: JsonOption = False) -> None:
    """Show a case: its deadline, what it has of each vendor, what blocks its release, and what was done by whom. Nothing personal.

    Exit codes: 0 shown, 2 there is no such case, or its log does not hold.
    """
    from engine.cli.case import show_command

    show_command(reference, as_json=json)


@app.command(short_help="Fetch at the vendors of a case.", epilog="Example: habeas case run DSR-17")
def run(
    reference: Reference,
    vendor: Vendors = None,
    files: Annotated[bool, typer.Option("--files", help="Download the files that records point to, too.")] = False,
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="VENDOR=URL", help="Send everything for this vendor to a simulator, http://127.0.0.1:PORT."),
    ] = None,
) -> None:
    """Fetch what the vendors of a case hold, side by side, and take the runs in. Without --vendor: those that have nothing yet.

    Exit codes: 0 all complete, 2 wrong usage, or a simulated case would really ask, 3 something is missing or a vendor is out of
    reach, 4 not connected, 5 refused for the person's safety.
    """
    from engine.cli.case_run import run_command

    raise typer.Exit(run_command(reference, tuple(vendor or ()), tuple(at or ()), files=files))


@app.command(short_help="Take in a run, or a file.", epilog="Example: habeas case add DSR-17 ./request-17/zoom")
def add(
    reference: Reference,
    source: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="The folder of a finished run, or a file that an owner gave.")],
    vendor: Annotated[str | None, typer.Option("--vendor", metavar="VENDOR", help="Whose data it is; needed for a file.")] = None,
    same_person: Annotated[
        bool, typer.Option("--same-person", help="Say that a run which cannot be compared is about the person of the case.")
    ] = False,
) -> None:
    """Take a finished run into a case, every file checked against its manifest, or a file that a system without a spec gave.

    Exit codes: 0 taken in, 2 no finished run, of another vendor or request, or simulated, 5 changed after it ended, or another person's.
    """
    from engine.cli.case import add_command

    add_command(reference, source, vendor, same_person=same_person)


@app.command(short_help="Name the person, or another identifier.", epilog="Example: habeas case name DSR-17")
def name(
    reference: Reference,
    ask: Annotated[
        list[str] | None,
        typer.Option("--ask", metavar="VENDOR=KIND", help="Ask a vendor by this kind of identifier: email, phone or username."),
    ] = None,
) -> None:
    """Add identifiers, the name or the address of the person, read like those of `case new`; or say what a vendor is asked by.

    Exit codes: 0 kept, 2 wrong usage, 5 an identifier that could mean somebody else.
    """
    from engine.cli.case import name_command

    name_command(reference, tuple(ask or ()))


@app.command(
    short_help="Who asks is the person.", epilog='Example: habeas case identified DSR-17 --how "answered from the address we hold"'
)
def identified(reference: Reference, how: How) -> None:
    """Record that who asks was shown to be the person, and by which evidence.

    Exit codes: 0 recorded, 2 it cannot be now.
    """
    from engine.cli.case import identified_command

    identified_command(reference, how)


@app.command(short_help="Write the letter that the request arrived.", epilog="Example: habeas case acknowledge DSR-17")
def acknowledge(reference: Reference) -> None:
    """Write the letter that the request arrived, `.txt` and `.eml`, and record it.

    Exit codes: 0 written, 2 it cannot be now.
    """
    from engine.cli.case import letter_command

    letter_command(reference, "acknowledge", None)


@app.command(short_help="Take longer, and say why.", epilog='Example: habeas case extend DSR-17 --why "many systems"')
def extend(reference: Reference, why: Why) -> None:
    """Extend the deadline as the law allows, and write the letter that says so.

    Exit codes: 0 extended, 2 the law does not allow it, or it was.
    """
    from engine.cli.case import letter_command

    letter_command(reference, "extend", why)


@app.command(short_help="Stop the clock.", epilog='Example: habeas case pause DSR-17 --why "asked for proof of identity"')
def pause(
    reference: Reference, why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What is waited for; no personal data.")]
) -> None:
    """Let the clock stand still while the person is asked something, where the law allows it (uk).

    Exit codes: 0 recorded, 2 the law does not allow it, or it stands still.
    """
    from engine.cli.case import pause_command

    pause_command(reference, why)


@app.command(epilog="Example: habeas case resume DSR-17")
def resume(reference: Reference) -> None:
    """Let the clock go on.

    Exit codes: 0 recorded, 2 it is running.
    """
    from engine.cli.case import resume_command

    resume_command(reference)


@app.command(short_help="Accept a gap.", epilog='Example: habeas case excuse DSR-17 zoom/recordings --say "Zoom gave no answer."')
def excuse(
    reference: Reference,
    what: Annotated[str, typer.Argument(metavar="VENDOR[/ENDPOINT]", help="What is missing: zoom/recordings, or zoom for all that is.")],
    say: Annotated[str, typer.Option("--say", metavar="TEXT", help="The sentence that the person reads about it.")],
) -> None:
    """Accept that something was not obtained. It no longer blocks the release, and the person is told.

    Exit codes: 0 recorded, 2 nothing is missing there.
    """
    from engine.cli.case import excuse_command

    excuse_command(reference, what, say)


@app.command(short_help="Deny the request.", epilog='Example: habeas case deny DSR-17 --why "we could not tell who asks"')
def deny(
    reference: Reference,
    why: Why,
    ground: Annotated[
        str,
        typer.Option(
            "--ground", metavar="unverified|not_entitled|exempt|other", help="What `habeas stats` counts it under; default other."
        ),
    ] = "other",
) -> None:
    """Deny the request, and write the letter that says why and what the person can do. It is final.

    Exit codes: 0 denied, 2 it cannot be now.
    """
    from engine.cli.case import letter_command

    letter_command(reference, "deny", why, ground)


@app.command(epilog="Example: habeas case withdraw DSR-17")
def withdraw(reference: Reference) -> None:
    """Record that the person took the request back. It is final: one that comes again is a new case.

    Exit codes: 0 recorded, 2 it cannot be now.
    """
    from engine.cli.case import withdraw_command

    withdraw_command(reference)


@app.command(short_help="The person has the answer.", epilog='Example: habeas case delivered DSR-17 --how "handed over on a stick"')
def delivered(
    reference: Reference,
    how: Annotated[str, typer.Option("--how", metavar="TEXT", help="By which way, as the person reads it; no personal data.")],
) -> None:
    """Record that the released package reached the person, and write the letter that goes with it.

    Exit codes: 0 recorded, 2 nothing is released.
    """
    from engine.cli.case import letter_command

    letter_command(reference, "deliver", how)


@app.command(short_help="Answer a request for deletion.", epilog="Example: habeas case conclude DSR-17")
def conclude(reference: Reference) -> None:
    """Close a case opened with `--right deletion`: write the letter that says what was deleted, what is kept and why, and record it.

    Exit codes: 0 closed, 2 something is outstanding, or it is no request for deletion.
    """
    from engine.cli.case import letter_command

    letter_command(reference, "conclude", None)


@app.command(epilog="Example: habeas case close DSR-17")
def close(reference: Reference) -> None:
    """Close a case whose package is released.

    Exit codes: 0 closed, 2 it cannot be now.
    """
    from engine.cli.case import close_command

    close_command(reference)


@app.command("check-log", epilog="Example: habeas case check-log DSR-17")
def check_log(reference: Reference) -> None:
    """Walk the log of a case: every line must follow the one before.

    Exit codes: 0 it holds, 2 it does not; the message names the line.
    """
    from engine.cli.case import check_log_command

    raise typer.Exit(check_log_command(reference))
