"""Go through every value of an exchange: path, query, headers, JSON members, JSON inside texts. A visitor decides what becomes of each.

The same walk runs twice, first to note values, then to replace them, so that both meet the same ones.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import quote, unquote, unquote_plus

from engine.anonymise.allowed import Kept, needed
from engine.anonymise.spec_patterns import RequestPatterns
from engine.anonymise.text_shape import LEAD, MAIL, SCHEME, TextShape, inner_json, shape_of
from engine.core.http import HttpRequest, Response
from engine.core.secret_patterns import STAND_IN, describes_a_secret, is_secret_name
from engine.language.expressions import lossless_json
from engine.runner.recorder import Exchange

ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^@/]*@)?(\[[^\]]*\]|[^:]*)(:\d+)?")
WEB = ("http://", "https://", "ws://", "wss://", "ftp://", "ftps://")
OURS = ("example.com", "example.org", "example.net", "localhost")
MEDIA = re.compile(r"[a-z]+/[a-z0-9.+-]+")
LIMIT = re.compile(r"(?:.+-)?(?:rate-?limit)(?:-.+)?|retry-after")
TOLD = re.compile(r'[0-9]{1,16}(?:\.[0-9]{1,6})?s?|(?:"[a-z-]{1,20}"; ?)?(?:[a-z]{1,12}=[0-9]{1,12}[,; ]*)+|[0-9]+, ?[0-9]+;w=[0-9]+')
LINKED = re.compile(r"<([^>]*)>(; ?rel=\"?[a-z]+\"?)")
LISTED = re.compile(r"[^\s;,<>\"{}]+(?:(?:;|[;,] ?(?=[^\s@]+@[^\s@]+))[^\s;,<>\"{}]+)+")
NAMED_PATH = re.compile(r"[A-Za-z][A-Za-z_.-]*[0-9]{0,4}(?:/[A-Za-z][A-Za-z_.-]*[0-9]{0,4})+")
PARTED = re.compile(r"[^\s;,/]+")
MOST_LAYERS = 4


class Visitor(Protocol):
    """Decides what becomes of values that may not stay."""

    def value(self, text: str, shape: TextShape) -> str:
        """Give what a text becomes."""

    def number(self, text: str, shape: TextShape) -> str:
        """Give what a number becomes."""

    def stays(self, name: str, /) -> bool:
        """Whether the name of a member may stay that looks like a field's."""

    def message(self, text: str, words: str, /) -> str:
        """Give what a vendor's message becomes, of which rules need these words."""


class Walk:
    """A walk through exchanges. `forced` gives the form of values that are known from elsewhere: the identifiers."""

    def __init__(self, kept: Kept, visitor: Visitor, forced: Mapping[str, TextShape]) -> None:
        """Take what may stay, and who decides about the rest."""
        self.kept, self.visitor, self.forced = kept, visitor, forced
        self._lines = RequestPatterns(kept.vendor)

    def exchange(self, exchange: Exchange) -> Exchange:
        """Give an exchange with every value as the visitor wants it, and only the headers that the engine reads."""
        request, response = exchange.request, exchange.response
        body, messages = _decoded(response.body), dict[str, str]()
        if body is not None:
            messages = needed(self.kept, self._lines.of(request), body[0], refused=not 200 <= response.status < 300)
        sent = None
        if request.body is not None:
            tree = _decoded(request.body)
            sent = b"" if tree is None else lossless_json.dumps(self.json(tree[0]))
        asked = HttpRequest(request.method, self.url(request.url), self._asked(request.headers), sent)
        return Exchange(
            asked,
            Response(response.status, self._headers(response.headers), self._body(response.body, body, messages)),
            exchange.name,
        )

    def _body(self, raw: bytes, body: tuple[Any] | None, messages: Mapping[str, str]) -> bytes:
        if body is None:
            return f"({len(raw)} bytes that are no JSON were left out)".encode() if raw.strip() else b""
        return lossless_json.dumps(self.json(body[0], messages=messages))

    def _asked(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        plain = ("content-type", "accept")
        return tuple((name, value if name.lower() in plain else self.text(value, name)) for name, value in headers)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Keep what the engine reads: the media type, limits, links; never a cookie, never a name."""
        found: dict[str, str] = {}
        for name, value in headers.items():
            media = value.partition(";")[0].strip().lower()
            if name == "content-type" and MEDIA.fullmatch(media):
                found[name] = media
            elif LIMIT.fullmatch(name) and (TOLD.fullmatch(value) or MAIL.fullmatch(value)):
                found[name] = value
            elif name == "link":
                links = [f"<{self.address(one[1])}>{one[2]}" for one in LINKED.finditer(value)]
                found.update({name: ", ".join(links)} if links else {})
        return found

    def json(self, value: Any, key: str = "", messages: Mapping[str, str] | None = None) -> Any:
        """Go through decoded JSON."""
        if isinstance(value, dict):
            same_shape = _is_table(value)
            return {self.name(name, table=same_shape): self.json(one, name, messages) for name, one in value.items()}
        if isinstance(value, list):
            return [self.json(one, key, messages) for one in value]
        if isinstance(value, str):
            if messages and value in messages:
                return self.visitor.message(value, messages[value])
            return self.text(value, key)
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value, key)

    def _number(self, value: Any, key: str) -> Any:
        text = lossless_json.text_of(value) or ""
        name = key.rpartition(".")[2]
        if is_secret_name(key) and not describes_a_secret(key):
            return self.visitor.number(text, TextShape.SECRET)
        if self.kept.text(text) or (name in self.kept.counting and text.isdigit()):
            return value
        shape = shape_of(text, key)
        made = self.visitor.number(text, shape if shape is TextShape.PHONE else TextShape.NUMBER)
        return lossless_json.loads(re.sub(r"[^0-9.eE+-]|^\+", "", made).encode())

    def name(self, name: str, *, table: bool) -> str:
        """Give what a member's name becomes. One that looks like data, or is the key of a row in a table, is treated as a value."""
        if name in self.kept.names or (self.kept.name(name) and not (table and not self.kept.text(name)) and self.visitor.stays(name)):
            return name
        return self.text(name)

    def text(self, text: str, key: str = "", *, layers: int = 0) -> str:
        """Give what a text becomes that stands under a name."""
        if text in self.forced:
            return self.visitor.value(text, self.forced[text])
        if STAND_IN.fullmatch(text.lower()):
            return text
        if is_secret_name(key):
            return self.visitor.value(text, TextShape.SECRET)
        if self.kept.text(text):
            return text
        for mixed in self.kept.mixed:
            values = mixed.read(text) if layers < MOST_LAYERS else None
            if values is not None:
                return mixed.write([self._listed(one, layers + 1) for one in values])
        return self._shaped(text, shape_of(text, key), key, layers)

    def _shaped(self, text: str, shape: TextShape, key: str, layers: int) -> str:
        """Give what a text becomes by its form; one made of parts is gone through part by part."""
        if shape is TextShape.ADDRESS or self._relative(text):
            return self.address(text)
        if shape is TextShape.INNER:
            return lossless_json.dumps(self.json(inner_json(text))).decode()
        if re.search("%[0-9A-Fa-f]{2}", text) and shape is not TextShape.TEXT and layers < MOST_LAYERS and unquote(text) != text:
            return quote(self.text(unquote(text), key, layers=layers + 1), safe="")
        if shape is TextShape.HOST:
            return self._host(text)
        if layers < MOST_LAYERS and shape is not TextShape.ZONE and (LISTED.fullmatch(text) or NAMED_PATH.fullmatch(text)):
            return PARTED.sub(lambda part: self.text(part[0], key, layers=layers + 1), text)
        return self.visitor.value(text, shape)

    def _listed(self, text: str, layers: int) -> str:
        """Go through a value inside a longer text, or several with commas between."""
        return ",".join(self.text(one, layers=layers) for one in text.split(","))

    def _relative(self, text: str) -> bool:
        """Whether a text is an address without a host: it begins with / and has a query or a word of the spec's."""
        if not text.startswith("/") or re.search(r"\s", text):
            return False
        path, asks, _ = text.partition("?")
        return bool(asks) or any(one in self.kept.texts for one in path.split("/") if one)

    def address(self, text: str) -> str:
        """Go through an address, whole or relative, or one like mailto:."""
        lead = LEAD.match(text) if not SCHEME.match(text) else None
        if lead is not None:
            rest, asks, query = text[lead.end() :].partition("?")
            return lead[0] + self.text(rest, "tel" if lead[1].lower() in ("tel", "sms", "callto") else "") + asks + self._query(query)
        return self.url(text)

    def url(self, text: str) -> str:
        """Go through scheme, host, path, query and fragment."""
        origin, path, query, fragment = ADDRESS.fullmatch(text).groups()  # type: ignore[union-attr]
        made = self._origin(origin) if origin else ""
        made += "/".join(self._part(one) for one in path.split("/"))
        made += f"?{self._query(query[1:])}" if query else ""
        return made + (f"#{self._part(fragment[1:])}" if fragment else "")

    def _origin(self, origin: str) -> str:
        found = ORIGIN.fullmatch(origin)
        if found is None:
            return f"{origin.partition('://')[0]}://{self.visitor.value(origin, TextShape.HOST)}"
        host = self._host(found[2]) if found[1].lower() in WEB else self.text(found[2])
        return found[1] + host + (found[3] or "")

    def _host(self, host: str) -> str:
        small = host.lower()
        if not host or self.kept.host(small) or small in OURS:
            return host
        plain = host.strip("[]")
        if shape_of(plain) is TextShape.IP:
            made = self.visitor.value(plain, TextShape.IP)
            return f"[{made}]" if host.startswith("[") else made
        suffix = self.kept.under(small)
        if suffix is None:
            return self.visitor.value(small, TextShape.HOST)
        return ".".join(self.text(label) for label in small.removesuffix(suffix).split(".")) + suffix

    def _part(self, raw: str, key: str = "", decode: Callable[[str], str] = unquote) -> str:
        """Go through one segment or value of an address, decoded; the outcome is percent-encoded again."""
        plain = decode(raw)
        made = self.text(plain, key)
        return raw if made == plain else quote(made, safe="", errors="surrogatepass")

    def _query(self, query: str) -> str:
        return "&".join(self._pair(pair) for pair in query.split("&"))

    def _pair(self, pair: str) -> str:
        raw, equals, value = pair.partition("=")
        name = unquote(raw)
        kept = self.name(name, table=False)
        raw = raw if kept == name else quote(kept, safe="")
        if name in self.kept.counting and value.isdigit():
            return f"{raw}{equals}{value}"
        return f"{raw}{equals}{self._part(value, name, unquote_plus if '+' in value else unquote)}"


def _decoded(raw: bytes) -> tuple[Any] | None:
    """Decode JSON, in a tuple to tell null from None; None where it is not JSON."""
    try:
        return (lossless_json.loads(raw.removeprefix(BOM_UTF8)),)
    except (ValueError, RecursionError):
        return None


def _is_table(value: dict[str, Any]) -> bool:
    """Whether the members of a map look like rows under keys that are data: several maps with the same fields."""
    rows = [frozenset(one) for one in value.values() if isinstance(one, dict) and one]
    return len(rows) > 1 and len(rows) == len(value) and len(set(rows)) == 1
