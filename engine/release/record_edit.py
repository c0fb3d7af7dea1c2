"""Write the withheld places of one record anew, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Literal

import msgspec

from engine.language.expressions.lossless_json import dumps
from engine.release.aliases import is_named
from engine.release.given_record import WithheldPlace
from engine.release.hit import Hit
from engine.release.json_parts import joined, parts_of
from engine.release.masking import masked_text
from engine.release.record_values import text_of
from engine.release.ruling import STRENGTH, Ruling
from engine.release.withheld import WithheldTexts, unnamed

OPERATION: dict[bool, Literal["alias", "mask"]] = {True: "alias", False: "mask"}
Branch = dict[str, Any]  # by the steps below: further branches, or what was ruled there


class RecordEdit:
    """One record as it is written; `places` are those that were withheld."""

    def __init__(
        self,
        vendor: str,
        endpoint: str,
        words: Callable[[Ruling], str],
        find: Callable[[str], Iterable[Hit]],
        texts: WithheldTexts,
    ) -> None:
        """Take what is written in the place of a value, the finder, and where what stood there is kept."""
        self._of = (vendor, endpoint)
        self._words = words
        self._find = find
        self._texts = texts
        self.places: list[WithheldPlace] = []

    def written(self, line: bytes, record: Any, rulings: list[Ruling]) -> bytes:
        """Give the line with these places withheld; none of them is the whole record, unless it is a single value."""
        root: Branch = {}
        for ruling in rulings:
            branch, steps = root, ruling.pointer.split("/")
            for step in steps[:-1]:
                branch = branch.setdefault(step, {})
                if type(branch) is list:
                    break  # what holds it is withheld
            else:
                here = branch.get(steps[-1])
                if type(here) is list:
                    here.append(ruling)
                else:
                    branch[steps[-1]] = [ruling]
        return self._at(line, record, root[""], "") or b"null"

    def _at(self, raw: Any, value: Any, ruled: Branch | list[Ruling], pointer: str, *, named: bool = True) -> bytes | None:
        """Give a value as it leaves, None where it is dropped; the pointer counts only the items of lists that are left.

        `named`: the last step of the pointer is a name, and no place in a list.
        """
        if isinstance(ruled, list):
            return self.replaced(value, ruled, pointer, named=named)
        parts = parts_of(raw)
        if isinstance(parts, dict):
            for step, below in ruled.items():
                name = step.replace("~1", "/").replace("~0", "~") if "~" in step else step
                left = self._at(parts[name], value[name], below, f"{pointer}/{step}")
                if left is None:
                    del parts[name]
                else:
                    parts[name] = msgspec.Raw(left)
        else:
            dropped = 0
            for index, below in sorted((int(step), below) for step, below in ruled.items()):
                left = self._at(parts[index], value[index], below, f"{pointer}/{index - dropped}", named=False)
                parts[index] = left
                dropped += left is None
        return joined(parts)

    def _mask(self, ruling: Ruling, text: str, pointer: str) -> bytes:
        """Write words for a whole text."""
        self._texts.withheld(*self._of, ruling, text)
        shown = self._words(ruling)
        self.places.append(WithheldPlace(pointer, OPERATION[is_named(ruling)], ruling.because, shown, 0, len(shown)))
        return written_text(shown)

    def replaced(self, value: Any, rulings: list[Ruling], pointer: str, *, named: bool = True) -> bytes | None:
        """Give what is written for a value; None where one of its rulings drops it. `named` as the last step of the pointer is."""
        ruling = rulings[0]
        if len(rulings) == 1 and ruling.value == value and ruling.do in ("mask", "alias"):
            return self._mask(ruling, value, pointer)
        drop = next((ruling for ruling in rulings if STRENGTH[ruling.do] >= STRENGTH["drop"]), None)
        if type(value) is dict or type(value) is list:
            self._texts.inside(*self._of, ruling, value, self._find)
            masked = masked_text("", rulings, self._find, self._words, whole=True)
        else:
            text = text_of(value)  # none of true, false and null: they tell of nobody
            whole = not isinstance(value, str) or (len(rulings) == 1 and rulings[0].value == text)
            masked = masked_text(text, rulings, self._find, self._words, whole=whole)
            for cause, was in masked.withheld:
                self._texts.withheld(*self._of, cause, was)
                if text != was or not whole:
                    self._texts.withheld(*self._of, cause, cause.value)
        if drop is not None:
            if type(value) is dict or type(value) is list or drop.value != value:
                self._texts.withheld(*self._of, drop, drop.value)
            self.places.append(WithheldPlace(unnamed(pointer, drop.value) if named else pointer, "drop", drop.because))
            return None
        for cause, shown, start in masked.replaced:
            self.places.append(WithheldPlace(pointer, OPERATION[is_named(cause)], cause.because, shown, start, start + len(shown)))
        return written_text(masked.text)


@lru_cache(maxsize=4096)
def written_text(text: str) -> bytes:
    """Write a text as JSON."""
    return dumps(text)
