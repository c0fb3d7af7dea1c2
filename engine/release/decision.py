"""A reviewer's decisions laid over what a policy says: the most exact one holds, of several as exact the last."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from engine.release.field_path import FieldSteps
from engine.release.reasons import Because, Treatment
from engine.release.remembered import Remembered

MOST_TEXTS = 40_000  # of which it is remembered whether they were decided about


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer decided, and about what: a `value` by its digest; else a place in a record, a record, a field, an endpoint.

    `act` is the number in the case's log. `record` is the sha256 of a record's line, `pointer` a JSON pointer into it; `file` names a file
    of the endpoint.
    """

    act: int
    operation: Treatment
    because: Because
    endpoint: str | None = None
    value: str | None = None
    record: str | None = None
    pointer: str | None = None
    file: str | None = None
    steps: FieldSteps = ()

    @property
    def name(self) -> str:
        """Name it where a rule of a policy would be named."""
        return f"act {self.act}"


class Decisions:
    """The decisions on one vendor's records, sorted by what they are about. `digest` is that of the case, for values."""

    def __init__(self, decisions: Iterable[Decision] = (), digest: Callable[[str], str] = str) -> None:
        """Take decisions that hold, none of them undone."""
        self._values: dict[str, Decision] = {}
        self._places: dict[tuple[str, str], Decision] = {}
        self._touched: set[str] = set()
        self._records: dict[str, Decision] = {}
        self._endpoints: dict[str, Decision] = {}
        self._files: dict[tuple[str | None, str], Decision] = {}
        self._fields: list[Decision] = []
        self._by_text: Remembered[str, Decision | None] = Remembered(lambda text: self._values.get(digest(text)), MOST_TEXTS)
        self.none = True
        for decision in sorted(decisions, key=lambda one: one.act):
            self._sort(decision)

    def _sort(self, decision: Decision) -> None:
        self.none = False
        if decision.value is not None:
            self._values[decision.value] = decision
        elif decision.file is not None:
            self._files[decision.endpoint, decision.file] = decision
        elif decision.record is not None and decision.pointer is not None:
            self._places[decision.record, decision.pointer] = decision
            self._touched.add(decision.record)
        elif decision.record is not None:
            self._records[decision.record] = decision
        elif decision.steps:
            self._fields.append(decision)
        elif decision.endpoint is not None:
            self._endpoints[decision.endpoint] = decision

    def on_fields(self, endpoint: str) -> list[Decision]:
        """Give those on fields of an endpoint, the last one last."""
        return [one for one in self._fields if one.endpoint == endpoint]

    def on_value(self, text: str) -> Decision | None:
        """Give that on a value."""
        return self._by_text[text] if self._values else None

    def on_place(self, record: str, pointer: str) -> Decision | None:
        """Give that on a place in a record."""
        return self._places.get((record, pointer)) if self._places else None

    def on_record(self, endpoint: str, record: str) -> Decision | None:
        """Give that on a record, else on its whole endpoint."""
        return self._records.get(record) or self._endpoints.get(endpoint)

    def on_file(self, endpoint: str, file: str) -> Decision | None:
        """Give that on a file itself."""
        return self._files.get((endpoint, file))

    def on_endpoint(self, endpoint: str) -> Decision | None:
        """Give that on a whole endpoint."""
        return self._endpoints.get(endpoint)

    def apart(self, record: str, whole: Decision | None) -> bool:
        """Whether something was decided about a record by itself, or about a place in it."""
        return whole is not None or record in self._touched

    @property
    def on_records(self) -> bool:
        """Whether something was decided about single records, or places in them: only then is asked by the digest of a record."""
        return bool(self._records or self._places)

    @property
    def on_values(self) -> bool:
        """Whether something was decided about values."""
        return bool(self._values)
