"""`habeas connections ...`: the commands with their options and help. Loaded only when one of them is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import JsonOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Which = Annotated[str, typer.Argument(metavar="NAME", help="A connection: zoom, or zoom/emea.")]


@app.command("list", epilog="Example: habeas connections list")
def list_(json: JsonOption = False) -> None:
    """List every connection, and say where the key is.

    Exit codes: 0 listed.
    """
    from engine.cli.connections import list_command

    list_command(as_json=json)


@app.command(epilog="Example: habeas connections show zoom")
def show(name: Which, json: JsonOption = False) -> None:
    """Show what is known of one connection; no secret.

    Exit codes: 0 shown, 4 there is no such connection, or it cannot be opened.
    """
    from engine.cli.connections import show_command

    show_command(name, as_json=json)


@app.command(epilog="Example: habeas connections rename zoom zoom/emea")
def rename(old: Which, new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name: zoom/emea.")]) -> None:
    """Give a connection another name; its vendor stays.

    Exit codes: 0 renamed, 2 wrong usage, 4 there is no such connection.
    """
    from engine.cli.connections import rename_command

    rename_command(old, new)


@app.command(short_help="Revoke a connection's tokens, then delete it.", epilog="Example: habeas connections remove zoom/emea")
def remove(name: Which, no_revoke: Annotated[bool, typer.Option("--no-revoke", help="Do not ask the vendor to end it.")] = False) -> None:
    """End a connection: revoke its tokens at the vendor, then delete it here.

    Exit codes: 0 removed, 3 the vendor could not be reached, 4 there is no such connection.
    """
    from engine.cli.connections import remove_command

    remove_command(name, revoke=not no_revoke)


@app.command(short_help="Encrypt every connection with a new key.", epilog="Example: habeas connections rekey")
def rekey() -> None:
    """Encrypt every connection with a new key.

    The new key is HABEAS_KEY where it is set (put the one before into HABEAS_OLD_KEY), else a fresh one.

    Exit codes: 0 every connection has the new key, 4 one cannot be opened.
    """
    from engine.cli.connections import rekey_command

    rekey_command()


@app.command(short_help="Renew connections, and ask whether they are alive.", epilog="Example: habeas connections check --all")
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Connections: zoom, or zoom/emea.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every connection of the store.")] = False,
    json: JsonOption = False,
) -> None:
    """Renew connections and ask their vendors whether they are alive, for a job that runs every day.

    A connection that nobody uses may end unseen: refresh tokens expire. Missing scopes are what habeas verify is for.

    Exit codes: 0 all are alive, 3 a vendor could not say or a connection cannot be renewed and will end, 4 one is dead.
    """
    from engine.cli.check_connections import check_command

    raise typer.Exit(check_command(names or [], everything=everything, as_json=json))


@app.command(short_help="Move a connection into a sealed file.", epilog="Example: habeas connections export zoom --out zoom.habeas")
def export(
    name: Which,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="A new file; default ./VENDOR.NAME.habeas.")] = None,
) -> None:
    """Move a connection into one file, sealed with a passphrase; here it is not used any more.

    The passphrase is asked for unseen, or read from HABEAS_PASSPHRASE (also with _FILE, or cmd:COMMAND); 12 characters at least.

    Exit codes: 0 exported, 2 wrong usage or a file that exists, 4 there is no such connection, or it cannot be opened.
    """
    from engine.cli.move_connection import export_command

    export_command(name, out)


@app.command("import", short_help="Take an exported connection.", epilog="Example: habeas connections import zoom.habeas")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file that habeas connections export wrote.")],
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Another name for it: zoom/emea.")] = None,
) -> None:
    """Store a connection that was exported, encrypted with the key of this store.

    Exit codes: 0 stored, 2 another passphrase or no such file, 4 its name is taken.
    """
    from engine.cli.move_connection import import_command

    import_command(file, name)


@app.command(
    "create-tables",
    short_help="Make the tables of a store that a team shares.",
    epilog="Example: habeas connections create-tables postgresql://habeas@db.example.com/habeas",
)
def create_tables(
    address: Annotated[str | None, typer.Argument(metavar="[URL]", help="A PostgreSQL database; HABEAS_STORE if left out.")] = None,
) -> None:
    """Make the tables of a store that a team shares, or bring them up to date; what is in them stays.

    Afterwards whoever sets HABEAS_STORE to the database, and HABEAS_KEY to the team's key, uses its connections.

    Exit codes: 0 the tables are there, 2 wrong usage, 4 the database cannot be used.
    """
    from engine.cli.connections import create_tables_command

    create_tables_command(address)
