"""A vendor that is served in a thread, without limits, and the command line beside it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from engine.simulate.serve import listen

SPEC = """
spec: 1
vendor: {vendor}
title: {title}
base_url: https://api.{vendor}.example/v1
hosts: [api.{vendor}.example]
auth: {{headers: {{Authorization: "Bearer <SECRET>"}}}}
verify: {{get: /me, records: people}}
access:
  lookup:
    - {{get: /people/<EMAIL>, match: email, capture: {{USER_ID: id}}, refusals: {{rules: [{{status: 404, means: absent}}]}}}}
  endpoints:
    notes: {{get: /people/<USER_ID>/notes, records: items}}
    files: {{get: /people/<USER_ID>/files, records: items, refusals: {{rules: [{{status: 403, means: denied}}]}}}}
"""


class Vendor:
    """A vendor of people whose address says what happens: `none` is unknown, `denied`, `broken` and `other` are as they say."""

    def __init__(self, folder: Path, name: str = "acme") -> None:
        self.name, self.asked, self.hold, self.good, self.used_up = name, Counter[str](), "", True, ""
        self.arrivals: list[float] = []
        self.spec = folder / f"{name}.yaml"
        self.spec.write_text(SPEC.format(vendor=name, title=name.title()))
        self.before: Callable[[str], Any] = lambda _: None
        self._told, self._held = threading.Event(), threading.Event()
        self.arrived = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._told.wait(60)

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/{tail:.*}", self._answer)
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()

        def ready(address: str) -> None:
            self.address = address
            self._told.set()

        serving = asyncio.create_task(listen(app, 0, ready))
        await self._ended.wait()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/v1")
        self.asked[path] += 1
        self.arrivals.append(time.monotonic())
        if not self.good:
            return web.Response(status=401)
        if self.used_up and path.endswith(self.used_up):
            return web.Response(status=429, headers={"Retry-After": "3600"})
        if self.hold and path.endswith(self.hold):
            self.arrived.set()
            await asyncio.to_thread(self._held.wait)
        who = path.split("/")[2] if path.startswith("/people/") else ""
        if path == "/me":
            return web.json_response({"people": [{}]})
        if path == f"/people/{who}":
            if who.startswith("none"):
                return web.Response(status=404)
            return web.json_response({"id": who.partition("@")[0], "email": "x@other.example" if who.startswith("other") else who})
        if path.endswith("/files") and who.startswith("denied"):
            return web.Response(status=403)
        if path.endswith("/notes") and who.startswith("broken"):
            return web.Response(status=418)
        return web.json_response({"items": [{"id": f"{who}-1"}, {"id": f"{who}-2"}]})

    def release(self) -> None:
        """Answer what is held."""
        self.hold = ""
        self._held.set()

    def end(self) -> None:
        """Let it go."""
        self.release()
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(60)

    @property
    def given(self) -> dict[str, str]:
        """Give what the command line is started with."""
        upper = self.name.upper()
        return {f"HABEAS_{upper}_AT": self.address, f"HABEAS_{upper}_SECRET": "t0"}


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    """Serve one."""
    up = Vendor(tmp_path)
    yield up
    up.end()


@pytest.fixture
def batch(habeas, vendor, tmp_path):
    """Call `habeas batch` over a CSV of these lines, with what it leaves; `out` is its folder."""
    out = tmp_path / "out"

    def call(*lines: str, words: tuple[str, ...] = (), head: str = "request,email", **more: str) -> SimpleNamespace:
        people = tmp_path / "people.csv"
        people.write_text("\n".join([head, *lines]) + "\n")
        done = habeas("batch", str(people), "--vendor", str(vendor.spec), "--out", str(out), *words, **vendor.given, **more)
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)

    call.out = out  # type: ignore[attr-defined]
    call.habeas = lambda *words: habeas(*words, **vendor.given)  # type: ignore[attr-defined]
    return call


def proof_of(out: Path) -> dict[str, Any]:
    """Read a batch's proof."""
    return dict(json.loads((out / "batch.json").read_text("utf-8")))


def states_of(out: Path) -> dict[str, str]:
    """Give every request's state."""
    return {one["request"]: one["state"] for one in proof_of(out)["people"]}
