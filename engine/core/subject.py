"""The person: which look-ups can be asked, whether the one who was found is the one asked for, and what a run needs besides.

`runner/person` sends the look-ups.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from engine.core.chain import Chain, Unresolved, join_rows
from engine.core.identity import NOBODY, Identifier, means_nothing
from engine.core.ledger import Subject
from engine.core.rendering import text_of
from engine.discreet import Discreet
from engine.language.effective import Endpoint, Row, Vendor
from engine.language.expressions import lossless_json
from engine.language.expressions.template import IDENTIFIERS, Hole, Template
from engine.language.model.body import texts

OTHER = "the vendor answered with another person than the one asked for"
NOBODY_KNOWN = "the vendor knows nobody by this identifier"


class LookupResult(Discreet, Struct, frozen=True):
    """The result of a look-up: was the person found, and the reason if not. `rows` hold the values to ask the endpoints with.

    There are several rows if the vendor keeps several records of the person (`several: all`). Values are never shown. `proof`:
    what showed that the connection sees people, where nobody is known: verify or probe. `again_at`: when the vendor's limit, which
    is used up, lets the look-up be asked.
    """

    HIDDEN = ("rows",)

    subject: Subject
    reason: str | None = None
    rows: tuple[Row, ...] = ()
    proof: str | None = None
    again_at: datetime | None = None


class Lack(Struct, frozen=True):
    """An identifier is missing: one of `identifiers` must be given.

    `endpoints` are those that need it, so that they could be left out instead; empty if every endpoint does. `to_look_up`: the
    look-up needs it.
    """

    identifiers: tuple[str, ...]
    endpoints: tuple[str, ...]
    to_look_up: bool = False


def asked_by(lookup: Endpoint) -> str:
    """Name the identifier a look-up asks by: EMAIL, PHONE or USERNAME."""
    return next(hole.name for hole in lookup.holes() if hole.name in IDENTIFIERS)


def possible(vendor: Vendor, given: Collection[str]) -> tuple[Endpoint, ...]:
    """Give the look-ups that can be asked with these identifiers, in their order."""
    return tuple(one for one in vendor.lookups if all(hole.name in given for hole in one.holes() if hole.name in IDENTIFIERS))


def groups(lookups: Iterable[Endpoint]) -> tuple[tuple[Endpoint, ...], ...]:
    """Put look-ups that capture the same names together, in the order of the spec."""
    found: dict[frozenset[str], list[Endpoint]] = {}
    for lookup in lookups:
        found.setdefault(captured_by(lookup), []).append(lookup)
    return tuple(tuple(one) for one in found.values())


def captured_by(lookup: Endpoint) -> frozenset[str]:
    """Name what a look-up captures."""
    return frozenset(name for name, _ in lookup.capture)


def lacking(vendor: Vendor, given: Collection[str], excluded: Collection[str] = ()) -> Lack | None:
    """Find an identifier that the run needs and was not given; None if nothing is missing. Excluded endpoints need nothing."""
    if not possible(vendor, given):
        return Lack(tuple(dict.fromkeys(asked_by(one) for one in vendor.lookups)), (), to_look_up=True)
    asked = {name: one for name, one in vendor.endpoints.items() if name not in excluded}
    for name in IDENTIFIERS:
        if name in given:
            continue
        needing = {one.name for one in asked.values() if any(hole.name == name for hole in one.holes())}
        if needing:
            needing |= _below(asked.values(), needing)
            return Lack((name,), tuple(one for one in asked if one in needing) if needing < set(asked) else ())
    return _unsought(vendor, given, asked)


def _unsought(vendor: Vendor, given: Collection[str], asked: Mapping[str, Endpoint]) -> Lack | None:
    """Find endpoints that need what only look-ups capture which cannot be asked."""
    for group in groups(vendor.lookups):
        needing = {one.name for one in asked.values() if any(hole.name in captured_by(group[0]) for hole in one.holes())}
        if needing and not any(one in possible(vendor, given) for one in group):
            needing |= _below(asked.values(), needing)
            return Lack(tuple(dict.fromkeys(asked_by(one) for one in group)), tuple(one for one in asked if one in needing))
    return None


def unsafe(vendor: Vendor, person: Mapping[str, Identifier], excluded: Collection[str] = ()) -> str | None:
    """Say why an identifier cannot be written inside a longer text of a request, such as a query; None if each can."""
    row = tuple((name, one.value) for name, one in person.items())
    for endpoint, template in inside_texts(vendor, person, excluded):
        known = Template(tuple(one if isinstance(one, str) or _is_one_of(one, person) else "" for one in template.parts))
        try:
            text_of(known, Chain(endpoint, row))
        except Unresolved as error:
            return str(error)
    return None


def inside_texts(vendor: Vendor, given: Collection[str], excluded: Collection[str] = ()) -> Iterator[tuple[Endpoint, Template]]:
    """Give the texts of requests inside which an identifier stands: there its value decides whether it can be asked by."""
    for endpoint in (*possible(vendor, given), *(one for name, one in vendor.endpoints.items() if name not in excluded)):
        for template in _texts(endpoint):
            if template.whole is None and any(hole.name in given for hole in template.holes()):
                yield endpoint, template


def _texts(endpoint: Endpoint) -> list[Template]:
    return [*(one for _, values in endpoint.params for one in values), *(one for _, one in texts(endpoint.body))]


def _is_one_of(part: object, names: Collection[str]) -> bool:
    return isinstance(part, Hole) and part.name in names


def _below(endpoints: Collection[Endpoint], parents: Collection[str]) -> set[str]:
    """Name every endpoint that is asked once per record of one of these, or of one below them."""
    found = {one.name for one in endpoints if any(field.endpoint in parents for field in one.parents())}
    return found if found <= set(parents) else found | _below(endpoints, {*parents, *found})


def identify(lookup: Endpoint, answered: Sequence[tuple[Row, Any]], others: int, *, named: bool = True) -> LookupResult:
    """Decide who was found. `answered` are the records that match the identifier, each with the row of values it was asked with.

    `others` is the number of records that do not match; unless they are `named`, none of them holds what `match` compares.
    Different persons have different captured values, or different keys if nothing is captured; with `several: all` all are records
    of one person.
    """
    if others and lookup.records is None and not lookup.directory:
        return LookupResult(Subject.MISMATCHED, OTHER)
    if not answered and others and lookup.directory and not named:
        paths = " and ".join(f"`{select.text}`" for select, _ in lookup.match)
        return LookupResult(Subject.UNPROVEN, f"the vendor lists people, and of none of them {paths}: whom it knows cannot be said")
    if not answered:
        if lookup.records is not None and (lookup.directory or not others):
            return LookupResult(Subject.NO_MATCH, NOBODY_KNOWN)
        return LookupResult(Subject.MISMATCHED, OTHER)
    if any(lossless_json.repeats(bytes(record)) for _, record in answered):
        return LookupResult(Subject.UNPROVEN, "the look-up's answer holds a member twice, so that it cannot be read in one way")
    decoded = [lossless_json.loads(bytes(record)) for _, record in answered]
    captures = [tuple((name, _captured(select.search(one))) for name, select in lookup.capture) for one in decoded]
    if lookup.capture:
        persons = set[Hashable](captures)
    else:
        persons = {
            lossless_json.text_of(lookup.key.search(one)) or bytes(record) for one, (_, record) in zip(decoded, answered, strict=True)
        }
    if len(persons) > 1 and not lookup.several:
        return LookupResult(Subject.AMBIGUOUS, f"{len(persons)} persons answer to this identifier")
    missing = [name for row in captures for name, value in row if value is None]
    if missing:
        return LookupResult(Subject.UNPROVEN, f"the look-up's answer holds no usable <{missing[0]}>")
    rows = [
        join_rows(row, tuple((name, value) for name, value in own if value is not None))
        for (row, _), own in zip(answered, captures, strict=True)
    ]
    return LookupResult(Subject.MATCHED, None, tuple(dict.fromkeys(rows)))


def _captured(value: Any) -> str | None:
    text = lossless_json.text_of(value)
    if text is None or text.lower() in NOBODY or means_nothing(value):
        return None
    return text if isinstance(value, str) else lossless_json.Json(text)
