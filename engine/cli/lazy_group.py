"""The commands of `habeas`, each made only when it is called or asked for its help: making them all costs more than importing them.

Groups of commands are not even imported before that; `--help` names everything for free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_command_name, get_group

GROUPS = {
    "connections": ("engine.cli.connections_app", "List, show, check, rename, remove, rekey, export or import connections."),
    "policy": ("engine.cli.policy_app", "Check policies: what of a vendor's records is given, withheld or asked about."),
    "case": ("engine.cli.case_app", "Take a person's request from the letter that it arrived to its answer."),
    "contact": ("engine.cli.contact_app", "Ask owners of systems by mail, and take their answers in."),
    "review": ("engine.cli.review_app", "Decide what of a case's records is given."),
    "portal": ("engine.cli.portal_app", "Open the cases in a browser on this machine, and say who may sign in."),
    "package": ("engine.cli.package_app", "Make the answer that a person gets, sign it, and check it."),
}


class LazyCommands(Mapping[str, Any]):
    """Commands by name, in the order of the help: those of some apps, then GROUPS. One is made when it is first looked up."""

    def __init__(self, *apps: typer.Typer) -> None:
        """Take the apps, whose commands each have a `short_help`."""
        every = (info for app in apps for info in app.registered_commands)
        self.infos = {info.name or get_command_name(getattr(info.callback, "__name__", "")): info for info in every}
        self._made = dict[str, Any]()

    def __getitem__(self, name: str) -> Any:
        """Give a command, or a group with its commands."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Any:
        if name not in GROUPS:
            return get_command_from_info(self.infos[name], pretty_exceptions_short=False, rich_markup_mode=None)
        module, words = GROUPS[name]
        made = get_group(import_module(module).app)
        made.name = name
        made.help = made.help or words
        return made

    def __iter__(self) -> Iterator[str]:
        """Give the names."""
        yield from self.infos
        yield from GROUPS

    def __len__(self) -> int:
        """Count them."""
        return len(self.infos) + len(GROUPS)

    def told(self) -> list[tuple[str, str]]:
        """Give each name with what the help says of it."""
        return [
            *((name, info.short_help or "") for name, info in self.infos.items()),
            *((name, words) for name, (_, words) in GROUPS.items()),
        ]


class LazyGroup(TyperGroup):
    """The command `habeas` itself."""

    commands: Any  # LazyCommands, from `made` on

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  click's interface
        """Give the names of all commands, in the order of the help."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  click's interface
        """Write what the help says of every command."""
        with formatter.section("Commands"):
            formatter.write_dl(self.commands.told())


def made(app: typer.Typer, *others: typer.Typer) -> Any:
    """Make the command line: `app`, whose class is LazyGroup, gives its name and its own options, the others the commands."""
    group: Any = get_group(app)
    group.commands = LazyCommands(*others)
    return group
