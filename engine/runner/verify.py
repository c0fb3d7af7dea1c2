"""Send the vendor's `verify` request: it tells whether the connection is alive, and which scopes its token came with."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.account import Account
from engine.core.ledger import Tally
from engine.core.retry import GiveUp
from engine.core.scopes import Matrix, matrix
from engine.core.verify_request import ANSWERS, NotAsked, VerifyAnswer, read_verify, verify_request
from engine.errors import Exit
from engine.language.effective import Vendor
from engine.runner.client import Client
from engine.runner.discover import Discovery
from engine.runner.interface import Session


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found: `alive` (None: the vendor could not say), `words` for people, and `matrix`: requests against scopes."""

    alive: bool | None
    words: str
    matrix: Matrix

    @property
    def exit_code(self) -> Exit:
        """4 where the credential is refused, 3 where a run would miss something or nothing could be learnt, else 0."""
        if self.alive is False:
            return Exit.NOT_CONNECTED
        return Exit.INCOMPLETE if self.alive is None or self.matrix.lacking else Exit.COMPLETE


async def ask_verify(vendor: Vendor, account: Account, client: Client, tally: Tally) -> VerifyAnswer | NotAsked:
    """Send the spec's `verify` request and read its answer; `NotAsked` where a value it needs is not known."""
    request = verify_request(vendor, account)
    if isinstance(request, NotAsked):
        return request
    answer = await client.ask(request, tally)
    return read_verify(answer if isinstance(answer, GiveUp) else answer.reading)


async def verify(session: Session) -> Verified:
    """Find out whether a connection is alive and what it may read. Sends `verify`, and before it the `discover` requests it needs."""
    vendor, credentials, client = session.vendor, session.credentials, session.client()
    if credentials.from_token:
        await client.prepare()  # a new token may come with another address
    account = Account(vendor, credentials.given, lambda: credentials.from_token)
    await Discovery(vendor, account, client).run([vendor.verify])
    found = await ask_verify(vendor, account, client, Tally())
    granted = credentials.granted  # only now: a token that was renewed meanwhile may have other scopes
    if isinstance(found, NotAsked):
        return Verified(False if client.dead else None, found.words, matrix(vendor, granted))
    if found.alive:
        denied = frozenset({vendor.verify.name} if found.denied else ())
        return Verified(alive=True, words=ANSWERS, matrix=matrix(vendor, granted, denied))
    words = found.words if found.given_up else f"the verify call was refused: {found.words}"
    return Verified(found.alive, words, matrix(vendor, granted))
