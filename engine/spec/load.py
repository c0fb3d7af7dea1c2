"""A spec file to a Vendor, or to all its mistakes at once with their places. Raises nothing but SpecError."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as File
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError

from engine.spec.body import BodyError
from engine.spec.document import KEY, MOST_BYTES, Document, Path, read
from engine.spec.effective import Vendor, effective
from engine.spec.lint import lint
from engine.spec.mistake import Misfit, Mistake, Position, SpecError, did_you_mean
from engine.spec.model import Spec, Told
from engine.spec.salvage import salvaged

MOST_SALVAGED = 100  # beyond, what else may be wrong is not worth the wait
KINDS = {
    "model_type": "expects a map here: `key: value` lines",
    "model_attributes_type": "expects a map here: `key: value` lines",
    "dict_type": "expects a map here: `key: value` lines",
    "tuple_type": "expects a list here: `[a, b]`, or one `- item` a line",
    "list_type": "expects a list here: `[a, b]`, or one `- item` a line",
}


def load(raw: bytes, file: str) -> Vendor:
    """Read a spec that must be right. Raises SpecError with every mistake of the file."""
    return check(raw, file)[0]


def load_file(path: File) -> Vendor:
    """Read a spec from disk. Raises SpecError, also where the file cannot be read."""
    return load(contents(path), str(path))


def contents(path: File) -> bytes:
    """Give a file's bytes, never more than a little over what a spec may have. Raises SpecError."""
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        mistake = Mistake(f"the file cannot be read: {error.strerror or 'unknown reason'}", Position(1, 1))
        raise SpecError([mistake], str(path)) from None


def check(raw: bytes, file: str) -> tuple[Vendor, tuple[Mistake, ...]]:
    """Read a spec and give it with its notes. Raises SpecError with every mistake of the file."""
    document = read(raw, file)
    mistakes = list(document.mistakes)
    try:
        spec = Spec.model_validate(document.value)
    except ValidationError as error:
        errors = [one for one in error.errors() if not _dropped(document, one)]
        mistakes += _without_cascades([found for one in errors for found in _mistakes(document, one)])
        if len(errors) <= MOST_SALVAGED:
            mistakes += salvaged(document, [tuple(one["loc"]) for one in error.errors()])
        raise SpecError(mistakes, file, document.lines) from None
    vendor = effective(spec)
    found = lint(vendor, spec, document)
    mistakes += [one for one in found if one.level == "error"]
    if mistakes:
        raise SpecError(mistakes, file, document.lines)
    notes = tuple(replace(one, file=file) for one in found)
    return replace(vendor, file=file, sha256=hashlib.sha256(raw).hexdigest()), notes


def _without_cascades(mistakes: list[Mistake]) -> list[Mistake]:
    """Leave out that a word is missing where a misspelt one stands in its place."""
    meant = {one.hint.removeprefix("did you mean `").removesuffix("`?") for one in mistakes if one.hint and one.hint.startswith("did you")}
    return [one for one in mistakes if not any(one.message.startswith(f"`{word}` is missing") for word in meant)]


def _dropped(document: Document, error: Mapping[str, Any]) -> bool:
    """Whether an error only repeats a mistake of form that is reported already."""
    path = document.place(error["loc"])
    return any(path[: len(one)] == one or (error["type"] != "extra_forbidden" and one[:-1] == path) for one in document.dropped)


def _mistakes(document: Document, error: Mapping[str, Any]) -> list[Mistake]:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, BodyError):
        place = document.place(error["loc"])
        return [Mistake(words, document.at((*place, *path))) for path, words in cause.faults]
    return [_mistake(document, error)]


def _mistake(document: Document, error: Mapping[str, Any]) -> Mistake:
    path = document.place(error["loc"])
    key = KEY in error["loc"]
    if error["type"] == "missing":
        return Mistake(f"`{path[-1]}` is missing{_where(path[:-1])}", document.at(path[:-1], key=True))
    if error["type"] == "extra_forbidden":
        hint = did_you_mean(str(path[-1]), _known(path[:-1]))
        return Mistake(f"unknown key `{path[-1]}`{_where(path[:-1])}", document.at(path, key=True), hint)
    if error["type"] == "literal_error":
        return _choice(document, path, error)
    cause = error.get("ctx", {}).get("error")
    message = str(cause) if cause is not None else KINDS.get(error["type"], error["msg"])
    if error["type"] in KINDS or message.startswith("expects"):
        message = f"`{_name(path)}` {message}"
    at = document.at(path, key=key)
    if not isinstance(cause, Misfit):
        return Mistake(message, at)
    return Mistake(message, at if cause.offset is None else document.inside(at, cause.offset), cause.hint)


def _choice(document: Document, path: Path, error: Mapping[str, Any]) -> Mistake:
    wrong = error["input"]
    allowed = [one.strip("'") for one in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]
    if path == ("spec",):
        return Mistake("this engine reads version 1 of the language", document.at(path), "write `spec: 1`")
    if not isinstance(wrong, str):
        return Mistake(f"`{_name(path)}` expects one word here", document.at(path), f"one of: {', '.join(allowed)}")
    hint = did_you_mean(wrong, allowed)
    return Mistake(f"`{wrong}` is not one of the values of `{_name(path)}`", document.at(path), hint)


def _name(path: Path) -> str:
    return str(next((step for step in reversed(path) if isinstance(step, str)), "spec"))


def _where(path: Path) -> str:
    if path[:2] == ("access", "endpoints") and len(path) >= 3:
        inner = [str(step) for step in path[3:] if isinstance(step, str)]
        return (f" in `{inner[-1]}` of" if inner else " in") + f" endpoint `{path[2]}`"
    named = [str(step) for step in path if isinstance(step, str)]
    return f" in `{named[-1]}`" if named else ""


def _known(path: Path) -> Iterator[str]:
    """Name the words that may stand at a place."""
    kind: Any = Spec
    for step in path:
        kind = _bare(kind, listed=isinstance(step, str))
        if get_origin(kind) in (tuple, dict):
            kind = get_args(kind)[-1 if get_origin(kind) is dict else 0]
        else:
            words = {one.alias or name: one.annotation for name, one in kind.model_fields.items()}
            kind = words.get(str(step), Told)
    yield from (one.alias or name for name, one in _bare(kind, listed=True).model_fields.items())


def _bare(kind: Any, *, listed: bool) -> Any:
    """Take a type out of Annotated and Optional; `listed`: and what stands alone in the place of a list out of the list."""
    while (origin := get_origin(kind)) in (Annotated, Union, UnionType) or (listed and origin is tuple):
        kind = next(one for one in get_args(kind) if one is not NoneType)
    return kind
