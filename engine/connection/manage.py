"""End stored connections: revoke the token at the vendor, then delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from engine.connection.oauth_client import oauth_transport, revocation_request
from engine.connection.store import ConnectionStore, read
from engine.connection.stored import Name, StoredConnection
from engine.core.http import Response
from engine.core.oauth import NOTHING, NoToken, WantedFromToken, grant_ended, read_tokens
from engine.errors import Unreachable

Ended = Literal["revoked", "already ended", "not revocable", "not asked", "simulator refused", "simulator gone", "moved"]


async def remove(
    store: ConnectionStore, name: Name, waiting: Callable[[], None] | None = None, *, revoke: bool, wanted: WantedFromToken = NOTHING
) -> Ended:
    """Revoke a connection's token at the vendor, then delete the connection. Raises Unreachable, NotConnected; it is kept then.

    `wanted` is what the vendor's spec says of its token answers, if there is a spec.
    """
    if revoke:
        await read(store, name)
    async with store.changing(name, waiting) as held:
        ended: Ended = "not asked"
        if revoke:
            record = await held.read()
            ended = "moved" if record.moved is not None else await _revoke(record, name, wanted)
        await held.remove()
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
