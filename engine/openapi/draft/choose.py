"""Choose the look-up of a first spec, and gather what is asked for the person with what it captures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct, field

from engine.openapi.document.names import spec_name
from engine.openapi.document.operations import Api, Operation
from engine.openapi.document.read import DocumentError
from engine.openapi.draft.children import hanging
from engine.openapi.draft.people import LookupCandidate, looked_at, nearest, people
from engine.openapi.draft.person_request import PERHAPS, DraftRequest, Unfit, asking, belongings

MOST_ENDPOINTS = 150
MOST_SEEN = 2_000  # operations that name the person; no vendor has as many
MOST_TRIED = 6
MOST_NAMED = 4
NOBODY = "no operation finds a person by e-mail address, user name or phone number in a way that its answer proves"
TOO_MANY = "too many for one spec"


class DraftPlan(Struct):
    """The look-up, the requests made with what it captures, and the operations left out, each with its reason."""

    person: LookupCandidate
    lookup: DraftRequest
    asked: list[DraftRequest] = field(default_factory=list)
    left: list[tuple[Operation, str]] = field(default_factory=list)
    guess: str = ""  # why the look-up is no more than a guess


def choose(apis: Sequence[Api]) -> DraftPlan:
    """Take the look-up by which most can be asked, of those that are proven, else the nearest. Raises DocumentError where there is none.

    Of several documents the first that finds a person has the look-up; what is asked for the person stands in all of them.
    """
    plan = next((found for api in apis if (found := _best(apis, people(api))) is not None), None)
    if plan is None:
        near = [one for api in apis for one in nearest(api)]
        plan = _best(apis, near)
        if plan is None:
            raise DocumentError("\n".join(map(_nobody, apis)))
        others = dict.fromkeys(one.operation.label for one in near if one.operation.path != plan.person.operation.path)
        also = f" Also looked at: {', '.join([*others][:MOST_NAMED])}" if others else ""
        plan.guess = f"{NOBODY}: this is the nearest to a look-up, and a guess. What does it take, and what repeats the identifier?{also}"
    _extend(plan, apis)
    return plan


def _best(apis: Sequence[Api], likely: list[LookupCandidate]) -> DraftPlan | None:
    tried: list[tuple[tuple[bool, int], DraftPlan]] = []
    for person in likely:
        try:
            plan = DraftPlan(person, asking(person))
        except Unfit:
            continue
        _gather(plan, apis)
        by_mail = person.kind == "EMAIL" and person.match is not None  # before a user name, which people change and share
        tried.append(((by_mail, person.score + 4 * min(len(plan.asked), 12)), plan))
        if len(tried) >= MOST_TRIED:
            break
    return max(tried, key=lambda one: one[0])[1] if tried else None


def _nobody(api: Api) -> str:
    """Say that nothing comes near, and what was looked at."""
    seen = [one.label for one in islice(looked_at(api), MOST_NAMED + 1)]
    shown = f"{', '.join(seen[:MOST_NAMED])}{' and others' if len(seen) > MOST_NAMED else ''} take none"
    looked = f"of those that speak of people, {shown}" if seen else "none of them speaks of people"
    return f"{api.file}: {NOBODY} ({looked}); without --openapi, `habeas new` asks you for the look-up"


def _gather(plan: DraftPlan, apis: Sequence[Api]) -> None:
    """Find what is asked with what the look-up captures."""
    lists = {found.name: found.operation.path for found in (plan.lookup.account_list,) if found is not None}
    for request in islice((one for api in apis for one in belongings(api, plan.person)), MOST_SEEN):
        if not isinstance(request, DraftRequest):
            plan.left.append(request)
            continue
        above = request.account_list
        if len(plan.asked) >= MOST_ENDPOINTS:
            plan.left.append((request.operation, TOO_MANY))
        elif above is not None and lists.setdefault(above.name, above.operation.path) != above.operation.path:
            plan.left.append((request.operation, "two lists of the account's would have one name"))
        else:
            plan.asked.append(request)


def _extend(plan: DraftPlan, apis: Sequence[Api]) -> None:
    """Name the endpoints, and find what is asked once per record of one of them."""
    taken = [one.account_list.name for one in (plan.lookup, *plan.asked) if one.account_list is not None]
    for request in plan.asked:
        _name(request, plan.person.noun, taken)
    left = {operation.label: (operation, reason) for operation, reason in plan.left}
    asked = tuple(plan.asked)
    for below in islice((one for api in apis for one in hanging(api, plan.person, asked)), MOST_SEEN):
        if not isinstance(below, DraftRequest):
            left[below[0].label] = below
            continue
        _name(below, plan.person.noun, taken)
        if len(plan.asked) >= MOST_ENDPOINTS:
            left[below.operation.label] = (below.operation, TOO_MANY)
        else:
            plan.asked.append(below)
            left.pop(below.operation.label, None)
    plan.left = sorted(left.values(), key=lambda one: (one[1].endswith(PERHAPS), one[0].path))


def _name(request: DraftRequest, noun: str, taken: list[str]) -> None:
    """Name an endpoint by the written segments of its path: those behind the person where there are any, else more of them."""
    written = [segment for segment in request.operation.path.strip("/").split("/") if "{" not in segment]
    kept = [one for one in written if one.lower().rstrip("s") != noun and not one.lower().startswith(("v1", "v2", "v3", "api"))]
    short = kept[-3:] or [noun]
    name = spec_name(short)
    request.name = spec_name(written[-3:] if len(written) > 1 else short, taken) if name in taken else name
    taken.append(request.name)
