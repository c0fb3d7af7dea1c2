"""To connect again: with a new client secret alone, in the place of another client's connection, from a store that is read-only."""

from __future__ import annotations

import errno
import json as jsonlib
import os

import pytest
from aiohttp import web

from engine.connection.manage import remove
from engine.connection.stored import RegisteredClient
from engine.replaced import replace
from tests.connection.commands import Command, redirect
from tests.connection.settled import ENVIRON, SETTLED, settled
from tests.connection.settled import record as settled_record
from tests.connection.vendor import NAME, SPEC, Acme, files, vault

json = web.json_response
RUN = ("run", "acme", "--email", "her@acme.example", "--out")


@pytest.mark.parametrize("shape", ["acme", "settled"])
async def test_a_rotated_client_secret_needs_no_new_consent(shape, tmp_path):
    """A wrong one is not stored; the right one is, with the token that it got; nobody is sent to a browser."""
    acme = Acme() if shape == "acme" else settled()
    async with acme.up():
        habeas, store = Command(tmp_path, acme, SPEC if shape == "acme" else SETTLED), vault(tmp_path)
        store.write(NAME, acme.record() if shape == "acme" else settled_record(acme))
        before = store.path(NAME).read_bytes()
        acme.provider.client_secret = "rotated"
        words = ("connect", "acme", "--client-only")
        wrong = await habeas(*words, HABEAS_ACME_CLIENT_SECRET="mistyped", **ENVIRON)
        assert (wrong.code, "the new client secret was not stored: the vendor refuses the client id or secret" in wrong.err) == (4, True)
        assert store.path(NAME).read_bytes() == before
        acme.says.append(json({}, status=400))
        assert (await habeas(*words, HABEAS_ACME_CLIENT_SECRET="rotated", **ENVIRON)).code == 3
        assert store.path(NAME).read_bytes() == before
        done = await habeas(*words, HABEAS_ACME_CLIENT_SECRET="rotated", **ENVIRON)
        assert (done.code, "Stored the new client secret of acme/default" in done.err, "authorize" in done.err) == (0, True, False), done
        found = store.read(NAME)
        assert (found.client.secret, found.serial) == ("rotated", 2)
        assert {form["grant_type"] for form in acme.forms} == {"refresh_token"}


async def test_a_connection_without_a_refresh_token_cannot_try_a_secret(tmp_path):
    """The sentence names what helps."""
    async with Acme().up() as acme:
        made = acme.record()
        vault(tmp_path).write(NAME, replace(made, tokens=replace(made.tokens, refresh=None)))
        done = await Command(tmp_path, acme)("connect", "acme", "--client-only")
        assert (done.code, done.err.endswith(": habeas connect acme\n")) == (2, True), done


@pytest.mark.parametrize(("other", "alive"), [(True, False), (False, True)])
async def test_connecting_with_another_client_ends_the_old_grant_at_the_vendor(other, alive, tmp_path):
    """One of the same client is left to the vendor: many end the new consent with the old."""
    async with Acme().up() as acme:
        store, made = vault(tmp_path), acme.record()
        client = RegisteredClient("old-client", acme.provider.client_secret) if other else made.client
        store.write(NAME, replace(made, client=client))
        grant = acme.provider.refreshes[made.tokens.refresh]
        acme.provider._client = lambda request, form: True  # both clients are registered
        done = await Command(tmp_path, acme)("connect", "acme", "--redirect-uri", redirect())
        assert done.code == 0, done
        assert grant.alive is alive
        assert ("it was revoked at the vendor" in done.err) is other
        assert acme.log.count("revoke") == other


async def test_what_a_simulator_did_is_told(tmp_path):
    """It refused, or is gone: the connection is removed here either way."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        acme.says.append(json({}, status=503))
        assert await remove(files(store), NAME, revoke=True) == "simulator refused"
        store.write(NAME, acme.record())
    assert await remove(files(store), NAME, revoke=True) == "simulator gone"


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch):
    """Give what makes a folder one that can only be read, as on a read-only file system."""
    real = os.open

    def begin(folder) -> None:
        def opened(path, flags, *more, **named):
            if flags & (os.O_CREAT | os.O_RDWR | os.O_WRONLY) and str(path).startswith(str(folder)):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return real(path, flags, *more, **named)

        monkeypatch.setattr(os, "open", opened)

    return begin


async def test_a_store_that_can_only_be_read_is_read(read_only, tmp_path):
    """List, show, verify and run work; what has to be renewed says that it cannot be, and its token is not spent."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record())
        read_only(store.home)
        for words in (("connections", "list"), ("connections", "show", "acme"), ("verify", "acme"), (*RUN, str(tmp_path / "out"))):
            done = await habeas(*words)
            assert done.code == 0, done
        acme.provider.access.clear()
        done = await habeas("verify", "acme", "--json")
        assert (done.code, "cannot be written" in jsonlib.loads(done.out)["reason"]) == (3, True), done
        assert acme.log.count("token") == 0
