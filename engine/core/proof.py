"""Whether "the vendor knows nobody" is believed: only of a connection that was shown to see people in the same run.

Two things show it: `verify` listed a person (its `records`), or the probe, the address of a known colleague, was found by each
look-up that found nobody. A granted scope and an empty answer show nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from engine.core.identity import Identifier, lowered
from engine.core.ledger import Subject
from engine.core.subject import LookupResult, asked_by
from engine.language.effective import Endpoint, Vendor
from engine.replaced import replace

Proof = Literal["verify", "probe"]
NO_PROBE = "no probe is set"
SAME_PERSON = "the probe is the person asked for, who proves nothing about themselves"
COLLEAGUE = "name a known colleague who is not the administrator, to `habeas connect` or `habeas run`"


def kinds_of(vendor: Vendor) -> tuple[str, ...]:
    """Name the kinds of identifier that a vendor finds people by: email, phone, username."""
    return tuple(dict.fromkeys(asked_by(one).lower() for one in vendor.lookups))


def probe_option(kinds: tuple[str, ...]) -> str:
    """Write the option that names a probe by one of these kinds: `--probe EMAIL`, `--probe username=VALUE`."""
    return " or ".join("--probe EMAIL" if kind == "email" else f"--probe {kind}=VALUE" for kind in kinds)


def is_probe(person: Mapping[str, Identifier], probe: Mapping[str, Identifier]) -> bool:
    """Whether the probe may be the person asked for: they share an identifier, case aside."""
    return any(lowered(probe[name].value) == lowered(one.value) for name, one in person.items() if name in probe)


def unasked(vendor: Vendor, lookup: Endpoint) -> str:
    """Say that the probe lacks what a look-up asks by."""
    return f"the probe has no {asked_by(lookup).lower()}, which {_named(vendor, lookup)} asks by"


def not_found_by(vendor: Vendor, lookup: Endpoint, found: LookupResult) -> str:
    """Say that a look-up did not find the probe; the reason only where it is not simply nobody."""
    why = f" ({found.reason})" if found.subject is Subject.UNPROVEN and found.reason else ""
    return f"the probe was not found by {_named(vendor, lookup)}{why}"


def proven_nobody(found: LookupResult, proof: Proof) -> LookupResult:
    """Believe that the vendor knows nobody."""
    return replace(found, proof=proof)


def unproven_nobody(vendor: Vendor, lookups: tuple[Endpoint, ...], verified: str, probed: str) -> LookupResult:
    """Say that "nobody" is not believed, why, and what mends it. `lookups` found nobody; the rest is what was learnt, in words."""
    reason = f"the vendor says it knows nobody, but nothing shows that this connection sees people ({verified}; {probed})"
    return LookupResult(Subject.UNPROVEN, f"{reason}: {remedy(vendor, lookups, probed)}")


def remedy(vendor: Vendor, lookups: tuple[Endpoint, ...], probed: str) -> str:
    """Say what would show that a connection sees people."""
    kinds = tuple(dict.fromkeys(asked_by(one).lower() for one in lookups)) or kinds_of(vendor)
    scope = "give it the scope of the verify call, or " if vendor.lists_people and vendor.verify.granted_by else ""
    other = "" if probed in (NO_PROBE, SAME_PERSON) else "see what it may read, or "
    return f"{other}{scope}{COLLEAGUE}: {probe_option(kinds)}"


def _named(vendor: Vendor, lookup: Endpoint) -> str:
    return "the look-up" if len(vendor.lookups) == 1 else f"`{lookup.name}`"
