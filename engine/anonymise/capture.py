"""Make the texts of a cassette from the exchanges of a run: first learn every value, then replace, then write. Opens no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
import yaml

from engine.anonymise.allowed import Kept, kept_by, public
from engine.anonymise.stand_ins import StandIns
from engine.anonymise.text_shape import TextShape
from engine.anonymise.traces import Traces
from engine.anonymise.visitors import Learner, Replacer
from engine.anonymise.walk import Walk
from engine.cassettes.cassette import SETUP
from engine.cassettes.recording import Recording, dump
from engine.cassettes.secret_patterns import pieces
from engine.core.http import HttpRequest, Response
from engine.core.identity import Identifier
from engine.core.window import rfc3339
from engine.errors import Refused, UsageError
from engine.language.effective import Row, Vendor
from engine.runner.recorder import Exchange

ABOUT = "A run as it was recorded; whatever could be personal is replaced by what is invented."
SHAPES = {"email": TextShape.EMAIL, "phone": TextShape.PHONE}


@dataclass(frozen=True)
class Captured:
    """A recorded run, with the secrets it used; `since`, `only` and `without` are as typed."""

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


@dataclass(frozen=True)
class Composed:
    """The texts of a cassette by file name, every value that was replaced, and what was kept on purpose."""

    texts: Mapping[str, str] = field(repr=False)
    traces: Traces = field(repr=False)
    kept: Kept = field(repr=False)


def compose(captured: Captured, key: bytes) -> Composed:
    """Replace every personal value and secret, and write the texts. `key` seeds the stand-ins.

    Raises Refused for an identifier made of public words only, UsageError for an answer that cannot be written as text.
    """
    kept = kept_by(captured.vendor, captured.started, captured.narrow)
    public(kept, [one for one in (captured.since, *captured.only, *captured.without) if one])
    _check(captured.person, kept)
    traces = Traces()
    stand_ins = StandIns(key, traces, captured.started)
    learner = Learner(kept, traces, stand_ins)
    forced = {one.value: SHAPES.get(one.kind) for one in captured.person.values()}
    walk = Walk(kept, learner, {text: shape for text, shape in forced.items() if shape is not None})
    for identifier in captured.person.values():
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


def _check(person: Mapping[str, Identifier], kept: Kept) -> None:
    """Refuse a person whose identifier consists of words that stay: nothing could be proven about it."""
    for identifier in person.values():
        if kept.text(identifier.value) or all(kept.word(word) for word in pieces(identifier.value)):
            message = (
                f"the {identifier.kind} is made of words that stand in every recording, so that nothing could be proven: "
                "record somebody else"
            )
            raise Refused(message)


def _setup(captured: Captured, walk: Walk) -> str:
    """Write cassette.yaml."""
    listed = {scope for families in captured.vendor.families.values() for scope in families}
    listed |= {scope for one in captured.vendor.requests() for entry in one.granted_by for scope in entry}
    content: dict[str, Any] = {
        "about": captured.about,
        "person": {one.kind: walk.text(one.value) for one in captured.person.values()},
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
