"""A batch that is lent to workers, on the command line: `batch --dispatch`, its way home, and a batch named by its folder or its database.

What talks to PostgreSQL is imported only where a batch is lent.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from engine import cluster
from engine.batch.batch_folder import BatchFolder, BatchKey, opened
from engine.batch.batch_proof import batch_code, write_proof
from engine.batch.left_behind import recover
from engine.batch.lent_mark import LentMark, check_lent_to, read_mark
from engine.batch.targets import BatchTarget
from engine.cli.batch_plan import plan_table
from engine.cli.batch_view import status_words
from engine.cli.formatting import people, print_text, width_of
from engine.connection.chosen_store import known_address, named_store, needs_driver, shared_store, store_of
from engine.connection.state_folder import home
from engine.connection.store import ConnectionStore
from engine.connection.store_address import checked_address, identity, is_address, shown
from engine.connection.team_keys import TeamKeys
from engine.connection.vault import Vault
from engine.errors import Exit, UsageError

RETRY_AT_HOME = """
update person set state='queued', attempts=0, not_before=null
where (state='failed' or (state='cancelled' and request=?1)) and request=coalesce(?1, request)
"""


class Lending(msgspec.Struct, frozen=True):
    """Where a batch is to be lent to: the address, and the store there."""

    address: str
    store: ConnectionStore


def lending_to(word: str, out: Path) -> Lending:
    """Read `--dispatch`, and see that the store can take a batch. Raises UsageError, NotConnected; nothing was made then."""
    address = _named(word, "--dispatch")
    check_lent_to(out, read_mark(out), address)
    store = store_of(address=address)
    asyncio.run(store.ready())
    asyncio.run(cluster.check_writable(address))
    return Lending(address, store)


def _named(word: str, what: str) -> str:
    address = named_store(word, what)
    needs_driver()
    return address


def address_of(mark: LentMark) -> str:
    """Give the address of the store that a batch is lent to; a password comes from HABEAS_STORE, or from where libpq finds it."""
    address = known_address(checked_address(mark.store, "the store in dispatched.json"))
    needs_driver()
    return address


async def lent(folder: BatchFolder, key: BatchKey, lending: Lending, targets: Mapping[str, BatchTarget], share: float) -> Exit:
    """Lend everybody who is left, and say so. Raises HabeasError; nobody is lost then, and the same command goes on."""
    async with folder.alone():
        if read_mark(folder.path) is None:
            recover(folder)
        number = await cluster.Lender(folder, lending.address, share).lend(key, TeamKeys(os.environ))
        seen = (await cluster.of_folder(folder, lending.address)).folder
        write_proof(seen, datetime.now(UTC), batch_code(seen))
    print_text(plan_table(seen, list(targets.values()), share, width_of(sys.stderr)), err=True)
    print_text(f"{'1 person was' if number == 1 else f'{number:,} people were'} lent to {shown(lending.address)}.", err=True)
    print_text(status_words(seen, width_of(sys.stdout)))
    return Exit.REFUSED if folder.refused else Exit.COMPLETE


def brought_home(folder: BatchFolder, mark: LentMark) -> bool:
    """Take a lent batch back, and say so; gives whether it is at home now. Raises HabeasError; nobody is lost then."""
    under_way = asyncio.run(_recalled(folder, mark))
    store = shown(mark.store)
    if under_way:
        print_text(
            f"{people(under_way, 'is', 'are')} under way at workers of {store}, and nobody else is begun there: "
            f"give the same command again when they have ended; "
            f"habeas status {folder.path} shows how far they are",
            err=True,
        )
        return False
    print_text(f"The batch is back from {store}.", err=True)
    told = shared_store()
    if told is None or identity(told) != identity(mark.store):
        place = asyncio.run(store_of().where()).store
        print_text(f"It goes on with the connections of {place}, which may be others of the same name than those of {store}.", err=True)
    return True


async def _recalled(folder: BatchFolder, mark: LentMark) -> int:
    address = address_of(mark)
    async with folder.alone():
        return await cluster.Recall(folder, mark, address).recall()


def pulled_into(folder: BatchFolder, mark: LentMark) -> None:
    """Bring the states of a lent batch into the transaction that is open. Raises StoreAway, UsageError."""
    address = address_of(mark)
    asyncio.run(cluster.Snapshot(address, folder, surely=mark.whole).refresh())
    folder.lent = None


def seen_batch(place: str, name: str | None = None) -> tuple[BatchFolder, cluster.Snapshot | None]:
    """Open a batch to be read: a folder, as workers have it where it is lent, or one of a database. Raises UsageError, StoreAway."""
    if is_address(place):
        address = _named(place, "the address")
        found = asyncio.run(cluster.of_batch(address, name, home()))
        return found.folder, found
    folder = opened(folder_named(place, name), home(), read_only=True)
    mark = read_mark(folder.path)
    if mark is None:
        return folder, None
    address = address_of(mark)
    try:
        found = asyncio.run(cluster.of_folder(folder, address, surely=mark.whole))
    finally:
        folder.database.close()
    return found.folder, found


def folder_named(place: str, name: str | None) -> Path:
    """Give the folder of a batch; `--batch` is for databases. Raises UsageError."""
    if name is not None:
        message = f"--batch chooses one of several in a database, and {place} is the folder of one: leave it out"
        raise UsageError(message)
    return Path(place)


def change_in_store(place: str, name: str | None, request: str | None, how: str) -> tuple[int, int]:
    """Change states of people lent to a store: `retry` or `cancel`; gives how many were changed, and how many are under way."""
    address = _named(place, "the address")
    done = asyncio.run(cluster.changed_of_store(address, name, request, cluster.CHANGES[how]))
    return done.changed, done.under_way


def forget_in_store(place: str, name: str | None, request: str | None) -> tuple[int, int]:
    """Delete what a store has of a batch whose folder is lost; gives of how many people, and how many are under way: then it stays.

    Raises UsageError, StoreAway.
    """
    if request is not None or name is None or not is_address(place):
        message = "--forget is for a whole batch whose folder is lost: habeas cancel URL --batch NAME --forget; nothing was changed"
        raise UsageError(message)
    done = asyncio.run(cluster.forgotten(_named(place, "the address"), name))
    return done.changed, done.under_way


def change_lent(folder: BatchFolder, mark: LentMark, request: str | None, how: str) -> tuple[int, int] | None:
    """Change states in a lent batch, of those too who had ended before it was lent; None where nobody is lent yet."""
    return asyncio.run(_changed(folder, mark, request, how))


async def _changed(folder: BatchFolder, mark: LentMark, request: str | None, how: str) -> tuple[int, int] | None:
    address = address_of(mark)

    async with folder.alone():
        done = await cluster.changed_of_folder(folder, mark, address, request, cluster.CHANGES[how])
        if done is None:
            return None
        more = 0
        if how == "retry" and folder.database.run(RETRY_AT_HOME, request):
            more = await cluster.Lender(folder, address).lend(folder.key(Vault(folder.home).keys), TeamKeys(os.environ))
    return done.changed + more, done.under_way
