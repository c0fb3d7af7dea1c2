"""The commands of those who write and publish specs, their options and their help. Each hands over to a module of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import (
    AtOption,
    ConnectionOption,
    EmailOption,
    JsonOption,
    NoWaitOption,
    OnlyOption,
    OpenApiOption,
    OutOption,
    PlanOption,
    ProbeOption,
    ShareOption,
    SinceOption,
    SubjectOption,
    VendorArgument,
    WithoutOption,
)

CassetteName = Annotated[str, typer.Option("--cassette", metavar="NAME", help="The cassette's name: a-z, 0-9, - and _; published with it.")]
About = Annotated[str | None, typer.Option("--about", metavar="TEXT", help="What the cassette shows, in a sentence; published with it.")]
CassettesFolder = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Where the cassette's folder is made; default fixtures/<vendor>/cassettes, where check looks."
    ),
]

commands = typer.Typer()


@commands.command(
    short_help="Write a first spec for a vendor.", epilog="Example: habeas new acme --openapi acme.json --out ./specs/acme.yaml"
)
def new(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="The new vendor's name: a-z, 0-9, _.")],
    openapi: OpenApiOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the spec goes; default ./VENDOR.yaml.")] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Also write first labels of its fields, labels/VENDOR.yaml beside the spec; needs --openapi.")
    ] = False,
) -> None:
    """Write a first spec: from the vendor's OpenAPI document, or without one from what you answer to a few questions.

    What had to be guessed is marked TODO, with the reason. The result passes habeas check; no file is ever overwritten.

    Exit codes: 0 written, 2 wrong usage, a document that cannot be read, or a file that exists.
    """
    from engine.cli.new.command import new_command

    raise typer.Exit(new_command(vendor, tuple(openapi or ()), out, labels=labels))


@commands.command(short_help="Print the JSON Schema of specs.", epilog="Example: habeas schema > habeas.schema.json")
def schema() -> None:
    """Print the JSON Schema of the spec language: with it beside a spec, an editor completes the spec and underlines mistakes.

    A spec names it in its first line: # yaml-language-server: $schema=habeas.schema.json

    Exit codes: 0 printed.
    """
    from engine.language.schema import schema_text

    typer.echo(schema_text(), nl=False)


@commands.command(
    short_help="Find every mistake in every spec, and replay its cassettes.", epilog="Example: habeas check ./specs/zoom.yaml"
)
def check(
    specs: Annotated[list[str] | None, typer.Argument(metavar="SPEC", help="Spec files or vendors; default every packaged spec.")] = None,
    format: Annotated[str, typer.Option("--format", metavar="text|json|github", help="How mistakes are printed.")] = "text",
    accept: Annotated[
        bool, typer.Option("--accept", help="Write what each cassette is expected to deliver anew, from its replay.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Open TODOs, what no cassette shows and what has drifted are mistakes.")] = False,
    drift: Annotated[
        Path | None, typer.Option("--drift", metavar="FOLDER", help="Compare the fields of new recordings with those of the cassettes.")
    ] = None,
    openapi: OpenApiOption = None,
) -> None:
    """Find every mistake in every spec, each with its place and what was meant; then replay its cassettes, offline.

    With --openapi, one spec is also held against the vendor's own document, which is read and never fetched: what surely
    fails at the vendor is a mistake, what the document merely does not list is a note.

    Cassettes lie in fixtures/<vendor>/cassettes, beside the folder specs or else beside the spec. A note is no mistake: it is something
    to think about, and leaves the exit code 0.

    Exit codes: 0 nothing to mend, 2 mistakes, or wrong usage.
    """
    from engine.cli.check import CheckArguments, check_command

    arguments = CheckArguments(form=format, accept=accept, strict=strict, drift=drift, openapi=tuple(openapi or ()))
    raise typer.Exit(check_command(tuple(specs or ()), arguments))


@commands.command(
    short_help="Record a real run as a cassette without a person in it.",
    epilog="Example: habeas record zoom --email someone@example.com --since 60d --cassette two-pages",
)
def record(
    vendor: VendorArgument,
    cassette: CassetteName,
    email: EmailOption = None,
    subject: SubjectOption = None,
    about: About = None,
    out: CassettesFolder = None,
    only: OnlyOption = None,
    without: WithoutOption = None,
    since: SinceOption = None,
    share: ShareOption = 75,
    plan: PlanOption = None,
    connection: ConnectionOption = None,
    no_wait: NoWaitOption = False,
    probe: ProbeOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Run as `habeas run` does, and keep every request and answer as a cassette that `habeas check` replays.

    Whatever could be personal is replaced: the same value by the same stand-in everywhere, in its form, by a key that is thrown away.
    Credentials are removed. What stays are words of the spec and of the trade, names of fields, small numbers. The result is searched
    for all that was replaced, and replayed; it is written only if nothing was found and it ends as the run did. Files are never
    downloaded. Read what was written before you publish it: docs/record.md says how.

    Exit codes: 0 written, though the run itself may have been incomplete; 2 wrong usage, 3 nothing written because the recording
    cannot be repeated, 4 not connected, 5 nothing written because it cannot be proven clean, 130 or 143 interrupted, nothing written.
    """
    from engine.assembly import RunArguments, probe_pair
    from engine.cli.record import RecordArguments, record_command

    run = RunArguments(
        person=(("email", email),) if email is not None else (),
        connection=connection,
        at=at,
        only=tuple(only or ()),
        without=tuple(without or ()),
        since=since,
        share=share / 100,
        plan=plan,
        wait=not no_wait,
        probe=tuple(map(probe_pair, probe or ())),
    )
    arguments = RecordArguments(vendor=vendor, cassette=cassette, subject=tuple(subject or ()), run=run, about=about, out=out, json=json)
    raise typer.Exit(record_command(arguments))


@commands.command(short_help="Play the vendor on this machine.", epilog="Example: habeas simulate zoom --port 8900 --faults storm,resets")
def simulate(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="Any vendor with cassettes, or `zoom`; or a spec's file.")],
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 8900,
    faults: Annotated[str, typer.Option("--faults", metavar="NAME,...", help="Misbehave in these ways; `list` names them all.")] = "",
    people: Annotated[int, typer.Option("--people", metavar="N", min=1, help="How many people the account has.")] = 12,
    meetings: Annotated[int, typer.Option("--meetings", metavar="N", min=0, help="How many meetings the first person has.")] = 40,
    json: JsonOption = False,
) -> None:
    """Play the vendor on this machine, with invented people; Ctrl-C ends it.

    Exit codes: 0 ended, 2 wrong usage, or a port that is taken.
    """
    from engine.cli.simulate import simulate_command

    raise typer.Exit(simulate_command(vendor, port, faults, (people, meetings), as_json=json))


@commands.command(short_help="Write a vendor's integration page.", epilog="Example: habeas docs zoom --format html --out zoom.html")
def docs(
    vendor: VendorArgument,
    format: Annotated[str, typer.Option("--format", metavar="markdown|html", help="What the page is written in.")] = "markdown",
    out: OutOption = None,
) -> None:
    """Write what a spec does as a page to publish: connecting, scopes, requests, limits, access step by step. Sends nothing.

    Exit codes: 0 written, 2 wrong usage, a spec with mistakes, or a file that exists.
    """
    from engine.cli.export import docs_command

    docs_command(vendor, format, out)


@commands.command(
    short_help="Show a run's requests, or a batch's people, as a timeline.", epilog="Example: habeas trace request-17 --out timeline.html"
)
def trace(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a run, as given to --out, or the vendor's folder in it; or of a batch.")
    ],
    format: Annotated[
        str, typer.Option("--format", metavar="html|chrome", help="A page, or Chrome's trace JSON (for ui.perfetto.dev, chrome://tracing).")
    ] = "html",
    out: OutOption = None,
) -> None:
    """Show when each request of a run was sent, how long it waited for which limit, its earlier tries, and downloads. Nothing personal.

    Of a batch it shows, for each connection, how many people were done and failed by when, and the rate against the vendor's limit.

    Exit codes: 0 written, 2 wrong usage, a folder that is no run's or batch's or is damaged, or a file that exists.
    """
    from engine.cli.export import trace_command

    trace_command(run, format, out)
