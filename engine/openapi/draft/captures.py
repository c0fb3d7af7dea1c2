"""Find what a first spec reads from an answer besides its records: ids, what repeats the question, keys, files."""

from __future__ import annotations

from collections.abc import Sequence

from engine.openapi.document.names import IDS, norm, singular
from engine.openapi.document.operations import Operation
from engine.openapi.document.schema_view import SchemaView
from engine.openapi.draft.choose import DraftPlan
from engine.openapi.draft.pages import Records, beside, step, usable
from engine.openapi.draft.person_request import DraftRequest
from engine.openapi.draft.person_values import id_name

DOWNLOADS = ("downloadurl", "downloaduri", "downloadlink")
REFUSALS = ("400", "401", "403", "404", "4XX", "422", "default")
MOST_TOLD = 8


def captures(plan: DraftPlan) -> tuple[dict[str, str] | None, str]:
    """Say what the look-up captures for the endpoints, and what is doubtful in that."""
    person, held, doubt = plan.person, dict[str, str](), ""
    if any(one.takes(f"<{id_name(person)}>") for one in plan.asked):
        path = _id_path(person.records.shape, person.noun)
        held[id_name(person)] = path or "id"
        doubt = "" if path is not None else "capture: the document does not say plainly where the answer holds the person's id"
    if any(one.takes("<LOGIN>") for one in plan.asked):
        held["LOGIN"] = person.login or "login"
    return held or None, doubt


def _id_path(shape: SchemaView | None, noun: str) -> str | None:
    short = {norm(name): name for name in reversed(shape.members) if _is_scalar(shape.members[name])} if shape is not None else {}
    wanted = (f"{noun}id", *(one for one in IDS if one != "key"), f"{noun}uuid", f"{noun}key")
    return next((step(short[one]) for one in wanted if one in short and usable(step(short[one]))), None)


def _is_scalar(shape: SchemaView) -> bool:
    return not shape.types or bool(shape.types & {"string", "integer", "number"})


def keyed(records: Records, operation: Operation) -> tuple[str | None, str]:
    """Say what tells records apart where it is not `id`."""
    shape = records.shape
    if not records.listed or shape is None or shape.open or "id" in shape.members:
        return None, ""
    names = {norm(name): step(name) for name, inner in reversed(shape.members.items()) if _is_scalar(inner) and usable(step(name))}
    last = operation.path.rstrip("/").rpartition("/")[2] if records.path == "@" else (records.path or "").rpartition(".")[2]
    stem = singular(norm(last))
    key = next(
        (names[one] for one in ("uuid", f"{stem}id", "gid", "sid", "uid", "guid", f"{stem}uuid", "key", "slug") if one in names), None
    )
    ids = [name for short, name in reversed(names.items()) if short.endswith("id")][:MOST_TOLD]
    return key, f"key: what tells records apart? Is it {' or '.join(ids)}?" if key is None and ids else ""


def echoes(request: DraftRequest, records: Records) -> tuple[dict[str, str] | None, str]:
    """Find where the answer repeats what was asked: the window where it has one, the person where the query names them."""
    found, answer = dict[str, str](), request.operation.answer
    if request.window is not None and answer is not None:
        name, value = next(iter(request.window.params.items()))
        repeated = (path for path, own, shape in beside(answer, 1) if norm(own) == norm(name) and shape.types == {"string"})
        found = dict.fromkeys(list(repeated)[:1], value)
    if request.filter is None:
        return found or None, ""
    name, value = request.filter
    place = _repeated(name, records)
    if place is not None:
        return {**found, place: value}, ""
    return (
        found or None,
        f"echo: the document does not say where the answer repeats {name}; a vendor that ignores it answers with everybody",
    )


def _repeated(name: str, records: Records) -> str | None:
    if not records.listed or records.shape is None or records.path is None:
        return None
    prefix = "[]" if records.path == "@" else f"{records.path}[]"
    wanted = (norm(name), norm(name) + "id", norm(name).removesuffix("id") + ".id")
    for path, _, shape in beside(records.shape, 2):
        full = f"{prefix}.{path}"
        if ".".join(norm(member) for member in path.split(".")) in wanted and shape.types & {"string", "integer"} and usable(full):
            return full
    return None


def files(records: Records) -> str | list[str] | None:
    """Find the addresses of downloadable files."""
    found = []
    for path, name, shape in beside(records.shape, 2):
        if norm(name) in DOWNLOADS:
            found.append(path)
        elif shape.is_list and shape.elements is not None:
            found += [f"{path}[].{inner}" for inner, own, _ in beside(shape.elements, 1) if norm(own) in DOWNLOADS]
    fit = [one for one in found if usable(one)]
    return fit[0] if len(fit) == 1 else fit or None


def refusals(operations: Sequence[Operation]) -> str:
    """Tell what the first refusal that the document describes holds; which member is the code, and what it means, is not guessed."""
    for operation in operations[:50]:
        members = operation.answer.members if operation.answer is not None else {}
        flag = next((name for name in ("ok", "success") if name in members and members[name].types == {"boolean"}), None)
        if flag is not None:
            return f'an answer of {operation.label} holds {flag}: is it false in a refusal? Then `refused: "!{flag}"`'
        for status in REFUSALS:
            told = [path for path, _, inner in beside(operation.refusal(status), 2) if _is_scalar(inner)][:MOST_TOLD]
            if told:
                return f"where a refusal has its code and its message: that of {operation.label} ({status}) holds {', '.join(told)}"
    return "where a refusal has its code and message, and what it means"
