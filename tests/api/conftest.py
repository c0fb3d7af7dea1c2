"""A vendor that is served, its spec, and a state folder of its own, for what a program calls."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

SPEC = """
spec: 1
vendor: acme
title: Acme
base_url: https://api.acme.example/v1
hosts: [api.acme.example]
auth: {headers: {Authorization: "Bearer <SECRET>"}}
verify: {get: /me}
rate_limits: {plans: {small: {n: 50/s}, big: {n: 500/s}}}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
    notes: {get: /people/<USER_ID>/notes, records: items, bucket: n}
    files: {get: /people/<USER_ID>/files, records: items}
"""


@pytest.fixture
def acme(tmp_path):
    """Give a spec's path."""
    path = tmp_path / "acme.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
async def served(aiohttp_server):
    """Serve the vendor; its files are answered when the test says so. Gives the address, that event, and what was asked."""
    go, asked = asyncio.Event(), asyncio.Queue[str]()

    async def answer(request: web.Request) -> web.Response:
        asked.put_nowait(request.path)
        if request.path.endswith("/files"):
            await go.wait()
        if request.path.startswith("/v1/people/u1/"):
            return web.json_response({"items": [{"id": "1"}, {"id": "2"}]})
        return web.json_response({"id": "u1", "email": "ada@x.io"})

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    server = await aiohttp_server(app)
    return str(server.make_url("")).rstrip("/"), go, asked


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    """Keep the machine's own connections and variables out."""
    for name in [name for name in __import__("os").environ if name.startswith("HABEAS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HABEAS_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
