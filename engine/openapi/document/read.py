"""A file's bytes to one OpenAPI document: 3.0, 3.1 or Swagger 2.0, as JSON or YAML. Fetches nothing.

YAML is read from the parser's events, so ten megabytes take about a second, and what aliases unfold to is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml

from engine.errors import UsageError

MOST_BYTES = 64 * 2**20
MOST_VALUES = 3_000_000
DEEPEST = 200
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

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
    """A file that is no OpenAPI document this engine reads; nothing was compared or written."""


def contents(path: Path) -> bytes:
    """Give a document's bytes, never more than a little over what one may have. Raises DocumentError."""
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"{path}: the file cannot be read: {error.strerror or 'unknown reason'}"
        raise DocumentError(message) from None


def read(raw: bytes, file: str) -> dict[str, Any]:
    """Decode one document and see that it is one. Raises DocumentError."""
    if len(raw) > MOST_BYTES:
        message = f"{file}: larger than {MOST_BYTES // 2**20} MiB: take the document whose $refs are not written out"
        raise DocumentError(message)
    raw = raw.removeprefix(b"\xef\xbb\xbf")
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
    try:
        return _JsonBuilder().build(raw.decode("utf-8"))
    except UnicodeDecodeError:
        message = f"{file}: not UTF-8 text"
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        message = f"{file}: not YAML{line}: {getattr(error, 'problem', None) or 'the text cannot be read'}"
    raise DocumentError(message)


def scalar(text: str) -> Any:
    """Read a plain scalar by YAML 1.2's core schema; a day or `on` stays text."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


@dataclass
class _OpenValue:
    """A map or list that is still being read; `weight` counts what it holds, aliases unfolded."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    key: str | None = None
    weight: int = 1


@dataclass
class _JsonBuilder:
    """Follows the events of one YAML document; the stack is explicit, aliases share what they name."""

    stack: list[_OpenValue] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    result: Any = None
    documents: int = 0

    def build(self, text: str) -> Any:
        """Read the text. Raises yaml.YAMLError."""
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.ScalarEvent):
                self.scalar(event)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self.open(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                done = self.stack.pop()
                if isinstance(done.value, dict) and "<<" in done.value:
                    _merge(done.value)
                if done.anchor:
                    self.anchors[done.anchor] = (done.value, done.weight)
                self.put(done.value, done.weight, event)
            elif isinstance(event, yaml.AliasEvent):
                self.alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise yaml.MarkedYAMLError(problem="a second document begins", problem_mark=_mark(event))
        return self.result

    def scalar(self, event: Any) -> None:
        """Take a key, or a value by its form."""
        top = self.stack[-1] if self.stack else None
        if top is not None and top.key is None and isinstance(top.value, dict):
            top.key = event.value
            return
        value = event.value if event.style or event.tag else scalar(event.value)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self.put(value, 1, event)

    def open(self, event: Any) -> None:
        """Begin a map or list."""
        top = self.stack[-1] if self.stack else None
        if top is not None and top.key is None and isinstance(top.value, dict):
            raise yaml.MarkedYAMLError(problem="a key must be a text", problem_mark=event.start_mark)
        if len(self.stack) >= DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEEPEST} levels", problem_mark=event.start_mark)
        self.stack.append(_OpenValue({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))

    def alias(self, event: Any) -> None:
        """Put in what an anchor names; one that is still open would hold itself."""
        top = self.stack[-1] if self.stack else None
        if event.anchor not in self.anchors or (top is not None and top.key is None and isinstance(top.value, dict)):
            raise yaml.MarkedYAMLError(problem=f"the alias *{event.anchor} cannot stand here", problem_mark=event.start_mark)
        value, weight = self.anchors[event.anchor]
        self.put(value, weight, event)

    def put(self, value: Any, weight: int, event: Any) -> None:
        """Add a value to what is open. Raises where the document grows beyond all measure."""
        if not self.stack:
            self.result = value
            return
        top = self.stack[-1]
        top.weight += weight
        if top.weight > MOST_VALUES:
            words = f"with its aliases unfolded it holds more than {MOST_VALUES:,} values"
            raise yaml.MarkedYAMLError(problem=words, problem_mark=event.start_mark)
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is not None:
            top.value[top.key] = value
            top.key = None


def _mark(event: Any) -> Any:
    return event.start_mark


def _merge(holder: dict[str, Any]) -> None:
    """Carry out a merge key: what it brings stands behind what is written."""
    brought = holder.pop("<<")
    for one in brought if isinstance(brought, list) else [brought]:
        if isinstance(one, dict):
            for key, value in one.items():
                holder.setdefault(key, value)
