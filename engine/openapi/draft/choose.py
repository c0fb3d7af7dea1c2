"""Which look-up a first spec gets, and what is asked for a person: the choice that most can be asked by."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from engine.openapi.document.names import spec_name
from engine.openapi.document.operations import Api, Operation
from engine.openapi.document.read import DocumentError
from engine.openapi.draft.belongings import PERHAPS, asking, belongings
from engine.openapi.draft.children import hanging
from engine.openapi.draft.guesses import guesses
from engine.openapi.draft.people import PersonOperation, looked_at, people
from engine.openapi.draft.request_line import Belonging, Unfit

MOST_ENDPOINTS = 150
MOST_SEEN = 2_000  # operations that name the person; no vendor has as many
MOST_TRIED = 6
MOST_NAMED = 4
NOBODY = "no operation finds a person by e-mail address, user name or phone number in a way that its answer proves"
TOO_MANY = "too many for one spec"


@dataclass
class Chosen:
    """The look-up that was chosen, and what is asked with what it captures."""

    person: PersonOperation
    lookup: Belonging
    asked: list[Belonging] = field(default_factory=list)
    left: list[tuple[Operation, str]] = field(default_factory=list)
    guess: str = ""  # why the look-up is no more than a guess


def choose(api: Api) -> Chosen:
    """Take the look-up by which most can be asked, of those that are likely, else the nearest. Raises DocumentError where none is."""
    chosen = _best(api, people(api))
    if chosen is None:
        near = guesses(api)
        chosen = _best(api, near)
        if chosen is None:
            raise DocumentError(_nobody(api))
        others = dict.fromkeys(one.operation.label for one in near if one.operation.path != chosen.person.operation.path)
        also = f" Also looked at: {', '.join([*others][:MOST_NAMED])}" if others else ""
        chosen.guess = f"{NOBODY}: this is the nearest to a look-up, and a guess. What does it take, and what repeats the identifier?{also}"
    _extend(chosen, api)
    return chosen


def _best(api: Api, likely: list[PersonOperation]) -> Chosen | None:
    tried: list[tuple[int, Chosen]] = []
    for person in likely:
        try:
            chosen = Chosen(person, asking(person))
        except Unfit:
            continue
        _gather(chosen, api)
        tried.append((person.score + 4 * min(len(chosen.asked), 12), chosen))
        if len(tried) >= MOST_TRIED:
            break
    return max(tried, key=lambda one: one[0])[1] if tried else None


def _nobody(api: Api) -> str:
    """Say that nothing comes near, and what was looked at."""
    seen = [one.label for one in islice(looked_at(api), MOST_NAMED + 1)]
    shown = f"{', '.join(seen[:MOST_NAMED])}{' and others' if len(seen) > MOST_NAMED else ''} take none"
    looked = f"of those that speak of people, {shown}" if seen else "none of them speaks of people"
    return f"{api.file}: {NOBODY} ({looked}); without --openapi, `habeas new` asks you for the look-up"


def _gather(chosen: Chosen, api: Api) -> None:
    """Find what is asked with what the look-up captures."""
    listings = {one.name: one.operation.path for one in (chosen.lookup.listing,) if one is not None}
    for one in islice(belongings(api, chosen.person), MOST_SEEN):
        if not isinstance(one, Belonging):
            chosen.left.append(one)
        elif len(chosen.asked) >= MOST_ENDPOINTS:
            chosen.left.append((one.operation, TOO_MANY))
        elif one.listing and listings.setdefault(one.listing.name, one.listing.operation.path) != one.listing.operation.path:
            chosen.left.append((one.operation, "two lists of the account's would have one name"))
        else:
            chosen.asked.append(one)


def _extend(chosen: Chosen, api: Api) -> None:
    """Name the endpoints, and find what is asked once per record of one of them."""
    taken = [one.listing.name for one in (chosen.lookup, *chosen.asked) if one.listing is not None]
    for one in chosen.asked:
        one.name = named(one, chosen.person.noun, taken)
        taken.append(one.name)
    left = {operation.label: (operation, reason) for operation, reason in chosen.left}
    for below in islice(hanging(api, chosen.person, tuple(chosen.asked)), MOST_SEEN):
        if not isinstance(below, Belonging):
            left[below[0].label] = below
            continue
        below.name = named(below, chosen.person.noun, taken)
        taken.append(below.name)
        if len(chosen.asked) >= MOST_ENDPOINTS:
            left[below.operation.label] = (below.operation, TOO_MANY)
        else:
            chosen.asked.append(below)
            left.pop(below.operation.label, None)
    chosen.left = sorted(left.values(), key=lambda one: (one[1].endswith(PERHAPS), one[0].path))


def named(one: Belonging, noun: str, taken: list[str]) -> str:
    """Name an endpoint by the written segments of its path: those behind the person where there are any, else more of them."""
    name = spec_name(_parts(one, noun))
    return spec_name(_parts(one, noun, whole=True), taken) if name in taken else name


def _parts(one: Belonging, noun: str, *, whole: bool = False) -> list[str]:
    literal = [segment for segment in one.operation.path.strip("/").split("/") if "{" not in segment]
    if whole and len(literal) > 1:
        return literal[-3:]
    kept = [
        segment for segment in literal if segment.lower().rstrip("s") != noun and not segment.lower().startswith(("v1", "v2", "v3", "api"))
    ]
    return kept[-3:] or [noun]
