"""What is done to connections that exist: rename, remove with revocation, another key for all."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Literal

from engine.connection.oauth import oauth_transport, revocation_request
from engine.connection.record import PLAIN, Name, Record
from engine.connection.vault import Vault
from engine.core.http import Response
from engine.core.oauth import NoToken, read_tokens
from engine.errors import Unreachable

Ended = Literal["revoked", "already ended", "not revocable", "not asked", "simulated"]


async def rename(vault: Vault, old: Name, new: Name) -> None:
    """Give a connection another name. Raises UsageError, NotConnected, OutputError."""
    vault.read(old)
    async with AsyncExitStack() as stack:
        for one in sorted({old, new}):
            await stack.enter_async_context(vault.lock(one))
        vault.recover(old)
        vault.rename(old, new)
        vault.remove(old)


async def remove(vault: Vault, name: Name, *, revoke: bool) -> Ended:
    """End a connection at the vendor, then forget it here. Raises Unreachable, NotConnected; it is kept then."""
    if not revoke:
        async with vault.lock(name):
            vault.remove(name)
        return "not asked"
    vault.read(name)
    async with vault.lock(name):
        vault.recover(name)
        ended = await _revoke(vault.read(name), name)
        vault.remove(name)
    return ended


async def _revoke(record: Record, name: Name) -> Ended:
    at = record.bound.at
    async with oauth_transport(record.bound, at) as transport:
        answer = await revocation_request(transport, record)
    if answer is None:
        return "not revocable"
    if isinstance(answer, Response) and 200 <= answer.status < 300:
        return "revoked"
    found = read_tokens(answer, 0.0)
    if isinstance(found, NoToken) and found.kind == "dead":
        return "already ended"
    if at is not None:
        return "simulated"
    words = found.words if isinstance(found, NoToken) else "an answer that says nothing"
    message = (
        f"{name} could not be revoked at the vendor ({words}), so it is kept: try again, "
        f"or forget it here only: habeas connections remove {name} --no-revoke"
    )
    raise Unreachable(message)


async def rekey(vault: Vault) -> tuple[int, int]:
    """Encrypt every connection with a new key; gives how many, and how many stay unencrypted.

    Raises NotConnected where one cannot be read: then both keys are kept.
    """
    vault.prepare()
    async with vault.whole():
        vault.keys.begin_rekey()
        encrypted = plain = 0
        for name in vault.names():
            async with vault.lock(name):
                vault.recover(name)
                found = vault.find(name)
                if found is not None and found[1].cipher != PLAIN:
                    vault.write(name, found[0])
                    encrypted += 1
                plain += found is not None and found[1].cipher == PLAIN
        vault.keys.end_rekey()
    return encrypted, plain
