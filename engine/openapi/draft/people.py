"""Find the operations that find a person by e-mail address, user name or phone number: those whose answer proves it, and the nearest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.openapi.document.names import IDS, PERSONS, PROOFS, SEARCHES, TENANTS, USERNAMES, kind_of, norm, person_in, singular, words
from engine.openapi.document.operations import BRACED, Api, Operation, Parameter
from engine.openapi.document.refs import as_text
from engine.openapi.document.schema_view import SchemaView
from engine.openapi.draft.pages import Records, beside, is_paging, records_of, step, usable

MOST_LOOKED = 5_000
MOST_MEMBERS = 500  # of a search's body
MOST_TOLD = 8
DEEPEST = 5
ENOUGH = 30
FINDING = {"search", "find", "query", "lookup", "filter"}
RANK = {"EMAIL": 40, "USERNAME": 20, "PHONE": 5}


@dataclass(frozen=True, eq=False)
class LookupCandidate:
    """A way to find a person: where the identifier goes, what in the answer repeats it, how likely it is the look-up."""

    operation: Operation
    kind: str  # EMAIL, USERNAME, PHONE
    form: str | None  # md5
    place: str  # path, query or body
    name: str
    noun: str  # user, contact
    records: Records
    match: str | None  # the path in a record that repeats the identifier; None: nothing proves the answer
    score: int
    sure: int  # as `kind_of` has it
    body: dict[str, Any] | None = None  # what a search is sent, where its body is nested
    others: tuple[str, ...] = ()  # the other places of that body

    @property
    def login(self) -> str | None:
        """Where a record holds the person's user name, which requests may take besides the id."""
        if self.kind == "USERNAME":
            return self.match
        members = self.records.shape.members if self.records.shape is not None else {}
        found = next((step(name) for name in members if norm(name) in USERNAMES[:-1]), None)
        return found if found is not None and found != self.match and usable(found) else None

    @property
    def value(self) -> str:
        """The identifier as a spec writes it: <EMAIL>, <EMAIL.md5>."""
        return f"<{self.kind}.{self.form}>" if self.form else f"<{self.kind}>"


def people(api: Api) -> list[LookupCandidate]:
    """Give every way to find a person whose answer proves it, the likeliest first; ties in the order of paths."""
    return _ordered(one for operation in looked_at(api) for one in _ways(operation) if one.score >= ENOUGH)


def nearest(api: Api) -> list[LookupCandidate]:
    """Give what may find a person though nothing proves it, the likeliest first."""
    found = [one for operation in looked_at(api) if not operation.deprecated for one in _ways(operation)]
    found += [one for operation in islice(api.operations(), MOST_LOOKED) if (one := _by_body(operation)) is not None]
    return _ordered(found)


def _ordered(found: Any) -> list[LookupCandidate]:
    return sorted(found, key=lambda one: (-one.score, one.operation.path, one.name))


def looked_at(api: Api) -> Iterator[Operation]:
    """Give the operations whose path speaks of people, a bounded number of them."""
    return islice((one for one in api.operations() if person_in(one.path)), MOST_LOOKED)


def finds(operation: Operation, *also: str) -> bool:
    """Whether a POST is a search, by its path or its name; what a parameter in the path is called says nothing: `/lists/{list_id}`."""
    return bool({*FINDING, *also} & {*words(BRACED.sub("", operation.path)), *words(as_text(operation.raw.get("operationId")))})


def _ways(operation: Operation) -> Iterator[LookupCandidate]:
    if operation.method == "post" and not finds(operation, "list"):
        return
    records: Records | None = None
    placed = operation.knobs.values() if operation.method == "post" else operation.parameters
    for parameter in islice(placed, 200):
        kind = kind_of(parameter.name, parameter.about, parameter.shape.word("format"))
        if (
            kind is None
            or parameter.deprecated
            or parameter.place not in ("path", "query", "body")
            or parameter.shape.types - {"string", "array"}
        ):
            continue
        records = records or records_of(operation)
        match = _proof(records, kind[0])
        score = _score(operation, parameter, kind, records, match)
        noun = _noun(operation, parameter.name)
        yield LookupCandidate(operation, kind[0], kind[1], parameter.place, parameter.name, noun, records, match, score, kind[2])


def _noun(operation: Operation, name: str) -> str:
    """Name the kind of person that an operation finds: what stands before the parameter, else the path's last word for one."""
    before = operation.path.strip("/").partition(f"/{{{name}}}")
    return (person_in(before[0].rpartition("/")[2]) if before[1] else None) or person_in(operation.path) or "user"


def _proof(records: Records, kind: str) -> str | None:
    """Find where a record repeats the identifier, the nearest and the plainest name first."""
    members = list(beside(records.shape))
    exact = [path for name in PROOFS[kind] for path, own, _ in members if norm(own) == name and "." not in path]
    deeper = [path for name in PROOFS[kind][:-1] for path, own, _ in members if norm(own) == name]
    formats = [path for path, _, shape in members if kind == "EMAIL" and shape.word("format") == "email"]
    return next(iter((*exact, *deeper, *formats)), None)


def open_place(records: Records, kind: str) -> str:
    """Guess where a record repeats the identifier: in the member whose fields the document leaves open, else by its own name."""
    members = records.shape.members.items() if records.shape is not None else ()
    inside = next((step(name) for name, shape in members if shape.open and usable(step(name))), None)
    return f"{inside}.{kind.lower()}" if inside is not None and records.shape is not None and not records.shape.open else kind.lower()


def _score(operation: Operation, taker: Parameter, kind: tuple[str, str | None, int], records: Records, match: str | None) -> int:
    """Say how likely it is the look-up: an e-mail address that its name takes, a path that ends in people, an answer that proves it."""
    segments = operation.path.strip("/").split("/")
    nouns = [PERSONS.get(person_in(one) or "", 0) for one in segments if "{" not in one] or [0]
    known = records.shape is not None and any(norm(one) in IDS or norm(one).endswith("id") for one in records.shape.members)
    score = RANK[kind[0]] + {3: 25, 2: 18, 1: 2}[kind[2]] + max(10 * nouns[-1], 8 * max(nouns)) + (25 if match is not None else -50)
    score += 10 * known - 2 * len(segments) - 10 * (taker.place == "body") - 50 * operation.deprecated - 8 * (norm(taker.name) in SEARCHES)
    score -= 25 * (taker.place == "path" and segments[-1] != f"{{{taker.name}}}")
    required = [one for one in operation.parameters if one.required and one.place in ("path", "query") and one.name != taker.name]
    return score - sum(15 if is_tenant(one.name) else 40 for one in required)


def is_tenant(name: str) -> bool:
    """Whether a parameter names the account itself, which a connection can be asked for."""
    steps = [singular(one) for one in words(name) if one not in ("id", "gid", "slug", "name", "key", "uuid")]
    return bool(steps) and "".join(steps) in TENANTS


def _by_body(operation: Operation) -> LookupCandidate | None:
    """Take a search by POST whose body has a place for what is looked for; the other places of the body are told, and not guessed."""
    if operation.method != "post" or operation.deprecated or operation.body is None or not finds(operation, "list"):
        return None
    leaves = list(islice(_leaves(operation.body, DEEPEST), MOST_MEMBERS))
    fitting = [(rank, way) for way, shape in leaves if (rank := _rank(way[-1], shape)) is not None]
    if not fitting:
        return None
    _, way = min(fitting, key=lambda one: (one[0], len(one[1])))
    body: Any = "<EMAIL>"
    for name in reversed(way):
        body = {name.removesuffix("[]"): [body] if name.endswith("[]") else body}
    others = tuple(".".join(other) for other, _ in leaves if other != way and not is_paging(other[-1]))[:MOST_TOLD]
    records = records_of(operation)
    match, noun = _proof(records, "EMAIL"), person_in(operation.path)
    score = 10 * PERSONS.get(noun or "", -1) + 15 * (match is not None) + 5 * records.listed
    return LookupCandidate(operation, "EMAIL", None, "body", way[0], noun or "user", records, match, score, 0, body, others)


def _leaves(shape: SchemaView, depth: int) -> Iterator[tuple[tuple[str, ...], SchemaView]]:
    """Give the texts in a body with the way to each; `[]` stands behind a member that is a list of maps."""
    for name, inner in islice(shape.members.items() if depth else (), MOST_MEMBERS):
        held = inner.elements if inner.is_list else inner
        if held is not None and held.members and name.strip():
            yield from (((f"{name}[]" if inner.is_list else name, *way), leaf) for way, leaf in _leaves(held, depth - 1))
        elif name.strip() and (not inner.types or "string" in inner.types):
            yield (name,), inner


def _rank(name: str, shape: SchemaView) -> int | None:
    """Say how likely a text of a body is what is looked for, 0 the likeliest; None where it is something else."""
    kind = kind_of(name, shape.word("description"), shape.word("format"))
    if shape.enum:
        return None
    if kind is not None and kind[:2] == ("EMAIL", None) and kind[2] >= 2:
        return 0
    return 1 if norm(name) in (*SEARCHES, "value", "text") else None
