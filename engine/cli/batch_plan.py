"""The plan of a batch: how many requests and how much time each connection needs at least."""

from __future__ import annotations

from collections.abc import Sequence

from engine.batch.batch_folder import BatchFolder
from engine.batch.targets import BatchTarget, Wish
from engine.cli.formatting import people, span, table
from engine.core.pace import least_time
from engine.core.plan import plan
from engine.decoding import decoder
from engine.language.text.mistakes import counted


def plan_table(folder: BatchFolder, targets: Sequence[BatchTarget], share: float, width: int | None) -> str:
    """Lay out the plan of those who are left, one line a connection."""
    left = folder.database.left()
    if not left:
        return "Nobody is left to ask for."
    found = [_row(folder, target, share) for target in sorted(targets, key=lambda one: one.name)]
    rows = [row for row in found if row is not None]
    head = f"{people(left)} to ask for, at {counted(len(rows), 'connection')}; at least:"
    return f"{head}\n\n" + table(("connection", "people", "requests", "time", "limit"), rows, (1, 2, 3), width)


def _row(folder: BatchFolder, target: BatchTarget, share: float) -> tuple[str, str, str, str, str] | None:
    """Plan a connection; None where nobody is left."""
    people = requests = 0
    asked: list[tuple[str | None, str, int]] = []
    limit = target.order_plan(folder.options)
    for text, count in list(folder.database.left_by_wish(target.name)):
        wish = decoder(Wish).decode(text)
        steps = plan(target.vendor, target.selection(wish), folder.created, wish.narrow, (limit, share)).steps
        own = [one for one in steps if one.name != target.vendor.verify.name and one.name not in target.vendor.discover]
        asked += [(one.bucket, one.line, one.requests * count) for one in own]
        people, requests = people + count, requests + count * sum(one.requests for one in own)
    seconds, slowest = least_time(asked, target.vendor.limits(limit or next(iter(target.vendor.plans)) or None), share)
    if not people:
        return None
    return target.name, f"{people:,}", f"{requests:,}", span(seconds) if slowest else "not known", slowest or "none is known"
