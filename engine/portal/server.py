"""The portal as an application of aiohttp: each request is looked at by the guard first, each answer says what a browser may do with it.

Pages are made in threads, since they read files; whatever goes wrong is a page too, and holds no trace of the program.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from engine.case.folder import references
from engine.errors import HabeasError, defect
from engine.pages.environment import style
from engine.portal.asked import AskedPage, Do, NotThere, Portrayed, SentFile, Show, portray
from engine.portal.guard import ENTER, PortalGuard, PortalSession, is_of

LARGEST = 64 * 1024
MOST_FIELDS = 2000
FORM = "application/x-www-form-urlencoded"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with no-referrer Chromium sends `Origin: null` from our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Server": "habeas",
}
SANDBOX = "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'; base-uri 'none'; sandbox"
SAME_ORIGIN = " allow-same-origin"  # a player asks for the film again, which it may not do from nowhere; scripts run all the same not
UNSAFE_NONE = "unsafe-none"  # a sandboxed page with another Cross-Origin-Opener-Policy is not opened at all
OWN = ("Content-Security-Policy", "Cross-Origin-Opener-Policy")
SHEET = "/style.css"
LEAVE = "/leave"
REFUSED = {
    400: "The form cannot be read. Go back, and send it again.",
    405: "This page cannot be asked like this.",
    413: "The form is too large: 64 KB at most. Nothing was written.",
    415: "The form is of a kind that is not read here. Nothing was written.",
}
COME_IN = (
    "The portal is opened by the link that `habeas portal` printed, once. Start it again for a new link; "
    "sessions end after eight idle hours."
)


class Portal:
    """What answers requests: the guard, the pages, the state folder and the present time."""

    def __init__(
        self, guard: Callable[[], PortalGuard], pages: Mapping[str, tuple[Show, Do | None]], home: Path, now: Callable[[], datetime]
    ) -> None:
        """Take the guard as a function: it is there once the port is known."""
        self._guard, self._home, self._now = guard, home, now
        self.app = web.Application(client_max_size=LARGEST, middlewares=[self._guarded()])
        self.app.on_response_prepare.append(_protect)
        self.app.router.add_get(SHEET, _sheet, allow_head=False)
        self.app.router.add_get(ENTER + "{key}", self._enter, allow_head=False)
        self.app.router.add_post(LEAVE, self._leave)
        for path, (show, do) in pages.items():
            self.app.router.add_get(path, partial(self._show, show), allow_head=False)
            if do is not None:
                self.app.router.add_post(path, partial(self._do, show, do))

    def _guarded(self) -> Middleware:
        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                self._look_at(request)
                return await handler(request)
            except web.HTTPException as error:
                if error.status < 400:
                    raise
                return _page(self._refused(request, error.status, "There is no such page." if error.status == 404 else error.reason))
            except HabeasError as error:
                return _page(
                    self._refused(request, 404 if isinstance(error, NotThere) or await self._is_gone(request) else 422, str(error))
                )
            except Exception as error:  # noqa: BLE001  the last line of defence: a traceback could hold personal data
                return _page(self._refused(request, 500, f"{defect(error)}; please report it with this line"))

        return guarded

    def _look_at(self, request: web.Request) -> None:
        """Refuse what was not sent to this portal, or not by it. Raises HTTPForbidden."""
        guard = self._guard()
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or not guard.knows_host(hosts[0]):
            raise web.HTTPForbidden(reason=f"This portal is at {guard.origin}.")
        if request.method != "GET" and not guard.is_own(hosts[0], request.headers.get("Origin")):
            raise web.HTTPForbidden(reason="The form was sent by another site. Nothing was written.")
        if request.path != SHEET and not request.path.startswith(ENTER):
            self._session(request)

    def _session(self, request: web.Request) -> PortalSession:
        session = self._guard().session(request.cookies.get(self._guard().cookie))
        if session is None:
            raise web.HTTPForbidden(reason=COME_IN)
        return session

    def _refused(self, request: web.Request, status: int, why: str) -> Portrayed:
        """Make the page of a refusal; only who is in sees the way back."""
        guard = self._guard()
        known = guard.knows_host(request.headers.get("Host")) and guard.session(request.cookies.get(guard.cookie)) is not None
        sentence = REFUSED.get(status, why)
        asked = AskedPage(self._home, self._now(), "")
        return Portrayed(portray("refused.html", asked, sentence=sentence, known=known).html, status)

    async def _is_gone(self, request: web.Request) -> bool:
        """Whether the page is about a case that is not there."""
        name = request.match_info.get("reference")
        return name is not None and name not in await asyncio.to_thread(references, self._home)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        guard = self._guard()
        cookie = guard.enter(request.match_info["key"])
        if cookie is None:
            raise web.HTTPForbidden(reason=f"This link was used already, or is not of this portal. {COME_IN}")
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(guard.cookie, cookie, path="/", httponly=True, samesite="Strict", secure=guard.origin.secure)
        return answer

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        asked = await self._asked(request)
        guard = self._guard()
        guard.leave(request.cookies.get(guard.cookie))
        left = portray("refused.html", asked, sentence=f"You are signed out. {COME_IN}", known=False)
        answer = _page(left)
        answer.del_cookie(guard.cookie, path="/", httponly=True, samesite="Strict", secure=guard.origin.secure)
        return answer

    async def _show(self, show: Show, request: web.Request) -> web.StreamResponse:
        return _page(await asyncio.to_thread(show, await self._asked(request), None))

    async def _do(self, show: Show, do: Do, request: web.Request) -> web.StreamResponse:
        """Do what a form asks for, then lead on, or show what is shown once; what cannot be done is told in the same page."""
        asked = await self._asked(request)
        try:
            where = await asyncio.to_thread(do, asked)
        except HabeasError as error:
            return _page(await asyncio.to_thread(show, asked, error))
        return web.Response(status=303, headers={"Location": where}) if isinstance(where, str) else _page(where)

    async def _asked(self, request: web.Request) -> AskedPage:
        session = self._session(request)
        form = await _form(request) if request.method == "POST" else {}
        if request.method == "POST" and not is_of(session, next(iter(form.get("token", ())), None)):
            raise web.HTTPForbidden(reason="The form is of an earlier session: open the page again. Nothing was written.")
        return AskedPage(self._home, self._now(), session.form_token, dict(request.match_info), dict(request.query), form)


async def _form(request: web.Request) -> dict[str, list[str]]:
    """Read a form. Raises HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType, HTTPBadRequest."""
    if request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType
    raw = await request.read()
    try:
        return parse_qs(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise web.HTTPBadRequest from None


def _page(made: Portrayed | SentFile) -> web.StreamResponse:
    if isinstance(made, SentFile):
        how = "inline" if made.media is not None else "attachment"
        kind = made.media or "application/octet-stream"
        policy = SANDBOX + (SAME_ORIGIN if kind.startswith(("audio/", "video/")) else "")
        told = {"Content-Type": kind, "Content-Disposition": f'{how}; filename="{made.name}"'}
        return web.FileResponse(made.path, headers={**told, **dict(zip(OWN, (policy, UNSAFE_NONE), strict=True))})
    return web.Response(body=made.html.encode("utf-8", "backslashreplace"), status=made.status, content_type="text/html", charset="utf-8")


async def _sheet(_: web.Request) -> web.StreamResponse:
    return web.Response(text=style() + style("engine.portal", "work.css"), content_type="text/css", charset="utf-8")


async def _protect(_: web.Request, answer: web.StreamResponse) -> None:
    own = {name: answer.headers[name] for name in OWN if name in answer.headers}
    answer.headers.update({**HEADERS, **own})
