"""Which form the records of an endpoint have, as they come one behind another, and whether it is worth to decode them as rows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, TypeVar

import msgspec

from engine.language.expressions.lossless_json import dumps
from engine.release.compiled import Compiled, Form
from engine.release.row_plan import RowPlan
from engine.release.row_type import row_decoder

OFTEN, AMONG = 16, 128  # records of a form, among so many, before it is worth a type
TRIED, HEAVY, WORTH = 64, 1 << 20, 3 / 4  # rows, or so many bytes of them, and the share that must be of use
PAID = 128  # rows of use that are worth making a type, and forgetting it
RESTED, LONGEST_RESTS = 256, 4  # records that are not tried after a form was of no use; so many times twice as many the next time
ROWS, MOST_BYTES = 32, 1 << 18  # that are looked at together
Of = TypeVar("Of")


class TriedForm:
    """The form of which rows are tried, and how that went."""

    def __init__(self, plan: RowPlan, *, as_written: bool) -> None:
        """Make what decodes its rows; `as_written`: only those that are written as their line."""
        self.plan = plan
        self._decode, self._as_written = row_decoder(plan.row), as_written
        self.tried = self.missed = self.used = self.bytes = 0

    def decoded(self, line: bytes) -> Any:
        """Give a line as a row; None where it is of another form, or where a member stands twice or elsewhere and that matters."""
        try:
            row = self._decode(line)
            return row if not self._as_written or dumps(row) == line else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def judged(self) -> bool:
        """Say whether enough of the last rows were of use, or too few were tried to tell; what was judged is not counted again."""
        if not self.plan.holds:
            return False
        if self.tried < TRIED and self.bytes < HEAVY:
            return True
        of_use, tried = self.tried - self.missed, self.tried
        self.used += of_use
        self.tried = self.missed = self.bytes = 0
        return of_use >= WORTH * tried


class KnownRows:
    """The form that most records of an endpoint have just now. One at a time: what is remembered of it is bounded."""

    def __init__(self, rules: Compiled, made: Callable[[Compiled, dict[str, Any]], RowPlan | None], *, as_written: bool) -> None:
        """Take what says how records of a form are read as rows, by one of them; `as_written`: only those that are written as we write."""
        self._rules, self._made, self._as_written = rules, made, as_written
        self._met: Counter[Form] = Counter()
        self._now: TriedForm | None = None
        self._rests = self._in_vain = 0

    def each(self, lines: Sequence[bytes], of_rows: Callable[[RowPlan, list[Any]], Iterator[Of | None]]) -> Iterator[tuple[Any, Of | None]]:
        """Give each line as a row, None where it is none, with what `of_rows` says of it when it is asked for: None to read it as it is."""
        now = self._judged()
        if now is None:
            yield from repeat((None, None), len(lines))
            return
        rows = [now.decoded(line) for line in lines]
        now.bytes += sum(map(len, lines))
        said = of_rows(now.plan, [row for row in rows if row is not None])
        for row in rows:
            now.tried += 1
            yield row, None if row is None else next(said)

    def met(self, record: Any) -> None:
        """Note a record that had to be read as it is: those that follow may be like it."""
        if self._now is not None:
            self._now.missed += 1
        if self._rests:
            self._rests -= 1
        elif type(record) is dict and record:
            form = self._rules.form(self._rules.root, record)
            self._met[form] += 1
            if self._now is None:
                self._begin(record, self._met[form])

    def _begin(self, record: dict[str, Any], times: int) -> None:
        """Try a form that was met so often; where none is met often, or one cannot be tried, rest."""
        if times >= OFTEN:
            plan = self._made(self._rules, record)
            if plan is None:
                self._rest()
            else:
                self._met.clear()
                self._now = TriedForm(plan, as_written=self._as_written)
        elif self._met.total() >= AMONG:
            self._rest()

    def _judged(self) -> TriedForm | None:
        """Give the form that is tried. One that is not worth it is left; if it never paid, none is tried for a while."""
        now = self._now
        if now is None:
            return None
        worth_it = now.judged()
        if now.used >= PAID:
            self._in_vain = 0
        if worth_it:
            if not now.tried:
                self._met.clear()
            return now
        self._now = None
        if now.used < PAID:
            self._rest()
        return None

    def _rest(self) -> None:
        self._met.clear()
        self._rests = RESTED << self._in_vain
        self._in_vain = min(LONGEST_RESTS, self._in_vain + 1)


def in_batches(lines: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Give numbered lines a few at a time, read ahead: as many as stay in the processor's cache, and no more than memory has room for."""
    batch, size = list[tuple[int, bytes]](), 0
    for line in lines:
        batch.append(line)
        size += len(line[1])
        if len(batch) >= ROWS or size >= MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
