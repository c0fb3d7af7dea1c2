"""A sealed package in a headless Firefox, spoken to by WebDriver BiDi, which it has without a driver; Debian's firefox-esr."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from engine.package import seal_page
from engine.package.seal import seal
from tests.package import bags
from tests.package.bags import SEALED_WORDS as WORDS

PASSPHRASE = "ABCDE-FGHJK-LMNPQ-RSTUV"
LISTENING = b"WebDriver BiDi listening on "
PREFERENCES = {
    "browser.download.folderList": 2,
    "browser.download.dir": "",
    "browser.download.useDownloadDir": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.disabledForTesting": True,
    "network.proxy.type": 1,
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_port": 9,  # where nobody listens: there is no network
}
TRY = """
(async (typed) => {
  const button = document.querySelector("button");
  if (document.readyState !== "complete") await new Promise((ready) => addEventListener("load", ready, { once: true }));
  document.getElementById("passphrase").value = typed;
  const link = document.querySelector("section a");
  const ended = new Promise((told) => new MutationObserver(() => { if (!button.disabled) told() }).observe(button, { attributes: true }));
  button.click();
  await ended;
  return document.querySelector("section").hidden ? document.getElementById("said").textContent : link.textContent;
})(%s)
"""


class Firefox:
    """A session; what it says without being asked waits to be asked for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number, self.events = socket, 0, list[dict[str, Any]]()

    async def ask(self, method: str, **params: Any) -> Any:
        """Send a command and wait for its answer."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while (told := await self._socket.receive_json()).get("id") != self._number:
            self.events.append(told)
        assert told["type"] == "success", told
        return told["result"]

    async def until(self, method: str) -> Any:
        """Wait for an event."""
        while not (found := [told for told in self.events if told["method"] == method]):
            self.events.append(await self._socket.receive_json())
        return found[0]["params"]


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Firefox]:
    """Start one with a profile of its own, and end it."""
    (folder / "profile").mkdir()
    told = PREFERENCES | {"browser.download.dir": str(folder / "saved")}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in told.items()]
    (folder / "profile/user.js").write_text("\n".join(lines))
    words = ["firefox-esr", "--headless", "--no-remote", "--profile", str(folder / "profile"), "--remote-debugging-port", "0"]
    process = await asyncio.create_subprocess_exec(*words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        assert process.stderr is not None
        while LISTENING not in (line := await process.stderr.readline()):
            assert line
        address = line.partition(LISTENING)[2].decode().strip()
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/session", max_msg_size=0) as socket:
            found = Firefox(socket)
            await found.ask("session.new", capabilities={})
            yield found
    finally:
        process.kill()
        await process.communicate()


async def test_firefox_opens_it_too(tmp_path, monkeypatch):
    """A wrong passphrase is told; the right one gives the zip, to the byte, with no network at all."""
    monkeypatch.setattr(seal_page, "CHUNK", 1000)
    bag, page = bags.bag(tmp_path), tmp_path / "DSR-17.html"
    seal(bag, page, "page", "en", PASSPHRASE)
    seal(bag, tmp_path / "DSR-17.zip", "none", "en")
    async with asyncio.timeout(120), firefox(tmp_path) as browser:
        await browser.ask("session.subscribe", events=["browsingContext.downloadEnd", "log.entryAdded"])
        context = (await browser.ask("browsingContext.getTree"))["contexts"][0]["context"]
        await browser.ask("browsingContext.navigate", context=context, url=page.as_uri(), wait="complete")

        async def said(expression: str) -> Any:
            words = {"expression": expression, "target": {"context": context}, "awaitPromise": True, "userActivation": True}
            return (await browser.ask("script.evaluate", **words))["result"].get("value")

        assert await said(TRY % json.dumps(PASSPHRASE[:-1])) == WORDS["en"]["wrong"]
        assert await said(TRY % json.dumps(PASSPHRASE.lower())) == "Save DSR-17.zip"
        await said('document.querySelector("section a").click()')
        ended = await browser.until("browsingContext.downloadEnd")
    assert ended["status"] == "complete"
    assert Path(ended["filepath"]).read_bytes() == (tmp_path / "DSR-17.zip").read_bytes()
    assert [told["params"]["text"] for told in browser.events if told["method"] == "log.entryAdded"] == []
