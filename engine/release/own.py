"""Tell the person's own names, addresses and numbers from other people's: by value, and by what stands beside it.

E-mail addresses and telephone numbers are compared as `engine/core/identity` compares them. Whatever cannot be told is `perhaps`: nobody
is taken for the person in vain, and the person is never taken for somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

import msgspec

from engine.core.identity import lowered, same_person
from engine.release.remembered import Remembered

Sameness = Literal["same", "perhaps", "other"]
Shape = Literal["email", "phone", "number", "id", "name"]

PHONE = re.compile(r"\+?[0-9 ().\-/\u00a0\u2010-\u2013]+")
SHORTEST_PHONE, LONGEST_PHONE = 7, 15
SHORTEST_ID = 8
MOST_REMEMBERED, MOST_PEOPLE = 4_000, 16_000  # values, and sides: memory would grow with all that ever stood in a record
TELLING: tuple[Shape, ...] = ("email", "id")
SUREST_FIRST: tuple[Shape, ...] = ("email", "phone", "id", "name", "number")  # by what one person is told from another
DIGITS = b"0123456789"
NO_PHONES = frozenset({"id", "uuid", "ip", "time", "date", "at", "timestamp"})
OTHER = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\d{4}-\d\d-\d\d")  # an IP address, a day
LAST_WORD = re.compile(r"[A-Za-z][a-z]*$|[A-Z]+$")


Side = tuple[tuple[str, str], ...]  # the fields of a record that are together one person: name and text of each


class Fact(msgspec.Struct, frozen=True):
    """A value with the name of the field it stands in."""

    name: str
    text: str


def shape_of(name: str, text: str) -> Shape:
    """Say what a value looks like, with the name of its field: a long number of an `id` is no telephone number."""
    if "@" in text:
        return "email"
    digits = len(text) - len(text.encode().translate(None, DIGITS)) if text.isascii() else sum(char.isdigit() for char in text)
    if digits == 0:
        return "name"
    if (
        SHORTEST_PHONE <= digits <= LONGEST_PHONE
        and last_word(name) not in NO_PHONES
        and PHONE.fullmatch(text)
        and not OTHER.fullmatch(text)
    ):
        return "phone"
    return "number" if len(text) < SHORTEST_ID else "id"


class Own:
    """What is known to be the person's own: their identifiers, and what their record says of them."""

    def __init__(self, values: Iterable[Fact]) -> None:
        """Take values of any shape; an empty one is none."""
        self._by_shape: dict[Shape, dict[str, set[str]]] = {one: {} for one in ("email", "phone", "number", "id", "name")}
        self._known: Remembered[tuple[str, str], tuple[Shape, Sameness | None]] = Remembered(self._looked_at, MOST_REMEMBERED)
        self.who: Remembered[Side, tuple[Sameness, str]] = Remembered(self._judged, MOST_PEOPLE)
        for value in values:
            text = value.text.strip()
            if text:
                shape = shape_of(value.name, text)
                self._by_shape[shape].setdefault(_plain(shape, text), set()).add(last_word(value.name))

    def texts(self) -> Iterator[str]:
        """Give what is the person's own, each as it is compared."""
        for shaped in self._by_shape.values():
            yield from shaped

    def compare(self, name: str, text: str) -> tuple[Shape, Sameness | None]:
        """Compare one value; None where it says nothing, because none of that shape is known."""
        return self._known[name, text]

    def _looked_at(self, value: tuple[str, str]) -> tuple[Shape, Sameness | None]:
        name, text = value
        shape = shape_of(name, text.strip())
        return shape, self._compared(shape, name, text.strip())

    def _compared(self, shape: Shape, name: str, text: str) -> Sameness | None:
        mine = self._by_shape[shape]
        if not mine:
            return None
        if shape == "email":
            return _same_address(mine, text)
        if shape == "phone":
            return _same_number(mine, text)
        plain = _plain(shape, text)
        if shape == "number":  # 1021 may be an extension or a department: the same only under a name that ends alike
            return "same" if last_word(name) in mine.get(plain, ()) else None
        if shape == "id":
            return "same" if plain in mine else None
        if plain in mine:
            return "same"
        if last_word(name) != "name" or any(set(plain.split()) <= set(own.split()) for own in mine):
            return None  # a word such as `Desktop`, or a first name alone
        return "other"

    def _judged(self, side: Side) -> tuple[Sameness, str]:
        """Say of a side whether it is this person, and by what it is told from other people."""
        facts = [Fact(name, text) for name, text in side]
        return self.judge(facts), person_of(facts)

    def judge(self, side: Iterable[Fact]) -> Sameness:
        """Say whether fields that together are one person are this person.

        An e-mail address or a long identifier is proof. A number or a name is, unless an e-mail address or another name beside it is
        not the person's; and a name alone is not, where the number beside it is another's.
        """
        found = [self.compare(value.name, value.text) for value in side]
        same = {shape for shape, one in found if one == "same"}
        others = {shape for shape, one in found if one == "other"}
        if same & set(TELLING):
            return "same"
        doubted = bool(others & {"email", "name"}) or (same == {"name"} and "phone" in others)
        if same:
            return "perhaps" if doubted else "same"
        return "perhaps" if any(one == "perhaps" for _, one in found) else "other"


def _plain(shape: Shape, text: str) -> str:
    if shape == "name":
        return " ".join(text.split()).casefold()
    return lowered(text) if shape == "email" else text


@lru_cache(maxsize=4096)
def last_word(name: str) -> str:
    """Give the last word of a field's name, in lower case: `number` of `extension_number`."""
    found = LAST_WORD.search(name)
    return found[0].lower() if found else ""


def _same_address(mine: Iterable[str], text: str) -> Sameness:
    """A list of addresses is the person's where each of them is."""
    parts = [text] if '"' in text else [part for part in re.split("[;,]", text) if part.strip()]
    same = [any(same_person("email", own, part) for own in mine) for part in parts]
    return "same" if same and all(same) else "perhaps" if any(same) else "other"


def _same_number(mine: Iterable[str], text: str) -> Sameness:
    """Without the country a number that ends alike may be the same: it is asked about."""
    ending = _digits(text)[-SHORTEST_PHONE:]
    told = [same_person("phone", own, text) for own in mine if _digits(own)[-SHORTEST_PHONE:] == ending]
    return "same" if any(told) else "perhaps" if None in told else "other"


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def person_of(side: Iterable[Fact]) -> str:
    """Give what tells one other person from another: the e-mail address, else the telephone number, and so on (SUREST_FIRST)."""
    told = [(shape_of(value.name, value.text.strip()), value.text.strip()) for value in side]
    shapes = {shape: _plain(shape, text) for shape, text in reversed(told) if text}
    best = next((one for one in SUREST_FIRST if one in shapes), None)
    if best is None:
        return ""
    return f"{best}:{_digits(shapes['phone']) if best == 'phone' else shapes[best]}"
