"""How a case is shown: its head, what it has of each vendor, what blocks it, and its acts; as text and as JSON. Nothing personal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import Any

import msgspec

from engine.case.act_words import did
from engine.case.acts import FILES, Decided, LogLine
from engine.case.deadlines import Deadlines
from engine.case.fold import VendorPart
from engine.case.folder import OpenCase
from engine.case.regimes import regime_of
from engine.case.take import had_files
from engine.case.words import OVER, Blocked, blocks, left, state_words, unblocked
from engine.cli.formatting import table
from engine.core.window import rfc3339
from engine.language.text.mistakes import counted

MOST_ALIKE = 3  # decisions in a row that say the same: more of them are one row


def row(case: OpenCase, told: Deadlines, today: date, undecided: int | None = None) -> dict[str, Any]:
    """Give a case as one object of `case list --json`."""
    return {
        "case": case.reference,
        "regime": case.opened.regime,
        "right": case.opened.right,
        "state": case.case.state,
        "received": str(case.opened.received),
        "answer_by": str(told.answer) if told.answer else None,
        "left": left(told, today, case.case),
        "blocks": [one.what for one in blocks(case.case, case.reference, undecided)],
    }


def shown_json(case: OpenCase, told: Deadlines, today: date, undecided: int | None) -> dict[str, Any]:
    """Give everything of a case for programs."""
    return {
        **row(case, told, today, undecided),
        "undecided": undecided,
        "acknowledge_by": str(told.acknowledge) if told.acknowledge else None,
        "extend_by": str(told.extend_by) if told.extend_by else None,
        "simulated": case.opened.simulated,
        "again": list(case.case.again),
        "vendors": {name: _part(part) for name, part in case.case.vendors.items()},
        "purged": sorted(case.case.purged),
        "strays": case.strays(),
        "acts": [{"n": one.n, "at": rfc3339(one.at), "by": one.by, **msgspec.to_builtins(one.act)} for one in case.lines],
    }


def _part(part: VendorPart) -> dict[str, Any]:
    return {
        "run": part.run.folder if part.run else None,
        "subject": part.run.subject if part.run else None,
        "same_person": part.run.same_person if part.run else None,
        "files": [one.folder for one in part.files],
        "unasked": list(part.run.unasked) if part.run else [],
        "gaps": [{"endpoint": gap.endpoint, "outcome": gap.outcome, "excused": gap not in part.open_gaps} for gap in part.gaps],
        "left_out": part.left_out,
        "contact": part.contact,
        "contacts": {purpose: one.state for purpose, one in part.contacts.items()},
    }


def shown(case: OpenCase, told: Deadlines, today: date, undecided: int | None, width: int | None = None) -> str:
    """Write a case for people, on a terminal of `width` columns."""
    opened, law = case.opened, regime_of(case.opened.regime)
    simulated = ", to practise with: it takes simulated runs only" if opened.simulated else ""
    over = case.case.state in OVER
    lines = [f"{case.reference}: {case.case.state}{'' if over else f', {left(told, today, case.case)}'}{simulated}"]
    answer = f"answer by {told.answer}" if told.answer else "no last day while the clock stands still"
    lines.append(f"{law.title}, received {opened.received}, {answer}")
    if told.acknowledge and case.case.acknowledged is None:
        lines.append(f"Say that it arrived by {told.acknowledge}: habeas case acknowledge {case.reference}")
    lines += [f"The same person asked before: {', '.join(case.case.again)}"] if case.case.again else []
    if case.case.vendors:
        cells = [(name, *_cells(part)) for name, part in case.case.vendors.items()]
        lines += ["", table(("vendor", "taken in", "person", "missing"), cells, width=width), *_unasked(case)]
    if case.case.purged:
        lines += ["", f"Deleted after its time (habeas purge): {', '.join(sorted(case.case.purged))}; the log stays."]
    waits = list(blocks(case.case, case.reference, undecided))
    if waits:
        lines += [
            "",
            f"What blocks the {'answer' if opened.right == 'deletion' else 'release'}:",
            *_mended_by(waits),
            *_again(case),
            *_where_to_practise(case, waits),
        ]
    elif not over:
        lines += ["", unblocked(case.case, case.reference)]
    lines += ["", table(("act", "when", "by", "did"), list(_rows(case.lines)), width=width)]
    lines += [f"{one} lies in the case and no act tells of it: what a killed command left; delete it." for one in case.strays()]
    lines += [f"(a half line of {counted(case.half, 'byte')} of a killed command follows; the next act cuts it off)"] if case.half else []
    return "\n".join(lines)


def _cells(part: VendorPart) -> tuple[str, str, str]:
    took = [*([part.run.folder] if part.run else []), *(one.folder for one in part.files)]
    person = part.run.subject or "" if part.run else ""
    if part.run is not None and part.run.same_person is None:
        person += ", not comparable"
    excused = [gap.endpoint for gap in part.gaps if gap not in part.open_gaps]
    missing = [f"{gap.endpoint} ({gap.outcome})" for gap in part.open_gaps] + [f"{one} (excused)" for one in excused]
    return ", ".join(took) or (_asked(part) or ("left out" if part.left_out else "nothing yet")), person, ", ".join(missing)


def _asked(part: VendorPart) -> str | None:
    return state_words(part.contacts[part.right]) if part.right in part.contacts else None


def _unasked(case: OpenCase) -> Iterator[str]:
    """Name what was never asked, because whether the vendor knows the person is unproven."""
    for name, part in case.case.vendors.items():
        if part.run is not None and part.run.unasked:
            yield f"{name}: not asked, because it is not proven that the person is known: {', '.join(part.run.unasked)}"


def _mended_by(waits: Iterable[Blocked]) -> Iterator[str]:
    """Write what blocks, and the command that mends it: once behind all that it mends."""
    for command, several in groupby(waits, lambda one: one.mend):
        yield from (f"  {one.what}{f' ({one.why})' if one.why else ''}" for one in several)
        yield f"    {command}"


def _where_to_practise(case: OpenCase, waits: Iterable[Blocked]) -> list[str]:
    """Say what such a command needs in a case to practise with: without it, the vendor itself would be asked, and is not."""
    told = "To practise, `case run` needs --at VENDOR=http://127.0.0.1:PORT for each vendor: where its simulator listens."
    fetching = bool(_again(case)) or any(" case run " in one.mend for one in waits)
    return ["", told] if case.opened.simulated and fetching else []


def _again(case: OpenCase) -> list[str]:
    """Say that what a run did not get a later one may: an excuse is for what cannot be had.

    A run counts instead of the one before it, so that files which that one asked for are asked for again; where nothing but files is
    missing, the command above does.
    """
    parts = {name: part for name, part in case.case.vendors.items() if any(not gap.endpoint.endswith(FILES) for gap in part.open_gaps)}
    words = " ".join(f"--vendor {name}" for name in parts) + (" --files" if any(had_files(case, part) for part in parts.values()) else "")
    return ["", f"What a run did not get a later one may:\n    habeas case run {case.reference} {words}"] if parts else []


def _rows(lines: Iterable[LogLine]) -> Iterator[tuple[str, str, str, str]]:
    """Write a row an act; decisions in a row that say the same of many targets are one row: the list of them is `review list`."""
    for _, same in groupby(lines, key=_sameness):
        found = list(same)
        if len(found) > MOST_ALIKE:
            first, told = found[0], [str(word) for word in _sameness(found[0])[:3] if word]
            yield f"{first.n}-{found[-1].n}", f"{first.at:%Y-%m-%d %H:%M}", first.by, f"decided {len(found)} times: {' '.join(told)}"
        else:
            yield from ((str(one.n), f"{one.at:%Y-%m-%d %H:%M}", one.by, did(one)) for one in found)


def _sameness(line: LogLine) -> tuple[object, ...]:
    """What decisions that may be told in one row have in common; any other act stands alone."""
    act = line.act
    return (act.operation, act.because, act.note, line.by) if isinstance(act, Decided) else (line.n,)
