"""Every request of every shipped spec keeps its shape, whatever values the person, the vendor and the operator bring."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalogue import load_file
from engine.core.chain import Chain, Unresolved
from engine.core.http import HttpRequest
from engine.core.request import opening
from engine.core.window import Window
from engine.language.effective import Endpoint
from tests.conftest import ROOT
from tests.core.test_request import WINDOW

SPECS = {path.stem: load_file(path) for path in sorted(Path(ROOT / "specs").glob("*.yaml"))}
REQUESTS = [(f"{name}:{one.name}", one) for name, vendor in SPECS.items() for one in vendor.requests()]
HOSTILE = [
    "..", "me", "a/b", "a?b=c", "a#b", "%2e%2e", "a%00b", "' OR '1'='1", '" OR ""="', "\\' OR 1=1 --", "a\\", "a' b", 'a" b',
    "a\r\nX-Evil: 1", "a\nb", '"}, "x": {"', "}) { shop { id } } #", "$(id)", "{{x}}", "<EMAIL>", "a OR from:b", "a)b(", "a,b", "é'\u2028",
    "https://evil.example/", "evil.example", "a@evil.example:443", "x" * 5000,
]  # fmt: skip
STRINGS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


def made(endpoint: Endpoint, value: str) -> HttpRequest | None:
    """Build a request in which every value but those of `for` is this one; None where it is refused."""
    names = [hole.name for hole in endpoint.holes()] + [one.name for one in endpoint.fields_used]
    own = dict(endpoint.rows[0])
    row = tuple((name, own.get(name, value)) for name in dict.fromkeys((*names, *own)))
    window: Window | None = WINDOW if endpoint.window else None
    try:
        return opening(Chain(endpoint, row, window)).http
    except Unresolved as error:
        assert len(value) < 8 or value not in str(error)
        return None


def shape(request: HttpRequest, endpoint: Endpoint) -> Any:
    """Give all of a request but its values: how many segments, which parameters, which members, which query around the strings."""
    parts = urlsplit(request.url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    longer = {name for name, values in endpoint.params if any(one.whole is None for one in values)}
    return (
        request.method,
        parts.scheme,
        parts.path.count("/"),
        parts.fragment,
        [(name, skeleton(text) if name in longer else 0) for name, text in pairs],
        [name for name, _ in request.headers],
        members(json.loads(request.body)) if request.body else None,
    )


def skeleton(text: str) -> int:
    """Count the words of a query language outside its strings: a value is one of them, or stands inside a string."""
    return len(STRINGS.sub("''", text).split())


def members(value: Any) -> Any:
    """Give the shape of a JSON value."""
    if isinstance(value, dict):
        return {name: members(one) for name, one in value.items()}
    return [members(one) for one in value] if isinstance(value, list) else type(value).__name__


def unharmed(endpoint: Endpoint, value: str) -> None:
    """Hold a request with one value against the same with a harmless one."""
    found, usual = made(endpoint, value), made(endpoint, "abc1")
    if usual is None:  # a whole address stands in it
        usual = made(endpoint, "https://a.example")
        assert found is None or urlsplit(found.url).scheme == "https"
        assert found is None or value.startswith("https://")
        return
    if found is None:
        return
    assert shape(found, endpoint) == shape(usual, endpoint)
    assert urlsplit(found.url).hostname in (urlsplit(usual.url).hostname, urlsplit(usual.url.replace("abc1", value.lower())).hostname)
    assert found.url.isascii()
    assert found.url.isprintable()
    assert all(text.isascii() and text.isprintable() for _, text in found.headers)
    assert not {"..", ".", "me"} & set(urlsplit(found.url).path.split("/")) - set(urlsplit(usual.url).path.split("/")) - {value}


@pytest.mark.parametrize(("name", "endpoint"), REQUESTS, ids=[name for name, _ in REQUESTS])
def test_no_value_leaves_its_place(name, endpoint):
    """In a host, a path, a query, a header, a body, a SOQL, JQL or GraphQL text: it stays there, or nothing is sent."""
    assert name
    for value in HOSTILE:
        unharmed(endpoint, value)


@given(st.sampled_from([one for _, one in REQUESTS]), st.text(min_size=1, max_size=20))
def test_no_text_at_all_leaves_its_place(endpoint, value):
    """Whatever characters it holds."""
    unharmed(endpoint, value)
