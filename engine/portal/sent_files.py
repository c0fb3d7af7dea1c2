"""Files that a form sent, as the shell would find them on the disk; errors call them by the names that they had where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from engine.case.take import DOWNLOADED, RECORDS
from engine.connection.private_files import FOLDER, cannot_write
from engine.errors import HabeasError, UsageError
from engine.portal.asked import UploadedFile
from engine.sink import MANIFEST


@contextmanager
def told_as(path: Path, name: str) -> Iterator[None]:
    """Let an error call a file, or a folder, by its own name: where it lies here is nobody's business."""
    try:
        yield
    except HabeasError as error:
        raise type(error)(str(error).replace(f"{path}/", "").replace(str(path), name)) from None


def sent_run(files: Sequence[UploadedFile], folder: Path) -> Path:
    """Lay the files of a run out as they lay in its folder, in a new one; what no run writes stays aside.

    Raises UsageError where they hold no run or several, OutputError, DiskError.
    """
    paths = [(PurePosixPath(one.claimed), one.path) for one in files]
    tops = [claimed.parent for claimed, _ in paths if claimed.name == MANIFEST]
    if len(tops) != 1:
        what = "several runs lie" if tops else f"no {MANIFEST} lies"
        message = f"{what} in the folder that was sent: choose the folder of one run that came to its end; nothing was taken"
        raise UsageError(message)
    inside = {str(claimed.relative_to(tops[0])): path for claimed, path in paths if claimed.is_relative_to(tops[0])}
    try:
        for name, path in inside.items():
            if name == MANIFEST or ((RECORDS.fullmatch(name) or DOWNLOADED.fullmatch(name)) and ".." not in name):
                (folder / name).parent.mkdir(mode=FOLDER, parents=True, exist_ok=True)
                path.rename(folder / name)
    except OSError as error:
        raise cannot_write(folder, error) from None
    return folder
