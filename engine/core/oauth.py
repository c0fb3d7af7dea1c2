"""OAuth 2.0 (RFC 6749): read token answers and redirects, and say when a token should be renewed.

`connection/oauth_client` sends the requests. Messages never repeat what a server says, except its status and an error code
in the form of the standard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from engine.core.after import failed_until, retry_after
from engine.core.http import NoAnswer, Response
from engine.core.identity import unfit
from engine.core.retry import MAY_PASS, TOO_MANY
from engine.language.effective import Row
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select
from engine.language.model.refusals import TokenRefusalsSpec

MARGIN = 60.0
TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
MOST_SCOPE = 16 * 1024
MOST_CAPTURED = 8 * 1024
ERROR_CODE = re.compile(r"[a-z_]{1,40}")
NoTokenKind = Literal["dead", "client", "passing", "unusable"]
KINDS: Mapping[str, NoTokenKind] = {  # RFC 6749 sections 5.2 and 4.1.2.1
    "invalid_grant": "dead",
    "invalid_client": "client",
    "unauthorized_client": "client",
    "temporarily_unavailable": "passing",
}
REFUSED = (400, 401)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is kept of a token answer (RFC 6749 section 5.1). Times are seconds since 1970 by our own clock. Tokens are never shown.

    `captured` are values for requests that the spec reads from the answer. Every part is bounded in length, so that the
    file space that was reserved before the vendor was asked is always enough.
    """

    access: str = field(repr=False)
    issued_at: float
    refresh: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    scope: str | None = None
    captured: Row = field(default=(), repr=False)

    @property
    def granted(self) -> frozenset[str] | None:
        """Give the scopes that the answer listed; None if it listed none."""
        return None if self.scope is None else frozenset(re.split(r"[\s,]+", self.scope)) - {""}


@dataclass(frozen=True, slots=True)
class WantedFromToken:
    """What a spec says of the token endpoint's answers: the values to read besides the tokens, and what refusals mean.

    `paths` has the path of each value by its name; `fits` says whether a value fits in the places where its name is used.
    """

    paths: Mapping[str, Select] = field(default_factory=dict)
    fits: Callable[[str, str], bool] = lambda _name, _value: True
    refusals: TokenRefusalsSpec = field(default_factory=TokenRefusalsSpec)


NOTHING = WantedFromToken()


@dataclass(frozen=True, slots=True)
class NoToken:
    """Why there is no token.

    `dead`: the grant has ended, only a new consent helps. `client`: the client id or secret is refused. `passing`: ask
    again, after `seconds` if the answer tells them. `unusable`: an answer that settles nothing; the connection is kept.
    """

    kind: NoTokenKind
    words: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Renewed:
    """A new credential is in use. `asked`: the vendor was asked for it; else another process had renewed it already."""

    asked: bool


@dataclass(frozen=True, slots=True)
class NotRenewed:
    """There is no new credential. `dead`: it stays so until the operator does something."""

    words: str
    dead: bool


def read_tokens(
    answer: Response | NoAnswer, now: float, before: Tokens | None = None, wanted: WantedFromToken = NOTHING
) -> Tokens | NoToken:
    """Read the answer to a token request. `now` is when it was sent, in seconds since 1970; `before` are the tokens that are renewed.

    The first answer must hold every value that is `wanted`. One that renews may lack a value or the refresh token
    (RFC 6749 section 6): the earlier one is kept.
    """
    if isinstance(answer, NoAnswer):
        return NoToken("unusable" if answer.final else "passing", answer.words)
    found = _object(answer.body)
    status = answer.status
    error, means = _error(found, status, wanted.refusals)
    if 200 <= status < 300 and not found.get("error") and ("access_token" in found or means is None):
        return _tokens(found, now, before, wanted)
    if 300 <= status < 400:
        return NoToken("unusable", "the vendor redirects a request for a token: it was not followed")
    words = f"HTTP {status}" + (f", {error}" if error else "")
    kind: NoTokenKind = "passing" if status == TOO_MANY or status >= 500 or status in MAY_PASS else KINDS.get(means or "", "unusable")
    return NoToken(kind, words, _again_after(answer, now) if kind == "passing" else None)


def grant_ended(answer: Response, refusals: TokenRefusalsSpec) -> bool:
    """Whether a refused revocation says that the grant is gone already; any other may leave it alive (RFC 7009 section 2.2.1)."""
    return answer.status in REFUSED and _error(_object(answer.body), answer.status, refusals)[1] == "invalid_grant"


def _error(found: Mapping[str, Any], status: int, refusals: TokenRefusalsSpec) -> tuple[str | None, str | None]:
    """Give the code of a refusal, where it may be shown, and the error of the standard that it means: by the first rule, else as told."""
    told = found.get("error")
    standard = told if isinstance(told, str) and ERROR_CODE.fullmatch(told) else None
    code, message = (lossless_json.text_of(path.search(found)) for path in (refusals.code, refusals.message))
    rule = next((rule for rule in refusals.rules if rule.holds(status, code, message)), None)
    known = code if any(code in rule.code for rule in refusals.rules) else None
    return standard or known, rule.means if rule is not None else standard


def _again_after(answer: Response, now: float) -> float | None:
    moment = datetime.fromtimestamp(now, UTC)
    return retry_after(answer.headers, moment) if answer.status == TOO_MANY else failed_until(answer.headers, moment)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = lossless_json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _tokens(found: Mapping[str, Any], now: float, before: Tokens | None, wanted: WantedFromToken) -> Tokens | NoToken:
    access, refresh = found.get("access_token"), found.get("refresh_token") or None
    if not isinstance(access, str) or not TOKEN.fullmatch(access):
        return NoToken("unusable", "the vendor's token answer holds no access token")
    kind = found.get("token_type")
    if kind is not None and (not isinstance(kind, str) or kind.lower() != "bearer"):
        return NoToken("unusable", "the vendor gives a kind of token that Habeas cannot use (not bearer)")
    if refresh is not None and (not isinstance(refresh, str) or not TOKEN.fullmatch(refresh)):
        return NoToken("unusable", "the vendor's token answer holds a refresh token that is none")
    captured = _captured(found, before, wanted)
    if isinstance(captured, NoToken):
        return captured
    seconds = _seconds(found.get("expires_in"))
    return Tokens(
        access=access,
        refresh=refresh or (before.refresh if before else None),
        issued_at=now,
        expires_at=now + seconds if seconds else None,
        scope=_scope(found.get("scope"), before.scope if before else None),
        captured=captured,
    )


def _captured(found: Mapping[str, Any], before: Tokens | None, wanted: WantedFromToken) -> Row | NoToken:
    """Read the values that the spec captures: scalars that fit where they are used, MOST_CAPTURED bytes in all."""
    values = dict(before.captured) if before is not None else {}
    for name, select in wanted.paths.items():
        text = lossless_json.text_of(select.search(found)) or ""
        changed = {**values, name: text}
        if unfit(text) is None and wanted.fits(name, text) and len(str(changed).encode()) <= MOST_CAPTURED:
            values = changed
        elif before is None:
            return NoToken("unusable", f"the vendor's token answer holds no usable <{name}>")
    return tuple(values.items())


def _seconds(value: Any) -> float | None:
    """Read a lifetime in seconds; None if it is no positive number."""
    text = lossless_json.text_of(value)
    return float(text) if text is not None and re.fullmatch(r"0*[1-9][0-9]{0,9}(\.[0-9]+)?", text) else None


def _scope(value: Any, before: str | None) -> str | None:
    """Read the scopes, only in the characters of RFC 6749 section 3.3: a terminal shows them. A list that is too long is none."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = " ".join(value)
    if not isinstance(value, str):
        return before
    text = " ".join(one for one in re.split(r"[\s,]+", value) if SCOPE.fullmatch(one))
    return (text or before) if len(text) <= MOST_SCOPE else None


def due(tokens: Tokens, now: float) -> bool:
    """Whether a token should be renewed before it is used again: a minute before its end, or a tenth of its life if that is less."""
    if tokens.expires_at is None:
        return False
    return now >= tokens.expires_at - min(MARGIN, (tokens.expires_at - tokens.issued_at) / 10)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the redirect after a consent must match: its address, our `state`, and the hosts that may have issued it (RFC 9207)."""

    redirect_uri: str
    state: str = field(repr=False)
    issuers: frozenset[str]


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """An authorization code (RFC 6749 section 4.1.2): it can be exchanged once."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoCode:
    """Why a redirect is not accepted. `foreign`: it may not come from the vendor at all."""

    words: str
    foreign: bool = False


def read_redirect(url: str, expected: Expected) -> AuthorizationCode | NoCode:
    """Read the address to which the vendor sent the browser back (RFC 6749 section 4.1.2, RFC 9207)."""
    url = url.strip()
    if _without_query(url) != _without_query(expected.redirect_uri):
        return NoCode(f"the address does not begin with {expected.redirect_uri}: it is not the vendor's answer", foreign=True)
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    answer = dict(pairs)
    if len(answer) != len(pairs):
        return NoCode("the vendor's answer names something twice", foreign=True)
    if not compare_digest(answer.get("state", "").encode(), expected.state.encode()):
        return NoCode("the answer does not belong to this `connect` (its state is another)", foreign=True)
    if "iss" in answer and not _issued_by(answer["iss"], expected.issuers):
        return NoCode("the answer comes from another authorization server than the spec's (its iss is foreign)", foreign=True)
    if "error" in answer:
        code = f" ({answer['error']})" if ERROR_CODE.fullmatch(answer["error"]) else ""
        return NoCode(f"the consent was declined{code}" if answer["error"] == "access_denied" else f"the vendor refused the consent{code}")
    if not TOKEN.fullmatch(answer.get("code", "")):
        return NoCode("the vendor's answer holds no code")
    return AuthorizationCode(answer["code"])


def _without_query(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ()
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return (parts.scheme, (parts.hostname or "").lower(), str(port or usual), parts.path or "/")


def _issued_by(issuer: str, hosts: frozenset[str]) -> bool:
    try:
        parts = urlsplit(issuer)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and port in (None, 443) and parts.hostname in hosts
