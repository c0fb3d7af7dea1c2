"""A vendor whose lists name files."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web


@pytest.fixture
def acme(aiohttp_server):
    """Serve one person, their list, and files as a test gives them; tells the address and what was asked."""

    async def start(items, file):
        asked: list[str] = []

        async def everything(request: web.Request) -> web.StreamResponse:
            asked.append(request.path)
            if request.path.startswith("/v1/people/"):
                return web.json_response({"id": "u1", "email": "a@x.io"})
            if request.path.endswith("/list"):
                return web.Response(text=items if isinstance(items, str) else json.dumps({"items": items}), content_type="application/json")
            if "/f/" in request.path:
                found = file(request)
                return await found if asyncio.iscoroutine(found) else found
            return web.json_response({})

        app = web.Application()
        app.router.add_get("/{tail:.*}", everything)
        server = await aiohttp_server(app)
        return str(server.make_url("")).rstrip("/"), asked

    return start
