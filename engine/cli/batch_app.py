"""The commands for many people, with their options and help; each hands over to a module of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import JsonOption, NoWaitOption, OnlyOption, PlanOption, ShareOption, SinceOption, WithoutOption

commands = typer.Typer()

BatchArgument = Annotated[
    str, typer.Argument(metavar="DIR|URL", help="The folder of a batch, or the PostgreSQL of workers that it is lent to.")
]
NamedBatchOption = Annotated[
    str | None, typer.Option("--batch", metavar="NAME", help="Which batch, where URL has several: its folder, or its id.")
]
RequestOption = Annotated[str | None, typer.Option("--request", metavar="NAME", help="Only this request.")]


@commands.command(
    short_help="Answer the requests of many people.", epilog="Example: habeas batch people.csv --vendor zoom --vendor slack --out november"
)
def batch(
    people: Annotated[Path, typer.Argument(metavar="PEOPLE.csv", help="Who asks: a CSV with a header; - reads standard input.")],
    vendor: Annotated[
        list[str] | None, typer.Option("--vendor", metavar="VENDOR", help="Whom to ask, where a row names none; repeat it for several.")
    ] = None,
    vendors: Annotated[
        str | None, typer.Option("--vendors", metavar="all", help="Instead: every vendor that has a stored connection.")
    ] = None,
    connection: Annotated[
        list[str] | None, typer.Option("--connection", metavar="NAME", help="Which account, where a vendor has several: zoom/emea.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The batch's folder; the same one again goes on. Default a new one.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Check the CSV and show the plan; send and keep nothing.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Write lines of people who cannot be asked for to refused.csv, and ask for the others.")
    ] = False,
    files: Annotated[bool, typer.Option("--files", help="Download the files that records point to, too.")] = False,
    only: OnlyOption = None,
    without: WithoutOption = None,
    since: SinceOption = None,
    share: ShareOption = 75,
    plan: PlanOption = None,
    pack: Annotated[bool, typer.Option("--pack", help="Pack each result into one .tar.")] = False,
    cases: Annotated[
        bool, typer.Option("--cases", help="Open a case for each row, or use the one of its name; it takes the runs in.")
    ] = False,
    regime: Annotated[str, typer.Option("--regime", help="The law of the cases that are opened.")] = "gdpr",
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="VENDOR=URL", help="Send everything for this vendor to a simulator, http://127.0.0.1:PORT."),
    ] = None,
    no_wait: NoWaitOption = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Go on though a spec has changed since the batch was begun.")] = False,
    dispatch: Annotated[
        str | None,
        typer.Option("--dispatch", metavar="URL", help="Lend everybody to workers at this PostgreSQL, and end."),
    ] = None,
) -> None:
    """Ask for everybody in a CSV, each person at each vendor, as fast as the vendors' limits allow; the same command again goes on.

    Columns: request (a name of yours, each once), email, phone, username, and where wanted vendor, connection, priority, only,
    without, since. The whole file is checked before anything is sent. Results lie in DIR/people, the proof over all is
    DIR/batch.json.

    With --dispatch nobody is asked here: workers of a team's store ask (habeas worker), and habeas resume DIR takes the batch back.

    Exit codes: 0 all complete, or all lent, 2 a CSV that cannot be used; else the worst of all people as with run: 1, 3, 4, 5, 130 or 143.
    """
    from engine.batch.batch_folder import BatchOptions
    from engine.cli.batch import BatchArguments, addresses, batch_command, chosen_vendors

    options = BatchOptions(
        vendors=chosen_vendors(tuple(vendor or ()), vendors),
        connections=tuple(connection or ()),
        files=files,
        only=tuple(only or ()),
        without=tuple(without or ()),
        since=since,
        plan=plan,
        pack=pack,
        regime=regime if cases else None,
        at=addresses(tuple(at or ())),
    )
    arguments = BatchArguments(
        people=people, out=out, check=check, skip_bad=skip_bad, share=share / 100, wait=not no_wait, anyway=anyway, dispatch=dispatch
    )
    raise typer.Exit(batch_command(arguments, options))


@commands.command(short_help="How far is a batch?", epilog="Example: habeas status november --watch")
def status(
    folder: BatchArgument,
    watch: Annotated[bool, typer.Option("--watch", help="Draw a line per connection, until nobody is left.")] = False,
    json: JsonOption = False,
    table: Annotated[bool, typer.Option("--csv", help="Print a CSV instead: a line for each request at each connection.")] = False,
    name: NamedBatchOption = None,
) -> None:
    """Say of a batch how many people are in which state, what failed and why, and when it goes on. Nothing personal is shown.

    Exit codes: 0 shown, 2 there is no such batch, 4 it is lent and its database cannot be used.
    """
    from engine.cli.batch_states import status_command

    raise typer.Exit(status_command(folder, name, watching=watch, as_json=json, as_csv=table))


@commands.command(short_help="Queue people of a batch again.", epilog="Example: habeas retry november")
def retry(folder: BatchArgument, request: RequestOption = None, name: NamedBatchOption = None) -> None:
    """Queue everybody who failed, or one request whatever its state but done. Changes states only: the next habeas batch asks, or workers.

    Exit codes: 0 done, 2 there is no such batch or request, 4 it is lent and its database cannot be used.
    """
    from engine.cli.batch_states import retry_command

    raise typer.Exit(retry_command(folder, name, request))


@commands.command(short_help="Take people out of a batch.", epilog="Example: habeas cancel november --request DSR-17")
def cancel(
    folder: BatchArgument,
    request: RequestOption = None,
    name: NamedBatchOption = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete all that URL has of the batch, whose folder is lost, once nobody is under way.")
    ] = False,
) -> None:
    """Cancel everybody who is queued, or one request. Changes states only; whoever is under way ends as they would.

    Exit codes: 0 done, 2 there is no such batch or request, 3 --forget waits for people under way, 4 it is lent and its database
    cannot be used.
    """
    from engine.cli.batch_states import cancel_command, forget_command

    raise typer.Exit(forget_command(folder, name, request) if forget else cancel_command(folder, name, request))


@commands.command(
    short_help="Work on the batches of a team's store.", epilog="Example: habeas worker postgresql://habeas@db.example.com/habeas --many 50"
)
def worker(
    address: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="The team's store, a PostgreSQL database; HABEAS_STORE if left out.")
    ] = None,
    many: Annotated[int, typer.Option("--many", metavar="N", min=1, max=1000, help="At how many accounts to work at once.")] = 50,
    create_tables: Annotated[
        bool, typer.Option("--create-tables", help="Make the store's tables, or bring them up to date, and do nothing else.")
    ] = False,
    lease: Annotated[
        float, typer.Option("--lease", metavar="SECONDS", help="After how long others take over what a worker that died had under way.")
    ] = 60.0,
    metrics: Annotated[
        Path | None, typer.Option("--metrics", metavar="FILE.prom", help="Keep figures there for Prometheus, written every 15 seconds.")
    ] = None,
) -> None:
    """Ask for the people whom habeas batch --dispatch handed out, until it is told to stop; as many workers as are wanted.

    Each takes accounts, renews its leases on them, and asks for their people as fast as the vendors' limits allow; results go to the
    batches' folders, which every worker must see under the same path. What a worker that was killed had under way, others ask
    again. On SIGTERM it takes nobody new, ends within 30 seconds and gives everything back; a second one ends it at once.

    Exit codes: 0 the tables are there (--create-tables), 2 wrong usage, 4 the database or HABEAS_KEY cannot be used, 130 or 143 ended
    by a signal.
    """
    from engine.cli.connections import create_tables_command
    from engine.cli.worker import worker_command

    if create_tables:
        create_tables_command(address)
        return
    raise typer.Exit(worker_command(address, many, lease, metrics))
