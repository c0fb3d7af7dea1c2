"""A connection is renewed once, is on the disk before it is used, and ends only when the vendor says so."""

from __future__ import annotations

import asyncio
import json as jsonlib
import time

import pytest
from aiohttp import web

from engine.connection.keeper import LOST, Fixed
from engine.connection.stored import Bound
from engine.core.oauth import NotRenewed, Renewed
from engine.errors import NotConnected
from engine.replaced import replace
from tests.connection.vendor import NAME, SPEC, Acme, keeper, spec, vault

json = web.json_response


async def test_a_token_is_renewed_before_its_end_and_stored_before_it_is_used(tmp_path):
    """The vendor rotates the refresh token; what the transport sends is what the disk holds."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        kept, transport = keeper(store, acme)
        old = transport.credential
        assert kept.due()
        assert await kept.refresh() == Renewed(asked=True)
        stored = store.read(NAME)
        assert stored.serial == 2
        assert transport.credential.headers == (("Authorization", f"Bearer {stored.tokens.access}"),)
        assert transport.credential != old
        assert not kept.due()
        assert acme.provider.scopes_of(f"Bearer {stored.tokens.access}") is not None
        assert not list(store.folder.glob("*.new"))


async def test_what_another_process_renewed_is_taken_over_without_asking(tmp_path):
    """The file is read again inside the lock."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=30))
        first, _ = keeper(store, acme)
        second, transport = keeper(store, acme)
        assert await first.refresh() == Renewed(asked=True)
        assert await second.refresh() == Renewed(asked=False)
        assert transport.credential.headers[0][1] == f"Bearer {store.read(NAME).tokens.access}"
        assert acme.log == ["token"]


async def test_who_may_send_nothing_over_a_connection_asks_for_no_token_either(tmp_path):
    """Such as a worker that lost it to another owner while it waited for the lock; nothing was sent, so nothing was lost."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        kept, transport = keeper(store, acme)
        transport.permitted = lambda: False
        found = await kept.refresh()
        assert isinstance(found, NotRenewed)
        assert (found.dead, "nothing may be sent over this connection any more" in found.words) == (False, True)
        assert acme.log == []
        transport.permitted = lambda: True
        assert await kept.refresh() == Renewed(asked=True)


async def test_fifty_tasks_with_one_dead_token_ask_once(tmp_path):
    """Each with a reader of its own, as if it were a process: the lock and the re-reading are enough."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        found = await asyncio.gather(*(keeper(store, acme)[0].refresh() for _ in range(50)))
        assert acme.log == ["token"]
        assert sorted(one.asked for one in found) == [False] * 49 + [True]


@pytest.mark.parametrize(
    ("said", "part", "dead"),
    [
        (json({"reason": "Invalid Token!", "error": "invalid_grant"}, status=400), "ended this connection (HTTP 400, invalid_grant)", True),
        (json({"reason": "Invalid Token!", "error": "invalid_request"}, status=400), "ended this connection", True),
        (json({"reason": "Invalid Token!"}, status=401), "ended this connection", True),
        (json({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, status=401), "client id or secret", True),
        (web.Response(text="<html>", content_type="text/html"), "cannot be used", False),
        (json({"token": "x"}), "holds no access token", False),
        (json({"access_token": "a" * (2 << 20)}), "over 1 MiB", False),
        (web.Response(status=302, headers={"Location": "https://evil.example/token"}), "redirects", False),
    ],
)
async def test_an_end_says_the_one_command_that_mends_it(said, part, dead, tmp_path):
    """Dead grants in all of Zoom's forms and refused clients: exit 4; an answer that is none passes: to connect again helps nobody."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        before = store.path(NAME).read_bytes()
        kept, transport = keeper(store, acme)
        sent = transport.credential
        acme.says.append(said)
        found = await kept.refresh()
        assert isinstance(found, NotRenewed)
        assert part in found.words
        assert found.words.endswith(": habeas connect acme" if dead else "; the connection is kept: run again later")
        assert found.dead is dead
        assert store.path(NAME).read_bytes() == before
        assert transport.credential is sent
        assert not kept.due()


@pytest.mark.parametrize("said", [json({}, status=429), json({}, status=503), web.Response(status=500, text="<html>")])
async def test_what_passes_is_asked_again_and_then_the_connection_is_kept(said, tmp_path):
    """429, 5xx: five times, then the run ends incomplete; the next run renews."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        acme.says += [web.Response(status=said.status, body=said.body) for _ in range(5)]
        found = await keeper(store, acme)[0].refresh()
        assert isinstance(found, NotRenewed)
        assert not found.dead
        assert "the connection is kept: run again later" in found.words
        assert acme.log == ["token"] * 5
        assert await keeper(store, acme)[0].refresh() == Renewed(asked=True)


async def test_a_vendor_that_wants_to_be_left_alone_for_long_is_not_waited_for(tmp_path):
    """Everybody who uses the connection would wait behind it: the run goes without a new token, and the next one asks."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        acme.says.append(web.Response(status=503, headers={"Retry-After": "3600"}))
        found = await keeper(store, acme)[0].refresh()
        assert isinstance(found, NotRenewed)
        assert (found.dead, acme.log) == (False, ["token"])


async def test_the_network_that_fails_keeps_the_token(tmp_path):
    """Nobody listens: nothing was sent, nothing is lost."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
    found = await keeper(store, acme)[0].refresh()
    assert isinstance(found, NotRenewed)
    assert not found.dead
    assert "no connection could be made" in found.words
    assert not list(store.folder.glob("*.new"))


async def test_an_answer_that_was_lost_explains_the_end_that_follows(tmp_path):
    """The vendor rotated, the answer never came; when the old token is refused then, the reason says so, in a later run too."""

    async def rotate_and_hang_up(request: web.Request) -> web.StreamResponse:
        await acme.provider.token(request)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        acme.says += [rotate_and_hang_up] + [json({}, status=503) for _ in range(4)]
        first = await keeper(store, acme)[0].refresh()
        assert isinstance(first, NotRenewed)
        assert not first.dead
        second = await keeper(store, acme)[0].refresh()
        assert isinstance(second, NotRenewed)
        assert second.dead
        assert LOST in second.words


BROKEN = {
    "mac": {"token_type": "mac"},
    "no kind": {"token_type": ["Bearer"]},
    "no access token": {"access_token": None},
    "access token with blanks": {"access_token": "a b"},
    "an error beside it": {"error": "server_error"},
    "ended beside it": {"error": "invalid_grant"},
    "asked to wait beside it": {"error": "temporarily_unavailable"},
}


def spoilt(acme, **changes: object):
    """Rotate as the vendor does, and answer with something wrong."""

    async def answer(request: web.Request) -> web.StreamResponse:
        whole = jsonlib.loads((await acme.provider.token(request)).text)
        return json({**whole, **changes})

    return answer


@pytest.mark.parametrize("changes", BROKEN.values(), ids=list(BROKEN))
async def test_a_new_refresh_token_is_stored_whatever_else_is_wrong(changes, tmp_path):
    """The old one is spent: the next run renews with the new one."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        spent = store.read(NAME).tokens.refresh
        acme.says.append(spoilt(acme, **changes))
        found = await keeper(store, acme)[0].refresh()
        assert isinstance(found, NotRenewed) or changes == BROKEN["asked to wait beside it"]
        assert acme.forms[0]["refresh_token"] == spent
        assert store.read(NAME).tokens.refresh == acme.provider.refreshes[spent].refresh
        assert not list(store.folder.glob("*.new"))
        assert await keeper(store, acme)[0].refresh() == Renewed(asked=True)
        assert spent not in [form["refresh_token"] for form in acme.forms[1:]]


async def test_an_answer_that_is_lost_after_one_that_brought_a_refresh_token_leaves_its_mark(tmp_path):
    """The vendor said to wait, and rotated; its next answer, rotated too, was cut: the end that a later process meets is explained."""
    async with Acme().up() as acme:

        async def rotate_and_garble(request: web.Request) -> web.StreamResponse:
            await acme.provider.token(request)
            return web.Response(text="<html>")

        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        acme.says += [spoilt(acme, error="temporarily_unavailable"), rotate_and_garble]
        found = await keeper(store, acme)[0].refresh()
        assert isinstance(found, NotRenewed)
        assert len(list(store.folder.glob("*.new"))) == 1
        found = await keeper(store, acme)[0].refresh()
        assert isinstance(found, NotRenewed)
        assert LOST in found.words


async def test_an_end_after_an_answer_that_was_stored_is_not_put_down_to_one_that_was_lost_before(tmp_path):
    """What was lost is made good by the next refresh token that is on the disk: the vendor ended the connection by itself."""

    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        acme.says += [hang_up, spoilt(acme, error="temporarily_unavailable"), json({"error": "invalid_grant"}, status=400)]
        found = await keeper(store, acme)[0].refresh()
        assert isinstance(found, NotRenewed)
        assert (found.dead, LOST in found.words, store.read(NAME).serial) == (True, False, 2)


async def test_a_token_of_the_bearer_kind_is_used_however_it_is_padded(tmp_path):
    """`Bearer ` with a blank is the answer of a vendor that is otherwise right."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        acme.says.append(spoilt(acme, token_type="Bearer "))
        assert await keeper(store, acme)[0].refresh() == Renewed(asked=True)


@pytest.mark.parametrize("body", ["<html>", '{"token": "x"}', '{"access_token": "a b"}'])
async def test_after_an_answer_that_could_not_be_read_the_end_says_what_was_lost(body, tmp_path):
    """In a later run too: the vendor rotated, and the old token is refused."""

    async def rotate_and_garble(request: web.Request) -> web.StreamResponse:
        await acme.provider.token(request)
        return web.Response(text=body)

    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        acme.says.append(rotate_and_garble)
        first = await keeper(store, acme)[0].refresh()
        assert isinstance(first, NotRenewed)
        assert not first.dead
        second = await keeper(store, acme)[0].refresh()
        assert isinstance(second, NotRenewed)
        assert second.dead
        assert second.words == (
            "the vendor has ended this connection (HTTP 400, invalid_grant); the answer to an earlier request for a token was lost "
            "before it could be stored, which a vendor may take for misuse, or another copy of this store has used the token: "
            "habeas connect acme"
        )


async def test_a_connection_without_a_refresh_token_says_so(tmp_path):
    """There is nothing to renew with; it is used until its end."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        record = acme.record(life=5)
        store.write(NAME, replace(record, tokens=replace(record.tokens, refresh=None)))
        kept, _ = keeper(store, acme)
        assert not kept.due()
        found = await kept.refresh()
        assert found == NotRenewed("the vendor refuses the credential, and it has no refresh token: habeas connect acme", dead=True)
        assert acme.log == []


@pytest.mark.parametrize("grant", ["client_credentials", "account_credentials"])
async def test_the_clients_own_credentials_get_a_new_token_each_time(grant, tmp_path):
    """No refresh token is needed; the account id goes along where there is one."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        record = acme.record(life=-1, grant=grant, account_id="A1", asks_for="people.read")
        store.write(NAME, replace(record, tokens=replace(record.tokens, refresh=None)))
        kept, _ = keeper(store, acme)
        assert kept.due()
        assert await kept.refresh() == Renewed(asked=True)
        assert acme.forms == [{"grant_type": grant, "account_id": "A1", "scope": "people.read"}]


@pytest.mark.parametrize(("jump", "due_now"), [(-86400 * 365, False), (0, False), (86400 * 365, True)])
async def test_a_clock_that_jumps_costs_a_request_and_no_connection(jump, due_now, tmp_path):
    """Ahead: renewed once, and not again and again. Back: used until the vendor refuses it."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        kept, _ = keeper(store, acme, now=lambda: time.time() + jump)
        assert kept.due() is due_now
        assert await kept.refresh() == Renewed(asked=True)
        assert not kept.due()
        assert acme.log == ["token"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (SPEC.replace("[api.acme.example, acme.example]", "[api.acme.example, acme.example, evil.example]"), "allow evil.example"),
        (SPEC.replace("https://acme.example/token", "https://acme.example/token2"), "allow https://acme.example/token2"),
        (SPEC.replace("https://acme.example/authorize", "https://acme.example/other"), "allow https://acme.example/other"),
    ],
)
async def test_a_spec_that_names_other_places_is_refused(text, part, tmp_path):
    """The credential is bound to where it was made for; fewer hosts are fine."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        with pytest.raises(NotConnected) as error:
            keeper(store, acme, vendor=spec(text))
        assert "reconnect to allow" in str(error.value)
        assert part in str(error.value)
        keeper(store, acme, vendor=spec(SPEC.replace("[api.acme.example, acme.example]", "[api.acme.example]")))


@pytest.mark.parametrize("text", [SPEC, SPEC.replace("  oauth2:", "  headers: {X-Key: <SECRET>}\n  oauth2:")])
async def test_a_simulators_connection_never_meets_the_vendor(text, tmp_path):
    """Made with --at: refused without it, and the reverse."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        made = acme.record()
        store.write(NAME, made)
        real = replace(made, bound=replace(made.bound, at=None))
        acme.address, there = "", acme.address
        acme.address = None
        with pytest.raises(NotConnected, match="made with --at, for a simulator"):
            keeper(store, acme, vendor=spec(text))
        store.write(NAME, real)
        acme.address = there
        with pytest.raises(NotConnected, match="made without --at"):
            keeper(store, acme, vendor=spec(text))


async def test_what_another_process_changed_is_checked_again(tmp_path):
    """A connection made anew for another place is not taken over in the middle of a run."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        record = acme.record()
        store.write(NAME, record)
        kept, _ = keeper(store, acme)
        store.write(
            NAME,
            replace(record, serial=9, bound=Bound(("api.acme.example",), record.bound.token_url, None, at=acme.address)),
        )
        found = await kept.refresh()
        assert isinstance(found, NotRenewed)
        assert found.dead
        assert "reconnect to allow" in found.words


async def test_a_credential_of_the_environment_cannot_be_renewed():
    """It is never due, and the end names what to do."""
    fixed = Fixed("put a new one into HABEAS_ACME_TOKEN")
    assert not fixed.due()
    assert await fixed.refresh() == NotRenewed("the vendor refuses the credential: put a new one into HABEAS_ACME_TOKEN", dead=True)
