"""Rows: the named values that one request is sent with, such as `(("EMAIL", "a@example.com"), ("TYPE", "live"))`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.language.effective import Row


def join_rows(outer: Row, own: Row) -> Row:
    """Join a row that comes from above with a request's own values; an own value hides one of the same name."""
    hidden = {name for name, _ in own}
    return (*(pair for pair in outer if pair[0] not in hidden), *own)


def distinct_rows(rows: Sequence[Row], names: Collection[str]) -> tuple[Row, ...]:
    """Leave out each row that equals an earlier one in the values of these names: it would ask the same again."""
    return tuple({tuple(pair for pair in row if pair[0] in names): row for row in reversed(rows)}.values())[::-1]
