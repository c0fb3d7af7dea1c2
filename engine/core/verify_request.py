"""The `verify` request of a spec: how it is built, and what its answer shows of the connection. Pure; engine/runner sends it."""

from __future__ import annotations

from msgspec import Struct

from engine.core.account import Account
from engine.core.chain import Chain, Unresolved
from engine.core.http import Malformed, NoAnswer, Response
from engine.core.ledger import ChainEnd
from engine.core.request import Request, opening
from engine.core.response import Page, Reading, Refusal
from engine.core.retry import TOO_MANY, UNAUTHORIZED, GiveUp
from engine.core.scopes import scope_hint
from engine.language.effective import Vendor

ANSWERS = "the vendor answers"


class NotAsked(Struct, frozen=True):
    """Why `verify` cannot be sent: a value of the account that it needs is not known."""

    words: str


class VerifyAnswer(Struct, frozen=True):
    """What the answer shows. `alive` is None where the vendor could not say.

    `answered`: with a page, which lists `count` maps, each a person where the call lists people; `odd`: it holds something else
    only, such as one map where a list is declared. `denied`: the token lacks `verify`'s own scope. `given_up`: no answer that could be
    read came.
    """

    alive: bool | None
    words: str
    answered: bool = False
    denied: bool = False
    given_up: bool = False
    count: int = 0
    odd: bool = False


def verify_request(vendor: Vendor, account: Account) -> Request | NotAsked:
    """Build the request, with the values of the connection and of `discover`."""
    row = account.complete(vendor.verify, ())
    if isinstance(row, ChainEnd):
        return NotAsked(row.reason or "what it needs of the account is not known")
    try:
        return opening(Chain(vendor.verify, row))
    except Unresolved as error:
        return NotAsked(str(error))


def read_verify(answer: Reading | GiveUp) -> VerifyAnswer:
    """Say what an answer shows. A denial is an answer of a living connection; a scope lacks unless its rule says that none helps."""
    if isinstance(answer, GiveUp):
        return VerifyAnswer(False if answer.dead else None, answer.words, given_up=True)
    if isinstance(answer, Page):
        people = 0 if answer.alone else sum(bytes(record).lstrip()[:1] == b"{" for record in answer.records)
        return VerifyAnswer(alive=True, words=ANSWERS, answered=True, count=people, odd=answer.count > 0 and not people)
    if isinstance(answer, Refusal) and answer.means == "denied":
        return VerifyAnswer(alive=True, words=answer.words, denied=answer.rule is None or answer.rule.granted_by is None)
    return VerifyAnswer(None, answer.words)


def verified_words(vendor: Vendor, found: VerifyAnswer | NotAsked) -> str:
    """Say how `verify` ended, for the manifest and for a reason."""
    if isinstance(found, NotAsked):
        return f"verify was not asked: {found.words}"
    if found.answered:
        if found.count or not vendor.lists_people:
            return "verify was answered"
        return "verify was answered with something else than a list of people" if found.odd else "verify was answered with an empty list"
    if found.given_up:
        return f"verify: {found.words}"
    hint = scope_hint(vendor.verify.granted_by) if found.denied else ""
    return f"verify was refused: {found.words}{hint}"


def shows_people(vendor: Vendor, found: VerifyAnswer | NotAsked) -> bool:
    """Whether `verify` listed at least one person, and so shows that the connection sees people."""
    return vendor.lists_people and isinstance(found, VerifyAnswer) and found.count > 0


def credential_lives(answer: Response | NoAnswer, reading: Reading | None) -> bool:
    """Whether an answer to `verify` shows that the vendor takes the credential, though it refused it for another request."""
    if not isinstance(answer, Response) or reading is None or isinstance(reading, Malformed):
        return False
    if answer.status >= 500 or answer.status in (UNAUTHORIZED, TOO_MANY):
        return False
    return not (isinstance(reading, Refusal) and reading.means in ("refresh", "wait", "again", "exhausted"))
