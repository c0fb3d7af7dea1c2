"""What takes long is a process of its own, that outlives the portal: a fetch at the vendors of a case, or the making of its package.

Its order and what it said so far lie in the case, `.errands/<kind>.jsonl`. The file is locked (flock(2)) from before the process is
begun until it ends, so that every portal sees whether it lives, and none begins a second one.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

import engine
from engine.case.folder import OpenCase
from engine.case.slipped import SlippedValue
from engine.connection.lock_queue import FILE
from engine.connection.private_files import cannot_write, prepare, read_private
from engine.decoding import decoder
from engine.errors import InUse, OutputError, UsageError

ErrandKind = Literal["run", "build"]
FOLDER = ".errands"
MOST = 1 << 22  # bytes that are read of what it said
TRIES, MOMENT = 5, 0.02  # seconds


class ErrandOrder(msgspec.Struct, frozen=True):
    """What is to be done, for whom, and by whom it was begun; the first line of the file."""

    home: str
    reference: str
    kind: ErrandKind
    began: datetime
    by: str | None = None
    vendors: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    files: bool = False


class ErrandLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was said of it; with `ended` the last thing it says, whether all went well; the first names its process.

    `kind`: it is about one kind of record. `slipped`: what of a package that was not made would have left although it is withheld.
    """

    said: str
    at: datetime
    ended: bool | None = None
    process: int | None = None
    kind: bool = False
    slipped: tuple[SlippedValue, ...] = ()


class Errand(msgspec.Struct, frozen=True):
    """An errand as its file tells: its order, what it said, and whether it is under way."""

    order: ErrandOrder
    lines: tuple[ErrandLine, ...]
    lives: bool

    @property
    def went_well(self) -> bool | None:
        """Whether it ended well; None where it never said so: it is under way, or was killed."""
        return next((line.ended for line in reversed(self.lines) if line.ended is not None), None)

    @property
    def shown(self) -> list[ErrandLine]:
        """Give what it said, without what the heading says; once it has ended, without that of single kinds of record."""
        said = [line for line in self.lines if line.process is None and (line.ended is None or (line.said and not self.went_well))]
        return [line for line in said if self.lives or not line.kind]

    @property
    def kinds(self) -> list[ErrandLine]:
        """Give what it said of kinds of record, once it has ended."""
        return [line for line in self.lines if line.kind and not self.lives]


def path_of(case: OpenCase, kind: ErrandKind) -> Path:
    """Give the file of an errand."""
    return case.folder / FOLDER / f"{kind}.jsonl"


def begin(case: OpenCase, order: ErrandOrder) -> None:
    """Begin a process that does it. Raises InUse where one is under way, DiskError, OutputError."""
    path = path_of(case, order.kind)
    prepare(path.parent)
    file = _locked(path)
    try:
        os.ftruncate(file, 0)
        os.write(file, msgspec.json.encode(order) + b"\n")
        command = [sys.executable, "-P", "-m", "engine.portal.errand_process"]
        nothing = subprocess.DEVNULL
        process = subprocess.Popen(  # noqa: S603  our own module, with nothing that somebody typed
            [*command, str(file)],
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            pass_fds=(file,),
            env=_environment(order),
            start_new_session=True,
        )
        threading.Thread(target=process.wait, daemon=True).start()  # it may outlive us; where it does not, no dead process is left
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        os.close(file)


def _environment(order: ErrandOrder) -> dict[str, str]:
    """Give the environment of the portal, in which the engine is found where it lies."""
    here = str(Path(engine.__file__).parent.parent)
    return {**os.environ, "HABEAS_HOME": order.home, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))}


def _locked(path: Path) -> int:
    """Open the file of an errand that is not under way. Raises InUse, OutputError, DiskError."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
    except OSError as error:
        raise cannot_write(path, error) from None
    for _ in range(TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        time.sleep(MOMENT)  # who only looks whether it lives holds it for a moment, too
    os.close(file)
    message = "it is under way already: wait until it has ended; nothing was begun"
    raise InUse(message)


def read_errand(case: OpenCase, kind: ErrandKind) -> Errand | None:
    """Read how far an errand is; None where there was none. Raises OutputError where its file is damaged."""
    path = path_of(case, kind)
    lives = _lives(path)
    raw = read_private(path, MOST)
    if not raw:
        return None
    first, *others = raw.rpartition(b"\n")[0].split(b"\n")
    try:
        return Errand(decoder(ErrandOrder).decode(first), tuple(decoder(ErrandLine).decode(line) for line in others), lives)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = f"{path} is damaged: delete it; nothing hangs on it"
        raise OutputError(message) from None


def stop(case: OpenCase, kind: ErrandKind, by: str, now: datetime) -> None:
    """Ask a process to end, and say in its file who did. Raises UsageError where none is under way, DiskError, OutputError."""
    errand, path = read_errand(case, kind), path_of(case, kind)
    process = next((line.process for line in errand.lines if line.process is not None), None) if errand is not None else None
    if errand is None or not errand.lives or process is None:
        message = "nothing is under way that could be stopped: it ended meanwhile, or has not quite begun; look again"
        raise UsageError(message)
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.write(file, msgspec.json.encode(ErrandLine(f"{by} stops it: what came until now is kept", now)) + b"\n")
        finally:
            os.close(file)
    except OSError as error:
        raise cannot_write(path, error) from None
    with suppress(ProcessLookupError):  # it ended meanwhile
        os.kill(process, signal.SIGTERM)


def _lives(path: Path) -> bool:
    """Whether a process holds the file."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
