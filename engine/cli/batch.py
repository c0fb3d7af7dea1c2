"""`habeas batch`: a CSV of people taken in, the plan shown, everybody asked for, and what came of it as a table and a proof."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.assembly import new_folder
from engine.batch.batch_folder import REFUSED, BatchFolder, BatchKey, BatchOptions, make, opened, unmake
from engine.batch.batch_proof import batch_code, write_proof
from engine.batch.cases import check_case
from engine.batch.database import FILE, is_begun
from engine.batch.lent_mark import read_mark
from engine.batch.take_in import TakeIn, TakenPeople
from engine.batch.targets import ALL, BatchTarget, Targets, connected_vendors, kept
from engine.batch.work import BatchWatch, BatchWork
from engine.case.regimes import regime_of
from engine.cli.batch_lent import Lending, brought_home, lending_to, lent, pulled_into
from engine.cli.batch_plan import plan_table
from engine.cli.batch_view import BatchView, status_words
from engine.cli.formatting import print_text, tell, width_of
from engine.cli.progress import is_terminal
from engine.cli.signals import once_then_at_once
from engine.connection.chosen_store import store_of
from engine.connection.digest_key import digest_key
from engine.connection.file_store import FileStore
from engine.connection.state_folder import home
from engine.connection.store import ConnectionStore
from engine.connection.vault import Vault
from engine.core.pace import checked_share
from engine.errors import Exit, InUse, UsageError

GARBAGE_AFTER = 10_000
OPTION = {"regime": "--cases", "vendors": "--vendor", "connections": "--connection"}


class BatchArguments(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `habeas batch`, options that decide results apart."""

    people: Path
    out: Path | None = None
    check: bool = False
    skip_bad: bool = False
    share: float = 0.75
    wait: bool = True
    anyway: bool = False
    dispatch: str | None = None


def batch_command(arguments: BatchArguments, options: BatchOptions) -> Exit:
    """Take the people in, and ask for all of them. Raises HabeasError; nothing was sent then, or it is said what was."""
    now, vault = datetime.now(UTC), Vault(home())
    checked_share(arguments.share)
    out = arguments.out or new_folder(now)
    if arguments.dispatch is not None and not arguments.wait:
        message = "--no-wait is for people who are asked from here: leave it out, workers wait for their turn"
        raise UsageError(message)
    lending = lending_to(arguments.dispatch, out) if arguments.dispatch is not None else None
    options = _checked(options, vault, lending.store if lending else None)
    known = is_begun(out / FILE)
    if known:
        folder = opened(out, vault.home)
        _same_options(folder.options, options)
        key = folder.key(vault.keys)
        folder.database.run("begin immediate")
    else:
        if not arguments.check:
            asyncio.run(FileStore(vault).ready())
        folder, key = make(out, vault, options, now, trial=arguments.check)
    try:
        targets = Targets(options, folder.created, lending.store if lending else None)
        taken = _taken(folder, key, targets, arguments)
        if arguments.check:
            if (mark := read_mark(out)) is not None:
                pulled_into(folder, mark)
            asked = kept(folder.database, targets, anyway=arguments.anyway)
            planned = plan_table(folder, list(asked.values()), arguments.share, width_of(sys.stdout))
        folder.database.run("rollback" if arguments.check else "commit")
    except BaseException:
        unmake(folder) if not known else folder.database.run("rollback")
        raise
    for words in taken.words(trial=arguments.check):
        print_text(words, err=True)
    folder.database.close()
    if not arguments.check:
        return _worked(out, key, arguments, lending)
    print_text(f"{planned}\nNothing was sent and nothing was kept: leave --check out to begin.")
    return Exit.COMPLETE


def resume_batch(path: Path, *, share: float = 0.75, wait: bool = True, anyway: bool = False) -> Exit:
    """Go on with a batch, without its CSV. Raises HabeasError."""
    vault = Vault(home())
    folder = opened(path, vault.home)
    key = folder.key(vault.keys)
    folder.database.close()
    return _worked(path, key, BatchArguments(people=path, out=path, share=checked_share(share), wait=wait, anyway=anyway))


def _worked(out: Path, key: BatchKey, arguments: BatchArguments, lending: Lending | None = None) -> Exit:
    folder = opened(out, home())
    try:
        mark = read_mark(out) if lending is None else None
        if mark is not None and not brought_home(folder, mark):
            return Exit.INCOMPLETE
        targets = kept(
            folder.database, Targets(folder.options, folder.created, lending.store if lending else None), anyway=arguments.anyway
        )
        if not targets:
            message = f"{out}: nobody is in this batch"
            raise UsageError(message)
        if lending is not None:
            return asyncio.run(lent(folder, key, lending, targets, arguments.share))
        print_text(plan_table(folder, list(targets.values()), arguments.share, width_of(sys.stderr)), err=True)
        with _swept_often():
            return asyncio.run(_asked(folder, key, targets, arguments))
    finally:
        folder.database.close()


@contextmanager
def _swept_often() -> Iterator[None]:
    """Look for garbage often enough that a person's run is gone before many others have ended; a single run looks hardly ever."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _asked(folder: BatchFolder, key: BatchKey, targets: Mapping[str, BatchTarget], arguments: BatchArguments) -> Exit:
    view = BatchView(folder, sys.stderr)
    watch = BatchWatch(ended=view.ended, told=view.told, waiting=view.waiting)
    async with folder.alone():
        if read_mark(folder.path) is not None:
            message = f"{folder.path} was lent to workers just now: habeas status {folder.path} shows how far they are"
            raise InUse(message)
        work = BatchWork(folder, key, arguments.share, watch)
        _on_signals(work)
        showing = asyncio.create_task(view.watch(work)) if is_terminal(sys.stderr) else None
        try:
            await work.run(targets, wait=arguments.wait)
        finally:
            if showing is not None:
                showing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await showing
            code = batch_code(folder, work.stopping.code)
            write_proof(folder, datetime.now(UTC), code)
    if work.cases is not None and (words := work.cases.words()) is not None:
        print_text(words, err=True)
    print_text(status_words(folder, width_of(sys.stdout)))
    return code


def _on_signals(work: BatchWork) -> None:
    """Ctrl-C once: nobody new is asked for, and what is under way ends with a manifest; twice: at once."""

    def stop(code: Exit) -> None:
        work.stop(code)
        tell("Stopping: requests under way end, and manifests are written. Once more ends it at once.\n", sys.stderr)

    once_then_at_once(stop)


def _checked(options: BatchOptions, vault: Vault, store: ConnectionStore | None) -> BatchOptions:
    """Check what was chosen for all people. Raises UsageError."""
    if options.regime is not None:
        regime_of(options.regime)
        digest_key(vault.home)
    if options.regime is not None and options.pack:
        message = "--cases takes folders in, and --pack leaves none: choose one"
        raise UsageError(message)
    vendors = connected_vendors(asyncio.run((store or store_of()).names())) if options.vendors == (ALL,) else options.vendors
    return msgspec.structs.replace(options, vendors=vendors)


def _same_options(before: BatchOptions, now: BatchOptions) -> None:
    """See that a batch goes on as it began. Raises UsageError."""
    told = {name: (getattr(before, name), getattr(now, name)) for name in BatchOptions.__struct_fields__}
    other = [name for name, (then, wanted) in told.items() if then != wanted]
    if other:
        words = ", ".join(OPTION.get(name, f"--{name}") for name in other)
        message = f"the batch was begun with another {words}: give what it was begun with, or begin a new one with another --out"
        raise UsageError(message)


def _taken(folder: BatchFolder, key: BatchKey, targets: Targets, arguments: BatchArguments) -> TakenPeople:
    def bear(line: object, person: object) -> None:
        if folder.options.regime is not None:
            check_case(folder, line.request, person)  # type: ignore[attr-defined, arg-type]

    refused = folder.path / REFUSED if arguments.skip_bad and not arguments.check else Path("/dev/null") if arguments.skip_bad else None
    with _stream(arguments.people) as stream:
        return TakeIn(folder, key, targets, bear).read(stream, refused)


def chosen_vendors(named: tuple[str, ...], every: str | None) -> tuple[str, ...]:
    """Read `--vendor` and `--vendors`. Raises UsageError."""
    if every not in (None, ALL):
        message = f"--vendors {every}: only `all` is known, which means every vendor with a connection; name single ones with --vendor"
        raise UsageError(message)
    if every is not None and named:
        message = "--vendor and --vendors all: choose one"
        raise UsageError(message)
    return (ALL,) if every is not None else named


def addresses(words: tuple[str, ...]) -> dict[str, str]:
    """Read `--at VENDOR=URL`. Raises UsageError."""
    found = dict(text.partition("=")[::2] for text in words)
    wrong = next((text for text in words if "=" not in text), None)
    if wrong is not None:
        message = f"--at {wrong}: write VENDOR=URL, such as zoom=http://127.0.0.1:8917"
        raise UsageError(message)
    return found


@contextmanager
def _stream(people: Path) -> Iterator[BinaryIO]:
    """Open the CSV; `-` is standard input. Raises UsageError."""
    if str(people) == "-":
        if sys.stdin is None:
            message = "standard input is closed: name the CSV, or pipe it in"
            raise UsageError(message)
        yield sys.stdin.buffer
        return
    try:
        stream = people.open("rb")
    except OSError as error:
        message = f"{people} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    with stream:
        yield stream
