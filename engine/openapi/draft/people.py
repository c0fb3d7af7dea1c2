"""Operations that find a person by e-mail address, user name or phone number, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.openapi.document.names import IDS, PERSONS, PROOFS, SEARCHES, TENANTS, kind_of, norm, person_in, singular, words
from engine.openapi.document.operations import Api, Operation, Parameter
from engine.openapi.document.schema_view import SchemaView
from engine.openapi.draft.pages import Records, beside, records_of

MOST_LOOKED = 5_000
ENOUGH = 30
FINDING = ("search", "find", "query", "lookup", "filter", "list")
RANK = {"EMAIL": 40, "USERNAME": 20, "PHONE": 5}


@dataclass(frozen=True, eq=False)
class PersonOperation:
    """A way to find a person: where the identifier goes, what proves the answer, how likely it is what is wanted."""

    operation: Operation
    kind: str
    form: str | None
    place: str  # path, query or body
    name: str
    noun: str
    records: Records
    match: str | None
    score: int
    sure: int
    perhaps: str | None  # where it may be repeated, in a member that the document leaves open
    body: dict[str, Any] | None = None  # what a search is sent, where it is more than the one member

    @property
    def value(self) -> str:
        """The identifier as a spec writes it."""
        return f"<{self.kind}.{self.form}>" if self.form else f"<{self.kind}>"


def people(api: Api) -> list[PersonOperation]:
    """Give every way to find a person, the likeliest first; ties in the order of paths."""
    found = [one for operation in looked_at(api) for one in ways(operation)]
    return sorted((one for one in found if one.score >= ENOUGH), key=lambda one: (-one.score, one.operation.path, one.name))


def looked_at(api: Api) -> Iterator[Operation]:
    """Give the operations whose path speaks of people, in bounded number."""
    left = MOST_LOOKED
    for operation in api.operations():
        if left and person_in(operation.path):
            left -= 1
            yield operation


def ways(operation: Operation) -> Iterator[PersonOperation]:
    """Give every way by which an operation may find a person, with how likely it is what is wanted."""
    if operation.method == "post" and not set(FINDING) & {*words(operation.path), *words(str(operation.raw.get("operationId", "")))}:
        return
    records: Records | None = None
    for place, name, about, shape in _takers(operation):
        kind = kind_of(name, about, shape.word("format"))
        if kind is None or shape.types - {"string", "array"}:
            continue
        records = records or records_of(operation)
        match = proof(records, kind[0])
        perhaps = None if match else perhaps_at(records, kind[0])
        score = _score(operation, place, name, kind, records, match) + (30 if perhaps else 0)
        yield PersonOperation(operation, kind[0], kind[1], place, name, noun_of(operation, name), records, match, score, kind[2], perhaps)


def _takers(operation: Operation) -> Iterator[tuple[str, str, str, SchemaView]]:
    if operation.method == "post":
        members = operation.body.members if operation.body is not None else {}
        yield from (("body", name, shape.word("description"), shape) for name, shape in list(members.items())[:200])
        return
    for one in operation.parameters:
        if one.place in ("path", "query"):
            yield one.place, one.name, one.about, one.shape


def noun_of(operation: Operation, name: str) -> str:
    """Name the kind of person that an operation finds: what stands before the parameter, else the path's last word for one."""
    segments = operation.path.strip("/").split("/")
    braced = f"{{{name}}}"
    before = segments[segments.index(braced) - 1] if braced in segments and segments.index(braced) else ""
    return person_in(before) or person_in(operation.path) or "user"


def proof(records: Records, kind: str) -> str | None:
    """Find where a record repeats the identifier, the nearest and the plainest name first."""
    members = list(beside(records.shape))
    exact = [path for name in PROOFS[kind] for path, own, _ in members if norm(own) == name and "." not in path]
    deeper = [path for name in PROOFS[kind][:-1] for path, own, _ in members if norm(own) == name]
    formats = [path for path, _, shape in members if kind == "EMAIL" and shape.word("format") == "email"]
    return next(iter((*exact, *deeper, *formats)), None)


def perhaps_at(records: Records, kind: str) -> str | None:
    """Guess where an identifier stands in a record whose fields the document leaves open."""
    if records.shape is None:
        return None
    held = [
        name
        for name in ("properties", "fields", "attributes", "profile")
        if name in records.shape.members and records.shape.members[name].open
    ]
    return f"{held[0]}.{kind.lower()}" if held else None


def _score(operation: Operation, place: str, name: str, kind: tuple[str, str | None, int], records: Records, match: str | None) -> int:
    segments = operation.path.strip("/").split("/")
    literal = [one for one in segments if "{" not in one]
    score = RANK[kind[0]] + {3: 25, 2: 18, 1: 2}[kind[2]]
    nouns = [PERSONS.get(person_in(one) or "", 0) for one in literal]
    score += max(10 * nouns[-1], 8 * max(nouns)) if nouns else 0
    score += 25 if match is not None else -50
    score += 10 if records.shape is not None and any(norm(one) in IDS or norm(one).endswith("id") for one in records.shape.members) else 0
    score -= 2 * len(segments)
    score -= 10 if place == "body" else 0
    score -= 50 if operation.deprecated else 0
    score -= 8 * sum(norm(one) in SEARCHES for one in (name,))
    score -= sum(_cost(one) for one in operation.parameters if one.name != name)
    ends_elsewhere = place == "path" and segments[-1] != f"{{{name}}}"
    return score - (25 if ends_elsewhere else 0)


def _cost(parameter: Parameter) -> int:
    """What it costs that a further parameter must be filled in."""
    if not parameter.required or parameter.place not in ("path", "query"):
        return 0
    return 15 if is_tenant(parameter.name) else 40


def is_tenant(name: str) -> bool:
    """Whether a parameter names the account itself, which a connection can be asked for."""
    steps = [singular(one) for one in words(name) if one not in ("id", "gid", "slug", "name", "key", "uuid")]
    return bool(steps) and "".join(steps) in TENANTS
