"""A small vendor for tests of the core; `endpoint` gives one endpoint of a spec written on the spot."""

from __future__ import annotations

import textwrap
from functools import cache

from engine.core.chain import Chain
from engine.core.request import Request, opening
from engine.language.effective import Endpoint, Vendor
from engine.language.load import load

HEAD = """
spec: 1
vendor: acme
version: v7
base_url: https://api.acme.example/v1
hosts: [api.acme.example]
auth: {oauth2: {authorization_url: https://acme.example/a, token_url: https://acme.example/t}}
verify: {get: /me}
refusals: {code: code, message: message}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
"""
ROW = (("EMAIL", "a@x.io"), ("USER_ID", "u 1"))


@cache
def vendor(endpoints: str, head: str = HEAD) -> Vendor:
    """Load a spec with these endpoints, once: nothing changes a vendor."""
    return load((head + textwrap.indent(textwrap.dedent(endpoints), "    ")).encode(), "acme.yaml")


def endpoint(words: str) -> Endpoint:
    """Load one endpoint, `it`, from its words."""
    return vendor(f"it:\n{textwrap.indent(textwrap.dedent(words).strip(), '  ')}\n").endpoints["it"]


def first(words: str, row: tuple[tuple[str, str], ...] = ROW) -> Request:
    """Give the opening request of an endpoint."""
    return opening(Chain(endpoint(words), row))
