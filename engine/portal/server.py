"""The portal as an application of aiohttp: each request is looked at by the guard first, each answer says what a browser may do with it.

Pages are made in threads, since they read files; whatever goes wrong is a page too, and holds no trace of the program.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from engine.case.folder import references
from engine.case.log import BrokenLog
from engine.errors import HabeasError, defect
from engine.pages.environment import style
from engine.portal.asked import AskedPage, Do, NotThere, Portrayed, SentFile, Show, UploadedFile, portray
from engine.portal.forms import LARGEST, UPLOADS, WITH_FILES, SentFields, read_fields, read_uploads
from engine.portal.guard import ENTER, HEADERS, PortalGuard, PortalSession, is_of
from engine.portal.places import vendor_at
from engine.portal.sign_in import SignIn
from engine.portal.users import LONGEST_NAME, PortalUser, Users, read_users

SANDBOX = "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'; base-uri 'none'; sandbox"
SAME_ORIGIN = " allow-same-origin"  # a player asks for the film again, which it may not do from nowhere; scripts run all the same not
UNSAFE_NONE = "unsafe-none"  # a sandboxed page with another Cross-Origin-Opener-Policy is not opened at all
OWN = ("Content-Security-Policy", "Cross-Origin-Opener-Policy")
# Two threads make pages: more of them would only wait for each other, each with a database open. Acts, which may take long, have others.
LOOKING = ThreadPoolExecutor(2, "looking")
SHEET = "/style.css"
COMMENT_OR_END = re.compile(r"/\*.*?\*/|\n", re.DOTALL)
LEAVE, SIGN_IN = "/leave", "/signin"
HEADS = {403: "This was refused", 404: "There is nothing here", 422: "This cannot be shown", 500: "This went wrong"}
OUT = "You are not signed in"
REFUSED = {
    400: "The form cannot be read. Go back, and send it again.",
    405: "This page cannot be asked like this.",
    413: "The form is too large: 64 KB at most. Nothing was written.",
    415: "The form is of a kind that is not read here. Nothing was written.",
}
TOO_OFTEN = "That was tried five times within a minute: wait a minute, then try again."
WRONG = "Nobody has this name and this passphrase. Look at both, then try again."
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
        self._sign_in = SignIn(home, lambda: guard().seconds())
        self.app = web.Application(client_max_size=LARGEST, middlewares=[self._guarded()])
        self.app.on_response_prepare.append(_protect)
        self.app.router.add_get(SHEET, _sheet, allow_head=False)
        self.app.router.add_get(ENTER + "{key}", self._enter, allow_head=False)
        self.app.router.add_post(LEAVE, self._leave)
        self.app.router.add_get(SIGN_IN, self._ask_who, allow_head=False)
        self.app.router.add_post(SIGN_IN, self._come_in)
        for path, (show, do) in sorted(pages.items(), key=lambda page: page[0].count("{")):  # a page that is named comes before a service
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
                gone = isinstance(error, NotThere) or await self._is_gone(request)
                return _page(self._refused(request, 404 if gone else 422, str(error), is_broken=isinstance(error, BrokenLog)))
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
        if request.path not in (SHEET, SIGN_IN) and not request.path.startswith(ENTER):
            self._session(request)

    def _found(self, request: web.Request, users: Users) -> PortalSession | None:
        return self._guard().session(request.cookies.get(self._guard().cookie), users)

    def _session(self, request: web.Request) -> PortalSession:
        session = self._found(request, read_users(self._home))
        if session is None:
            raise web.HTTPForbidden(reason=COME_IN)
        return session

    def _refused(self, request: web.Request, status: int, why: str, *, is_broken: bool = False) -> Portrayed:
        """Make the page of a refusal; only who is in sees the way back, and who may sign in is asked to.

        `is_broken`: the log of the case does not hold, which a command tells more of.
        """
        users, session = dict[str, PortalUser](), None
        with suppress(HabeasError):  # where the users cannot be read, nobody is known
            users = read_users(self._home)
            session = self._found(request, users) if self._guard().knows_host(request.headers.get("Host")) else None
        if status == 403 and users and session is None and why == COME_IN:
            return self._who(request, None if request.method == "GET" else "You are not signed in any more. Nothing was written.", status)
        sentence = why if why.endswith(".") else REFUSED.get(status, why)
        asked = AskedPage(self._home, self._now(), session.form_token if session else "", by=session.name if session else None)
        broken_case = request.match_info.get("reference") if is_broken else None
        head = f"{broken_case} cannot be read" if broken_case else OUT if why == COME_IN else HEADS.get(status, HEADS[403])
        made = portray("refused.html", asked, head=head, broken_case=broken_case, sentence=sentence, known=session is not None)
        return Portrayed(made.html, status)

    def _who(self, request: web.Request, sentence: str | None, status: int, name: str = "") -> Portrayed:
        """Make the page that asks who it is."""
        asked = AskedPage(self._home, self._now(), "", dict(request.match_info))
        return Portrayed(portray("sign_in.html", asked, sentence=sentence, name=name).html, status)

    async def _ask_who(self, request: web.Request) -> web.StreamResponse:
        if not read_users(self._home):
            raise web.HTTPForbidden(reason=COME_IN)
        return _page(self._who(request, None, 200))

    async def _come_in(self, request: web.Request) -> web.StreamResponse:
        """Open a session for who has the passphrase."""
        form = await read_fields(request)
        name, passphrase = (next(iter(form.get(word, ())), "").strip() for word in ("name", "passphrase"))
        name = name.lower()[:LONGEST_NAME]
        if not read_users(self._home):
            raise web.HTTPForbidden(reason=COME_IN)
        if not self._sign_in.may_try(name):
            return _page(self._who(request, TOO_OFTEN, 429, name))
        user = await self._sign_in.user(name, passphrase)
        return self._entered(self._guard().open(name, user)) if user is not None else _page(self._who(request, WRONG, 403, name))

    def _entered(self, cookie: str) -> web.StreamResponse:
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(self._guard().cookie, cookie, path="/", httponly=True, samesite="Strict", secure=self._guard().origin.secure)
        return answer

    async def _is_gone(self, request: web.Request) -> bool:
        """Whether the page is about a case that is not there."""
        name = request.match_info.get("reference")
        return name is not None and name not in await asyncio.to_thread(references, self._home)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        if read_users(self._home):
            raise web.HTTPForbidden(reason=COME_IN)
        cookie = self._guard().enter(request.match_info["key"])
        if cookie is None:
            raise web.HTTPForbidden(reason=f"This link was used already, or is not of this portal. {COME_IN}")
        return self._entered(cookie)

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        guard = self._guard()
        async with self._sent(request) as asked:
            guard.leave(request.cookies.get(guard.cookie))
            sentence = f"You are signed out. {COME_IN}"
            left = (
                self._who(request, "You are signed out.", 200)
                if asked.by is not None
                else portray("refused.html", asked, head="Signed out", broken_case=None, sentence=sentence, known=False)
            )
        answer = _page(left)
        answer.del_cookie(guard.cookie, path="/", httponly=True, samesite="Strict", secure=guard.origin.secure)
        return answer

    async def _show(self, show: Show, request: web.Request) -> web.StreamResponse:
        asked = self._asked(request, self._session(request))
        return _page(await asyncio.get_running_loop().run_in_executor(LOOKING, show, asked, None))

    async def _do(self, show: Show, do: Do, request: web.Request) -> web.StreamResponse:
        """Do what a form asks for, then lead on, or show what is shown once; what cannot be done is told in the same page."""
        async with self._sent(request) as asked:
            try:
                where = await asyncio.to_thread(do, asked)
            except HabeasError as error:
                return _page(await asyncio.to_thread(show, asked, error))
        return web.Response(status=303, headers={"Location": where}) if isinstance(where, str) else _page(where)

    @asynccontextmanager
    async def _sent(self, request: web.Request) -> AsyncIterator[AskedPage]:
        """Read a form, which must be of this session; files come where a page takes them. Raises HTTPException, DiskError, OutputError."""
        session = self._session(request)

        def check(fields: SentFields) -> None:
            if not is_of(session, next(iter(fields.get("token", ())), None)):
                raise web.HTTPForbidden(reason="The form is of an earlier session: open the page again. Nothing was written.")

        resource = request.match_info.route.resource
        if request.content_type == WITH_FILES and resource is not None and resource.canonical in UPLOADS:
            async with read_uploads(request, self._home, check) as (fields, files):
                yield self._asked(request, session, fields, files)
        else:
            fields = await read_fields(request)
            check(fields)
            yield self._asked(request, session, fields)

    def _asked(
        self,
        request: web.Request,
        session: PortalSession,
        form: SentFields | None = None,
        files: Mapping[str, list[UploadedFile]] | None = None,
    ) -> AskedPage:
        return AskedPage(
            home=self._home,
            now=self._now(),
            token=session.form_token,
            names={name: vendor_at(text) if name == "vendor" else text for name, text in request.match_info.items()},
            query=dict(request.query),
            form=form or {},
            files=files or {},
            by=session.name,
            may_approve=session.user is None or session.user.role == "approve",
        )


def _page(made: Portrayed | SentFile) -> web.StreamResponse:
    if isinstance(made, SentFile):
        return _sent_file(made)
    body = made.html.encode("utf-8", "backslashreplace")
    return web.Response(body=body, status=made.status, headers=made.headers, content_type="text/html", charset="utf-8")


def _sent_file(made: SentFile) -> web.StreamResponse:
    how = "inline" if made.media is not None else "attachment"
    kind = made.media or "application/octet-stream"
    policy = SANDBOX + (SAME_ORIGIN if kind.startswith(("audio/", "video/")) else "")
    told = {"Content-Type": kind, "Content-Disposition": f'{how}; filename="{made.name}"'}
    return web.FileResponse(made.path, headers={**told, **dict(zip(OWN, (policy, UNSAFE_NONE), strict=True)), **made.headers})


async def _sheet(_: web.Request) -> web.StreamResponse:
    sheet = COMMENT_OR_END.sub("", style() + style("engine.portal", "work.css"))
    return web.Response(text=sheet, content_type="text/css", charset="utf-8")


async def _protect(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update({name: value for name, value in HEADERS.items() if name == "Server" or name not in answer.headers})
