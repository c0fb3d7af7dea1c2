"""How long a connection lives: said where it ends by itself, and found out by a job before it is needed."""

from __future__ import annotations

import json as jsonlib

import pytest
from aiohttp import web

from engine.connection.stored import Name, StoredConnection
from engine.replaced import replace
from tests.connection.commands import Command, redirect
from tests.connection.settled import ENVIRON, KEYED, SETTLED, keyed, settled
from tests.connection.settled import record as settled_record
from tests.connection.vendor import NAME, SPEC, Acme, vault

json = web.json_response
EMEA, APAC = Name("acme", "emea"), Name("acme", "apac")
END = 4102444800.0
ENDS = "It CANNOT BE RENEWED: the vendor gave no refresh token. It ends 2100-01-01T00:00:00Z; then: habeas connect acme"
ENDLESS = "It cannot be renewed: the vendor gave no refresh token, and no end of the token that it gave."


def without_refresh(record: StoredConnection, end: float | None = END) -> StoredConnection:
    assert record.tokens is not None
    return replace(record, tokens=replace(record.tokens, refresh=None, expires_at=end))


@pytest.mark.parametrize(
    ("change", "code", "words", "renewable", "until"),
    [
        (lambda one: one, 0, None, True, None),
        (without_refresh, 3, ENDS, False, "2100-01-01T00:00:00Z"),
        (lambda one: without_refresh(one, None), 0, ENDLESS, False, None),
        (lambda one: replace(without_refresh(one), grant="client_credentials"), 0, None, True, None),
    ],
)
@pytest.mark.parametrize("shape", ["acme", "settled"])
async def test_verify_says_until_when_a_connection_lives_that_cannot_be_renewed(shape, change, code, words, renewable, until, tmp_path):
    """Exit 3 and fields of the JSON; where no end is known it is used until the vendor refuses it."""
    acme = Acme() if shape == "acme" else settled()
    async with acme.up():
        habeas = Command(tmp_path, acme, SPEC if shape == "acme" else SETTLED)
        made = acme.record() if shape == "acme" else settled_record(acme)
        vault(tmp_path).write(NAME, change(made))
        done, told = await habeas("verify", "acme"), await habeas("verify", "acme", "--json")
        assert (done.code, told.code) == (code, code), done
        assert (ENDS in done.out, ENDLESS in done.out) == (words == ENDS, words == ENDLESS), done.out
        found = jsonlib.loads(told.out)
        assert (found["renewable"], found["lives_until"], found["exit_code"]) == (renewable, until, code)


async def test_connect_says_it_too(tmp_path):
    """The person is still there, and can change the app at the vendor."""

    async def without(request: web.Request) -> web.StreamResponse:
        whole = jsonlib.loads((await acme.provider.token(request)).text)
        return json({name: value for name, value in whole.items() if name != "refresh_token"})

    async with Acme().up() as acme:
        acme.says.append(without)
        done = await Command(tmp_path, acme)("connect", "acme", "--redirect-uri", redirect())
        assert (done.code, "It CANNOT BE RENEWED" in done.out, "then: habeas connect acme" in done.out) == (3, True, True), done


async def test_neither_a_key_nor_a_token_of_the_environment_is_said_to_end(tmp_path):
    """Nobody expects either to renew itself."""
    async with keyed([]).up() as acme:
        keyed_ = Command(tmp_path, acme, KEYED)
        words = ("verify", "acme", "--json")
        found = jsonlib.loads((await keyed_(*words, HABEAS_ACME_SECRET="K-1", HABEAS_ACME_SHOP="shop")).out)
        assert (found["renewable"], found["lives_until"], found["exit_code"]) == (None, None, 0)
    async with Acme().up() as acme:
        token = acme.record().tokens.access
        found = jsonlib.loads((await Command(tmp_path, acme)(*words, HABEAS_ACME_TOKEN=token)).out)
        assert (found["renewable"], found["lives_until"], found["exit_code"]) == (None, None, 0)


async def test_a_check_renews_and_asks_every_connection(tmp_path):
    """One that lives, one that is dead, one that ends: 4, and each with its reason; no token is used up in vain."""
    async with Acme().up() as acme:
        habeas, store = Command(tmp_path, acme), vault(tmp_path)
        store.write(NAME, acme.record())
        assert (await habeas("connections", "check", "acme")).code == 0
        store.write(EMEA, without_refresh(acme.record()))
        dead = acme.record()
        store.write(APAC, dead)
        acme.provider.refreshes[dead.tokens.refresh].alive = False
        before = store.read(NAME).tokens
        done = await habeas("connections", "check", "--all")
        assert done.code == 4
        lines = done.out.splitlines()[2:]
        dead_words = "the vendor has ended this connection (HTTP 400, invalid_grant): habeas connect acme --connection apac"
        assert [" ".join(line.split()) for line in lines] == [
            f"acme/apac DEAD {dead_words}",
            "acme/default alive renewed; the vendor answers",
            f"acme/emea alive the vendor answers. {ENDS} --connection emea",
        ]
        assert store.read(NAME).tokens != before
        told = jsonlib.loads((await habeas("connections", "check", "--all", "--json")).out)
        facts = {row.pop("connection"): row for row in told["connections"]}
        assert told["exit_code"] == 4
        assert facts["acme/default"] == {
            "alive": True,
            "renewed": True,
            "renewable": True,
            "lives_until": None,
            "reason": "the vendor answers",
            "exit_code": 0,
        }
        assert (facts["acme/apac"]["alive"], facts["acme/apac"]["renewed"], facts["acme/apac"]["exit_code"]) == (False, False, 4)
        assert (facts["acme/emea"]["renewable"], facts["acme/emea"]["renewed"], facts["acme/emea"]["exit_code"]) == (False, None, 3)
        assert (await habeas("connections", "check", "acme", "acme/emea")).code == 3


async def test_a_vendor_that_cannot_say_is_no_death(tmp_path):
    """429 at the renewal, a spec that is not there, a file that cannot be read: 3, 3 and 4; the others are asked all the same."""
    async with settled().up() as acme:
        habeas, store = Command(tmp_path, acme, SETTLED), vault(tmp_path)
        store.write(NAME, settled_record(acme))
        assert (await habeas("connections", "check", "--all", **ENVIRON)).code == 0
        acme.says += [json({}, status=429, headers={"Retry-After": "9999"})]
        done = await habeas("connections", "check", "--all")
        assert (done.code, "the connection is kept: run again later" in done.out) == (3, True), done
        stranger = replace(settled_record(acme), vendor="nobody")
        store.write(Name("nobody"), stranger)
        done = await habeas("connections", "check", "--all")
        assert (done.code, "acme/default    alive" in done.out, "nobody" in done.out) == (3, True, True), done
        store.path(NAME).write_bytes(b"{}")
        assert (await habeas("connections", "check", "--all")).code == 4


async def test_a_check_of_a_connection_that_is_not_there_is_said(tmp_path):
    """Names or --all, not both; an empty store is no mistake."""
    habeas = Command(tmp_path, Acme())
    assert (await habeas("connections", "check", "--all")).code == 0
    for words, code in ((("acme",), 4), ((), 2), (("acme", "--all"), 2)):
        assert (await habeas("connections", "check", *words)).code == code
