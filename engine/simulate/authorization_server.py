"""An OAuth 2 authorization server (RFC 6749, 7636, 7009) with refresh tokens that rotate and are revoked when one is used twice.

All of it is in memory. Its secrets are worth nothing: they open a simulator on this machine.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from html import escape
from urllib.parse import unquote_plus, urlencode

from aiohttp import web
from msgspec import Struct, field

ACCESS_SECONDS = 3600
CODE_SECONDS = 300


class Grant(Struct):
    """One consent; its tokens are good for as long as it is alive. `refresh` is the current refresh token, `old` are those before."""

    scope: str
    alive: bool = True
    public: bool = False
    refresh: str = ""
    old: set[str] = field(default_factory=set)


class IssuedCode(Struct):
    """An authorization code and the request it was issued for; `challenge` and `method` are PKCE's (RFC 7636)."""

    redirect_uri: str
    scope: str
    expires: float
    challenge: str | None
    method: str
    used: bool = False


class Provider:
    """The authorization server of one application: its codes, grants and tokens."""

    def __init__(
        self, clock: Callable[[], float], scope: str, redirect_uris: tuple[str, ...], extra: dict[str, str], client_secret: str = ""
    ) -> None:
        """Register the application; `extra` is added to every token answer."""
        self.clock, self.scope, self.redirect_uris, self.extra = clock, scope, redirect_uris, extra
        self.posted = False  # whether a client may prove itself in the form (RFC 6749 section 2.3.1), which Zoom does not allow
        self.client_id, self.client_secret = "simulated-client", client_secret or secrets.token_urlsafe(16)
        self.codes: dict[str, IssuedCode] = {}
        self.access: dict[str, tuple[Grant, float]] = {}
        self.refreshes: dict[str, Grant] = {}

    def issue(self, grant: Grant | None = None, *, refreshable: bool = True) -> dict[str, object]:
        """Make a token answer: a new access token and, if refreshable, a new refresh token in place of the old one."""
        grant = grant or Grant(self.scope)
        token = secrets.token_urlsafe(24)
        self.access[token] = (grant, self.clock() + ACCESS_SECONDS)
        answer: dict[str, object] = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": ACCESS_SECONDS,
            "scope": grant.scope,
            **self.extra,
        }
        if refreshable:
            if grant.refresh:
                grant.old.add(grant.refresh)
            grant.refresh = secrets.token_urlsafe(24)
            self.refreshes[grant.refresh] = grant
            answer["refresh_token"] = grant.refresh
        return answer

    def scopes_of(self, authorization: str) -> frozenset[str] | None:
        """Give the scopes of an Authorization header's token; None where it is unknown, expired or revoked."""
        scheme, _, token = authorization.partition(" ")
        grant, expires = self.access.get(token, (None, 0.0))
        if scheme.lower() != "bearer" or grant is None or not grant.alive or expires <= self.clock():
            return None
        return frozenset(grant.scope.split())

    async def authorize(self, request: web.Request) -> web.Response:
        """The authorization endpoint: show the consent page, and send the browser back with a code once it is confirmed."""
        query = request.query
        if query.get("client_id") != self.client_id:
            return _page("Unknown application (4702)", 400)
        if not self._registered(query.get("redirect_uri", ""), pkce="code_challenge" in query):
            return _page("The redirect address is not registered (4709)", 400)
        if query.get("response_type") != "code":
            return _page("Only response_type=code is known", 400)
        if request.method == "GET":
            return _page("Allow this application to read the account's data?", 200, form=True)
        consent = (await request.post()).get("consent")
        back = {"state": query["state"]} if "state" in query else {}
        if consent != "allow":
            return _redirect(query["redirect_uri"], {"error": "access_denied", **back})
        code = secrets.token_urlsafe(16)
        challenge = query.get("code_challenge")
        method = query.get("code_challenge_method", "plain")
        self.codes[code] = IssuedCode(query["redirect_uri"], self.scope, self.clock() + CODE_SECONDS, challenge, method)
        return _redirect(query["redirect_uri"], {"code": code, **back})

    def _registered(self, uri: str, *, pkce: bool) -> bool:
        """Whether a redirect address is registered, to the letter; on loopback with PKCE any port will do (RFC 8252 section 7.3)."""
        if uri in self.redirect_uris:
            return True
        loose = re.sub(r"^(http://(?:127\.0\.0\.1|\[::1\])):\d+", r"\1", uri)
        return pkce and loose != uri and loose in {re.sub(r":\d+/", "/", one) for one in self.redirect_uris}

    async def token(self, request: web.Request) -> web.Response:
        """The token endpoint: exchange a code, a refresh token or the client's own credentials for tokens."""
        form = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
        if not self._client(request, form):
            return _refused("Invalid client_id or client_secret", "invalid_client", 401)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self._from_code(form)
        if kind == "refresh_token":
            return self._from_refresh(form)
        if kind in ("client_credentials", "account_credentials"):
            return web.json_response(self.issue(refreshable=False))
        return _refused("Unsupported grant type", "unsupported_grant_type")

    async def revoke(self, request: web.Request) -> web.Response:
        """The revocation endpoint; an unknown token counts as revoked already (RFC 7009 section 2.2)."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not self._client(request, form):
            return _refused("Invalid client_id or client_secret", "invalid_client", 401)
        token = form.get("token", "")
        grant = self.refreshes.get(token) or self.access.get(token, (None, 0.0))[0]
        if grant is not None:
            grant.alive = False
        return web.json_response({"status": "success"})

    def _client(self, request: web.Request, form: dict[str, str]) -> bool:
        """Whether the client proves itself: by HTTP Basic, in the form where that is allowed, or as a public client with PKCE."""
        header = request.headers.get("Authorization", "")
        if header.startswith("Basic "):
            try:
                given = base64.b64decode(header[6:]).decode()
            except ValueError:
                return False
            return tuple(map(unquote_plus, given.split(":"))) == (self.client_id, self.client_secret)
        if self.posted and "client_secret" in form:
            return (form.get("client_id"), form["client_secret"]) == (self.client_id, self.client_secret)
        if form.get("client_id") != self.client_id or "client_secret" in form:
            return False
        grant = self.refreshes.get(form.get("refresh_token", "") or form.get("token", ""))
        return "code_verifier" in form or (grant is not None and grant.public)

    def _from_code(self, form: dict[str, str]) -> web.Response:
        code = self.codes.get(form.get("code", ""))
        if code is None or code.used or code.expires <= self.clock() or code.redirect_uri != form.get("redirect_uri"):
            return _refused("Invalid authorization code", "invalid_grant")
        if code.challenge is not None and not _proves(form.get("code_verifier", ""), code):
            return _refused("Invalid code verifier", "invalid_grant")
        code.used = True
        return web.json_response(self.issue(Grant(code.scope, public="client_id" in form)))

    def _from_refresh(self, form: dict[str, str]) -> web.Response:
        token = form.get("refresh_token", "")
        grant = self.refreshes.get(token)
        if grant is not None and token in grant.old:
            grant.alive = False
        if grant is None or not grant.alive or grant.refresh != token:
            return _refused("Invalid Token!", "invalid_grant")
        return web.json_response(self.issue(grant))


def _proves(verifier: str, code: IssuedCode) -> bool:
    """Whether a PKCE verifier fits the challenge of a code (RFC 7636 section 4.6)."""
    if code.method == "plain":
        return verifier == code.challenge
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge


def _refused(reason: str, error: str, status: int = 400) -> web.Response:
    return web.json_response({"reason": reason, "error": error}, status=status)


def _redirect(uri: str, query: dict[str, str]) -> web.Response:
    separator = "&" if "?" in uri else "?"
    return web.Response(status=302, headers={"Location": f"{uri}{separator}{urlencode(query)}"})


def _page(words: str, status: int, *, form: bool = False) -> web.Response:
    choices = (("allow", "Allow"), ("deny", "Decline"))
    inner = " ".join(f'<button name="consent" value="{value}">{label}</button>' for value, label in choices)
    buttons = f'<form method="post">{inner}</form>'
    text = f"<!doctype html><title>Simulated consent</title><h1>{escape(words)}</h1>{buttons if form else ''}"
    return web.Response(text=text, status=status, content_type="text/html")
