"""What a token answer tells besides its tokens: read with the first ones and with each refresh, checked, kept, and used as it is now."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from engine.connection.settings import wanted
from engine.connection.stored import ROOM, RegisteredClient, seal
from engine.core.http import Response
from engine.core.identity import LONGEST
from engine.core.oauth import MOST_CAPTURED, MOST_SCOPE, NoToken, Renewed, Tokens, read_tokens
from engine.replaced import replace
from tests.connection.commands import Command, redirect
from tests.connection.settled import CAPTURED, ENVIRON, SETTLED, TOLD, record, settled
from tests.connection.vendor import NAME, Acme, keeper, spec, vault

EVIL = [
    None,
    "",
    "http://eu1.acme.example",
    "https://evil.example",
    "https://eu1.acme.example.evil.example",
    "https://x@eu1.acme.example",
    "https://evil.example\\.acme.example",
    "https://eu1.acme.example/path",
    "https://eu1.acme.example\u3002evil.example",
    "https://" + "x" * 1_000_000,
    "\ud800",
    ["https://eu1.acme.example"],
    {"url": "https://eu1.acme.example"},
    7,
    True,
]
RUN = ("run", "acme", "--email", "her@acme.example", "--out")


def said(told: object) -> Response:
    return Response(200, {}, json.dumps({"access_token": "A", "refresh_token": "R", **TOLD, "instance_url": told}).encode())


@pytest.mark.parametrize("told", EVIL, ids=range(len(EVIL)))
def test_an_address_that_cannot_be_used_connects_nothing_and_spoils_no_refresh(told):
    """At connect it is said by its name, never repeated; at a refresh the new tokens are kept with the earlier address."""
    first = read_tokens(said(told), 0.0, None, wanted(spec(SETTLED)))
    assert first == NoToken("unusable", "the vendor's token answer holds no usable <INSTANCE>")
    before = Tokens("old", 0.0, "old", captured=CAPTURED)
    later = read_tokens(said(told), 1.0, before, wanted(spec(SETTLED)))
    assert isinstance(later, Tokens)
    assert (later.access, later.refresh, later.captured) == ("A", "R", CAPTURED)
    assert "acme.example" not in repr(later)


@pytest.mark.parametrize(
    ("told", "part"),
    [
        ({}, "holds no usable <INSTANCE>"),
        ({**TOLD, "instance_url": "https://evil.example"}, "holds no usable <INSTANCE>"),
        ({**TOLD, "sites": [{"number": [7]}]}, "holds no usable <SITE>"),
        ({**TOLD, "sites": [{"number": "me"}]}, "holds no usable <SITE>"),
        ({"access_token": None}, "holds no access token"),
    ],
)
async def test_a_connection_without_its_address_is_none(told, part, tmp_path):
    """Exit 4, in words; an earlier connection is kept, nothing was sent to the address."""
    async with settled(told).up() as acme:
        store = vault(tmp_path)
        store.write(NAME, record(acme))
        before = store.path(NAME).read_bytes()
        done = await Command(tmp_path, acme, SETTLED)("connect", "acme", "--redirect-uri", redirect(), **ENVIRON)
        assert (done.code, part in done.err.splitlines()[-1], "evil" in done.err) == (4, True, False), done
        assert (store.path(NAME).read_bytes(), acme.log) == (before, ["token"])


async def test_each_refresh_reads_it_again_and_what_it_leaves_out_stays(tmp_path):
    """On the disk with the tokens, before they are used."""
    async with settled({**TOLD, "instance_url": "https://eu2.acme.example"}).up() as acme:
        store = vault(tmp_path)
        store.write(NAME, record(acme, life=-1))
        kept, _ = keeper(store, acme, vendor=spec(SETTLED))
        assert await kept.refresh() == Renewed(asked=True)
        assert dict(store.read(NAME).tokens.captured) == {"INSTANCE": "https://eu2.acme.example", "SITE": "7"}
        acme.provider.extra = {}
        assert await kept.refresh() == Renewed(asked=True)
        assert dict(store.read(NAME).tokens.captured) == {"INSTANCE": "https://eu2.acme.example", "SITE": "7"}
        assert "eu2" not in repr(kept.record)


async def test_a_run_and_verify_begin_with_the_newest(tmp_path):
    """The token is renewed before the first address is written; two processes at once renew once, and both use what came."""
    async with settled({**TOLD, "sites": [{"number": 8}]}).up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme, SETTLED)
        store.write(NAME, record(acme, life=-1))
        both = await asyncio.gather(habeas.process("verify", "acme"), habeas.process(*RUN, str(tmp_path / "out")))
        assert [one.code for one in both] == [0, 0], both
        assert acme.log.count("token") == 1
        assert {one for one in acme.log if one.startswith("/v1")} == {
            "/v1/acme-1/8/me",
            "/v1/acme-1/8/people/her@acme.example",
            "/v1/acme-1/8/people/7/files",
        }
        assert store.read(NAME).serial == 2
        assert "eu1.acme.example" not in (tmp_path / "out" / "acme" / "manifest.json").read_text()


async def test_what_a_renewal_within_a_run_tells_holds_for_what_is_asked_after_it(tmp_path):
    """The request that met the dead token is sent again as it was; a child of its records goes to the new place."""
    acme, text = settled(), SETTLED + "    notes: {get: /<SITE>/people/<files.id>/notes, records: notes}\n"
    api = acme.api

    async def answer(request: web.Request) -> web.Response:
        found = await api(request)
        if "her@" in request.path:
            acme.provider.access.clear()
            acme.provider.extra = {**TOLD, "sites": [{"number": 9}]}  # type: ignore[dict-item]
        return found

    acme.api = answer  # type: ignore[method-assign]
    async with acme.up():
        vault(tmp_path).write(NAME, record(acme))
        done = await Command(tmp_path, acme, text)(*RUN, str(tmp_path / "out"))
        assert done.code == 0, done
        assert acme.log[-1] == "/v1/acme-1/9/people/1/notes"


async def test_the_room_takes_the_largest_record_with_captured_values():
    """Everything at its bounds, in characters that JSON writes as two."""
    token, secret = '"' * 16384, '"' * 8192
    captured, size = [], 0
    while size + LONGEST + 80 < MOST_CAPTURED:
        captured.append(("N" * 60 + str(len(captured)), '"' * LONGEST))
        size = len(str(dict(captured)).encode())
    tokens = Tokens(token, 1.8e9, token, 1.8e9, "x" * MOST_SCOPE, tuple(captured))
    made = replace(Acme().record(), tokens=tokens, client=RegisteredClient(secret, secret), asks_for="x" * 8192)
    assert len(seal(made, None, "x" * 63)) < ROOM - 1024
