"""Make a cassette on disk from a recorded run: replace, prove, replay, compare, prove again, write. All of it or nothing; sends nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from engine.anonymise.capture import Captured, compose
from engine.anonymise.proof import prove
from engine.cassettes.cassette import EXPECTED, MOST_CASSETTE, MOST_FILE, Cassette, read_cassette
from engine.cassettes.expected import expected_files
from engine.cassettes.replay import Replayed, replay
from engine.core.ledger import Entry
from engine.errors import Exit, HabeasError, OutputError, UsageError
from engine.language.text.mistakes import counted
from engine.new_file import not_made, write_new
from engine.runner import Report
from engine.sink import PRIVATE_FILE, PRIVATE_FOLDER

MOST_SHOWN = 8
MIB = 1024 * 1024


class NotRepeatable(HabeasError):
    """The recorded run does not end in the same way when replayed; nothing was written."""

    exit_code = Exit.INCOMPLETE


class Made(Struct, frozen=True):
    """A written cassette: its folder, the number of its recordings, its size in bytes."""

    folder: Path
    exchanges: int
    size: int


def finish(captured: Captured, report: Report, silent: int, key: bytes, target: Path) -> Made:
    """Write the cassette to the new folder `target`. `silent` counts the requests of the run without an answer.

    Raises HabeasError; then nothing is written.
    """
    try:
        composed = compose(captured, key)
    except RecursionError:
        message = "nothing was written: an answer is nested deeper than a cassette can be; leave its endpoint out with --without"
        raise NotRepeatable(message) from None
    _check_size(composed.texts)
    prove(composed, composed.texts, target.name)
    with draft(target) as folder:
        fill(folder, composed.texts)
        cassette, findings = read_cassette(folder)
        if cassette is None:
            message = f"nothing was written: what was recorded is no cassette ({findings[0].mistake.message})"
            raise NotRepeatable(message)
        replayed = _replayed(captured, cassette, report, silent)
        expected = {f"{EXPECTED}/{name}": raw.decode() for name, raw in expected_files(replayed).items()}
        _check_size(expected)
        prove(composed, expected)
        fill(folder, expected)
        publish(folder, target)
    size = sum(len(text.encode()) for text in (*composed.texts.values(), *expected.values()))
    return Made(target, len(captured.exchanges), size)


def _check_size(texts: Mapping[str, str]) -> None:
    """Raise UsageError for texts that are larger than `check` reads."""
    sizes = {name: len(text.encode()) for name, text in texts.items()}
    large = [name for name, size in sizes.items() if size > MOST_FILE]
    if large:
        message = (
            f"nothing was written: {large[0]} is over {MOST_FILE // MIB} MiB: leave its endpoint out with --without, or narrow --since"
        )
        raise UsageError(message)
    if sum(sizes.values()) > MOST_CASSETTE:
        message = f"nothing was written: the cassette is over {MOST_CASSETTE // MIB} MiB: record less with --only or --since"
        raise UsageError(message)


def _replayed(captured: Captured, cassette: Cassette, report: Report, silent: int) -> Replayed:
    """Replay the cassette. Raises NotRepeatable where it ends in another way than the run."""
    replayed = replay(captured.vendor, cassette)
    faults = list(differences(report, replayed))
    if not faults:
        return replayed
    shown = "\n".join(f"  {one}" for one in faults[:MOST_SHOWN])
    more = f"\n  and {len(faults) - MOST_SHOWN} more" if len(faults) > MOST_SHOWN else ""
    why = f"{counted(silent, 'request')} of the run had no answer, which cannot be recorded: record again\n" if silent else ""
    remedy = "leave out with --without what cannot be repeated"
    message = f"nothing was written: replayed, the recording does not end as the run did\n{shown}{more}\n{why}{remedy}"
    raise NotRepeatable(message)


def differences(report: Report, replayed: Replayed) -> Iterator[str]:
    """Say in what a replay differs from the run: the person found, how each endpoint ended, the requests."""
    again = replayed.report
    if again.subject.subject is not report.subject.subject:
        yield f"the person: {report.subject.subject}, replayed {again.subject.subject}"
    if again.exit_code is not report.exit_code:
        yield f"the exit code: {int(report.exit_code)}, replayed {int(again.exit_code)}"
    others = {entry.name: entry for entry in again.entries}
    for entry in report.entries:
        if _compared(entry) != _compared(others[entry.name]):
            yield f"{entry.name}: {_words(entry)}, replayed {_words(others[entry.name])}"
    missed = sorted({request.endpoint.name for request in replayed.unknown})
    if missed:
        yield f"it asks what was not recorded: {', '.join(missed)}"
    if replayed.unused:
        yield f"it does not ask again: {', '.join(one.file.rpartition('/')[2] for one in replayed.unused[:MOST_SHOWN])}"


def _compared(entry: Entry) -> tuple[object, ...]:
    tally = entry.tally
    return entry.outcome, tally.records, tally.pages, tally.duplicates, tally.others, tally.expected


def _words(entry: Entry) -> str:
    return f"{entry.outcome} with {entry.tally.records} records in {entry.tally.pages} pages"


def check_free(target: Path) -> None:
    """Raise OutputError where a folder exists already or cannot be made."""
    if target.exists() or target.is_symlink():
        message = f"{target} exists already: name another --cassette, or remove it first; a cassette is never overwritten"
        raise OutputError(message)
    parent = next((one for one in target.parents if one.exists()), Path())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        message = f"{target} cannot be made: {parent} cannot be written to; name another folder with --out"
        raise OutputError(message)


@contextmanager
def draft(target: Path) -> Iterator[Path]:
    """Give a hidden folder beside the target; it is removed at the end. Raises OutputError, DiskError."""
    try:
        target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise not_made(target, error, "name another folder with --out") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(folder: Path, texts: Mapping[str, str]) -> None:
    """Write texts below a folder, readable for its owner only. Raises OutputError, DiskError."""
    for name, text in texts.items():
        path = folder / name
        try:
            path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise not_made(path.parent, error, "name another folder with --out") from None
        write_new(path, text, PRIVATE_FILE)


def publish(folder: Path, target: Path) -> None:
    """Give a finished folder its name. Raises OutputError where the name was taken meanwhile, DiskError."""
    check_free(target)
    try:
        folder.rename(target)
    except OSError as error:
        raise not_made(target, error, "name another --cassette, or another folder with --out") from None
