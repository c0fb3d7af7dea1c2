"""Make the texts of a cassette from the exchanges of a run: learn every value, then replace, then write. Opens no file.

A `Walk` visits every place of an exchange twice: the `Learner` notes each value that may not stay, the `Replacer` puts its
stand-in there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import yaml

from engine.anonymise.allowed import Kept, kept_by, public
from engine.anonymise.mint import INVENTED
from engine.anonymise.stand_ins import SHORTEST, StandIns, Traces
from engine.anonymise.text_shape import CALLED, EMBEDDED, TextShape
from engine.anonymise.walk import Walk
from engine.cassettes.cassette import SETUP
from engine.cassettes.recording import Recording, dump
from engine.core.http import HttpRequest, Response
from engine.core.identity import Identifier
from engine.core.scopes import named_scopes
from engine.core.secret_patterns import pieces
from engine.core.window import rfc3339
from engine.errors import Refused, UsageError
from engine.language.effective import Row, Vendor
from engine.replaced import replace
from engine.runner.recorder import Exchange

WORD = re.compile(r"[^\W\d_]+")
CAPITAL = re.compile(r"\b[^\W\d_a-z]")
DIGITS_THAT_TELL = 6


class Learner:
    """Notes values, and changes none."""

    def __init__(self, kept: Kept, traces: Traces, stand_ins: StandIns) -> None:
        """Take where values are noted: `traces` for the proof, `stand_ins` for their other forms."""
        self._kept, self._traces, self._stand_ins = kept, traces, stand_ins
        self._seen: set[tuple[str, TextShape, bool]] = set()

    def value(self, text: str, shape: TextShape) -> str:
        """Note a text, its other forms, and the names in it."""
        return self._once(text, shape, number=False)

    def number(self, text: str, shape: TextShape) -> str:
        """Note a number; one of under six digits is too common to search for."""
        return self._once(text, shape, number=True)

    def stays(self, _name: str, /) -> bool:
        """Let every name stay: not everything is known yet."""
        return True

    def message(self, text: str, words: str) -> str:
        """Note what a vendor's message says besides the words that rules look for."""
        rest = text
        for word in words.split(". "):
            rest = re.sub(re.escape(word), "\n", rest, flags=re.IGNORECASE)
        for part in rest.split("\n"):
            if any(char.isalnum() for char in part):
                self.value(part.strip(" .:,;"), TextShape.TEXT)
        return text

    def _once(self, text: str, shape: TextShape, *, number: bool) -> str:
        if (text, shape, number) not in self._seen:
            self._seen.add((text, shape, number))
            self._note(text, shape, number=number)
        return text

    def _note(self, text: str, shape: TextShape, *, number: bool) -> None:
        if shape is TextShape.SECRET and self._kept.text(text):
            return
        if not number or sum(char.isdigit() for char in text) >= DIGITS_THAT_TELL:
            self._traces.add(text)
        if shape not in (TextShape.TEXT, TextShape.SECRET) and (not number or shape is TextShape.PHONE):
            for form in self._stand_ins.know(text, shape):
                self._traces.add(form)
        if shape is TextShape.EMAIL:
            self._address(text)
        elif shape is TextShape.HANDLE and CAPITAL.search(text):
            self._words(text)
        elif shape in (TextShape.TEXT, TextShape.OPAQUE):
            for found in EMBEDDED.findall(text):
                self.value(found, TextShape.EMAIL)
            for found in CALLED.findall(text):
                self.value(found, TextShape.PHONE)

    def _address(self, text: str) -> None:
        local, _, domain = text.rpartition("@")
        self._words(local)
        if not self._kept.text(local):
            self._traces.add(local)
        if domain.lower() not in INVENTED and not self._kept.host(domain.lower()) and self._kept.under(domain.lower()) is None:
            self._traces.add(domain)

    def _words(self, text: str) -> None:
        """Note the words of a name but those that may stay."""
        for word in WORD.findall(text):
            if len(word) >= SHORTEST and not all(self._kept.word(one) for one in pieces(word)):
                self._traces.add(word)


class Replacer:
    """Puts stand-ins in the place of values."""

    def __init__(self, traces: Traces, stand_ins: StandIns) -> None:
        """Take what the `Learner` noted."""
        self._traces, self._stand_ins = traces, stand_ins

    def value(self, text: str, shape: TextShape) -> str:
        """Give a text's stand-in; a secret has the same wherever it stands, in an address that is asked with it too."""
        return self._stand_ins.of(text, TextShape.SECRET if self._stand_ins.is_secret(text) else shape)

    def number(self, text: str, shape: TextShape) -> str:
        """Give a number's stand-in: the same as for its digits as a text."""
        return self._stand_ins.of(text, shape)

    def stays(self, name: str) -> bool:
        """Whether a name holds none of the values."""
        return not self._traces.hit(name)

    def message(self, _text: str, words: str, /) -> str:
        """Give the words that rules look for and nothing else."""
        return words


ABOUT = "A run as it was recorded; whatever could be personal is replaced by what is invented."
SHAPES = {"email": TextShape.EMAIL, "phone": TextShape.PHONE}


@dataclass(frozen=True)
class Captured:
    """A recorded run, with the secrets it used; `since`, `only` and `without` are as typed. `probe`: who was looked for besides."""

    vendor: Vendor
    person: Mapping[str, Identifier] = field(repr=False)
    exchanges: tuple[Exchange, ...] = field(repr=False)
    started: datetime
    exit_code: int
    narrow: datetime | None = None
    since: str | None = None
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    granted: frozenset[str] | None = None
    settings: Row = ()
    captured: Row = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    about: str = ABOUT
    probe: Mapping[str, Identifier] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Composed:
    """The texts of a cassette by file name, every value that was replaced, and what was kept on purpose."""

    texts: Mapping[str, str] = field(repr=False)
    traces: Traces = field(repr=False)
    kept: Kept = field(repr=False)


def _constants(vendor: Vendor) -> Iterator[str]:
    """Give what stands in the requests for everybody: a vendor's error may repeat the query that it was sent."""
    for endpoint in vendor.requests():
        yield from (part for template in endpoint.sent() for part in template.parts if isinstance(part, str))


def compose(captured: Captured, key: bytes) -> Composed:
    """Replace every personal value and secret, and write the texts. `key` seeds the stand-ins.

    Raises Refused for an identifier made of public words only, UsageError for an answer that cannot be written as text.
    """
    kept = kept_by(captured.vendor, captured.started, captured.narrow)
    public(kept, [one for one in (captured.since, *captured.only, *captured.without) if one])
    named = (*captured.person.values(), *captured.probe.values())
    _check(named, kept)
    traces = Traces("\n".join(_constants(captured.vendor)))
    stand_ins = StandIns(key, traces, captured.started)
    learner = Learner(kept, traces, stand_ins)
    forced = {one.value: SHAPES.get(one.kind) for one in named}
    walk = Walk(kept, learner, {text: shape for text, shape in forced.items() if shape is not None})
    for identifier in named:
        walk.text(identifier.value)
        traces.add_whole(identifier.value)
    for text in (value for row in (captured.settings, captured.captured) for _, value in row):
        walk.text(text)
    for exchange in captured.exchanges:
        walk.exchange(exchange)
    for secret in captured.secrets:
        traces.add_whole(secret)
    kept.settle(traces.hit)
    walk = Walk(kept, Replacer(traces, stand_ins), walk.forced)
    texts = {SETUP: _setup(captured, walk)}
    for name, exchange in _named(captured.vendor, captured.exchanges):
        texts[name] = _text(name, walk.exchange(exchange))
    return Composed(texts, traces, kept)


def _check(named: Iterable[Identifier], kept: Kept) -> None:
    """Refuse an identifier that consists of words that stay: nothing could be proven about it."""
    for identifier in named:
        if kept.text(identifier.value) or all(kept.word(word) for word in pieces(identifier.value)):
            message = (
                f"the {identifier.kind} is made of words that stand in every recording, so that nothing could be proven: "
                "record somebody else"
            )
            raise Refused(message)


def _setup(captured: Captured, walk: Walk) -> str:
    """Write cassette.yaml."""
    listed = {scope for families in captured.vendor.families.values() for scope in families}
    listed |= named_scopes(captured.vendor)
    content: dict[str, Any] = {
        "about": captured.about,
        "person": {one.kind: walk.text(one.value) for one in captured.person.values()},
        "probe": {one.kind: walk.text(one.value) for one in captured.probe.values()},
        "now": rfc3339(captured.started),
        "since": captured.since,
        "settings": {name: walk.text(value) for name, value in captured.settings},
        "captured": {name: walk.text(value) for name, value in captured.captured},
        "granted": None if captured.granted is None else sorted(captured.granted & listed),
        "only": list(captured.only),
        "without": list(captured.without),
        "exit": captured.exit_code or None,
    }
    told = {name: value for name, value in content.items() if value not in (None, [], {})}
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=140)


def _named(vendor: Vendor, exchanges: tuple[Exchange, ...]) -> Iterator[tuple[str, Exchange]]:
    """Give each exchange with a file name, in the order of the spec, within an endpoint in the order of the answers."""
    order = {one.name: index for index, one in enumerate(vendor.requests())}
    placed = sorted(exchanges, key=lambda one: order.get(one.name.partition("-")[0], len(order)))
    width = max(3, len(str(len(placed) * 10)))
    for number, exchange in enumerate(placed, 1):
        yield f"{number * 10:0{width}}-{exchange.name or 'request'}.http", exchange


def _text(name: str, exchange: Exchange) -> str:
    request, response = exchange.request, exchange.response
    sent = None if request.body is None else _pretty(request.body)
    told = Response(response.status, response.headers, _pretty(response.body))
    try:
        return dump(Recording(HttpRequest(request.method, request.url, request.headers, sent), replace(told), name))
    except ValueError:
        message = f"nothing was written: {name} would not read back as it was written; leave its endpoint out with --without"
        raise UsageError(message) from None


def _pretty(body: bytes) -> bytes:
    try:
        return msgspec.json.format(body, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return body
