"""Is a connection alive, and what may it ask? One request, and the scopes the token came with."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.account import Account
from engine.core.chain import Chain, Unresolved
from engine.core.ledger import ChainEnd, Tally
from engine.core.request import opening
from engine.core.response import Page, Refusal
from engine.core.retry import GiveUp
from engine.core.scopes import Matrix, matrix
from engine.errors import Exit
from engine.language.effective import Row, Vendor
from engine.runner.client import Client
from engine.runner.discover import Discovery


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found; `alive` is None where the vendor could not say."""

    alive: bool | None
    words: str
    matrix: Matrix

    @property
    def exit_code(self) -> Exit:
        """4 where the credential is refused, 3 where a run would miss something or nothing could be learnt, else 0."""
        if self.alive is False:
            return Exit.NOT_CONNECTED
        return Exit.INCOMPLETE if self.alive is None or self.matrix.lacking else Exit.COMPLETE


async def verify(vendor: Vendor, asker: Client, given: Row = ()) -> Verified:
    """Send the vendor's `verify` call, and before it what it needs discovered; `given` are the connection's own values.

    A refusal for a scope is an answer of a living connection.
    """
    account = Account(vendor, given)
    await Discovery(vendor, account, asker).run([vendor.verify])
    row = account.complete(vendor.verify, ())
    if isinstance(row, ChainEnd):
        end = asker.end
        return Verified(False if end is not None and end.dead else None, row.reason or "", matrix(vendor, asker.credentials.granted))
    try:
        request = opening(Chain(vendor.verify, row))
    except Unresolved as error:
        return Verified(None, str(error), matrix(vendor, asker.credentials.granted))
    answer = await asker.ask(request, Tally())
    granted = asker.credentials.granted  # only now: a token that was renewed meanwhile may have other scopes
    if isinstance(answer, GiveUp):
        return Verified(False if answer.dead else None, answer.words, matrix(vendor, granted))
    if isinstance(answer.reading, Page):
        return Verified(alive=True, words="the vendor answers", matrix=matrix(vendor, granted))
    if isinstance(answer.reading, Refusal) and answer.reading.means == "denied":
        return Verified(alive=True, words="the vendor answers", matrix=matrix(vendor, granted, frozenset({vendor.verify.name})))
    return Verified(None, f"the verify call was refused: {answer.reading.words}", matrix(vendor, granted))
