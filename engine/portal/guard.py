"""Who may ask the portal something: this machine or the one origin that was named, by a session.

A session is opened by a link that works once while nobody was added, and by a passphrase from then on.

Nothing here opens a socket; time and dice are given.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping

import msgspec

from engine.errors import UsageError
from engine.portal.users import PortalUser

IDLE = 8 * 60 * 60  # seconds
ENTER = "/enter/"
HTTPS, HTTPS_PORT = "https", 443
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
ORIGIN = re.compile(r"https://(?P<host>[a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/?")


class PortalSession(msgspec.Struct):
    """Somebody who came in: the token that each of their forms carries, when they last asked something, and who they are.

    By the link comes in whoever has it: nobody is named then.
    """

    form_token: str
    used: float
    name: str | None = None
    user: PortalUser | None = None


class PortalOrigin(msgspec.Struct, frozen=True):
    """Where the browser believes the portal to be: its scheme, and each way that `Host` may be written."""

    scheme: str
    hosts: tuple[str, ...]

    @property
    def secure(self) -> bool:
        """Whether cookies may travel encrypted only."""
        return self.scheme == HTTPS

    def __str__(self) -> str:
        """Write it as an address."""
        return f"{self.scheme}://{self.hosts[0]}"


def parse_origin(text: str) -> PortalOrigin:
    """Read the origin of a proxy in front. Raises UsageError for anything but `https://HOST` or `https://HOST:PORT`."""
    told = ORIGIN.fullmatch(text.lower())
    port = int(told["port"] or HTTPS_PORT) if told is not None else 0
    if told is None or not 0 < port < 1 << 16:
        message = (
            f"--origin {text}: write the address that people open, such as https://dsr.acme.example, without a path; "
            "a proxy that ends TLS stands there, and the portal itself listens on 127.0.0.1 only"
        )
        raise UsageError(message)
    return PortalOrigin(HTTPS, (told["host"] if port == HTTPS_PORT else f"{told['host']}:{port}",))


def on_loopback(port: int) -> PortalOrigin:
    """Give the origin of a portal that nothing stands in front of."""
    return PortalOrigin("http", (f"127.0.0.1:{port}", f"localhost:{port}"))


class PortalGuard:
    """The origin, the link that works once, and the sessions of one running portal."""

    def __init__(self, origin: PortalOrigin, clock: Callable[[], float], dice: Callable[[], str]) -> None:
        """Take seconds that only grow, and what makes words that nobody can guess."""
        self.origin, self._clock, self._dice = origin, clock, dice
        self._link: str | None = dice()
        self._sessions: dict[str, PortalSession] = {}

    def seconds(self) -> float:
        """Give the seconds that only grow."""
        return self._clock()

    @property
    def link(self) -> str:
        """Give the address that opens the first session."""
        return f"{self.origin}{ENTER}{self._link}"

    @property
    def cookie(self) -> str:
        """Name the cookie: browsers keep those of all ports of a machine together."""
        return "__Host-habeas" if self.origin.secure else f"habeas-{self.origin.hosts[0].rpartition(':')[2]}"

    def knows_host(self, host: str | None) -> bool:
        """Whether a request was sent to this portal by its own name: another name that leads here is a rebound one."""
        return host is not None and host.lower() in self.origin.hosts

    def is_own(self, host: str | None, origin: str | None) -> bool:
        """Whether a form was sent by a page of this portal."""
        return host is not None and origin == f"{self.origin.scheme}://{host.lower()}"

    def enter(self, key: str) -> str | None:
        """Open a session by the link, the first time; gives what the cookie holds."""
        if self._link is None or not hmac.compare_digest(key.encode("utf-8", "replace"), self._link.encode()):
            return None
        self._link = None
        return self.open()

    def open(self, name: str | None = None, user: PortalUser | None = None) -> str:
        """Open a session; gives what the cookie holds."""
        cookie = self._dice()
        self._sessions[cookie] = PortalSession(self._dice(), self._clock(), name, user)
        return cookie

    def session(self, cookie: str | None, users: Mapping[str, PortalUser]) -> PortalSession | None:
        """Give the session of a cookie, which is used by that; None once it lay idle for eight hours.

        Nor does it outlive that its user was removed or changed, or that the first user was added.
        """
        now = self._clock()
        self._sessions = {key: held for key, held in self._sessions.items() if now - held.used < IDLE and _holds(held, users)}
        found = self._sessions.get(cookie or "")
        if found is not None:
            found.used = now
        return found

    def leave(self, cookie: str | None) -> None:
        """End a session."""
        self._sessions.pop(cookie or "", None)


def _holds(session: PortalSession, users: Mapping[str, PortalUser]) -> bool:
    """Whether a session is of somebody who may come in as things are now."""
    return users.get(session.name) == session.user if session.name is not None else not users


def is_of(session: PortalSession, token: str | None) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest((token or "").encode("utf-8", "replace"), session.form_token.encode())
