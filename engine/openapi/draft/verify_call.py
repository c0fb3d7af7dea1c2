"""Choose the call that shows that a connection is alive, best one that shows that it sees people: their list, one a page."""

from __future__ import annotations

from itertools import islice

from engine.openapi.document.names import PERSONS, singular, words
from engine.openapi.document.operations import Operation, scopes_of
from engine.openapi.draft.choose import DraftPlan
from engine.openapi.draft.pages import records_of, size_parameter
from engine.openapi.draft.person_request import writable
from engine.openapi.draft.yaml_text import Block

MOST_LOOKED = 20_000


def verify_call(plan: DraftPlan) -> tuple[Block, str]:
    """Write `verify`, and why another call may be better."""
    free = [one for one in islice(plan.lookup.operation.api.operations(), MOST_LOOKED) if _is_free(one)]
    people = [one for one in free if _speaks_of(one, plan) and records_of(one).listed]
    noun, block = plan.person.noun, Block()
    alive = people or [one for one in free if one.answer is not None]
    found = min(alive, key=lambda one: (noun not in map(singular, words(one.path)) if people else 0, len(one.path), one.path), default=None)
    if found is None:
        block.add("get", "/")
        return block, "verify: the document has no call that needs nothing: name one that every connection may make"
    block.add("get", found.path)
    size = size_parameter(found.placed("query")) if records_of(found).listed else None
    block.add("params", {size.name: max(1, size.shape.number("minimum") or 1)} if size is not None else None)
    block.add("granted_by", list(scopes_of(found).texts[:1]))
    return block, "" if people else "verify: better a call that shows that the connection sees people, such as their list"


def _is_free(operation: Operation) -> bool:
    """Whether a call needs nothing but the connection."""
    if operation.method != "get" or "{" in operation.path or operation.deprecated or not writable(operation.path):
        return False
    return all(one.is_credential or not one.required for one in operation.placed("query").values())


def _speaks_of(operation: Operation, plan: DraftPlan) -> bool:
    last = [singular(one) for one in words(operation.path.rstrip("/").rpartition("/")[2])]
    return plan.person.noun in last or any(PERSONS.get(one, 0) == 3 for one in last)
