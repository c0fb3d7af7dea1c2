"""A small vendor on loopback whose authorization server can be told to misbehave, and the spec that names it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from engine.connection.credential import bound
from engine.connection.file_store import FileStore
from engine.connection.keeper import Keeper
from engine.connection.store import KeptConnection, Save
from engine.connection.stored import Name, RegisteredClient, StoredConnection
from engine.connection.vault import Vault
from engine.core.oauth import Tokens
from engine.language.effective import Vendor
from engine.language.load import load
from engine.net.clock import Clock
from engine.net.hosts import Hosts
from engine.net.transport import Transport
from engine.simulate.authorization_server import Grant, Provider

SPEC = """
spec: 1
vendor: acme
base_url: https://api.acme.example/v1
hosts: [api.acme.example, acme.example]
auth:
  oauth2:
    authorization_url: https://acme.example/authorize
    token_url: https://acme.example/token
    revocation_url: https://acme.example/revoke
    redirect_uri: http://127.0.0.1:8917/callback
    scopes: [people.read, files.read]
    refusals: {message: reason, rules: [{status: [400, 401], message: Invalid Token!, means: invalid_grant}]}
verify: {get: /me, granted_by: me.read}
refusals: {rules: [{status: 403, means: denied}]}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}, granted_by: people.read, refusals: {rules: [{status: 404, means: absent}]}}
  endpoints:
    files: {get: /people/<USER_ID>/files, granted_by: files.read, records: files}
    notes: {get: /people/<USER_ID>/notes, granted_by: [notes.read, notes.all], records: notes}
"""
REDIRECTS = ("http://127.0.0.1:8917/callback", "https://acme.example/done")
NAME = Name("acme")


def spec(text: str = SPEC) -> Vendor:
    """Load the vendor's spec."""
    return load(text.encode(), "acme.yaml")


class Acme:
    """The vendor: an ordinary provider; `says` answers token requests in its place, in turn."""

    def __init__(self, clock: Callable[[], float] = time.time, scope: str = "people.read files.read me.read notes.read") -> None:
        self.provider = Provider(clock, scope, REDIRECTS, {})
        self.says: list[Callable[[web.Request], Awaitable[web.StreamResponse]] | web.Response] = []
        self.back: dict[str, str] = {}
        self.log: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.address = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/authorize", self.authorize)
        app.router.add_post("/token", self.token)
        app.router.add_post("/revoke", self.revoke)
        app.router.add_get("/v1/{tail:.*}", self.api)
        return app

    async def authorize(self, request: web.Request) -> web.Response:
        """Go back with a code, changed as the test says."""
        answer = await self.provider.authorize(request)
        location = answer.headers.get("Location")
        if location is None or not self.back:
            return answer
        from yarl import URL

        url = URL(location)
        if "base" in self.back:
            url = URL(self.back["base"]).with_query(url.query)
        raise web.HTTPFound(url.update_query({name: value for name, value in self.back.items() if name != "base"}))

    async def token(self, request: web.Request) -> web.StreamResponse:
        self.log.append("token")
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        if self.says:
            said = self.says.pop(0)
            return said if isinstance(said, web.Response) else await said(request)
        return await self.provider.token(request)

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        self.log.append("revoke")
        if self.says:
            said = self.says.pop(0)
            return said if isinstance(said, web.Response) else await said(request)
        return await self.provider.revoke(request)

    async def api(self, request: web.Request) -> web.Response:
        self.log.append(request.path)
        scopes = self.provider.scopes_of(request.headers.get("Authorization", ""))
        if scopes is None:
            return web.json_response({"error": "no"}, status=401)
        last = request.path.rsplit("/", 1)[1]
        if last == "me":
            return web.json_response({"id": 1}) if "me.read" in scopes else web.json_response({}, status=403)
        if last in ("files", "notes"):
            return web.json_response({last: [{"id": "1", "text": f"{last} of hers"}]})
        if last == "nobody@acme.example":
            return web.json_response({}, status=404)
        return web.json_response({"id": "7", "email": "her@acme.example"})

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Acme]:
        """Serve on a free port."""
        runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    def slowly(self) -> tuple[asyncio.Event, asyncio.Event]:
        """Answer the next request for a token only when told to: gives when it has arrived, and what lets it go on."""
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            arrived.set()
            await go_on.wait()
            return await self.provider.token(request)

        self.says.append(answer)
        return arrived, go_on

    def client(self) -> RegisteredClient:
        return RegisteredClient(self.provider.client_id, self.provider.client_secret)

    def record(self, life: float = 3600.0, **changes: Any) -> StoredConnection:
        """Give a connection as `connect` would have made it, with tokens the provider knows."""
        said = self.provider.issue(Grant(self.provider.scope))
        now = self.provider.clock()
        tokens = Tokens(str(said["access_token"]), now, str(said["refresh_token"]), now + life, str(said["scope"]))
        given = {"grant": "authorization_code", "client": self.client(), "tokens": tokens, **changes}
        return StoredConnection("acme", "oauth2", bound(spec(), self.address), now, **given)


def into(store: Callable[[StoredConnection], None]) -> Callable[[], AbstractAsyncContextManager[Save]]:
    """A place that needs neither room nor locks."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Save]:
        async def save(record: StoredConnection) -> None:
            store(record)

        yield save

    return opened


async def no_wait(seconds: float) -> None:
    """Wait for nothing."""


def clock(now: Callable[[], float] = time.time, sleep: Callable[[float], Coroutine[Any, Any, None]] = no_wait) -> Clock:
    """Real time, no waiting, no chance."""
    return Clock(lambda: datetime.fromtimestamp(now(), UTC), sleep, lambda: 0.5)


def vault(path: Path, **environ: str) -> Vault:
    """Open a store."""
    return Vault(path / "state", environ)


def files(store: Vault) -> FileStore:
    """Use a store as commands do."""
    return FileStore(store)


def keeper(store: Vault, acme: Acme, vendor: Vendor | None = None, **times: Any) -> tuple[Keeper, Transport]:
    """Keep the stored connection alive; `now` and `sleep` may be given."""
    transport = Transport(Hosts((vendor or spec()).hosts, acme.address), None)
    return Keeper(files(store), KeptConnection(NAME, store.read(NAME)), vendor or spec(), transport, clock(**times)), transport


async def keep(store: Vault, name: Name, record: StoredConnection, *, plain: bool = False) -> None:
    """Store a connection as `connect` does."""
    async with files(store).placing(name, plain=plain) as place, place.opened() as put:
        await put(record)
