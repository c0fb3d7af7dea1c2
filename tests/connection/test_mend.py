"""The command that mends: with the word that named the spec, and with the connection, wherever it is written."""

from __future__ import annotations

import json as jsonlib
import shlex

import pytest
from aiohttp import web

from engine.connection.stored import Name
from engine.core.oauth import Tokens
from engine.replaced import replace
from tests.connection.commands import Command
from tests.connection.vendor import SPEC, Acme, vault

EMEA = Name("acme", "emea")
RUN = ("--email", "her@acme.example", "--out")


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        (lambda made: replace(made, way="headers", secret="K"), "connects in another way"),
        (lambda made: replace(made, bound=replace(made.bound, hosts=())), "reconnect to allow"),
        (
            lambda made: replace(made, tokens=Tokens("x", 0.0)),
            "no refresh token",
        ),
        (None, "there is no connection acme/emea"),
    ],
)
@pytest.mark.parametrize("by_path", [False, True])
async def test_a_connection_that_needs_a_person_names_the_command_for_it(by_path, damage, part, tmp_path):
    """Run and verify alike; a spec given by its path is named by its path."""
    async with Acme().up() as acme:
        habeas, store = Command(tmp_path, acme), vault(tmp_path)
        word = "acme"
        if by_path:
            word = str(tmp_path / "my specs" / "acme.yaml")
            (tmp_path / "my specs").mkdir()
            (tmp_path / "my specs" / "acme.yaml").write_text(SPEC)
        if damage is not None:
            store.write(EMEA, damage(acme.record()))
        for words in (("verify", word), ("run", word, *RUN, str(tmp_path / "out"))):
            done = await habeas(*words, "--connection", "emea")
            assert done.code == 4, done
            assert part in done.out + done.err
            assert f"habeas connect {shlex.quote(word)} --connection emea" in done.out + done.err


async def test_a_renewed_token_that_is_refused_again_names_the_command(tmp_path):
    """The vendor renews, and refuses what it gave: only a person can tell why."""
    async with Acme().up() as acme:
        habeas, store = Command(tmp_path, acme), vault(tmp_path)
        store.write(EMEA, acme.record())
        acme.provider.scopes_of = lambda _: None  # type: ignore[method-assign]
        verified = await habeas("verify", "acme")
        told = await habeas("verify", "acme", "--json")
        run = await habeas("run", "acme", *RUN, str(tmp_path / "out"))
        words = "the vendor refuses the credential: habeas connect acme --connection emea"
        assert acme.log.count("token") == 3
        assert (verified.code, verified.out) == (4, f"acme (acme/emea): NOT CONNECTED: {words}\n")
        assert jsonlib.loads(told.out)["reason"] == words
        assert (run.code, f"NOT CONNECTED: {words}\n" in run.out) == (4, True), run
        assert words in (tmp_path / "out" / "acme" / "manifest.json").read_text()


@pytest.mark.parametrize("words", [(), ("--connection", "emea")])
async def test_verify_tells_programs_that_nothing_is_connected(words, tmp_path):
    """JSON of the same shape as ever, and exit 4."""
    async with Acme().up() as acme:
        habeas, store = Command(tmp_path, acme), vault(tmp_path)
        none = await habeas("verify", "acme", "--json", *words)
        store.write(EMEA, acme.record())
        good = await habeas("verify", "acme", "--json", *words)
        told = jsonlib.loads(none.out)
        assert (none.code, told["alive"], told["exit_code"], told["connection"]) == (4, False, 4, "acme/emea" if words else None)
        assert ": habeas connect acme" in told["reason"]
        assert (good.code, set(jsonlib.loads(good.out))) == (0, set(told))


async def test_an_answer_that_says_nothing_does_not_send_a_person_to_connect(tmp_path):
    """A page of a proxy in the place of a token: the connection is kept, exit 3, and later it goes on."""
    async with Acme().up() as acme:
        habeas, store = Command(tmp_path, acme), vault(tmp_path)
        store.write(EMEA, acme.record())
        acme.provider.access.clear()
        acme.says.append(web.Response(status=403, text="<html>", content_type="text/html"))
        done = await habeas("verify", "acme")
        assert (done.code, "the connection is kept: run again later" in done.out, "habeas connect" in done.out) == (3, True, False), done
        assert (await habeas("verify", "acme")).code == 0
