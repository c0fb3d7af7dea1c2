"""Connections in use: verify, runs that take turns, what is denied unasked, and what is listed and removed."""

from __future__ import annotations

import asyncio
import json as jsonlib

import pytest
from aiohttp import web

from engine.cli.connections import ENDED
from engine.connection import manage
from engine.connection.oauth_client import oauth_transport
from engine.connection.private_files import locked
from engine.connection.settings import wanted
from engine.connection.stored import Name
from engine.errors import Unreachable
from engine.replaced import replace
from engine.simulate.authorization_server import Grant
from tests.connection.commands import Command
from tests.connection.vendor import NAME, SPEC, Acme, files, spec, vault

json = web.json_response
RUN = ("run", "acme", "--email", "her@acme.example", "--out")


def with_scope(record, scope):
    return replace(record, tokens=replace(record.tokens, scope=scope))


async def test_verify_shows_what_each_missing_scope_loses_and_the_exact_scope_to_add(tmp_path):
    """Exit 3 where a run would miss something; a scope that nothing uses is named."""
    async with Acme(scope="people.read files.read other").up() as acme:
        vault(tmp_path).write(NAME, acme.record())
        habeas = Command(tmp_path, acme)
        done = await habeas("verify", "acme")
        assert done.code == 3
        assert "notes.all: without it notes cannot be fetched" in done.out or "notes.read: without it notes cannot be fetched" in done.out
        assert "me.read: only the verify call needs it, which shows that the connection is alive" in done.out
        assert "Granted, but used by no request: other" in done.out
        assert "A run would miss something: notes." in done.out
        told = jsonlib.loads((await habeas("verify", "acme", "--json")).out)
        assert (told["alive"], told["exit_code"], told["unneeded"]) == (True, 3, ["other"])
        assert {one["name"]: one["allowed"] for one in told["requests"]} == {"verify": "no", "lookup": "yes", "files": "yes", "notes": "no"}


@pytest.mark.parametrize(
    ("scope", "code", "part"),
    [
        ("people.read files.read me.read notes.all", 0, "No request of a run lacks a scope."),
        ("people.read files.read notes.read", 0, "only the verify call needs it, which shows that the connection is alive"),
        ("files.read notes.read me.read", 3, "without it nobody can be looked up, so that nothing at all is fetched"),
    ],
)
async def test_verify_ends_with_0_where_nothing_is_known_to_lack(scope, code, part, tmp_path):
    """A refusal of the verify call for the scope that only it needs is not a dead connection."""
    async with Acme(scope=scope).up() as acme:
        vault(tmp_path).write(NAME, acme.record())
        done = await Command(tmp_path, acme)("verify", "acme")
        assert (done.code, part in done.out) == (code, True), done


async def test_verify_of_a_token_without_scopes_proves_nothing(tmp_path):
    """A token of the environment lists no scopes."""
    async with Acme().up() as acme:
        token = str(acme.provider.issue(Grant("me.read"))["access_token"])
        done = await Command(tmp_path, acme)("verify", "acme", HABEAS_ACME_TOKEN=token)
        assert done.code == 0, done
        assert "The vendor does not say which scopes the token has" in done.out


async def test_verify_says_what_is_dead_and_what_could_not_be_asked(tmp_path):
    """4 and the command that mends; 3 where nobody answers."""
    async with Acme().up() as acme:
        vault(tmp_path).write(NAME, acme.record())
        acme.provider.access.clear()
        acme.provider.refreshes.clear()
        habeas = Command(tmp_path, acme)
        dead = await habeas("verify", "acme")
        assert (dead.code, dead.out) == (
            4,
            "acme (acme/default): NOT CONNECTED: the vendor has ended this connection (HTTP 400, invalid_grant): habeas connect acme\n",
        )
        assert (await habeas("verify", "acme", "--json")).code == 4
    nobody = await habeas("verify", "acme", HABEAS_ACME_TOKEN="x")
    assert (nobody.code, "could not be verified: no connection could be made" in nobody.out) == (3, True), nobody


async def test_a_run_renews_its_connection_by_itself(tmp_path):
    """The access token died since; the run is complete, and the manifest names the connection."""
    async with Acme().up() as acme:
        vault(tmp_path).write(NAME, acme.record(plan=None))
        acme.provider.access.clear()
        done = await Command(tmp_path, acme)(*RUN, str(tmp_path / "out"))
        assert done.code == 0, done
        manifest = jsonlib.loads((tmp_path / "out" / "acme" / "manifest.json").read_text())
        assert manifest["connection"]["name"] == "acme/default"
        assert acme.log.count("token") == 1


async def test_a_run_on_a_dead_connection_says_the_one_command_that_mends_it(tmp_path):
    """Exit 4; nothing was fetched, and the connection is still there to look at."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        acme.provider.access.clear()
        acme.provider.refreshes.clear()
        done = await Command(tmp_path, acme)(*RUN, str(tmp_path / "out"))
        assert done.code == 4
        assert "NOT CONNECTED: the vendor has ended this connection (HTTP 400, invalid_grant): habeas connect acme" in done.out
        assert store.read(NAME).serial == 1


@pytest.mark.waits
async def test_a_token_that_cannot_be_renewed_now_ends_the_run_incomplete(tmp_path):
    """The vendor's authorization server is down: exit 3, and the connection is kept."""
    async with Acme().up() as acme:
        vault(tmp_path).write(NAME, acme.record(life=30))
        acme.provider.access.clear()
        acme.says += [json({}, status=503, headers={"Retry-After": "0"}) for _ in range(5)]
        habeas = Command(tmp_path, acme)
        done = await habeas(*RUN, str(tmp_path / "out"))
        assert done.code == 3, done
        assert "no new token could be had (HTTP 503); the connection is kept: run again later" in done.out
        assert (await habeas(*RUN, str(tmp_path / "again"))).code == 0


@pytest.mark.waits
async def test_a_token_due_soon_is_used_while_it_lives_if_it_cannot_be_renewed(tmp_path):
    """The renewal before its end fails; the vendor still takes the token: nothing is lost."""
    async with Acme().up() as acme:
        vault(tmp_path).write(NAME, acme.record(life=-1))
        acme.says += [json({}, status=503, headers={"Retry-After": "0"}) for _ in range(5)]
        done = await Command(tmp_path, acme)(*RUN, str(tmp_path / "out"))
        assert done.code == 0, done
        assert acme.log.count("token") == 5


async def test_an_endpoint_is_denied_unasked_only_where_the_token_listed_its_scopes(tmp_path):
    """Listed and lacking: not asked. Not listed: asked."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, with_scope(acme.record(), "people.read files.read me.read"))
        done = await habeas(*RUN, str(tmp_path / "out"))
        assert done.code == 3
        assert "/v1/people/7/notes" not in acme.log
        assert "the connection lacks the scope notes.read or notes.all" in done.out
        store.write(NAME, with_scope(acme.record(), None))
        assert (await habeas(*RUN, str(tmp_path / "unlisted"))).code == 0
        assert "/v1/people/7/notes" in acme.log


async def test_of_several_connections_one_must_be_named(tmp_path):
    """Exit 2 with their names; the environment's token goes before the store, a named one before the environment's."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        none = await habeas(*RUN, str(tmp_path / "none"))
        assert (none.code, none.err) == (4, "error: not connected to acme: habeas connect acme\n")
        store.write(NAME, acme.record())
        store.write(Name("acme", "emea"), acme.record())
        several = await habeas(*RUN, str(tmp_path / "several"))
        assert (several.code, several.err) == (2, "error: there are several connections of acme: add --connection default or emea\n")
        for words, label, environ in (
            (("--connection", "emea"), "acme/emea", {"HABEAS_ACME_TOKEN": "wrong"}),
            ((), "environment", {"HABEAS_ACME_TOKEN": store.read(NAME).tokens.access}),
        ):
            out = tmp_path / label.replace("/", "-")
            assert (await habeas(*RUN, str(out), *words, **environ)).code == 0
            assert jsonlib.loads((out / "acme" / "manifest.json").read_text())["connection"]["name"] == label
        gone = await habeas(*RUN, str(tmp_path / "gone"), "--connection", "apac")
        assert (gone.code, gone.err) == (4, "error: there is no connection acme/apac: habeas connect acme --connection apac\n")


async def test_runs_on_one_connection_take_turns(tmp_path):
    """The second says so and waits, or ends with 3 where it shall not wait; another connection is free."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record())
        store.write(Name("acme", "emea"), acme.record())
        async with locked(store.turn(NAME)):
            busy = await habeas(*RUN, str(tmp_path / "busy"), "--connection", "default", "--no-wait")
            assert (busy.code, busy.err) == (3, "another run uses this connection: run again later, or without --no-wait\n")
            assert (await habeas(*RUN, str(tmp_path / "free"), "--connection", "emea")).code == 0
            renamed = await habeas("connections", "rename", "acme/emea", "apac")
            assert renamed.out == "acme/emea is acme/apac now.\n", "nobody uses that one"
            removing = await habeas.start("connections", "remove", "acme/default", "--no-revoke")
            assert (await removing.stderr.readline()).decode() == "A run uses this connection: waiting for its turn.\n"
            removing.kill()
            await removing.communicate()
            waiting = await habeas.begin(*RUN, str(tmp_path / "waited"), "--connection", "default")
            assert (await waiting.stderr.readline()).decode() == "Another run uses this connection: this one waits for its turn.\n"
            assert not (tmp_path / "waited").exists()
        await asyncio.wait_for(waiting.communicate(), 60)
        assert waiting.returncode == 0


async def test_a_connection_is_revoked_at_the_vendor_before_it_is_forgotten(tmp_path):
    """RFC 7009; afterwards neither token opens anything."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record())
        access = store.read(NAME).tokens.access
        done = await habeas("connections", "remove", "acme")
        assert (done.code, done.out) == (0, "acme/default: revoked at the vendor, and removed.\n"), done
        assert acme.provider.scopes_of(f"Bearer {access}") is None
        assert not list(store.folder.glob("acme*"))
        again = await habeas("connections", "remove", "acme")
        assert (again.code, "there is no connection acme/default" in again.err) == (4, True)


@pytest.mark.parametrize(
    ("said", "at", "part", "left"),
    [
        (json({}, status=503), None, "could not be revoked at the vendor (HTTP 503), so it is kept", 1),
        (json({"error": "invalid_client"}, status=401), None, "connections remove acme/default --no-revoke", 1),
        (json({"error": "invalid_request"}, status=400), None, "could not be revoked at the vendor (HTTP 400, invalid_request)", 1),
        (json({"error": "unsupported_token_type"}, status=400), None, "so it is kept", 1),
        (json({"error": "invalid_grant"}, status=400), None, "the vendor had ended it already; removed", 0),
        (json({"error": "invalid_grant"}, status=503), None, "so it is kept", 1),
        (json({"error": "invalid_request", "reason": "Invalid Token!"}, status=400), None, "the vendor had ended it already; removed", 0),
        (web.Response(body=b"[" * 100_000, status=400), None, "so it is kept", 1),
        (json({}, status=503), "simulated", "removed here; the simulator refused to revoke it", 0),
    ],
)
async def test_what_could_not_be_revoked_is_kept(said, at, part, left, tmp_path, monkeypatch):
    """Unless the vendor had ended it, or it was only a simulator's; without revocation it is forgotten here all the same."""
    async with Acme().up() as acme:
        store, record = vault(tmp_path), acme.record()
        store.write(NAME, replace(record, bound=replace(record.bound, at=at)))
        monkeypatch.setattr(manage, "oauth_transport", lambda bound, _: oauth_transport(bound, acme.address))
        acme.says.append(said)
        try:
            words = ENDED[await manage.remove(files(store), NAME, revoke=True, wanted=wanted(spec()))]
        except Unreachable as error:
            assert error.exit_code == 3
            words = str(error)
        assert part in words
        assert len(store.names()) == left
        await manage.remove(files(store), NAME, revoke=False)
        assert store.names() == []


@pytest.mark.parametrize("text", [None, "spec: 1\nvendor: acme\nx: y\n"])
async def test_a_connection_is_revoked_without_its_spec_too(text, tmp_path):
    """One that is gone, or has mistakes: what the vendor says is then read in the standard's words only."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record())
        (habeas.specs / "acme.yaml").unlink()
        if text is not None:
            (habeas.specs / "acme.yaml").write_text(text)
        done = await habeas("connections", "remove", "acme")
        assert (done.code, done.out) == (0, "acme/default: revoked at the vendor, and removed.\n"), done


async def test_the_list_says_what_there_is_and_where_the_key_lies(tmp_path):
    """A file that cannot be read has a row of its own; no secret is shown."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        empty = await habeas("connections", "list")
        assert empty.out == f"No connections in {store.home}: habeas connect VENDOR makes one.\n"
        record = acme.record()
        store.write(NAME, record)
        store.write(Name("acme", "plain"), record, plain=True)
        store.path(Name("acme", "broken")).write_text("{")
        store.path(Name("acme", "broken")).chmod(0o600)
        done = await habeas("connections", "list")
        assert done.code == 0, done
        assert "acme/broken" in done.out
        assert "UNREADABLE: " in done.out
        assert "it protects only copies of the store" in done.out
        told = jsonlib.loads((await habeas("connections", "list", "--json")).out)
        assert told["key"] == "file"
        assert [one["readable"] for one in told["connections"]] == [False, True, True]
        shown = await habeas("connections", "show", "acme/plain")
        assert "encrypted" in shown.out
        everything = done.out + jsonlib.dumps(told) + shown.out
        assert not [one for one in (record.tokens.access, record.tokens.refresh, record.client.secret) if one in everything]
        renamed = await habeas("connections", "rename", "acme", "emea")
        assert renamed.out == "acme/default is acme/emea now.\n"
        rekeyed = await habeas("connections", "rekey")
        assert (rekeyed.code, "acme.broken.json" in rekeyed.err) == (4, True), rekeyed
        store.path(Name("acme", "broken")).unlink()
        assert (await habeas("connections", "rekey")).out.startswith("1 connection encrypted with a new key. 1 stays unencrypted.\n")
        assert (await habeas("verify", "acme", "--connection", "emea")).code == 0


async def test_unencrypted_storage_is_said_loudly(tmp_path):
    """Only on demand; the file can be read by its owner alone all the same."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        text = SPEC[: SPEC.index("  oauth2:")] + "  headers: {X-Key: <SECRET>}\n" + SPEC[SPEC.index("verify:") :]
        acme.provider.scopes_of = lambda _: frozenset({"me.read"})  # type: ignore[method-assign]
        done = await Command(tmp_path, acme, text)("connect", "acme", "--insecure-storage", HABEAS_ACME_SECRET="K-1")
        assert "NOT ENCRYPTED" in done.err
        assert not store.keys.path.exists()
        assert store.path(NAME).stat().st_mode & 0o077 == 0
