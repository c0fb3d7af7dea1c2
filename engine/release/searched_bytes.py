"""The bytes of a file as they are searched: what its format wrote otherwise is undone, and what makes no difference is left out. Pure.

Marks of the format stay apart from the same marks in a text, so that it can be told where a value begins and ends.
"""

from __future__ import annotations

import codecs
import html
import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal

from engine.release.written import plain

FileKind = Literal["html", "json", "csv", "text"]
IN_TEXT = {'"': "\x01", "<": "\x02", ">": "\x03"}
BETWEEN = b" \t\r+().-/\x01\x02\x03"
LEFT_OUT: dict[FileKind, bytes] = {
    "html": BETWEEN + b"\n",
    "json": BETWEEN + b"\n<>",
    "csv": BETWEEN + b"<>",
    "text": BETWEEN + b'\n<>"',
}
JSON_ESCAPE = re.compile(rb"(?:\\u[0-9A-Fa-f]{4})+|\\.", re.DOTALL)
HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
SIMPLE = ((b'\\"', b"\x01"), (b"\\\x01", b"\x01"), (b"\\/", b"/"), *((b"\\" + one, b" ") for one in (b"n", b"r", b"t", b"b", b"f")))
ENTITY = re.compile(rb"&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")
MARKS = b"\"'#$%&*:;<=>?@[\\]^_`{|}~"  # a comma parts numbers of a table, which would run together
PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
MARKED = {ord(mark): instead for mark, instead in IN_TEXT.items()}
DASHES = tuple(map(str.encode, "\u2010\u2011\u2012\u2013"))
DECODER = codecs.getincrementaldecoder("utf-8")
OFTEN = ((b"&#34;", b"\x01"), (b"&#39;", b"'"), (b"&lt;", b"\x02"), (b"&gt;", b"\x03"), (b"&#x27;", b"'"), (b"&quot;", b"\x01"))
FOREIGN = re.compile(rb"[\x80-\xff]+(?:[\x00-\x7f]{1,8}[\x80-\xff]+)*+")  # with what stands between such words
STEP = 4096
SHORT = 32
CONTROL = re.compile(r"[\x00-\x1f]")
MOST_NESTED = 3
MOST_UNITS = 1 << 14
SMALL = bytes(range(256)).lower()
ROWS = SMALL.replace(b"\n", b",")
FEW = 256  # bytes for each sign of an entity: beyond, it is quicker to look at each entity than for each kind of them


def searchable(text: str) -> bytes:
    """Write a text as it stands in bytes that are searched."""
    return folded(_marked(text))


def squeezed(data: bytes, kind: FileKind, further: bytes = b"") -> bytes:
    """Leave out capitals, what stands between words and between the digits of numbers; in a table the end of a row ends a cell.

    `further` marks are left out too.
    """
    return data.translate(ROWS if kind == "csv" else SMALL, LEFT_OUT[kind] + further)


def views(data: bytes, kind: FileKind) -> Iterator[bytes]:
    """Give a piece of a file as its format is read, then as what may be nested in it is read: addresses, JSON, HTML.

    What is ASCII in it has its capitals still, which `squeezed` and `folded` leave out.
    """
    view = _undone(data, kind)
    yield view if view.isascii() else _folded_foreign(view)
    for step in (_html, _json, _addresses) * MOST_NESTED:
        before, view = view, step(view)
        if view is not before and view != before:
            yield view if view.isascii() else _folded_foreign(view)


def _undone(data: bytes, kind: FileKind) -> bytes:
    if kind == "csv":
        return data.replace(b'""', b"\x01\x01")  # as many, which takes half the time
    return _json(data) if kind == "json" else _html(data) if kind == "html" else data


def _json(data: bytes) -> bytes:
    if b"\\" not in data:
        return data
    if b"\\\\" in data or HALVES.search(data):
        return JSON_ESCAPE.sub(_json_escape, data)
    for escape, mark in SIMPLE:  # no stroke stands for itself, so that each begins an escape
        data = data.replace(escape, mark)
    first, *rest = data.split(b"\\u")
    return b"".join([first, *(_UNITS[one[:4]] + one[4:] for one in rest)])


def _html(data: bytes) -> bytes:
    if b"&" not in data:
        return data
    for entity, mark in OFTEN if data.count(b"&") * FEW > len(data) else ():
        data = data.replace(entity, mark)
        if b"&" not in data:
            return data
    return ENTITY.sub(_entity, data)


def _addresses(data: bytes) -> bytes:
    return PERCENT.sub(_percent, data) if b"%" in data else data


def folded(data: bytes) -> bytes:
    """Write bytes so that capitals, accents and the width of letters make no difference."""
    return (data if data.isascii() else _folded_foreign(data)).lower()


def _folded_foreign(data: bytes) -> bytes:
    """Write all but ASCII so."""
    parts, done, at = list[bytes](), 0, 0
    while at < len(data):
        if data[at : at + STEP].isascii():
            at += STEP
        elif (found := FOREIGN.search(data, at)) is not None:
            begins = max(done, found.start() - 1)  # an accent may belong to the letter before
            parts += data[done:begins], _folded(data[begins : found.end()])
            done = at = found.end()
    return b"".join((*parts, data[done:]))


def _folded(piece: bytes) -> bytes:
    """Write a few letters so; a piece may begin and end within one."""
    return _folded_often(piece) if len(piece) <= SHORT else _folded_now(piece)


def _folded_now(piece: bytes) -> bytes:
    start = next((at for at in range(min(4, len(piece))) if piece[at] & 0xC0 != 0x80), 0)
    try:
        text = DECODER("surrogatepass").decode(piece[start:])
    except UnicodeDecodeError:
        text = piece.decode("utf-8", "ignore")
    written = plain(text).encode("utf-8", "surrogatepass")
    if b"\xe2\x80" in written:
        for dash in DASHES:
            written = written.replace(dash, b"-")
    return written


_folded_often = lru_cache(maxsize=1 << 12)(_folded_now)


def _cached(change: Callable[[bytes], bytes]) -> Callable[[re.Match[bytes]], bytes]:
    remembered = lru_cache(maxsize=1 << 14)(change)
    return lambda found: remembered(found[0])


def _marked(text: str) -> bytes:
    """Write a text with other marks than those of the formats, on one line."""
    return CONTROL.sub(" ", text).translate(MARKED).encode("utf-8", "surrogatepass")


class _Units(dict[bytes, bytes]):
    """Characters by the four digits of their escapes."""

    def __missing__(self, digits: bytes) -> bytes:
        try:
            char = _marked(chr(int(digits.decode(), 16))) if len(digits) == 4 else b"\\u" + digits
        except ValueError:
            char = b"\\u" + digits
        return self.setdefault(digits, char) if len(self) < MOST_UNITS else char


_UNITS = _Units()


@_cached
def _json_escape(escape: bytes) -> bytes:
    try:
        return _marked(json.loads(b'"%b"' % escape))
    except ValueError:
        return escape.removeprefix(b"\\") if escape[1:] < b"\x04" else escape  # a quote that was one mark deeper


@_cached
def _entity(entity: bytes) -> bytes:
    return _marked(html.unescape(entity.decode()))


@_cached
def _percent(code: bytes) -> bytes:
    char = bytes.fromhex(code[1:].decode())
    return _marked(char.decode()) if char.isascii() else char
