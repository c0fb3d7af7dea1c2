"""OAuth 2.0 (RFC 6749): read token answers, and say when a token should be renewed. core/redirect.py reads redirects.

`connection/oauth_client` sends the requests. Messages repeat of what a server says its status, an error code in the form
of the standard and its description, cleaned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct, field

from engine.core.after import failed_until, retry_after
from engine.core.http import NoAnswer, Response
from engine.core.identity import means_nothing, unfit
from engine.core.retry import MAY_PASS, TOO_MANY
from engine.discreet import Discreet
from engine.language.effective import Row
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select
from engine.language.model.refusals import TokenRefusalsSpec
from engine.replaced import replace

MARGIN = 60.0
TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
MOST_SCOPE = 16 * 1024
MOST_CAPTURED = 8 * 1024
MOST_DESCRIBED = 200
SECRET = re.compile(r"[^\s,;:()]*@[^\s,;:()]*|[\w.~+/=-]{20,}|(?=[\w.~+/=-]*\d)(?=[\w.~+/=-]*[A-Za-z])[\w.~+/=-]{8,}")
ERROR_CODE = re.compile(r"[a-z_]{1,40}")
NoTokenKind = Literal["dead", "client", "passing", "unusable"]
KINDS: Mapping[str, NoTokenKind] = {  # RFC 6749 sections 5.2 and 4.1.2.1
    "invalid_grant": "dead",
    "invalid_client": "client",
    "unauthorized_client": "client",
    "temporarily_unavailable": "passing",
}
REFUSED = (400, 401)
SENT = ("reset", "timeout", "truncated", "too_large")
NOT_PROCESSED = (408, 429, 503)


class Tokens(Discreet, Struct, frozen=True):
    """What is kept of a token answer (RFC 6749 section 5.1). Times are seconds since 1970 by our own clock. Tokens are never shown.

    `captured` are values for requests that the spec reads from the answer. Every part is bounded in length, so that the
    file space that was reserved before the vendor was asked is always enough.
    """

    HIDDEN = ("access", "refresh", "captured")

    access: str
    issued_at: float
    refresh: str | None = None
    expires_at: float | None = None
    scope: str | None = None
    captured: Row = ()

    @property
    def granted(self) -> frozenset[str] | None:
        """Give the scopes that the answer listed; None if it listed none."""
        return None if self.scope is None else frozenset(re.split(r"[\s,]+", self.scope)) - {""}


class WantedFromToken(Struct, frozen=True):
    """What a spec says of the token endpoint's answers: the values to read besides the tokens, and what refusals mean.

    `paths` has the path of each value by its name; `fits` says whether a value fits in the places where its name is used.
    """

    paths: Mapping[str, Select] = {}
    fits: Callable[[str, str], bool] = lambda _name, _value: True
    refusals: TokenRefusalsSpec = field(default_factory=TokenRefusalsSpec.model_construct)


NOTHING = WantedFromToken()


class NoToken(Struct, frozen=True):
    """Why there is no token.

    `dead`: the grant has ended, only a new consent helps. `client`: the client id or secret is refused. `passing`: ask
    again, after `seconds` if the answer tells them. `unusable`: an answer that settles nothing; the connection is kept.
    `kept`: what must be stored all the same, because the answer brought a new refresh token and the old one may be spent.
    `lost`: the vendor may have given new tokens in an answer that could not be read.
    """

    kind: NoTokenKind
    words: str
    seconds: float | None = None
    kept: Tokens | None = None
    lost: bool = False


class Renewed(Struct, frozen=True):
    """A new credential is in use. `asked`: the vendor was asked for it; else another process had renewed it already."""

    asked: bool


class NotRenewed(Struct, frozen=True):
    """There is no new credential. `dead`: it stays so until the operator does something."""

    words: str
    dead: bool


def read_tokens(
    answer: Response | NoAnswer, now: float, before: Tokens | None = None, wanted: WantedFromToken = NOTHING
) -> Tokens | NoToken:
    """Read the answer to a token request. `now` is when it was sent, in seconds since 1970; `before` are the tokens that are renewed.

    The first answer must hold every value that is `wanted`. One that renews may lack a value or the refresh token
    (RFC 6749 section 6): the earlier one is kept. Tokens in an answer that is no 2xx are not believed: an error may repeat
    what was asked, or be a proxy's. But where the vendor's own failure holds a new one, the old one may be spent.
    """
    if isinstance(answer, NoAnswer):
        return NoToken("unusable" if answer.final else "passing", answer.words, lost=answer.kind in SENT)
    found = _object(answer.body)
    status = answer.status
    error, means = _error(found, status, wanted.refusals)
    good = 200 <= status < 300
    given = _kept(found, now, before, wanted)
    kept = given if good else None
    if good and not found.get("error") and ("access_token" in found or means is None):
        return _tokens(found, now, before, wanted, kept)
    if 300 <= status < 400:
        return NoToken("unusable", "the vendor redirects a request for a token: it was not followed")
    words = f"HTTP {status}" + (f", {error}" if error else "") + described(found.get("error_description"))
    kind: NoTokenKind = "passing" if status == TOO_MANY or status >= 500 or status in MAY_PASS else KINDS.get(means or "", "unusable")
    lost = (given is not None and status >= 500) or (not found and status not in NOT_PROCESSED)
    return NoToken(kind, words, _again_after(answer, now) if kind == "passing" else None, kept, lost=lost)


def described(text: Any) -> str:
    """Give an `error_description` to be shown: `: "…"`, in the characters of RFC 6749 section 5.2, cut; "" if there is none.

    What could be an address or a token in it is left out.
    """
    if not isinstance(text, str):
        return ""
    clean = " ".join(re.sub(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]+", " ", text).split())
    clean = SECRET.sub("...", clean)
    cut = clean if len(clean) <= MOST_DESCRIBED else clean[:MOST_DESCRIBED] + "..."
    return f': "{cut}"' if cut else ""


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
    """Read the JSON object of an answer; what is no UTF-8 in it, or a byte order mark before it, does not cost the tokens in it."""
    try:
        found = lossless_json.loads(body.decode("utf-8-sig", "replace").encode())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _usable(token: Any) -> bool:
    return isinstance(token, str) and TOKEN.fullmatch(token) is not None


def _refresh(found: Mapping[str, Any]) -> Any:
    """Give the refresh token; None where there is none, or a text that says so: the earlier one stays."""
    value = found.get("refresh_token") or None
    return None if means_nothing(value) else value


def _kept(found: Mapping[str, Any], now: float, before: Tokens | None, wanted: WantedFromToken) -> Tokens | None:
    """Give the tokens to store of an answer that is otherwise unusable: those before, with its new refresh token.

    Without any before, the access token is empty and has ended: it has to be renewed before it is used. There is nothing to keep then
    where a value that is wanted lacks: without it nothing would be renewed, and an earlier connection would be replaced by none.
    """
    refresh = _refresh(found)
    if not _usable(refresh) or (before is not None and before.refresh == refresh):
        return None
    if before is not None:
        return replace(before, refresh=refresh)
    captured = _captured(found, None, wanted)
    return None if isinstance(captured, NoToken) else Tokens("", now, refresh, now, captured=captured)


def _tokens(found: Mapping[str, Any], now: float, before: Tokens | None, wanted: WantedFromToken, kept: Tokens | None) -> Tokens | NoToken:
    access, refresh = found.get("access_token"), _refresh(found)
    lost = kept is None
    if not isinstance(access, str) or not _usable(access):
        return NoToken("unusable", "the vendor's token answer holds no access token", kept=kept, lost=lost)
    kind = found.get("token_type")
    if kind is not None and (not isinstance(kind, str) or kind.strip().lower() != "bearer"):
        return NoToken("unusable", "the vendor gives a kind of token that Habeas cannot use (not bearer)", kept=kept, lost=lost)
    if refresh is not None and not _usable(refresh):
        return NoToken("unusable", "the vendor's token answer holds a refresh token that is none", lost=True)
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
        value = select.search(found)
        text = lossless_json.text_of(value) or ""
        changed = {**values, name: text}
        if unfit(text) is None and not means_nothing(value) and wanted.fits(name, text) and len(str(changed).encode()) <= MOST_CAPTURED:
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
