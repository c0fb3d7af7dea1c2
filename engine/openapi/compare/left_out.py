"""Find the operations of the vendor's documents that take the person and are neither asked nor named in the spec's `gaps`.

What `gaps` tells people is in their words; which operations it means stands beside that as comments, for `check` and not for people:

    gaps:
      - Assistants and access tokens are not asked.
      # GET /users/{userId}/assistants, GET /users/{userId}/token
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from engine.language.expressions.template import IDENTIFIERS
from engine.language.rules.lint_context import LintContext
from engine.language.text.mistakes import Mistake, counted
from engine.openapi.compare.comparison import MOST_ROWS, operations_of, side_by_side
from engine.openapi.document.names import USERNAMES, norm, person_in
from engine.openapi.document.operations import BRACED, Api, Operation, plain
from engine.openapi.document.paths import Miss, Paths
from engine.openapi.document.refs import as_text
from engine.openapi.draft.person_values import takes

MOST_TOLD = 300
PATH = re.compile(r"/[^\s,;()`'\"]+")


class SpecPerson(Struct, frozen=True):
    """The person as the look-ups of a spec know them."""

    kind: str
    noun: str
    login: str | None


def left_out(raw: bytes, file: str, apis: Sequence[Api]) -> Iterator[Mistake]:
    """Note, in one, every operation that takes the person and is neither asked nor named in `gaps`. Raises SpecError."""
    context, every, _ = side_by_side(raw, file, apis)
    people = _people(context)
    known = {_bare(one.path) for one in _asked(context, every)} | set(_named(context))
    found = [one for api in apis for one in api.operations() if _is_left_out(one, people) and _bare(one.path) not in known]
    lines = list({_bare(one.path): _line(one) for one in found}.values())
    if not lines:
        return
    verb = "takes the person, and is" if len(lines) == 1 else "take the person, and are"
    message = f"{counted(len(lines), 'operation')} of the vendor's documents {verb} neither asked nor named in `gaps`"
    more = (f"and {len(lines) - MOST_TOLD} more",) if len(lines) > MOST_TOLD else ()
    place = ("gaps",) if ("gaps",) in context.document.keys else ("vendor",)
    hint = "ask it, or say in `gaps` what it holds and name it there in a comment: # GET /path"
    yield Mistake(message, context.document.at(place, key=True), hint, "note", file, (*lines[:MOST_TOLD], *more))


def _asked(context: LintContext, every: Sequence[Paths]) -> Iterator[Operation]:
    for _, endpoint, _ in context.requests():
        for row in endpoint.rows[:MOST_ROWS]:
            found = operations_of(every, endpoint, row)
            yield from () if isinstance(found, Miss) else found


def _line(operation: Operation) -> str:
    told = plain(as_text(operation.raw.get("summary")), 60)
    return f"{operation.line}{f'  {told}' if told else ''}"


def _is_left_out(operation: Operation, people: Sequence[SpecPerson]) -> bool:
    return not operation.deprecated and not operation.empty and any(takes(operation, person) for person in people)


def _people(context: LintContext) -> list[SpecPerson]:
    """Say whom the spec's look-ups find, by the names under which they capture and by their addresses."""
    found: dict[SpecPerson, None] = {}
    for lookup in context.vendor.lookups:
        kinds = [hole.name for hole in lookup.holes() if hole.name in IDENTIFIERS] or ["EMAIL"]
        nouns = {person_in(name) for name, _ in lookup.capture} | {person_in(str(lookup.address))}
        told = [select.text for select, _ in lookup.match] if "USERNAME" in kinds else []
        told += [select.text for _, select in lookup.capture if norm(select.text) in USERNAMES[:-1]]
        found |= {SpecPerson(kinds[0], noun or "user", next(iter(told), None)): None for noun in sorted(map(str, nouns - {None})) or [""]}
    return list(found)


def _bare(path: str) -> str:
    return BRACED.sub("{}", path).rstrip("/")


def _named(context: LintContext) -> Iterator[str]:
    """Give the paths that stand in `gaps`, in its sentences and in the comments between them."""
    if not context.spec.gaps:
        return  # `none` names nothing, whatever stands beside it
    first = context.document.at(("gaps",), key=True).line
    for number, line in enumerate(context.document.lines[first - 1 :]):
        if number and line[:1] not in ("", " ", "#", "-"):
            return
        yield from (_bare(found.rstrip(".:")) for found in PATH.findall(line))
