"""The exceptions of Habeas, by whose fault it is, and the exit code that each leads to.

    HabeasError                  1  a defect of Habeas, if nothing below fits
    |-- UsageError               2  the operator: a command line that cannot be carried out
    |-- SpecError                2  the author: mistakes in a spec, all of them at once
    |-- OutputError              2  the operator: a new file or run folder that exists or cannot be made
    |-- DiskError                3  the machine: no room left while writing
    |-- Unreachable              3  the vendor or the network: no answer now
    |-- InUse                    3  the operator: another process uses the connection, for too long or with --no-wait
    |-- NotConnected             4  the operator: no credential, or one the vendor refuses
    `-- Refused                  5  the person's safety: an unsafe identifier

What a vendor does wrong is no exception: it becomes an outcome in `core/ledger` (exit 3 or 5), because what was received
before it must still be delivered. No message holds a secret, an identifier or a record.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path


class Exit(IntEnum):
    """The exit code of a command; when several apply: 130 or 143, then 1, 5, 4, 3."""

    COMPLETE = 0
    DEFECT = 1
    USAGE = 2
    INCOMPLETE = 3
    NOT_CONNECTED = 4
    REFUSED = 5
    INTERRUPTED = 130
    CLOSED = 141
    TERMINATED = 143


EXPLAINED = {
    Exit.COMPLETE: "complete as asked; a proven `no_match` is complete, and says so",
    Exit.DEFECT: "a defect of Habeas: please report it",
    Exit.USAGE: "wrong usage, a spec with mistakes, a result folder that exists or cannot be written",
    Exit.INCOMPLETE: "incomplete: something is denied, partial or failed, or the vendor cannot be reached; everything else is delivered",
    Exit.NOT_CONNECTED: "not connected, or the credential is missing, dead or refused: the message is the one command that mends it",
    Exit.REFUSED: "refused for the person's safety: an unsafe identifier, somebody else answered, or several did",
    Exit.INTERRUPTED: "interrupted (Ctrl-C); what was fetched is kept and stated",
    Exit.CLOSED: "nobody reads standard output any more, such as behind `| head`; `run` and `record` go on and end with their own code",
    Exit.TERMINATED: "ended by SIGTERM, SIGHUP or SIGQUIT; what was fetched is kept and stated",
}


WORST = (Exit.INTERRUPTED, Exit.TERMINATED, Exit.DEFECT, Exit.REFUSED, Exit.NOT_CONNECTED, Exit.INCOMPLETE, Exit.USAGE, Exit.COMPLETE)


def worst(codes: Iterable[Exit]) -> Exit:
    """Give the exit code of several."""
    return min(codes, key=WORST.index, default=Exit.COMPLETE)


class HabeasError(Exception):
    """An error whose message is a sentence for the person who called the command."""

    exit_code: Exit = Exit.DEFECT

    def show(self, _width: int) -> str:
        """Give the message for a terminal of this width; its sentences are broken when they are printed."""
        return str(self)


class UsageError(HabeasError):
    """The command cannot be carried out as it was typed."""

    exit_code = Exit.USAGE


class OutputError(UsageError):
    """A new file or run folder exists already or cannot be made; nothing was sent."""


class DiskError(HabeasError):
    """The disk refuses a write, mostly because it is full; what was written before is kept."""

    exit_code = Exit.INCOMPLETE


class Unreachable(HabeasError):
    """The vendor cannot be reached at the moment; nothing was changed."""

    exit_code = Exit.INCOMPLETE


class InUse(HabeasError):
    """Another process uses the connection, and the caller would not wait, or no longer; nothing was sent."""

    exit_code = Exit.INCOMPLETE


class NotConnected(HabeasError):
    """There is no credential that works; the message names the command that mends it."""

    exit_code = Exit.NOT_CONNECTED


class Refused(HabeasError):
    """To go on could reach another person's data; nothing was sent."""

    exit_code = Exit.REFUSED


def defect(error: BaseException) -> str:
    """Describe an unexpected exception by its type and the line of our code it passed last; its text could hold personal data."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    place = "an unknown place"
    traceback = error.__traceback__
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if "engine" in Path(name).parts:
            place = f"{Path(name).parent.name}/{Path(name).name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"a defect of ours ({type(error).__name__} at {place})"


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def disk_error(error: OSError) -> DiskError:
    """Turn an error of the operating system into a DiskError that says whether the disk is full."""
    if error.errno in FULL:
        return DiskError("the disk is full: make room, then run again; what was fetched before is kept")
    return DiskError(f"the disk refused a write ({error.strerror or 'unknown reason'}); what was fetched before is kept")
