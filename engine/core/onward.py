"""What an answer tells beside its records: that there is a next page, or more records than came.

For lists with `pagination: none`, and for the answer with which any other list seems to end.

The names are those that vendors use, in members and in headers; case, `_`, `-`, `.`, `@` and `$` aside.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from engine.language.expressions import lossless_json

NEXT = frozenset(
    (
        *("next", "nextpage", "nextcursor", "nextpagecursor", "nextpagetoken", "nexttoken", "nextlink", "nexturl", "nexthref", "nexturi"),
        *(
            "nextoffset",
            "nextmarker",
            "nextpageurl",
            "nextpagelink",
            "nextrecordsurl",
            "odatanextlink",
            "hasmore",
            "hasnext",
            "hasnextpage",
        ),
        *("hasmoreitems", "hasmoreresults", "more", "moreavailable", "morerecords", "continuation", "continuationtoken"),
    )
)
TOTAL = frozenset(
    (
        *("total", "totalcount", "totalitems", "totalrecords", "totalresults", "totalsize", "totalelements", "totalhits", "totalnumber"),
        *("count", "totalrows", "totalentries", "recordcount", "odatacount", "contentrange"),
    )
)
PAGES = frozenset(("pages", "totalpages", "pagecount", "pagestotal", "lastpage"))
HOLDERS = frozenset(
    (
        *("paging", "pagination", "pager", "page", "pageinfo", "meta", "metadata", "responsemetadata", "info"),
        *("links", "link", "cursor", "cursors", "searchinformation", "resultset"),
    )
)
CUT = frozenset(("truncated", "istruncated", "incomplete", "incompleteresults", "partial", "ispartial", "partialresults", "timedout"))
# A page that leads on may be `truncated`, `partial` or incomplete for that alone.
GAPS = frozenset(("timedout", "incompleteresults", "partialresults"))
GAP_WORDS = (b"timed", b"incomplete", b"partial")
LAST = frozenset(("last", "islast", "islastpage", "done", "complete", "iscomplete"))
# Of these a map that is an object of its own may tell what it is: `complete: false`, `status: "failed"`.
AMBIGUOUS = frozenset(("complete", "partial", "ispartial", "timedout", "success", "succeeded", "ok", "status", "statuscode"))
OWN = frozenset(
    (
        *("id", "uuid", "guid", "gid", "uid", "key", "name", "title", "createdat", "createdon", "createdtime", "created"),
        *("updatedat", "updatedon", "updatedtime", "modifiedat", "modifiedon", "modified"),
    )
)
ENVELOPES = HOLDERS | {"data", "d", "body", "payload", "content", "list", "records", "items", "embedded"}
ANSWERS = ("response", "result", "results")
YES_OR_NO = frozenset(("hasmore", "hasnext", "hasnextpage", "hasmoreitems", "hasmoreresults", "more", "moreavailable", "morerecords"))
HEADED = ("x-", "wp-", "pagination-")
NO = ("", "false", "no", "n", "off", "0", "none", "null")
DEEPEST = 4
UNLED = "no word of the spec leads there"


def says(value: Any) -> bool | None:
    """Read a yes or no as vendors write it: true, 1, "yes", "True"; None for null. What is empty is no, as in JMESPath; all else yes."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip().lower() not in NO
    return bool(value)


def leads_nowhere(value: Any) -> bool:
    """Whether a page token or a link is how vendors write that no page follows."""
    return value is None or value == "" or value is False


def count_of(value: Any) -> int | None:
    """Read a number of records: a whole number, or a text of digits. None for anything else."""
    if isinstance(value, bool):
        return None
    text = lossless_json.text_of(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


def form_of(value: Any) -> str | None:
    """Name the form of what should be a number of records and is none; None for null and for a number of records."""
    if value is None or count_of(value) is not None:
        return None
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a map"
    if isinstance(value, str):
        return "a text that is no whole number"
    if value < 0:
        return "a negative number"
    return "a number that is not whole" if isinstance(value, lossless_json.Number) else "a number of too many digits"


def beyond(levels: Iterable[Mapping[str, bytes]], came: int) -> str | None:
    """Say what the maps around a list tell of what did not come; None if nothing. `levels` hold JSON texts by their names."""
    return next((words for path, value in _told(levels) if (words := _words(path, value, came)) is not None), None)


def unled(levels: Iterable[Mapping[str, bytes]], *, proven: bool = False) -> str | None:
    """Say what the maps around a list that seems to end tell of a further page, to which no word of the spec leads; None if nothing.

    Numbers of records and of pages say nothing here: `total` is the word for them, and they may count something else. Nor does
    `done` beside the list: of a course, say. `proven`: an empty page shows the end, which only a yes or no denies, because some vendors
    add one to every page's number.
    """
    told = (pair for pair in _told(levels) if pair[0].lower() != "done" and not (proven and _leads(pair[0])))
    return next((words for path, value in told if (words := _next_told(path, value, UNLED, UNLED)) is not None), None)


def gap(levels: Iterable[Mapping[str, bytes]]) -> str | None:
    """Say what the maps around a list, of any of its pages, tell of records that it should hold and does not; None if nothing."""
    told = (path for path, value in _told(levels) if _plain(path.rpartition(".")[2]) in GAPS and says(value))
    return next((f"a page says that it is not whole (`{path}`)" for path in told), None)


def _leads(path: str) -> bool:
    name = _plain(path.rpartition(".")[2])
    return name in NEXT and name not in YES_OR_NO


def of_the_list(path: Sequence[str], names: Collection[str]) -> Collection[str]:
    """Give the names of the members of a map that speak of the list in it. `path` leads to the map.

    The words of a map that is an object of its own are its own: it has an `id` or its like, or stands where no vendor's envelope does.
    """
    last = _plain(path[-1]) if path else ""
    enveloped = not path or last in ENVELOPES or last.endswith(ANSWERS)
    own = not enveloped or any(_plain(name) in OWN for name in names)
    return [name for name in names if _plain(name) not in AMBIGUOUS] if own else names


def _told(levels: Iterable[Mapping[str, bytes]]) -> Iterator[tuple[str, Any]]:
    for members in levels:
        found = {name: lossless_json.loads(bytes(raw)) for name, raw in members.items() if _plain(name) in KNOWN}
        yield from _leaves(found, "")


def told_in_headers(headers: Mapping[str, str]) -> dict[str, bytes]:
    """Give what the headers of an answer tell of pages, as JSON texts by their names: `x-total-count`, `content-range: items 0-24/120`."""
    found = {name: value for name, value in headers.items() if _plain(name) in TOLD}
    whole = found.pop("content-range", "bytes").partition("/")
    if not whole[0].startswith("bytes"):
        found["content-range"] = whole[2]
    return {name: json.dumps(value).encode() for name, value in found.items()}


def _words(path: str, value: Any, came: int) -> str | None:
    name = _plain(path.rpartition(".")[2])
    number = count_of(value)
    if name in PAGES and number is not None and number > 1:
        return f"the answer tells of {number} pages (`{path}`), and the spec reads no further one"
    if name in TOTAL and number is not None and number > came:
        return f"the answer announces {number} records (`{path}`) and holds {came}, and the spec reads no further page"
    return _next_told(path, value, "the spec reads no further one", "the spec reads no further page")


def _next_told(path: str, value: Any, of_next: str, of_rest: str) -> str | None:
    name = _plain(path.rpartition(".")[2])
    if name in NEXT and says(value):
        return f"the answer tells of a next page (`{path}`), and {of_next}"
    if (name in CUT and says(value)) or (name in LAST and value is False):
        return f"the answer says that it is not the whole list (`{path}`), and {of_rest}"
    return None


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Give the members that tell of pages, with their paths: of `next` and its like the first text or number inside."""
    if not isinstance(value, dict) or path.count(".") >= DEEPEST:
        return
    for name, inner in value.items():
        plain, where = _plain(name), f"{path}.{name}".lstrip(".") if path else name
        if plain in NEXT:
            yield where, any(says(one) for one in _scalars(inner))
        elif plain in TOTAL and isinstance(inner, dict):
            yield where, inner.get("value")
        elif plain in ENDS:
            yield where, inner
        if plain in HOLDERS or plain in PAGES:
            yield from _leaves(inner, where)
            if isinstance(inner, list) and any(isinstance(one, dict) and one.get("rel") == "next" for one in inner):
                yield f"{where}.next", True


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _scalars(inner)
    else:
        yield value


@lru_cache(maxsize=1 << 10)  # every answer has the same few names
def _plain(name: str) -> str:
    name = name.lower()
    for prefix in HEADED:
        name = name.removeprefix(prefix)
    return "".join(letter for letter in name if letter not in "_-.@$ ")


ENDS = TOTAL | PAGES | CUT | LAST
TOLD = NEXT | ENDS
KNOWN = TOLD | HOLDERS
