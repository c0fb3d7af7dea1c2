"""Load a spec: YAML bytes to a `Vendor`, or `SpecError` with every mistake of the file and its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from engine.language.effective import Vendor, effective
from engine.language.model.body import BodyError
from engine.language.model.placement import field_of, known_words, places_of
from engine.language.model.spec import Spec
from engine.language.recovery import independent, salvaged
from engine.language.rules.lint import lint
from engine.language.text.document import KEY, Document, Path, read
from engine.language.text.file_kind import another_kind
from engine.language.text.mistakes import Mistake, SpecError, did_you_mean
from engine.language.text.suggestions import meant
from engine.language.text.validation import choice_of, misfit, mistake_of, where, without_cascades
from engine.replaced import replace

MOST_SALVAGED = 100  # beyond, what else may be wrong is not worth the wait
VERSION = "1"
PROOF = "it proves who answers: write `match: email`, the path at which the answer repeats what was asked by"
WRITING = ("put", "patch", "delete")
RENAMED = {"answers": "refusals", "rate_limit": "bucket"}


def load(raw: bytes, file: str, today: date | None = None) -> Vendor:
    """Read a spec that must be right. Raises SpecError with every mistake of the file."""
    return check(raw, file, today)[0]


def check(raw: bytes, file: str, today: date | None = None) -> tuple[Vendor, tuple[Mistake, ...]]:
    """Read a spec and give it with its notes; `today` (UTC) finds windows not yet begun. Raises SpecError with every mistake."""
    document = read(raw, file)
    mistakes = list(document.mistakes)
    other = _other_version(document)
    if other is not None:  # its words may mean something else, so nothing is said of them
        raise SpecError([other], file, document.lines)
    try:
        spec = Spec.model_validate(document.value)
    except ValidationError as error:
        errors = [one for one in error.errors() if not _dropped(document, one)]
        mistakes += without_cascades([found for one in errors for found in _mistakes(document, one)])
        if len(errors) <= MOST_SALVAGED:
            mistakes += salvaged(document, [tuple(one["loc"]) for one in error.errors()])
        raise SpecError(mistakes, file, document.lines) from None
    vendor = effective(spec)
    found = [*lint(vendor, spec, document), *(_not_begun(spec, document, today) if today is not None else ())]
    mistakes += [one for one in found if one.level == "error" and independent(one, document, document.dropped)]
    if mistakes:
        raise SpecError(mistakes, file, document.lines)
    notes = tuple(replace(one, file=file) for one in found)
    return replace(vendor, file=file, sha256=hashlib.sha256(raw).hexdigest()), notes


def _not_begun(spec: Spec, document: Document, today: date) -> Iterator[Mistake]:
    """A window that begins in the future holds nothing: the endpoint would never be asked, and be called empty."""
    for name, own in spec.access.endpoints.items():
        since = own.window.since if own.window else None
        if isinstance(since, date) and since > today:
            at = document.at(("access", "endpoints", name, "window", "since"))
            yield Mistake(
                f"`since: {since}` lies in the future: nothing would be asked", at, "write the day from which the vendor has data"
            )


def _dropped(document: Document, error: Mapping[str, Any]) -> bool:
    """Whether an error of the model only repeats a YAML mistake that is reported already."""
    path = document.place(error["loc"])
    return any(path[: len(one)] == one or (error["type"] != "extra_forbidden" and one[:-1] == path) for one in document.dropped)


def _mistakes(document: Document, error: Mapping[str, Any]) -> list[Mistake]:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, BodyError):
        place = document.place(error["loc"])
        return [misfit(document, document.at((*place, *path)), one) for path, one in cause.faults]
    return [_mistake(document, error)]


def _mistake(document: Document, error: Mapping[str, Any]) -> Mistake:
    path, kind = document.place(error["loc"]), error["type"]
    if kind == "missing":
        meaning = (field_of(path).description or "").rstrip(".")
        return mistake_of(document, error, meaning=PROOF if path[-1] == "match" else meaning[:1].lower() + meaning[1:])
    if kind == "extra_forbidden":
        return _unknown(document, path)
    if kind == "literal_error":
        return choice_of(document, error)
    found, instead = mistake_of(document, error), meant(document, path, error)
    if instead is None:
        return found
    at = document.at(path, key=KEY in error["loc"] or isinstance(error["input"], dict))
    return Mistake(instead[0] or found.message, at, instead[1])


def _other_version(document: Document) -> Mistake | None:
    other = another_kind(document, "spec")
    if other is not None:
        return other
    said = document.value.get("spec") if isinstance(document.value, dict) else None
    if not isinstance(said, str) or said == VERSION or ("spec",) in document.dropped:
        return None
    if not said.isdecimal():
        return Mistake(f"`{said}` is no version of the language", document.at(("spec",)), f"write `spec: {VERSION}`")
    words = f"this is version {said} of the language, and this Habeas reads version {VERSION}"
    return Mistake(words, document.at(("spec",)), f"update Habeas, or write `spec: {VERSION}` and the words of docs/language.md")


def _unknown(document: Document, path: Path) -> Mistake:
    word, place, at = str(path[-1]), path[:-1], document.at(path, key=True)
    now = RENAMED.get(word)
    if now is not None and now in known_words(place):
        return Mistake(f"`{word}` is called `{now}` now{where(place)}", at, f"write `{now}`")
    return Mistake(f"unknown key `{word}`{where(place)}", at, _meant(word, place))


def _meant(word: str, path: Path) -> str | None:
    """Give a hint for an unknown word: a similar word that may stand there, or the place where this word stands."""
    if word in WRITING:
        return "a spec only reads: `get`, or `post` for a search"
    if path == ("auth",) and word in ("params", "query"):
        return "a key in the query would stand in logs, so it is not supported: write `headers`, or `basic`"
    hint = did_you_mean(word, known_words(path))
    elsewhere = places_of(word)
    return f"it stands in {elsewhere}" if elsewhere and (hint is None or not hint.startswith("did")) else hint
