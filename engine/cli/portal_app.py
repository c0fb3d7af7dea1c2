"""`habeas portal ...`: the commands with their options and help; each calls engine/cli/portal. Loaded only when one of them is called."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.options import JsonOption

app = typer.Typer(invoke_without_command=True, add_completion=False, rich_markup_mode=None, epilog="Example: habeas portal")

UserArgument = Annotated[str, typer.Argument(metavar="NAME", help="As it stands in logs: ana.")]


@app.callback()
def portal(
    context: typer.Context,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Where it listens on 127.0.0.1; default a free one.")
    ] = 0,
    origin: Annotated[
        str | None, typer.Option("--origin", metavar="URL", help="The https address of a proxy in front of it, as people open it.")
    ] = None,
) -> None:
    """Serve the cases to a browser on this machine: what is due, what is in the way, and the acts of a case. Ctrl-C ends it.

    The link that is printed opens it once; where somebody was added with `adduser`, people sign in instead. A session ends after eight
    idle hours. It listens on 127.0.0.1 only.

    Exit codes: 0 ended by Ctrl-C or SIGTERM, 2 wrong usage or a busy port.
    """
    if context.invoked_subcommand is None:
        from engine.cli.portal import portal_command

        raise typer.Exit(portal_command(port, origin))


@app.command(short_help="Let somebody sign in.", epilog="Example: habeas portal adduser ana --role review")
def adduser(
    name: UserArgument,
    role: Annotated[str, typer.Option("--role", metavar="review|approve", help="Whether they may approve packages, too.")],
) -> None:
    """Let somebody sign in to the portal. The passphrase is made here, shown once, and kept as a digest only.

    From the first user on the link opens nothing any more, acts bear the name, and who approves has decided nothing since the last
    approval.

    Exit codes: 0 added, 2 the name is taken, or can be none.
    """
    from engine.cli.portal import add_command

    add_command(name, role)


@app.command(short_help="Change a role, or a passphrase.", epilog="Example: habeas portal changeuser ana --passphrase")
def changeuser(
    name: UserArgument,
    role: Annotated[str | None, typer.Option("--role", metavar="review|approve", help="Their role from now on.")] = None,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Make a new passphrase, and show it once.")] = False,
) -> None:
    """Give somebody another role or another passphrase. Their sessions end.

    Exit codes: 0 changed, 2 nobody has this name, or nothing was to be changed.
    """
    from engine.cli.portal import change_command

    change_command(name, role, passphrase=passphrase)


@app.command(short_help="Let somebody sign in no more.", epilog="Example: habeas portal removeuser ana")
def removeuser(name: UserArgument) -> None:
    """Let somebody sign in no more. Their sessions end; what they did stays in the logs.

    Exit codes: 0 removed, 2 nobody has this name.
    """
    from engine.cli.portal import remove_command

    remove_command(name)


@app.command(short_help="List who may sign in.", epilog="Example: habeas portal users")
def users(json: JsonOption = False) -> None:
    """List who may sign in, and what they may do.

    Exit codes: 0 listed, 2 the file is damaged, 4 others can read it.
    """
    from engine.cli.portal import users_command

    users_command(as_json=json)
