"""Scopes: which requests the granted ones allow, what each missing one loses, and which are granted and not needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from engine.core.ledger import ChainEnd, Outcome
from engine.language.effective import Endpoint, Vendor
from engine.language.model.spec import RuleSpec

Held = Literal["yes", "no", "unknown", "none needed"]
OPTIONAL = "optional: needs "  # begins the reason of an endpoint that is left out for want of a scope


class ScopeRow(Struct, frozen=True):
    """One request: whether the granted scopes allow it, and the scopes it needs, from the connection's own family."""

    name: str
    held: Held
    needs: tuple[str, ...]
    optional: bool = False


class Matrix(Struct, frozen=True):
    """All requests of a spec against the granted scopes. `known`: the vendor said what it granted.

    `family` is the spec's family of scopes that the connection uses, such as granular; None if unknown. `missing` gives the
    requests that fail without each missing scope, `further` the optional endpoints that are not known to be allowed, by the scopes
    any of which would add them (`a or b`); `unneeded` are granted scopes that no request uses.
    """

    known: bool
    family: str | None
    granted: tuple[str, ...]
    lines: tuple[ScopeRow, ...]
    missing: Mapping[str, tuple[str, ...]]
    further: Mapping[str, tuple[str, ...]]
    unneeded: tuple[str, ...]

    @property
    def lacking(self) -> tuple[ScopeRow, ...]:
        """Give the requests of a run that are known to lack a scope that they must have; `verify` is not one of them."""
        return tuple(one for one in self.lines if one.held == "no" and one.name != "verify" and not one.optional)


def matrix(vendor: Vendor, granted: frozenset[str] | None, denied: frozenset[str] = frozenset()) -> Matrix:
    """Compare a vendor's requests with the granted scopes (None: unknown). `denied` names requests that were just refused."""
    family = _family(vendor.families, granted)
    mine = frozenset(vendor.families.get(family, ())) if family is not None else frozenset()
    lines = tuple(_line(one, granted, mine, denied) for one in vendor.requests())
    missing: dict[str, list[str]] = {}
    further: dict[str, list[str]] = {}
    for line, request in zip(lines, vendor.requests(), strict=True):
        if line.optional and line.held in ("no", "unknown"):
            further.setdefault(alternatives(request.granted_by), []).append(line.name)
        for scope in line.needs if line.held == "no" and not line.optional else ():
            if granted is None or scope not in granted:
                missing.setdefault(scope, []).append(line.name)
    return Matrix(
        known=granted is not None,
        family=family or None,
        granted=tuple(sorted(granted or ())),
        lines=lines,
        missing={scope: tuple(names) for scope, names in missing.items()},
        further={needed: tuple(names) for needed, names in further.items()},
        unneeded=tuple(sorted((granted or frozenset()) - named_scopes(vendor))),
    )


def named_scopes(vendor: Vendor) -> frozenset[str]:
    """Give every scope that some request's `granted_by` names."""
    return frozenset(scope for one in vendor.requests() for entry in one.granted_by for scope in entry)


def needed_scopes(vendor: Vendor) -> tuple[str, ...]:
    """Give the scopes of the first alternative of each request's `granted_by`, each once, in the spec's order; no optional ones."""
    wanted = (one for one in vendor.requests() if one.granted_by and not one.optional)
    return tuple(dict.fromkeys(scope for one in wanted for scope in sorted(one.granted_by[0])))


def allowed(entries: Iterable[frozenset[str]], granted: frozenset[str]) -> bool:
    """Whether one of the alternatives is granted whole."""
    return any(entry <= granted for entry in entries)


def alternatives(entries: Iterable[frozenset[str]]) -> str:
    """Write the scopes that would allow a request, such as `users:read and users:email or admin`; empty where it needs none."""
    return " or ".join(" and ".join(sorted(entry)) for entry in entries)


def scope_hint(entries: Iterable[frozenset[str]]) -> str:
    """Write what follows a refusal that a scope would mend; empty where the request needs none."""
    needed = alternatives(entries)
    return f"; it needs the scope {needed}" if needed else ""


def unallowed(endpoint: Endpoint, granted: frozenset[str] | None) -> tuple[Outcome, str] | None:
    """Give the outcome and reason of an endpoint that is not asked because the connection is known to lack its scope."""
    if granted is None or not endpoint.granted_by or allowed(endpoint.granted_by, granted):
        return None
    if endpoint.optional:
        return Outcome.EXCLUDED, f"{OPTIONAL}{alternatives(endpoint.granted_by)}"
    return Outcome.DENIED, f"the connection lacks the scope {alternatives(endpoint.granted_by)}"


def told_by_refusals(endpoint: Endpoint, granted: frozenset[str] | None, ends: Sequence[ChainEnd]) -> str | None:
    """Give the reason why an optional endpoint is left out whose every chain the vendor denied; None where it is not.

    A vendor that does not say what it granted shows by refusing that the scope is missing. With a scope that is known to be
    granted, after one good answer, or where no scope would help, a refusal is a refusal.
    """
    hint = scope_hint(endpoint.granted_by)
    held = granted is not None and allowed(endpoint.granted_by, granted)
    if not endpoint.optional or held or not ends:
        return None
    if any(end.outcome is not Outcome.DENIED or end.helpless for end in ends):
        return None
    return f"{OPTIONAL}{alternatives(endpoint.granted_by)}; {(ends[0].reason or '').removesuffix(hint)}"


def scope_remedy(entries: Iterable[frozenset[str]], granted: frozenset[str] | None, rule: RuleSpec | None = None) -> str:
    """Write `scope_hint`, but nothing where the connection is known to have the scope, or the refusal's rule says that none helps."""
    needed = tuple(entries)
    return "" if beyond_scopes(rule) or (granted is not None and allowed(needed, granted)) else scope_hint(needed)


def beyond_scopes(rule: RuleSpec | None) -> bool:
    """Whether a refusal's rule says that no scope would mend it."""
    return rule is not None and rule.granted_by == "none"


def _line(endpoint: Endpoint, granted: frozenset[str] | None, mine: frozenset[str], denied: frozenset[str]) -> ScopeRow:
    entries = endpoint.granted_by
    if not entries:
        return ScopeRow(endpoint.name, "none needed", ())
    needs = tuple(sorted(next((entry for entry in entries if entry <= mine), entries[0])))
    if endpoint.name in denied:
        return ScopeRow(endpoint.name, "no", needs, endpoint.optional)
    if granted is None:
        return ScopeRow(endpoint.name, "unknown", needs, endpoint.optional)
    held = next((entry for entry in entries if entry <= granted), None)
    if held is not None:
        return ScopeRow(endpoint.name, "yes", tuple(sorted(held)), endpoint.optional)
    return ScopeRow(endpoint.name, "no", needs, endpoint.optional)


def _family(families: Mapping[str, tuple[str, ...]], granted: frozenset[str] | None) -> str | None:
    """Give the family that has most of the granted scopes; None if none has any."""
    if granted is None or not families:
        return None
    best = max(families, key=lambda name: len(granted & set(families[name])))
    return best if granted & set(families[best]) else None
