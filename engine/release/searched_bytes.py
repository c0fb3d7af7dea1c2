"""The bytes of a file as they are searched: what its format wrote otherwise is undone, and what makes no difference is left out. Pure.

Marks of the format stay apart from the same marks in a text, so that it can be told where a value begins and ends.
"""

from __future__ import annotations

import codecs
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal

from engine.release.readable import UNSEEN
from engine.release.written import plain

FileKind = Literal["html", "json", "csv", "text"]
IN_TEXT = {'"': "\x01", "<": "\x02", ">": "\x03"}
BETWEEN = b" \t\r+().-/_\x01\x02\x03"
LEFT_OUT: dict[FileKind, bytes] = {
    "html": BETWEEN + b"\n",
    "json": BETWEEN + b"\n<>",
    "csv": BETWEEN + b"<>",
    "text": BETWEEN + b'\n<>"',
}
JSON_ESCAPE = re.compile(rb"(?:\\u[0-9A-Fa-f]{4})+|\\.", re.DOTALL)
HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
SIMPLE = ((b'\\"', b"\x01"), (b"\\\x01", b"\x01"), (b"\\/", b"/"), *((b"\\" + one, b" ") for one in (b"n", b"r", b"t", b"b", b"f")))
ENTITY = re.compile(rb"&(?:#(?:[xX][0-9a-fA-F]{1,16}|[0-9]{1,16});?|[A-Za-z][A-Za-z0-9]{1,31};)")  # a browser needs no end of a number
MARKS = b"\"'#$%&*:;<=>?@[\\]^`{|}~"  # a comma parts numbers of a table, which would run together
PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
MARKED = {ord(mark): instead for mark, instead in IN_TEXT.items()}
LIKE_ASCII = {**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"), **dict.fromkeys("\u2018\u2019\u02bc", "'")}
ZEROS = (0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0)
DIGITS = "".join(f"{chr(zero)}-{chr(zero + 9)}" for zero in ZEROS)  # from Arabic to Khmer; `[^\D0-9]` would take thrice the time
NO_DIFFERENCE = re.compile(f"[{''.join(LIKE_ASCII)}{UNSEEN}{DIGITS}]")
ACCENT = re.compile("[\u0300-\u036f]")
TAG_IN_PAGE = re.compile(rb"\x02(?:!--|[/A-Za-z])[^<>\x02\x03\n]{0,400}\x03")  # in its text: the page's own tags are written with `<`
TAG = re.compile(rb"[<\x02](?:!--|[/A-Za-z])[^<>\x02\x03\n]{0,400}[>\x03]")
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


def searchable(text: str, *, accents: bool = True) -> bytes:
    """Write a text as it stands in bytes that are searched, with its accents or without."""
    return folded(_marked(text), accents=accents)


def squeezed(data: bytes, kind: FileKind, further: bytes = b"") -> bytes:
    """Leave out capitals, what stands between words and between the digits of numbers; in a table the end of a row ends a cell.

    `further` marks are left out too.
    """
    return data.translate(ROWS if kind == "csv" else SMALL, LEFT_OUT[kind] + further)


def views(data: bytes, kind: FileKind, *, accents: bool = True) -> Iterator[bytes]:
    """Give a piece of a file as its format is read, then as what may be nested in it is read: addresses, JSON, HTML, at last without tags.

    What is ASCII in it has its capitals still, which `squeezed` and `folded` leave out. Accents make no difference unless `accents`.
    """
    view = _undone(data, kind)
    yield view if view.isascii() else _folded_foreign(view, accents)
    for step in (_html, _json, _addresses) * MOST_NESTED:
        before, view = view, step(view)
        if view is not before and view != before:
            yield view if view.isascii() else _folded_foreign(view, accents)
    if b"\x02" in view or (kind != "html" and b"<" in view):
        bare = (TAG_IN_PAGE if kind == "html" else TAG).sub(b" ", view)
        if bare != view:
            yield bare if bare.isascii() else _folded_foreign(bare, accents)


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


def folded(data: bytes, *, accents: bool = True) -> bytes:
    """Write bytes so that capitals, the width of letters and how accents are encoded make no difference; nor accents, unless `accents`."""
    return (data if data.isascii() else _folded_foreign(data, accents)).lower()


def _folded_foreign(data: bytes, accents: bool) -> bytes:  # noqa: FBT001  passed on for each piece
    """Write all but ASCII so."""
    parts, done, at = list[bytes](), 0, 0
    while at < len(data):
        if data[at : at + STEP].isascii():
            at += STEP
        elif (found := FOREIGN.search(data, at)) is not None:
            begins = max(done, found.start() - 1)  # an accent may belong to the letter before
            parts += data[done:begins], _folded(data[begins : found.end()], accents)
            done = at = found.end()
    return b"".join((*parts, data[done:]))


def _folded(piece: bytes, accents: bool) -> bytes:  # noqa: FBT001  for each word
    """Write a few letters so; a piece may begin and end within one."""
    return _folded_often(piece, accents) if len(piece) <= SHORT else _folded_now(piece, accents)


def _folded_now(piece: bytes, accents: bool) -> bytes:  # noqa: FBT001  for each word
    start = next((at for at in range(min(4, len(piece))) if piece[at] & 0xC0 != 0x80), 0)
    try:
        text = DECODER("surrogatepass").decode(piece[start:])
    except UnicodeDecodeError:
        text = piece.decode("utf-8", "ignore")
    text = NO_DIFFERENCE.sub(_like_ascii, text)
    if accents:
        return plain(text).encode("utf-8", "surrogatepass")
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())  # as `plain`, but for what comes off
    return ACCENT.sub("", apart).encode("utf-8", "surrogatepass")


def _like_ascii(found: re.Match[str]) -> str:
    """Write a digit, a dash or an apostrophe as ASCII has it, and leave out what nobody sees."""
    return str(unicodedata.decimal(found[0])) if found[0].isdecimal() else LIKE_ASCII.get(found[0], "")


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
