"""`habeas portal`: serve the cases to a browser on this machine, and print the link that opens them, once; say who may sign in."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import sys
import time
from urllib.parse import urlsplit

from engine.cli.case import now
from engine.cli.formatting import print_json, print_text, table, width_of
from engine.cli.until_interrupted import until_interrupted
from engine.connection.state_folder import home
from engine.errors import Exit, UsageError
from engine.package.seal import new_passphrase
from engine.portal.addresses import PAGES
from engine.portal.guard import PortalGuard, on_loopback, parse_origin
from engine.portal.server import SIGN_IN, Portal
from engine.portal.users import ROLES, add_user, change_user, checked_role, read_users, remove_user
from engine.simulate.serve import listen

LONG = 32  # bytes of a link, a cookie, a token
SALT = 16  # bytes
PAGES_GARBAGE_AFTER = 700  # objects: a page leaves many behind, and a portal makes pages for days


def portal_command(port: int, origin: str | None) -> Exit:
    """Serve until interrupted. Raises UsageError for an origin that is none, or a busy port."""
    front = parse_origin(origin) if origin is not None else None
    signed_in = bool(read_users(home()))
    guards: list[PortalGuard] = []
    portal = Portal(lambda: guards[0], PAGES, home(), now)

    def ready(address: str) -> None:
        told = front or on_loopback(urlsplit(address).port or 0)
        guards.append(PortalGuard(told, time.monotonic, lambda: secrets.token_urlsafe(LONG)))
        behind = f" behind {told}; listening on {address}" if front is not None else ""
        how = (
            f"People sign in here:\n\n  {told}{SIGN_IN}" if signed_in else f"This link opens it once, in one browser:\n\n  {guards[0].link}"
        )
        print_text(f"The portal is open{behind}. Ctrl-C ends it.\n\n{how}\n")

    gc.freeze()
    gc.set_threshold(PAGES_GARBAGE_AFTER)
    logging.getLogger("aiohttp.server").disabled = True  # what it would print holds addresses that were asked for
    asyncio.run(until_interrupted(lambda: listen(portal.app, port, ready)))
    return Exit.COMPLETE


def add_command(name: str, role: str) -> None:
    """Add somebody, and show the passphrase. Raises UsageError, NotConnected, DiskError, OutputError."""
    passphrase = new_passphrase()
    add_user(home(), name, checked_role(role), passphrase, secrets.token_bytes(SALT))
    print_text(f"{name} may sign in, and {ROLES[role]}.")
    _tell(name, passphrase)


def change_command(name: str, role: str | None, *, passphrase: bool) -> None:
    """Change somebody. Raises UsageError, NotConnected, DiskError, OutputError."""
    if role is None and not passphrase:
        message = "say what is to be changed: --role, --passphrase or both; nothing was changed"
        raise UsageError(message)
    made = new_passphrase() if passphrase else None
    change_user(home(), name, role, (made, secrets.token_bytes(SALT)) if made is not None else None)
    print_text(f"{name} is changed; whoever is signed in as {name} signs in again.")
    if made is not None:
        _tell(name, made)


def _tell(name: str, passphrase: str) -> None:
    lost = f"If it is lost: habeas portal changeuser {name} --passphrase"
    print_text(f"\n    {passphrase}\n\nThis passphrase is shown once, and kept nowhere. {lost}")


def remove_command(name: str) -> None:
    """Remove somebody. Raises UsageError, NotConnected, DiskError, OutputError."""
    remove_user(home(), name)
    left = len(read_users(home()))
    print_text(f"{name} signs in no more." + ("" if left else " Nobody is left: the link that habeas portal prints opens it again."))


def users_command(*, as_json: bool) -> None:
    """List who may sign in. Raises UsageError, NotConnected."""
    rows = [(name, user.role, ROLES[user.role]) for name, user in sorted(read_users(home()).items())]
    if as_json:
        print_json({"users": [{"name": name, "role": role} for name, role, _ in rows]})
    elif rows:
        print_text(table(("name", "role", ""), rows, width=width_of(sys.stdout)))
    else:
        print_text("Nobody was added: the link that habeas portal prints opens it once.")
