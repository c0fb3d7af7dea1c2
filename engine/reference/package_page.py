"""The JSON Schemas of a package's documents, as docs/package.md refers to them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import msgspec

from engine.package.records import DOCUMENTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> Iterator[tuple[str, str]]:
    """Give the schema of each document that a package must have, by the name of its file."""
    for name, kind in DOCUMENTS.items():
        schema = {"$schema": DIALECT, "title": f"{name} of a package, version 1", **_said(msgspec.json.schema(kind))}
        yield f"{PurePath(name).stem}.schema.json", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _said(schema: Any) -> Any:
    """Give a schema whose descriptions are as they read, without the indent of a docstring."""
    if isinstance(schema, dict):
        return {name: inspect.cleandoc(value) if name == "description" else _said(value) for name, value in schema.items()}
    return list(map(_said, schema)) if isinstance(schema, list) else schema
