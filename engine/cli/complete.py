"""Shell completion: the scripts for bash, zsh and fish, and the answer to what they ask. Never an error on the user's line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import typer

from engine.cli.candidates import SOURCES
from engine.errors import UsageError

BASH = r"""
_habeas() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <("${1/#\~/$HOME}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=.] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o default -F _habeas habeas
"""
ZSH = r"""
#compdef habeas
_habeas() {
    local -a found open
    found=("${(@f)$(${~words[1]} complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    open=(${(M)found:#*[=.]})
    found=(${found:#*[=.]})
    if (( ! $#open && ! $#found )); then
        _files
        return
    fi
    (( ! $#open )) || compadd -S '' -- $open
    (( ! $#found )) || compadd -- $found
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _habeas habeas
"""
FISH = r"""
function __habeas_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l found ($program complete -- $words "$word" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$word"
    end
end
complete -c habeas -f -a '(__habeas_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
VALUES = re.compile(r"[a-z0-9]+(?:\|[a-z0-9]+)+")
HARMLESS = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_./,=-]*")  # what a shell takes for itself, wherever it was read
JOINTS = (":", "=")


def script(shell: str) -> str:
    """Give the script that a shell reads at its start. Raises UsageError."""
    if shell not in SCRIPTS:
        message = f"{shell}: one of {', '.join(SCRIPTS)}"
        raise UsageError(message)
    return SCRIPTS[shell].lstrip("\n")


@dataclass
class CommandLine:
    """What stands on the line before the word that is completed: which command, what it was given, which option waits for a value."""

    command: Any
    given: dict[str, list[str]] = field(default_factory=dict)
    waiting: Any = None
    arguments: int = 0
    plain: bool = False

    def take(self, word: str) -> bool:
        """Take one word; False where it is no command."""
        if self.waiting is not None:
            self.given.setdefault(self.waiting.name, []).append(word)
            self.waiting = None
        elif word == "--":
            self.plain = True
        elif word.startswith("-") and not self.plain:
            name, equals, value = word.partition("=")
            option = next((one for one in self.options() if name in one.opts), None)
            if option is not None and equals:
                self.given.setdefault(option.name, []).append(value)
            elif option is not None:
                self.given.setdefault(option.name, [])
                self.waiting = None if option.is_flag else option
        elif self.commands():
            self.command = self.commands().get(word)
        else:
            argument = self.argument()
            self.given.setdefault(argument.name if argument is not None else "", []).append(word)
            self.arguments += 1
        return self.command is not None

    def commands(self) -> Mapping[str, Any]:
        """Give the commands below this one."""
        found: Mapping[str, Any] = getattr(self.command, "commands", {})
        return found

    def options(self) -> list[Any]:
        """Give the options of the command."""
        return [one for one in self.command.params if one.param_type_name == "option" and not one.hidden]

    def argument(self) -> Any:
        """Give the argument that comes next; the last takes all that follow where it may."""
        places = [one for one in self.command.params if one.param_type_name == "argument"]
        more = places[-1] if places and places[-1].nargs == -1 else None
        return places[self.arguments] if self.arguments < len(places) else more

    def candidates(self, word: str) -> Iterator[str]:
        """Give what may stand where the word stands."""
        name, equals, value = word.partition("=")
        option = next((one for one in self.options() if equals and name in one.opts), None)
        if self.waiting is not None:
            yield from self._values(self.waiting, word)
        elif option is not None and not self.plain:
            yield from (f"{name}={one}" for one in self._values(option, value))
        elif word.startswith("-") and not self.plain:
            yield from (opt for one in self.options() if one.multiple or one.name not in self.given for opt in one.opts)
            yield "--help"
        elif self.commands():
            yield from self.commands()
        elif (argument := self.argument()) is not None:
            yield from (one for one in self._values(argument, word) if one not in self.given.get(argument.name, ()))

    def _values(self, param: Any, word: str) -> Iterator[str]:
        if VALUES.fullmatch(param.metavar or ""):
            yield from param.metavar.split("|")
        elif param.name in SOURCES and self.command.name != "new" and (param.param_type_name, param.name) != ("option", "name"):
            yield from SOURCES[param.name](self.given, word)


def completions(command: Any, words: Sequence[str]) -> list[str]:
    """Give what the last word can become; the words are those behind `habeas`, as far as the one that is completed."""
    joined, begun = _joined(words or [""])
    line = CommandLine(command)
    if not all(line.take(word) for word in joined[:-1]):
        return []
    found = dict.fromkeys(one for one in line.candidates(joined[-1]) if one.startswith(joined[-1]) and HARMLESS.fullmatch(one))
    return [one[begun:] for one in found]


def _joined(words: Sequence[str]) -> tuple[list[str], int]:
    """Put together what bash splits at `:` and `=`; gives the words, and how much of the last one bash holds for words before it."""
    joined: list[str] = []
    glue, begun = False, 0
    for word in words:
        joint = word in JOINTS and bool(joined)
        begun = len(joined[-1]) + (len(word) if joint else 0) if joint or glue else 0
        if joint or glue:
            joined[-1] += word
        else:
            joined.append(word)
        glue = joint
    return joined, begun


def complete_command(command: Any, words: Sequence[str]) -> None:
    """Print what the last word can become, one a line; whatever goes wrong, nothing is said: the user is typing."""
    found: list[str] = []
    with suppress(Exception):
        found = completions(command, words)
    typer.echo("".join(f"{one}\n" for one in found), nl=False)
