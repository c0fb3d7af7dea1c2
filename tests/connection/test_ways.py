"""How a connect begins: secrets from everywhere, keys, an application's own credentials, and what cannot begin at all."""

from __future__ import annotations

import json as jsonlib
import resource

import pytest
from aiohttp import web

from engine.connection.stored import Name
from engine.replaced import replace
from tests.connection.commands import Command, redirect
from tests.connection.vendor import NAME, SPEC, Acme, spec, vault

json = web.json_response


def small_disk() -> None:
    """No file may grow beyond a few kilobytes: for the writer it is a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


WHOLE_MODULES = {"PYTHONDONTWRITEBYTECODE": "1"}  # what such a process compiled would be cut off, and read by the next one


async def test_a_store_that_cannot_be_written_is_said_before_anyone_is_asked(tmp_path):
    """A full disk and a place that cannot be written to: the earlier connection is kept, no consent is wasted."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record())
        before = store.path(NAME).read_bytes()
        full = await habeas.process("connect", "acme", limit=small_disk, **WHOLE_MODULES)
        assert (full.code, "the disk is full" in full.err, "authorize?" in full.err) == (3, True, False)
        (tmp_path / "file").write_text("")
        for place in ("/proc/habeas", str(tmp_path / "file")):
            closed = await habeas("connect", "acme", HABEAS_HOME=place)
            assert (closed.code, "name another folder with HABEAS_HOME" in closed.err, "authorize?" in closed.err) == (2, True, False), (
                closed
            )
        assert store.path(NAME).read_bytes() == before


async def test_a_disk_that_is_full_at_a_refresh_keeps_the_connection(tmp_path):
    """The vendor is not asked, because its answer could not be kept; later it is renewed."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record(life=-1))
        acme.provider.access.clear()
        full = await habeas.process("verify", "acme", limit=small_disk, **WHOLE_MODULES)
        assert (full.code, "the disk is full" in full.out) == (3, True), full
        assert acme.log.count("token") == 0
        assert (await habeas("verify", "acme")).code == 0


async def test_a_store_of_a_newer_version_is_left_alone(tmp_path):
    """It is named, and connect does not write over it; another name is free."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record())
        newer = jsonlib.dumps({**jsonlib.loads(store.path(NAME).read_bytes()), "format": 3}).encode()
        store.path(NAME).write_bytes(newer)
        for words in (
            ("connect", "acme"),
            ("verify", "acme"),
            ("run", "acme", "--email", "her@acme.example", "--out", str(tmp_path / "out")),
        ):
            done = await habeas(*words)
            assert (done.code, "written by a newer Habeas (format 3, this one reads 2)" in done.err) == (4, True), done
        assert store.path(NAME).read_bytes() == newer
        done = await habeas("connect", "acme", "--connection", "other", "--redirect-uri", redirect())
        assert done.code == 0, done.err
        assert store.names() == [NAME, Name("acme", "other")]


async def test_a_simulators_connection_never_takes_the_place_of_a_real_one(tmp_path):
    """Trying the simulator must not cost the connection that works; another name is free."""
    async with Acme().up() as acme:
        store, habeas, made = vault(tmp_path), Command(tmp_path, acme), acme.record()
        store.write(NAME, replace(made, bound=replace(made.bound, at=None)))
        before = store.path(NAME).read_bytes()
        refused = await habeas("connect", "acme", "--redirect-uri", redirect())
        assert (refused.code, "a simulator's must not replace: add --connection NAME" in refused.err) == (2, True), refused
        assert store.path(NAME).read_bytes() == before
        assert (await habeas("connect", "acme", "--connection", "sim", "--redirect-uri", redirect())).code == 0


@pytest.mark.parametrize(
    ("words", "environ", "code", "part"),
    [
        (
            (),
            {"HABEAS_ACME_CLIENT_ID": None},
            4,
            "set HABEAS_ACME_CLIENT_ID, HABEAS_ACME_CLIENT_ID_FILE, or HABEAS_ACME_CLIENT_ID=cmd:COMMAND",
        ),
        ((), {"HABEAS_ACME_CLIENT_SECRET": None}, 4, "set HABEAS_ACME_CLIENT_SECRET"),
        ((), {"HABEAS_ACME_CLIENT_SECRET_FILE": "/nowhere"}, 4, "the file that HABEAS_ACME_CLIENT_SECRET_FILE names cannot be read"),
        ((), {"HABEAS_ACME_CLIENT_SECRET": "cmd:false"}, 4, "the command in HABEAS_ACME_CLIENT_SECRET ended with exit code 1"),
        ((), {"HABEAS_ACME_CLIENT_SECRET": "cmd:no-such-program"}, 4, "cannot be run"),
        ((), {"HABEAS_ACME_CLIENT_SECRET": "cmd:true"}, 4, "printed nothing"),
        ((), {"HABEAS_ACME_CLIENT_SECRET": "cmd:head -c 2000000000 /dev/zero"}, 4, "printed nothing that could be a secret"),
        ((), {"HABEAS_ACME_CLIENT_SECRET": "cmd:sh -c 'printf \\\\377'"}, 4, "prints no text"),
        ((), {"HABEAS_ACME_CLIENT_SECRET": "s" * 8193}, 4, "the client secret is longer than 8 KiB"),
        ((), {"HABEAS_ACME_CLIENT_SECRET": "s\udcffcret"}, 4, "HABEAS_ACME_CLIENT_SECRET is not UTF-8 text"),
        ((), {"HABEAS_ACME_CLIENT_ID": "i\udcffd"}, 4, "HABEAS_ACME_CLIENT_ID is not UTF-8 text"),
        ((), {"HABEAS_ACME_CLIENT_SECRET_FILE": "~nosuchuser/x"}, 4, "the file that HABEAS_ACME_CLIENT_SECRET_FILE names cannot be read"),
        ((), {"HABEAS_ACME_CLIENT_SECRET_FILE": "/dev/zero"}, 4, "names is too long to be a secret"),
        ((), {"HABEAS_ACME_CLIENT_SECRET": None}, 4, "(a public client has none: HABEAS_ACME_CLIENT_SECRET=)"),
        (("--connection", "a b"), {}, 2, "a connection's name holds"),
        (("--connection", "zoom/x"), {}, 2, "is no connection of acme"),
        (("--redirect-uri", "callback"), {}, 2, "--redirect-uri takes an address"),
        (("--redirect-uri", "http://127.0.0.1:99999/"), {}, 2, "--redirect-uri takes an address"),
        (("--way", "basic"), {}, 2, "acme is connected by oauth2"),
        (("--plan", "gold"), {}, 2, "--plan gold"),
        (("--at", "https://acme.example"), {}, 2, "--at takes an address of this machine only"),
        ((), {"HABEAS_KEY": "short"}, 2, "openssl rand -base64 32"),
    ],
)
async def test_a_connect_that_cannot_begin_says_what_to_do(words, environ, code, part, tmp_path):
    """One sentence, the right exit code, nothing sent, no secret repeated."""
    async with Acme().up() as acme:
        done = await Command(tmp_path, acme)("connect", "acme", *words, **environ)
        assert done.code == code, done
        assert part in done.err.splitlines()[-1]
        assert "Traceback" not in done.err
        assert acme.provider.client_secret not in done.err
        assert acme.log == []


@pytest.mark.parametrize("how", ["file", "cmd"])
async def test_secrets_come_from_files_and_secret_managers(how, tmp_path):
    """The file a variable names, or the output of any program."""
    async with Acme().up() as acme:
        path = tmp_path / "secret file"
        path.write_text(acme.provider.client_secret + "\n")
        given = {"HABEAS_ACME_CLIENT_SECRET_FILE": str(path)} if how == "file" else {"HABEAS_ACME_CLIENT_SECRET": f"cmd:cat '{path}'"}
        done = await Command(tmp_path, acme)(
            "connect", "acme", "--redirect-uri", redirect(), **{"HABEAS_ACME_CLIENT_SECRET": None, **given}
        )
        assert done.code == 0, done.err


ONE_KEY = SPEC[: SPEC.index("  oauth2:")] + "  {way}\n" + SPEC[SPEC.index("verify:") :]


@pytest.mark.parametrize(
    ("way", "header"),
    [
        ("headers: {Authorization: Bearer <SECRET>}", "Bearer K-1"),
        ("basic: anyone:<SECRET>", "Basic YW55b25lOkstMQ=="),
    ],
)
async def test_a_key_is_asked_for_kept_and_sent(way, header, tmp_path):
    """Nobody consents to a key: it is stored, and verify shows that the vendor answers."""
    seen: list[str] = []
    async with Acme().up() as acme:

        async def api(request: web.Request) -> web.Response:
            seen.append(request.headers.get("Authorization", ""))
            return json({"id": 1}, status=200 if seen[-1] == header else 401)

        acme.provider.scopes_of = lambda authorization: (
            seen.append(authorization) or (frozenset({"me.read"}) if authorization == header else None)
        )  # type: ignore[method-assign]
        habeas = Command(tmp_path, acme, ONE_KEY.replace("{way}", way))
        done = await habeas("connect", "acme", HABEAS_ACME_SECRET="K-1")
        assert done.code == 0, done.err
        assert seen == [header]
        assert (await habeas("verify", "acme")).code == 0
        wrong = await habeas("verify", "acme", HABEAS_ACME_SECRET="K-2")
        assert (wrong.code, "put a new one into HABEAS_ACME_SECRET, or habeas connect acme" in wrong.out) == (4, True), wrong
        acme.provider.scopes_of = lambda authorization: None  # type: ignore[method-assign]
        dead = await habeas("verify", "acme")
        assert (dead.code, "a key is never renewed: habeas connect acme" in dead.out) == (4, True), dead
        assert (await habeas("connect", "acme", HABEAS_ACME_SECRET="a\tb")).code == 4


@pytest.mark.parametrize("connection", ["default", "emea"])
async def test_a_key_that_the_vendor_refuses_does_not_take_the_place_of_one_that_works(connection, tmp_path):
    """It is tried before it is stored; the sentence names the command for this connection."""
    async with Acme().up() as acme:
        acme.provider.scopes_of = lambda given: frozenset({"me.read"}) if given == "Bearer good" else None  # type: ignore[method-assign]
        habeas = Command(tmp_path, acme, ONE_KEY.replace("{way}", "headers: {Authorization: Bearer <SECRET>}"))
        words = ("connect", "acme", "--connection", connection)
        assert (await habeas(*words, HABEAS_ACME_SECRET="bad")).code == 4
        assert vault(tmp_path).names() == []
        assert (await habeas(*words, HABEAS_ACME_SECRET="good")).code == 0
        before = vault(tmp_path).path(Name("acme", connection)).read_bytes()
        again = "habeas connect acme" + ("" if connection == "default" else " --connection emea")
        bad = await habeas(*words, HABEAS_ACME_SECRET="bad")
        assert (bad.code, bad.out) == (
            4,
            f"acme (acme/{connection}): NOT CONNECTED: the vendor refuses the credential: {again}\n",
        )
        assert "Nothing was stored; what was there before is kept." in bad.err
        told = await habeas(*words, "--json", HABEAS_ACME_SECRET="bad")
        assert (told.code, jsonlib.loads(told.out)["alive"]) == (4, False)
        assert vault(tmp_path).path(Name("acme", connection)).read_bytes() == before
        assert (await habeas("verify", "acme")).code == 0


async def test_a_key_that_nobody_can_try_is_stored_and_said(tmp_path):
    """No network is no refusal: exit 3."""
    async with Acme().up() as acme:
        habeas = Command(tmp_path, acme, ONE_KEY.replace("{way}", "headers: {X-Key: <SECRET>}"))
    done = await habeas("connect", "acme", HABEAS_ACME_SECRET="K-1")
    assert (done.code, "could not be verified: no connection could be made" in done.out) == (3, True), done
    assert "Stored as acme/default" in done.err
    assert vault(tmp_path).read(NAME).secret == "K-1"


@pytest.mark.parametrize("grant", ["client_credentials", "account_credentials"])
async def test_an_application_connects_with_its_own_credentials(grant, tmp_path):
    """Zoom's server-to-server grant names the account besides; no browser, no listener."""
    text = SPEC.replace("    authorization_url: https://acme.example/authorize\n", f"    grant: {grant}\n")
    text = text.replace("    redirect_uri: http://127.0.0.1:8917/callback\n", "")
    async with Acme().up() as acme:
        habeas = Command(tmp_path, acme, text)
        done = await habeas("connect", "acme", HABEAS_ACME_ACCOUNT_ID="A-1")
        assert done.code == 0, done.err
        expected = {"grant_type": grant, "scope": "people.read files.read me.read notes.read"}
        assert acme.forms == [expected | ({"account_id": "A-1"} if grant == "account_credentials" else {})]
        assert spec(text).auth.oauth2.grant == grant
