"""`habeas status`, `retry`, `cancel`, and `purge` of batches: look at a batch, change states of its people, and delete what it fetched."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from engine import cluster
from engine.batch.batch_folder import PEOPLE, PROOF, REFUSED, WORK, BatchFolder, key_path, opened
from engine.batch.database import FILE
from engine.batch.lent_mark import read_mark
from engine.cli.batch_csv import print_status_csv
from engine.cli.batch_lent import change_in_store, change_lent, folder_named, forget_in_store, seen_batch
from engine.cli.batch_view import EVERY, SeenPace, connection_lines, status_json, status_words
from engine.cli.formatting import people, print_json, print_text, width_of
from engine.cli.live import UNKNOWN, Live
from engine.cli.progress import is_terminal
from engine.cli.until_interrupted import until_interrupted
from engine.connection.private_files import cannot_write
from engine.connection.state_folder import home
from engine.connection.store_address import is_address, shown
from engine.core.window import beginning
from engine.errors import Exit, InUse, UsageError

PAUSE = 10  # times as long as reading a lent batch takes, nothing is read


def status_command(place: str, name: str | None, *, watching: bool, as_json: bool, as_csv: bool) -> Exit:
    """Say how far a batch is, of several that a database has how far each. Raises UsageError, StoreAway."""
    if as_json and as_csv:
        message = "--json and --csv: choose one"
        raise UsageError(message)
    if watching and not is_terminal(sys.stdout):
        message = "--watch draws on a terminal: leave it out, or add --json"
        raise UsageError(message)
    folder, snapshot = seen_batch(place, name)
    if watching:
        asyncio.run(until_interrupted(lambda: _watched(folder, snapshot)))
    if as_json:
        print_json(status_json(folder))
    elif as_csv:
        print_status_csv(folder, sys.stdout)
    else:
        print_text(status_words(folder, width_of(sys.stdout)))
    return Exit.COMPLETE


async def _watched(folder: BatchFolder, snapshot: cluster.Snapshot | None) -> None:
    """Draw a line per connection once a second, until nobody is left or Ctrl-C; a large batch of a database less often."""
    live, paces = Live(sys.stdout), dict[str, SeenPace]()
    while True:
        told = folder.database.all("select name, rate from connection where rate is not null")
        rates = {name: json.loads(rate) for name, rate in list(told)}
        lines = list(connection_lines(folder, rates, paces))
        columns = width_of(sys.stdout) or UNKNOWN[0]
        live.show([line[: columns - 1] for line in lines], columns)
        states = folder.database.by_state()
        if not states["queued"] + states["running"]:
            return
        await asyncio.sleep(EVERY)
        if snapshot is not None:
            began = monotonic()
            await snapshot.refresh()
            await asyncio.sleep(PAUSE * (monotonic() - began))


def retry_command(place: str, name: str | None, request: str | None) -> Exit:
    """Queue those who failed, or one request. Raises UsageError, StoreAway."""
    return _changed(
        place,
        (name, request),
        (
            "update person set state='queued', attempts=0, not_before=null where state in ('failed', 'cancelled', 'queued')",
            "state='failed'",
        ),
        ("retry", "queued", ": the same habeas batch again asks for them", ": workers ask for them"),
    )


def cancel_command(place: str, name: str | None, request: str | None) -> Exit:
    """Cancel those who are queued, or one request. Raises UsageError, StoreAway."""
    back = "; habeas retry takes it back"
    change = "update person set state='cancelled' where state='queued'", "1"
    return _changed(place, (name, request), change, ("cancel", "cancelled", back, back))


def forget_command(place: str, name: str | None, request: str | None) -> Exit:
    """Delete what a database has of a batch whose folder is lost. Raises UsageError, StoreAway."""
    number, under_way = forget_in_store(place, name, request)
    if under_way:
        who = people(under_way, "is", "are")
        print_text(f"{who} under way at workers, all others are cancelled: give the same command again when they have ended.", err=True)
        return Exit.INCOMPLETE
    print_text(f"{shown(place)} has forgotten the batch and its {people(number)}; no file was touched.")
    return Exit.COMPLETE


def _changed(place: str, which: tuple[str | None, str | None], words: tuple[str, str], what: tuple[str, str, str, str]) -> Exit:
    """Change states in a folder, or where its people are lent; `what`: the change, the state, what follows here and there."""
    how, state, here, away = what
    name, request = which
    done = change_in_store(place, name, request, how) if is_address(place) else _changed_away(folder_named(place, name), request, how)
    number, under_way = done or _changed_at_home(Path(place), request, words)
    follows = here if done is None else away
    print_text(f"{people(number)} {state}{follows if number else ''}.")
    if under_way:
        print_text(f"{under_way} under way were left as they are.")
    return Exit.COMPLETE


def _changed_away(path: Path, request: str | None, how: str) -> tuple[int, int] | None:
    """Change states where a folder's people are lent; None where they are at home."""
    folder = opened(path, home())
    try:
        mark = read_mark(path)
        if mark is None:
            return None
        _check_known(folder, request)
        return change_lent(folder, mark, request, how)
    finally:
        folder.database.close()


def _check_known(folder: BatchFolder, request: str | None) -> None:
    if request is not None and not folder.database.count("select count(*) from person where request=?", request):
        message = f"{folder.path}: no request of this batch is called {request}"
        raise UsageError(message)


def _changed_at_home(path: Path, request: str | None, words: tuple[str, str]) -> tuple[int, int]:
    folder = opened(path, home())
    change, unnamed = words
    try:
        if request is None:
            number = folder.database.run(f"{change} and {unnamed}")
        else:
            _check_known(folder, request)
            number = folder.database.run(f"{change} and request=?", request)
        return number, folder.database.by_state()["running"]
    finally:
        folder.database.close()


def purge_batches(paths: tuple[Path, ...], older_than: str, classes: str | None, *, dry: bool) -> Exit:
    """Delete what old batches fetched, and who their people are; proofs stay. Raises UsageError, DiskError."""
    if classes is not None:
        message = "--class is of cases; a batch is purged as a whole: leave it out; nothing was deleted"
        raise UsageError(message)
    try:
        before = beginning(older_than, datetime.now(UTC))
    except ValueError as error:
        message = f"--older-than {older_than}: {error}"
        raise UsageError(message) from None
    if any(is_address(str(path).replace(":/", "://", 1)) for path in paths):  # a path has one slash where an address has two
        message = (
            "purge deletes what lies in folders: name the folder of a batch; habeas cancel URL --batch NAME --forget deletes what a "
            "database has of one whose folder is lost; nothing was deleted"
        )
        raise UsageError(message)
    found = [one for path in paths for one in _batches(path)]
    if not found:
        message = "no batch lies there: name the folder of a batch, or the one in which batches lie"
        raise UsageError(message)
    code = Exit.COMPLETE
    for path in found:
        try:
            print_text(f"{path}: {asyncio.run(_purged(path, before, dry=dry))}")
        except InUse as error:
            print_text(str(error), err=True)
            code = Exit.INCOMPLETE
    return code


def _batches(path: Path) -> list[Path]:
    if (path / FILE).is_file():
        return [path]
    return sorted(one.parent for one in path.glob(f"*/{FILE}"))


async def _purged(path: Path, before: datetime, *, dry: bool) -> str:
    """Purge one batch; gives what was done. Raises InUse, DiskError."""
    folder = opened(path, home())
    try:
        async with folder.alone():
            mark = read_mark(path)
            if mark is not None:
                message = f"{path}: kept, it is lent to {shown(mark.store)}: habeas resume {path} takes it back first"
                raise InUse(message)
            states = folder.database.by_state()
            last = folder.database.one("select coalesce(max(ended_at), '') from person")
            moment = datetime.fromisoformat(str(last[0])) if last is not None and last[0] else folder.created
            if moment > before:
                return f"kept, its last result is of {moment:%Y-%m-%d}"
            if states["queued"] + states["running"]:
                return "kept, people are still queued: go on with it, or habeas cancel it first"
            if not (path / PEOPLE).exists() and not key_path(folder.home, folder.id).exists():
                return "purged already"
            if dry:
                return "would be purged"
            return _emptied(path, folder)
    finally:
        folder.database.close()


def _emptied(path: Path, folder: BatchFolder) -> str:
    try:
        for name in (PEOPLE, WORK):
            if os.path.lexists(path / name):
                shutil.rmtree(path / name)
        (path / REFUSED).unlink(missing_ok=True)
        key_path(folder.home, folder.id).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None
    folder.database.run("update person set identifiers=null, folder=null")
    folder.database.run("delete from identity")
    folder.database.run("update line set content=zeroblob(16)")
    folder.database.run("vacuum")
    return f"purged: results and identifiers are gone, {PROOF} and states stay"
