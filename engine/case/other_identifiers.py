"""Whether nobody was found only because the person was not asked for by all that is known of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from engine.case.acts import OTHERS, Gap, TakenIn

NOBODY = "no_match"


def with_others(gaps: tuple[Gap, ...], known: int) -> tuple[Gap, ...]:
    """Give the gaps of a run, with this one where it is one: in the place of what the run said of it."""
    return (*(gap for gap in gaps if gap.endpoint != OTHERS), others(known)) if known else gaps


def others(known: int) -> Gap:
    """Give the gap where so many identifiers are known; one that was excused when fewer were is another."""
    return Gap(OTHERS, f"not asked by all {known} identifiers that are known now")


def lacking(run: TakenIn | None, digests: Sequence[str], before: Sequence[str]) -> int:
    """Count what is known, where a run found nobody and could have been asked by what was named since; else 0.

    Where it does not say by which kinds a vendor knows people, as in older logs, it could by any.
    """
    added = _kinds(one for one in digests if one not in before)
    lacks = run is not None and run.subject == NOBODY and added and (not run.by_kinds or not added.keys().isdisjoint(run.by_kinds))
    return len(digests) if lacks else 0


def lacking_perhaps(run: TakenIn, digests: Sequence[str]) -> int:
    """Count what is known, where a run found nobody and does not say by what it was asked, while there are several of a kind; else 0."""
    if run.subject != NOBODY or run.by_kinds or any(gap.endpoint == OTHERS for gap in run.gaps):
        return 0
    return len(digests) if any(number > 1 for number in _kinds(digests).values()) else 0


def _kinds(digests: Iterable[str]) -> Counter[str]:
    return Counter(one.partition(":")[0] for one in digests)
