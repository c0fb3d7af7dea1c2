"""Judge a downloaded file: when one that is still coming is too large, and why one that came may not be the file a record names.

A file is believed where its size is the announced one. Where none was announced, an error in the file's place shows by its form.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from engine.core.sizes import size_text
from engine.discreet import Discreet

LARGEST_FILE = 10 * 10**9
SLACK = 2**20
SMALL = 64 * 1024
WEB_PAGES = ("text/html", "application/xhtml+xml")
WEB_PAGE = re.compile(
    rb"(?:(?><\?.*?\?>)\s*(?:(?><!--.*?-->)\s*)*+)?<(?:!doctype\s+html|html|head|meta|title|body|script)\b", re.IGNORECASE | re.DOTALL
)
XML_STARTS = (b"<?xml", b"<Error>")
COMMENTS = re.compile(rb"(?:<!--.*?-->\s*)*", re.DOTALL)
UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
WEB_ENDINGS = ("html", "htm", "xhtml", "mht", "mhtml")
XML = ("application/xml", "text/xml", "application/problem+xml")
XML_ENDINGS = ("xml", "svg", "gpx", "kml", "rss", "plist")
A_WEB_PAGE = "a web page came in its place"
JSON_CAME = "JSON came in its place"
XML_CAME = "XML came in its place"
EMPTY = "an empty answer came in its place"
ANOTHER_SIZE = "its size is not the one announced"
NO_LENGTH = "nothing shows that it came to its end: neither a length nor a size was told"
TOO_LONG = "it is larger than announced, and was stopped"
NAMED = re.compile(r"""filename\*?\s*=\s*(?:"([^"]*)"|([^\s;]+))""", re.IGNORECASE)


class FileFacts(Discreet, Struct, frozen=True):
    """What is known of a file that came. `whole`: its answer showed where it ends; `text`: its first bytes, all of a small one."""

    HIDDEN = ("text",)

    size: int
    announced: int | None = None
    whole: bool = True
    media_type: str = ""
    ending: str = ""
    text: bytes = b""


def most_bytes(announced: int | None, largest: int) -> int:
    """Give the bytes after which a file is stopped: soon after its announced size (a tenth and 1 MiB more), else at `largest`."""
    return largest if announced is None else announced + announced // 10 + SLACK


def too_large(announced: int | None, largest: int) -> str:
    """Say why a file was stopped."""
    return TOO_LONG if announced is not None else f"it is larger than {size_text(largest)} and was stopped: see --largest-file"


def ending_of(url: str, disposition: str) -> str:
    """Give the ending of a file's name in lower case, from `Content-Disposition` (RFC 6266), else its address; "" if it has none."""
    found = NAMED.search(disposition)
    name = unquote((found[1] or found[2] or "") if found else urlsplit(url).path.rpartition("/")[2])
    return name.rpartition(".")[2].lower() if "." in name else ""


def doubt_of(facts: FileFacts) -> str | None:
    """Say why a file may not be the one that was meant; None where nothing speaks against it."""
    if facts.size == facts.announced:
        return None
    if not facts.size:
        return EMPTY
    form = _another_form(facts)
    if form is not None:
        return form
    if facts.announced is not None:
        return ANOTHER_SIZE
    return None if facts.whole else NO_LENGTH


def _another_form(facts: FileFacts) -> str | None:
    """Say which form came, if vendors write errors in it and the file's name ends otherwise."""
    if facts.ending.endswith("json") or facts.ending in XML_ENDINGS:
        return None
    text = _begun(facts.text)
    if facts.media_type.endswith(("/json", "+json")) or _is_json(text):
        return JSON_CAME
    short = facts.size <= SMALL  # an error in XML is; a page that asks to sign in may have any size
    if facts.media_type in XML or (short and text.startswith(XML_STARTS) and not facts.media_type.endswith("xml")):
        return XML_CAME
    return A_WEB_PAGE if facts.ending not in WEB_ENDINGS and WEB_PAGE.match(text) else None


def is_web_page(text: bytes) -> bool:
    """Whether bytes begin as a web page does, behind a byte order mark, an XML declaration and comments."""
    return WEB_PAGE.match(_begun(text)) is not None


def _begun(text: bytes) -> bytes:
    """Give a small file's text in UTF-8 from its first word on: without a byte order mark, blanks, and comments in front."""
    coding = UTF_16.get(text[:2])
    if coding is not None:
        text = text[2:].decode(coding, "ignore").encode()
    return COMMENTS.sub(b"", text.removeprefix(BOM_UTF8).lstrip(), count=1)


def _is_json(text: bytes) -> bool:
    """Whether a small file is a JSON map, or a list of maps, whatever its media type says."""
    if text[:1] not in (b"{", b"["):
        return False
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) or any(isinstance(part, dict) for part in found)
