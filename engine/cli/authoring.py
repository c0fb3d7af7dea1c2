"""The commands that write what an author needs, their options and their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)

OpenApi = Annotated[
    list[Path] | None,
    typer.Option(
        "--openapi", metavar="FILE", help="The vendor's own OpenAPI 3 or Swagger 2 document, JSON or YAML; repeat it for several."
    ),
]


@app.command(short_help="Write a first spec for a vendor.", epilog="Example: habeas new acme --openapi acme.json --out ./specs/acme.yaml")
def new(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="The new vendor's name: a-z, 0-9, _.")],
    openapi: OpenApi = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the spec goes; default ./VENDOR.yaml.")] = None,
) -> None:
    """Write a first spec: from the vendor's OpenAPI document, or without one from what you answer to a few questions.

    What had to be guessed is marked TODO, with the reason. The result passes habeas check; no file is ever overwritten.

    Exit codes: 0 written, 2 wrong usage, a document that cannot be read, or a file that exists.
    """
    from engine.cli.new import new_command

    raise typer.Exit(new_command(vendor, tuple(openapi or ()), out))


@app.command(short_help="Print the JSON Schema of specs.", epilog="Example: habeas schema > habeas.schema.json")
def schema() -> None:
    """Print the JSON Schema of the spec language: with it beside a spec, an editor completes the spec and underlines mistakes.

    A spec names it in its first line: # yaml-language-server: $schema=habeas.schema.json

    Exit codes: 0 printed.
    """
    from engine.spec.schema import schema_text

    typer.echo(schema_text(), nl=False)
