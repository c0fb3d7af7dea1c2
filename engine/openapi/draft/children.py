"""What hangs below an endpoint: asked once per record of it, as `<tickets.id>`. What cannot be is given with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.openapi.document.names import norm, person_in, singular
from engine.openapi.document.operations import BRACED, Api, Operation, plain
from engine.openapi.draft.belongings import fitted, values_of
from engine.openapi.draft.pages import records_of
from engine.openapi.draft.people import PersonOperation, is_tenant
from engine.openapi.draft.request_line import Belonging, Unfit, told_by

MOST_ROUNDS = 3  # what hangs below a list that stands later in the order of paths


def hanging(api: Api, person: PersonOperation, asked: Sequence[Belonging]) -> Iterator[Belonging | tuple[Operation, str]]:
    """Give every GET below a list that is asked for, in the order of paths, or why it is left out.

    What is given is a list to hang below, too: by then it must have its name.
    """
    above = {one.operation.path: one for one in asked if records_of(one.operation).listed}
    known = {person.operation.path, *(one.operation.path for one in asked)}
    for _ in range(MOST_ROUNDS):
        lists = len(above)
        yield from _round(api, person, above, known)
        if len(above) == lists:
            return


def _round(api: Api, person: PersonOperation, above: dict[str, Belonging], known: set[str]) -> Iterator[Belonging | tuple[Operation, str]]:
    for operation in api.operations():
        if operation.method != "get" or operation.path in known:
            continue
        values = values_of(operation, person)
        open_names = [one for one in BRACED.findall(operation.path) if ("path", one) not in values and not is_tenant(one)]
        found = [(one, parent, sure) for one in open_names for parent, sure in _above(operation.path, one, above)]
        try:
            made = _below(operation, values, open_names, found, person) if found else _by_query(operation, open_names, above, person)
        except Unfit as reason:
            yield operation, str(reason)
            continue
        if made is not None:
            yield made
            known.add(operation.path)
            if records_of(operation).listed:
                above[operation.path] = made


def _above(path: str, name: str, above: dict[str, Belonging]) -> Iterator[tuple[Belonging, bool]]:
    """Give the list of whose records a parameter of the path names one, and whether it stands right before it."""
    prefix = path.partition(f"/{{{name}}}")[0]
    last = prefix.rpartition("/")[2]
    if prefix in above:
        yield above[prefix], True
    elif last and "{" not in last and person_in(last) is None:
        same = (one for held, one in above.items() if last in (held.rpartition("/")[2], records_of(one.operation).path))
        yield from ((one, False) for one in list(same)[:1])


def _below(
    operation: Operation,
    values: dict[tuple[str, str], str],
    names: list[str],
    found: list[tuple[str, Belonging, bool]],
    person: PersonOperation,
) -> Belonging:
    """Write the request that is asked once per record. Raises Unfit."""
    name, parent, sure = found[-1]
    if len(names) > 1:
        message = f"it needs {' and '.join(plain(one, 40) for one in names)}: records of more than one list"
        raise Unfit(message)
    behind = operation.path.partition(f"/{{{name}}}")[2].strip("/")
    if not behind:
        message = f"one record of {parent.name} itself: worth a request for each where the list holds less of it"
        raise Unfit(message)
    if person_in(behind.rpartition("/")[2]) is not None:
        message = f"below {parent.name} it gives people, who may be others"
        raise Unfit(message)
    key, doubt = _key(parent, name)
    made = fitted(operation, {**values, ("path", name): f"<{parent.name}.{key}>"}, person)
    if made.listing is not None:
        message = f"it needs a list of the account's besides {parent.name}"
        raise Unfit(message)
    made.todo.append(f"<{parent.name}.{key}> asks once for each record of {parent.name}: is all below it the person's?{doubt}")
    if not sure:
        made.todo.append(f"{plain(name, 40)} is taken to be one of {parent.name}, by its name: confirm it")
    return made


def _key(parent: Belonging, name: str) -> tuple[str, str]:
    """Say which field of a list's records a parameter means, and what is doubtful in that. Raises Unfit."""
    shape = records_of(parent.operation).shape
    key = told_by(shape, name, parent.operation.path) if shape is not None else None
    if key is not None:
        return key, ""
    if shape is None or shape.open:
        return "id", " The document does not say that they have an id"
    message = f"it needs {plain(name, 40)}, which no record of {parent.name} tells"
    raise Unfit(message)


def _by_query(operation: Operation, names: list[str], above: dict[str, Belonging], person: PersonOperation) -> Belonging | None:
    """Look for a list's record among the parameters of the query: what requires one is asked for each. Raises Unfit."""
    if names:
        return None
    for one in operation.placed("query").values():
        parent = next((held for path, held in above.items() if norm(one.name) == singular(norm(path.rpartition("/")[2])) + "id"), None)
        if parent is None:
            continue
        if not one.required:
            message = f"it takes {plain(one.name, 40)}: is it asked once per record of {parent.name}?"
            raise Unfit(message)
        key, doubt = _key(parent, one.name)
        made = fitted(operation, {("query", one.name): f"<{parent.name}.{key}>"}, person)
        made.todo.append(f"<{parent.name}.{key}> asks once for each record of {parent.name}: is all below it the person's?{doubt}")
        return made
    return None
