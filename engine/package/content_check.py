"""Hold what a package contains against what it says that it contains: its documents, and the records and files they count.

Reads JSON data line by line, so that memory does not grow with them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from engine.core.ledger import Outcome
from engine.decoding import decoder
from engine.language.expressions.lossless_json import repeats
from engine.language.text.mistakes import counted
from engine.package.bag_check import info_lines, read_bounded
from engine.package.bag_names import BAG_INFO, COMPLETENESS, HEAD, INDEX, INFORMATION, PAYLOAD, WITHHELD, shown
from engine.package.bag_source import UNREADABLE, BagSource
from engine.package.content import RECEIVED
from engine.package.records import (
    DOCUMENTS,
    WHOLE_FILE,
    WHOLE_RECORD,
    Completeness,
    KindCounts,
    PackageHead,
    ServiceCounts,
    ServiceInformation,
    WithheldEntry,
)

LONGEST_RECORD = 64 << 20
DATA_FILE = re.compile(r"data/([a-z][a-z0-9_]*)/(?:([a-z][a-z0-9_]*)\.(json|csv)|files/([a-z][a-z0-9_]*)-[0-9]+(?:\.[A-Za-z0-9]+)?)")
LISTING = re.compile(r"data/([a-z][a-z0-9_]*)/files(?:/list)?\.csv")  # a kind of record may be called `files` itself
HALF = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
RECORD = msgspec.json.Decoder(msgspec.Raw)


class Contents(msgspec.Struct, frozen=True):
    """The documents of a package; None for one that is missing or that cannot be read."""

    head: PackageHead | None
    completeness: Completeness | None
    withheld: list[WithheldEntry] | None
    information: list[ServiceInformation] | None


def read_contents(source: BagSource) -> Contents:
    """Read the four documents; what is wrong with them is noted at the source."""
    return Contents(*(_document(source, name) for name in (HEAD, COMPLETENESS, WITHHELD, INFORMATION)))


def _document(source: BagSource, name: str) -> Any:
    raw = read_bounded(source, name)
    if raw is None:
        return None
    try:
        found = decoder(DOCUMENTS[name]).decode(raw)
        if repeats(raw):
            source.found("document", f"{name} says something twice: readers differ in which they take")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        source.found("document", f"{name} is not as this profile has it: {shown(str(error))}")
        return None
    return found


def check_contents(source: BagSource, contents: Contents) -> None:
    """Hold the documents against each other and against the files; what is wrong is noted at the source."""
    head, completeness = contents.head, contents.completeness
    if INDEX not in source.files:
        source.found("missing", f"{INDEX} is missing: it is what a person opens")
    if head is not None and completeness is not None and head.reference != completeness.reference:
        source.found("document", f"{COMPLETENESS} is of {shown(completeness.reference)}, and {HEAD} of {shown(head.reference)}")
    told = info_lines(read_bounded(source, BAG_INFO) or b"").get("external-identifier", []) if BAG_INFO in source.files else []
    if head is not None and len(told) == 1 and told[0] != " ".join(head.reference.split()):
        source.found("document", f"{BAG_INFO} is of {shown(told[0])}, and {HEAD} of {shown(head.reference)}")
    if completeness is None or not _is_unique(source, completeness):
        return
    services = [service.vendor for service in completeness.services]
    named = {
        HEAD: None if head is None else [entry.vendor for entry in head.services],
        INFORMATION: None if contents.information is None else [entry.vendor for entry in contents.information],
    }
    for name, vendors in named.items():
        if vendors is not None and sorted(vendors) != sorted(services):
            source.found("document", f"{name} and {COMPLETENESS} name different services")
    for service in completeness.services:
        for kind in service.kinds:
            _check_records(source, service.vendor, kind)
    _check_files(source, completeness.services)
    if contents.withheld is not None:
        _check_withheld(source, completeness, contents.withheld)


def _is_unique(source: BagSource, completeness: Completeness) -> bool:
    names = Counter(service.vendor for service in completeness.services)
    names += Counter(f"{service.vendor}/{kind.endpoint}" for service in completeness.services for kind in service.kinds)
    twice = sorted(name for name, count in names.items() if count > 1)
    for name in twice:
        source.found("document", f"{COMPLETENESS} tells of {name} more than once")
    return not twice


def _check_records(source: BagSource, vendor: str, kind: KindCounts) -> None:
    """Count the records of one kind, and what became of those that were found."""
    name, what = f"{PAYLOAD}{vendor}/{kind.endpoint}.json", f"{vendor}/{kind.endpoint}"
    held = sum(kind.held.values())
    if kind.given + held != kind.found:
        told = f"{counted(kind.found, 'record')} of {what} as found, {kind.given} as given and {held} as withheld"
        source.found("count", f"{COMPLETENESS} counts {told}")
    if kind.found and kind.outcome is Outcome.EMPTY:
        source.found("count", f"{COMPLETENESS} calls {what} empty, and counts {counted(kind.found, 'record')} as found")
    if name not in source.files:
        if kind.given:
            source.found("count", f"{name} is missing: {counted(kind.given, 'record')} should stand there")
        return
    try:
        count = sum(1 for _ in records_of(source, name))
    except UNREADABLE as error:
        source.found("document", f"{name} {error if isinstance(error, NotRecords) else 'cannot be read: it is cut or changed'}")
        return
    if count != kind.given:
        source.found("count", f"{name} holds {counted(count, 'record')}, where {COMPLETENESS} says {kind.given}")


class NotRecords(ValueError):
    """A data file that is not laid out as the profile says; the message says where."""


def records_of(source: BagSource, name: str) -> Iterator[bytes]:
    """Give the records of a data file: `[`, then one on each line with commas between them, then `]`. Raises UNREADABLE."""
    with source.open(name) as stream:
        number, more, ended = 1, False, False
        if stream.readline(4) != b"[\n":
            message = "does not begin with a line `[`"
            raise NotRecords(message)
        while line := stream.readline(LONGEST_RECORD):
            number += 1
            if line == b"]\n" and not more and not ended:
                ended = True
                continue
            text = line.rstrip(b"\n")
            if ended or not line.endswith(b"\n") or (number > 2 and not more) or not _is_object(text.removesuffix(b",")):
                message = f"holds no record of its own in line {number}"
                raise NotRecords(message)
            more = text.endswith(b",")
            yield text.removesuffix(b",")
    if not ended:
        message = "does not end with a line `]`: it is cut"
        raise NotRecords(message)


def _is_object(text: bytes) -> bool:
    """Whether it is an object; half a character, written as its escape, is JSON as any other, and services send it."""
    try:
        RECORD.decode(HALF.sub(rb"\\u0041", text) if HALF.search(text) else text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return text.startswith(b"{")


def _check_files(source: BagSource, services: Sequence[ServiceCounts]) -> None:
    """Count the files beside the records, and name what no document tells of."""
    known = {(service.vendor, kind.endpoint) for service in services for kind in service.kinds}
    given = {(service.vendor, kind.endpoint): kind.files.given for service in services for kind in service.kinds}
    given |= {(service.vendor, RECEIVED): service.files.given for service in services}
    vendors, there = {service.vendor for service in services}, Counter[tuple[str, str]]()
    for name in sorted(name for name in source.files if name.startswith(PAYLOAD)):
        listing, found = LISTING.fullmatch(name), DATA_FILE.fullmatch(name)
        if name in DOCUMENTS or (listing is not None and listing[1] in vendors):
            continue
        if found is not None and (found[1], found[4]) in given:
            there[found[1], found[4]] += 1
        elif found is None or (found[1], found[2]) not in known:
            source.found("count", f"{name} is told of in no document")
    for vendor, endpoint in sorted(given):
        if there[vendor, endpoint] != given[vendor, endpoint]:
            place = f"{PAYLOAD}{vendor}/files"
            told = f"{counted(there[vendor, endpoint], 'file')} of {endpoint}, where {COMPLETENESS} says {given[vendor, endpoint]}"
            source.found("count", f"{place} holds {told}")


def _check_withheld(source: BagSource, completeness: Completeness, withheld: Sequence[WithheldEntry]) -> None:
    """Hold the entries of `withheld.json` against the counts of `completeness.json`."""
    sums = Counter[tuple[str, str, str, str]]()
    for entry in withheld:
        what = (
            "places" if entry.operation != "hold" else {WHOLE_RECORD: "records", WHOLE_FILE: "files"}.get(entry.path, "fields held whole")
        )
        sums[entry.vendor, entry.endpoint, what, entry.reason if what != "files" else ""] += entry.count
    expected = Counter[tuple[str, str, str, str]]()
    for service in completeness.services:
        expected[service.vendor, RECEIVED, "files", ""] += service.files.withheld
        for kind in service.kinds:
            expected[service.vendor, kind.endpoint, "files", ""] += kind.files.withheld
            for what, counts in (("records", kind.held), ("places", kind.places)):
                for reason, count in counts.items():
                    expected[service.vendor, kind.endpoint, what, reason] += count
    for key in sorted(key for key in sums.keys() | expected.keys() if sums[key] != expected[key]):
        vendor, endpoint, what, because = key
        why = f" for {because}" if because else ""
        told = f"{sums[key]} {what} of {vendor}/{endpoint} withheld{why}, {COMPLETENESS} {expected[key]}"
        source.found("count", f"{WITHHELD} counts {told}")
