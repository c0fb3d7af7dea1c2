"""`/case/X/records`, and `/case/X/zoom` for one service: every kind of record, what came of it, what was found, and what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from engine.case.answer import LOOKUP, is_only_a_way, told_run
from engine.case.fold import VendorPart
from engine.case.folder import OpenCase
from engine.case.in_force import InReview
from engine.case.record_lines import CountedKind, counted_kinds
from engine.case.review import decisions_of
from engine.case.taken_run import MISSING
from engine.case.words import Called
from engine.core.ledger import WITHOUT_PERSON, Subject
from engine.errors import UsageError
from engine.portal.asked import AskedPage, NotThere, Portrayed
from engine.portal.choices import SHORT_REASONS
from engine.portal.field_names import WHO
from engine.portal.seen import SeenCase, looked, looked_through
from engine.portal.titles import outcome_words, reason_words, system_titles
from engine.release.apply import PolicyInForce
from engine.release.own import Own

TITLE = "Records"


class KindRow(msgspec.Struct, frozen=True):
    """A kind of record: what it is called, what came of it and why, how many there are, and why all of them are held, if they are."""

    endpoint: str
    title: str
    outcome: str
    why: str
    missing: bool
    counted: CountedKind
    held: str | None = None


class ServiceKinds(msgspec.Struct, frozen=True):
    """A service and its kinds of record; `said` where it has none."""

    vendor: str
    title: str
    rows: tuple[KindRow, ...] = ()
    said: str = ""


def _records(seen: SeenCase) -> Portrayed:
    return _portrayed(seen, list(seen.case.case.vendors))


def _service(seen: SeenCase) -> Portrayed:
    return _portrayed(seen, [known_vendor(seen.case, seen.asked)])


def known_vendor(case: OpenCase, asked: AskedPage) -> str:
    """Give the service that the address names. Raises NotThere."""
    vendor = asked.names["vendor"]
    if vendor not in case.case.vendors:
        message = f"{case.reference} has no page and no service of this name: its services are {', '.join(case.case.vendors)}"
        raise NotThere(message)
    return vendor


def _portrayed(seen: SeenCase, vendors: list[str]) -> Portrayed:
    counted = {(one.vendor, one.endpoint): one for one in counted_kinds(seen.found)}
    services = [_kinds(seen, vendor, counted) for vendor in vendors]
    return seen.portrayed("kinds.html", services=services, alone=vendors != list(seen.case.case.vendors))


def _kinds(seen: SeenCase, vendor: str, counted: Mapping[tuple[str, str], CountedKind]) -> ServiceKinds:
    part = seen.case.case.vendors[vendor]
    called = system_titles(seen.asked.home, seen.case)
    if part.run is None:
        return ServiceKinds(vendor, called(vendor, None), said="files" if part.files else "nothing")
    review = next(one for one in seen.found.runs if one.vendor == vendor)
    told = told_run(review.folder, part.run.proof)
    rows = tuple(_rows(seen, part, review, told.run.endpoints, counted, called))
    return ServiceKinds(vendor, called(vendor, None), rows)


def _rows(
    seen: SeenCase,
    part: VendorPart,
    review: InReview,
    endpoints: Mapping[str, Mapping[str, Any]],
    counted: Mapping[tuple[str, str], CountedKind],
    called: Called,
) -> Iterator[KindRow]:
    in_force = PolicyInForce(review.policy, Own([]), decisions=decisions_of(seen.case.case.decisions, review.vendor, seen.found.digest))
    lookup = {LOOKUP: {"title": WHO, "outcome": "complete"}} if (review.vendor, LOOKUP) in counted else {}
    for endpoint, told in {**lookup, **endpoints}.items():
        if is_only_a_way({**told, "file": (review.vendor, endpoint) in counted}):
            continue
        held = in_force.record_held(endpoint, {}, "")
        outcome = str(told.get("outcome"))
        accepted = part.excused.get(endpoint)
        yield KindRow(
            endpoint,
            str(told.get("title") or endpoint),
            outcome_words(outcome),
            f"accepted: {accepted.say}" if accepted is not None else _reason(told, review.vendor, called),
            outcome in MISSING and accepted is None,
            counted.get((review.vendor, endpoint)) or CountedKind(review.vendor, endpoint, 0, 0, 0),
            f"{SHORT_REASONS[held.because]}, by {held.rule}" if held is not None else None,
        )


def _reason(told: Mapping[str, Any], vendor: str, called: Called) -> str:
    """Say why a kind of record is not whole; where nobody was found, without the word of the manifest for that."""
    reason = str(told.get("reason") or "")
    nobody = f"{WITHOUT_PERSON} {Subject.NO_MATCH}: "
    return reason.removeprefix(nobody) if reason.startswith(nobody) else reason_words(reason, vendor, called)


show_records = looked_through("records", TITLE, _records)
show_service = looked_through("records", TITLE, _service)


def do_records(asked: AskedPage) -> str:
    """Look through the runs. Raises Stale, UsageError, SpecError, DiskError, OutputError."""
    if (where := looked(asked, "records")) is not None:
        return where
    message = "the form names no act: open the page again; nothing was written"
    raise UsageError(message)
