"""The commands under `habeas connections`, their options and their help."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="List, show, rename, remove or rekey connections.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Which = Annotated[str, typer.Argument(metavar="NAME", help="A connection: zoom, or zoom/emea.")]


@app.command("list", epilog="Example: habeas connections list")
def list_(json: Json = False) -> None:
    """List every connection, and say where the key is.

    Exit codes: 0 listed.
    """
    from engine.cli.stored import list_command

    list_command(as_json=json)


@app.command(epilog="Example: habeas connections show zoom")
def show(name: Which, json: Json = False) -> None:
    """Show what is known of one connection; no secret.

    Exit codes: 0 shown, 4 there is no such connection, or it cannot be opened.
    """
    from engine.cli.stored import show_command

    show_command(name, as_json=json)


@app.command(epilog="Example: habeas connections rename zoom zoom/emea")
def rename(old: Which, new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name: zoom/emea.")]) -> None:
    """Give a connection another name; its vendor stays.

    Exit codes: 0 renamed, 2 wrong usage, 4 there is no such connection.
    """
    from engine.cli.stored import rename_command

    rename_command(old, new)


@app.command(short_help="Revoke a connection's tokens, then delete it.", epilog="Example: habeas connections remove zoom/emea")
def remove(name: Which, no_revoke: Annotated[bool, typer.Option("--no-revoke", help="Do not ask the vendor to end it.")] = False) -> None:
    """End a connection: revoke its tokens at the vendor, then delete it here.

    Exit codes: 0 removed, 3 the vendor could not be reached, 4 there is no such connection.
    """
    from engine.cli.stored import remove_command

    remove_command(name, revoke=not no_revoke)


@app.command(short_help="Encrypt every connection with a new key.", epilog="Example: habeas connections rekey")
def rekey() -> None:
    """Encrypt every connection with a new key.

    The new key is HABEAS_KEY where it is set (put the one before into HABEAS_OLD_KEY), else a fresh one.

    Exit codes: 0 every connection has the new key, 4 one cannot be opened.
    """
    from engine.cli.stored import rekey_command

    rekey_command()
