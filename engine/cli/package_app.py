"""`habeas package ...`: the commands with their options and help; each calls engine/cli/package. Loaded only when one of them is called."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.case_app import Reference
from engine.cli.options import JsonOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class SealForm(StrEnum):
    """How a released package is closed for its way to the person."""

    PAGE = "page"
    ZIP = "zip"
    NONE = "none"


@app.command(short_help="Make the package of a case.", epilog="Example: habeas package build DSR-17")
def build(reference: Reference, json: JsonOption = False) -> None:
    """Make the package: what is given, as pages and data, and search it for what was withheld. It does not leave yet.

    Exit codes: 0 built, 2 something waits for a decision or nothing is there, 5 a withheld value was found in it, or a run was changed.
    """
    from engine.cli.package import build_command

    build_command(reference, as_json=json)


@app.command(short_help="Say that the built package may leave.", epilog="Example: habeas package approve DSR-17")
def approve(
    reference: Reference,
    package: Annotated[
        str | None, typer.Option("--package", metavar="SHA256", help="The package that was looked at, or how it begins.")
    ] = None,
    also_given: Annotated[
        bool, typer.Option("--also-given", help="Values that are withheld at one place may be given at another, where it was decided so.")
    ] = False,
) -> None:
    """Approve the package that was built: by its sha256, so that no other leaves.

    Exit codes: 0 approved, 2 it cannot be now, 3 something must be looked at first (--also-given), or a second person must
    approve, 5 what lies there is not what was built.
    """
    from engine.cli.package import approve_command

    raise typer.Exit(approve_command(reference, package, also_given=also_given))


@app.command(short_help="Sign and seal the approved package.", epilog="Example: habeas package release DSR-17 --seal page")
def release(
    reference: Reference,
    seal: Annotated[
        SealForm | None,
        typer.Option("--seal", help="page: one file for any browser (default up to 300 MB); zip: for what is bigger; none: as it is."),
    ] = None,
) -> None:
    """Sign the approved package and close it with a passphrase, which is shown once and kept nowhere.

    Exit codes: 0 released, 2 it cannot be now, 5 it is not the package that was approved.
    """
    from engine.cli.package import release_command

    release_command(reference, str(seal) if seal is not None else None)


@app.command(short_help="Check a package that anybody made.", epilog="Example: habeas package verify ./DSR-17")
def verify(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder of a package, or the zip of one.")],
    signers: Annotated[
        Path | None, typer.Option("--signers", metavar="FILE", help="Whose signatures count: an allowed_signers file of OpenSSH.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check a package: every sum, its signature, and whether it holds what it says.

    Exit codes: 0 as it was packed, by a signer that is known, 2 no package, 3 something is wrong, or the signer is unknown.
    """
    from engine.cli.package import verify_command

    raise typer.Exit(verify_command(path, signers, as_json=json))


@app.command(short_help="Show the key that packages are signed with.", epilog="Example: habeas package key")
def key(json: JsonOption = False) -> None:
    """Print the line by which others check your packages, to be published, and its fingerprint. The key is made the first time.

    Exit codes: 0 shown, 4 the key cannot be opened.
    """
    from engine.cli.package import key_command

    key_command(as_json=json)
