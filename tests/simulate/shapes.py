"""What Zoom's documents say an answer looks like, from fixtures/zoom/fields.txt: which paths there are, of which type, with which values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from tests.conftest import ROOT

FORMS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "email": re.compile(r"[^@\s]+@[^@\s]+"),
}
TYPES: dict[str, type | tuple[type, ...]] = {"integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
Shape = tuple[str, frozenset[str]]
ROUTES = (
    (r"/v2/users", "/users"),
    (r"/v2/users/[^/]+", "/users/ID"),
    (r"/v2/phone/users/[^/]+", "/phone/users/ID"),
    (r"/v2/phone/sms/sessions/[^/]+", "/phone/sms/sessions/ID"),
    (r"/v2/((?:phone/|report/)?users)/[^/]+/(.+)", r"/\1/ID/\2"),
)


@lru_cache
def documented() -> dict[str, dict[str, tuple[Shape, ...]]]:
    """Give every documented path by answer: its type and, where they are listed, its values; a path may have two shapes."""
    found: dict[str, dict[str, tuple[Shape, ...]]] = {}
    here: dict[str, tuple[Shape, ...]] = {}
    for line in (ROOT / "fixtures" / "zoom" / "fields.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            here = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            path, kind, *values = line.split(" ", 2)
            here[path] = (*here.get(path, ()), (kind, frozenset(values[0].split("|") if values else ())))
    return found


def answer_of(path: str) -> str:
    """Name the answer that a request's path is for."""
    return next(re.sub(pattern, name, path) for pattern, name in ROUTES if re.fullmatch(pattern, path))


def misfits(answer: str, value: Any, path: str = "") -> Iterator[str]:
    """Tell, one by one, what an answer says that the documents do not."""
    for here, found in leaves(value, path):
        shapes = documented()[answer].get(here)
        if shapes is None:
            yield f"{answer} {here}: not documented"
        elif not any(fits(found, kind, values) for kind, values in shapes):
            yield f"{answer} {here}: {found!r} is none of {shapes}"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every value of an answer with its path; the members of a list have its path and []."""
    if path and not (path.endswith("[]") and isinstance(value, dict)):
        yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{path}.{name}" if path else name)
    if isinstance(value, list):
        for member in value:
            yield from leaves(member, f"{path}[]")


def fits(value: Any, kind: str, values: frozenset[str]) -> bool:
    """Whether a value is of a type, and one of its values where they are listed."""
    if isinstance(value, bool) != (kind == "boolean") or not isinstance(value, TYPES.get(kind, str)):
        return False
    form = FORMS.get(kind)
    return (not values or str(value) in values) and (form is None or form.fullmatch(value) is not None)
