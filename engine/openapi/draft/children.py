"""Find what hangs below a list that is asked for, such as `/tickets/{ticket_id}/notes`: one request for each of its records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.openapi.document.names import norm, person_in, singular
from engine.openapi.document.operations import BRACED, Api, Operation, plain
from engine.openapi.draft.pages import records_of
from engine.openapi.draft.people import LookupCandidate, is_tenant
from engine.openapi.draft.person_request import DraftRequest, Unfit, key_for, request_for
from engine.openapi.draft.person_values import values_of


def hanging(api: Api, person: LookupCandidate, asked: Sequence[DraftRequest]) -> Iterator[DraftRequest | tuple[Operation, str]]:
    """Give a request for every GET below a list that is asked for, in the order of paths, or why it is left out.

    What is given has its name before the next one is taken. What hangs below it in turn is no longer surely the person's, and left out.
    """
    above = {one.operation.path: one for one in asked if one.operation.api is api and records_of(one.operation).listed}
    known = {person.operation.path, *(one.operation.path for one in asked)}
    below: dict[str, DraftRequest] = {}
    for lists in (above, below):
        for operation in api.operations():
            if operation.method != "get" or operation.path in known:
                continue
            try:
                made = _below(operation, lists, person)
                if made is not None and lists is below:
                    yield operation, f"it hangs below {made.parent}, two levels below the person: is it still the person's?"
                    continue
            except Unfit as reason:
                yield operation, str(reason)
                continue
            if made is not None:
                yield made
                known.add(operation.path)
                if records_of(operation).listed:
                    below[operation.path] = made


def _below(operation: Operation, above: dict[str, DraftRequest], person: LookupCandidate) -> DraftRequest | None:
    """Write the request that is made once per record; None where nothing of it is below a list. Raises Unfit."""
    values = values_of(operation, person)
    names = [one for one in BRACED.findall(operation.path) if ("path", one) not in values and not is_tenant(one)]
    found = [(name, *parent) for name in names for parent in _parents(operation.path, name, above)]
    if not found:
        _by_query(operation, above, names)
        return None
    name, parent, sure = found[-1]
    _allowed(operation, names, name, parent)
    key, doubt = _key(parent, name)
    values["path", name] = f"<{parent.name}.{key}>"
    made = request_for(operation, values, person)
    if made.account_list is not None:
        message = f"it needs a list of the account's besides {parent.name}"
        raise Unfit(message)
    made.parent = parent.name
    made.todo.append(f"<{parent.name}.{key}> asks once for each record of {parent.name}: is all below it the person's?{doubt}")
    if not sure:
        made.todo.append(f"{plain(name, 40)} is taken to be one of {parent.name}, by its name: confirm it")
    return made


def _parents(path: str, name: str, above: dict[str, DraftRequest]) -> Iterator[tuple[DraftRequest, bool]]:
    """Give the list of whose records a parameter of the path names one, and whether it stands right before it."""
    prefix = path.partition(f"/{{{name}}}")[0]
    last = prefix.rpartition("/")[2]
    if prefix in above:
        yield above[prefix], True
    elif last and "{" not in last and person_in(last) is None:
        same = (one for held, one in above.items() if last in (held.rpartition("/")[2], records_of(one.operation).path))
        yield from ((one, False) for one in list(same)[:1])


def _allowed(operation: Operation, names: list[str], name: str, parent: DraftRequest) -> None:
    """See that one request per record is what is wanted. Raises Unfit."""
    behind = operation.path.partition(f"/{{{name}}}")[2].strip("/")
    message = ""
    if len(names) > 1:
        message = f"it needs {' and '.join(plain(one, 40) for one in names)}: records of more than one list"
    elif not behind:
        message = f"one record of {parent.name} itself: worth a request for each where the list holds less of it"
    elif person_in(behind.rpartition("/")[2]) is not None:
        message = f"below {parent.name} it gives people, who may be others"
    if message:
        raise Unfit(message)


def _key(parent: DraftRequest, name: str) -> tuple[str, str]:
    """Say which field of a list's records a parameter means, and what is doubtful in that. Raises Unfit."""
    shape = records_of(parent.operation).shape
    key = key_for(shape, name, parent.operation.path) if shape is not None else None
    if key is not None:
        return key, ""
    if shape is None or shape.open:
        return "id", " The document does not say that they have an id"
    message = f"it needs {plain(name, 40)}, which no record of {parent.name} tells"
    raise Unfit(message)


def _by_query(operation: Operation, above: dict[str, DraftRequest], names: list[str]) -> None:
    """See that no parameter of the query takes a record of a list: whether each is to be asked for is not told. Raises Unfit."""
    for parameter in operation.placed("query").values() if not names else ():
        listed = (held for path, held in above.items() if norm(parameter.name) == f"{singular(norm(path.rpartition('/')[2]))}id")
        parent = next(listed, None)
        if parent is not None:
            message = f"it takes {plain(parameter.name, 40)}: is it asked once per record of {parent.name}?"
            raise Unfit(message)
