"""An authorization server built of authlib's own parts: code with PKCE, rotation with reuse detection, client credentials."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from authlib.common.security import generate_token
from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, TokenMixin, grants, list_to_scope, scope_to_list
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge

from tests.connection.commands import redirect


@dataclass
class App(ClientMixin):
    """A registered application; without a secret it is a public one."""

    client_id: str
    client_secret: str
    redirect_uri: str

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return list_to_scope(scope_to_list(scope))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.client_secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == ("client_secret_basic" if self.client_secret else "none")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return True


@dataclass
class Issued(TokenMixin):
    """A token answer that was given."""

    access_token: str
    refresh_token: str | None
    scope: str
    family: str
    revoked: bool = False

    def check_client(self, client: App) -> bool:
        return True

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return 3600

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return self.revoked


@dataclass
class Code:
    """A code that was given."""

    code: str
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str
    auth_time: float = field(default_factory=time.time)

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class Server(AuthorizationServer):
    """authlib's server on plain values; aiohttp stands before it."""

    def __init__(self, app: App) -> None:
        super().__init__(scopes_supported=None)
        self.app, self.codes, self.issued = app, {}, []
        self.register_token_generator("default", BearerTokenGenerator(lambda **_: generate_token(40), lambda **_: generate_token(48)))
        self.register_grant(_CodeGrant, [CodeChallenge(required=True)])
        self.register_grant(_RefreshGrant)
        self.register_grant(grants.ClientCredentialsGrant)

    def query_client(self, client_id: str) -> App | None:
        return self.app if client_id == self.app.client_id else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        family = getattr(request.refresh_token, "family", None) or generate_token(8)
        self.issued.append(Issued(token["access_token"], token.get("refresh_token"), token.get("scope", ""), family))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        return None

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> web.Response:
        if isinstance(body, dict):
            return web.json_response(body, status=status, headers={k: v for k, v in headers if k.lower() != "content-type"})
        return web.Response(status=status, text=body or "", headers=dict(headers))


class _CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "none")

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        payload = request.payload
        self.server.codes[code] = Code(
            code, payload.redirect_uri, payload.scope or "", payload.data["code_challenge"], payload.data["code_challenge_method"]
        )

    def query_authorization_code(self, code: str, client: App) -> Code | None:
        return self.server.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del self.server.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return "the administrator"


class _RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "none")
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Issued | None:
        found = next((one for one in self.server.issued if one.refresh_token == refresh_token), None)
        if found is not None and found.revoked:
            for issued in self.server.issued:  # used twice: somebody else has it; the whole family ends
                issued.revoked = issued.revoked or issued.family == found.family
            return None
        return found

    def authenticate_user(self, refresh_token: Issued) -> str:
        return "the administrator"

    def revoke_old_credential(self, refresh_token: Issued) -> None:
        refresh_token.revoked = True


class Certified:
    """The server on loopback, with a count of what it was asked."""

    def __init__(self, secret: str = "S3cret-certified_1") -> None:
        self.callback = redirect()
        self.server = Server(App("certified", secret, self.callback))
        self.grants: list[str] = []
        self.address = ""

    async def _request(self, request: web.Request) -> OAuth2Request:
        form = {name: str(value) for name, value in (await request.post()).items()}
        made = OAuth2Request(request.method, str(request.url).replace("http://", "https://"), headers=dict(request.headers))
        made.payload = BasicOAuth2Payload({**request.query, **form})
        made.form_data = form  # type: ignore[attr-defined]
        made._body = form
        return made

    async def authorize(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.Response(text='<form method="post"></form>', content_type="text/html")
        made = await self._request(request)
        made.payload.data.pop("consent", None)
        grant = self.server.get_consent_grant(made, "the administrator")
        return self.server.create_authorization_response(made, grant_user="the administrator", grant=grant)

    async def token(self, request: web.Request) -> web.Response:
        made = await self._request(request)
        self.grants.append(made.payload.grant_type)
        return self.server.create_token_response(made)

    async def api(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        good = any(one.access_token == token and not one.revoked for one in self.server.issued)
        return web.json_response({"id": 1}, status=200 if good else 401)

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Certified]:
        app = web.Application()
        app.router.add_route("*", "/authorize", self.authorize)
        app.router.add_post("/token", self.token)
        app.router.add_get("/v1/me", self.api)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()
