"""Hints for a text where a map or list belongs, or the reverse: `records:items` for `records: items`, `page: 1` for `page: {page: 1}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.language.text.document import Document, Path
from engine.language.text.layout import GLUE, LONE, dashed, glued

A_MAP = ("model_type", "model_attributes_type", "dict_type")
A_LIST = ("tuple_type", "list_type")
COLON = "it holds `: `, which begins a map: put the whole text in quotes"


def meant(document: Document, path: Path, error: Mapping[str, Any]) -> tuple[str | None, str] | None:
    """Give what to say instead (None: the same) and what to write about an error of the model; None: nothing that is known."""
    value = error["input"]
    if error["type"] in A_MAP and isinstance(value, str):
        if whole := glued(value):
            return GLUE, f"write `{whole}`"
        return _numbered(path, value)
    if error["type"] in A_LIST and isinstance(value, str) and (item := dashed(value)):
        return LONE, f"write `{item}`"
    if isinstance(value, dict) and path and isinstance(path[-1], int) and "text" in str(error.get("ctx", {}).get("error")):
        at = document.at(path)
        return (None, COLON) if document.lines[at.line - 1][at.column - 1] != "{" else None
    return None


def _numbered(path: Path, value: str) -> tuple[None, str] | None:
    """A parameter and its number: `page` and `size`."""
    if path[-2:-1] != ("pagination",):
        return None
    name, number = ("per_page", value) if value.isdecimal() else (value, "100")
    if path[-1] == "size":
        return None, f"write `size: {{{name}: {number}}}`: the parameter, and how many records to ask for"
    name, number = ("page", value) if value.isdecimal() else (value, "1")
    return None, f"write `page: {{{name}: {number}}}`: the parameter, and the number of the first page"
