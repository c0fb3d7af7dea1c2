"""Whether a text can be a value, and whether a name is all but another: by what a document says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from engine.language.text.mistakes import did_you_mean
from engine.openapi.document.schema_view import SchemaView

MOST_SHOWN = 12
MISSPELT = 0.8


def misspelt(name: str, known: Iterable[str]) -> bool:
    """Whether a name that is not known is all but one that is: then it is meant, and wrong."""
    return bool(get_close_matches(name, known, n=1, cutoff=MISSPELT))


def unfit(shape: SchemaView, text: str) -> str | None:
    """Say why a text cannot be a value; None where it can, or the document does not tell."""
    if shape.is_list and shape.elements is not None:
        inner = shape.elements
        return next((wrong for one in text.split(",") if (wrong := unfit(inner, one.strip()))), None)
    if shape.enum:
        return None if text in shape.enum else _listed(shape.enum, text)
    if shape.types == {"integer"}:
        return _number(shape, text)
    if shape.types == {"boolean"} and text not in ("true", "false", "0", "1"):
        return "the document takes true or false"
    return None


def _listed(values: tuple[str, ...], text: str) -> str:
    if len(values) <= MOST_SHOWN:
        return f"the document has {', '.join(one[:60] for one in values)}"
    return did_you_mean(text, values) or "the document lists others"


def _number(shape: SchemaView, text: str) -> str | None:
    if not re.fullmatch(r"-?[0-9]{1,30}", text):
        return "the document takes a whole number"
    most, least = shape.number("maximum"), shape.number("minimum")
    if most is not None and int(text) > most:
        return f"the document takes at most {most}"
    return f"the document takes at least {least}" if least is not None and int(text) < least else None
