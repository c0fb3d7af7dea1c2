"""What an answer holds, counted: what was found, what leaves, what is withheld and why, what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from engine.package.content import CaseAnswer, PackageFile, RecordKind, Service
from engine.release.reasons import CODES, Because

WHOLE = ("complete", "empty", "absent", "unlicensed")  # outcomes of a run with which nothing is missing


class WithheldTotal(msgspec.Struct):
    """How much is withheld for one reason."""

    places: int = 0
    records: int = 0
    files: int = 0


def kinds(answer: CaseAnswer) -> Iterator[tuple[Service, RecordKind]]:
    """Give every kind of record, behind its service."""
    return ((service, kind) for service in answer.services for kind in service.kinds)


def files_of(service: Service) -> Iterator[PackageFile]:
    """Give the files of a service: what its owner sent, and what belongs to its records."""
    yield from service.files
    for kind in service.kinds:
        yield from kind.files


def records_found(service: Service) -> int:
    """Count the records that a service gave."""
    return sum(kind.found for kind in service.kinds)


def is_missing(file: PackageFile) -> bool:
    """Whether a file is not here because it could not be had."""
    return file.source is None and file.because is None


def was_found(file: PackageFile) -> bool:
    """Whether a file was had at all, though it may not leave."""
    return not is_missing(file)


def is_incomplete(kind: RecordKind) -> bool:
    """Whether something of a kind of record is missing, or was not asked for."""
    return kind.why is not None or kind.outcome not in WHOLE


def withheld(answer: CaseAnswer) -> Mapping[Because, WithheldTotal]:
    """Count what is withheld, by reason, in the order of the reasons; only reasons that hold something back are in it."""
    found: dict[Because, WithheldTotal] = {because: WithheldTotal() for because in CODES}
    for _, kind in kinds(answer):
        for because, number in kind.places.items():
            found[because].places += number
        for because, number in kind.held.items():
            found[because].records += number
    for service in answer.services:
        for file in files_of(service):
            if file.source is None and file.because is not None:
                found[file.because].files += 1
    return {because: count for because, count in found.items() if count != WithheldTotal()}


def unaccounted(answer: CaseAnswer) -> str | None:
    """Say where the counts of an answer do not agree: a record would be missing, and nothing would say so."""
    for service, kind in kinds(answer):
        if kind.found != kind.given + sum(kind.held.values()):
            counts = f"{kind.found} were found, {kind.given} are given, {sum(kind.held.values())} are held"
            return f"the records of {kind.endpoint} of {service.vendor} are not all accounted for: {counts}"
    return None
