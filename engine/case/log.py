"""The log of a case: one JSON object a line, each chained to the line before by its sha256; appended under a lock and synced to the disk.

A line is `{"n", "at", "by", "did", ..., "prev"}`. `log.head` beside it repeats the number and sha256 of the last line, so that a log
that lost its end is noticed; it is written after the line, so it may be one line behind. A half last line is what a killed process
left: nothing depends on it yet, so it is cut off, and that is said.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from engine.case.acts import START, Act, LogLine, act_of, written
from engine.connection.lock_queue import FILE
from engine.connection.private_files import PART, cannot_write, read_private, write_private
from engine.core.window import rfc3339
from engine.errors import HabeasError, UsageError

LOG, HEAD = "log.jsonl", "log.head"
MOST = 1 << 28  # bytes: a million acts


class BrokenLog(UsageError):
    """The chain does not hold. The message names the line; nothing was changed."""


class Stale(UsageError):
    """Somebody else acted since the case was read; `since` are their acts."""

    def __init__(self, since: tuple[LogLine, ...]) -> None:
        """Say what changed."""
        told = "; ".join(f"{one.n} {one.act.__struct_config__.tag} by {one.by}" for one in since)
        super().__init__(f"the case was changed meanwhile ({told}): look at it again, then repeat the command; nothing was written")
        self.since = since


class Log(msgspec.Struct, frozen=True):
    """What was read: the lines, and how many bytes of a half last line were found behind them."""

    lines: tuple[LogLine, ...]
    half: int = 0

    @property
    def head(self) -> tuple[int, str]:
        """Give the number and sha256 of the last line."""
        return (self.lines[-1].n, self.lines[-1].sha256) if self.lines else (0, START)


def read(folder: Path) -> Log:
    """Read a case's log and check its chain. Raises BrokenLog, NotConnected if the file is not private.

    The head is read first: whoever acts meanwhile writes it last, so it never names a line that is not read.
    """
    head = read_private(folder / HEAD)
    raw = read_private(folder / LOG, MOST)
    if raw is None:
        message = f"{folder / LOG} is missing: this is no case, or its log was moved; nothing was changed"
        raise BrokenLog(message)
    whole, newline, half = raw.rpartition(b"\n")
    log = Log(tuple(chained(whole.split(b"\n"), folder / LOG)) if newline else (), len(half))
    _check_head(log, folder, head or f"0 {START}".encode())
    return log


def chained(raw: list[bytes], where: Path | str) -> Iterator[LogLine]:
    """Read lines, each of which must follow the one before. Raises BrokenLog, which names the line."""
    before = START
    for n, text in enumerate(raw, 1):
        try:
            body = msgspec.json.decode(text)
            if body["n"] != n or body["prev"] != before:
                message = f"{where}:{n}: does not follow the line before it: a line was changed, removed or added here or one line above"
                raise BrokenLog(message)
            act, at = act_of(body), datetime.fromisoformat(body["at"]).astimezone(UTC)
            before = hashlib.sha256(text).hexdigest()
            yield LogLine(n=n, at=at, by=str(body["by"]), act=act, sha256=before)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, ValueError, TypeError, KeyError, RecursionError):
            message = f"{where}:{n}: is no act that this version can read: the line was changed, or a newer Habeas wrote it"
            raise BrokenLog(message) from None


def _check_head(log: Log, folder: Path, head: bytes) -> None:
    """Compare with `log.head`: the log must hold at least what it names. Raises BrokenLog."""
    try:
        n, sha256 = head.decode().split()
        number = int(n)
    except ValueError:
        return
    held = log.lines[number - 1].sha256 if 0 < number <= len(log.lines) else None
    if number and held != sha256:
        what = (
            f"ends at line {len(log.lines)}, and {number} were written" if held is None else f"holds another line {number} than was written"
        )
        message = f"{folder / LOG}:{min(number, len(log.lines) + 1)}: the log {what}: bring it back from a backup"
        raise BrokenLog(message)


def create(folder: Path, done: list[Act], by: str, now: datetime) -> None:
    """Begin a log with its first acts. Raises UsageError if there is one, DiskError, OutputError."""
    path = folder / LOG
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE))
    except FileExistsError:
        message = f"{folder.name} exists already"
        raise UsageError(message) from None
    except OSError as error:
        raise cannot_write(path, error) from None
    append(folder, 0, done, by, now)


def append(
    folder: Path, seen: int, added: list[Act], by: str, now: datetime, doing: AbstractContextManager[object] | None = None
) -> list[LogLine]:
    """Add acts behind act number `seen`, which must be the last one. Raises Stale, BrokenLog, DiskError, OutputError.

    `doing` is what the acts tell of: it is entered while nobody else can act, and left with an error where they could not be written.
    """
    with _locked(folder / LOG) as file:
        log = read(folder)
        if log.head[0] != seen:
            raise Stale(log.lines[seen:])
        try:
            if log.half:
                os.ftruncate(file, os.fstat(file).st_size - log.half)
            with doing or nullcontext():
                return _appended(file, folder, log, added, by, now)
        except OSError as error:
            raise cannot_write(folder / LOG, error) from None


def _appended(file: int, folder: Path, log: Log, added: list[Act], by: str, now: datetime) -> list[LogLine]:
    """Write lines through to the disk, all or none of them: what a full disk took half is cut off again. Raises OSError."""
    before, made, raw = log.head[1], list[LogLine](), b""
    moment = datetime.fromisoformat(rfc3339(now))
    for n, act in enumerate(added, log.head[0] + 1):
        text = written(n, moment, by, act, before)
        before = hashlib.sha256(text).hexdigest()
        made.append(LogLine(n=n, at=moment, by=by, act=act, sha256=before))
        raw += text + b"\n"
    end = os.lseek(file, 0, os.SEEK_END)
    try:
        view = memoryview(raw)
        while view:
            view = view[os.write(file, view) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise
    with suppress(HabeasError, OSError):  # the acts are on the disk and hold: the head stays a line behind, and the next act mends it
        for left in folder.glob(f"{HEAD}.*{PART}"):  # by a killed process: whoever writes one holds the lock
            left.unlink(missing_ok=True)
        write_private(folder / HEAD, f"{made[-1].n} {before}\n".encode())
    return made


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open the log for writing, alone: an append takes milliseconds, so whoever comes second waits. Raises OutputError, UsageError."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        message = f"{path} is missing: this is no case, or its log was moved; nothing was changed"
        raise BrokenLog(message) from None
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def checked(folder: Path) -> tuple[Log | None, list[str]]:
    """Walk a log: give it, and what is wrong with it as sentences, each with the line's number."""
    try:
        log = read(folder)
    except HabeasError as error:
        return None, [str(error)]
    half = [f"{folder / LOG}:{len(log.lines) + 1}: a half line of {log.half} bytes: what a killed command left; the next act cuts it off"]
    return log, half if log.half else []
