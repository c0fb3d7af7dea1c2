"""Write the blocks of docs/cli.md from the command line itself: every command, option and default, and the exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.cli.app import command_line
from engine.errors import EXPLAINED


def commands() -> str:
    """Write one section per command, in the order of `habeas --help`."""
    return "\n\n".join(_section(name, one) for name, one in every())


def every() -> Iterator[tuple[str, Any]]:
    """Give every command with its whole name, such as `habeas connections list`, in the order of the help."""
    waiting: list[tuple[str, Any]] = [("habeas", command_line())]
    while waiting:
        name, one = waiting.pop(0)
        inner = getattr(one, "commands", None)
        if inner is None or one.invoke_without_command:
            yield name, one
        if inner is not None:
            waiting = [(f"{name} {word}", command) for word, command in inner.items()] + waiting


def _section(name: str, one: Any) -> str:
    told = [" ".join(part.split()) for part in (one.help or "").split("\n\n")]
    codes = [part.removeprefix("Exit codes: ") for part in told if part.startswith("Exit codes: ")]
    prose = [_safe(part) for part in told if not part.startswith("Exit codes: ")]
    shown = [param for param in one.params if not param.hidden]
    arguments = [param for param in shown if param.param_type_name == "argument"]
    options = [param for param in shown if param.param_type_name == "option"]
    usage = " ".join([name, *map(_place, arguments), *(["[OPTIONS]"] if options else [])])
    parts = [f"### `{name}`", *prose, f"```sh\n{usage}\n```"]
    rows = [*map(_argument, arguments), *map(_option, options)]
    parts += ["\n".join(["| | default | |", "|---|---|---|", *rows])] if rows else []
    parts += [f"Exit codes: {codes[0]}"] if codes else []
    example = (one.epilog or "").removeprefix("Example: ")
    parts += [f"```sh\n{example}\n```"] if example else []
    return "\n\n".join(parts)


def _place(param: Any) -> str:
    many = " ..." if param.nargs == -1 else ""
    return f"{param.metavar}{many}" if param.required else f"[{param.metavar}{many}]"


def _argument(param: Any) -> str:
    return f"| `{_cell(_place(param))}` | {'required' if param.required else ''} | {_safe(param.help or '')} |"


def _option(param: Any) -> str:
    word = ", ".join(param.opts) + ("" if param.is_flag or not param.metavar else f" {param.metavar}")
    default = "required" if param.required else f"`{param.default}`" if param.default and not param.is_flag else ""
    return f"| `{_cell(word)}` | {default} | {_safe(param.help or '')} |"


def _safe(text: str) -> str:
    """Escape what Markdown would take for HTML or the end of a cell; what stands between backticks stays as it is."""
    parts = _cell(text).split("`")
    return "`".join(part if index % 2 else part.replace("<", "\\<") for index, part in enumerate(parts))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def exit_codes() -> str:
    """Write the table of exit codes."""
    return "\n".join(["| code | meaning |", "|---|---|", *(f"| {int(code)} | {meaning} |" for code, meaning in EXPLAINED.items())])
