"""The requests of OAuth 2: authlib writes them, our transport sends them, engine/core/oauth.py reads the answers."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote_plus, urlsplit

from authlib.common.security import generate_token
from authlib.oauth2.client import OAuth2Client

from engine.connection.stored import Bound, RegisteredClient, StoredConnection
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.net.hosts import Hosts
from engine.net.transport import Limits, Transport

METHODS = {"basic": "client_secret_basic", "post": "client_secret_post", "none": "none"}
MOST_BYTES = 1 << 20
Answer = Response | NoAnswer


def hosts_of(bound: Bound, at: str | None) -> Hosts:
    """Give the hosts of the addresses that were bound: a client secret and a refresh token go nowhere else."""
    addresses = (bound.token_url, bound.revocation_url, bound.authorization_url)
    return Hosts(tuple({urlsplit(one).hostname or "" for one in addresses if one}), at)


def oauth_transport(bound: Bound, at: str | None) -> Transport:
    """Give a transport without a credential of its own; a redirect of a POST is not followed by it."""
    return Transport(hosts_of(bound, at), None, Limits(page=MOST_BYTES))


def _basic(client: Any, method: str, uri: str, headers: dict[str, str], body: str) -> tuple[str, dict[str, str], str]:
    """Prove the client as RFC 6749 section 2.3.1 says: id and secret form-encoded first, in UTF-8."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    proof = base64.b64encode(pair.encode()).decode()
    return uri, {**headers, "Authorization": f"Basic {proof}"}, body


class OAuth(OAuth2Client):  # type: ignore[misc]  # authlib has no types
    """authlib's client over our transport. Its answers are as they came; tokens are never kept in it."""

    def __init__(self, transport: Transport, client: RegisteredClient, redirect_uri: str | None = None) -> None:
        """Bind a client to a transport."""
        method = METHODS["none" if not client.secret else client.auth]
        super().__init__(
            session=None,
            client_id=client.id,
            client_secret=client.secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        self.register_client_auth_method(("client_secret_basic", _basic))
        self._transport = transport

    async def _http_post(self, url: str, body: str = "", auth: Any = None, headers: Any = None, **_: Any) -> Answer:
        """Send what authlib has written, without reading the answer as it would."""
        url, proven, body = auth.prepare("POST", url, dict(headers), body)
        return await self._transport.send(HttpRequest("POST", url, tuple(proven.items()), body.encode()))

    _fetch_token = _http_post
    _refresh_token = _http_post


async def token_request(transport: Transport, record: StoredConnection) -> Answer:
    """Ask for a token with what a connection has: its refresh token, else its client's own credentials."""
    oauth, url = OAuth(transport, record.client or RegisteredClient("")), record.bound.token_url
    if record.grant == "authorization_code":
        refresh = record.tokens.refresh if record.tokens else None
        return cast("Answer", await oauth.refresh_token(url, refresh_token=refresh))
    extra = {"account_id": record.account_id, "scope": record.asks_for}
    given = {name: value for name, value in extra.items() if value}
    return cast("Answer", await oauth.fetch_token(url, grant_type=record.grant, **given))


async def revocation_request(transport: Transport, record: StoredConnection) -> Answer | None:
    """Ask the vendor to forget a connection (RFC 7009); None where it has no address for that, or there is no token."""
    url, tokens = record.bound.revocation_url, record.tokens
    if url is None or tokens is None:
        return None
    oauth = OAuth(transport, record.client or RegisteredClient(""))
    hint = "refresh_token" if tokens.refresh else "access_token"
    return cast("Answer", await oauth.revoke_token(url, token=tokens.refresh or tokens.access, token_type_hint=hint))


@dataclass(frozen=True, slots=True)
class Consent:
    """One request for a person's consent: where to send the browser, and what only we know."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str

    async def exchange(self, transport: Transport, record: StoredConnection, code: str) -> Answer:
        """Ask for the tokens behind a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
        oauth = OAuth(transport, record.client or RegisteredClient(""), self.redirect_uri)
        found = oauth.fetch_token(record.bound.token_url, grant_type="authorization_code", code=code, code_verifier=self.verifier)
        return cast("Answer", await found)


def consent(transport: Transport, record: StoredConnection, redirect_uri: str) -> Consent:
    """Make a request for consent, with PKCE S256 and a state of its own."""
    oauth, verifier = OAuth(transport, record.client or RegisteredClient(""), redirect_uri), generate_token(64)
    extra = {"scope": record.asks_for} if record.asks_for else {"scope": None}
    url, state = oauth.create_authorization_url(record.bound.authorization_url, code_verifier=verifier, **extra)
    return Consent(transport.hosts.address(url), state, verifier, redirect_uri)
