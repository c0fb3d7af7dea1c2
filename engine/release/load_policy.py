"""Load a policy: YAML bytes to a `Policy` with its notes, or `SpecError` with every mistake of the file and its place."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from engine.language.model.words import Words
from engine.language.text.document import Document, Path, read
from engine.language.text.mistakes import Mistake, SpecError
from engine.language.text.validation import choice_of, mistake_of, without_cascades
from engine.release.other_version import other_version
from engine.release.policy import (
    FileVerdict,
    Find,
    FindVerdict,
    Information,
    LeaveOut,
    Never,
    NeverRule,
    Once,
    OtherPeople,
    Policy,
)
from engine.release.policy_check import Known, Written, checked
from engine.replaced import replace

VERSION = "1"
FORM = "a policy is a map that begins with `policy: 1`"
SECTIONS: Mapping[str, tuple[type[Words] | None, type[Words]]] = {
    "leave_out": (None, LeaveOut),
    "never": (Never, NeverRule),
    "others": (None, OtherPeople),
    "once": (None, Once),
    "find": (Find, FindVerdict),
    "files": (None, FileVerdict),
    "information": (Information, Information),
}


def load_policy(raw: bytes, file: str, known: Known | None = None) -> tuple[Policy, tuple[Mistake, ...]]:
    """Read a policy and give it with its notes. `known`: what specs and records have, to hold its names against.

    Raises SpecError with every mistake.
    """
    document = read(raw, file, FORM)
    mistakes = list(document.mistakes)
    other = other_version(document, "policy", VERSION, "this is version {} of policies", "docs/policy.md")
    if other is not None:
        raise SpecError([other], file, document.lines)
    errors: list[Mapping[str, Any]] = []
    try:
        policy: Policy | None = Policy.model_validate(document.value)
        rows: Mapping[str, list[int]] = {}
    except ValidationError as error:
        errors = [one for one in error.errors() if document.place(one["loc"]) not in document.dropped]
        mistakes += without_cascades([_mistake(document, one) for one in errors])
        policy, rows = _salvaged(document, [tuple(one["loc"]) for one in error.errors()])
    found = list(checked(Written(policy, document, rows), known)) if policy is not None and known is not None else []
    mistakes += [one for one in found if one.level == "error"]
    if mistakes or policy is None or errors:
        raise SpecError(mistakes, file, document.lines)
    return policy, tuple(replace(one, file=file) for one in found)


def _mistake(document: Document, error: Mapping[str, Any]) -> Mistake:
    path = document.place(error["loc"])
    if error["type"] == "literal_error":
        return choice_of(document, error)
    if error["type"] == "missing":
        meaning = _class_of(path[:-1]).model_fields
        field = next((one for name, one in meaning.items() if path[-1] in (name, one.alias)), None)
        told = (field.description or "").rstrip(".") if field is not None else ""
        return mistake_of(document, error, meaning=told[:1].lower() + told[1:])
    return mistake_of(document, error, _known_words(path[:-1]))


def _known_words(path: Path) -> Collection[str]:
    return [field.alias or name for name, field in _class_of(path).model_fields.items()]


def _class_of(path: Path) -> type[Words]:
    """Give the model of the map at a path."""
    if not path:
        return Policy
    section, inner = SECTIONS.get(str(path[0]), (Policy, Policy))
    return section if len(path) == 1 and section is not None else inner


def _salvaged(document: Document, wrong: list[tuple[int | str, ...]]) -> tuple[Policy | None, Mapping[str, list[int]]]:
    """Take out the parts that are wrong, so that the names in all others are checked too; lists keep the numbers of what stays in them."""
    value: Any = copy.deepcopy(document.value)
    rows: dict[str, list[int]] = {}
    for section in {str(path[0]) for path in wrong if path}:
        held = value.get(section)
        if isinstance(held, list) and section in ("leave_out", "others", "once"):
            bad = {path[1] for path in wrong if path[0] == section and len(path) > 1}
            rows[section] = [index for index in range(len(held)) if index not in bad]
            value[section] = [held[index] for index in rows[section]]
        elif isinstance(held, dict):
            for path in wrong:
                if path[0] == section and len(path) > 1:
                    held.pop(path[1], None)
        else:
            value.pop(section, None)
    try:
        return Policy.model_validate({"policy": VERSION, "vendor": "unknown", **value}), rows
    except ValidationError:
        return None, rows
