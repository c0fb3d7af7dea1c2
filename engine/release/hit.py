"""What a finder found in a text: of which kind, from where to where, and the value in the form by which it is compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, get_args

import msgspec

HitKind = Literal["secrets", "ibans", "cards", "national_ids", "emails", "phones", "known_people"]
RANKED: dict[HitKind, int] = {kind: place for place, kind in enumerate(get_args(HitKind))}


class Hit(msgspec.Struct, frozen=True, gc=False):
    """Personal data, or a secret, in a text: `text[start:end]`. `value` is the same however it is written there."""

    kind: HitKind
    start: int
    end: int
    value: str


def settled(found: Iterable[Hit]) -> tuple[Hit, ...]:
    """Give what was found in its order, without what lies inside another one; of two in the same place the first kind stays."""
    kept: list[Hit] = []
    for hit in sorted(found, key=lambda hit: (hit.start, -hit.end, RANKED[hit.kind])):
        if not kept or hit.end > kept[-1].end:
            kept.append(hit)
    return tuple(kept)


def masked(text: str, hits: Iterable[Hit], words: Callable[[Hit], str]) -> str:
    """Write other words where something was found; where two overlap, the first one's stand for both."""
    parts, done = list[str](), 0
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.start >= done:
            parts += text[done : hit.start], words(hit)
        done = max(done, hit.end)
    return "".join((*parts, text[done:]))
