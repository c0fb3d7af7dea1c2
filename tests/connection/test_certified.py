"""The same client against authlib's own authorization server: what two who know the standards agree on."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from engine.connection.connect import Browser, connect
from engine.connection.credential import bound
from engine.connection.oauth_client import oauth_transport, token_request
from engine.connection.stored import RegisteredClient, StoredConnection
from engine.core.oauth import NotRenewed, Renewed, read_tokens
from engine.errors import NotConnected
from engine.simulate.browser import allow
from tests.connection.certified import Certified
from tests.connection.vendor import NAME, SPEC, clock, into, keeper, spec, vault


def record(server: Certified, **changes) -> StoredConnection:
    client = RegisteredClient("certified", server.server.app.client_secret)
    return StoredConnection(
        "acme",
        "oauth2",
        bound(spec(), server.address),
        0.0,
        **{"grant": "authorization_code", "client": client, "asks_for": "people.read", **changes},
    )


async def connected(server: Certified) -> StoredConnection:
    """Go through consent and listener, in this process."""
    import threading

    def show(url: str) -> None:
        threading.Thread(target=allow, args=(url,), daemon=True).start()

    return await stored(record(server), Browser(server.callback, show))


async def stored(made: StoredConnection, browser: Browser | None) -> StoredConnection:
    """Connect; gives what would be stored."""
    kept: list[StoredConnection] = []

    await asyncio.wait_for(connect(made, browser, clock(), into(kept.append)), 60)
    return kept[0]


@pytest.mark.parametrize("secret", ["S3cret-certified_1", ""])
async def test_a_code_with_pkce_connects_a_confidential_and_a_public_client(secret, tmp_path):
    """The server demands a S256 challenge; the tokens open the API, and rotate."""
    async with Certified(secret).up() as server:
        store = vault(tmp_path)
        store.write(NAME, await connected(server))
        kept, transport = keeper(store, server)
        assert await kept.refresh() == Renewed(asked=True)
        assert await kept.refresh() == Renewed(asked=True)
        assert server.grants == ["authorization_code", "refresh_token", "refresh_token"]
        assert [one.revoked for one in server.server.issued] == [True, True, False]
        assert transport.credential.headers[0][1] == f"Bearer {server.server.issued[-1].access_token}"


async def test_a_refresh_token_used_twice_ends_the_family_and_is_said(tmp_path):
    """Reuse detection: the old token is sent by somebody else; our next refresh is refused, for good."""
    async with Certified().up() as server:
        store = vault(tmp_path)
        first = await connected(server)
        store.write(NAME, first)
        kept, _ = keeper(store, server)
        assert await kept.refresh() == Renewed(asked=True)
        async with oauth_transport(first.bound, server.address) as transport:
            answer = await token_request(transport, first)
        assert read_tokens(answer, 0.0).kind == "dead"
        found = await kept.refresh()
        assert isinstance(found, NotRenewed)
        assert found.dead
        assert found.words == "the vendor has ended this connection (HTTP 400, invalid_grant): habeas connect acme"


@pytest.mark.parametrize("changes", [{"token_type": "mac"}, {"access_token": ""}, {"token_type": "Bearer "}])
async def test_reuse_detection_is_not_tripped_by_an_answer_that_is_wrong_in_part(changes, tmp_path):
    """The new refresh token of such an answer is the one that is sent next: the family lives on."""

    class Spoiling(Certified):
        async def token(self, request: web.Request) -> web.Response:
            answer = await super().token(request)
            return web.json_response({**json.loads(answer.text or ""), **(changes if self.grants[1:] == ["refresh_token"] else {})})

    async with Spoiling().up() as server:
        store = vault(tmp_path)
        store.write(NAME, await connected(server))
        await keeper(store, server)[0].refresh()
        assert await keeper(store, server)[0].refresh() == Renewed(asked=True)
        assert server.grants == ["authorization_code", "refresh_token", "refresh_token"]
        assert [one.revoked for one in server.server.issued] == [True, True, False]


async def test_five_at_once_never_trip_over_reuse_detection(tmp_path):
    """Where a naive client loses its connection: one refresh, and everyone has the new token."""
    async with Certified().up() as server:
        store = vault(tmp_path)
        store.write(NAME, await connected(server))
        found = await asyncio.gather(*(keeper(store, server)[0].refresh() for _ in range(5)))
        assert sum(one.asked for one in found) == 1
        assert [one.revoked for one in server.server.issued] == [True, False]


async def test_client_credentials_get_a_token_and_a_wrong_secret_none():
    """The client proves itself with Basic, as the server reads it."""
    text = SPEC.replace("    authorization_url: https://acme.example/authorize\n", "    grant: client_credentials\n")
    text = text.replace("    redirect_uri: http://127.0.0.1:8917/callback\n", "")
    assert spec(text).auth.oauth2.grant == "client_credentials"
    async with Certified("plain-secret").up() as server:
        made = await stored(record(server, grant="client_credentials"), None)
        assert made.tokens.access == server.server.issued[0].access_token
        with pytest.raises(NotConnected, match="refuses the client id or secret"):
            await stored(record(server, grant="client_credentials", client=RegisteredClient("certified", "wrong")), None)
