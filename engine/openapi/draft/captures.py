"""What a first spec reads from answers besides the records: ids, what repeats the question, files, codes of refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.openapi.document.names import IDS, norm, singular
from engine.openapi.document.operations import Operation
from engine.openapi.document.schema_view import SchemaView
from engine.openapi.draft.belongings import id_name
from engine.openapi.draft.choose import Chosen
from engine.openapi.draft.pages import Records, beside, step, usable
from engine.openapi.draft.request_line import Belonging

DOWNLOADS = ("downloadurl", "downloaduri", "downloadlink")
CODES = ("code", "errorcode", "error")
MESSAGES = ("message", "errormessage", "errordescription", "description", "detail", "title")


def captures(chosen: Chosen) -> tuple[dict[str, str] | None, str]:
    """Say what the look-up captures for the endpoints, and what was guessed."""
    person, uses = chosen.person, {use for one in chosen.asked for use in one.uses}
    held, doubt = dict[str, str](), ""
    if "ID" in uses:
        path = _id_path(person.records.shape, person.noun)
        held[id_name(person)] = path or "id"
        sure = path is not None and norm(path) in (person.noun + "id", *IDS)
        doubt = "" if sure else "capture: the document does not say plainly where the answer holds the person's id"
    if "LOGIN" in uses:
        held["LOGIN"] = person.match or "login"
    return held or None, doubt


def _id_path(shape: SchemaView | None, noun: str) -> str | None:
    if shape is None:
        return None
    short = {norm(name): name for name in reversed(shape.members) if _is_scalar(shape.members[name])}
    found = next((short[one] for one in (noun + "id", *IDS, noun + "uuid", noun + "key") if one in short and one != "key"), None)
    found = found or next((name for name in shape.members if norm(name).endswith("id") and _is_scalar(shape.members[name])), None)
    return step(found) if found is not None and usable(step(found)) else None


def _is_scalar(shape: SchemaView) -> bool:
    return not shape.types or bool(shape.types & {"string", "integer", "number"})


def keyed(records: Records, operation: Operation) -> tuple[str | None, str]:
    """Say what tells records apart where it is not `id`."""
    shape = records.shape
    if not records.listed or shape is None or shape.open or "id" in shape.members:
        return None, ""
    names = [name for name, inner in shape.members.items() if _is_scalar(inner) and usable(step(name))]
    last = operation.path.rstrip("/").rpartition("/")[2] if records.path == "@" else (records.path or "").rpartition(".")[2]
    stem = singular(norm(last))
    wanted = ("uuid", stem + "id", "gid", "sid", "uid", "guid", stem + "uuid", "key", "slug")
    found = next((name for one in wanted for name in names if norm(name) == one), None)
    found = found or next((name for name in names if norm(name).endswith("id")), None)
    if found is None:
        return None, ""
    return step(found), "" if norm(found) in wanted else "key: is it this that tells records apart?"


def echoes(one: Belonging, records: Records) -> tuple[dict[str, str] | None, str]:
    """Find where the answer repeats what was asked: the person where the query names them, the window where it has one."""
    found, doubt = dict[str, str](), ""
    answer = one.operation.answer
    if one.slicing is not None and answer is not None:
        name, value = next(iter(one.slicing.params.items()))
        path = next((path for path, own, shape in beside(answer, 1) if norm(own) == norm(name) and shape.types == {"string"}), None)
        if path is not None:
            found[path] = value
    if one.filter is not None:
        place = _repeated(one.filter[0], records)
        if place is None:
            doubt = (
                f"echo: the document does not say where the answer repeats {one.filter[0]}; a vendor that ignores it answers with everybody"
            )
        else:
            found[place] = one.filter[1]
    return found or None, doubt


def _repeated(name: str, records: Records) -> str | None:
    if not records.listed or records.shape is None or records.path is None:
        return None
    prefix = "[]" if records.path == "@" else f"{records.path}[]"
    wanted = (norm(name), norm(name) + "id", norm(name).removesuffix("id") + ".id")
    for path, _, shape in beside(records.shape, 2):
        full = f"{prefix}.{path}"
        if ".".join(norm(step) for step in path.split(".")) in wanted and shape.types & {"string", "integer"} and usable(full):
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


def refusals(operations: Sequence[Operation]) -> tuple[dict[str, Any] | None, str]:
    """Find where a refusal has its code and its message, in the first operation that tells."""
    for operation in operations[:50]:
        members = operation.answer.members if operation.answer is not None else {}
        flag = next((name for name in ("ok", "success") if name in members and members[name].types == {"boolean"}), None)
        if flag is not None:
            code = "error" if "error" in members or flag == "ok" else None
            return {"refused": f"!{flag}", **({"code": code} if code else {})}, f"refusals: {flag} is taken to be false in a refusal"
        for status in ("400", "401", "403", "404", "4XX", "422", "default"):
            shape = operation.refusal(status)
            held = [(path, norm(name)) for path, name, inner in beside(shape, 2) if _is_scalar(inner)]
            code = next((path for one in CODES for path, name in held if name == one), None)
            message = next((path for one in MESSAGES for path, name in held if name == one), None)
            if code or message:
                told = {word: path for word, path in (("code", code), ("message", message)) if path}
                return told, "refusals: add rules, such as {status: 403, code: ..., means: denied}"
    return None, ""
