"""Prove that the texts of a cassette hold nothing that was replaced: read them anew and search every value, name, address and header.

Faults say where and of what kind, never the value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import yaml
from msgspec import Struct

from engine.anonymise.capture import ABOUT, Composed
from engine.cassettes.cassette import EXPECTED, SETUP
from engine.cassettes.leaks import find_leaks
from engine.cassettes.recording import Recording, parse
from engine.errors import Refused
from engine.language.expressions import lossless_json

MOST_SHOWN = 8
Atom = tuple[str, str]


class NotClean(Refused):
    """The texts hold something that should have been replaced; nothing was written."""


def prove(composed: Composed, texts: Mapping[str, str], name: str = "") -> None:
    """Prove that a cassette's name and texts (by file name) hold nothing that was replaced. Raises NotClean with the places."""
    told = composed.traces.hit(name) or composed.traces.whole_hit(name)
    faults = ["the cassette's name: holds what should have been replaced"] if told else []
    faults += [fault for file, text in texts.items() for fault in _faults(composed, file, text)]
    if not faults:
        return
    shown = "\n".join(f"  {one}" for one in faults[:MOST_SHOWN])
    more = f"\n  and {len(faults) - MOST_SHOWN} more" if len(faults) > MOST_SHOWN else ""
    remedy = "leave the endpoints of these files out with --without, or record somebody else; what is missed is worth a report"
    message = f"nothing was written: the recording cannot be proven clean\n{shown}{more}\n{remedy}"
    raise NotClean(message)


def _faults(composed: Composed, name: str, text: str) -> Iterator[str]:
    kept, traces = composed.kept, composed.traces
    atoms = list(Reader(composed).atoms(name, text))
    words = name != f"{EXPECTED}/manifest.json"  # its sentences are the engine's own, which hold numbers and names of the spec only
    for place, atom in atoms:
        fixed = atom in kept.texts or atom in kept.names
        if (words and not fixed and traces.hit(atom)) or traces.whole_hit(atom):
            yield f"{name}: {place}: holds what should have been replaced"
    if traces.whole_hit(text) or traces.whole_hit("".join(atom for _, atom in atoms)):
        yield f"{name}: its parts, put together, hold an identifier or a secret"
    for found in find_leaks(text):
        yield f"{name}:{found.line}:{found.column}: {found.what}"


class Reader(Struct, frozen=True):
    """Takes files apart into values, each with a description of its place."""

    composed: Composed

    def atoms(self, name: str, text: str) -> Iterator[Atom]:
        """Give every value of a file."""
        if name == SETUP:
            yield from ((place, one) for place, one in self._leaves(yaml.safe_load(text), "", names=False) if one != ABOUT)
        elif name.startswith(f"{EXPECTED}/"):
            whole = name.endswith(".json")
            for number, line in enumerate([text] if whole else text.splitlines(), 1):
                yield from self._leaves(lossless_json.loads(line.encode()), "" if whole else f"line {number}")
        else:
            yield from self._exchange(parse(text, name))

    def _exchange(self, found: Recording) -> Iterator[Atom]:
        address, _, query = found.request.url.partition("?")
        yield from ((f"the request's path, part {index}", unquote(one)) for index, one in enumerate(address.split("/")) if one)
        for pair in query.split("&"):
            key, _, value = pair.partition("=")
            yield "the name of a parameter", unquote(key)
            yield from ((f"the parameter {self._shown(unquote(key))}", one) for one in {value, unquote(value)})
        yield from ((f"the request's header {key}", value) for key, value in found.request.headers)
        yield from ((f"the answer's header {key}", value) for key, value in found.response.headers.items())
        for what, body in (("the request's body", found.request.body), ("the answer", found.response.body)):
            if not body:
                continue
            try:
                yield from self._leaves(lossless_json.loads(body), what)
            except (ValueError, RecursionError):
                yield what, body.decode("utf-8", "replace")

    def _leaves(self, value: Any, place: str, *, names: bool = True) -> Iterator[Atom]:
        """Give the values of decoded JSON; `names`: also the names of its members."""
        if isinstance(value, dict):
            for key, item in value.items():
                if names:
                    yield f"{place}: a member's name", str(key)
                yield from self._leaves(item, f"{place}.{self._shown(str(key))}".lstrip("."), names=names)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._leaves(item, f"{place}[{index}]", names=names)
        elif value is not None and not isinstance(value, bool):
            yield place, value if isinstance(value, str) else lossless_json.text_of(value) or str(value)

    def _shown(self, key: str) -> str:
        """Give the name of a member if the spec has it or it is surely a field's, else `(a name)`."""
        fit = key in self.composed.kept.names or (self.composed.kept.name(key) and not self.composed.traces.hit(key))
        return key if fit else "(a name)"
