"""The four documents of a package that a program reads: `habeas.json`, `completeness.json`, `withheld.json` and `information.json`.

They are made from a `CaseAnswer`, checked by `verify`, and their JSON Schemas are written from the types here. Reads no file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec

from engine.core.ledger import Outcome
from engine.language.text.spec_name import SPEC_NAME
from engine.package.bag_names import COMPLETENESS, HEAD, INFORMATION, PROFILE, WITHHELD
from engine.package.content import RECEIVED, CaseAnswer, PackageFile, RecordKind
from engine.release.reasons import CODES, Because

MOST = (1 << 53) - 1  # what every reader of JSON counts exactly
Natural = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=MOST)]
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$(?!\n)")]
Slug = Annotated[str, msgspec.Meta(pattern=f"^{SPEC_NAME}$(?!\n)")]
ByReason = Annotated[dict[Because, Positive], msgspec.Meta(extra_json_schema={"propertyNames": {"enum": sorted(CODES)}})]
WithheldBy = Literal["hold", "drop", "mask", "alias"]
WHOLE_RECORD, WHOLE_FILE = "", "file"


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a document: a field that is not named here is a mistake, since nobody would read it."""


class LogHead(Strict, frozen=True):
    """The last act of the case that the package stands on: its number in the log, and its sha256."""

    n: Positive
    sha256: Hash


class ServiceVersions(Strict, frozen=True):
    """What a service was read with: sha256 of spec and policy; null where there was none."""

    vendor: Slug
    spec: str | None
    policy: str | None


class PackageHead(Strict, frozen=True):
    """`habeas.json`: which request this answers, when, and what made it."""

    profile: Literal["urn:habeas:package:1"]
    reference: str
    language: str
    law: str
    received: date
    made: datetime
    simulated: bool
    engine: str
    log: LogHead
    services: list[ServiceVersions]


class FileCounts(Strict, frozen=True):
    """Files beside the records: handed over, withheld by a decision, and not to be had."""

    given: Natural
    withheld: Natural
    missing: Natural


class KindCounts(Strict, frozen=True):
    """One kind of record of a service. `found` were fetched, `given` stand in the package, `held` are withheld as a whole, by reason.

    `places` counts what is withheld inside of given records, by reason; `expected` is the service's own total, less what it told twice
    and what is other people's; `covered` the first and last day that was asked for. `why` says what is missing, null where nothing is.
    """

    endpoint: Slug
    title: str
    outcome: Outcome
    found: Natural
    given: Natural
    held: ByReason
    places: ByReason
    expected: Natural | None
    covered: tuple[date, date] | None
    why: str | None
    files: FileCounts


class ServiceCounts(Strict, frozen=True):
    """One service that was searched or whose owner was asked. `files` are those that an owner sent and that belong to no kind."""

    vendor: Slug
    title: str
    subject: Literal["matched", "no_match", "unproven", "none"]
    asked: date | None
    how: str
    why: str | None
    not_asked: list[str]
    kinds: list[KindCounts]
    files: FileCounts


class Completeness(Strict, frozen=True):
    """`data/completeness.json`: what was found, what stands in the package, and what is missing, and why."""

    profile: Literal["urn:habeas:package:1"]
    reference: str
    services: list[ServiceCounts]


class WithheldEntry(Strict, frozen=True):
    """An entry of `data/withheld.json`: how often something is withheld for a reason; never a value.

    `path` is the field, places in lists left out; with the operation `hold` it is empty for whole records, and `file` for files.
    """

    vendor: Slug
    endpoint: Slug
    path: str
    reason: Because
    operation: WithheldBy
    count: Positive


class ServiceInformation(Strict, frozen=True):
    """An entry of `data/information.json`: what Art. 15(1) GDPR asks for; null where the controller has not said it."""

    vendor: Slug
    title: str
    purpose: str | None
    categories: str | None
    recipients: str | None
    retention: str | None
    source: str | None
    transfers: str | None
    automated_decisions: str | None


DOCUMENTS: Mapping[str, Any] = {
    HEAD: PackageHead,
    COMPLETENESS: Completeness,
    WITHHELD: list[WithheldEntry],
    INFORMATION: list[ServiceInformation],
}


def document_bytes(document: Any) -> bytes:
    """Write a document as it stands in a package."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def head_of(answer: CaseAnswer) -> PackageHead:
    """Give `habeas.json`."""
    number, sha256 = answer.log
    return PackageHead(
        profile=PROFILE,
        reference=answer.reference,
        language=answer.language,
        law=answer.law,
        received=answer.received,
        made=answer.made,
        simulated=answer.simulated,
        engine=answer.engine,
        log=LogHead(n=number, sha256=sha256),
        services=[ServiceVersions(vendor=found.vendor, spec=found.spec, policy=found.policy) for found in answer.services],
    )


def completeness_of(answer: CaseAnswer) -> Completeness:
    """Give `data/completeness.json`."""
    services = [
        ServiceCounts(
            vendor=found.vendor,
            title=found.title,
            subject=found.subject,
            asked=found.asked,
            how=found.how,
            why=found.why,
            not_asked=list(found.not_asked),
            kinds=[_kind(kind) for kind in found.kinds],
            files=_files(found.files),
        )
        for found in answer.services
    ]
    return Completeness(profile=PROFILE, reference=answer.reference, services=services)


def _kind(kind: RecordKind) -> KindCounts:
    return KindCounts(
        endpoint=kind.endpoint,
        title=kind.title,
        outcome=Outcome(kind.outcome),
        found=kind.found,
        given=kind.given,
        held=_counted(kind.held),
        places=_counted(kind.places),
        expected=kind.expected,
        covered=kind.covered,
        why=kind.why,
        files=_files(kind.files),
    )


def _counted(counts: Mapping[Because, int]) -> dict[Because, int]:
    return {because: count for because, count in sorted(counts.items()) if count}


def _files(files: Iterable[PackageFile]) -> FileCounts:
    states = Counter("given" if found.source else "withheld" if found.because else "missing" for found in files)
    return FileCounts(given=states["given"], withheld=states["withheld"], missing=states["missing"])


def information_of(answer: CaseAnswer) -> list[ServiceInformation]:
    """Give `data/information.json`."""
    names = [name for name in ServiceInformation.__struct_fields__ if name not in ("vendor", "title")]
    return [
        ServiceInformation(vendor=found.vendor, title=found.title, **{name: found.information.get(name) for name in names})
        for found in answer.services
    ]


def withheld_of(answer: CaseAnswer) -> list[WithheldEntry]:
    """Give `data/withheld.json`: the fields, and the records and files that are withheld as a whole."""
    return [
        WithheldEntry(vendor=vendor, endpoint=endpoint, path=path, reason=because, operation=operation, count=count)
        for (vendor, endpoint, path, because, operation), count in sorted(_withheld(answer).items())
    ]


def _withheld(answer: CaseAnswer) -> Counter[tuple[str, str, str, Because, WithheldBy]]:
    counts = Counter[tuple[str, str, str, Because, WithheldBy]]()
    for service in answer.services:
        for kind in service.kinds:
            for field in kind.withheld:
                counts[service.vendor, kind.endpoint, field.path, field.because, field.operation] += field.count
            for because, count in kind.held.items():
                counts[service.vendor, kind.endpoint, WHOLE_RECORD, because, "hold"] += count
        for endpoint, files in [*((kind.endpoint, kind.files) for kind in service.kinds), (RECEIVED, service.files)]:
            for found in files:
                if found.source is None and found.because is not None:
                    counts[service.vendor, endpoint, WHOLE_FILE, found.because, "hold"] += 1
    return +counts
