"""`/case/X/values`: the distinct values that were found, undecided first; a decision holds for all that share a row, everywhere."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from engine.case.deciding import WantedDecision, decide, decided_words, look_through, undo
from engine.case.findings import ListedRow, Totals
from engine.case.folder import OpenCase
from engine.case.review import Review, files_of
from engine.case.ruled import all_in_force
from engine.errors import HabeasError, UsageError
from engine.portal.asked import AskedPage, Portrayed, portray
from engine.portal.case_head import case_head
from engine.release.reasons import CODES, GIVING, IN_SHORT

ON_A_PAGE = 25
DIGEST = re.compile(r"[0-9a-f]{32,64}")  # the whole of it: what begins alike is another value
OFFERED = ("give", "alias", "mask", "drop")  # to hold is for records and files
MOST_FIELDS = 3
LONGEST = 200
REASONS = [(code, IN_SHORT[code]["en"].replace("you", "them")) for code in CODES]
FITTING = {True: "known_to_them", False: "third_party"}


class ValueRow(msgspec.Struct, frozen=True):
    """A row: the digest that stands for it in the form, its values, the places, what was decided, and the acts that undo takes back."""

    digest: str
    values: tuple[tuple[str, int], ...]
    count: int
    where: tuple[tuple[str, int], ...]
    more: int
    decided: str
    acts: str
    undecided: bool
    operation: str
    because: str


def show_values(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show a page of the values; where nobody has looked through the runs yet, the button that does."""
    case = asked.case
    head = case_head(asked, case, "values")
    if not any(part.run is not None or part.files for part in case.case.vendors.values()):
        return portray("no_values.html", asked, error, **head, begun=False)
    if not all_in_force(case):
        return portray("no_values.html", asked, error, **head, begun=True)
    found = look_through(case, asked.home, asked.now)
    with found.findings:
        return portray("values.html", asked, error, **head, **_told(asked, case, found))


def _told(asked: AskedPage, case: OpenCase, found: Review) -> dict[str, Any]:
    totals = found.findings.totals()
    page, last = _page(asked, totals)
    listed = found.findings.listed(ON_A_PAGE, (page - 1) * ON_A_PAGE)
    return {
        "totals": totals,
        "page": page,
        "last": last,
        "rows": [_row(asked, case, row) for row in listed],
        "offered": OFFERED,
        "reasons": REASONS,
        "files": sum(one.ruling.do == "ask" for one in files_of(case, found)),
    }


def _page(asked: AskedPage, totals: Totals) -> tuple[int, int]:
    last = max(1, -(-totals.rows // ON_A_PAGE))
    return min(max(asked.number("p"), 1), last), last


def _row(asked: AskedPage, case: OpenCase, row: ListedRow) -> ValueRow:
    """Give a row, with what was chosen in a form that was refused."""
    first = row.values[0]
    stands = [(f"{one.vendor}/{one.endpoint}.{one.field} ({one.kind})", one.count) for one in first.stands]
    acts = sorted({one.decision for one in row.values if one.decision in case.case.decisions and one.decision is not None})
    return ValueRow(
        digest=first.digest,
        values=tuple((_short(one.shown), one.count) for one in row.values),
        count=row.count,
        where=tuple(stands[:MOST_FIELDS]),
        more=max(0, len(stands) - MOST_FIELDS),
        decided=decided_words(case, first),
        acts=" ".join(map(str, acts)),
        undecided=row.undecided,
        operation=asked.said(f"d-{first.digest}"),
        because=asked.said(f"r-{first.digest}"),
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def do_values(asked: AskedPage) -> str:
    """Look through the runs, decide what is chosen, or take decisions back. Raises Stale, UsageError, SpecError, DiskError, OutputError."""
    case = asked.seen_case()
    at = f"/case/{case.reference}/values"
    if asked.said("do") == "look":
        with look_through(case, asked.home, asked.now).findings:
            return at
    if numbers := asked.said("undo"):
        undo(case, _numbers(numbers), asked.now)
        return f"{at}?p={asked.number('p')}"
    wanted = _wanted(asked)
    if not wanted:
        message = "no decision was chosen: choose one in a row, then save; nothing was written"
        raise UsageError(message)
    if not all_in_force(case):
        message = "a policy was changed meanwhile: look through the runs by it first; nothing was written"
        raise UsageError(message)
    found = look_through(case, asked.home, asked.now)
    with found.findings:
        after, _, _ = decide(case, found, wanted, asked.now)
    with after.findings:
        return at


def _wanted(asked: AskedPage) -> list[WantedDecision]:
    """Read the form: an operation for a row, and its reason; without one, the reason that mostly fits."""
    found = []
    for name in asked.form:
        operation = asked.said(name)
        if name.startswith("d-") and operation:
            if operation not in OFFERED:
                message = f"{operation} is none of {', '.join(OFFERED)}; nothing was written"
                raise UsageError(message)
            digest = name.removeprefix("d-")
            if not DIGEST.fullmatch(digest):
                message = "the form names no value: open the page again; nothing was written"
                raise UsageError(message)
            because = asked.said(f"r-{digest}") or FITTING[operation == "give"]
            _check_reason(operation, because)
            found.append(WantedDecision(operation, (f"value:{digest}",), because))
    return found


def _check_reason(operation: str, because: str) -> None:
    """Say what does not fit in the words of the page. Raises UsageError."""
    told = dict(REASONS)
    if because in CODES and (operation == "give") != (because in GIVING):
        fitting = ", ".join(words for code, words in REASONS if (code in GIVING) == (operation == "give"))
        message = f"“{told[because]}” is no reason to {operation}; these are: {fitting}. All that you chose is still here"
        raise UsageError(message)


def _numbers(text: str) -> list[int]:
    if not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in text.split()):
        message = "the form names no acts: open the page again; nothing was written"
        raise UsageError(message)
    return [int(one) for one in text.split()]
