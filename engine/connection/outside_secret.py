"""Secrets from the environment: a variable, a file that `<NAME>_FILE` names, or the output of a command (`cmd:op read ...`).

Secrets are never options of the command line, because every user of the machine can list its processes. What a
command prints is never shown.
"""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from engine.errors import NotConnected

COMMAND = "cmd:"
SECONDS = 60.0
LONGEST = 64 * 1024


def from_environment(name: str, environ: Mapping[str, str]) -> str | None:
    """Read a secret from the variable `name`, or the file that `<name>_FILE` names; None if neither is set. Raises NotConnected."""
    file = environ.get(f"{name}_FILE")
    if file:
        return _file(file, f"{name}_FILE")
    text = environ.get(name, "").strip()
    return resolved(text, name) if text else None


def resolved(text: str, name: str) -> str:
    """Give a text as it is, or what the command after `cmd:` prints. `name` is the variable, for messages. Raises NotConnected."""
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes of the environment or the terminal that Python could not read
        message = f"{name} is not UTF-8 text: that is no secret"
        raise NotConnected(message) from None
    return _command(text.removeprefix(COMMAND), name) if text.startswith(COMMAND) else text


def _file(path: str, name: str) -> str:
    try:
        with Path(path).expanduser().open(encoding="utf-8") as stream:
            text = stream.read(LONGEST + 1).strip()
    except (OSError, ValueError, RuntimeError):  # a null byte, no UTF-8; `~` of a user there is not
        message = f"the file that {name} names cannot be read as text"
        raise NotConnected(message) from None
    if not text or len(text) > LONGEST:
        message = f"the file that {name} names is {'too long to be a secret' if text else 'empty'}"
        raise NotConnected(message)
    return text


def _command(text: str, name: str) -> str:
    try:
        code, raw = _run(shlex.split(text))
        found = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        message = f"the command in {name} prints no text"
        raise NotConnected(message) from None
    except TimeoutError:
        message = f"the command in {name} did not end within {SECONDS:.0f} s"
        raise NotConnected(message) from None
    except (OSError, ValueError, IndexError):
        message = f"the command in {name} cannot be run: write `cmd:` and a program with its arguments, no shell"
        raise NotConnected(message) from None
    if code or not found:
        what = f"ended with exit code {code}" if code else "printed nothing that could be a secret"
        message = f"the command in {name} {what}"
        raise NotConnected(message)
    return found


def _run(words: list[str]) -> tuple[int, bytes]:
    """Run a command; gives its exit code and what it prints, which is empty if it is too long. Raises OSError, TimeoutError."""
    until, raw = time.monotonic() + SECONDS, b""
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603
    with process:
        output = process.stdout.fileno() if process.stdout is not None else -1
        try:
            while len(raw) <= LONGEST:
                if not select.select([output], [], [], max(until - time.monotonic(), 0.0))[0]:
                    raise TimeoutError
                piece = os.read(output, LONGEST)
                if not piece:
                    return process.wait(max(until - time.monotonic(), 0.0)), raw
                raw += piece
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        finally:
            process.kill()
    return 0, b""
