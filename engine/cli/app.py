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
from engine.cli.connections import app as connections
from engine.cli.options import At, Connection, Email, Json, NoWait, Only, OpenApi, Out, RatePlan, Share, Since, Subject, Vendor, Without
from engine.errors import Exit, HabeasError, UsageError, defect

app = typer.Typer(
    name="habeas",
    help="Fetch everything a SaaS vendor holds about one person, with proof of what was and was not obtained.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)


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
    graph: Annotated[
        bool, typer.Option("--graph", help="Print a Mermaid flowchart: who waits for whom, how often, in which limit.")
    ] = False,
) -> None:
    """Show what a run would ask, in which order and how long it takes at least. Sends nothing, needs no person."""
    from engine.cli.plan import plan_command

    if json and graph:
        message = "--json and --graph: choose one"
        raise UsageError(message)
    form = "json" if json else "graph" if graph else "text"
    plan_command(vendor, tuple(only or ()), tuple(without or ()), since, (plan, share), form)


@app.command(short_help="Write a vendor's integration page.", epilog="Example: habeas docs zoom --format html --out zoom.html")
def docs(
    vendor: Vendor,
    format: Annotated[str, typer.Option("--format", metavar="markdown|html", help="What the page is written in.")] = "markdown",
    out: Out = None,
) -> None:
    """Write what a spec does as a page to publish: connecting, scopes, requests, limits, access step by step. Sends nothing."""
    from engine.cli.docs import docs_command

    docs_command(vendor, format, out)


@app.command(short_help="Show a run's requests as a timeline.", epilog="Example: habeas trace request-17 --out timeline.html")
def trace(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, as given to --out; or the vendor's folder in it.")],
    format: Annotated[
        str, typer.Option("--format", metavar="html|chrome", help="A page, or Chrome's trace JSON (for ui.perfetto.dev, chrome://tracing).")
    ] = "html",
    out: Out = None,
) -> None:
    """Show when each request of a run was sent, how long it waited for the limit, and how long it took. Nothing personal is in it."""
    from engine.cli.trace import trace_command

    trace_command(run, format, out)


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

    Cases lie in fixtures/<vendor>/cases, beside the folder specs or else beside the spec. Exit codes: 0 nothing to mend, 2 mistakes.
    """
    from engine.cli.check import Wish, check_command

    raise typer.Exit(check_command(tuple(specs or ()), Wish(format, accept, strict, drift, tuple(openapi or ()))))


@app.command(short_help="Write a first spec for a vendor.", epilog="Example: habeas new acme --openapi acme.json --out ./specs/acme.yaml")
def new(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="The new vendor's name: a-z, 0-9, _.")],
    openapi: OpenApi = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the spec goes; default ./VENDOR.yaml.")] = None,
) -> None:
    """Write a first spec: from the vendor's OpenAPI document, or without one from what you answer to a few questions.

    What had to be guessed is marked TODO, with the reason. The result passes habeas check; no file is ever overwritten.
    """
    from engine.cli.new import new_command

    raise typer.Exit(new_command(vendor, tuple(openapi or ()), out))


@app.command(short_help="Play the vendor on this machine.", epilog="Example: habeas simulate zoom --port 8900 --faults storm,resets")
def simulate(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="A vendor that comes with a simulator.")],
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 8900,
    faults: Annotated[str, typer.Option("--faults", metavar="NAME,...", help="Misbehave in these ways; `list` names them all.")] = "",
    people: Annotated[int, typer.Option("--people", metavar="N", min=1, help="How many people the account has.")] = 12,
    meetings: Annotated[int, typer.Option("--meetings", metavar="N", min=0, help="How many meetings the first person has.")] = 40,
    json: Json = False,
) -> None:
    """Play the vendor on this machine, with invented people; Ctrl-C ends it."""
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
