"""What an office does for all its cases: `tick`, `purge` and `stats`, for cron and for the end of a year."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.options import JsonOption

commands = typer.Typer()


@commands.command(short_help="What time asks for: reminders, new mail; for cron.", epilog="Example: habeas tick")
def tick() -> None:
    """Take new mail of the Maildir in, send reminders, and note who did not answer in time. One line a case; twice is once.

    Exit codes: 0 nothing to look at, 2 contacts.yaml cannot be used, 3 a person has to look at something.
    """
    from engine.cli.contact import tick_command

    raise typer.Exit(tick_command())


@commands.command(
    short_help="Delete what ended cases no longer need.", epilog="Example: habeas purge --older-than 30d --class raw,received"
)
def purge(
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="SPAN", help="Since a case ended, such as 30d or 6mo; default `retention` of office.yaml."),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="raw,received,release,person",
            help="What is deleted; default what office.yaml names, with --older-than all but person.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
) -> None:
    """Delete files of cases that have ended, once their time is over: raw (runs), received (of owners), release (packages), person.

    `person` is who asked, the letters and the mails. The log stays, without personal data, and tells what was deleted.

    Exit codes: 0 done, or nothing is due, 2 nobody says how long anything is kept, 3 something could not be deleted.
    """
    from engine.cli.purge import purge_command

    raise typer.Exit(purge_command(older_than, classes, dry_run=dry_run))


@commands.command(short_help="Count requests and answers of a year.", epilog="Example: habeas stats --year 2026")
def stats(
    year: Annotated[
        int | None, typer.Option("--year", metavar="YYYY", min=1970, max=9999, help="Of requests received in it; default this year.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Count the requests that were received in a year, by law and right: answered, denied and why, and the median of days (11 CCR 7102).

    Read from the logs alone, so it is the same after a purge; cases to practise with are left out.

    Exit codes: 0 counted, 2 the log of a case does not hold; the others are counted all the same.
    """
    from engine.cli.stats import stats_command

    raise typer.Exit(stats_command(year, as_json=json))
