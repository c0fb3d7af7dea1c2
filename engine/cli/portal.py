"""`habeas portal`: serve the cases to a browser on this machine, and print the link that opens them, once."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import time
from urllib.parse import urlsplit

from engine.cli.case import now
from engine.cli.formatting import print_text
from engine.cli.until_interrupted import until_interrupted
from engine.connection.state_folder import home
from engine.errors import Exit
from engine.portal.addresses import PAGES
from engine.portal.guard import PortalGuard, on_loopback, parse_origin
from engine.portal.server import Portal
from engine.simulate.serve import listen

LONG = 32  # bytes of a link, a cookie, a token
PAGES_GARBAGE_AFTER = 700  # objects: a page leaves many behind, and a portal makes pages for days


def portal_command(port: int, origin: str | None) -> Exit:
    """Serve until interrupted. Raises UsageError for an origin that is none, or a busy port."""
    front = parse_origin(origin) if origin is not None else None
    guards: list[PortalGuard] = []
    portal = Portal(lambda: guards[0], PAGES, home(), now)

    def ready(address: str) -> None:
        told = front or on_loopback(urlsplit(address).port or 0)
        guards.append(PortalGuard(told, time.monotonic, lambda: secrets.token_urlsafe(LONG)))
        behind = f" behind {told}; listening on {address}" if front is not None else ""
        print_text(f"The portal is open{behind}. Ctrl-C ends it.\n\nThis link opens it once, in one browser:\n\n  {guards[0].link}\n")

    gc.freeze()
    gc.set_threshold(PAGES_GARBAGE_AFTER)
    logging.getLogger("aiohttp.server").disabled = True  # what it would print holds addresses that were asked for
    asyncio.run(until_interrupted(lambda: listen(portal.app, port, ready)))
    return Exit.COMPLETE
