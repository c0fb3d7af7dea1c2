"""A chain: one endpoint's request with the row of values it is sent with, and the pages that follow from it.

A row is a tuple of named values, such as `(("EMAIL", "a@example.com"), ("TYPE", "live"))`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from engine.core.identity import FORM
from engine.core.window import Window, form
from engine.discreet import Discreet
from engine.language.effective import Endpoint, Row
from engine.language.expressions.template import TIMES, Field, Hole


class Unresolved(ValueError):
    """A value is missing, or may not stand where the template puts it. The message holds the value's name, never the value."""


class Chain(Discreet, Struct, frozen=True):
    """One sequence of pages: an endpoint's request for one row of values and, where it has a `window`, one slice of time."""

    HIDDEN = ("row",)

    endpoint: Endpoint
    row: Row = ()
    window: Window | None = None

    def values(self) -> dict[str, str]:
        """Give the row as a map from name to value."""
        return dict(self.row)


def value_of(part: Hole | Field, chain: Chain) -> str:
    """Give the value of `<NAME>` or `<endpoint.field>`, in the form that `<NAME.form>` asks for. Raises Unresolved if there is none."""
    if isinstance(part, Hole) and part.name in TIMES and chain.window is not None:
        moment = chain.window.start if part.name == "FROM" else chain.window.end
        return form(moment, part.form or "rfc3339")
    value = chain.values().get(part.name)
    if value is None or value == "":
        message = f"a record of `{part.endpoint}` has no usable `{part.name}`" if isinstance(part, Field) else f"{part} has no value"
        raise Unresolved(message)
    return FORM[part.form](value) if isinstance(part, Hole) and part.form else value


def join_rows(outer: Row, own: Row) -> Row:
    """Join a row that comes from above with a request's own values; an own value hides one of the same name."""
    hidden = {name for name, _ in own}
    return (*(pair for pair in outer if pair[0] not in hidden), *own)


def distinct_rows(rows: Sequence[Row], names: Collection[str]) -> tuple[Row, ...]:
    """Leave out each row that equals an earlier one in the values of these names: it would ask the same again."""
    return tuple({tuple(pair for pair in row if pair[0] in names): row for row in reversed(rows)}.values())[::-1]
