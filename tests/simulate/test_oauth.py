"""The simulated provider keeps the rules that connections will meet: PKCE, rotation, reuse, revocation."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import encode_basic_auth, web

from engine.simulate.authorization_server import ACCESS_SECONDS, CODE_SECONDS, Provider

BACK = "http://127.0.0.1:8917/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
async def world(aiohttp_client):
    now = [1000.0]
    provider = Provider(lambda: now[0], "read write", (BACK,), {"api_url": "https://api.zoom.us"})
    app = web.Application()
    app.router.add_route("*", "/authorize", provider.authorize)
    app.router.add_post("/token", provider.token)
    app.router.add_post("/revoke", provider.revoke)
    return await aiohttp_client(app), provider, now


def query(provider, **changes):
    return {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": BACK,
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }


async def code_of(client, provider, **changes) -> str:
    answer = await client.post("/authorize", params=query(provider, **changes), data={"consent": "allow"}, allow_redirects=False)
    assert answer.status == 302
    found = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert found["state"] == ["s"]
    return found["code"][0]


def who(provider, secret=None) -> dict[str, str]:
    return {"Authorization": encode_basic_auth(provider.client_id, secret or provider.client_secret)}


async def token(client, provider, secret=None, **form):
    answer = await client.post("/token", data=form, headers=who(provider, secret))
    return answer.status, await answer.json()


async def test_a_code_is_exchanged_once_by_who_can_prove_it(world):
    """With the verifier, the same redirect address and within five minutes; the scope is told."""
    client, provider, now = world
    page = await client.get("/authorize", params=query(provider))
    assert "consent" in await page.text()
    exchange = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}
    code = await code_of(client, provider)
    status, answer = await token(client, provider, code=code, **exchange)
    assert status == 200
    assert (answer["token_type"], answer["scope"], answer["expires_in"]) == ("bearer", "read write", ACCESS_SECONDS)
    assert answer["api_url"] == "https://api.zoom.us"
    assert provider.scopes_of(f"Bearer {answer['access_token']}") == {"read", "write"}
    assert (await token(client, provider, code=code, **exchange))[0] == 400
    for wrong in ({"code_verifier": "w" * 43}, {"redirect_uri": "http://127.0.0.1:1/callback"}, {"code": "unknown"}):
        code = await code_of(client, provider)
        assert (await token(client, provider, **{"code": code, **exchange, **wrong}))[0] == 400
    code = await code_of(client, provider)
    now[0] += CODE_SECONDS
    assert (await token(client, provider, code=code, **exchange))[0] == 400
    plain = await code_of(client, provider, code_challenge=VERIFIER, code_challenge_method="plain")
    assert (await token(client, provider, code=plain, **exchange))[0] == 200


@pytest.mark.parametrize("changes", [{"client_id": "other"}, {"redirect_uri": "http://evil.example/"}, {"response_type": "token"}])
async def test_a_wrong_question_is_never_redirected(world, changes):
    """An unknown application or redirect address ends on the provider's own page."""
    client, provider, _ = world
    answer = await client.get("/authorize", params=query(provider, **changes), allow_redirects=False)
    assert answer.status == 400


async def test_consent_can_be_declined(world):
    """The redirect then says so."""
    client, provider, _ = world
    answer = await client.post("/authorize", params=query(provider), data={"consent": "deny"}, allow_redirects=False)
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"error": ["access_denied"], "state": ["s"]}


async def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_grant(world):
    """Each refresh gives a new one; an old one that comes back kills all of them, as Zoom words it."""
    client, provider, now = world
    first = provider.issue()
    status, second = await token(client, provider, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    now[0] += ACCESS_SECONDS
    assert provider.scopes_of(f"Bearer {second['access_token']}") is None
    status, third = await token(client, provider, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert status == 200
    status, refused = await token(client, provider, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert (status, refused) == (400, {"reason": "Invalid Token!", "error": "invalid_grant"})
    assert provider.scopes_of(f"Bearer {third['access_token']}") is None
    assert (await token(client, provider, grant_type="refresh_token", refresh_token=third["refresh_token"]))[0] == 400


async def test_the_client_proves_itself(world):
    """A wrong secret is 401; a public client proves itself by PKCE; other grants have no refresh token."""
    client, provider, _ = world
    assert (await token(client, provider, secret="wrong", grant_type="client_credentials"))[0] == 401
    assert (await client.post("/token", headers={"Authorization": "Basic %%%"}, data={})).status == 401
    code = await code_of(client, provider)
    public = {
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "code": code,
        "client_id": provider.client_id,
    }
    assert (await client.post("/token", data=public)).status == 200
    for kind in ("client_credentials", "account_credentials"):
        status, answer = await token(client, provider, grant_type=kind)
        assert status == 200
        assert "refresh_token" not in answer
    assert (await token(client, provider, grant_type="password"))[1]["error"] == "unsupported_grant_type"


async def test_revoked_means_revoked(world):
    """By refresh token or access token; what is unknown is revoked already; strangers may not."""
    client, provider, _ = world
    for name in ("refresh_token", "access_token"):
        given = provider.issue()
        assert (await client.post("/revoke", data={"token": given[name]})).status == 401
        assert provider.scopes_of(f"Bearer {given['access_token']}")
        answer = await client.post("/revoke", data={"token": given[name]}, headers=who(provider))
        assert answer.status == 200
        assert provider.scopes_of(f"Bearer {given['access_token']}") is None
    assert (await client.post("/revoke", data={"token": "?"}, headers=who(provider))).status == 200
