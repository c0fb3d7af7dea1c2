"""The folder of a batch that all workers see: whether this machine really sees it, and where an owner's own files lie in it.

What an owner makes bears its token. What no row names, of an older token than one's own, was left by somebody who is owner no more: it
is deleted. What bears a newer one is another owner's, and is left alone.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from engine.batch.batch_folder import FOLDER, OF, PEOPLE, PRIVATE, WORK, label_of
from engine.batch.lent_mark import read_mark
from engine.batch.results import PACKED
from engine.cluster.people import LeasedPerson, LentBatch, made_in, may_be_kept, place_in
from engine.errors import FULL, DiskError, HabeasError, OutputError, UsageError
from engine.language.text.spec_name import REQUEST_NAME

TOKENED = re.compile(rf"[0-9]+\.[0-9]+|.+{re.escape(OF)}[0-9]+(?:\.[0-9]+)?(?:{re.escape(PACKED)})?")


def check_shared(batch: LentBatch) -> None:
    """See that a batch's folder is here, is that of the batch, and takes files. Raises UsageError, DiskError."""
    folder = Path(batch.folder)
    mark = read_mark(folder)
    if mark is None or mark.batch != batch.id:
        message = f"{folder} is not the folder of this batch here: it must be one folder that every worker sees under this path"
        raise OutputError(message)
    try:
        (folder / WORK).mkdir(mode=FOLDER, exist_ok=True)
        try_out(folder / WORK / f".{secrets.token_hex(4)}")
    except OSError as error:
        raise _refused(folder, error) from None


def try_out(probe: Path) -> None:
    """Write a little file that has no name any more, so that a kill leaves none. Raises OSError."""
    with os.fdopen(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE), "wb") as file:
        probe.unlink()
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())


def _refused(folder: Path, error: OSError) -> HabeasError:
    if error.errno in FULL:
        return DiskError(f"{folder} is full: make room there")
    return OutputError(f"{folder} cannot be written here ({error.strerror}): every worker must be able to write it")


def made_of(batch: LentBatch, person: LeasedPerson) -> Path:
    """Give where a person's run is made."""
    return Path(batch.folder) / made_in(person.id, person.token)


def place_of(batch: LentBatch, person: LeasedPerson) -> Path:
    """Give where a person's result goes."""
    return Path(batch.folder) / place_in(person.request, person.connection, person.token, (person.folder, *person.earlier))


def _check_names(person: LeasedPerson) -> None:
    """See that a row leads to no place but its own. Raises UsageError."""
    kept = person.kept is None or may_be_kept(person.kept)
    if not kept or not REQUEST_NAME.fullmatch(person.request):
        message = "the row names a folder that is not its own: somebody edited it; put the database's backup back"
        raise UsageError(message)


def make_ready(batch: LentBatch, person: LeasedPerson) -> None:
    """Delete what earlier owners left of a person, and take over a run that was kept. Raises UsageError, DiskError, OutputError."""
    _check_names(person)
    folder, made = Path(batch.folder), made_of(batch, person)
    try:
        made.parent.mkdir(mode=FOLDER, exist_ok=True)
        if person.kept is not None and (folder / person.kept).is_dir():
            (folder / person.kept).rename(made)
        for path in _of(made.parent, f"{person.id}.", person.token):
            dropped(path)
        named = {folder / name for name in (person.folder, *person.earlier) if name is not None}
        place = place_of(batch, person)
        for path in _of(place.parent, f"{label_of(person.connection)}{OF}", person.token + 1):
            if path not in named:  # one of this number was made by a try that broke off, or before the database was put back
                dropped(path)
    except OSError as error:
        raise _refused(folder, error) from None


def _of(folder: Path, start: str, token: int) -> Iterator[Path]:
    """Give what lies in a folder under a name that an older token made."""
    for path in list(folder.iterdir()) if folder.is_dir() else ():
        number = path.name.removeprefix(start).removesuffix(PACKED).partition(".")[0]
        if path.name.startswith(start) and number.isascii() and number.isdigit() and int(number) < token:
            yield path


def dropped(path: Path) -> None:
    """Delete what is nobody's result."""
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True) if path.is_file() else None


def lying(folder: Path) -> set[str]:
    """Give what workers have made below a batch's folder, whoever it belongs to."""
    made = [*(folder / WORK).glob("*.*"), *(folder / PEOPLE).glob(f"*/*{OF}*")]
    return {str(path.relative_to(folder)) for path in made if TOKENED.fullmatch(path.name)}
