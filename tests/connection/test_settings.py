"""What a connection is asked for and is no secret: which values pass, where they come from, where they go."""

from __future__ import annotations

import asyncio
import json
import os
import pty

import msgspec
import pytest

from engine.connection.credential import bound, environment_record
from engine.connection.manage import remove
from engine.connection.oauth_client import hosts_of
from engine.connection.settings import fault, given, needed
from engine.connection.stored import Name, StoredConnection
from engine.errors import NotConnected
from engine.replaced import replace
from engine.simulate.authorization_server import Grant
from tests.connection.commands import Command, redirect
from tests.connection.settled import CAPTURED, ENVIRON, KEYED, OAUTH, SETTINGS, SETTLED, keyed, record, settled
from tests.connection.vendor import NAME, SPEC, files, keeper, spec, vault
from tests.process import HABEAS

BOTH = KEYED.replace("auth: {headers: {X-Key: <SECRET>}}", f"auth:\n  headers: {{X-Key: <SECRET>}}\n{OAUTH}").replace(
    "settings: {", "settings: {LOGIN_HOST: a host, INSTANCE: an address, SITE: a number, "
)
ATTACKS = (
    "evil.com/",
    "evil.com#",
    "evil.com?",
    "x@evil.com",
    "evil.com:443",
    "evil\\.com",
    "a b",
    "a\tb",
    "a\x00",
    "",
    ".",
    "..",
    "ME",
    "a" * 255,
)
DOTS = ("acme\u3002evil", "acme\uff0eevil", "ａｃｍｅ", "a\u200db", "%2e%2e/", "https://evil.com", "[::1]", "-a", "a-", "a_b")


@pytest.mark.parametrize("value", [*ATTACKS, *DOTS, "a.b", "evil.com", "acme.example"])
def test_what_is_no_label_never_becomes_part_of_a_host(value):
    """Nothing that ends the host, begins another, or is read in two ways."""
    assert fault(spec(KEYED), "headers", "SHOP", value)
    assert fault(spec(KEYED), "headers", "SHOP", "Acme-1") is None


@pytest.mark.parametrize(
    "value",
    [*ATTACKS, *DOTS, "evil.com", "EVIL.COM", "acme.example.evil.com", "evilacme.example", "acme.example.", "127.0.0.1", "localhost"],
)
def test_a_whole_host_lies_under_the_hosts_of_the_spec(value):
    """The client secret is sent there."""
    assert fault(spec(SETTLED), "oauth2", "LOGIN_HOST", value)
    with pytest.raises(NotConnected) as error:
        bound(spec(SETTLED), None, "oauth2", {**SETTINGS, "LOGIN_HOST": value})
    assert "evil" not in str(error.value)
    assert fault(spec(SETTLED), "oauth2", "LOGIN_HOST", "LOGIN.acme.example") is None
    assert fault(spec(SETTLED), "oauth2", "LOGIN_HOST", "acme.example") is None


@pytest.mark.parametrize(
    "value",
    [
        "http://eu1.acme.example",
        "https://evil.example",
        "https://eu1.acme.example.evil.example",
        "https://user@eu1.acme.example",
        "https://eu1.acme.example@evil.example",
        "https://eu1.acme.example:8443",
        "https://eu1.acme.example/path",
        "https://eu1.acme.example?x",
        "https://eu1.acme.example#x",
        "https://eu1.acme.example\\@evil.example",
        "//eu1.acme.example",
        "eu1.acme.example",
        "https://127.0.0.1",
        "https://eu1.acme\u3002example",
        "x" * 1_000_000,
    ],
)
def test_a_whole_origin_is_https_and_lies_under_the_hosts(value):
    """As a setting and as what a token answer tells."""
    assert fault(spec(SETTLED), "oauth2", "INSTANCE", value)
    assert fault(spec(SETTLED), "oauth2", "INSTANCE", "https://eu1.acme.example") is None
    assert fault(spec(SETTLED), "oauth2", "INSTANCE", "https://eu1.acme.example/") is None


def test_a_whole_address_and_a_header_have_their_own_rules():
    """An address under the hosts; ASCII in a header; a path takes any text but words with a meaning."""
    vendor = spec(SETTLED.replace("{get: /<SITE>/me}", "{get: <SITE>, headers: {X-Org: <ORG>}}"))
    assert fault(vendor, "oauth2", "SITE", "https://evil.example/a") == "is no https address under acme.example, .acme.example"
    assert fault(vendor, "oauth2", "SITE", "https://x.acme.example/a") is None
    assert fault(vendor, "oauth2", "ORG", "zoë") == "stands in a header: ASCII characters only"
    assert fault(spec(SETTLED), "oauth2", "ORG", "zoë/?#") is None


@pytest.mark.parametrize(
    ("text", "way", "names"),
    [
        (SETTLED, "oauth2", [("LOGIN_HOST", False), ("ORG", False)]),
        (KEYED, "headers", [("SHOP", False), ("DC", True)]),
        (BOTH, "headers", [("SHOP", False), ("DC", True)]),
        (BOTH, "oauth2", [("LOGIN_HOST", False), ("SHOP", False), ("DC", True)]),
        (SETTLED.replace("settings: {", "settings: {SITE: a number, "), "oauth2", [("LOGIN_HOST", False), ("ORG", False)]),
        (SPEC, "oauth2", []),
    ],
)
def test_a_way_asks_for_what_it_needs_and_nothing_else_supplies(text, way, names):
    """What the token answer tells is not asked for, what `discover` finds may be left out, what nothing uses is left alone."""
    assert [(one.name, one.optional) for one in needed(spec(text), way)] == names


async def test_settings_are_asked_for_kept_shown_and_sent(tmp_path):
    """From nothing to a verified connection; whole addresses are bound; rename, refresh and rekey keep them all."""
    async with settled().up() as acme:
        habeas, store = Command(tmp_path, acme, SETTLED), vault(tmp_path)
        done = await habeas("connect", "acme", "--redirect-uri", redirect(), **ENVIRON)
        assert done.code == 0, done
        made = store.read(NAME)
        assert (made.settings, made.tokens.captured) == (SETTINGS, CAPTURED)
        assert made.bound.token_url == "https://login.acme.example/token"
        assert hosts_of(made.bound, None).names == ("login.acme.example",)
        assert acme.log == ["token", "/v1/acme-1/7/me"]
        shown = await habeas("connections", "show", "acme")
        assert "settings           LOGIN_HOST=login.acme.example, ORG=acme-1" in shown.out, shown
        assert json.loads((await habeas("connections", "show", "acme", "--json")).out)["captured"] == ["INSTANCE", "SITE"]
        await files(store).rename(NAME, Name("acme", "emea"))
        await files(store).reseal()
        acme.provider.access.clear()
        run = await habeas(
            "run", "acme", "--email", "her@acme.example", "--out", str(tmp_path / "out"), **{**ENVIRON, "HABEAS_ACME_ORG": "other"}
        )
        assert run.code == 0, run
        assert acme.log[-1] == "/v1/acme-1/7/people/7/files", "the stored settings win over the environment's"
        assert (store.read(Name("acme", "emea")).settings, acme.log.count("token")) == (SETTINGS, 2)
        assert await remove(files(store), Name("acme", "emea"), revoke=True) == "revoked"


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        ({"HABEAS_ACME_ORG": None}, "nobody to ask for ORG (the organisation's name): set HABEAS_ACME_ORG, HABEAS_ACME_ORG_FILE, or"),
        ({"HABEAS_ACME_ORG": ""}, "nobody to ask for ORG"),
        ({"HABEAS_ACME_ORG": "a b"}, "HABEAS_ACME_ORG holds white space"),
        ({"HABEAS_ACME_ORG": "\udcff"}, "HABEAS_ACME_ORG is not UTF-8"),
        ({"HABEAS_ACME_LOGIN_HOST": "evil.com"}, "HABEAS_ACME_LOGIN_HOST is no host under acme.example, .acme.example"),
        ({"HABEAS_ACME_LOGIN_HOST": "cmd:echo evil.com#"}, "HABEAS_ACME_LOGIN_HOST is no host under"),
    ],
)
async def test_a_setting_that_is_missing_or_does_not_fit_is_said_before_anything_is_sent(environ, part, tmp_path):
    """One sentence, exit 4, nothing stored, nobody asked."""
    async with settled().up() as acme:
        done = await Command(tmp_path, acme, SETTLED)("connect", "acme", **{**ENVIRON, **environ})
        assert (done.code, part in done.err.splitlines()[-1]) == (4, True), done
        assert (acme.log, vault(tmp_path).names()) == ([], [])
        assert "authorize" not in done.err


@pytest.mark.parametrize(("environ", "paths"), [({}, ["/v1/metadata", "/v1/us9/me"]), ({"HABEAS_ACME_DC": "eu2"}, ["/v1/eu2/me"])])
async def test_what_discover_finds_may_be_left_out(environ, paths, tmp_path):
    """Given, it is not asked for; left out, it is discovered, at connect and in every run."""
    seen: list[str] = []
    async with keyed(seen).up() as acme:
        habeas = Command(tmp_path, acme, KEYED)
        done = await habeas("connect", "acme", HABEAS_ACME_SHOP="acme-1", HABEAS_ACME_SECRET="K-1", **environ)
        assert (done.code, seen) == (0, paths), done
        again = await habeas("connect", "acme", HABEAS_ACME_SHOP="acme-2")
        assert (again.code, "nobody to ask for the key" in again.err) == (4, True), "a kept key is not for another account"


async def test_a_run_without_a_connection_takes_settings_from_the_environment(tmp_path):
    """What the token answer would have told, too; what is missing is named with its variable, and nothing is sent."""
    async with settled().up() as acme:
        habeas = Command(tmp_path, acme, SETTLED)
        token = str(acme.provider.issue(Grant("x"))["access_token"])
        run = ("run", "acme", "--email", "her@acme.example", "--out")
        given_ = {"HABEAS_ACME_TOKEN": token, "HABEAS_ACME_ORG": "acme-1", "HABEAS_ACME_SITE": "7"}
        lacking = await habeas(*run, str(tmp_path / "a"), **given_)
        assert (lacking.code, lacking.err.strip()) == (
            4,
            "error: a token of the environment does not say which account is meant: set HABEAS_ACME_INSTANCE",
        )
        bad = await habeas("verify", "acme", **given_, HABEAS_ACME_INSTANCE="https://evil.example")
        assert (bad.code, "HABEAS_ACME_INSTANCE is no https address of a host under" in bad.err) == (4, True), bad
        assert acme.log == []
        done = await habeas(*run, str(tmp_path / "b"), **given_, HABEAS_ACME_INSTANCE="https://eu1.acme.example")
        assert (done.code, acme.log[-1]) == (0, "/v1/acme-1/7/people/7/files"), done
        planned = await habeas("plan", "acme")
        assert planned.code == 0, planned


def test_what_is_optional_may_be_missing_in_the_environment_too():
    """`discover` finds it."""
    environ = {"HABEAS_ACME_SECRET": "K", "HABEAS_ACME_SHOP": "acme-1"}
    assert environment_record(spec(KEYED), environ, None).settings == {"SHOP": "acme-1"}
    with pytest.raises(NotConnected, match=r"set HABEAS_ACME_SHOP \(the part before"):
        environment_record(spec(KEYED), {"HABEAS_ACME_SECRET": "K"}, None)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (
            SETTLED.replace("https://<LOGIN_HOST>/token", "https://<LOGIN_HOST>/token2"),
            "reconnect to allow https://login.acme.example/token2",
        ),
        (
            SETTLED.replace("https://<LOGIN_HOST>/token", "https://auth.acme.example/token"),
            "reconnect to allow https://auth.acme.example/token",
        ),
        (SETTLED.replace("<LOGIN_HOST>", "<HOST>").replace("{LOGIN_HOST:", "{HOST:"), "<HOST> has no value"),
        (
            SETTLED.replace("{get: /<SITE>/me}", "{get: /<MORE>/me}").replace("settings: {", "settings: {MORE: x, "),
            "was made without <MORE>",
        ),
        (SETTLED.replace("SITE", "PLACE"), "was made without <PLACE>"),
        (SETTLED.replace("<INSTANCE>/v1", "https://<ORG>.acme.example/<INSTANCE>"), None),
        (
            SETTLED.replace("<INSTANCE>/v1/<ORG>", "https://<INSTANCE>.acme.example/<ORG>"),
            "<INSTANCE> of this connection stands in the name",
        ),
        (
            SETTLED.replace("hosts: [acme.example, .acme.example]", "hosts: [login.acme.example]"),
            "reconnect to allow login.acme.example",
        ),
    ],
)
async def test_a_spec_that_changed_uses_no_connection_it_was_not_made_for(text, part, tmp_path):
    """Its addresses are compared filled; what it needs by now and the connection lacks is named with the command that mends it."""
    async with settled().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, record(acme))
        keeper(store, acme, vendor=spec(SETTLED))
        if part is None:
            keeper(store, acme, vendor=spec(text))
            return
        with pytest.raises(NotConnected) as error:
            keeper(store, acme, vendor=spec(text))
        assert part in str(error.value)
        assert "habeas connect acme" in str(error.value)


def test_a_connection_of_before_settings_loads():
    """A record without the fields has none; what a spec does not name is not sent."""
    old = json.loads(msgspec.json.encode(settled().record()))
    del old["settings"], old["tokens"]["captured"]
    found = msgspec.convert(old, StoredConnection)
    assert (found.settings, found.tokens.captured) == ({}, ())
    assert given(spec(SPEC), replace(found, settings={"OTHER": "x"})) == ()


async def typed(habeas: Command, lines: list[bytes], **environ: str | None) -> tuple[int, str]:
    """Connect at a terminal, and type a line at each question; gives the exit code, and what the terminal showed."""
    ours, theirs = pty.openpty()
    words = ("setsid", "--ctty", *HABEAS, "connect", "acme")
    process = await asyncio.create_subprocess_exec(
        *words, env=habeas.given({"HABEAS_ACME_PROBE": "", **environ}), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    for line in lines:
        os.write(ours, line + b"\n")
    loop = asyncio.get_running_loop()
    while True:
        try:
            piece = await loop.run_in_executor(None, os.read, ours, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return await process.wait(), shown.decode()


async def test_a_setting_is_typed_in_sight_and_asked_for_again_where_it_does_not_fit(tmp_path):
    """The help is shown, the value may be seen; Enter leaves out what is found anyway, or keeps what is stored."""
    seen: list[str] = []
    async with keyed(seen).up() as acme:
        habeas = Command(tmp_path, acme, KEYED)
        code, shown = await typed(habeas, [b"evil.com/", b"acme-1", b""], HABEAS_ACME_SECRET="K-1")
        assert code == 0, shown
        assert "SHOP (the part before .acme.example): " in shown
        assert "This stands in the name of a host: letters, digits and - only, no dot." in shown
        assert "DC (your data centre) [Enter: to be found out]: " in shown
        assert vault(tmp_path).read(NAME).settings == {"SHOP": "acme-1"}
        code, shown = await typed(habeas, [b"", b"eu2"], HABEAS_ACME_SECRET="K-1")
        assert (code, "[Enter keeps acme-1]" in shown) == (0, True), shown
        assert vault(tmp_path).read(NAME).settings == {"SHOP": "acme-1", "DC": "eu2"}
        code, shown = await typed(habeas, [b"\x04"], HABEAS_ACME_SECRET="K-1")
        assert (code, "nothing was typed: set the variables instead" in shown) == (4, True), shown
