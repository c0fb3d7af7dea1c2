"""Decode an OpenAPI 3.0, OpenAPI 3.1 or Swagger 2.0 document from JSON or YAML, and explain why a file is not one.

Reads no file and fetches nothing. Ten megabytes of YAML take about a second; what its aliases unfold to is counted and bounded.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Any

import msgspec
import yaml

from engine.errors import UsageError
from engine.language.text.yaml_events import EventReader, OpenNode
from engine.openapi.document.refs import as_map

MOST_BYTES = 64 * 2**20
MOST_VALUES = 3_000_000
DEEPEST = 200

CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
CONSTANTS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
OTHERS = (
    ("asyncapi", "an AsyncAPI document, which tells of messages and not of requests"),
    ("swaggerVersion", "a Swagger 1 document: ask the vendor for Swagger 2.0 or OpenAPI 3"),
    ("item", "a Postman collection, not an OpenAPI document: export it as OpenAPI 3"),
    ("$schema", "a JSON Schema, not an OpenAPI document"),
    ("spec", "a spec of Habeas: name it as SPEC, and the vendor's document after --openapi"),
)
TEXTS = (
    (b"<", "a web page or XML, not an OpenAPI document: save the file that the page shows or links to"),
    (b"#%RAML", "a RAML document: convert it to OpenAPI 3 first"),
)


class DocumentError(UsageError):
    """A file that is not an OpenAPI document of a version that is read; nothing was compared or written."""


def read(raw: bytes, file: str) -> dict[str, Any]:
    """Decode a document; `file` names it in messages. Raises DocumentError."""
    if len(raw) > MOST_BYTES:
        message = f"{file}: larger than {MOST_BYTES // 2**20} MiB: take the document whose $refs are not written out"
        raise DocumentError(message)
    raw = raw.removeprefix(BOM_UTF8)
    start = raw[:64].lstrip()
    for mark, what in TEXTS:
        if start.startswith(mark):
            message = f"{file}: {what}"
            raise DocumentError(message)
    value = _json(raw, file) if start[:1] in (b"{", b"[") else _yaml(raw, file)
    if not isinstance(value, dict):
        message = f"{file}: no OpenAPI document: that is a map with `openapi: 3.x.y` or `swagger: '2.0'` at the top"
        raise DocumentError(message)
    _versioned(value, file)
    return value


def _versioned(value: dict[str, Any], file: str) -> None:
    told = value.get("openapi", value.get("swagger"))
    version = str(told) if isinstance(told, (str, int, float)) else ""
    if "openapi" in value and re.match(r"3\.[01](\.|$|-)", version):
        return
    if "swagger" in value and "openapi" not in value and version in ("2.0", "2"):
        return
    what = next((text for key, text in OTHERS if key in value), "no OpenAPI document: neither `openapi` nor `swagger` stands at the top")
    if version:
        what = f"version `{_short(version)}`: OpenAPI 3.0 and 3.1 and Swagger 2.0 are read"
    message = f"{file}: {what}"
    raise DocumentError(message)


def _short(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:40])


def _json(raw: bytes, file: str) -> Any:
    if sum(raw.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        message = f"{file}: more than {MOST_VALUES:,} values: take the document whose $refs are not written out"
        raise DocumentError(message)
    try:
        return msgspec.json.decode(raw)
    except RecursionError:
        message = f"{file}: nested too deeply to be an OpenAPI document"
    except msgspec.DecodeError as error:
        found = re.search(r"\(byte (\d+)\)", str(error))
        line = f" in line {raw.count(bytes([10]), 0, int(found[1])) + 1}" if found else ""
        if "truncated" in str(error):
            message = f"{file}: not JSON: it ends in the middle"
            raise DocumentError(message) from None
        message = f"{file}: not JSON{line}: {re.sub(r' ?[(]byte .*', '', str(error)).removeprefix('JSON is malformed: ')}"
    except UnicodeDecodeError:
        message = f"{file}: not UTF-8 text"
    raise DocumentError(message)


def _yaml(raw: bytes, file: str) -> Any:
    reader = _DocumentReader()
    try:
        reader.follow(raw.decode("utf-8"))
    except UnicodeDecodeError:
        message = f"{file}: not UTF-8 text"
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        message = f"{file}: not YAML{line}: {getattr(error, 'problem', None) or 'the text cannot be read'}"
    else:
        return reader.result
    raise DocumentError(message)


def scalar(text: str) -> Any:
    """Read an unquoted scalar by the core schema of YAML 1.2: null, true, 3, 1.5; a date or `on` stays text."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


class _WeighedNode(OpenNode):
    """A map or list of a document; `weight` counts the values that it holds, aliases unfolded."""

    anchor: str | None = None
    weight: int = 1


class _DocumentReader(EventReader[_WeighedNode]):
    """Reads a document; aliases share what they name, and what they would unfold to is bounded."""

    deepest = DEEPEST

    def __init__(self) -> None:
        super().__init__()
        self.result = None
        self.anchors: dict[str, tuple[Any, int]] = {}

    def key(self, holder: _WeighedNode, event: Any) -> None:
        holder.key = event.value

    def scalar(self, event: Any) -> None:
        value = event.value if event.style or event.tag else scalar(event.value)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self.weigh(1, event)
        self.put(value)

    def open(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        self.admit(event)
        self.stack.append(_WeighedNode(value, anchor=event.anchor))

    def close(self, done: _WeighedNode, event: Any) -> None:
        if isinstance(done.value, dict) and "<<" in done.value:
            _merge(done.value)
        if done.anchor:
            self.anchors[done.anchor] = (done.value, done.weight)
        self.weigh(done.weight, event)
        self.put(done.value)

    def alias(self, event: Any) -> None:
        """Put in what an anchor names; one that is still open would hold itself."""
        if event.anchor not in self.anchors or (self.stack and self.stack[-1].awaits_key()):
            raise yaml.MarkedYAMLError(problem=f"the alias *{event.anchor} cannot stand here", problem_mark=event.start_mark)
        value, weight = self.anchors[event.anchor]
        self.weigh(weight, event)
        self.put(value)

    def second(self, event: Any) -> None:
        raise yaml.MarkedYAMLError(problem="a second document begins", problem_mark=event.start_mark)

    def weigh(self, weight: int, event: Any) -> None:
        """Count a value into what is open. Raises yaml.MarkedYAMLError where that would hold too many."""
        if not self.stack:
            return
        self.stack[-1].weight += weight
        if self.stack[-1].weight > MOST_VALUES:
            words = f"with its aliases unfolded it holds more than {MOST_VALUES:,} values"
            raise yaml.MarkedYAMLError(problem=words, problem_mark=event.start_mark)


def _merge(holder: dict[str, Any]) -> None:
    """Carry out a merge key, `<<`: what is written in the map itself wins."""
    brought = holder.pop("<<")
    for bringing in brought if isinstance(brought, list) else [brought]:
        for key, value in as_map(bringing).items():
            holder.setdefault(key, value)
