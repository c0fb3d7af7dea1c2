"""Read an answer's JSON body only as far as the spec asks: an `Envelope` around records, which stay the bytes the vendor sent.

The fast way splits the text without decoding it (msgspec.Raw). What it cannot do (half a surrogate pair, an expression that
is no dotted path) goes through a decoded tree that keeps every number as it was written.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import product
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from engine.core.failure import ERROR_NAMES, NOTHING, OF_ERRORS, TELLING_NAMES, fails
from engine.core.identity import means_nothing
from engine.core.onward import of_the_list
from engine.core.twice import edges, twice, without
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select, Steps, walk

MAP = msgspec.json.Decoder(dict[str, msgspec.Raw])
LIST = msgspec.json.Decoder(list[msgspec.Raw])
MOST_VALUES = 2_000_000
BLANKS = b" \t\r\n"
ERROR_HOLDERS = ((), ("meta",), ("metadata",))
NULL = "null"
KINDS = {ord("{"): "a map", ord("["): "a list", ord('"'): "a text", ord("n"): NULL, ord("t"): "true or false", ord("f"): "true or false"}


class NotJson(ValueError):
    """The body is not JSON in UTF-8."""


class TooDeep(NotJson):
    """The body is nested deeper than can be read."""


class TooMany(ValueError):
    """The body holds over MOST_VALUES values: splitting it would take too much memory."""


class PathMissing:
    """The result for a path that the answer does not have, which is not the same as null."""


MISSING = PathMissing()


class Envelope:
    """One body. Raises NotJson or TooMany when it is created, never later."""

    def __init__(self, body: bytes, tops: tuple[str, ...] = (), listed: str | None = None) -> None:
        """Check that the body is JSON, and split its top level in one pass.

        `tops` are the members that will be asked for, `listed` is the one that holds the records.
        """
        if len(body) > MOST_VALUES and body.count(b",") > MOST_VALUES:
            raise TooMany
        self.body = body.removeprefix(BOM_UTF8).strip(BLANKS)
        self.top: dict[str, Any] | None = None
        self.slow = self.alone = self._repeats = False
        self._tops, self._listed, self._partly = tops, listed, False
        self._around = self.body
        self._unproven: Sequence[Any] | None = None
        try:
            if not self.body.isascii():
                self.body.decode("utf-8")
            if b"\n" in self.body or b"\r" in self.body:
                self.body = self._around = msgspec.json.format(self.body, indent=-1)
            self._split()
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self._slowly()

    def _split(self) -> None:
        """Split a JSON object; any other JSON is only checked."""
        if self.body[:1] != b"{":
            msgspec.json.decode(self.body, type=msgspec.Raw)
            return
        try:
            row = _shape(self._tops, self._listed).decode(self.body)
        except msgspec.ValidationError:
            self.top = MAP.decode(self.body)
        else:
            found = zip((*self._tops, self._listed), msgspec.structs.astuple(row), strict=False)
            self.top = {name: value for name, value in found if name is not None and value is not msgspec.UNSET}
            self._partly = True

    def _slowly(self) -> None:
        """Decode what msgspec refuses and the standard decoder accepts, such as half a surrogate pair. Raises NotJson, TooDeep."""
        self.slow = True
        try:
            self._repeats = lossless_json.repeats(self.body)
            self.body = lossless_json.dumps(self.tree)
        except RecursionError:
            raise TooDeep from None
        except ValueError:
            raise NotJson from None

    @cached_property
    def tree(self) -> Any:
        """The whole answer, decoded; numbers as they were written."""
        return lossless_json.loads(self.body)

    def find(self, select: Select | None) -> Any:
        """Give what a path finds, decoded; None if it finds nothing, or there is no path."""
        if select is None:
            return None
        if select.steps and not self.slow:
            raw = self.raw(select.steps)
            return None if isinstance(raw, PathMissing) else lossless_json.loads(bytes(raw))
        return select.search(self.tree)

    def raw(self, steps: tuple[str, ...]) -> msgspec.Raw | PathMissing:
        """Give the JSON text at a dotted path, decoding nothing beside it; MISSING if the answer lacks it."""
        if self._partly and steps and steps[0] not in self._tops:
            self.top, self._partly = MAP.decode(self.body), False
        level, raw = self.top, msgspec.Raw(self.body)
        for index, step in enumerate(steps):
            if level is None or step not in level:
                return MISSING
            raw = level[step]
            if index + 1 < len(steps):
                level = MAP.decode(raw) if _first(raw) == b"{" else None
        return raw

    def lacks(self, select: Select) -> bool:
        """Whether the answer has no member at a path, which is not the same as null; of an expression, whether it finds nothing."""
        if not select.steps:
            return select.search(self.tree) is None
        value = self.tree
        for step in select.steps:
            if value is None:
                return False
            if not isinstance(value, dict) or step not in value:
                return True
            value = value[step]
        return False

    def beside(self, select: Select | None) -> list[dict[str, Any]]:
        """Give the members that stand beside the records, of each map on the way to them; their values are JSON texts.

        Without those that speak of a map that is an object of its own.
        """
        if select is None or self.slow or select.steps is None:
            members = self.tree if isinstance(self.tree, dict) else {}
            return [{name: lossless_json.dumps(members[name]) for name in of_the_list((), members)}]
        found, level = list[dict[str, Any]](), self._around
        for depth, step in enumerate(select.steps):
            members = MAP.decode(level) if level.lstrip()[:1] == b"{" else {}
            found.append({name: members[name] for name in of_the_list(select.steps[:depth], members) if name != step})
            level = bytes(members.get(step, b""))
        return found

    def records(self, select: Select | None) -> list[Any] | PathMissing | None:
        """Give the records, each as bytes. MISSING: the answer lacks the path; None: what is there is no list, object or null.

        Where there is no list but an object, that is the one record, and `alone` is set.
        """
        if self.slow or (select is not None and select.steps is None):
            return self._searched(select)
        if self._partly and self.top is not None and select is not None and select.steps == (self._listed,):
            listed: list[Any] | PathMissing | None = self.top.get(select.text, MISSING)
            return [] if listed is None else listed
        raw = self.raw(select.steps or () if select is not None else ())
        if isinstance(raw, PathMissing):
            return MISSING
        first = _first(raw)
        if first == b"[" and select is not None:
            return LIST.decode(raw)
        if first == b"n":
            return []
        self.alone = first == b"{"
        return [raw] if first in (b"{", b"[") else None

    def cut(self, records: Sequence[Any], *, roughly: bool) -> None:
        """Leave a list's records out of what is looked at beside them: it is short then. `records` are those that `records` gave.

        `roughly` costs nothing for each record, and looks at nothing where it is not plain what they are. What it finds is proven then.
        """
        if not self.alone and (roughly or not self.slow):
            self._around = b"" if self.slow else edges(self.body, records) if roughly else without(self.body, records)
            self._unproven = records if roughly else None

    def tells(self, words: Iterable[bytes]) -> bool:
        """Whether one of these words, in small letters, stands beside the records that were cut."""
        around = self._around.lower()
        told = any(word in around for word in words)
        if told and self._unproven is not None:
            self.cut(self._unproven, roughly=False)
        return told

    def twice(self, paths: Sequence[Steps]) -> str | None:
        """Name a member on one of these paths that stands twice in its map; None without."""
        if self.slow:
            return "a member" if self._repeats else None
        found = twice(self._around, paths) if paths else None
        if found and self._unproven is not None:
            self.cut(self._unproven, roughly=False)
            found = twice(self._around, paths)
        return f"`{found}`" if found else None

    def error_beside(self, steps: tuple[str, ...]) -> str | None:
        """Name a member on the way to the records that holds an error, such as `error`, or a failure, such as `success`; None without."""
        for depth, holder in product(range(len(steps)), ERROR_HOLDERS):
            names = self._level((*steps[:depth], *holder))
            level = names if holder else of_the_list(steps[:depth], names)
            for name in TELLING_NAMES if level else ():
                if name in level and fails(name, self._member((*steps[:depth], *holder, name))):
                    return ".".join((*holder, name))
        return None

    def error_alone(self) -> str | None:
        """Name the member such as `error` that is all the answer says; None if there is none, or what no error says stands beside it."""
        name = self.error_beside(("",))
        level = set[str]() if name is None else set(self._level(())) - {*ERROR_NAMES, *OF_ERRORS, name.partition(".")[0]}
        return None if any(self._member((one,)) not in NOTHING for one in level) else name

    def _level(self, steps: tuple[str, ...]) -> Collection[str]:
        """Give the names of the members of the map at a dotted path; none where no map is there."""
        if self.slow:
            found = walk(self.tree, steps)
            return found if isinstance(found, dict) else ()
        raw = self.raw(steps)
        return () if isinstance(raw, PathMissing) or _first(raw) != b"{" else MAP.decode(raw)

    def _member(self, steps: tuple[str, ...]) -> Any:
        """Give the value at a dotted path, decoded; None if the answer lacks it."""
        if not self.slow:
            raw = self.raw(steps)
            return None if isinstance(raw, PathMissing) else lossless_json.loads(bytes(raw))
        return walk(self.tree, steps)

    def _searched(self, select: Select | None) -> list[Any] | PathMissing | None:
        """Give the records that an expression finds in the decoded answer."""
        found = self.tree if select is None else select.search(self.tree)
        if found is None:
            return MISSING
        if isinstance(found, list) and select is not None:
            return [lossless_json.dumps(one) for one in found]
        self.alone = isinstance(found, dict)
        return [lossless_json.dumps(found)] if isinstance(found, (dict, list)) else None


@lru_cache(maxsize=256)
def _shape(tops: tuple[str, ...], listed: str | None) -> msgspec.json.Decoder[Any]:
    fields: list[tuple[str, Any, Any]] = [(f"f{index}", msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for index in range(len(tops))]
    names = {f"f{index}": name for index, name in enumerate(tops)}
    if listed is not None:
        fields.append(("listed", list[msgspec.Raw] | None | msgspec.UnsetType, msgspec.UNSET))
        names["listed"] = listed
    return msgspec.json.Decoder(msgspec.defstruct("Shape", fields, rename=names))


def _first(raw: msgspec.Raw) -> bytes:
    """Give the first character of a JSON text that is not white space."""
    return bytes(memoryview(raw)[:1]) if bytes(memoryview(raw)[:1]) not in (b" ", b"\t") else bytes(raw).lstrip()[:1]


@lru_cache(maxsize=256)
def _column(name: str) -> msgspec.json.Decoder[Any]:
    made = msgspec.defstruct("Column", [("found", msgspec.Raw, msgspec.Raw(b""))], rename={"found": name}, gc=False)
    return msgspec.json.Decoder(list[made])  # type: ignore[valid-type]


@lru_cache(maxsize=256)
def _keys(name: str, kind: type) -> msgspec.json.Decoder[Any]:
    made = msgspec.defstruct("Keys", [("found", kind | None, None)], rename={"found": name}, gc=False)
    return msgspec.json.Decoder(made)


FOUND = attrgetter("found")
FIRST = itemgetter(0)


def kinds_of(records: Sequence[Any]) -> frozenset[str]:
    """Name the kinds of JSON values that stand in a list."""
    views: Iterable[memoryview[int]] = map(memoryview, records)
    return frozenset(KINDS.get(first, "a number") for first in set(map(FIRST, views)))


def without_null(records: Sequence[Any]) -> Sequence[Any]:
    """Leave out what is null."""
    return [record for record in records if bytes(record) != b"null"]


def lines_of(records: Sequence[Any]) -> bytes:
    """Join records to lines, each ended by a newline."""
    return b"\n".join([*records, b""])


def key_digests(texts: Sequence[bytes], lines: bytes, key: Select) -> list[int]:
    """Give a 64-bit digest of each record's key; 0 for a record without one. They are valid in this process only.

    `lines` holds the same records, one a line. A number is digested as its text, because Python's hash of a number is that
    number; inverted, so that it differs from the same text.
    """
    keys = _quick(lines, key, str)
    if keys is not None:
        names = list(map(hash, keys))
    elif (keys := _quick(lines, key, int)) is not None:
        names = [~hash(str(one)) for one in keys]
    else:
        keys = [_scalar(text) for text in column(texts, key)]
        names = [hash(one) if isinstance(one, str) else ~hash(one) for one in keys]
    if 0 in names:
        names = [name or 1 for name in names]
    if None in keys:
        names = [0 if one is None else name for one, name in zip(keys, names, strict=True)]
    return names


def digests(texts: Sequence[bytes], lines: bytes, key: Select) -> tuple[list[int], list[int]]:
    """Give two 64-bit digests per record: of its key (never 0) and of its bytes. They are valid in this process only.

    `lines` holds the same records, one a line. A record without a key gets the digest of its bytes for both.
    """
    contents = list(map(hash, texts))
    names = key_digests(texts, lines, key)
    if 0 in names:
        names = [name or content or 1 for name, content in zip(names, contents, strict=True)]
    return names, contents


def _quick(lines: bytes, key: Select, kind: type) -> list[Any] | None:
    """Read one plain member of each record, decoding nothing else; None if a record has another type there than `kind`."""
    if key.steps is None or len(key.steps) != 1:
        return None
    try:
        return list(map(FOUND, _keys(key.steps[0], kind).decode_lines(lines)))
    except msgspec.DecodeError:
        return None


def _scalar(json_text: bytes | None) -> str | bytes | None:
    """Give a JSON string decoded, anything else as its JSON text."""
    return json_text if json_text is None or json_text[:1] != b'"' else str(lossless_json.loads(json_text))


def column(records: Sequence[Any], select: Select) -> list[bytes | None]:
    """Give one field of each record as JSON text; None where a record lacks it or has null.

    A plain name is read without decoding the rest of the record.
    """
    if select.steps is not None and len(select.steps) == 1:
        try:
            rows = _column(select.steps[0]).decode(b"[" + b",".join(records) + b"]")
            return [text if (text := bytes(row.found)) and text != b"null" else None for row in rows]
        except msgspec.DecodeError:
            pass
    found = (select.search(lossless_json.loads(bytes(record))) for record in records)
    return [None if value is None else lossless_json.dumps(value) for value in found]


UNUSABLE = ""


def request_values(records: Sequence[Any], paths: Iterable[Select]) -> list[list[str | None]]:
    """Give fields of records as values of requests, a column for each path; None where a record has none, or an object or a list.

    UNUSABLE where the value means nothing or everybody, or the record holds a member twice: no request can be written with it, so
    that what would have asked for it says why it did not.
    """
    twice = [lossless_json.repeats(bytes(record)) for record in records]
    return [
        [UNUSABLE if repeated else _request_value(text) for repeated, text in zip(twice, column(records, path), strict=True)]
        for path in paths
    ]


def _request_value(json_text: bytes | None) -> str | None:
    """Give a string decoded, any other scalar as `Json`, which keeps its JSON type."""
    if json_text is None or json_text[:1] in (b"{", b"["):
        return None
    value = lossless_json.loads(json_text)
    if means_nothing(value):
        return UNUSABLE
    return value if isinstance(value, str) else lossless_json.Json(json_text.decode("utf-8"))
