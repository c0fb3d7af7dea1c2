"""Groups of commands that are imported only when one of them is called, or asked for its help: `--help` names them for free."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

GROUPS = {
    "case": ("engine.cli.case_app", "Take a person's request from the letter that it arrived to its answer."),
    "review": ("engine.cli.review_app", "Decide what of a case's records is given."),
    "package": ("engine.cli.package_app", "Make the answer that a person gets, sign it, and check it."),
}


class LazyGroup(TyperGroup):
    """The commands of `habeas`, with the groups of GROUPS beside them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Give the names of all commands, in the order of the help."""
        return [*super().list_commands(ctx), *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Give a command; of a lazy group only what the help shows of it."""
        if cmd_name in GROUPS:
            return typer.core.TyperGroup(name=cmd_name, help=GROUPS[cmd_name][1])
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called, a lazy group's with everything in it."""
        if args and args[0] in GROUPS:
            return args[0], loaded(args[0]), args[1:]
        return super().resolve_command(ctx, args)


def loaded(name: str) -> Any:
    """Import a lazy group and give it."""
    module, words = GROUPS[name]
    made = typer.main.get_command(import_module(module).app)
    made.name, made.help = name, words
    return made
