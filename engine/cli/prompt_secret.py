"""Get secrets and settings: from the environment, a file or a command, else typed at the terminal, secrets unseen."""

from __future__ import annotations

import getpass
import os
import sys
import warnings
from collections.abc import Callable, Mapping

from engine.cli.formatting import tell
from engine.connection.outside_secret import from_environment, resolved
from engine.errors import NotConnected, UsageError

LONGEST_SECRET = 8 * 1024  # bytes: a stored connection has to fit into the room that is reserved for it


def secret_of(name: str, words: str, kept: str | None = None, environ: Mapping[str, str] = os.environ, *, optional: bool = False) -> str:
    """Get a secret from NAME, NAME_FILE or the keyboard, unseen; `words` say what it is, such as "client id".

    `kept` is the stored one, which Enter keeps. Gives "" where it is optional and left out. Raises NotConnected where nobody can be
    asked, a file or command gives nothing, or what it gives cannot be such a secret.
    """
    found = _given(name, words, kept, environ, optional=optional)
    if len(found.encode()) > LONGEST_SECRET:
        message = f"the {words} is longer than {LONGEST_SECRET // 1024} KiB: that is none"
        raise NotConnected(message)
    return found


def _given(name: str, words: str, kept: str | None, environ: Mapping[str, str], *, optional: bool) -> str:
    found = from_environment(name, environ)
    if found is not None:
        return found
    if optional and environ.get(name) == "":
        return ""
    if not is_asked():
        if kept is not None:
            return kept
        none = f" (a public client has none: {name}=)" if optional else ""
        message = f"there is nobody to ask for the {words}: set {name}, {name}_FILE, or {name}=cmd:COMMAND{none}"
        raise NotConnected(message)
    hint = " (Enter keeps the stored one)" if kept is not None else " (Enter for none)" if optional else ""
    while True:
        typed = _typed(f"{words[:1].upper()}{words[1:]}{hint}: ")
        if typed:
            return resolved(typed, f"the {words}")
        if kept is not None or optional:
            return kept or ""


def setting_of(
    name: str, words: str, kept: str | None, fits: Callable[[str, str], str], environ: Mapping[str, str] = os.environ, *, optional: bool
) -> str:
    """Get a setting, which is no secret, from NAME, NAME_FILE or the keyboard; gives "" where it is optional and left out.

    `fits` gets where a value comes from and the value; it gives the value, or raises NotConnected: a typed one is asked for again.
    """
    found = from_environment(name, environ)
    if found is not None:
        return fits(name, found)
    if optional and (environ.get(name) == "" or (kept is None and not is_asked())):
        return ""
    if not is_asked():
        if kept is not None:
            return fits("the stored value", kept)
        message = f"there is nobody to ask for {words}: set {name}, {name}_FILE, or {name}=cmd:COMMAND"
        raise NotConnected(message)
    hint = f" [Enter keeps {kept}]" if kept is not None else " [Enter: to be found out]" if optional else ""
    while True:
        typed = _shown(f"{words}{hint}: ")
        try:
            if typed:
                return fits("this", resolved(typed, "what was typed"))
            if kept is not None:
                return fits("the stored value", kept)
        except NotConnected as error:
            tell(f"{str(error)[:1].upper()}{str(error)[1:]}.\n", sys.stderr)
            continue
        if optional:
            return ""


def probe_asked(
    name: str, words: str, kept: dict[str, str], fits: Callable[[str], dict[str, str]], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Get the probe from NAME, NAME_FILE or the keyboard, where it may be seen; `kept` where Enter is pressed or nobody can be asked.

    `fits` reads what is given; it raises UsageError for what is no probe: a typed one is asked for again.
    """
    found = from_environment(name, environ)
    if found is not None:
        return fits(found)
    if environ.get(name) == "":
        return {}
    if not is_asked():
        return kept
    while True:
        typed = _shown(f"{words} ({'Enter keeps the stored one' if kept else 'Enter: none'}): ")
        if not typed:
            return kept
        try:
            return fits(typed)
        except UsageError as error:
            tell(f"{error}\n", sys.stderr)


def _shown(words: str) -> str:
    """Read a line that may be seen, without blanks around it. Raises NotConnected at the end of the input."""
    tell(words, sys.stderr)
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        message = "what was typed is not UTF-8 text"
        raise NotConnected(message) from None
    if not line:
        message = "nothing was typed: set the variables instead, see habeas connect --help"
        raise NotConnected(message)
    return line.strip()


def is_asked() -> bool:
    """Whether a person sits at the terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def _typed(words: str) -> str:
    """Read a line unseen, without blanks around it. Raises NotConnected where the terminal would show it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(words).strip()
        except (getpass.GetPassWarning, EOFError):
            message = "nothing can be typed unseen here: set the variables instead, see habeas connect --help"
            raise NotConnected(message) from None
        except UnicodeDecodeError:
            message = "what was typed is not UTF-8 text: that is no secret"
            raise NotConnected(message) from None
