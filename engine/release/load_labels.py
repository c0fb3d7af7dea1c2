"""Load labels: YAML bytes to `Labels`, or `SpecError` with every mistake of the file and its place."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import shorten
from typing import Any

from pydantic import ValidationError

from engine.language.text.document import Document, Path, read
from engine.language.text.mistakes import DOTS, WIDEST, Mistake, Position, SpecError, counted, did_you_mean
from engine.language.text.validation import choice_of, mistake_of, without_cascades
from engine.release.field_path import FieldSteps, parse_steps
from engine.release.labels import (
    LEAST_LABELLED,
    Fields,
    LabelFile,
    Labels,
    LabelSpec,
    alike,
    compiled,
    innermost,
    left_beneath,
    unlabelled,
)
from engine.release.other_version import other_version

VERSION = "1"
FORM = "labels are a map that begins with `labels: 1`"
MOST_NAMED = 12


def load_labels(raw: bytes, file: str, vendor: str | None = None, fields: Fields | None = None, beneath: Labels | None = None) -> Labels:
    """Read labels. `vendor`: whose they must be; `fields`: those of its recorded records by endpoint, to hold the paths against.

    `beneath`: the labels in another language that these stand over, to hold the codes against. Raises SpecError with every mistake.
    """
    document = read(raw, file, FORM)
    mistakes = list(document.mistakes)
    other = other_version(document, "labels", VERSION, "these are labels of version {}", "docs/labels.md")
    if other is not None:
        raise SpecError([other], file, document.lines)
    made: LabelFile | None = None
    try:
        made = LabelFile.model_validate(document.value)
    except ValidationError as error:
        errors = [one for one in error.errors() if document.place(one["loc"]) not in document.dropped]
        mistakes += without_cascades([_mistake(document, one) for one in errors])
        sound = _salvaged(document, [document.place(one["loc"]) for one in error.errors()])
    else:
        sound = made
    if sound is not None:
        mistakes += _named(sound, document, vendor, fields, beneath)
    if mistakes or made is None:
        raise SpecError(mistakes, file, document.lines)
    return compiled(made)


def _salvaged(document: Document, wrong: list[Path]) -> LabelFile | None:
    """Take out what is wrong, so that the names in all else are checked too."""
    value: Any = copy.deepcopy(document.value)
    for path in wrong:
        holder, end = value, min(len(path), 3 if path[:1] == ("endpoints",) else 2) - 1
        for step in path[:end]:
            holder = holder.get(step) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and path:
            holder.pop(path[end], None)
    try:
        return LabelFile.model_validate({"labels": VERSION, "vendor": "unknown", **value})
    except ValidationError:
        return None


def _named(made: LabelFile, document: Document, vendor: str | None, fields: Fields | None, beneath: Labels | None) -> Iterator[Mistake]:
    """Find every mistake in what labels name."""
    written = document.value.get("vendor") if isinstance(document.value, dict) else None
    if vendor is not None and isinstance(written, str) and written != vendor:
        yield Mistake(f"these are labels of `{written}`, beside the spec of `{vendor}`", document.at(("vendor",)))
    yield from _twice(made, document)
    if fields is not None and any(fields.values()):
        labels = compiled(made)
        yield from _bounded([*_unknown(made, labels, fields, document)])
        yield from _codes(labels, beneath or Labels(), fields, document)


def _mistake(document: Document, error: Mapping[str, Any]) -> Mistake:
    path = document.place(error["loc"])
    if error["type"] == "literal_error":
        return choice_of(document, error)
    model = LabelFile if len(path) == 1 else LabelSpec
    if error["type"] == "missing":
        told = model.model_fields[str(path[-1])].description or ""
        return mistake_of(document, error, meaning=told[:1].lower() + told[1:].rstrip("."))
    return mistake_of(document, error, model.model_fields)


def _twice(made: LabelFile, document: Document) -> Iterator[Mistake]:
    """One field named in two ways of writing: `tags[].name` and `tags.name`."""
    endpoints = ((("endpoints", name), fields) for name, fields in made.endpoints.items())
    for place, fields in ((("everywhere",), made.everywhere), *endpoints):
        first: dict[FieldSteps, str] = {}
        for text in fields:
            before = first.setdefault(parse_steps(text), text)
            if before != text:
                hint = f"`{before}` in line {document.at((*place, before), key=True).line} is the same field"
                yield Mistake(f"`{text}` is written twice", document.at((*place, text), key=True), hint)


def _bounded(found: list[Mistake]) -> list[Mistake]:
    """Shorten a long list, as of a first draft, to the first ones and a number."""
    rest = found[MOST_NAMED:]
    if len(rest) < 2:
        return found
    return [*found[:MOST_NAMED], Mistake(f"{len(rest)} more labels that no recorded field is called by, from here on", rest[0].at)]


def _unknown(made: LabelFile, labels: Labels, fields: Fields, document: Document) -> Iterator[Mistake]:
    """Paths that no recorded record has, and labels that no field is called by, since others are nearer."""
    every = [(endpoint, path) for endpoint, paths in fields.items() for path in paths]
    found = (labels.found(endpoint, path) for endpoint, path in every)
    for endpoint in (name for name in made.titles if name not in fields):
        at = document.at(("titles", endpoint), key=True)
        yield Mistake(f"there is no endpoint `{endpoint}`", at, did_you_mean(endpoint, fields))
    used = {(*label.place[:-1], parse_steps(label.place[-1])) for label in found if label is not None}
    for endpoint, written in made.endpoints.items():
        if endpoint not in fields:
            yield Mistake(
                f"there is no endpoint `{endpoint}`", document.at(("endpoints", endpoint), key=True), did_you_mean(endpoint, fields)
            )
            continue
        whole = set(fields[endpoint])
        for text in (text for text in written if ("endpoints", endpoint, parse_steps(text)) not in used and not _stands_for(text, whole)):
            at = document.at(("endpoints", endpoint, text), key=True)
            yield _unused(text, whole, f"no recorded record of `{endpoint}` has `{text}`", at)
    ends = {path[start:] for _, path in every for start in range(len(path))}
    for text in (text for text in made.everywhere if ("everywhere", parse_steps(text)) not in used and not _stands_for(text, ends)):
        yield _unused(text, ends, f"no recorded record has `{text}`", document.at(("everywhere", text), key=True))


def _stands_for(text: str, known: set[FieldSteps]) -> bool:
    """Whether a path with a `*` names recorded fields: it is there for others, even where each recorded one has its own label."""
    return "*" in text and any(alike(parse_steps(text), path) for path in known)


def _unused(text: str, known: set[FieldSteps], nowhere: str, at: Position) -> Mistake:
    """Say why no recorded field is called by a label."""
    steps = parse_steps(text)
    if steps in known:
        return Mistake(f"no field is called by `{text}`: a longer path says it of each", at, "leave it out")
    hint = did_you_mean(text.replace("[]", ""), [".".join(path) for path in known if len(path) == len(steps)] or map(".".join, known))
    return Mistake(nowhere, at, hint if hint is not None and hint.startswith("did") else None)


def _codes(labels: Labels, beneath: Labels, fields: Fields, document: Document) -> Iterator[Mistake]:
    """Codes that no field called so has beneath; where the labels beneath explain none of a field's codes, any may be."""
    known: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    written: dict[tuple[str, ...], Mapping[str, str]] = {}
    for endpoint, path in ((endpoint, path) for endpoint, paths in fields.items() for path in paths):
        label, other = labels.found(endpoint, path), beneath.found(endpoint, path)
        if label is not None and label.codes:
            written[label.place] = label.codes
            known.setdefault(label.place, []).append(other.codes if other is not None else {})
    for place, code in ((place, code) for place, codes in written.items() for code in codes):
        if all(known[place]) and not any(code in codes for codes in known[place]):
            at = document.at((*place, "codes", code), key=True)
            yield Mistake(
                f"the English labels explain no code `{code}` of `{place[-1]}`", at, did_you_mean(code, set().union(*known[place]))
            )


def share_labelled(labels: Labels, fields: Fields, beneath: Labels | None = None, language: str = "") -> tuple[str, Mistake | None]:
    """Say how many recorded fields have a label, and note where more than one in ten has none.

    `beneath`: the labels in another language that these stand over; what is left to them counts as without, in `language`.
    """
    every, missing = innermost(fields), dict.fromkeys(unlabelled(labels, fields), "")
    for endpoint, path, code in left_beneath(labels, beneath or Labels(), fields):
        missing.setdefault((endpoint, path), "" if code is None else f", its code {code}")
    in_language = f" in {language}" if language else ""
    told = f"{len(every) - len(missing):,} of {counted(len(every), 'recorded field')} have a label{in_language}"
    if not missing or len(every) - len(missing) >= LEAST_LABELLED * len(every):
        return told, None
    named = [".".join((endpoint, *path)) + left for (endpoint, path), left in sorted(missing.items())]
    hint = "name them, those of several endpoints once under `everywhere`"
    message = f"{counted(len(missing), 'recorded field')} of {len(every):,} have no label{in_language}, more than one in ten"
    return told, Mistake(message, Position(1, 1), hint, "note", detail=_shortened(named))


def untitled(labels: Labels, endpoints: Iterable[str], language: str) -> Mistake | None:
    """Note which kinds of records have no title in a language that the spec is not written in."""
    named = [name for name in endpoints if name not in labels.titles]
    message = f"{counted(len(named), 'kind')} of records without a title in {language}"
    return Mistake(message, Position(1, 1), "name them under `titles`", "note", detail=_shortened(named)) if named else None


def gaps_of(labels: Labels, gaps: Sequence[str], raw: bytes, language: str) -> Iterator[Mistake]:
    """Find sentences that the spec's `gaps` do not hold, and note those that are left in the spec's own language."""
    document = read(raw, "", FORM)
    for told in (told for told in labels.gaps if told not in gaps):
        message = "the spec says no such sentence under `gaps`"
        yield Mistake(message, document.at(("gaps", told), key=True), "take it over as it stands there, to the letter")
    left = [shorten(told, WIDEST - 10, placeholder=DOTS) for told in gaps if told not in labels.gaps]
    if left and language:
        message = f"{counted(len(left), 'sentence')} of the spec's `gaps` not said in {language}"
        yield Mistake(message, Position(1, 1), "say them under `gaps`", "note", detail=_shortened(left))


def _shortened(named: list[str]) -> tuple[str, ...]:
    rest = len(named) - MOST_NAMED
    return (*named[:MOST_NAMED], *([f"and {rest} more"] if rest > 0 else []))
