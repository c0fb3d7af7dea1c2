"""Operations that are asked for one person: those that take what the look-up returns, or the identifier itself."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.rules.names import TAKEN
from engine.openapi.document.names import (
    CURSORS,
    EMAILS,
    IDS,
    OFFSETS,
    PAGES,
    PERSONS,
    SIZES,
    USERNAMES,
    kind_of,
    norm,
    person_in,
    role_of,
    singular,
    value_name,
    words,
)
from engine.openapi.document.operations import BRACED, Api, Operation, Parameter, plain
from engine.openapi.document.refs import as_map, as_text
from engine.openapi.draft.people import FINDING, PersonOperation, is_tenant
from engine.openapi.draft.request_line import Belonging, Unfit, checked, started
from engine.openapi.draft.windows import slicing_of

CREDENTIALS = {"token", "tokens", "secret", "secrets", "password", "passwords", "credentials"}
MOST_VALUES = 30
PERHAPS = "It may be another kind of person"


def belongings(api: Api, person: PersonOperation) -> Iterator[Belonging | tuple[Operation, str]]:
    """Give every request about the person in the order of paths, and those that must be left out with their reason."""
    for operation in api.operations():
        if operation.path == person.operation.path:
            continue
        if operation.method != "get":
            if _searches(operation, person):
                yield operation, "it searches by POST: write it by hand, with `post` and `body`"
            continue
        values = values_of(operation, person)
        other = None if values else _other_person(operation, person)
        if other is not None:
            yield operation, f"is {plain(other, 40)} the person whom the look-up finds? {PERHAPS}"
        if not values:
            continue
        try:
            yield fitted(operation, values, person)
        except Unfit as reason:
            yield operation, str(reason)


def values_of(operation: Operation, person: PersonOperation) -> dict[tuple[str, str], str]:
    """Say what the parameters of an operation take of the person, by place and name."""
    return {(one.place, one.name): value for one in operation.parameters if (value := _value(operation, one, person))}


def _other_person(operation: Operation, person: PersonOperation) -> str | None:
    """Name a parameter that takes a person's identifier of which nothing says that it is this person's."""
    for one in operation.parameters:
        if one.place not in ("path", "query") or is_tenant(one.name) or one.shape.enum:
            continue
        kind = kind_of(one.name, one.about, one.shape.word("format"))
        steps = [step for step in words(one.name) if step not in IDS]
        named = bool(steps) and singular(steps[-1]) in PERSONS
        behind = one.place == "path" and norm(one.name) in IDS and person_in(_before(operation.path, one.name)) is not None
        if named or behind or (kind is not None and kind[2] == 3 and kind[0] != person.kind):
            return one.name
    return None


def id_name(person: PersonOperation) -> str:
    """The NAME under which the person's id is captured."""
    return value_name([person.noun], "_ID")


def _value(operation: Operation, one: Parameter, person: PersonOperation) -> str | None:
    """Say what a parameter takes of the person; None where it takes something else."""
    short, noun = norm(one.name), person.noun
    if one.place not in ("path", "query", "body") or one.shape.types - {"string", "integer", "number", "array"}:
        return None
    before = _before(operation.path, one.name) if one.place == "path" else ""
    if before and person_in(before) == noun and norm(before).endswith((noun, noun + "s", "people")):
        return "<LOGIN>" if _is_login(short, person) else _of_kind(one, person) or f"<{id_name(person)}>"
    login = short != "name" and noun in ("user", "person", "member") and _is_login(short, person)
    if login or (short == noun and person.kind == "USERNAME"):
        return "<LOGIN>"
    if short in {noun, *(noun + end for end in IDS), noun + "sid"}:
        return f"<{id_name(person)}>"
    if one.place == "path" or one.required:
        return _of_kind(one, person)
    return _by_other_words(operation, one, person)


def _by_other_words(operation: Operation, one: Parameter, person: PersonOperation) -> str | None:
    """Say what a parameter of the query takes of the person where its name does not say so plainly."""
    short, kind = norm(one.name), kind_of(one.name, "", one.shape.word("format"))
    mailed = person.kind == "EMAIL" and kind == ("EMAIL", None, 3)
    if mailed or (short in EMAILS[:4] and person_in(operation.path) is not None):
        return "<EMAIL>"
    if role_of(one.name) is None or one.shape.enum:
        return None
    return f"<{id_name(person)}>" if person.kind != "USERNAME" or short.endswith(IDS) else "<LOGIN>"


def _searches(operation: Operation, person: PersonOperation) -> bool:
    """Whether a POST reads, and takes an identifier of the person in its body."""
    if not set(FINDING[:-1]) & {*words(operation.path), *words(as_text(operation.raw.get("operationId")))}:
        return False
    return any(_value(operation, one, person) for one in operation.knobs.values())


def _likeness(one: Parameter, person: PersonOperation) -> int:
    """Say how likely a parameter of the query names the person: the least is the likeliest."""
    if norm(one.name) in {person.noun, *(person.noun + end for end in IDS)}:
        return -2
    role = role_of(one.name)
    return -1 if role is None else role


def _is_login(short: str, person: PersonOperation) -> bool:
    return person.kind == "USERNAME" and short in USERNAMES


def _of_kind(one: Parameter, person: PersonOperation) -> str | None:
    kind = kind_of(one.name, one.about, one.shape.word("format"))
    if kind is None or kind[2] < 3 or kind[0] != person.kind or kind[0] == "USERNAME":
        return None
    return f"<{kind[0]}.{kind[1]}>" if kind[1] else f"<{kind[0]}>"


def _before(path: str, name: str) -> str:
    segments = path.split("/")
    braced = f"{{{name}}}"
    return segments[segments.index(braced) - 1] if braced in segments[1:] else ""


def _hindrance(operation: Operation) -> str | None:
    """Say why an operation is not asked for at all."""
    if operation.deprecated:
        return "deprecated"
    if CREDENTIALS & {*words(operation.path.rpartition("/")[2])}:
        return "it gives out a credential"
    if operation.empty:
        return "its answer holds nothing"
    if operation.answer is None and as_map(operation.success.get("content")):
        return "its answer is no JSON"
    if [one.url for one in operation.servers] != [one.url for one in operation.api.servers]:
        return "it lives on another server"
    return None


def fitted(operation: Operation, values: dict[tuple[str, str], str], person: PersonOperation) -> Belonging:
    """Write the request of an operation about the person. Raises Unfit."""
    hindrance = _hindrance(operation)
    if hindrance is not None:
        raise Unfit(hindrance)
    made = started(operation, values)
    naming = [one for one in operation.placed("query").values() if ("query", one.name) in values]
    naming.sort(key=lambda one: _likeness(one, person))
    if naming and not any(place == "path" for place, _ in values):
        _filter(made, naming, values, person)
    made.slicing = slicing_of(operation.placed("query"))
    if made.slicing is not None:
        made.params.update({checked(name): value for name, value in made.slicing.params.items()})
    _require(made)
    _doubt(made)
    text = f"{made.line} {made.params}"
    made.uses = {use for use, name in (("ID", f"<{id_name(person)}>"), ("LOGIN", "<LOGIN>")) if name in text}
    return made


def _filter(made: Belonging, naming: list[Parameter], values: dict[tuple[str, str], str], person: PersonOperation) -> None:
    """Name the person by the likeliest parameter of the query, and say what was guessed and which others there are."""
    first, *others = naming
    value = values["query", first.name]
    made.params[checked(first.name)], made.filter = value, (first.name, value)
    if value in (f"<{id_name(person)}>", "<LOGIN>") and _likeness(first, person) >= 0:
        made.todo.append(f"{plain(first.name, 40)} is taken to accept {value}, by its name: confirm it")
    if others:
        made.todo.append(f"the person may also be named by {', '.join(plain(one.name, 40) for one in others[:6])}: is more wanted?")


def asking(person: PersonOperation) -> Belonging:
    """Give the request that finds a person. Raises Unfit where it needs what nobody knows."""
    made = started(person.operation, {("path", person.name): person.value} if person.place == "path" else {})
    if person.place == "query":
        made.params[checked(person.name)] = person.value
    _require(made)
    if made.rows:
        message = "it needs a choice"
        raise Unfit(message)
    _doubt(made)
    return made


def _require(made: Belonging) -> None:
    """Fill in what is required besides: a choice is asked with each of its values. Raises Unfit."""
    for one in made.operation.parameters:
        if one.place != "query" or not one.required or one.name in made.params:
            continue
        short = norm(one.name)
        if short in ("token", "apikey", "accesstoken", "key") or _is_paging(short):
            continue
        enum = (one.shape.elements or one.shape).enum if one.shape.is_list else one.shape.enum
        if not enum or len(enum) > MOST_VALUES or not all(_is_text(value) for value in enum):
            message = f"it needs {plain(one.name, 40)}"
            raise Unfit(message)
        if len(enum) == 1:
            made.params[checked(one.name)] = enum[0]
            continue
        if made.rows:
            message = f"it needs {plain(one.name, 40)} and another choice"
            raise Unfit(message)
        name = value_name([one.name])
        asked = {value_name([held]) for server in made.operation.api.servers for held in BRACED.findall(server.url)}
        name = f"{name}_CHOICE" if name in {*TAKEN, *asked, "LOGIN"} or name.endswith("_ID") or is_tenant(one.name) else name
        made.rows = {name: list(enum)}
        made.params[checked(one.name)] = f"<{name}>"


def _doubt(made: Belonging) -> None:
    """Say which filters hide records unless they are set otherwise."""
    for one in made.operation.placed("query").values():
        usual = next((part.get("default") for part in one.shape.parts if "default" in part), None)
        if (
            one.name in made.params
            or usual is None
            or len(one.shape.enum) < 2
            or norm(one.name) in ("sort", "order", "direction", "sortby", "orderby")
        ):
            continue
        others = ", ".join(value for value in one.shape.enum[:8] if value != str(usual))
        made.todo.append(f"{one.name} is {usual} unless set: is all wanted, with `for`? It may also be {others}")


def _is_paging(short: str) -> bool:
    return short in (*CURSORS, *OFFSETS, *PAGES, *SIZES)


def _is_text(value: str) -> bool:
    return bool(value.strip()) and value.isprintable() and len(value) <= 100 and not {"<", ">"} & set(value)
