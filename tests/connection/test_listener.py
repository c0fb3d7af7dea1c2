"""Where the browser comes back to: one answer is taken, and the page says what came true."""

from __future__ import annotations

import asyncio
import urllib.parse
import urllib.request

import pytest

from engine.connection.browser_consent import listening as listen_at
from engine.connection.connect import Browser, connect
from engine.errors import DiskError, NotConnected
from engine.replaced import replace
from engine.simulate.browser import allow
from tests.connection.commands import Command, consented, fetch, listening, opening, redirect
from tests.connection.vendor import Acme, clock, into, vault


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("error=access_denied&state={state}", "the consent was declined (access_denied)"),
        ("code=C&state={state}&iss=https%3A%2F%2Fevil.example", "its iss is foreign"),
    ],
)
async def test_the_listener_refuses_what_is_not_the_vendors_consent(query, part, tmp_path):
    """The browser and the terminal say the same; other paths and later visitors change nothing."""
    async with Acme().up() as acme:
        uri = redirect()
        process, url = await listening(Command(tmp_path, acme), uri)
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["state"][0]
        assert (await asyncio.to_thread(fetch, uri))[0] == 404
        assert (await asyncio.to_thread(fetch, uri.replace("/callback", "/favicon.ico?code=1")))[0] == 404
        status, page = await asyncio.to_thread(fetch, f"{uri}?{query.format(state=state)}")
        _, err = await process.communicate()
        assert (process.returncode, status) == (4, 400)
        assert part in page
        assert part in err.decode()
        assert state not in page
        assert acme.log == []
        assert not vault(tmp_path).names()


@pytest.mark.parametrize(
    "query",
    [
        "code=C&state=wrong",
        "code=C",
        "error=access_denied&state=wrong",
        "error=access_denied",
        "code=C&state=",
        "code=C&state={state}&state=wrong",
        "code=C&state={state}x",
    ],
)
async def test_only_the_right_state_settles_a_sign_in(query, tmp_path):
    """Any program or page of this machine can open the address: it gets 400, and the person's own answer still connects."""
    async with Acme().up() as acme:
        uri = redirect()
        process, url = await listening(Command(tmp_path, acme), uri)
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["state"][0]
        status, page = await asyncio.to_thread(fetch, f"{uri}?{query.format(state=state)}")
        assert (status, "The sign-in still waits for its own answer." in page, state in page) == (400, True, False)
        assert await asyncio.to_thread(allow, url) == "Connected"
        out, _ = await process.communicate()
        assert (process.returncode, b"connected, the vendor answers" in out) == (0, True)


async def test_a_wait_in_vain_says_that_other_answers_came():
    """A vendor that leaves the state out is told from a person who did not come back."""
    uri = redirect()
    async with listen_at(uri, lambda _: "its state is another") as listener:
        assert (await asyncio.to_thread(fetch, f"{uri}?code=C"))[0] == 400
        with pytest.raises(NotConnected, match=r"nobody came back .*; answers came that do not belong to this sign-in"):
            await listener.answered(0.0)


@pytest.mark.parametrize(
    ("request_line", "header"),
    [
        (b"GET /callback?code=CANARY&state=" + b"s" * 70_000 + b" HTTP/1.1", b"X: y"),
        (b"GET /callback?code=CANARY&state=1 HTTP/9.9", b"X: y"),
        (b"GET /callback?code=CANARY\x00&state=1 HTTP/1.1", b"X: y"),
        (b"GET http://[::1/callback?code=CANARY&state=1 HTTP/1.1", b"X: y"),
        (b"GET /callback?code=1&state=1 HTTP/1.1", b"Cookie: session=CANARY" + b"x" * 70_000),
        (b"POST /callback?code=CANARY HTTP/1.1", b"Transfer-Encoding: CANARY"),
        (b"\x16\x03\x01CANARY", b""),
    ],
)
async def test_what_the_listener_cannot_read_is_printed_nowhere(request_line, header, tmp_path):
    """A code or a cookie in a broken request stays out of the terminal, and the sign-in goes on."""
    async with Acme().up() as acme:
        uri = redirect()
        process, url = await listening(Command(tmp_path, acme), uri)
        reading, writing = await asyncio.open_connection("127.0.0.1", urllib.parse.urlsplit(uri).port)
        writing.write(request_line + b"\r\nHost: x\r\n" + header + b"\r\n\r\n")
        await asyncio.wait_for(reading.read(100), 60)
        writing.close()
        assert await asyncio.to_thread(allow, url) == "Connected"
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, b"CANARY" in out + err, b"Traceback" in err) == (0, False, False), err


async def test_the_cookies_of_other_programs_on_this_machine_are_in_nobodys_way(tmp_path):
    """A browser sends all cookies of 127.0.0.1, whoever set them: tens of kilobytes are taken."""
    async with Acme().up() as acme:
        uri = redirect()
        process, url = await listening(Command(tmp_path, acme), uri)
        back = urllib.request.Request(await asyncio.to_thread(consented, url), headers={"Cookie": "other=" + "x" * 60_000})
        assert "Connected" in (await asyncio.to_thread(fetch, back))[1]
        await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0


async def test_a_redirect_address_is_met_however_its_path_is_escaped(tmp_path):
    """What is registered as %20 comes back as %20, and is a blank all the same."""
    async with Acme().up() as acme:
        uri = redirect().replace("/callback", "/call%20back/%7Eme")
        acme.provider.redirect_uris = (uri,)
        process, url = await listening(Command(tmp_path, acme), uri)
        assert await asyncio.to_thread(allow, url) == "Connected"
        await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0


async def test_a_second_hit_is_told_that_it_comes_too_late(tmp_path):
    """While the first answer is exchanged, the second gets a page of its own and nothing happens."""
    async with Acme().up() as acme:
        arrived, go_on = acme.slowly()
        uri = redirect()
        process, url = await listening(Command(tmp_path, acme), uri)
        first = asyncio.create_task(asyncio.to_thread(allow, url))
        await asyncio.wait_for(arrived.wait(), 60)
        status, page = await asyncio.to_thread(fetch, f"{uri}?code=other&state=other")
        assert (status, "answered before" in page) == (410, True)
        go_on.set()
        assert await first == "Connected"
        await process.communicate()
        assert process.returncode == 0
        assert acme.log.count("token") == 1


async def test_the_browser_is_told_only_what_came_true(tmp_path):
    """The disk fills up while the person consents: the page and the terminal say so, not that it worked."""

    def full(made) -> None:
        message = "the disk is full"
        raise DiskError(message)

    async with Acme().up() as acme:
        titles: list[asyncio.Future[str]] = []
        loop = asyncio.get_running_loop()
        browser = Browser(redirect(), lambda url: titles.append(loop.run_in_executor(None, allow, url)))
        with pytest.raises(DiskError):
            await connect(replace(acme.record(), tokens=None), browser, clock(), into(full))
        assert await titles[0] == "Not connected"


async def test_two_connects_at_once_do_not_disturb_each_other(tmp_path):
    """The port is taken: the second says so before anyone is asked; the first goes on."""
    async with Acme().up() as acme:
        habeas, uri = Command(tmp_path, acme), redirect()
        process = await habeas.start("connect", "acme", "--redirect-uri", uri, BROWSER="true")
        url = await opening(process)
        second = await habeas("connect", "acme", "--redirect-uri", uri)
        assert second.code == 2
        assert "is another connect under way?" in second.err
        assert "authorize?" not in second.err
        assert await asyncio.to_thread(allow, url) == "Connected"
        await process.communicate()
        assert process.returncode == 0
