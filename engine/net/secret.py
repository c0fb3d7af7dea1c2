"""Secrets from outside: a variable, a file that a variable names, or the output of a secret manager's own command.

Never from the command line itself: the process list is public. What a command prints is never shown.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from engine.errors import NotConnected

COMMAND = "cmd:"
SECONDS = 60.0
LONGEST = 64 * 1024


def from_environment(name: str, environ: Mapping[str, str]) -> str | None:
    """Read NAME, or the file NAME_FILE names; `cmd:...` is a command to run. Raises NotConnected."""
    file = environ.get(f"{name}_FILE")
    if file:
        return _file(Path(file).expanduser(), f"{name}_FILE")
    text = environ.get(name, "").strip()
    return resolved(text, name) if text else None


def resolved(text: str, name: str) -> str:
    """Give a text as it is, or what the command behind `cmd:` prints. Raises NotConnected."""
    return _command(text.removeprefix(COMMAND), name) if text.startswith(COMMAND) else text


def _file(path: Path, name: str) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            text = stream.read(LONGEST).strip()
    except (OSError, UnicodeDecodeError):
        message = f"the file that {name} names cannot be read as text"
        raise NotConnected(message) from None
    if not text:
        message = f"the file that {name} names is empty"
        raise NotConnected(message)
    return text


def _command(text: str, name: str) -> str:
    try:
        words = shlex.split(text)
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
        found = done.stdout.decode("utf-8").strip()
    except UnicodeDecodeError:
        message = f"the command in {name} prints no text"
        raise NotConnected(message) from None
    except (OSError, ValueError, IndexError):
        message = f"the command in {name} cannot be run: write `cmd:` and a program with its arguments, no shell"
        raise NotConnected(message) from None
    except subprocess.TimeoutExpired:
        message = f"the command in {name} did not end within {SECONDS:.0f} s"
        raise NotConnected(message) from None
    if done.returncode or not found or len(found) > LONGEST:
        what = f"ended with exit code {done.returncode}" if done.returncode else "printed nothing that could be a secret"
        message = f"the command in {name} {what}"
        raise NotConnected(message)
    return found
