"""A vendor, what it answered, and the cassette that becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from engine.anonymise.capture import Captured, Composed, compose
from engine.cassettes.recording import parse
from engine.core.http import HttpRequest, Response
from engine.core.identity import identify
from engine.runner.recorder import Exchange
from tests.core.specs import vendor

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = b"a key that is thrown away".ljust(32)
BASE = "https://api.acme.example/v1"
ENDPOINTS = """
    notes:
      get: /people/<USER_ID>/notes
      records: items
      pagination: {cursor: next, param: after, size: {limit: 50}, total: total}
      refusals: {code: code, message: message, rules: [{status: 400, message: no licence, means: unlicensed}]}
    note:
      get: /notes/<notes.id>
"""
EMAIL = "mara.lindqvist@acme-corp.io"


def exchange(body: Any, url: str = f"{BASE}/people/u1/notes", status: int = 200, headers: dict[str, str] | None = None) -> Exchange:
    """Give one exchange; a body that is no text or bytes is written as JSON."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Exchange(HttpRequest("GET", url), Response(status, headers or {}, raw), "notes")


def composed(*exchanges: Exchange, email: str = EMAIL, key: bytes = KEY, endpoints: str = ENDPOINTS, **more: Any) -> Composed:
    """Give the cassette that becomes of some exchanges."""
    person = more.pop("person", {"EMAIL": identify("email", email)})
    return compose(Captured(vendor(endpoints), person, exchanges, NOW, 0, **more), key)


def answers(cassette: Composed) -> list[Any]:
    """Give the bodies of a cassette, decoded, in the order of its files."""
    return [json.loads(parse(text, name).response.body) for name, text in sorted(cassette.texts.items()) if name.endswith(".http")]


def asked(cassette: Composed) -> list[str]:
    """Give the addresses of a cassette."""
    return [parse(text, name).request.url for name, text in sorted(cassette.texts.items()) if name.endswith(".http")]


def replaced(value: Any, **more: Any) -> Any:
    """Give what becomes of one JSON value."""
    return answers(composed(exchange({"items": [value]}), **more))[0]["items"][0]


def replaced_under(name: str, value: Any) -> Any:
    """Give what becomes of a value that stands under a name."""
    return replaced({name: value})[name]
