"""Read a Maildir: each mail once; what was read is moved from `new` to `cur`, flagged where a person has to read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from engine.errors import HabeasError, UsageError
from engine.owners.take_in import MailTaken, questions, take_mail

MOST = 1 << 28  # bytes of a mail


def is_maildir(path: Path) -> bool:
    """Whether a folder is a Maildir."""
    return (path / "new").is_dir() and (path / "cur").is_dir()


def read_file(path: Path) -> bytes:
    """Read a mail's file. Raises UsageError where it cannot be, or is larger than any mail."""
    try:
        if path.is_symlink() or not path.is_file():
            message = f"{path} is no file"
            raise UsageError(message)
        if path.stat().st_size > MOST:
            message = f"{path} is larger than 256 MB: take its files out, and give them with habeas contact answer --file"
            raise UsageError(message)
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise UsageError(message) from None


def take_maildir(home: Path, maildir: Path, now: datetime, by: str | None = None) -> Iterator[tuple[str, MailTaken | HabeasError]]:
    """Take every mail in, those in `new` and those that a mail program has moved to `cur`; gives the file's name with what it was.

    Of `cur` only what belongs to a question and was not taken in yet is told. Raises UsageError where there is no Maildir.
    """
    if not is_maildir(maildir):
        message = f"{maildir} is no Maildir: it has no folders new and cur"
        raise UsageError(message)
    known = questions(home, by)
    for folder in ("cur", "new"):
        for path in sorted((maildir / folder).iterdir()):
            if path.name.startswith("."):
                continue
            try:
                took: MailTaken | HabeasError = take_mail(home, read_file(path), now, known, by)
            except HabeasError as error:
                took = error
            if folder == "new" or not _known(took):
                yield path.name, took
            if folder == "new" and isinstance(took, MailTaken):
                flags = "FS" if took.read else "S"
                with suppress(OSError):  # somebody else moved it: it is not taken in twice
                    path.rename(maildir / "cur" / f"{path.name.partition(':')[0]}:2,{flags}")


def _known(took: MailTaken | HabeasError) -> bool:
    """Whether what lies in `cur` was told before, or belongs to nothing."""
    return isinstance(took, MailTaken) and ("was taken in before" in took.said or "nothing was" in took.said)
