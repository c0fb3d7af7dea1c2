"""authlib's OAuth 2 client over our own transport: authlib writes the requests (RFC 6749), nothing else of it is used.

A module of its own so that authlib is imported only when a token is asked for, revoked or consented to.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote_plus

from authlib.oauth2.client import OAuth2Client

from engine.connection.stored import RegisteredClient
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.net.transport import Transport

METHODS = {"basic": "client_secret_basic", "post": "client_secret_post", "none": "none"}


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

    async def _http_post(self, url: str, body: str = "", auth: Any = None, headers: Any = None, **_: Any) -> Response | NoAnswer:
        """Send what authlib has written, without reading the answer as it would."""
        url, proven, body = auth.prepare("POST", url, dict(headers), body)
        return await self._transport.send(HttpRequest("POST", url, tuple(proven.items()), body.encode()))

    _fetch_token = _http_post
    _refresh_token = _http_post
