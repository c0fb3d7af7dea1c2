"""Which form the records of an endpoint have, as they come one behind another, and whether it is worth to decode them as rows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from engine.release.compiled import Compiled, Form
from engine.release.row_plan import RowPlan
from engine.release.row_type import row_decoder

OFTEN = 16  # records of a form that are met before it is worth a type
TRIED, OF_THESE, RESTED = 64, 4, 512  # rows, of which one in so many must be of use: else so many records of that form are not tried
MOST_FORMS = 64
ROWS, MOST_BYTES = 32, 1 << 18  # that are looked at together


class KnownForm:
    """A form of which rows are tried; `plan` is None where that is no use."""

    def __init__(self, plan: RowPlan | None) -> None:
        """Make what decodes its rows."""
        self.plan = plan
        self.fields: Mapping[str, str] = {} if plan is None else plan.fields
        self._decode: Callable[[bytes], Any] | None = None if plan is None else row_decoder(plan.row)
        self.tried = self.used = self.rests = 0

    def of_use(self) -> bool:
        """Whether enough of those that were tried since this was last asked were of use, or too few were tried to tell."""
        if self.tried < TRIED:
            return True
        enough = OF_THESE * self.used >= self.tried
        self.tried = self.used = 0
        return enough

    def decoded(self, line: bytes) -> Any:
        """Give a line as a row; None where it is of another form."""
        try:
            return self._decode(line) if self._decode is not None else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


class KnownRows:
    """The forms of the records of an endpoint; `now` is the one that the next record is expected to have."""

    def __init__(self, rules: Compiled, made: Callable[[Compiled, dict[str, Any]], RowPlan | None]) -> None:
        """Take what says how the records of a form are read as rows, by one of them."""
        self._rules, self._made = rules, made
        self._forms: dict[Form, KnownForm] = {}
        self._met: Counter[Form] = Counter()
        self.now: KnownForm | None = None

    def met(self, record: Any) -> None:
        """Note a record that had to be read as it is: those that follow may be like it."""
        self.now = None
        form = self._rules.form(self._rules.root, record) if type(record) is dict and record else None
        known = self._known(form, record) if form is not None else None
        if known is None or known.rests:
            return
        if known.plan is None or not known.of_use():
            known.rests = RESTED
        else:
            self.now = known

    def _known(self, form: Form, record: dict[str, Any]) -> KnownForm | None:
        """Give what is known of a form, made anew where it holds no longer or has rested; None where too few records had it."""
        known = self._forms.get(form)
        if known is not None and known.rests:
            known.rests -= 1
            if known.rests:
                return known
        elif known is not None and (known.plan is None or known.plan.holds):
            return known
        if form not in self._met and len(self._met) >= MOST_FORMS:
            self._met.clear()
            self._forms.clear()
        self._met[form] += 1
        if known is None and self._met[form] < OFTEN:
            return None
        known = self._forms[form] = KnownForm(self._made(self._rules, record))
        return known


def in_batches(lines: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Give numbered lines a few at a time: as many as stay in the processor's cache, and no more than memory has room for."""
    batch, size = list[tuple[int, bytes]](), 0
    for line in lines:
        batch.append(line)
        size += len(line[1])
        if len(batch) >= ROWS or size >= MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
