"""Send the vendor's `verify` request, which tells if the connection is alive, which scopes it has, and if it was shown to see people."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.connection.open import Lifetime
from engine.core.identity import Identifier
from engine.core.ledger import Tally
from engine.core.proof import NO_PROBE, Proof, kinds_of, remedy
from engine.core.scopes import Matrix, matrix
from engine.core.subject import asked_by, possible
from engine.core.verify_request import ANSWERS, NotAsked, VerifyAnswer, shows_people, verified_words
from engine.errors import Exit
from engine.replaced import replace
from engine.runner.facts import AccountFacts
from engine.runner.interface import Session

NO_LIFETIME = Lifetime()


class Sight(Struct, frozen=True):
    """Whether a connection was shown to see people, so that a run which finds nobody is believed.

    `proof`: what showed it; None: nothing did. `kinds`: the kinds of identifier it is shown for. `learnt`: what `verify` and the
    probe came to, in words. `remedy`: what would show it.
    """

    proof: Proof | None
    kinds: tuple[str, ...]
    learnt: str
    remedy: str | None = None


class Verified(Struct, frozen=True):
    """What `verify` found; `alive` is None where the vendor could not say. `sight` is None unless the connection is alive.

    `lifetime`: how long the connection lives by itself, where it is a stored one.
    """

    alive: bool | None
    words: str
    matrix: Matrix
    sight: Sight | None = None
    lifetime: Lifetime = NO_LIFETIME

    @property
    def renewable(self) -> bool | None:
        """Whether the connection can be renewed; None for a key, and for a token that is not stored."""
        return self.lifetime.renewable

    @property
    def lives_until(self) -> str | None:
        """When a connection that cannot be renewed ends, in RFC 3339; None if it can be, or no end is known."""
        return self.lifetime.until

    @property
    def exit_code(self) -> Exit:
        """4 where the credential is refused, 3 where a run would miss something, nothing could be learnt or the connection ends, else 0."""
        if self.alive is False:
            return Exit.NOT_CONNECTED
        return Exit.INCOMPLETE if self.alive is None or self.matrix.lacking else self.lifetime.exit_code


async def verify(session: Session, probe: Mapping[str, Identifier]) -> Verified:
    """Ask a vendor what a connection may do, and look for the probe; what both need discovered is asked before."""
    vendor, credentials, client = session.vendor, session.credentials, session.client()
    if credentials.from_token:
        await client.prepare()  # a new token may come with another address
    facts = session.own_facts(client)
    await facts.discover([vendor.verify, *possible(vendor, probe)], Tally())
    found = await facts.verify()
    sight = await _sight(facts, found, probe)
    granted = credentials.granted  # only now: a token that was renewed meanwhile may have other scopes
    if isinstance(found, NotAsked):
        return Verified(False if client.dead else None, found.words, matrix(vendor, granted))
    if found.alive:
        denied = frozenset({vendor.verify.name} if found.denied else ())
        return Verified(alive=True, words=ANSWERS, matrix=matrix(vendor, granted, denied), sight=sight)
    words = found.words if found.given_up else f"the verify call was refused: {found.words}"
    return Verified(found.alive, words, matrix(vendor, granted))


async def _sight(facts: AccountFacts, found: VerifyAnswer | NotAsked, probe: Mapping[str, Identifier]) -> Sight:
    """Say whether the connection was shown to see people: by `verify`, or by the probe."""
    vendor, everybody = facts.vendor, kinds_of(facts.vendor)
    learnt, asked = verified_words(vendor, found), possible(vendor, probe)
    listed = shows_people(vendor, found)
    if isinstance(found, NotAsked) or not found.alive or not probe:
        sight = Sight("verify" if listed else None, everybody, f"{learnt}; {NO_PROBE}")
        return sight if listed else replace(sight, remedy=remedy(vendor, vendor.lookups, NO_PROBE))
    probed = await facts.seek_probe(asked, probe, Tally())
    sight = Sight("verify" if listed else "probe", everybody, f"{learnt}; {probed or 'the probe was found'}")
    if listed:
        return sight
    if probed is not None:
        return replace(sight, proof=None, remedy=remedy(vendor, asked, probed))
    return replace(sight, kinds=tuple(dict.fromkeys(asked_by(one).lower() for one in asked)))
