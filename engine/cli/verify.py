"""`habeas verify`: what a connection may do, as a table, with the exact scopes to add."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping

from engine.assembly import ChosenConnection, choose_connection, verified
from engine.catalogue import load
from engine.cli.formatting import print_json, print_text, table, width_of
from engine.cli.progress import interruptible, renewing
from engine.cli.run import probes
from engine.connection.open import parse_name
from engine.connection.store import StoreAway
from engine.core.identity import Identifier
from engine.core.proof import Proof, kinds_of
from engine.core.scopes import ScopeRow, matrix
from engine.errors import Exit, NotConnected
from engine.language.effective import Vendor
from engine.runner.verify import Sight, Verified

TO_ADD = "To add to the app at the vendor, then connect again:"
NOT_NEEDED = "Not granted, and needed by no request of a run:"
HELD = {"yes": "yes", "no": "NO", "unknown": "not told", "none needed": "yes"}


def verify_command(word: str, connection: str | None, probe: tuple[str, ...], at: str | None, *, as_json: bool) -> Exit:
    """Verify one connection and say what was found. Raises HabeasError."""
    vendor = load(word)
    wanted = probes(vendor, probe)
    try:
        return verify_and_say(asyncio.run(choose_connection(vendor, connection, at=at)), wanted, as_json=as_json)
    except NotConnected as error:
        if not as_json or isinstance(error, StoreAway):
            raise
        label = str(parse_name(connection, vendor.name)) if connection is not None else None
        return say(vendor, label, Verified(alive=False, words=str(error), matrix=matrix(vendor, None)), as_json=True)


def verify_and_say(chosen: ChosenConnection, probe: Mapping[str, Identifier], *, as_json: bool) -> Exit:
    """Verify a connection that was found, and print it; `probe` goes before the stored one. Raises NotConnected."""
    chosen.store.waits(busy=renewing)
    connection = asyncio.run(chosen.open())
    ended = asyncio.run(interruptible(verified(connection, chosen.transport, probe)))
    return ended if isinstance(ended, Exit) else say(chosen.vendor, connection.label, ended, as_json=as_json)


def say(vendor: Vendor, label: str | None, found: Verified, *, as_json: bool) -> Exit:
    """Print what was found."""
    if as_json:
        print_json(_as_json(vendor, label, found))
    else:
        print_text("\n".join(told(vendor, label, found, width_of(sys.stdout))))
    return found.exit_code


def _as_json(vendor: Vendor, label: str | None, verified: Verified) -> dict[str, object]:
    found = verified.matrix
    return {
        "vendor": vendor.name,
        "connection": label,
        "alive": verified.alive,
        "reason": verified.words,
        "scopes_known": found.known,
        "family": found.family,
        "granted": found.granted,
        "requests": [{"name": one.name, "allowed": one.held, "scopes": one.needs, "optional": one.optional} for one in found.lines],
        "missing": found.missing,
        "optional": found.further,
        "unneeded": found.unneeded,
        "proof": verified.sight.proof if verified.sight is not None else None,
        "proof_for": verified.sight.kinds if verified.sight is not None and verified.sight.proof is not None else (),
        "renewable": verified.renewable,
        "lives_until": verified.lives_until,
        "exit_code": int(verified.exit_code),
    }


def told(vendor: Vendor, label: str | None, verified: Verified, width: int | None = None) -> Iterator[str]:
    """Give what was found, line by line; tables are laid out in `width` columns."""
    if verified.alive is False:
        yield f"{vendor.title} ({label}): NOT CONNECTED: {verified.words}"
        return
    state = "connected, the vendor answers" if verified.alive else f"could not be verified: {verified.words}"
    yield f"{vendor.title} ({label}): {state}."
    yield from _scopes(vendor, verified, width)
    if verified.sight is not None:
        yield _nobody(vendor, verified.sight)
    yield from verified.lifetime.words()


def _scopes(vendor: Vendor, verified: Verified, width: int | None) -> Iterator[str]:
    found = verified.matrix
    if not vendor.families and not any(one.needs for one in found.lines):
        yield "This vendor has no scopes: what the key may read shows when it is asked."
        return
    if not found.known:
        yield "The vendor does not say which scopes the token has: what is missing shows when it is asked."
    else:
        family = f"the {found.family} family, " if found.family else ""
        yield f"Scopes: {family}{len(found.granted)} granted."
    rows = [(one.name, _held(vendor, verified, one), " ".join(one.needs)) for one in found.lines]
    yield from ("", table(("request", "allowed", "scope"), rows, width=width), "")
    yield from _advice(vendor, verified)


def _held(vendor: Vendor, verified: Verified, row: ScopeRow) -> str:
    """Say in a word whether a request is allowed; a NO where something would be lost, which of `verify` alone may be nothing."""
    if row.optional and row.held == "no":
        return "optional"
    return "no, not needed" if row.held == "no" and row.name == vendor.verify.name and _spared(vendor, verified) else HELD[row.held]


def _spared(vendor: Vendor, verified: Verified) -> bool:
    """Whether a run loses nothing where `verify` alone is refused: it lists no people, or something else shows that they are seen."""
    return not vendor.lists_people or (verified.sight is not None and verified.sight.proof is not None)


def _nobody(vendor: Vendor, sight: Sight) -> str:
    """Say what a run that finds nobody will be worth."""
    if sight.proof is None:
        return (
            f"A run that finds nobody would end UNPROVEN, exit code 3: nothing shows that this connection sees people ({sight.learnt}). "
            f"To prove it, {sight.remedy}"
        )
    shown = "the verify call lists a person" if sight.proof == "verify" else "the probe was found"
    only = "" if sight.kinds == kinds_of(vendor) else f" by {' or '.join(sight.kinds)}"
    return f"A run{only} that finds nobody would prove it: {shown} ({sight.learnt})."


def _advice(vendor: Vendor, verified: Verified) -> Iterator[str]:
    found = verified.matrix
    proof = verified.sight.proof if verified.sight is not None else None
    spared = [scope for scope, names in found.missing.items() if names == (vendor.verify.name,) and _spared(vendor, verified)]
    for heading, scopes in ((TO_ADD, [one for one in found.missing if one not in spared]), (NOT_NEEDED, spared)):
        yield from (heading for _ in scopes[:1])
        yield from (f"  {scope}: {_loss(vendor, found.missing[scope], proof)}" for scope in scopes)
    if found.further:
        yield "Could also be asked for (optional: a run without the scope leaves it out):"
        yield from (f"  {scope}: {', '.join(names)}" for scope, names in found.further.items())
    if found.unneeded:
        yield f"Granted, but used by no request: {', '.join(found.unneeded)}"
    if found.lacking:
        yield f"A run would miss something: {', '.join(one.name for one in found.lacking)}."
    elif found.known:
        yield f"No {'other ' if found.further else ''}request of a run lacks a scope."


def _loss(vendor: Vendor, names: tuple[str, ...], proof: Proof | None) -> str:
    """Say what one missing scope loses; `proof`: what showed all the same that the connection sees people."""
    lost = [name for name in names if name in vendor.endpoints]
    words = [f"without it {', '.join(lost)} cannot be fetched"] if lost else []
    lookups = {one.name for one in vendor.lookups}
    if lookups <= set(names):
        words.append("without it nobody can be looked up, so that nothing at all is fetched")
    if vendor.verify.name in names and not words:
        if not vendor.lists_people:
            words.append("only the verify call needs it, which shows that the connection is alive")
        elif proof is not None:
            words.append("only the verify call needs it; the probe shows in its place that the connection sees people")
        else:
            words.append("without it a person the vendor does not know cannot be told from a connection that sees nobody")
    return "; ".join(words)
