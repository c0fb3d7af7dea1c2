"""Take over what a run that broke off left of an endpoint: whole chains stay in its files, everything else goes and is asked anew.

Which stay is decided in core/resume. The files are written anew beside the old ones and put in their place; a kill at any byte of that
leaves the old ones or the new ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from engine.core.chain import Chain, Unresolved
from engine.core.envelope import digests, lines_of
from engine.core.request import opening
from engine.core.resume import ListedPart, in_sittings, neighbours, staying
from engine.core.seen import Seen
from engine.core.window import rfc3339
from engine.errors import disk_error
from engine.language.text.mistakes import counted
from engine.replaced import replace
from engine.runner.chain_log import ENCODER, ChainLog, EndLine, LoggedPage, moved_to, read_log, still_there
from engine.runner.kept_files import keep_files
from engine.runner.store import Store
from engine.sink import LINES, PAGES, Table

WAS_WERE = ("was", "were")
T = TypeVar("T")


class Stays(Struct, frozen=True):
    """A chain that stays: its place among those that would be asked, how it ended, and where its digests go, if a neighbour needs them."""

    place: int
    chain: Chain
    end: EndLine
    seen: Seen | None


def take_over(store: Store, chains: Sequence[Chain], now: datetime) -> Mapping[int, EndLine]:
    """Keep what of these chains ended whole; gives their ends by their places. All else of the endpoint is deleted. Raises DiskError."""
    sink, name = store.sink, store.endpoint.name
    log = read_log(sink.folder / f"{name}{PAGES}")
    ends = list(log.ends())
    sound = still_there(sink.folder / f"{name}{LINES}", log)
    store.said += _damage(log, len(ends) - sound)
    whole = _told_apart((end.known_by, end) for end in ends[:sound] if end.end.whole)
    asked = _told_apart((_known_by(store, chain), place) for place, chain in enumerate(chains)) if whole else {}
    found = {place: whole[digest] for digest, place in asked.items() if digest in whole}
    mine = [found.get(place) for place in range(len(chains))]
    parts = [
        ListedPart(chain.row, chain.window, end is not None, end.leans if end is not None else ())
        for chain, end in zip(chains, mine, strict=True)
    ]
    stay = staying(parts, store.needs)
    taken = {place: end for place, end in enumerate(mine) if place in stay and end is not None}
    if not taken:
        sink.forget(name)
        return taken
    lone = {part.row for place, part in enumerate(parts) if place not in stay} if store.endpoint.overlaps else set()
    kept = {end.chain: Stays(place, chains[place], end, Seen() if chains[place].row in lone else None) for place, end in taken.items()}
    keep_files(sink, name, _unmoved(log, kept))
    _rewrite(store, log, kept)
    for end in taken.values():
        store.stayed(end)
    _remember(store, parts, {stays.place: stays for stays in kept.values() if stays.seen is not None})
    if len(taken) < len(chains):
        until = max((page.line.sent_at for page in log.pages if page.line.chain in kept), default="")
        store.said.append(in_sittings(len(taken), len(chains), until, rfc3339(now, "milliseconds")))
    return taken


def _damage(log: ChainLog, lost: int) -> list[str]:
    """Say what was found damaged, and what follows from it."""
    said = []
    if log.damaged is not None:
        said.append(f"its list of pages was damaged in line {log.damaged}: what that line and those behind it told was read anew")
    if lost:
        said.append(
            f"its records were not as its list of pages has them: {counted(lost, 'part')} that had ended {WAS_WERE[lost > 1]} read anew"
        )
    return said


def _told_apart(known: Iterable[tuple[str | None, T]]) -> dict[str, T]:
    """Give what is known by a digest that nothing else is known by: of two, neither is taken for the other."""
    every = [(digest, one) for digest, one in known if digest is not None]
    often = Counter(digest for digest, _ in every)
    return {digest: one for digest, one in every if often[digest] == 1}


def _known_by(store: Store, chain: Chain) -> str | None:
    try:
        return store.known_by(opening(chain))
    except Unresolved:
        return None


def _unmoved(log: ChainLog, kept: Mapping[int, Stays]) -> int:
    """Give how many lines of records at the beginning of the file stay where they are."""
    at = 0
    for page in log.pages:
        if page.line.lines and page.line.chain not in kept:
            break
        at += page.line.lines
    return at


def _rewrite(store: Store, log: ChainLog, kept: Mapping[int, Stays]) -> None:
    """Write both files anew with what stays, in one pass over the old ones. Raises DiskError."""
    sink, name = store.sink, store.endpoint.name
    pages, records = sink.rewritten(name)
    try:
        _copy(store, log, kept, pages, records)
    except OSError as error:
        raise disk_error(error) from None
    sink.put_in_place(name, pages, records)


def _copy(store: Store, log: ChainLog, kept: Mapping[int, Stays], pages: Table, records: Table | None) -> None:
    old = (store.sink.folder / f"{store.endpoint.name}{LINES}").open("rb") if records is not None else None
    try:
        for page in log.pages:
            lines = list(islice(old, page.line.lines)) if old is not None else []
            one = kept.get(page.line.chain)
            if one is None:
                continue
            if page.end is not None:
                pages.seal(ENCODER.encode(replace(page.end, file=records.state()) if records is not None else page.end))
            else:
                _page(store, page, one, lines, pages, records)
        pages.flush()
    finally:
        if old is not None:
            old.close()


def _page(store: Store, page: LoggedPage, one: Stays, lines: list[bytes], pages: Table, records: Table | None) -> None:
    """Write a page that stays, and take from its records what others need."""
    if records is not None and lines:
        pages.write(moved_to(page.raw, records.lines + 1), 1)
        text = b"".join(lines)
        records.write(text, len(lines))
        found = text.rstrip(b"\n").split(b"\n")
        store.told(one.chain, found)
        if one.seen is not None:
            one.seen.sift(*digests(found, lines_of(found), store.endpoint.key))
    else:
        pages.write(page.raw, 1)


def _remember(store: Store, parts: Sequence[ListedPart], kept: Mapping[int, Stays]) -> None:
    """Let neighbouring windows know what chains received: what they wrote, and what those had written on which they leant."""
    beside = dict(neighbours(parts))
    for place, stays in kept.items():
        reached, waiting = {place}, [place]
        while waiting:
            here = waiting.pop()
            leant = {beside[here, side] for side in parts[here].leans} - reached
            reached |= leant
            waiting += leant
        store.remember(stays.chain, [seen for near in sorted(reached) if (seen := kept[near].seen) is not None])
