"""Find the list of records in an answer, how its next page is asked for, and the pair of parameters that slices it by time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct

from engine.language.expressions.select import DOTTED, SelectError, parse_select
from engine.openapi.document.names import CURSORS, OFFSETS, PAGES, SIZES, norm, person_in, words
from engine.openapi.document.operations import Operation, Parameter, plain
from engine.openapi.document.schema_view import SchemaView

LINKS = ("next", "nexturl", "nextlink", "nextpage", "nextpageurl", "nextpageuri", "nexthref", "odatanextlink", "nexturi")
MORES = ("hasmore", "more", "hasnext", "hasnextpage", "hasmoreitems")
TOTALS = ("total", "totalcount", "totalrecords", "totalitems", "totalsize", "totalresults", "totalelements", "totalrows")
LISTS = ("data", "items", "results", "records", "values", "entries", "elements", "value", "list", "rows", "content", "objects", "resources")
WRAPPERS = ("data", "result", "results", "response", "embedded", "payload", "body", "page", "meta")
ADDRESS = re.compile(r"^(?:https?://|/)\S+$|(?i:\b(?:url|uri|link|href)\b)")
SURELY = re.compile(r"(?i)\bmax(?:imum)?(?: value)?(?: is| of|:| =)? ?`?(\d{2,5})\b")
DEEPEST = 3


class Records(Struct, frozen=True):
    """Where an answer's records are: the path (None: the answer is one record), what one record is, and whether it is a list."""

    path: str | None
    shape: SchemaView | None
    listed: bool


def step(name: str) -> str:
    """Write a member's name as JMESPath, in quotes where it needs them."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name)


def usable(path: str) -> bool:
    """Whether an expression can be written into a spec."""
    if len(path) <= 200 and DOTTED.fullmatch(path):
        return True
    try:
        parse_select(path)
    except SelectError:
        return False
    return path.isprintable() and len(path) <= 200


def beside(shape: SchemaView | None, deepest: int = DEEPEST) -> Iterator[tuple[str, str, SchemaView]]:
    """Give the members of an answer that are in no list, the nearest first: path, name, shape."""
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
    written = {norm(segment) for segment in operation.path.split("/") if "{" not in segment}
    person = person_in(operation.path) if "{" not in operation.path else None
    paged = any(is_paging(one.last) for one in operation.places.values())
    lists = [(path, norm(name), shape) for path, name, shape in beside(answer, 2) if shape.is_list]
    rules = (
        [one for one in lists if one[1] == last],
        [one for one in lists if one[1] in LISTS and "." not in one[0]],
        [one for one in lists if person is not None and person_in(one[1]) == person],
        [one for one in lists if one[1] in written and "." not in one[0] and len(lists) == 1],
        [one for one in lists if one[1] in LISTS and (paged or norm(one[0].partition(".")[0]) in WRAPPERS)],
        [one for one in lists if paged and one[2].elements is not None and one[2].elements.members],
        lists if paged else [],
    )
    found = next((rule[0] for rule in rules if rule), None)
    if found is not None:
        return Records(found[0], found[2].elements, listed=True)
    return _wrapped(answer, last) or Records(None, answer, listed=False)


def is_paging(name: str) -> bool:
    """Whether a parameter asks for a page, or says how large it is."""
    return norm(name) in (*PAGES, *CURSORS, *OFFSETS, *SIZES)


def _wrapped(answer: SchemaView, last: str) -> Records | None:
    """Find the one record of an answer that holds it in a member, such as `{ok: true, user: {...}}`."""
    maps = [(name, shape) for name, shape in answer.members.items() if shape.members and not shape.is_list]
    if len(maps) != 1 or len(answer.members) > 3 or not usable(step(maps[0][0])):
        return None
    name, shape = maps[0]
    if norm(name) in ("data", "result", "response", "user", "profile") or norm(name) in last or len(answer.members) == 1:
        return Records(step(name), shape, listed=False)
    return None


class Paging(Struct, frozen=True):
    """`pagination` as a spec writes it, empty where no way is known, and what remains to be confirmed."""

    words: dict[str, Any]
    todo: tuple[str, ...] = ()


def paging_of(operation: Operation, records: Records) -> Paging:
    """Find how the next page is asked for."""
    known = operation.places
    outside = [one for one in beside(operation.answer) if records.path is None or not one[0].startswith(f"{records.path}.")]
    found = _cursor(known, outside, records) or _link(operation, outside) or _page(known) or _offset(known)
    if found is None:
        return Paging({}, _untold(operation, known, outside))
    parameter, doubts = size_parameter(known), found.todo
    most = most_of(parameter) if parameter is not None else None
    if parameter is not None and most is None:
        doubts += (f"size: the document does not say how large {parameter.name} may be",)
    total = next(
        (path for path, name, shape in outside if norm(name) in TOTALS and shape.types and shape.types <= {"integer", "number"}), None
    )
    size = {"size": {parameter.name: most}} if parameter is not None and most is not None else {}
    return Paging({**found.words, **size, **({"total": total} if total and "link" not in found.words else {})}, doubts)


def room(body: Mapping[str, Any], pages: Mapping[str, Any]) -> dict[str, Any]:
    """Give a body with the maps in which its pages are asked for: in each the first page's number and size, else a cursor of null."""
    made = dict(body)
    numbers = {**pages.get("page", {}), **pages.get("size", {}), **({pages["offset"]: 0} if "offset" in pages else {})}
    for name, number in numbers.items():
        _put(made, name, number)
    if "param" in pages:
        _put(made, pages["param"], None)
    return made


def _put(body: dict[str, Any], place: str, value: int | None) -> None:
    """Write a value at a dotted place of a body; null only where its map would hold nothing, and at the top nothing at all."""
    *steps, last = place.split(".")
    for step in steps:
        body[step] = dict(body[step]) if isinstance(body.get(step), dict) else {}
        body = body[step]
    if steps and (value is not None or not body):
        body.setdefault(last, value)


def _untold(operation: Operation, known: dict[str, Parameter], outside: list[tuple[str, str, SchemaView]]) -> tuple[str, ...]:
    """Say that a list has pages though no way to the next one is told: by a parameter, else by a member of the answer."""
    goes_on = next((one.name for one in known.values() if norm(one.last) in (*CURSORS, *PAGES, *OFFSETS)), None)
    if goes_on is not None:
        return (f"pages: the parameter {plain(goes_on, 40)} continues the list, but the answer does not tell where its value stands",)
    told = next((path for path, name, _ in outside if norm(name) in (*LINKS, *MORES, "nextcursor", "nextpagetoken")), None)
    if told is not None:
        return (f"pages: {told} in the answer of {operation.label} tells of pages: how is the next one asked for?",)
    return ()


def _named(known: dict[str, Parameter], names: tuple[str, ...]) -> list[Parameter]:
    """Give the parameters whose name is one of a word list, in the order of the list."""
    return sorted((one for one in known.values() if norm(one.last) in names), key=lambda one: names.index(norm(one.last)))


def size_parameter(known: dict[str, Parameter]) -> Parameter | None:
    """Find the parameter that says how large a page is."""
    return next((one for one in _named(known, SIZES) if not one.shape.types - {"integer", "number", "string"}), None)


def most_of(parameter: Parameter) -> int | None:
    """Give the largest page that the document allows, by `maximum` or in plain words."""
    most, told = parameter.shape.number("maximum"), SURELY.search(parameter.about[:5_000])
    return most if most is not None and 0 < most <= 100_000 else int(told[1]) if told is not None else None


def _is_address(shape: SchemaView) -> bool:
    """Whether a text is an address: its format says so, or what is shown of it."""
    shown = (shape.word("example"), shape.word("default"), shape.word("description"))
    return shape.word("format") in ("uri", "url", "uri-reference") or any(ADDRESS.search(one[:500]) for one in shown)


def _cursor(known: dict[str, Parameter], outside: list[tuple[str, str, SchemaView]], records: Records) -> Paging | None:
    texts = [
        (path, norm(name))
        for path, name, shape in outside
        if (not shape.types or shape.types & {"string", "integer"}) and not _is_address(shape)
    ]
    for parameter in known.values():
        again = next((path for path, short in texts if short == norm(parameter.last) and "next" in norm(path)), None)
        if again is not None and parameter.shape.types == {"string"} and norm(parameter.last) not in LINKS:
            return Paging({"cursor": again, "param": parameter.name})
    nexts = [path for path, short in texts if short in CURSORS and short not in LINKS[1:] and "next" in norm(path)]
    afters = [path for path, short in texts if short in ("after", "cursor", "endcursor")]
    for parameter in (one for one in _named(known, CURSORS) if not one.shape.types - {"string", "integer"}):
        exact = [path for path, short in texts if short == norm(parameter.last)]
        cursor = next((path for path in (*(path for path in exact if "next" in path), *nexts, *exact, *afters)), None)
        if cursor is not None:
            return Paging({"cursor": cursor, "param": parameter.name})
        more = next((path for path, name, _ in outside if norm(name) in MORES), None)
        follows = norm(parameter.last) in ("startingafter", "after", "startafter")
        if follows and more and records.path and records.shape is not None and "id" in records.shape.members:
            last = "[-1].id" if records.path == "@" else f"{records.path}[-1].id"
            doubt = "the cursor is taken to be the last record's id: confirm it"
            return Paging({"cursor": last, "param": parameter.name, "more": more}, (doubt,))
    return None


def _link(operation: Operation, outside: list[tuple[str, str, SchemaView]]) -> Paging | None:
    if operation.link:
        return Paging({"link": "header"})
    for path, name, shape in outside:
        short, surely = norm(name), _is_address(shape)
        if "string" not in shape.types or not (short in LINKS or (short == "href" and "next" in map(norm, words(path)))):
            continue
        if short != "nextpage" or surely:
            plainly = surely or short == "href" or "url" in short or "link" in short
            return Paging({"link": path}, () if plainly else (f"{path} is taken to be an address: confirm it",))
    return None


def _page(known: dict[str, Parameter]) -> Paging | None:
    found = next((one for one in _named(known, PAGES) if _is_number(one.shape)), None)
    if found is None:
        return None
    first = next((number for number in (found.shape.number("default"), found.shape.number("minimum")) if number in (0, 1)), None)
    doubts = () if first is not None else (f"{found.name} is taken to begin with 1",)
    return Paging({"page": {found.name: 1 if first is None else first}}, doubts)


def _offset(known: dict[str, Parameter]) -> Paging | None:
    for parameter in (one for one in _named(known, OFFSETS) if _is_number(one.shape)):
        plainly = norm(parameter.last) in ("offset", "skip") and parameter.shape.types != {"string"}
        if plainly or "integer" in parameter.shape.types:
            return Paging({"offset": parameter.name})
    return None


def _is_number(shape: SchemaView) -> bool:
    return not shape.types or bool(shape.types & {"integer", "number"}) or shape.types == {"string"}


ENDS = (("from", "to"), ("start", "end"), ("begin", "end"), ("since", "until"), ("after", "before"), ("oldest", "latest"), ("min", "max"))
FORMS = {"date": ".date", "date-time": ""}  # what a format of JSON Schema is as a form of <FROM> and <TO>
IN_WORDS = re.compile(r"(?i)millisecond|epoch|unix|8601|3339|date-time|yyyy-mm-dd")
STEP, SINCE = "28d", "2015-01-01"


class DraftWindow(Struct, frozen=True):
    """The two parameters with their values, and what must be confirmed of the window."""

    params: dict[str, str]
    todo: tuple[str, ...]

    @property
    def words(self) -> dict[str, str]:
        """`window` as a spec writes it."""
        return {"step": STEP, "since": SINCE}


def window_of(known: Mapping[str, Parameter]) -> tuple[DraftWindow | None, list[str]]:
    """Find a window whose form the document's `format` tells; where only its description does, that is said and no window made."""
    short = {norm(name): parameter for name, parameter in known.items()}
    for first, last in ENDS:
        for name, start in short.items():
            end = short.get(name.replace(first, last)) if first in name else None
            if end is None:
                continue
            form = FORMS.get(start.shape.word("format"))
            if form is not None:
                return DraftWindow({start.name: f"<FROM{form}>", end.name: f"<TO{form}>"}, tuple(_doubts(start, end))), []
            if IN_WORDS.search(start.about[:5_000]):
                return None, [
                    f"{start.name} and {end.name} may limit the answer in time: does all come without them? Else write a `window`"
                ]
    return None, []


def _doubts(start: Parameter, end: Parameter) -> list[str]:
    told = " ".join(dict.fromkeys(one.about.strip() for one in (start, end) if one.about.strip()))
    said = f"The document says: {told[:200]}" if told else "The document does not say"
    doubts = [f"step: how long may a range between {start.name} and {end.name} be? {said}"]
    doubts.append("since: how far back does the vendor keep this? The document does not say")
    if not start.required:
        doubts.append(
            f"{start.name} and {end.name} may be left out: where all comes without them, and nothing lacks a date, drop the window"
        )
    return doubts
