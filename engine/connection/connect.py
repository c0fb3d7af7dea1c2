"""Make a connection: get the first tokens from the vendor (OAuth 2, RFC 6749) and store them.

`cli/connect` asks the person; `connection/browser_consent` sends the browser to the vendor and waits for its answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from engine.connection.browser_consent import RedirectListener, listening
from engine.connection.keeper import ask_for_token
from engine.connection.oauth_client import TokenResponse, consent_request, oauth_transport, token_request
from engine.connection.store import ConnectionStore, Save
from engine.connection.stored import Bound, Name, StoredConnection, StoreError
from engine.core.oauth import NOTHING, NoToken, Tokens, WantedFromToken, read_tokens
from engine.core.redirect import Expected, NoCode, completed, read_redirect
from engine.core.retry import Patience
from engine.core.scopes import needed_scopes
from engine.errors import HabeasError, NotConnected, Unreachable, UsageError
from engine.language.effective import Vendor
from engine.net.clock import Clock
from engine.replaced import replace

PATIENCE = Patience(attempts=4, total=60.0)
OpenReservation = Callable[[], AbstractAsyncContextManager[Save]]
REFUSED = {
    "dead": "the vendor refuses this sign-in ({words}): a code is good once and for a few minutes; run connect again",
    "client": "the vendor refuses the client id or secret ({words}): compare them with the app's settings, and run connect again",
    "passing": "no token could be had ({words}): run connect again later",
    "unusable": "{words}: the vendor's answer to the request for a token cannot be used; compare the spec's `oauth2` with its docs",
}


class Browser(Struct, frozen=True):
    """How a person gives consent: `show` is called with the address to open.

    `paste` asks for the address at which the browser ended; it is needed where no listener can run on this machine. It is told why
    the one before was wrong, and raises NotConnected when nothing more comes.
    """

    redirect_uri: str
    show: Callable[[str], None]
    paste: Callable[[str | None], Awaitable[str]] | None = None


def asked_scopes(vendor: Vendor) -> str | None:
    """Give the scopes to ask for: the spec's list and the first alternative of each request's `granted_by`.

    None where the spec has families of scopes: then the app's settings at the vendor hold one of them.
    """
    families = vendor.families
    if "" not in families:
        return None
    return " ".join(dict.fromkeys((*families[""], *needed_scopes(vendor))))


async def connect(
    record: StoredConnection, browser: Browser | None, clock: Clock, into: OpenReservation, wanted: WantedFromToken = NOTHING
) -> None:
    """Get the first tokens of a connection and store it: with a person's consent, or the client's own credentials (no `browser`).

    `into` opens the place where it is stored. The browser shows success only when it is stored. A cancellation while the
    person consents ends it; once the vendor is asked for tokens, it goes on until they are stored. Raises NotConnected, UsageError
    (the port is taken), Unreachable, and what `into` raises.
    """
    async with oauth_transport(record.bound, record.bound.at) as transport:
        if browser is None:
            await _stored(lambda: token_request(transport, record), record, clock, into, wanted)
            return
        asked = consent_request(transport, record, browser.redirect_uri)
        expected = Expected(asked.redirect_uri, asked.state, _issuers(record.bound), record.bound.at)

        async def exchanged(url: str) -> None:
            code = _code(url, expected)
            await _stored(lambda: asked.exchange(transport, record, code), record, clock, into, wanted)

        if browser.paste is not None:
            browser.show(asked.url)
            await exchanged(await _pasted(browser.paste, expected))
            return
        async with listening(browser.redirect_uri, lambda url: _other(url, expected)) as listener:
            browser.show(asked.url)
            with _telling(listener):
                await exchanged(await listener.answered())


async def _pasted(paste: Callable[[str | None], Awaitable[str]], expected: Expected) -> str:
    """Ask for the address until it is this sign-in's."""
    why: str | None = None
    while True:
        url = completed(await paste(why), expected.redirect_uri)
        why = _other(url, expected)
        if why is None:
            return url


def _other(url: str, expected: Expected) -> str | None:
    """Say why an address is not the answer to this sign-in; None if it is, whatever it answers."""
    found = read_redirect(url, expected)
    return found.words if isinstance(found, NoCode) and found.again else None


@contextmanager
def _telling(listener: RedirectListener) -> Iterator[None]:
    """Show in the browser how it went."""
    try:
        yield
    except HabeasError as error:
        listener.tell(f"{str(error)[:1].upper()}{str(error)[1:]}.", good=False)
        raise
    listener.tell("Habeas is connected; it goes on in the terminal.", good=True)


def _code(url: str, expected: Expected) -> str:
    code = read_redirect(url, expected)
    if isinstance(code, NoCode):
        message = f"not connected: {code.words}" + ("; run connect again" if code.foreign else "")
        raise NotConnected(message)
    return code.code


async def _stored(
    send: Callable[[], Coroutine[Any, Any, TokenResponse]],
    record: StoredConnection,
    clock: Clock,
    into: OpenReservation,
    wanted: WantedFromToken,
) -> None:
    """Take the locks, ask for the tokens, and store them. Raises NotConnected, Unreachable.

    A refresh token that comes without an access token is stored too: it is due, so whoever opens the connection renews it first.
    """
    async with into() as store:

        async def once() -> Tokens | NoToken:
            found = read_tokens(await send(), clock.timestamp(), None, wanted)
            tokens = found if isinstance(found, Tokens) else found.kept
            if tokens is None:
                return found
            await store(replace(record, tokens=tokens))
            return tokens

        found = await ask_for_token(once, clock, PATIENCE)
    if isinstance(found, NoToken):
        message = REFUSED[found.kind].format(words=found.words)
        raise Unreachable(message) if found.kind == "passing" else NotConnected(message)


def _issuers(bound: Bound) -> frozenset[str]:
    addresses = (bound.authorization_url, bound.token_url)
    return frozenset(urlsplit(one).hostname or "" for one in addresses if one is not None)


async def earlier(store: ConnectionStore, name: Name, at: str | None) -> StoredConnection | None:
    """Give the connection that is about to be replaced, if any. Raises NotConnected if it cannot be read, UsageError if it must stay."""
    try:
        found = await store.find(name)
    except StoreError as error:
        message = f"{error} (or connect under another name: --connection NAME)"
        raise NotConnected(message) from None
    if found is not None and at is not None and found.record.bound.at is None:
        message = f"{name} is a connection to the vendor itself, which a simulator's must not replace: add --connection NAME"
        raise UsageError(message)
    return found.record if found else None
