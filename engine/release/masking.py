"""Replace what is withheld in one text: all of it, or the parts that were ruled about, wherever they stand in it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from engine.release.hit import Hit
from engine.release.ruling import Ruling
from engine.release.written import number_of, numbers_alike, occurrences

MOST_SEARCHED = 1_000_000_000  # characters of a text, times the values in it


class MaskedText(msgspec.Struct):
    """A text with words in the place of what is withheld: for each place the ruling, the words, and where they begin.

    `withheld` has what stood there, as it was written.
    """

    text: str
    replaced: list[tuple[Ruling, str, int]]
    withheld: list[tuple[Ruling, str]]


def masked_text(
    text: str, rulings: list[Ruling], find: Callable[[str], Iterable[Hit]], words: Callable[[Ruling], str], *, whole: bool = False
) -> MaskedText:
    """Write words for what was ruled about, or for the whole text: that too where the value of a ruling is not found in it."""
    if whole:
        shown = words(rulings[0])
        return MaskedText(shown, [(rulings[0], shown, 0)], [(rulings[0], text)])
    spans: list[tuple[int, int, int]] = []
    too_many = len(text) * len(rulings) > MOST_SEARCHED
    hits = [] if too_many else list(find(text))
    for number, ruling in enumerate(rulings):
        found = _apart(_spans(text, ruling.value, hits)) if not too_many and ruling.value != text else []
        spans += ((start, -end, number) for start, end in found or [(0, len(text))])
    parts, replaced, done, size = list[str](), list[tuple[Ruling, str, int]](), 0, 0
    for start, ending, number in sorted(spans):
        if start >= done:
            shown = words(rulings[number])
            parts += text[done:start], shown
            replaced.append((rulings[number], shown, size + start - done))
            size += start - done + len(shown)
        done = max(done, -ending)
    withheld = [(rulings[number], text[start:-ending]) for start, ending, number in spans]
    return MaskedText("".join((*parts, text[done:])), replaced, withheld)


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leave out what begins inside another one: of one value, what is left of it is no longer the value."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _spans(text: str, value: str, hits: list[Hit]) -> Iterator[tuple[int, int]]:
    """Give where a value stands: where the finder saw it, and wherever else it is written so, or as the same number."""
    mine = [hit for hit in hits if hit.value == value]
    for hit in mine:
        yield hit.start, hit.end
    for written in {value, *(text[hit.start : hit.end] for hit in mine)}:
        yield from occurrences(text, written)
    if any(hit.kind == "phones" for hit in mine):
        yield from numbers_alike(text, number_of(value))
