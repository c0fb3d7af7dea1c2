"""The commands, their options and their help; each calls its own module of engine/cli. Those for authors are in authoring.py."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from engine import __version__
from engine.cli.authoring import commands as authoring
from engine.cli.batch_app import commands as batches
from engine.cli.formatting import ClosedStream, drop, print_text, width_of
from engine.cli.lazy_group import LazyGroup, made
from engine.cli.office_app import commands as office
from engine.cli.options import (
    AtOption,
    ConnectionOption,
    EmailOption,
    JsonOption,
    LargestFileOption,
    NoWaitOption,
    OnlyOption,
    PlanOption,
    ProbeOption,
    ShareOption,
    SinceOption,
    SubjectOption,
    VendorArgument,
    WithoutOption,
)
from engine.errors import FULL, Exit, HabeasError, UsageError, defect

app = typer.Typer(
    name="habeas",
    cls=LazyGroup,
    help="Fetch everything a SaaS vendor holds about one person, with proof of what was and was not obtained.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)
commands = typer.Typer()


def _version(value: bool) -> None:
    if value:
        typer.echo(f"habeas {__version__}")
        raise typer.Exit


@app.callback()
def _habeas(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Fetch everything a SaaS vendor holds about one person, with proof of what was and was not obtained."""


@commands.command(
    short_help="Answer a person's access request.",
    epilog="Example: habeas run zoom --email someone@example.com --out ./request-17 --ref DSR-17",
)
def run(
    vendor: VendorArgument,
    email: EmailOption = None,
    subject: SubjectOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the result goes; default ./habeas-<time>-<4 hex>.")
    ] = None,
    only: OnlyOption = None,
    without: WithoutOption = None,
    since: SinceOption = None,
    files: Annotated[bool, typer.Option("--files", help="Download recordings, voicemails and other files too.")] = False,
    largest_file: LargestFileOption = "10GB",
    share: ShareOption = 75,
    plan: PlanOption = None,
    connection: ConnectionOption = None,
    no_wait: NoWaitOption = False,
    probe: ProbeOption = None,
    ref: Annotated[str | None, typer.Option("--ref", metavar="TEXT", help="Your reference, for the manifest.")] = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Answer one person's access request: fetch all, write the records and a manifest.

    Needs a connection (habeas connect VENDOR), or an access token in HABEAS_<VENDOR>_TOKEN, which is never renewed.

    Exit codes: 0 complete as asked, 1 a defect of Habeas, 2 wrong usage, 3 incomplete, 4 not connected, 5 refused for
    the person's safety, 130 or 143 interrupted.
    """
    from engine.assembly import RunArguments, probe_pair
    from engine.cli.run import bytes_of, run_command

    arguments = RunArguments(
        person=(("email", email),) if email is not None else (),
        connection=connection,
        at=at,
        out=out,
        only=tuple(only or ()),
        without=tuple(without or ()),
        since=since,
        files=files,
        share=share / 100,
        plan=plan,
        reference=ref,
        wait=not no_wait,
        probe=tuple(map(probe_pair, probe or ())),
        largest_file=bytes_of(largest_file),
    )
    raise typer.Exit(run_command(vendor, tuple(subject or ()), arguments, as_json=json))


@commands.command(
    short_help="Go on with a run that broke off.",
    epilog="Example: habeas resume request-17 --email someone@example.com",
)
def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run that broke off or misses something, or of a batch.")],
    email: EmailOption = None,
    subject: SubjectOption = None,
    case: Annotated[str | None, typer.Option("--case", metavar="REF", help="Take the person from this case.")] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="The spec says something else now: read the endpoints that this touches anew.")
    ] = False,
    spec: Annotated[str | None, typer.Option("--spec", metavar="SPEC", help="The spec, if it is not found by its vendor's name.")] = None,
    share: Annotated[
        int | None,
        typer.Option("--share", metavar="PERCENT", min=1, max=100, help="How much of the limit to use; default as before."),
    ] = None,
    no_wait: NoWaitOption = False,
    probe: ProbeOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a run: keep each list that was read whole, and each file; drop the rest, and ask for it again.

    What was chosen then stands in the folder and holds. The person does not stand there: give the same identifiers again. The
    person is looked up again, and nothing is kept of anybody else. The folder of a batch goes on as it began: its people are sealed
    in it; one that is lent to workers is taken back first.

    Exit codes: 0 complete as asked, 1 a defect of Habeas, 2 wrong usage, nothing left, another spec or a damaged folder,
    3 incomplete, another process writes it or workers ask for its people, 4 not connected, 5 another person, 130 or 143 interrupted.
    """
    if (run / "batch.db").is_file():
        from engine.cli.batch import resume_batch

        raise typer.Exit(resume_batch(run, share=(share or 75) / 100, wait=not no_wait, anyway=anyway))
    from engine.assembly import probe_pair
    from engine.cli.resume import resume_command
    from engine.resuming import ResumeArguments

    arguments = ResumeArguments(
        person=(("email", email),) if email is not None else (),
        probe=tuple(map(probe_pair, probe or ())),
        at=at,
        share=share / 100 if share is not None else None,
        wait=not no_wait,
        anyway=anyway,
    )
    raise typer.Exit(resume_command(run, arguments, tuple(subject or ()), (case, spec), as_json=json))


@commands.command(short_help="Connect to a vendor's account, once.", epilog="Example: habeas connect zoom")
def connect(
    vendor: VendorArgument,
    connection: Annotated[
        str | None,
        typer.Option("--connection", metavar="NAME", help="A name for it, where a vendor has several accounts."),
    ] = None,
    plan: PlanOption = None,
    way: Annotated[
        str | None, typer.Option("--way", metavar="oauth2|headers|basic", help="How to connect, where the spec knows several ways.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address to open, and take the final address pasted.")] = False,
    redirect_uri: Annotated[
        str | None, typer.Option("--redirect-uri", metavar="URL", help="The redirect address as the vendor has it registered.")
    ] = None,
    insecure_storage: Annotated[bool, typer.Option("--insecure-storage", help="Keep the connection unencrypted.")] = False,
    probe: ProbeOption = None,
    client_only: Annotated[bool, typer.Option("--client-only", help="Store a new client secret; no new consent is needed.")] = False,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Connect to a vendor's account, once: the connection is kept, and renews itself.

    Client id and secret are asked for unseen, or read from HABEAS_<VENDOR>_CLIENT_ID and HABEAS_<VENDOR>_CLIENT_SECRET (a key from
    HABEAS_<VENDOR>_SECRET, an account id from HABEAS_<VENDOR>_ACCOUNT_ID); what the spec's `settings` name is asked for too, or read from
    HABEAS_<VENDOR>_<NAME>, and a probe, or read from HABEAS_<VENDOR>_PROBE (empty: none). Each can also be a file, with _FILE behind the
    name, or the output of a command: cmd:op read op://vault/zoom/secret.

    Exit codes: 0 connected, 2 wrong usage, 3 connected but something would be missing, the vendor could not say or the connection
    ends and cannot be renewed, 4 not connected.
    """
    from engine.cli.connect import ConnectArguments, connect_command

    arguments = ConnectArguments(
        vendor=vendor,
        connection=connection,
        plan=plan,
        way=way,
        browser=not no_browser,
        redirect_uri=redirect_uri,
        insecure=insecure_storage,
        at=at,
        json=json,
        client_only=client_only,
        probe=probe,
    )
    raise typer.Exit(connect_command(arguments))


@commands.command(short_help="Is a connection alive, and what may it read?", epilog="Example: habeas verify zoom")
def verify(
    vendor: VendorArgument,
    connection: ConnectionOption = None,
    probe: ProbeOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Ask whether a connection is alive, show which requests its scopes allow, which scopes to add, and whether it sees people.

    Exit codes: 0 no request is known to lack its scope, 3 some do, the vendor could not say, or the connection ends and cannot be
    renewed, 4 not connected.
    """
    from engine.cli.verify import verify_command

    raise typer.Exit(verify_command(vendor, connection, tuple(probe or ()), at, as_json=json))


@commands.command(short_help="Show what a run would ask.", epilog="Example: habeas plan zoom --since 90d")
def plan(
    vendor: VendorArgument,
    only: OnlyOption = None,
    without: WithoutOption = None,
    since: SinceOption = None,
    share: ShareOption = 75,
    plan: PlanOption = None,
    json: JsonOption = False,
    graph: Annotated[
        bool, typer.Option("--graph", help="Print a Mermaid flowchart: who waits for whom, how often, in which limit.")
    ] = False,
) -> None:
    """Show what a run would ask, in which order and how long it takes at least. Sends nothing, needs no person.

    Exit codes: 0 shown, 2 wrong usage or a spec with mistakes.
    """
    from engine.cli.plan import plan_command

    if json and graph:
        message = "--json and --graph: choose one"
        raise UsageError(message)
    form = "json" if json else "graph" if graph else "text"
    plan_command(vendor, tuple(only or ()), tuple(without or ()), since, (plan, share), form)


@commands.command(short_help="Let a shell complete what is typed.", epilog="Example: habeas completion bash")
def completion(shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell that reads what is printed.")]) -> None:
    """Print what makes a shell complete commands, options, vendors, connections, endpoints and fields. Changes nothing by itself.

    Exit codes: 0 printed, 2 no such shell.
    """
    from engine.cli.complete import script

    typer.echo(script(shell), nl=False)


@cache
def command_line() -> Any:
    """Give the whole command line, as `habeas` calls it and docs/cli.md describes it."""
    return made(app, commands, batches, office, authoring)


def main() -> None:
    """Run the command line; whatever happens, the reader gets a sentence and the caller an exit code."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.umask(0o077)
        _prepare_streams()
        _told()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


def _prepare_streams() -> None:
    if sys.stderr is None:  # closed by the caller: the work is done all the same
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or ClosedStream()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _told() -> None:
    """Call the command, and tell how it failed."""
    try:
        _call()
    except HabeasError as error:
        print_text(_words(error), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.CLOSED)
    except OSError as error:
        _end_unwritten(error)
    except Exception as error:  # noqa: BLE001  the last line of defence: a traceback could hold personal data
        _end_by_defect(error)


def _words(error: HabeasError) -> str:
    """Give an error's text; one that shows lines of a file is as wide as the terminal itself."""
    width = width_of(sys.stderr)
    text = str(error) if width is None else error.show(width)
    return text if text.startswith(("error:", "note:")) else f"error: {text}"


def _complete(words: list[str]) -> None:
    """Answer a shell whose user asks for completion. No command, since Typer imports a tenth of a second more to call one."""
    from engine.cli.complete import complete_command

    complete_command(command_line(), words)


def _call() -> None:
    """Call the command. Raises BrokenPipeError where nobody reads what it prints, which click would turn into an exit with 1."""
    try:
        _complete(sys.argv[3:]) if sys.argv[1:3] == ["complete", "--"] else command_line()()
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            raise ended.__context__ from None
        raise
    finally:
        sys.stdout.flush()


def _end_unwritten(error: OSError) -> NoReturn:
    """End where standard output, whatever it leads to, takes no more; files are answered for where they are written."""
    if error.errno not in (*FULL, errno.EBADF) or error.filename is not None:
        _end_by_defect(error)
    drop(sys.stdout)
    print_text(f"error: standard output takes no more ({error.strerror}): make room, or send it elsewhere", err=True)
    sys.exit(Exit.INCOMPLETE)


def _end_by_defect(error: Exception) -> NoReturn:
    print_text(f"error: {defect(error)}; please report it with this line", err=True)
    sys.exit(Exit.DEFECT)
