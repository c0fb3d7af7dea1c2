"""Say which parameters of an operation take the person, and what of the person each takes: the id, the address, the user name."""

from __future__ import annotations

import re
from typing import Protocol

from engine.openapi.document.names import EMAILS, IDS, PERSONS, USERNAMES, kind_of, norm, person_in, role_of, singular, value_name, words
from engine.openapi.document.operations import Operation, Parameter
from engine.openapi.draft.people import finds, is_tenant

SOMEBODY = "|".join(name for name, weight in PERSONS.items() if weight > 1)
PERSONS_ID = re.compile(rf"(?i)\b(?:{SOMEBODY})(?:'s)?[ _-](?:g|uu|u)?ids?\b|\bids? of (?:the|an?) (?:{SOMEBODY})\b")
OTHERWISE = ("or", "the", "email", "login", "name", "username", "hash", "number", "ref", "reference", "slug")

ParameterValues = dict[tuple[str, str], str]  # by place and name of a parameter: <USER_ID>, <EMAIL>, <tickets.id>


class PersonKind(Protocol):
    """Whom a look-up finds: by which identifier (EMAIL), what kind of person (user), and where a record holds the user name, if it does."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def noun(self) -> str: ...  # noqa: D102
    @property
    def login(self) -> str | None: ...  # noqa: D102


def values_of(operation: Operation, person: PersonKind) -> ParameterValues:
    """Say what the parameters of an operation take of the person."""
    return {(one.place, one.name): value for one in operation.parameters if (value := value_of(operation, one, person))}


def takes(operation: Operation, person: PersonKind) -> bool:
    """Whether an operation takes the person: a GET by a parameter, a search by POST by a member of its body."""
    if operation.method == "get":
        return bool(values_of(operation, person))
    return finds(operation, "list") and any(value_of(operation, knob, person) for knob in operation.knobs.values())


def id_name(person: PersonKind) -> str:
    """The NAME under which the person's id is captured: USER_ID."""
    return value_name([person.noun], "_ID")


def value_of(operation: Operation, one: Parameter, person: PersonKind) -> str | None:
    """Say what a parameter takes of the person; None where it takes something else."""
    short, noun = norm(one.name), person.noun
    if one.deprecated or one.place not in ("path", "query", "body") or one.shape.types - {"string", "integer", "number", "array"}:
        return None
    is_login = short in USERNAMES and person.login is not None and (person.kind == "USERNAME" or short != "name")
    before = _before(operation.path, one.name) if one.place == "path" else ""
    if before and person_in(before) == noun and norm(before).endswith((noun, noun + "s", "people")):
        return "<LOGIN>" if is_login else _of_kind(one, person) or (f"<{id_name(person)}>" if _is_of_people(one.name) else None)
    if (is_login and short != "name" and noun in ("user", "person", "member")) or (short == noun and person.kind == "USERNAME"):
        return "<LOGIN>"
    if is_id_of(one, person):
        return f"<{id_name(person)}>"
    if one.place == "path" or one.required:
        return _of_kind(one, person)
    return _by_other_words(operation, one, person)


def _is_of_people(name: str) -> bool:
    """Whether a parameter behind a person in a path names the person, `{id}` or `{userId}`, and not what hangs there, `{typeId}`."""
    steps = [step for step in map(singular, words(name)) if step not in (*IDS, *OTHERWISE)]
    return all(step in PERSONS for step in steps)


def is_id_of(one: Parameter, person: PersonKind) -> bool:
    """Whether a parameter is called as the id of such a person is."""
    return norm(one.name) in {person.noun, f"{person.noun}sid", *(person.noun + end for end in IDS)}


def _of_kind(one: Parameter, person: PersonKind) -> str | None:
    kind = kind_of(one.name, one.about, one.shape.word("format"))
    if kind is None or kind[2] < 3 or kind[0] != person.kind or kind[0] == "USERNAME":
        return None
    return f"<{kind[0]}.{kind[1]}>" if kind[1] else f"<{kind[0]}>"


def _by_other_words(operation: Operation, one: Parameter, person: PersonKind) -> str | None:
    """Say what a parameter of the query takes of the person where its name does not say so plainly."""
    short, kind = norm(one.name), kind_of(one.name, "", one.shape.word("format"))
    mailed = person.kind == "EMAIL" and kind == ("EMAIL", None, 3)
    if mailed or (short in EMAILS[:4] and person_in(operation.path) is not None):
        return "<EMAIL>"
    if role_of(one.name) is None or one.shape.enum:
        return None
    return f"<{id_name(person)}>" if person.kind != "USERNAME" or short.endswith(IDS) else "<LOGIN>"


def other_person(operation: Operation, person: PersonKind) -> str | None:
    """Name a parameter that takes a person's identifier of which nothing says that it is this person's."""
    for parameter in operation.parameters:
        if parameter.place not in ("path", "query") or is_tenant(parameter.name) or parameter.shape.enum:
            continue
        kind = kind_of(parameter.name, parameter.about, parameter.shape.word("format"))
        steps = [step for step in words(parameter.name) if step not in IDS]
        named = (bool(steps) and singular(steps[-1]) in PERSONS) or role_of(parameter.name) is not None
        named = named or PERSONS_ID.search(parameter.about[:500]) is not None
        behind = parameter.place == "path" and person_in(_before(operation.path, parameter.name)) is not None
        if named or behind or (kind is not None and kind[2] == 3 and kind[0] != person.kind):
            return parameter.name
    return None


def _before(path: str, name: str) -> str:
    """Give the segment that stands before a parameter of the path."""
    prefix, found, _ = path.partition(f"/{{{name}}}")
    return prefix.rpartition("/")[2] if found else ""
