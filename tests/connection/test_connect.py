"""`habeas connect`, from nothing to a verified connection, and every answer that is not the vendor's consent."""

from __future__ import annotations

import asyncio
import json as jsonlib
import urllib.parse

import pytest
from aiohttp import web

from tests.connection.commands import Command, consented, prompted, redirect
from tests.connection.vendor import NAME, Acme, vault

json = web.json_response


CALLBACK = "http://127.0.0.1:8917/callback"


async def test_one_command_goes_from_nothing_to_a_verified_connection(tmp_path):
    """Code grant with PKCE S256 and state; the scopes of a plain list are asked for; verify shows what they allow."""
    async with Acme().up() as acme:
        habeas = Command(tmp_path, acme)
        done = await habeas("connect", "acme", "--redirect-uri", redirect())
        assert (done.code, done.err.count("Stored as acme/default")) == (0, 1), done
        assert "acme (acme/default): connected, the vendor answers." in done.out
        stored = vault(tmp_path).read(NAME)
        assert stored.tokens.granted == {"people.read", "files.read", "me.read", "notes.read"}
        assert stored.asks_for == "people.read files.read me.read notes.read"
        (form,) = acme.forms
        assert len(form["code_verifier"]) >= 43
        assert set(form) == {"grant_type", "code", "redirect_uri", "code_verifier"}


async def test_the_address_asks_for_the_minimum_by_the_book(tmp_path):
    """response_type, client, redirect, scope, state and a S256 challenge, each once."""
    async with Acme().up() as acme:
        habeas = Command(tmp_path, acme)
        done = await habeas("connect", "acme", "--no-browser", stdin="\n")
        url = next(line for line in done.err.splitlines() if line.startswith("http://127"))
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        assert set(asked) == {"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"}
        assert asked["code_challenge_method"] == ["S256"]
        assert (done.code, done.err.rstrip().endswith("error: not connected: no address was pasted")) == (4, True)


async def paste(habeas: Command, change=lambda url: url, *words: str, **environ: str | None):
    """Connect with a pasted address; gives the process's end."""
    process, url = await prompted(habeas, *words, **environ)
    back = await asyncio.to_thread(consented, url)
    out, err = await asyncio.wait_for(process.communicate(f"{change(back)}\n".encode()), 60)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("address", [None, "https://acme.example/done"])
async def test_without_a_browser_the_final_address_is_pasted(address, tmp_path):
    """An address of another machine, over https, works so too."""
    async with Acme().up() as acme:
        words = ("--redirect-uri", address) if address else ()
        code, out, err = await paste(Command(tmp_path, acme), lambda url: url, *words)
        assert code == 0, err
        assert "connected, the vendor answers" in out


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda url: url.replace("state=", "state=x"), "its state is another"),
        (lambda url: url + "&iss=https%3A%2F%2Fevil.example", "its iss is foreign"),
        (lambda url: url.replace(":8917", ":8918"), "does not begin with http://127.0.0.1:8917/callback"),
        (lambda url: CALLBACK, "its state is another"),
        (lambda url: "the code is 1234", "does not begin with"),
    ],
)
async def test_an_answer_that_is_not_the_vendors_connects_nothing(change, part, tmp_path):
    """The earlier connection is kept as it was, and no token was asked for."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        before = store.path(NAME).read_bytes()
        code, out, err = await paste(Command(tmp_path, acme), change)
        assert (code, out) == (4, "")
        assert part in err
        assert err.strip().splitlines()[-1].startswith("error: not connected: ")
        assert "Traceback" not in err
        assert store.path(NAME).read_bytes() == before
        assert acme.log == []


@pytest.mark.parametrize(
    ("said", "code", "part"),
    [
        (web.Response(text="<html>busy</html>", content_type="text/html"), 4, "holds no access token"),
        (json({"token_type": "bearer"}), 4, "holds no access token"),
        (json({"access_token": "x" * (10 << 20)}), 4, "over 1 MiB"),
        (json({"access_token": "x", "token_type": "mac"}), 4, "not bearer"),
        (
            json({"reason": "Invalid authorization code", "error": "invalid_grant"}, status=400),
            4,
            "a code is good once and for a few minutes",
        ),
        (json({"error": "invalid_client"}, status=401), 4, "refuses the client id or secret"),
        (
            web.Response(status=307, headers={"Location": "https://evil.example/"}),
            4,
            "redirects a request for a token: it was not followed",
        ),
        (json({}, status=503), 3, "no token could be had (HTTP 503)"),
    ],
)
async def test_a_token_answer_that_is_none_is_said_and_keeps_the_earlier_connection(said, code, part, tmp_path):
    """HTML, fields that lack, ten megabytes, an expired code, a wrong secret, a redirect, a vendor that is down."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        before = store.path(NAME).read_bytes()
        acme.says += [web.Response(status=said.status, headers=said.headers, body=said.body) for _ in range(4 if code == 3 else 1)]
        habeas = Command(tmp_path, acme)
        done = await habeas("connect", "acme", "--redirect-uri", redirect())
        assert (done.code, done.out) == (code, ""), done.err
        assert part in done.err.splitlines()[-1]
        assert store.path(NAME).read_bytes() == before


@pytest.mark.parametrize("changes", [{"token_type": "mac"}, {"access_token": 7}])
async def test_a_consent_that_brings_a_refresh_token_alone_is_stored_and_renewed(changes, tmp_path):
    """The code is spent, and the vendor may have ended the earlier connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        whole = jsonlib.loads((await acme.provider.token(request)).text)
        return json({**whole, **changes})

    async with Acme().up() as acme:
        acme.says.append(answer)
        done = await Command(tmp_path, acme)("connect", "acme", "--redirect-uri", redirect())
        assert (done.code, "connected, the vendor answers" in done.out) == (0, True), done
        assert [form["grant_type"] for form in acme.forms] == ["authorization_code", "refresh_token"]


async def test_an_expired_code_is_said(tmp_path):
    """The provider's clock is ahead by more than a code lives."""
    async with Acme().up() as acme:
        habeas = Command(tmp_path, acme)

        def late(url: str) -> str:
            for code in acme.provider.codes.values():
                code.expires = 0.0
            return url

        code, _, err = await paste(habeas, late)
        assert code == 4
        assert "a code is good once and for a few minutes" in err


@pytest.mark.parametrize("secret", ["geheim-ключ-鍵", "a:b c+d%&=", "plain"])
async def test_a_secret_of_any_characters_is_sent_as_the_standard_says(secret, tmp_path):
    """RFC 6749 section 2.3.1: form-encoded before it is put into Basic."""
    async with Acme().up() as acme:
        acme.provider.client_secret = secret
        done = await Command(tmp_path, acme)("connect", "acme", "--redirect-uri", redirect())
        assert done.code == 0, done.err


async def test_a_wrong_secret_is_told_from_a_dead_sign_in(tmp_path):
    """The sentence says what to compare."""
    async with Acme().up() as acme:
        done = await Command(tmp_path, acme)("connect", "acme", "--redirect-uri", redirect(), HABEAS_ACME_CLIENT_SECRET="wrong")
        assert done.code == 4
        assert "refuses the client id or secret (HTTP 401, invalid_client)" in done.err


async def test_a_public_client_needs_no_secret_and_is_renewed_without_one(tmp_path):
    """An empty secret means PKCE alone; the refresh names the client in its body."""
    async with Acme().up() as acme:
        habeas = Command(tmp_path, acme)
        done = await habeas("connect", "acme", "--redirect-uri", redirect(), HABEAS_ACME_CLIENT_SECRET="")
        assert done.code == 0, done.err
        assert acme.forms[0]["client_id"] == "simulated-client"
        acme.provider.access.clear()
        assert (await habeas("verify", "acme")).code == 0
        assert acme.forms[1]["grant_type"] == "refresh_token"


async def test_what_is_pasted_and_is_no_text_is_said(tmp_path):
    """Bytes that are not UTF-8 are no address: exit 4, in a sentence."""
    async with Acme().up() as acme:
        process, _ = await prompted(Command(tmp_path, acme))
        _, err = await asyncio.wait_for(process.communicate(b"http://127.0.0.1:8917/callback?state=\xff&code=x\n"), 60)
        assert (process.returncode, err.decode()) == (4, "error: not connected: what was pasted is not UTF-8 text, so it is no address\n")
