"""Write a new file: whole, or not there at all, and never over another one.

One rule for what can go wrong: a name that is taken or a place that cannot be written to is the operator's to mend
(OutputError, exit 2); a disk that takes no more is the machine's (DiskError, exit 3).
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import FULL, HabeasError, OutputError, disk_error

READABLE = 0o666  # what the umask leaves of it
ANOTHER_FILE = "name another file with --out"


def check_name_is_free(path: Path) -> None:
    """See that nothing has this name, a link that leads nowhere included. Raises OutputError."""
    if os.path.lexists(path):
        raise _taken(path)


def write_new(path: Path, text: str, mode: int = READABLE) -> None:
    """Write a text as UTF-8 into a new file and onto the disk; where that fails or is interrupted, no file is left.

    Raises OutputError where the name is taken or the file cannot be made, DiskError where the disk takes no more.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise not_made(path, error, ANOTHER_FILE) from None
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise disk_error(error) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def not_made(path: Path, error: OSError, instead: str) -> HabeasError:
    """Say why a file or folder could not be made: DiskError where the disk is full, else OutputError with what to do instead."""
    if error.errno in FULL:
        return disk_error(error)
    return OutputError(f"{path} cannot be made ({error.strerror}): {instead}")


def _taken(path: Path) -> OutputError:
    return OutputError(f"{path} exists already and is not overwritten: {ANOTHER_FILE}")
