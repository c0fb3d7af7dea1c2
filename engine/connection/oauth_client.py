"""The requests of OAuth 2.0 (RFC 6749): authlib writes them, our transport sends them, `core/oauth` reads the answers."""

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
TokenResponse = Response | NoAnswer


def hosts_of(bound: Bound, at: str | None) -> Hosts:
    """Give the hosts of a connection's OAuth addresses: a client secret and a refresh token go nowhere else."""
    addresses = (bound.token_url, bound.revocation_url, bound.authorization_url)
    return Hosts(tuple({urlsplit(one).hostname or "" for one in addresses if one}), at)


def oauth_transport(bound: Bound, at: str | None) -> Transport:
    """Give a transport for token requests, without a credential. It follows no redirect, because they are POSTs."""
    return Transport(hosts_of(bound, at), None, Limits(page=MOST_BYTES))


def _basic(client: Any, method: str, uri: str, headers: dict[str, str], body: str) -> tuple[str, dict[str, str], str]:
    """Authenticate the client by HTTP Basic: id and secret are form-encoded in UTF-8 first (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    proof = base64.b64encode(pair.encode()).decode()
    return uri, {**headers, "Authorization": f"Basic {proof}"}, body


class OAuthClient(OAuth2Client):  # type: ignore[misc]  # authlib has no types
    """authlib's OAuth client over our transport. It returns answers unread and keeps no tokens."""

    def __init__(self, transport: Transport, client: RegisteredClient, redirect_uri: str | None = None) -> None:
        """Take the application's id and secret; one without a secret authenticates by its id alone."""
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

    async def _http_post(self, url: str, body: str = "", auth: Any = None, headers: Any = None, **_: Any) -> TokenResponse:
        """Send what authlib has written, and give the answer as it came."""
        url, proven, body = auth.prepare("POST", url, dict(headers), body)
        return await self._transport.send(HttpRequest("POST", url, tuple(proven.items()), body.encode()))

    _fetch_token = _http_post
    _refresh_token = _http_post


async def token_request(transport: Transport, record: StoredConnection) -> TokenResponse:
    """Ask for a token: with the refresh token (RFC 6749 section 6), or the client's own credentials (section 4.4)."""
    oauth, url = OAuthClient(transport, record.client or RegisteredClient("")), record.bound.token_url
    if record.grant == "authorization_code":
        refresh = record.tokens.refresh if record.tokens else None
        return cast("TokenResponse", await oauth.refresh_token(url, refresh_token=refresh))
    extra = {"account_id": record.account_id, "scope": record.asks_for}
    given = {name: value for name, value in extra.items() if value}
    return cast("TokenResponse", await oauth.fetch_token(url, grant_type=record.grant, **given))


async def revocation_request(transport: Transport, record: StoredConnection) -> TokenResponse | None:
    """Revoke a connection's token at the vendor (RFC 7009); None if there is no token, or no address for that."""
    url, tokens = record.bound.revocation_url, record.tokens
    if url is None or tokens is None:
        return None
    oauth = OAuthClient(transport, record.client or RegisteredClient(""))
    hint = "refresh_token" if tokens.refresh else "access_token"
    return cast("TokenResponse", await oauth.revoke_token(url, token=tokens.refresh or tokens.access, token_type_hint=hint))


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """An authorization request (RFC 6749 section 4.1.1): the address for the browser, and the secrets that check its answer."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str

    async def exchange(self, transport: Transport, record: StoredConnection, code: str) -> TokenResponse:
        """Exchange an authorization code for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
        oauth = OAuthClient(transport, record.client or RegisteredClient(""), self.redirect_uri)
        found = oauth.fetch_token(record.bound.token_url, grant_type="authorization_code", code=code, code_verifier=self.verifier)
        return cast("TokenResponse", await found)


def consent_request(transport: Transport, record: StoredConnection, redirect_uri: str) -> ConsentRequest:
    """Make an authorization request with PKCE S256 (RFC 7636) and a fresh `state`."""
    oauth, verifier = OAuthClient(transport, record.client or RegisteredClient(""), redirect_uri), generate_token(64)
    extra = {"scope": record.asks_for} if record.asks_for else {"scope": None}
    url, state = oauth.create_authorization_url(record.bound.authorization_url, code_verifier=verifier, **extra)
    return ConsentRequest(transport.hosts.address(url), state, verifier, redirect_uri)
