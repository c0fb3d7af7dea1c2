"""Keep a connection alive: refresh its token, one process at a time, and put the new token on the disk before it is used.

Between asking the vendor for a token and storing its answer nothing is interrupted, because the vendor may have
invalidated the old refresh token already. A cancellation that comes meanwhile takes effect afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from engine.connection.credential import check_bound, credential
from engine.connection.oauth_client import oauth_transport, token_request
from engine.connection.settings import check_given, wanted
from engine.connection.store import ConnectionStore, HeldConnection, KeptConnection, StoreAway, connect_again
from engine.connection.stored import RegisteredClient, StoredConnection, renewable
from engine.connection.uninterrupted import answered
from engine.core.oauth import NoToken, NotRenewed, Renewed, Tokens, due, read_tokens
from engine.core.retry import REFUSED, Patience, pause
from engine.errors import HabeasError, NotConnected
from engine.language.effective import Row, Vendor
from engine.net.clock import Clock
from engine.net.transport import Transport
from engine.replaced import replace

PATIENCE = Patience(attempts=5, total=120.0)
MEND = {
    "dead": "the vendor has ended this connection ({words})",
    "client": "the vendor refuses the client id or secret ({words})",
    "passing": "no new token could be had ({words}); the connection is kept: run again later",
    "unusable": "the vendor's answer to a request for a token cannot be used ({words}); the connection is kept: run again later",
}
LOST = (
    "; the answer to an earlier request for a token was lost before it could be stored, which a vendor may take for misuse, "
    "or another copy of this store has used the token"
)
OLDER = (
    "what is stored of {name} is older than what this run uses (number {stored}, not {used}): a copy was put back, whose refresh token may "
    "be spent; the vendor was not asked; run again, and if it is refused then, {mend}"
)


class Holder(Protocol):
    """Where the credential in use is put: the transport."""

    credential: Any


class Fixed:
    """A credential that cannot be renewed, such as one from the environment; its scopes are unknown."""

    granted: frozenset[str] | None = None
    label = "environment"
    given: Row = ()
    from_token: Row = ()
    away = False

    def __init__(self, mend: str = "") -> None:
        """`mend` tells the operator what to do when the vendor refuses the credential."""
        self.refused = REFUSED + (f": {mend}" if mend else "")

    def due(self) -> bool:
        """Give False: it is unknown when it expires."""
        return False

    async def refresh(self) -> Renewed | NotRenewed:
        """Give NotRenewed: there is no refresh token."""
        return NotRenewed(self.refused, dead=True)


async def ask_for_token(once: Callable[[], Coroutine[Any, Any, Tokens | NoToken]], clock: Clock, patience: Patience) -> Tokens | NoToken:
    """Ask for a token until it is there or refused for good. `once` sends one request and stores the tokens it gets."""
    attempts, waited = 0, 0.0
    while True:
        attempts += 1
        found = await answered(once())
        if isinstance(found, Tokens) or found.kind != "passing":
            return found
        seconds = pause(found.seconds, attempts, clock.dice(), patience)
        if attempts >= patience.attempts or waited + seconds > patience.total:
            return found
        waited += seconds
        await clock.sleep(seconds)


class Keeper:
    """The credential of one stored connection during a run: due, refreshed, stored, put into the transport.

    `away`: it could not be renewed only because the store could not be used.
    """

    def __init__(self, store: ConnectionStore, kept: KeptConnection, vendor: Vendor, holder: Holder, clock: Clock) -> None:
        """Put the credential of a connection that was read into `holder`. Raises NotConnected."""
        self._store, self._name, self._vendor, self._holder, self._clock = store, kept.name, vendor, holder, clock
        self._at = holder.hosts.at if isinstance(holder, Transport) else None
        self._tired = self.away = False
        self.record = kept.record
        self._adopt(self.record)

    @property
    def granted(self) -> frozenset[str] | None:
        """Give the scopes that the vendor listed with the token in use; None if it listed none."""
        return self.record.tokens.granted if self.record.tokens else None

    @property
    def refused(self) -> str:
        """Say that the vendor refuses a credential that was just renewed, and what mends it."""
        return f"{REFUSED}: {self._connect}"

    def due(self) -> bool:
        """Whether the token should be renewed before it is used again."""
        tokens = self.record.tokens
        return not self._tired and tokens is not None and renewable(self.record) is True and due(tokens, self._clock.timestamp())

    async def refresh(self, client: RegisteredClient | None = None) -> Renewed | NotRenewed:
        """Renew the credential: from the store if another process has renewed it already, else from the vendor.

        With another `client` (a rotated secret) the vendor is asked; it is stored with the token that it gets.
        """
        try:
            async with self._store.renewing(self._name) as held:
                return await self._refresh(held, client)
        except HabeasError as error:
            self._tired, self.away = True, isinstance(error, StoreAway)
            return NotRenewed(str(error), dead=isinstance(error, NotConnected) and not self.away)

    async def _refresh(self, held: HeldConnection, client: RegisteredClient | None) -> Renewed | NotRenewed:
        stored = await held.read()
        if stored.id != self.record.id:
            self._tired = True
            return NotRenewed("the connection was made anew during this run: run again", dead=False)
        if stored.serial < self.record.serial:
            self._tired = True
            return NotRenewed(OLDER.format(name=self._name, stored=stored.serial, used=self.record.serial, mend=self._connect), dead=False)
        if stored.serial != self.record.serial:
            self._adopt(stored)
            if not self.due() and client is None:
                return Renewed(asked=False)
        if not renewable(stored):
            what = "it has no refresh token" if stored.way == "oauth2" else "a key is never renewed"
            return NotRenewed(f"{REFUSED}, and {what}: {self._connect}", dead=True)
        if client is not None:
            stored = replace(stored, client=client)
        found = await self._ask(held, stored)
        if isinstance(found, NoToken):
            self._tired = True
            return self._not_renewed(found, lost=held.lost)
        return Renewed(asked=True)

    async def _ask(self, held: HeldConnection, stored: StoredConnection) -> Tokens | NoToken:
        """Ask the vendor for a token; when this returns, a new one is stored and in use, or a new refresh token is stored.

        Room is reserved before each try: one that brought a refresh token only has used up that of before.
        """

        async def once() -> Tokens | NoToken:
            nonlocal stored
            await held.intend()
            answer = await token_request(transport, stored)
            found = read_tokens(answer, self._clock.timestamp(), stored.tokens, wanted(self._vendor))
            tokens = found if isinstance(found, Tokens) else found.kept
            held.lost = held.lost or (isinstance(found, NoToken) and found.lost)
            if tokens is not None:
                stored = replace(stored, tokens=tokens, serial=stored.serial + 1)
                await held.keep(stored)
                held.lost = False
                self._adopt(stored)
            return found

        transport = oauth_transport(stored.bound, self._at)
        if isinstance(self._holder, Transport):  # who has lost the connection to another owner asks for no token either
            transport.permitted = self._holder.permitted
        async with transport:
            return await ask_for_token(once, self._clock, PATIENCE)

    def _adopt(self, record: StoredConnection) -> None:
        if record.moved is not None:
            message = f"{self._name} was exported and is used elsewhere: use it there, import it here again, or {self._connect}"
            raise NotConnected(message)
        check_bound(self._vendor, record, self._at, self._connect)
        check_given(self._vendor, record, self._connect)
        self._holder.credential = credential(self._vendor, record, self._connect)
        self.record, self._tired, self.away = record, False, False

    def _not_renewed(self, found: NoToken, *, lost: bool) -> NotRenewed:
        words = MEND[found.kind].format(words=found.words)
        if found.kind == "dead" and lost:
            words += LOST
        dead = found.kind in ("dead", "client")
        return NotRenewed(f"{words}: {self._connect}" if dead else words, dead=dead)

    @property
    def _connect(self) -> str:
        return connect_again(self._vendor, self._name)
