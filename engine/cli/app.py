"""The commands, their options and their help. Each hands over to a module of its own."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine import __version__
from engine.cli.authoring import OpenApi
from engine.cli.authoring import app as authoring
from engine.cli.connections import app as connections
from engine.errors import Exit, HabeasError, defect

app = typer.Typer(
    name="habeas",
    help="Fetch everything a SaaS vendor holds about one person, with proof of what was and was not obtained.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)

Vendor = Annotated[str, typer.Argument(metavar="VENDOR", help="A vendor's name (zoom), or the path of a spec (./specs/zoom.yaml).")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="URL", help="Send everything to a simulator, http://127.0.0.1:PORT; default $HABEAS_<VENDOR>_AT."),
]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="E,E.FIELD", help="Fetch only these endpoints or fields.")]
Without = Annotated[list[str] | None, typer.Option("--without", metavar="E,E.FIELD", help="Leave these endpoints or fields out.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DAY|SPAN", help="Only what is newer: 2025-01-01, 90d, 6mo. The manifest says so.")
]
Share = Annotated[int, typer.Option("--share", metavar="PERCENT", min=1, max=100, help="How much of the vendor's limit to use.")]
RatePlan = Annotated[
    str | None, typer.Option("--plan", metavar="PLAN", help="The plan of the account, for its limits; default the spec's first.")
]
Connection = Annotated[
    str | None, typer.Option("--connection", metavar="NAME", help="Which account, where there are several; default the only one.")
]
Email = Annotated[
    str | None, typer.Option("--email", metavar="ADDRESS|-", help="The person's e-mail address; - reads it from standard input.")
]
Subject = Annotated[
    list[str] | None,
    typer.Option(
        "--subject", metavar="KIND=VALUE", help="Another identifier: email, phone or username; KIND=- reads it from standard input."
    ),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait while another run uses the connection.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"habeas {__version__}")
        raise typer.Exit


@app.callback()
def _habeas(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Fetch everything a SaaS vendor holds about one person, with proof of what was and was not obtained."""


@app.command(
    short_help="Answer a person's access request.",
    epilog="Example: habeas run zoom --email someone@example.com --out ./request-17 --ref DSR-17",
)
def run(
    vendor: Vendor,
    email: Email = None,
    subject: Subject = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the result goes; default ./habeas-<time>-<4 hex>.")
    ] = None,
    only: Only = None,
    without: Without = None,
    since: Since = None,
    files: Annotated[bool, typer.Option("--files", help="Download recordings, voicemails and other files too.")] = False,
    share: Share = 75,
    plan: RatePlan = None,
    connection: Connection = None,
    no_wait: NoWait = False,
    ref: Annotated[str | None, typer.Option("--ref", metavar="TEXT", help="Your reference, for the manifest.")] = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Answer one person's access request: fetch all, write the records and a manifest.

    Needs a connection (habeas connect VENDOR), or an access token in HABEAS_<VENDOR>_TOKEN, which is never renewed.

    Exit codes: 0 complete as asked, 1 a defect of Habeas, 2 wrong usage, 3 incomplete, 4 not connected, 5 refused for
    the person's safety, 130 or 143 interrupted.
    """
    from engine.cli.run import Wish, run_command

    chosen = (tuple(only or ()), tuple(without or ()))
    wish = Wish(vendor, email, tuple(subject or ()), out, *chosen, since, files, share, plan, ref, at, json, connection, not no_wait)
    raise typer.Exit(run_command(wish))


@app.command(
    short_help="Record a real run as a test case without a person in it.",
    epilog="Example: habeas record zoom --email someone@example.com --since 60d --case two-pages",
)
def record(
    vendor: Vendor,
    case: Annotated[str, typer.Option("--case", metavar="NAME", help="The case's name: a-z, 0-9, - and _. It is published with the case.")],
    email: Email = None,
    subject: Subject = None,
    about: Annotated[
        str | None, typer.Option("--about", metavar="TEXT", help="What the case shows, in a sentence for its readers.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="Where the case's folder is made; default fixtures/<vendor>/cases of the spec's project."
        ),
    ] = None,
    only: Only = None,
    without: Without = None,
    since: Since = None,
    share: Share = 75,
    plan: RatePlan = None,
    connection: Connection = None,
    no_wait: NoWait = False,
    at: At = None,
    json: Json = False,
) -> None:
    """Run as `habeas run` does, and keep every request and answer as a recorded case that `habeas check` replays.

    Whatever could be personal is replaced: the same value by the same stand-in everywhere, in its form; credentials are removed.
    The key to that is thrown away. What stays are words of the spec and of the trade, names of fields, small numbers. The result is
    searched for everything that was replaced, replayed, and written only if nothing was found and it ends as the run did.
    Files are never downloaded. Read what was written before you publish it: docs/record.md says how.

    The case's folder is made in fixtures/<vendor>/cases beside the folder `specs` of the spec, or beside the spec; for a spec that
    came with Habeas, below the current folder.

    Exit codes: 0 written, though the run itself may have been incomplete; 2 wrong usage, 3 nothing written because the recording
    cannot be repeated, 4 not connected, 5 nothing written because it cannot be proven clean, 130 or 143 interrupted, nothing written.
    """
    from engine.cli.record import Wish, record_command

    chosen = (tuple(only or ()), tuple(without or ()))
    wish = Wish(vendor, case, email, tuple(subject or ()), about, out, *chosen, since, share, plan, connection, at, not no_wait, json)
    raise typer.Exit(record_command(wish))


@app.command(short_help="Connect to a vendor's account, once.", epilog="Example: habeas connect zoom")
def connect(
    vendor: Vendor,
    connection: Annotated[
        str | None,
        typer.Option("--connection", metavar="NAME", help="A name for it, where a vendor has several accounts."),
    ] = None,
    plan: RatePlan = None,
    way: Annotated[
        str | None, typer.Option("--way", metavar="oauth2|headers|basic", help="How to connect, where the spec knows several ways.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address to open, and take the final address pasted.")] = False,
    redirect_uri: Annotated[
        str | None, typer.Option("--redirect-uri", metavar="URL", help="The redirect address as the vendor has it registered.")
    ] = None,
    insecure_storage: Annotated[bool, typer.Option("--insecure-storage", help="Keep the connection unencrypted.")] = False,
    at: At = None,
    json: Json = False,
) -> None:
    """Connect to a vendor's account, once: the connection is kept, and renews itself.

    Client id and secret are asked for unseen, or read from HABEAS_<VENDOR>_CLIENT_ID and HABEAS_<VENDOR>_CLIENT_SECRET (a key from
    HABEAS_<VENDOR>_SECRET, an account id from HABEAS_<VENDOR>_ACCOUNT_ID). Each can also be a file, with _FILE behind the name, or
    the output of a command: cmd:op read op://vault/zoom/secret.

    Exit codes: 0 connected, 2 wrong usage, 3 connected but something would be missing or the vendor could not say, 4 not connected.
    """
    from engine.cli.connect import Wish, connect_command

    wish = Wish(vendor, connection, plan, way, not no_browser, redirect_uri, insecure_storage, at, json)
    raise typer.Exit(connect_command(wish))


@app.command(short_help="Is a connection alive, and what may it read?", epilog="Example: habeas verify zoom")
def verify(vendor: Vendor, connection: Connection = None, at: At = None, json: Json = False) -> None:
    """Ask whether a connection is alive, and show which requests its scopes allow, and which scopes to add.

    Exit codes: 0 no request is known to lack its scope, 3 some do, or the vendor could not say, 4 not connected.
    """
    from engine.cli.verify import verify_command

    raise typer.Exit(verify_command(vendor, connection, at, as_json=json))


app.add_typer(connections, name="connections")


@app.command(short_help="Show what a run would ask.", epilog="Example: habeas plan zoom --since 90d")
def plan(
    vendor: Vendor,
    only: Only = None,
    without: Without = None,
    since: Since = None,
    share: Share = 75,
    plan: RatePlan = None,
    json: Json = False,
) -> None:
    """Show what a run would ask, in which order and how long it takes at least. Sends nothing, needs no person.

    Exit codes: 0 shown, 2 wrong usage or a spec with mistakes.
    """
    from engine.cli.plan import plan_command

    plan_command(vendor, tuple(only or ()), tuple(without or ()), since, (plan, share), as_json=json)


@app.command(short_help="Find every mistake in every spec, and replay its cases.", epilog="Example: habeas check ./specs/zoom.yaml")
def check(
    specs: Annotated[list[str] | None, typer.Argument(metavar="SPEC", help="Spec files or vendors; default every packaged spec.")] = None,
    format: Annotated[str, typer.Option("--format", metavar="text|json|github", help="How mistakes are printed.")] = "text",
    accept: Annotated[bool, typer.Option("--accept", help="Write what each case is expected to deliver anew, from its replay.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="A spec without cases, or that has drifted, is a mistake.")] = False,
    drift: Annotated[
        Path | None, typer.Option("--drift", metavar="FOLDER", help="Compare the fields of new recordings with those of the cases.")
    ] = None,
    openapi: OpenApi = None,
) -> None:
    """Find every mistake in every spec, each with its place and what was meant; then replay its recorded cases, offline.

    With --openapi, one spec is also held against the vendor's own document, which is read and never fetched: what surely
    fails at the vendor is a mistake, what the document merely does not list is a note.

    Cases lie in fixtures/<vendor>/cases, beside the folder specs or else beside the spec. A note is no mistake: it is something
    to think about, and leaves the exit code 0.

    Exit codes: 0 nothing to mend, 2 mistakes, or wrong usage.
    """
    from engine.cli.check import Wish, check_command

    raise typer.Exit(check_command(tuple(specs or ()), Wish(format, accept, strict, drift, tuple(openapi or ()))))


app.add_typer(authoring)


@app.command(short_help="Play the vendor on this machine.", epilog="Example: habeas simulate zoom --port 8900 --faults storm,resets")
def simulate(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="A vendor that comes with a simulator.")],
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 8900,
    faults: Annotated[str, typer.Option("--faults", metavar="NAME,...", help="Misbehave in these ways; `list` names them all.")] = "",
    people: Annotated[int, typer.Option("--people", metavar="N", min=1, help="How many people the account has.")] = 12,
    meetings: Annotated[int, typer.Option("--meetings", metavar="N", min=0, help="How many meetings the first person has.")] = 40,
    json: Json = False,
) -> None:
    """Play the vendor on this machine, with invented people; Ctrl-C ends it.

    Exit codes: 0 ended, 2 wrong usage, or a port that is taken.
    """
    from engine.cli.simulate import simulate_command

    raise typer.Exit(simulate_command(vendor, port, faults, (people, meetings), as_json=json))


def main() -> None:
    """Run the command line; whatever happens, the reader gets a sentence and the caller an exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.umask(0o077)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: the work is done all the same
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except HabeasError as error:
        typer.echo(f"error: {error}" if not str(error).startswith(("error:", "note:")) else str(error), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DEFECT)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  the last line of defence: a traceback could hold personal data
        typer.echo(f"error: {defect(error)}; please report it with this line", err=True)
        sys.exit(Exit.DEFECT)
