"""No secret in a process list, an output, a log, a traceback, a repr, or readable in the store: from connect to remove."""

from __future__ import annotations

import asyncio
import base64
import json as jsonlib
import logging
import os
import traceback
from pathlib import Path

import pytest
from aiohttp import web

from engine.connection.connect import Browser, connect
from engine.connection.credential import bound
from engine.connection.stored import RegisteredClient, StoredConnection
from engine.errors import HabeasError
from engine.simulate.browser import allow
from tests.connection.commands import Command, redirect
from tests.connection.vendor import NAME, Acme, clock, into, keeper, spec, vault

json = web.json_response
SECRET = "canary-of-the-client-sëcret"


def secrets_of(acme: Acme) -> set[str]:
    """Everything that opens something: of the client, of each grant, of each code, and the proofs that were sent."""
    provider = acme.provider
    proofs = {form[name] for form in acme.forms for name in ("code_verifier", "refresh_token", "code") if name in form}
    return {SECRET, *provider.access, *provider.refreshes, *provider.codes, *proofs}


def expire(acme: Acme) -> None:
    """Let every access token end."""
    acme.provider.access = {token: (grant, 0.0) for token, (grant, _) in acme.provider.access.items()}


def process_list() -> str:
    """What every user of this machine can read of all processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(found)


async def test_from_connect_to_remove_no_command_tells_a_secret(tmp_path):
    """Outputs, errors and JSON of every command, the process list while tokens are asked for, and all bytes that are kept."""
    lists: list[str] = []

    async def watched(request: web.Request) -> web.StreamResponse:
        lists.append(process_list())
        return await acme.provider.token(request)

    async with Acme().up() as acme:
        acme.provider.client_secret = SECRET
        file = tmp_path / "secret"
        file.write_text(SECRET)
        command = Command(tmp_path, acme)
        command.environ |= {"HABEAS_ACME_CLIENT_SECRET": f"cmd:cat {file}", "PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "always"}
        acme.says += [watched] * 2
        habeas = command.process
        run = ("run", "acme", "--email", "her@acme.example", "--out")
        told = [await habeas("connect", "acme", "--redirect-uri", redirect())]
        expire(acme)
        told.append(await habeas("verify", "acme", "--json"))
        told += [await habeas(*run, str(tmp_path / "out"), "--json"), await habeas("connections", "list", "--json")]
        told += [await habeas("connections", "show", "acme"), await habeas("connections", "rekey")]
        assert [one.code for one in told] == [0] * 6, told
        kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()).decode("latin-1")
        names = " ".join(map(str, tmp_path.rglob("*")))
        acme.says.append(json({"reason": "Invalid Token!", "error": "invalid_grant"}, status=400))
        expire(acme)
        told.append(await habeas("verify", "acme"))
        told.append(await habeas("connections", "remove", "acme"))
        assert [one.code for one in told[6:]] == [4, 0], told[6:]
        everything = "\n".join([*lists, *(one.out + one.err for one in told), kept, names])
        for path in (tmp_path / "out").rglob("*.json*"):
            everything += path.read_text()
        assert len(lists) == 2
        assert "-m engine connect acme" in lists[0], "the process list was not seen"
        assert len(secrets_of(acme)) >= 6
        assert [one for one in secrets_of(acme) if one in everything] == []


async def test_the_browser_inherits_no_secret_of_ours(tmp_path):
    """What it starts could read it; everything else of the environment is as it was."""
    shown, script = tmp_path / "shown", tmp_path / "browser"
    os.mkfifo(shown)
    script.write_text(f"#!/bin/sh\n(env; echo END) > {shown}\n")
    script.chmod(0o700)
    async with Acme().up() as acme:
        key = base64.b64encode(bytes(32)).decode()
        words = ("connect", "acme", "--redirect-uri", redirect())
        process = await Command(tmp_path, acme).start(*words, BROWSER=f"{script} %s", HABEAS_KEY=key, OTHER="stays")
        reader = asyncio.StreamReader()
        pipe = os.fdopen(os.open(shown, os.O_RDWR | os.O_NONBLOCK), "rb", 0)
        reading, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        given = (await asyncio.wait_for(reader.readuntil(b"END\n"), 60)).decode()
        reading.close()
        process.terminate()
        await process.communicate()
        assert "OTHER=stays" in given
        assert [line for line in given.splitlines() if "HABEAS" in line.partition("=")[0]] == []


def never(made: StoredConnection) -> None:
    """Nothing is stored of an answer that is none."""
    raise AssertionError


ANSWERS = [
    json({"reason": "Invalid Token!", "error": "invalid_grant", "error_description": SECRET}, status=400),
    json({"error": "invalid_client", "error_description": SECRET}, status=401),
    json({"access_token": f"{SECRET} {SECRET}"}),
    json({"error": SECRET}, status=418),
    web.Response(text=f"<html>{SECRET}</html>", content_type="text/html"),
    web.Response(status=302, headers={"Location": f"https://evil.example/?{SECRET}"}),
    web.Response(text=SECRET, status=500),
    json({"access_token": "x", "token_type": SECRET}),
    json({"access_token": "x", "refresh_token": f" {SECRET}"}),
]


@pytest.mark.parametrize("number", range(len(ANSWERS)))
async def test_whatever_an_authorization_server_says_its_words_are_not_repeated(number, tmp_path, caplog, capfd):
    """Logs at their finest, asyncio in debug mode, the sentence of the end, and what a traceback would show."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    async with Acme().up() as acme:
        acme.provider.client_secret = SECRET
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        said = ANSWERS[number]
        acme.says += [web.Response(status=said.status, headers=said.headers, body=said.body) for _ in range(9)]
        kept, transport = keeper(store, acme)
        shown = repr(await kept.refresh()) + repr(kept.record) + repr(transport) + repr(vars(kept))
        made = StoredConnection(
            "acme",
            "oauth2",
            bound(spec(), acme.address),
            0.0,
            grant="authorization_code",
            client=RegisteredClient("simulated-client", SECRET),
        )
        loop = asyncio.get_running_loop()
        browser = Browser(redirect(), lambda url: shows.append(loop.run_in_executor(None, allow, url)))
        shows: list[asyncio.Future[str]] = []
        with pytest.raises(HabeasError) as error:
            await connect(made, browser, clock(), into(never))
        shown += "".join(traceback.format_exception(error.value)) + repr(made) + repr(browser)
        await asyncio.gather(*shows, return_exceptions=True)
        out, err = capfd.readouterr()
        everything = shown + caplog.text + out + err + jsonlib.dumps([one.getMessage() for one in caplog.records])
        assert [one for one in secrets_of(acme) if one in everything] == []
