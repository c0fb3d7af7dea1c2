"""How an operation's pages follow, told from the names of its parameters and of what stands beside its records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.language.expressions.select import DOTTED, SelectError, parse_select
from engine.openapi.document.names import CURSORS, OFFSETS, PAGES, SIZES, norm, person_in, words
from engine.openapi.document.operations import Operation, Parameter
from engine.openapi.document.schema_view import SchemaView

LINKS = ("next", "nexturl", "nextlink", "nextpage", "nextpageurl", "nextpageuri", "nexthref", "odatanextlink", "nexturi")
MORES = ("hasmore", "more", "hasnext", "hasnextpage", "hasmoreitems")
TOTALS = ("total", "totalcount", "totalrecords", "totalitems", "totalsize", "totalresults", "totalelements", "totalrows")
LISTS = ("data", "items", "results", "records", "values", "entries", "elements", "value", "list", "rows", "content", "objects", "resources")
SURELY = re.compile(r"(?i)\bmax(?:imum)?(?: value)?(?: is| of|:| =)? ?`?(\d{2,5})\b")
MOST = re.compile(r"(?i)(?:max(?:imum)?\b[^.\d]{0,40}|no larger than |up to |less than or equal to |between \d+ and |1 to |1-)(\d{2,5})\b")
WRAPPERS = ("data", "result", "results", "response", "embedded", "payload", "body", "page", "meta")
DEEPEST = 3


@dataclass(frozen=True)
class Records:
    """Where an answer's records stand: the path (None: the answer is one record), one record's shape, and whether it is a list."""

    path: str | None
    shape: SchemaView | None
    listed: bool


def step(name: str) -> str:
    """Write a member's name as JMESPath."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name)


def usable(path: str) -> bool:
    """Whether an expression can stand in a spec."""
    if len(path) <= 200 and DOTTED.fullmatch(path):
        return True
    try:
        parse_select(path)
    except SelectError:
        return False
    return path.isprintable() and len(path) <= 200


def beside(shape: SchemaView | None, deepest: int = DEEPEST) -> Iterator[tuple[str, str, SchemaView]]:
    """Give the members of an answer that stand in no list, the nearest first: path, name, shape."""
    level: list[tuple[str, SchemaView]] = [("", shape)] if shape is not None else []
    for _ in range(deepest):
        following: list[tuple[str, SchemaView]] = []
        for path, here in level:
            for name, inner in islice(here.members.items(), 300):
                full = f"{path}.{step(name)}" if path else step(name)
                if usable(full):
                    yield full, name, inner
                    following += [(full, inner)] if inner.members and not inner.is_list else []
        level = following[:300]


def records_of(operation: Operation) -> Records:
    """Find the records of an answer."""
    answer = operation.answer
    if answer is None:
        return Records(None, None, listed=False)
    if answer.is_list:
        return Records("@", answer.elements, listed=True)
    last = norm(operation.path.rstrip("/").rpartition("/")[2].rpartition(".")[2])
    paged = any(norm(one.name) in (*PAGES, *CURSORS, *OFFSETS, *SIZES) for one in operation.knobs.values())
    lists = [(path, name, shape) for path, name, shape in beside(answer, 2) if shape.is_list]
    chosen = [one for one in lists if norm(one[1]) == last] or [one for one in lists if norm(one[1]) in LISTS and "." not in one[0]]
    chosen = chosen or [
        one for one in lists if person_in(one[1]) and person_in(operation.path) == person_in(one[1]) and "{" not in operation.path
    ]
    written = {norm(segment) for segment in operation.path.split("/") if "{" not in segment}
    chosen = chosen or [one for one in lists if norm(one[1]) in written and "." not in one[0] and len(lists) == 1]
    chosen = chosen or [one for one in lists if norm(one[1]) in LISTS and (paged or norm(one[0].partition(".")[0]) in WRAPPERS)]
    if not chosen and paged:
        chosen = [one for one in lists if one[2].elements is not None and one[2].elements.members] or lists
    if chosen:
        return Records(chosen[0][0], chosen[0][2].elements, listed=True)
    return _wrapped(answer, last) or Records(None, answer, listed=False)


def _wrapped(answer: SchemaView, last: str) -> Records | None:
    """An answer such as `{ok: true, user: {...}}` holds its one record in a member."""
    maps = [(name, shape) for name, shape in answer.members.items() if shape.members and not shape.is_list]
    if len(maps) == 1 and len(answer.members) <= 3 and usable(step(maps[0][0])):
        name, shape = maps[0]
        if (
            norm(name) in ("data", "result", "response")
            or len(answer.members) == 1
            or norm(name) in last
            or norm(name) in ("user", "profile")
        ):
            return Records(step(name), shape, listed=False)
    return None


@dataclass(frozen=True)
class Paging:
    """A way to the next page as a spec writes it, and the reasons of what was guessed; no words where none is known."""

    words: dict[str, Any]
    todo: tuple[str, ...] = ()


def paging_of(operation: Operation, records: Records) -> Paging:
    """Recognise how the next page is asked for."""
    known = operation.knobs
    members = list(beside(operation.answer))
    outside = [one for one in members if records.path is None or not one[0].startswith(f"{records.path}.")]
    size, doubt = size_of(known)
    found = _cursor(known, outside, records) or _link(operation, outside) or _counted(known)
    if found is None:
        open_end = next((one for one in known.values() if norm(one.name) in (*CURSORS, "offset") and "string" in one.shape.types), None)
        told = (
            f"pages: the parameter {open_end.name} continues the list, but the answer does not tell where its value stands"
            if open_end
            else ""
        )
        return Paging({}, (told,) if told else ())
    total = next(
        (path for path, name, shape in outside if norm(name) in TOTALS and shape.types <= {"integer", "number"} and shape.types), None
    )
    named = {**found.words, **({"size": size} if size else {}), **({"total": total} if total and "link" not in found.words else {})}
    return Paging(named, (*found.todo, *((doubt,) if doubt and size else ())))


def size_of(known: dict[str, Parameter]) -> tuple[dict[str, int], str]:
    """Find the page-size parameter and the most it takes; the reason where that is a guess."""
    for wanted in SIZES:
        for one in known.values():
            if norm(one.name) != wanted or one.shape.types - {"integer", "number", "string"}:
                continue
            most = one.shape.number("maximum")
            if most is not None and 0 < most <= 100_000:
                return {one.name: most}, ""
            sure = SURELY.search(one.about[:5_000])
            if sure is not None:
                return {one.name: int(sure[1])}, ""
            told = MOST.search(one.about[:5_000])
            if told is not None:
                return {one.name: int(told[1])}, f"the description of {one.name} speaks of {told[1]}: confirm it"
            usual = one.shape.number("default")
            guess = usual if usual is not None and usual > 0 else 100
            return {one.name: guess}, f"the document does not say how large {one.name} may be"
    return {}, ""


def _cursor(known: dict[str, Parameter], outside: list[tuple[str, str, SchemaView]], records: Records) -> Paging | None:
    for one in (one for one in known.values() if one.shape.types == {"string"} and norm(one.name) not in LINKS):
        again = [path for path, name, shape in outside if norm(name) == norm(one.name) and "next" in norm(path) and _is_text(shape)]
        if again:
            return Paging({"cursor": again[0], "param": one.name})
    for wanted in CURSORS:
        for one in (one for one in known.values() if norm(one.name) == wanted and not one.shape.types - {"string", "integer"}):
            exact = [path for path, name, shape in outside if norm(name) == wanted and _is_text(shape)]
            nexts = [path for path, name, shape in outside if _is_text(shape) and _speaks_of_next(path, name)]
            afters = [path for path, name, shape in outside if norm(name) in ("after", "cursor", "endcursor") and _is_text(shape)]
            following = [path for path in exact if "next" in path] or nexts or exact or afters
            if following:
                return Paging({"cursor": following[0], "param": one.name})
            more = next((path for path, name, _ in outside if norm(name) in MORES), None)
            if (
                wanted in ("startingafter", "after", "startafter")
                and more
                and records.path
                and records.shape is not None
                and "id" in records.shape.members
            ):
                last = "[-1].id" if records.path == "@" else f"{records.path}[-1].id"
                return Paging(
                    {"cursor": last, "param": one.name, "more": more}, ("the cursor is taken to be the last record's id: confirm it",)
                )
    return None


def _is_text(shape: SchemaView) -> bool:
    return not shape.types or bool(shape.types & {"string", "integer"})


def _speaks_of_next(path: str, name: str) -> bool:
    return norm(name) in CURSORS and "next" in norm(path) and norm(name) not in LINKS[1:]


def _link(operation: Operation, outside: list[tuple[str, str, SchemaView]]) -> Paging | None:
    if operation.link:
        return Paging({"link": "header"})
    for path, name, shape in outside:
        short = norm(name)
        if short in LINKS and "string" in shape.types and (short != "nextpage" or shape.word("format") in ("uri", "url")):
            return Paging(
                {"link": path},
                ()
                if shape.word("format") in ("uri", "url") or "url" in short or "link" in short
                else (f"{path} is taken to be an address: confirm it",),
            )
        if short == "href" and "next" in [norm(one) for one in words(path)] and "string" in shape.types:
            return Paging({"link": path})
    return None


def _counted(known: dict[str, Parameter]) -> Paging | None:
    for wanted in PAGES:
        for one in (one for one in known.values() if norm(one.name) == wanted and _is_number(one.shape)):
            first = next((number for number in (one.shape.number("default"), one.shape.number("minimum")) if number in (0, 1)), None)
            return Paging(
                {"page": {one.name: 1 if first is None else first}}, () if first is not None else (f"{one.name} is taken to begin with 1",)
            )
    for wanted in OFFSETS:
        for one in (one for one in known.values() if norm(one.name) == wanted and _is_number(one.shape)):
            if "integer" in one.shape.types or (wanted in ("offset", "skip") and one.shape.types != {"string"}):
                return Paging({"offset": one.name})
    return None


def _is_number(shape: SchemaView) -> bool:
    return not shape.types or bool(shape.types & {"integer", "number"}) or shape.types == {"string"}
