"""What goes into a package, as values: the answer to one request, ready to be written. Every text is in the language of the case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import msgspec

from engine.release.given_record import GivenRecord
from engine.release.labels import Labels
from engine.release.reasons import Because

RECEIVED = "received"  # stands where an endpoint would: what an owner sent belongs to none


class PackageFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file beside the records: handed over (`source` is where it lies now), or the reason why it is not.

    `record` is the number of its record among those that are given, from 1; None where that is not given, or there is none. `why` says in
    words why it is not here: by a decision (`because`), or because it could not be had (`because` is None). `name` is how the owner or
    vendor called it, which is shown and names no file of the package.
    """

    endpoint: str
    name: str
    source: Path | None = None
    record: int | None = None
    media_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    because: Because | None = None
    why: str | None = None


class WithheldField(msgspec.Struct, frozen=True, kw_only=True):
    """How often one field of a kind of record is withheld, in which way and why; `path` leaves places in lists out."""

    path: str
    operation: Literal["drop", "mask", "alias"]
    because: Because
    count: int


class RecordKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of record at a service: an endpoint of its run.

    `found` counts the records that were fetched, `given` those that leave, `held` those withheld as a whole, by reason. `outcome` is the
    run's word; `why` says in words what is missing and what happens next (the operator's sentence where a gap was accepted), None where
    nothing is missing. `records` reads them anew each time, in the vendor's order.
    """

    endpoint: str
    title: str
    outcome: str
    found: int
    given: int
    held: Mapping[Because, int] = {}
    withheld: tuple[WithheldField, ...] = ()
    expected: int | None = None
    covered: tuple[date, date] | None = None
    why: str | None = None
    records: Callable[[], Iterator[GivenRecord]] = lambda: iter(())
    files: tuple[PackageFile, ...] = ()

    @property
    def places(self) -> Mapping[Because, int]:
        """Count the places that are withheld in given records, by reason."""
        found = Counter[Because]()
        for field in self.withheld:
            found[field.because] += field.count
        return found


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One service that was searched, or whose owner was asked.

    `subject` says who was found: `matched` (the person), `no_match` (nobody), `unproven` (nobody, but that cannot be proved), `none` (no
    run: files of an owner, or nothing at all). `how` says in words how that is known. `why` is the operator's sentence where the whole
    service was accepted as missing. `not_asked` names what the service holds and gives nobody, or is not asked for, in words of its spec.
    `information` is what Art. 15(1) GDPR asks for, by the names of a policy's `information`; None where the operator has not written it.
    """

    vendor: str
    title: str
    subject: Literal["matched", "no_match", "unproven", "none"]
    asked: date | None = None
    how: str = ""
    why: str | None = None
    kinds: tuple[RecordKind, ...] = ()
    files: tuple[PackageFile, ...] = ()
    not_asked: tuple[str, ...] = ()
    information: Mapping[str, str | None] = {}
    labels: Labels = Labels()
    spec: str | None = None
    policy: str | None = None


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers: the operator's own words; empty where they are not written."""

    controller: str = ""
    contact: str = ""
    signature: str = ""
    authority: str = ""


class CaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one request. `made` is the time of the last decision, so that the same decisions make the same bytes.

    `log` is number and sha256 of the case's last act that a package stands on; `name`, `address` and `identifiers` are the person's own.
    """

    reference: str
    language: Literal["en", "de"]
    law: str
    received: date
    made: datetime
    log: tuple[int, str]
    engine: str
    simulated: bool = False
    name: str | None = None
    address: str | None = None
    identifiers: tuple[str, ...] = ()
    sender: Sender = Sender()
    services: tuple[Service, ...] = ()
