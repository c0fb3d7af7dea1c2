"""Turn the errors of a pydantic model into mistakes of the document it was given, each with its place: for specs and cassettes alike.

What only one kind of document can say (which word was meant, where it belongs) is said by its own reader, before this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from engine.language.text.document import KEY, Document, Path
from engine.language.text.mistakes import Misfit, Mistake, Position, did_you_mean, one_of

A_MAP = ("expects a map here", "write `name: value` lines under it, or `{name: value}`")
A_LIST = ("expects a list here", "write `[a, b]`, or one `- item` a line")
KINDS = {"model_type": A_MAP, "model_attributes_type": A_MAP, "dict_type": A_MAP, "tuple_type": A_LIST, "list_type": A_LIST}


def mistake_of(document: Document, error: Mapping[str, Any], known: Collection[str] = (), *, meaning: str | None = None) -> Mistake:
    """Explain one of `ValidationError.errors()`.

    Args:
        document: what the model was given.
        error: the error, as pydantic describes it.
        known: the keys that may stand where an unknown one stands.
        meaning: what a missing key means, for its hint.

    """
    path = document.place(error["loc"])
    if error["type"] == "missing":
        return Mistake(f"`{path[-1]}` is missing{where(path[:-1])}", document.at(path[:-1], key=True), meaning)
    if error["type"] == "extra_forbidden":
        word = str(path[-1])
        return Mistake(f"unknown key `{word}`{where(path[:-1])}", document.at(path, key=True), did_you_mean(word, known))
    cause = error.get("ctx", {}).get("error")
    message, hint = (str(cause), None) if cause is not None else KINDS.get(error["type"], (error["msg"], None))
    if error["type"] in KINDS or message.startswith("expects"):
        message = f"`{name_of(path)}` {message}"
    at = document.at(path, key=KEY in error["loc"] or isinstance(error["input"], dict))
    return misfit(document, at, cause, message) if isinstance(cause, Misfit) else Mistake(message, at, hint)


def choice_of(document: Document, error: Mapping[str, Any]) -> Mistake:
    """Explain a word that is none of those that may stand there."""
    path, wrong = document.place(error["loc"]), error["input"]
    allowed = [one.strip("'") for one in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]
    if not isinstance(wrong, str):
        return Mistake(f"`{name_of(path)}` expects one word here", document.at(path), f"one of: {', '.join(allowed)}")
    return Mistake(f"`{wrong}` is not one of the values of `{name_of(path)}`", document.at(path), one_of(wrong, allowed))


def misfit(document: Document, at: Position, cause: Misfit, message: str | None = None) -> Mistake:
    """Explain a value that its word does not take, at the part of it that is wrong."""
    if cause.part is not None:
        at = document.part(at, cause.part)
    return Mistake(message or str(cause), at if cause.offset is None else document.inside(at, cause.offset), cause.hint)


def without_cascades(mistakes: list[Mistake]) -> list[Mistake]:
    """Leave out that a word is missing where a misspelt one stands in its place."""
    hints = [mistake.hint for mistake in mistakes if mistake.hint and mistake.hint.startswith("did you")]
    meant = tuple(f"`{hint.removeprefix('did you mean `').removesuffix('`?')}` is missing" for hint in hints)
    return [mistake for mistake in mistakes if not mistake.message.startswith(meant)] if meant else mistakes


def name_of(path: Path) -> str:
    """Give the word that a path ends with: `size` of `(pagination, size, 0)`."""
    return str(next((step for step in reversed(path) if isinstance(step, str)), "spec"))


def where(path: Path) -> str:
    """Say in which part of a document a path lies, as the end of a sentence; empty at the top."""
    if path[:2] == ("access", "endpoints") and len(path) >= 3:
        inner = [str(step) for step in path[3:] if isinstance(step, str)]
        return (f" in `{inner[-1]}` of" if inner else " in") + f" endpoint `{path[2]}`"
    named = [str(step) for step in path if isinstance(step, str)]
    if named[:2] == ["auth", "oauth2"]:
        return f" in `{'.'.join(named[1:])}`"
    return f" in `{named[-1]}`" if named else ""
