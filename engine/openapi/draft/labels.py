"""Write first labels from a vendor's own document: of each field the first words of its description, of each code what is said of it.

A text of the document is shortened to a phrase, for its author to say in plain words; nothing long is taken over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
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
    waiting: list[tuple[tuple[str, ...], SchemaView]] = [((), shape)] if shape is not None else []
    while waiting:
        path, here = waiting.pop()
        while here.elements is not None:
            here = here.elements
        if not here.members and path:
            text = phrase(here.word("title") or here.word("description"))
            if text:
                yield DraftLabel(endpoint, path, text, tuple(codes(here)))
        elif len(path) < DEEPEST:
            waiting += [((*path, name), inner) for name, inner in reversed(here.members.items()) if NAME.fullmatch(name)]


def phrase(text: str) -> str:
    """Give the first words of a description, without its mark-up and first article; where they are long, as many as fit."""
    bare = MARKUP.sub(lambda found: found[1] or "", text[:600]).strip()
    bare = ARTICLE.sub("", plain(END.split(bare, maxsplit=1)[0], 600)).strip(" -,")
    while len(bare) > LONGEST:
        bare = bare[: LONGEST + 1].rpartition(" ")[0] if " " in bare[: LONGEST + 1] else bare[:LONGEST]
    while (cut := DANGLING.sub("", bare)) != bare:
        bare = cut
    return bare[:1].upper() + bare[1:]


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
    said: dict[str, set[Any]] = {}
    for label in found:
        said.setdefault(label.path[-1], set()).add((label.text, label.codes))
    often = Counter(label.path[-1] for label in found)
    shared = {name for name, ways in said.items() if len(ways) == 1 and often[name] > 1}
    block, everywhere, endpoints = DraftBlock(), DraftBlock(), DraftBlock()
    block.say(f"First labels, from {title or 'the document'}. Say them in words that anybody understands; leave out what no record has.")
    block.add("labels", 1)
    block.add("vendor", vendor)
    for label in {label.path[-1]: label for label in found if label.path[-1] in shared}.values():
        everywhere.add(label.path[-1], _value(label))
    for endpoint in dict.fromkeys(label.endpoint for label in found if label.path[-1] not in shared):
        inner = DraftBlock()
        for label in found:
            if label.endpoint == endpoint and label.path[-1] not in shared:
                inner.add(".".join(label.path), _value(label))
        endpoints.add(endpoint, inner)
    for key, part in (("everywhere", everywhere), ("endpoints", endpoints)):
        if part.entries:
            block.say("")
            block.add(key, part)
    return "\n".join(render(block)) + "\n"


def _value(label: DraftLabel) -> Any:
    if not label.codes:
        return label.text
    block, inner = DraftBlock(), DraftBlock()
    for value, meaning in label.codes:
        inner.add(value, meaning)
    block.add("label", label.text)
    block.add("codes", inner)
    return block
