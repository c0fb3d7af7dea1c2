"""`habeas policy ...`: the command with its options and help; it calls engine/cli/policy. Loaded only when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("check", short_help="Find every mistake in policies.", epilog="Example: habeas policy check ./policies/zoom.yaml")
def policy_check(
    policies: Annotated[
        list[str] | None, typer.Argument(metavar="POLICY", help="Policy files, or vendors with a packaged one; default every packaged one.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", metavar="FOLDER", help="A run at the vendor, whose fields may be named too: those of your own.")
    ] = None,
    format: Annotated[str, typer.Option("--format", metavar="text|json|github", help="How mistakes are printed.")] = "text",
) -> None:
    """Find every mistake in policies, each with its place and what was meant, held against the vendor's spec and its recorded records.

    Names that no spec or recorded record has, rules that never hold, and data that would be lost are mistakes; docs/policy.md explains
    every word. The last lines say what each policy does with the recorded fields.

    Exit codes: 0 nothing to mend, 2 mistakes, or wrong usage.
    """
    from engine.cli.policy import policy_check_command

    raise typer.Exit(policy_check_command(tuple(policies or ()), format, run))
