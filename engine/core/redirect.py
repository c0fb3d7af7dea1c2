"""OAuth 2.0 (RFC 6749): read the redirect that ends a consent, as it came to the listener or was pasted by a person."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from engine.core.oauth import ERROR_CODE, TOKEN, described

LOOPBACK = ("localhost", "127.0.0.1", "::1")
QUERY = re.compile(r"\??(code|state|error|iss|scope|session_state)=")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the redirect after a consent must match: its address, our `state`, and the hosts that may have issued it (RFC 9207).

    `at` is the origin of a simulator, which may name itself as the issuer.
    """

    redirect_uri: str
    state: str = field(repr=False)
    issuers: frozenset[str]
    at: str | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """An authorization code (RFC 6749 section 4.1.2): it can be exchanged once."""

    code: str = field(repr=False)


class NoCode(Struct, frozen=True):
    """Why a redirect is not accepted.

    `foreign`: it may not come from the vendor at all. `again`: it is not this sign-in's, whose answer may still come.
    """

    words: str
    foreign: bool = False
    again: bool = False


def read_redirect(url: str, expected: Expected) -> AuthorizationCode | NoCode:
    """Read the address to which the vendor sent the browser back (RFC 6749 section 4.1.2, RFC 9207).

    The names of this machine count as one: browsers and people write `localhost` for 127.0.0.1.
    """
    if _without_query(url) != _without_query(expected.redirect_uri):
        return _not_ours(f"the address does not begin with {expected.redirect_uri}: it is not the vendor's answer")
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    answer = dict(pairs)
    if len(answer) != len(pairs):
        return _not_ours("the vendor's answer names something twice")
    if not compare_digest(answer.get("state", "").encode(), expected.state.encode()):
        return _not_ours("the answer does not belong to this `connect` (its state is another)")
    if "iss" in answer and not _issued_by(answer["iss"], expected):
        return NoCode("the answer comes from another authorization server than the spec's (its iss is foreign)", foreign=True)
    if "error" in answer:
        code = f" ({answer['error']})" if ERROR_CODE.fullmatch(answer["error"]) else ""
        code += described(answer.get("error_description"))
        return NoCode(f"the consent was declined{code}" if answer["error"] == "access_denied" else f"the vendor refused the consent{code}")
    if not TOKEN.fullmatch(answer.get("code", "")):
        return NoCode("the vendor's answer holds no code")
    return AuthorizationCode(answer["code"])


def completed(pasted: str, redirect_uri: str) -> str:
    """Give the address that a person meant: `<URL>`, one in quotes, or its query alone (`code=…&state=…`)."""
    text = pasted.strip().strip("<>\"'`").strip()
    if QUERY.match(text):
        return f"{redirect_uri.partition('?')[0]}?{text.lstrip('?')}"
    return text


def _not_ours(words: str) -> NoCode:
    return NoCode(words, foreign=True, again=True)


def _without_query(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ()
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    host = (parts.hostname or "").lower()
    return (parts.scheme, "localhost" if host in LOOPBACK else host, str(port or usual), parts.path or "/")


def _issued_by(issuer: str, expected: Expected) -> bool:
    try:
        parts = urlsplit(issuer)
        port = parts.port
    except ValueError:
        return False
    if expected.at is not None and _origin(issuer) == _origin(expected.at):
        return True
    return parts.scheme == "https" and port in (None, 443) and parts.hostname in expected.issuers


def _origin(url: str) -> tuple[str, ...]:
    return _without_query(url)[:3]
