"""Manage stored connections: rename, remove (revoking the token at the vendor), and encrypt all with another key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

from engine.connection.oauth_client import oauth_transport, revocation_request
from engine.connection.private_files import locked
from engine.connection.sealed_file import reseal_files
from engine.connection.stored import PLAIN, Name, StoredConnection
from engine.connection.vault import Vault
from engine.core.http import Response
from engine.core.oauth import NOTHING, NoToken, WantedFromToken, grant_ended, read_tokens
from engine.errors import Unreachable

Ended = Literal["revoked", "already ended", "not revocable", "not asked", "simulator refused", "simulator gone", "moved"]


@asynccontextmanager
async def taken(vault: Vault, waiting: Callable[[], None] | None, name: Name, *others: Name) -> AsyncIterator[None]:
    """Hold every lock of a connection that is renamed or removed: no run uses it, and nothing else is written."""
    vault.prepare()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(locked(vault.turn(name), waiting=waiting))
        await stack.enter_async_context(vault.whole())
        for locked_name in sorted({name, *others}):
            await stack.enter_async_context(vault.lock(locked_name))
        vault.sweep()
        yield


async def rename(vault: Vault, old: Name, new: Name, waiting: Callable[[], None] | None = None) -> None:
    """Give a connection another name; `waiting` is called once if a run uses it. Raises UsageError, NotConnected, OutputError."""
    vault.read(old)
    vault.check_free(new)
    async with taken(vault, waiting, old, new):
        vault.recover(old)
        vault.rename(old, new)
        vault.remove(old)


async def remove(
    vault: Vault, name: Name, waiting: Callable[[], None] | None = None, *, revoke: bool, wanted: WantedFromToken = NOTHING
) -> Ended:
    """Revoke a connection's token at the vendor, then delete the connection. Raises Unreachable, NotConnected; it is kept then.

    `wanted` is what the vendor's spec says of its token answers, if there is a spec.
    """
    if revoke:
        vault.read(name)
    async with taken(vault, waiting, name):
        ended: Ended = "not asked"
        if revoke:
            vault.recover(name)
            record = vault.read(name)
            ended = "moved" if record.moved is not None else await _revoke(record, name, wanted)
        vault.remove(name)
    return ended


async def _revoke(record: StoredConnection, name: Name, wanted: WantedFromToken) -> Ended:
    at = record.bound.at
    async with oauth_transport(record.bound, at) as transport:
        answer = await revocation_request(transport, record)
    if answer is None:
        return "not revocable"
    if isinstance(answer, Response) and 200 <= answer.status < 300:
        return "revoked"
    if isinstance(answer, Response) and grant_ended(answer, wanted.refusals):
        return "already ended"
    if at is not None:
        return "simulator refused" if isinstance(answer, Response) else "simulator gone"
    found = read_tokens(answer, 0.0, None, wanted)
    words = found.words if isinstance(found, NoToken) else "an answer that says nothing"
    message = (
        f"{name} could not be revoked at the vendor ({words}), so it is kept: try again, "
        f"or forget it here only: habeas connections remove {name} --no-revoke"
    )
    raise Unreachable(message)


async def end_replaced(before: StoredConnection | None, made: StoredConnection, wanted: WantedFromToken) -> bool | None:
    """Revoke the grant of a connection that was replaced; gives whether it has ended, None where it is left to the vendor.

    Only one of another client or other addresses may be revoked: many vendors count all consents of one app as one grant, and end
    the new with the old.
    """
    if before is None or before.moved is not None or before.client is None or made.client is None:
        return None
    if before.client.id == made.client.id and before.bound.token_url == made.bound.token_url:
        return None
    async with oauth_transport(before.bound, before.bound.at) as transport:
        answer = await revocation_request(transport, before)
    if answer is None:
        return None
    return isinstance(answer, Response) and (200 <= answer.status < 300 or grant_ended(answer, wanted.refusals))


async def rekey(vault: Vault) -> tuple[int, int]:
    """Encrypt every connection and sealed document with a new key; gives how many connections were, and how many stay unencrypted.

    Connections that stay unencrypted are marked with the new key, whoever made them: `connections list` names them. Raises
    NotConnected if something cannot be read, or a file still names an older key: then both keys are kept.
    """
    vault.prepare()
    async with vault.whole():
        vault.sweep()
        vault.adopting = True
        vault.keys.begin_rekey()
        encrypted = plain = 0
        for name in vault.names():
            async with vault.lock(name):
                vault.recover(name)
                found = vault.find(name)
                if found is None:
                    continue
                vault.write(name, found[0], plain=found[1].cipher == PLAIN)
                encrypted += found[1].cipher != PLAIN
                plain += found[1].cipher == PLAIN
        reseal_files(vault.keys, vault.home)
        vault.end_rekey()
        vault.adopting = False
    return encrypted, plain
