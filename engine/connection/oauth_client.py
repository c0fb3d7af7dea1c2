"""The requests of OAuth 2.0 (RFC 6749): authlib writes them, our transport sends them, `core/oauth` reads the answers."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from msgspec import Struct

from engine.connection.stored import Bound, RegisteredClient, StoredConnection
from engine.core.http import NoAnswer, Response
from engine.discreet import Discreet
from engine.net.hosts import Hosts
from engine.net.transport import Limits, Transport

if TYPE_CHECKING:
    from engine.connection.authlib_client import OAuth

MOST_BYTES = 1 << 20
VERIFIER_BYTES = 48  # 64 characters, of the 43 to 128 that RFC 7636 section 4.1 asks for
TokenResponse = Response | NoAnswer


def hosts_of(bound: Bound, at: str | None) -> Hosts:
    """Give the hosts of a connection's OAuth addresses: a client secret and a refresh token go nowhere else."""
    addresses = (bound.token_url, bound.revocation_url, bound.authorization_url)
    return Hosts(tuple({urlsplit(one).hostname or "" for one in addresses if one}), at)


def oauth_transport(bound: Bound, at: str | None) -> Transport:
    """Give a transport for token requests, without a credential. It follows no redirect, because they are POSTs."""
    return Transport(hosts_of(bound, at), None, Limits(page=MOST_BYTES))


def _oauth(transport: Transport, client: RegisteredClient | None, redirect_uri: str | None = None) -> OAuth:
    """Give authlib's client; authlib is not imported before."""
    from engine.connection.authlib_client import OAuth

    return OAuth(transport, client or RegisteredClient(""), redirect_uri)


async def token_request(transport: Transport, record: StoredConnection) -> TokenResponse:
    """Ask for a token with what a connection has: its refresh token, else its client's own credentials."""
    oauth, url = _oauth(transport, record.client), record.bound.token_url
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
    oauth = _oauth(transport, record.client)
    hint = "refresh_token" if tokens.refresh else "access_token"
    return cast("TokenResponse", await oauth.revoke_token(url, token=tokens.refresh or tokens.access, token_type_hint=hint))


class ConsentRequest(Discreet, Struct, frozen=True):
    """An authorization request (RFC 6749 section 4.1.1): the address for the browser, and the secrets that check its answer."""

    HIDDEN = ("url", "state", "verifier")

    url: str
    state: str
    verifier: str
    redirect_uri: str

    async def exchange(self, transport: Transport, record: StoredConnection, code: str) -> TokenResponse:
        """Ask for the tokens behind a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
        oauth = _oauth(transport, record.client, self.redirect_uri)
        found = oauth.fetch_token(record.bound.token_url, grant_type="authorization_code", code=code, code_verifier=self.verifier)
        return cast("TokenResponse", await found)


def consent_request(transport: Transport, record: StoredConnection, redirect_uri: str) -> ConsentRequest:
    """Make a request for consent, with PKCE S256 and a state of its own."""
    oauth, verifier = _oauth(transport, record.client, redirect_uri), secrets.token_urlsafe(VERIFIER_BYTES)
    extra = {"scope": record.asks_for} if record.asks_for else {"scope": None}
    url, state = oauth.create_authorization_url(record.bound.authorization_url, code_verifier=verifier, **extra)
    return ConsentRequest(transport.hosts.address(url), state, verifier, redirect_uri)
