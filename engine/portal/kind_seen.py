"""One kind of record of a case as pages show it: its run, its policy in force, what its fields are called, how values are written."""

from __future__ import annotations

import msgspec

from engine.case.answer import LOOKUP, told_run
from engine.case.in_force import InReview
from engine.case.record_lines import RecordLine, read_line, record_count
from engine.case.review import decisions_of, learned_of
from engine.package.cell import Cells
from engine.pages.texts import texts
from engine.portal.asked import LANGUAGE, NotThere
from engine.portal.field_names import WHO, labels
from engine.portal.places import place_of
from engine.portal.seen import SeenCase
from engine.release.apply import PolicyInForce
from engine.release.labels import Labels


class SeenKind(msgspec.Struct, frozen=True):
    """A kind of record of a case, and how many records there are."""

    seen: SeenCase
    vendor: str
    endpoint: str
    title: str
    service: str
    review: InReview
    count: int

    @property
    def at(self) -> str:
        """Give the address of its records."""
        return f"{self.seen.head['at']}/{place_of(self.vendor)}/{self.endpoint}"

    @property
    def labels(self) -> Labels:
        """Give what its fields are called."""
        return labels(self.vendor)

    def cells(self) -> Cells:
        """Give what writes its values."""
        return Cells(texts("engine.package", LANGUAGE), self.service, f"{self.endpoint}.jsonl")

    def in_force(self) -> PolicyInForce:
        """Give the policy with the decisions that hold, as a package asks it."""
        decisions = decisions_of(self.seen.case.case.decisions, self.vendor, self.seen.found.digest)
        return learned_of(self.seen.found).in_force(self.vendor, decisions, parts=True)

    def line(self, line: RecordLine, most: int | None = None) -> bytes | None:
        """Read a record; None where it is longer than `most`."""
        return read_line(self.review.folder, self.endpoint, line, most)


def seen_kind(seen: SeenCase) -> SeenKind:
    """Give the kind of record that the address names. Raises NotThere where the run has none of it."""
    vendor, endpoint = seen.asked.names["vendor"], seen.asked.names["endpoint"]
    review = next((one for one in seen.found.runs if one.vendor == vendor), None)
    count = record_count(seen.found, vendor, endpoint) if review is not None else 0
    run = seen.case.case.vendors[vendor].run if review is not None else None
    told = told_run(review.folder, run.proof) if review is not None and run is not None else None
    known = told is not None and (count or endpoint in told.run.endpoints)
    if review is None or told is None or not known:
        message = f"{seen.case.reference} has no records of this name: the page Records lists those that it has"
        raise NotThere(message)
    title = WHO if endpoint == LOOKUP else str(told.run.endpoints.get(endpoint, {}).get("title") or endpoint)
    return SeenKind(seen, vendor, endpoint, title, str(told.body.get("title") or vendor), review, count)
