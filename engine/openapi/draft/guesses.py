"""The nearest to a look-up where no operation finds a person in a way that its answer proves: a guess, and marked as one."""

from __future__ import annotations

from itertools import islice
from typing import Any

from engine.openapi.document.names import EMAILS, IDS, PERSONS, SEARCHES, kind_of, norm, person_in, words
from engine.openapi.document.operations import Api, Operation
from engine.openapi.document.refs import as_list, as_text
from engine.openapi.document.schema_view import SchemaView
from engine.openapi.draft.pages import records_of
from engine.openapi.draft.people import FINDING, MOST_LOOKED, PersonOperation, looked_at, noun_of, perhaps_at, proof, ways

HOLDERS = (*SEARCHES, "filters", "filtergroups", "where", "criteria", "conditions", "condition", "expression", "rules", "predicate")
LEAVES = (*SEARCHES, "value", "values", "text", "equals", "eq")
FIELDS = ("field", "fieldname", "property", "propertyname", "attribute", "attributename", "column", "key", "name")
OPERATORS = ("operator", "op", "comparator", "comparison", "operation", "condition", "type")
EQUAL = ("=", "==", "eq", "equal", "equals", "equalto", "is", "exact", "match", "contains", "in")
DEEPEST = 5
MOST_ASIDE = 200
MOST_STEPS = 500


def guesses(api: Api) -> list[PersonOperation]:
    """Give what may find a person though nothing proves it, the likeliest first."""
    found = [one for operation in looked_at(api) if not operation.deprecated for one in ways(operation)]
    found += [one for operation in islice(api.operations(), MOST_LOOKED) if (one := _by_body(operation)) is not None]
    return sorted(found, key=lambda one: (-one.score, one.operation.path, one.name))


def _by_body(operation: Operation) -> PersonOperation | None:
    """Read a search by POST whose body says in members of its own what is looked for."""
    said = {*words(operation.path), *words(as_text(operation.raw.get("operationId")))}
    if operation.method != "post" or operation.deprecated or operation.body is None or not said & set(FINDING):
        return None
    body = _filled(operation.body, DEEPEST, [MOST_STEPS])
    if body is None:
        return None
    records = records_of(operation)
    match = proof(records, "EMAIL")
    perhaps = None if match else perhaps_at(records, "EMAIL")
    noun = person_in(operation.path)
    known = records.shape is not None and any(norm(one) in IDS for one in records.shape.members)
    score = 10 * PERSONS.get(noun or "", -1) + 15 * bool(match or perhaps) + 10 * known + 5 * records.listed
    name = next(iter(body))
    return PersonOperation(operation, "EMAIL", None, "body", name, noun_of(operation, name), records, match, score, 0, perhaps, body)


def _filled(shape: SchemaView, depth: int, left: list[int]) -> dict[str, Any] | None:
    """Write the members of a search with <EMAIL> where what is looked for stands; None where no member is for it."""
    left[0] -= 1
    if depth == 0 or left[0] < 0:
        return None
    members = dict(islice(shape.members.items(), MOST_ASIDE))
    texts = {name: one for name, one in members.items() if name.strip() and (not one.types or "string" in one.types) and not one.members}
    mailed = next((name for name, one in texts.items() if _takes_mail(name, one)), None)
    if mailed is not None:
        return {**_aside(shape, members, mailed), mailed: "<EMAIL>"}
    for name, one in members.items():
        held = one.elements if one.is_list else one
        if norm(name) in HOLDERS and held is not None and held.members and (inner := _filled(held, depth - 1, left)) is not None:
            return {**_aside(shape, members, name), name: [inner] if one.is_list else inner}
    leaf = next((name for wanted in LEAVES for name in texts if norm(name) == wanted and not texts[name].enum), None)
    return {**_aside(shape, members, leaf), leaf: "<EMAIL>"} if leaf is not None else None


def _takes_mail(name: str, shape: SchemaView) -> bool:
    kind = kind_of(name, shape.word("description"), shape.word("format"))
    return kind is not None and kind[:2] == ("EMAIL", None) and kind[2] >= 2 and not shape.enum


def _aside(shape: SchemaView, members: dict[str, SchemaView], taken: str) -> dict[str, Any]:
    """Fill in which field is looked in and how it is compared, and what is required and has few values."""
    required = {one for part in shape.parts for one in as_list(part.get("required")) if isinstance(one, str)}
    found: dict[str, Any] = {}
    for name, one in members.items():
        values = [value for value in one.enum if _is_word(value)]
        if name == taken or one.members or (one.types and "string" not in one.types):
            continue
        named = norm(name) if norm(taken) in LEAVES else ""
        if named in FIELDS:
            found[name] = next((value for value in values if norm(value) in EMAILS), None if one.enum else "email")
        elif named in OPERATORS:
            equal = [value for wanted in EQUAL for value in values if value.lower() == wanted]
            found[name] = next(iter(equal), None if one.enum else "=")
        elif name in required and values:
            found[name] = values[0]
    return {name: value for name, value in found.items() if value is not None}


def _is_word(value: str) -> bool:
    return bool(value.strip()) and value.isprintable() and len(value) <= 100 and not {"<", ">"} & set(value)
