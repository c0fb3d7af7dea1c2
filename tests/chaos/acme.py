"""A vendor with all that a resume must get right: `discover`, parents and children, `for`, windows that share records, a licence, files."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from engine.simulate.serve import listen

EMAIL = "ada@acme.example"
SPEC = """
spec: 1
vendor: acme
base_url: https://api.acme.example/v1
hosts: [api.acme.example]
auth: {headers: {Authorization: Bearer <SECRET>}}
verify: {get: /me}
refusals: {code: code, message: message}
gaps: none
pagination: {cursor: next, param: after, size: {size: 4}, total: total}
discover:
  own: {get: /own, pagination: none, capture: {TEAM: id}}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
    settings: {get: /people/<USER_ID>/settings}
    projects: {for: {STATE: [open, closed, lost]}, get: /people/<USER_ID>/projects, params: {state: <STATE>}, records: items}
    tasks: {get: /projects/<projects.id>/tasks, records: items, files: url}
    comments: {get: /tasks/<tasks.id>/comments, records: items, fields: [text]}
    calls:
      get: /people/<USER_ID>/calls
      params: {from: <FROM.date>, to: <TO.date>}
      window: {step: 7d, since: 84d}
      records: items
      licence: settings.calls
      files: recordings[].url
    notes: {for: {KIND: [a, b, c, d]}, get: /teams/<TEAM>/notes, params: {kind: <KIND>}, records: items, fields: none}
    replies: {get: /notes/<notes.id>/replies, records: items}
"""


def items(kind: str, *key: object) -> list[dict[str, Any]]:
    """Give a list that is the same each time: how long it is, and what stands in it, hangs on its name alone."""
    name = "/".join(map(str, (kind, *key)))
    number = int(hashlib.sha256(name.encode()).hexdigest()[:4], 16)
    return [{"id": f"{kind}-{number}-{index}", "text": f"{name} {index} " + "ü" * (number % 90)} for index in range(number % 11)]


def calls(first: date, last: date) -> list[dict[str, Any]]:
    """Give the calls of some days, both ends included, so that neighbouring windows share those of a day."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = [{"id": f"c-{day}-{index}", "day": str(day)} for day in days for index in range(day.toordinal() % 3)]
    for one in found:
        one["recordings"] = [{"url": f"https://api.acme.example/v1/f/{one['id']}"}] if one["id"].endswith("1") else []
    return found


def listed(request: web.Request) -> list[dict[str, Any]]:
    """Give what the path lists."""
    _, _, kind, key, *rest = request.path.split("/")
    if rest == ["calls"]:
        return calls(date.fromisoformat(request.query["from"]), date.fromisoformat(request.query["to"]))
    found = items("-".join(rest), kind, key, request.query.get("state", ""), request.query.get("kind", ""))
    if rest == ["tasks"]:
        found = [{**one, "url": f"https://api.acme.example/v1/f/{one['id']}"} for one in found]
    return found


async def respond(request: web.Request) -> web.StreamResponse:
    """Answer as the vendor does."""
    path = request.path
    if path in ("/v1/me", "/v1/own"):
        return web.json_response({"id": "t1"})
    if path.startswith("/v1/f/"):
        return web.Response(body=path.encode() * (1 + len(path) % 7 * 400), content_type="video/mp4")
    if path == f"/v1/people/{EMAIL}":
        return web.json_response({"id": "u1", "email": EMAIL})
    if path.endswith("/settings"):
        return web.json_response({"id": "s", "calls": True})
    found, size = listed(request), int(request.query["size"])
    at = int(request.query.get("after", "0"))
    page: dict[str, Any] = {"items": found[at : at + size], "total": len(found), "next": str(at + size) if at + size < len(found) else None}
    return web.json_response(page)


class Acme:
    """The vendor, in a thread; `spec` is the file of its spec."""

    def __init__(self, folder: Path) -> None:
        self.spec = folder / "acme.yaml"
        self.spec.write_text(SPEC, "utf-8")
        self.environ = {"HABEAS_ACME_SECRET": "a-secret-of-acme"}
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._up.wait(60)

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/{tail:.*}", respond)

        def ready(address: str) -> None:
            self.address = address
            self._up.set()

        await listen(app, 0, ready)
