"""`/case/X/values`: the distinct values that were found, undecided first; a decision holds for all that share a row, everywhere.

`?show=` and `?kind=` choose which of them are shown, by words of ours: no address ever holds a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import urlencode

import msgspec

from engine.case.acts import Decided, Released, Target, Undone
from engine.case.deciding import WantedDecision, decided_words
from engine.case.findings import ListedRow, RecordPlace, Stand
from engine.case.folder import OpenCase
from engine.case.review import Review, files_of, still_open, waiting_rows
from engine.case.row_filter import STATES, RowCounts, RowFilter, RowState
from engine.errors import UsageError
from engine.portal.asked import AskedPage, Portrayed, SentFile
from engine.portal.choices import (
    OFFERED,
    REASONS_OR_NONE,
    SHORT_REASONS,
    chosen_for_all,
    chosen_operation,
    count_saved_last,
    decide_wanted,
    reason_for,
    undo_named,
)
from engine.portal.field_names import WHY, kind_title, labels, why_words
from engine.portal.seen import SeenCase, looked, looked_through
from engine.release.reasons import Because

ON_A_PAGE = 25
STATE_WORDS: Mapping[RowState | None, str] = {
    None: "all",
    "undecided": "to decide",
    "hand": "decided by hand",
    "rule": "settled by policy",
    "changed": "decided or undone since the release",
}
WITH_WAITING = (None, "undecided")  # what shows all that wait; elsewhere only some of it stands
KIND_WORDS = {"": "anything", **WHY}
DIGEST = re.compile(r"[0-9a-f]{32,64}")  # the whole of it: what begins alike is another value
MOST_FIELDS = 3
LONGEST = 200


class FieldStand(msgspec.Struct, frozen=True):
    """A field in which a value was found: what people call it, the kind of record, how often."""

    field: str
    kind: str
    count: int


class ValueRow(msgspec.Struct, frozen=True):
    """A row: the digest that stands for it in the form, its values, as what they were found, where, what was decided, the acts to undo."""

    digest: str
    values: tuple[tuple[str, int], ...]
    why: str
    count: int
    where: tuple[FieldStand, ...]
    more: int
    example: RecordPlace | None
    decided: str
    acts: str
    undecided: bool
    operation: str
    because: str


class FilterChoice(msgspec.Struct, frozen=True):
    """A choice of which rows are shown: its words, how many rows it would show, what stands behind the `?`, whether it is made."""

    words: str
    count: int
    query: str
    chosen: bool


class ToConfirm(msgspec.Struct, frozen=True):
    """What would be decided for all that wait: how, why and its words, of which kind, how much; `sure` is what the form sends back for yes.

    It names what it says yes to: what is chosen anew in the same form is asked about anew.
    """

    operation: str
    because: str
    words: str
    kind: str
    rows: int
    places: int
    targets: tuple[Target, ...]
    sure: str


def _values(seen: SeenCase) -> Portrayed:
    confirm = _to_confirm(seen.asked, seen.found) if seen.error is None else None
    return seen.portrayed("values.html", to_confirm=confirm, **_told(seen.asked, seen.case, seen.found))


show_values = looked_through("values", "Values to decide", _values)


def _told(asked: AskedPage, case: OpenCase, found: Review) -> dict[str, Any]:
    only = _only(asked, case, found)
    counts = found.findings.counted(only)
    page, last = _page(asked, counts.shown)
    listed = found.findings.listed(ON_A_PAGE, (page - 1) * ON_A_PAGE, only)
    return {
        "totals": found.findings.totals(),
        "states": _states(only, counts),
        "kinds": _kinds(only, counts),
        "kept": _query(only.state, only.kind),
        "page": page,
        "last": last,
        "rows": [_row(asked, case, found, row) for row in listed],
        "offered": OFFERED,
        "reasons": REASONS_OR_NONE,
        "elsewhere": _elsewhere(asked, case, found, {row.values[0].digest for row in listed}),
        "waiting": counts.states["undecided"] if only.state in WITH_WAITING else 0,
        "last_saved": count_saved_last(case, lambda target: target.value is not None),
        "files": sum(one.ruling.do == "ask" for one in files_of(case, found)),
    }


def _only(asked: AskedPage, case: OpenCase, found: Review) -> RowFilter:
    """Read which rows are to be shown; what changed since a release is what was decided or undone after it."""
    since = max((line.n for line in case.lines if isinstance(line.act, Released)), default=None)
    taken_back = {line.act.act for line in case.lines if isinstance(line.act, Undone) and since is not None and line.n > since}
    undone = [line.act.target for line in case.lines if line.n in taken_back and isinstance(line.act, Decided)]
    return RowFilter(*_chosen(asked), since, found.findings.rows_about(undone))


def _chosen(asked: AskedPage) -> tuple[RowState | None, str]:
    """Read what was chosen; what is no such word counts as all. A word is one of ours, never a value."""
    state, kind = asked.query.get("show"), asked.query.get("kind", "")
    return next((one for one in STATES if one == state), None), kind if kind in WHY else ""


def _query(state: RowState | None, kind: str, **more: int) -> str:
    return urlencode({name: word for name, word in {"show": state, "kind": kind, **more}.items() if word not in (None, "")})


def _states(only: RowFilter, counts: RowCounts) -> list[FilterChoice]:
    offered = {state: times for state, times in counts.states.items() if state != "changed" or only.since is not None}
    return [_choice(STATE_WORDS[state], times, (state, only.kind), only) for state, times in offered.items()]


def _kinds(only: RowFilter, counts: RowCounts) -> list[FilterChoice]:
    return [_choice(words, counts.kinds[kind], (only.state, kind), only) for kind, words in KIND_WORDS.items() if kind in counts.kinds]


def _choice(words: str, count: int, which: tuple[RowState | None, str], only: RowFilter) -> FilterChoice:
    return FilterChoice(words, count, _query(*which), chosen=which == (only.state, only.kind))


def _to_confirm(asked: AskedPage, found: Review) -> ToConfirm | None:
    """Count what the form would decide for all that wait, of the kind that is shown, but for the rows with a choice of their own.

    None where that is nothing. Raises UsageError as `reason_for`.
    """
    chosen = chosen_for_all(asked, OFFERED)
    kind = _chosen(asked)[1]
    waits = waiting_rows(found, kind) if chosen is not None else []
    rows = [row for row in waits if not asked.said(f"d-{row.values[0].digest}")]
    if chosen is None or not rows:
        return None
    operation, because = chosen
    values = [value for row in rows for value in still_open(row)]
    return ToConfirm(
        operation,
        because,
        words=SHORT_REASONS[cast("Because", because)],
        kind=KIND_WORDS[kind] if kind else "",
        rows=len(rows),
        places=sum(one.count for one in values),
        targets=tuple(Target(value=one.digest) for one in values),
        sure=f"{operation} {because}",
    )


def _page(asked: AskedPage, rows: int) -> tuple[int, int]:
    last = max(1, -(-rows // ON_A_PAGE))
    return min(max(asked.number("p"), 1), last), last


def _row(asked: AskedPage, case: OpenCase, found: Review, row: ListedRow) -> ValueRow:
    """Give a row, with what was chosen in a form that was refused."""
    first = row.values[0]
    example = found.findings.places(Target(value=first.digest), 1)
    acts = sorted({one.decision for one in row.values if one.decision in case.case.decisions and one.decision is not None})
    return ValueRow(
        digest=first.digest,
        values=tuple((_short(one.shown), one.count) for one in row.values),
        why="; ".join(dict.fromkeys(why_words(stand.kind, stand.rule) for one in row.values for stand in one.stands)),
        count=row.count,
        where=tuple(_stand(found, one) for one in first.stands[:MOST_FIELDS]),
        more=max(0, len(first.stands) - MOST_FIELDS),
        example=example[0] if example else None,
        decided=_decided(case, row),
        acts=" ".join(map(str, acts)),
        undecided=row.undecided,
        operation=asked.said(f"d-{first.digest}"),
        because=asked.said(f"r-{first.digest}"),
    )


KEPT_BACK = ("secret", "number", "left_out")  # what a policy withholds without asking


def _decided(case: OpenCase, row: ListedRow) -> str:
    """Say what holds for a row; where a record's page decided about one of its values alone, for each of them."""
    if not row.undecided and all(stand.kind in KEPT_BACK and one.decision is None for one in row.values for stand in one.stands):
        return "withheld by policy, but where its place was decided"
    decisions = [case.case.decisions.get(one.decision) if one.decision is not None else None for one in row.values]
    if len({act.operation if act is not None else None for act in decisions}) == 1:
        return decided_words(case, row.values[0])
    return "; ".join(f"{_short(one.shown)}: {decided_words(case, one)}" for one in row.values)


def _elsewhere(asked: AskedPage, case: OpenCase, found: Review, here: Collection[str]) -> list[tuple[str, str, str]]:
    """Give what was chosen in a form that was refused, for rows which the page no longer shows: the value, the choice, what holds now.

    Who decided meanwhile moved the row: the choice must neither be lost in silence nor be written over theirs.
    """
    chosen = {name.removeprefix("d-"): asked.said(name) for name in asked.form if name.startswith("d-") and asked.said(name)}
    told = []
    for digest, operation in chosen.items():
        if digest in here or not DIGEST.fullmatch(digest):
            continue
        with suppress(KeyError):  # the runs that hold now have no such value
            first = found.findings.row_of(digest).values[0]
            told.append((_short(first.shown), operation, decided_words(case, first)))
    return told


def _stand(found: Review, stand: Stand) -> FieldStand:
    return FieldStand(
        labels(stand.vendor).of(stand.endpoint, tuple(stand.field.split(".")))[0],
        kind_title(found, stand.vendor, stand.endpoint),
        stand.count,
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def do_values(asked: AskedPage) -> str | Portrayed | SentFile:
    """Look through the runs, decide what is chosen, or take decisions back. Raises Stale, UsageError, SpecError, DiskError, OutputError."""
    if (where := looked(asked, "values")) is not None:
        return where
    case = asked.seen_case()
    at = f"/case/{case.reference}/values"
    if numbers := asked.said("undo"):
        undo_named(case, numbers, asked.now)
        return f"{at}?{_query(*_chosen(asked), p=asked.number('p'))}"
    try:
        decide_wanted(asked, case, lambda found: [*_wanted(asked), *_of_all(asked, found)])
    except Unconfirmed:
        return show_values(asked, None)
    kept = _query(*_chosen(asked))
    return f"{at}?{kept}" if kept else at


class Unconfirmed(Exception):
    """All that waits was chosen, and nobody has said yes to how much that is."""


def _of_all(asked: AskedPage, found: Review) -> Iterator[WantedDecision]:
    """Read what was chosen for all that wait. Raises UsageError as `reason_for`, Unconfirmed."""
    confirm = _to_confirm(asked, found)
    if confirm is not None and asked.said("sure") != confirm.sure:
        raise Unconfirmed
    if confirm is not None:
        yield WantedDecision(confirm.operation, (), confirm.because, targets=confirm.targets)


def _wanted(asked: AskedPage) -> list[WantedDecision]:
    """Read the form: an operation for a row, and its reason; without one, the reason that mostly fits."""
    found = []
    for name in asked.form:
        operation = asked.said(name)
        if name.startswith("d-") and operation:
            chosen_operation(operation, OFFERED)
            digest = name.removeprefix("d-")
            if not DIGEST.fullmatch(digest):
                message = "the form names no value: open the page again; nothing was written"
                raise UsageError(message)
            because = reason_for(operation, asked.said(f"r-{digest}"))
            found.append(WantedDecision(operation, (f"value:{digest}",), because))
    return found
