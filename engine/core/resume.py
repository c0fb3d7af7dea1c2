"""Decide which chains of a run that broke off may stay, and by what a chain is known again. Reads no file and sends nothing.

A chain is one list (core/trail), proven whole by itself or not at all: none is ever read half before a break and half after it. Only
whole chains stay, and of these only those that do not hang on one that goes.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from hashlib import blake2b

from msgspec import Struct

from engine.core.request import Request
from engine.core.window import Window
from engine.discreet import Discreet
from engine.language.effective import Row

BEFORE, AFTER = "before", "after"  # the windows on both sides of one
SHOWN = 32  # hexadecimal digits of a digest: 128 bits


class ListedPart(Discreet, Struct, frozen=True):
    """A chain as it would be asked now: its row and window, whether it ended whole before the break, and on which neighbours it leant.

    A chain leans on the window before or after it where that one had written a record which both gave.
    """

    HIDDEN = ("row",)

    row: Row
    window: Window | None
    whole: bool
    leans: tuple[str, ...] = ()


class Needs(Struct, frozen=True):
    """What of an endpoint decides too: whether its file holds the records in full, and whether others ask by what they hold."""

    in_full: bool
    told: bool


def staying(parts: Sequence[ListedPart], needs: Needs) -> frozenset[int]:
    """Give the places of the chains that stay; all others are asked from their beginning.

    Where the file lacks fields that children or licences are asked by, none can. Where it lacks fields by which a neighbouring window
    tells what it shares, a row stays only as a whole: then no window of it is read anew. And who leant on a chain that goes, goes.
    """
    if needs.told and not needs.in_full:
        return frozenset()
    kept = {place for place, part in enumerate(parts) if part.whole}
    if not needs.in_full:
        broken = {part.row for place, part in enumerate(parts) if part.window is not None and place not in kept}
        kept -= {place for place, part in enumerate(parts) if part.window is not None and part.row in broken}
    beside = dict(neighbours(parts))
    while gone := {place for place in kept if any(beside.get((place, side)) not in kept for side in parts[place].leans)}:
        kept -= gone
    return frozenset(kept)


def neighbours(parts: Sequence[ListedPart]) -> Iterator[tuple[tuple[int, str], int]]:
    """Give for each chain and side the window of the same row that lies there."""
    begin = {(part.row, part.window.start): place for place, part in enumerate(parts) if part.window is not None}
    for place, part in enumerate(parts):
        after = begin.get((part.row, part.window.end)) if part.window is not None else None
        if after is not None:
            yield (place, AFTER), after
            yield (after, BEFORE), place


def known_by(key: bytes | None, personal: Container[str]) -> Callable[[Request], str | None]:
    """Give what tells by a keyed digest how a chain is known again: its first request word for word, and whom it is about.

    `personal` names what tells people apart; all else counts where it is sent. Without a key nothing is known again: None.
    """
    if key is None:
        return lambda _: None
    begun = blake2b(digest_size=SHOWN // 2, key=key)  # to begin a digest costs more than all of one that was begun

    def digest(request: Request) -> str:
        http, chain = request.http, request.chain
        told = f"{chain.endpoint.name}\0{http.method}\0{http.url}\0"
        for name, value in http.headers:
            told += f"{name}\0{value}\0"
        for name, value in chain.row:
            if name in personal:
                told += f"{name}\0{value}\0"
        mine = begun.copy()
        mine.update(told.encode("utf-8", "surrogatepass"))
        if http.body:
            mine.update(http.body)
        return mine.hexdigest()

    return digest


def in_sittings(kept: int, parts: int, until: str, since: str) -> str:
    """Say of an endpoint that was read before and after a break what nobody can notice."""
    return (
        f"read in two goes: {kept} of {parts} parts by {until}, the others from {since} on; "
        "what moved from one of these to one of those in between is in neither, and that is not noticed"
    )
