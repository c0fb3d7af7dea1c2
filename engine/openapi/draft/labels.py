"""Write first labels from a vendor's own document: of each field the first words of its description, of each code what is said of it.

A text of the document is shortened to a phrase, for its author to say in plain words; nothing long is taken over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from engine.openapi.document.operations import Api, plain
from engine.openapi.document.refs import as_list, as_map, as_text
from engine.openapi.document.schema_view import SchemaView
from engine.openapi.draft.choose import choose
from engine.openapi.draft.pages import records_of
from engine.openapi.draft.yaml_text import DraftBlock, render

DEEPEST = 6
MOST_FIELDS = 2_000
MOST_CODES = 60
LONGEST = 60
MARKS = " -,*`#_"
NAME = re.compile(r"[^\s.\[\]*]{1,60}")
MARKUP = re.compile(r"<[^>]{0,200}>|\[([^\]]{0,200})\]\([^)]{0,300}\)|[`*#]+(?=\S)|(?<=\S)[`*]+|&[a-z]+;")
END = re.compile(r"[.:;!?](?=\s|$)|\s[-\u2013\u2014]\s|\n|\s\(")
ARTICLE = re.compile(r"(?i)^(?:the|an?|this(?: field)?(?: is| indicates| specifies| shows)?)\s+")
DANGLING = re.compile(r"(?i)[\s,]+(?:a|an|and|as|at|by|for|from|if|in|is|of|on|or|that|the|this|to|when|which|whether|with)$")
MEANS = r"\s*(?:[-\u2013\u2014:=]+|&[mn]dash;|means)\s*"


class DraftLabel(Struct, frozen=True):
    """What is called how, in which endpoint."""

    endpoint: str
    path: tuple[str, ...]
    text: str
    codes: tuple[tuple[str, str], ...] = ()


def compose_labels(apis: Sequence[Api], vendor: str, endpoints: Collection[str]) -> str:
    """Write first labels of the look-up and of these endpoints. Raises DocumentError where no operation finds a person."""
    plan = choose(apis)
    asked = [("lookup", plan.lookup.operation), *((one.name, one.operation) for one in plan.asked if one.name in endpoints)]
    found: list[DraftLabel] = []
    for name, operation in asked:
        found += [one for one in _labels(name, records_of(operation).shape) if len(found) < MOST_FIELDS]
    return _text(vendor, plain(as_text(plan.lookup.operation.api.info.get("title")), 80), found[:MOST_FIELDS])


def _labels(endpoint: str, shape: SchemaView | None) -> Iterator[DraftLabel]:
    """Give what is said of the innermost fields of a record; a schema inside itself is not followed."""
    waiting: list[tuple[tuple[str, ...], SchemaView, frozenset[int]]] = [((), shape, frozenset())] if shape is not None else []
    while waiting:
        path, here, above = waiting.pop()
        said = [_said(here)]
        while here.elements is not None:
            here = here.elements
            said.append(_said(here))
        parts = {id(part) for part in here.parts}
        if not here.members and path:
            text = next((phrase(one) for one in said if phrase(one)), "")
            if text:
                yield DraftLabel(endpoint, path, text, tuple(codes(here)))
        elif len(path) < DEEPEST and not parts & above:
            members = [(name, inner) for name, inner in here.members.items() if NAME.fullmatch(name)]
            waiting += [((*path, name), inner, above | parts) for name, inner in reversed(members)]


def _said(shape: SchemaView) -> str:
    """Give the title or description: its own, before those of its alternatives."""
    own = shape.refs.follow(shape.schema)
    return as_text(own.get("title")) or as_text(own.get("description")) or shape.word("title") or shape.word("description")


def phrase(text: str) -> str:
    """Give the first words of a description, without its mark-up and first article; where they are long, as many as fit."""
    bare = MARKUP.sub(lambda found: found[1] or "", text[:600]).strip()
    bare = ARTICLE.sub("", ARTICLE.sub("", plain(END.split(bare, maxsplit=1)[0], 600))).strip(MARKS)
    if len(bare) > LONGEST:
        bare = bare[: LONGEST + 1].rpartition(" ")[0] or bare[:LONGEST]
        while (cut := DANGLING.sub("", bare)) != bare:
            bare = cut
    return (bare[:1].upper() + bare[1:])[:LONGEST].strip(MARKS)


def codes(shape: SchemaView) -> Iterator[tuple[str, str]]:
    """Give what is said of each value: by alternatives with a title, by an extension for it, or in the description."""
    told = {str(part["const"]): as_text(part.get("title")) or as_text(part.get("description")) for part in shape.parts if "const" in part}
    for part in shape.parts:
        values = [str(value) for value in as_list(part.get("enum"))]
        for word in ("x-enumDescriptions", "x-enum-descriptions", "x-enumNames"):
            said = part.get(word)
            told |= {value: as_text(text) for value, text in (as_map(said) or dict(zip(values, as_list(said), strict=False))).items()}
    for value in shape.enum[:MOST_CODES]:
        meaning = phrase(told.get(value, "") or _said_of(value, shape.word("description")))
        if meaning and meaning.lower() != value.lower():
            yield value, meaning


def _said_of(value: str, description: str) -> str:
    """Find what a description says of a value: `1` - this, `2` - that."""
    written = re.escape(value)
    found = re.search(rf"[`'\"]{written}[`'\"]{MEANS}([^\n`*]+)", description) or re.search(
        rf"(?:^|\n)[\s*\u2022-]*{written}{MEANS}([^\n`*]+)", description
    )
    return found[1] if found is not None else ""


def _text(vendor: str, title: str, found: list[DraftLabel]) -> str:
    """Write the file: what fields of one name have in common once, all others under their endpoint."""
    ways = Counter((label.path[-1], label.text, label.codes) for label in found)
    shared: dict[str, tuple[Any, ...]] = {}
    for way, often in ways.most_common():
        if often > 1:
            shared.setdefault(way[0], way)
    own = [label for label in found if shared.get(label.path[-1]) != (label.path[-1], label.text, label.codes)]
    block, everywhere, endpoints = DraftBlock(), DraftBlock(), DraftBlock()
    block.say(f"First labels, from {title or 'the document'}. Say them in words that anybody understands; leave out what no record has.")
    block.add("labels", 1)
    block.add("vendor", vendor)
    for name, text, meanings in shared.values():
        everywhere.add(name, _value(text, meanings))
    for endpoint in dict.fromkeys(label.endpoint for label in own):
        inner = DraftBlock()
        for label in (label for label in own if label.endpoint == endpoint):
            inner.add(".".join(label.path), _value(label.text, label.codes))
        endpoints.add(endpoint, inner)
    for key, part in (("everywhere", everywhere), ("endpoints", endpoints)):
        if part.entries:
            block.say("")
            block.add(key, part)
    return "\n".join(render(block)) + "\n"


def _value(text: str, meanings: Iterable[tuple[str, str]]) -> Any:
    block, inner = DraftBlock(), DraftBlock()
    for value, meaning in meanings:
        inner.add(value, meaning)
    block.add("label", text)
    block.add("codes", inner)
    return block if inner.entries else text
