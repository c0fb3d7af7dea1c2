"""Make a connection: what is asked of the vendor, and what is kept. What is asked of the person is the caller's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from engine.connection.keeper import Time, ask_for_token
from engine.connection.login import Listener, listening
from engine.connection.oauth import Consent, consent, oauth_transport, token_request
from engine.connection.record import Bound, Name, Record, StoreError
from engine.connection.vault import Vault, grown
from engine.core.oauth import Expected, NoCode, NoToken, Tokens, read_redirect
from engine.core.retry import Patience
from engine.errors import HabeasError, NotConnected, Unreachable, UsageError
from engine.net.transport import Transport
from engine.spec.effective import Vendor

PATIENCE = Patience(attempts=4, total=60.0)
Store = Callable[[Record], Awaitable[None]]
REFUSED = {
    "dead": "the vendor refuses this sign-in ({words}): a code is good once and for a few minutes; run connect again",
    "client": "the vendor refuses the client id or secret ({words}): compare them with the app's settings, and run connect again",
    "passing": "no token could be had ({words}): run connect again later",
    "unusable": "{words}: the vendor's answer to the request for a token cannot be used; compare `token_url` with its documentation",
}


@dataclass(frozen=True)
class Browser:
    """How a person gives consent: `show` is told the address; `paste` gives the final address, where nobody can listen."""

    redirect_uri: str
    show: Callable[[str], None]
    paste: Callable[[], Awaitable[str]] | None = None


def asked_scopes(vendor: Vendor) -> str | None:
    """Give the scopes to ask for: a plain list and what each request needs first; of families the app's settings hold one."""
    families = vendor.families
    if "" not in families:
        return None
    needed = [scope for one in vendor.requests() if one.granted_by for scope in sorted(one.granted_by[0])]
    return " ".join(dict.fromkeys((*families[""], *needed)))


async def connect(record: Record, browser: Browser | None, time: Time, store: Store) -> None:
    """Get the first tokens of a connection, with a person's consent or the client's own credentials, and store it.

    Nobody is told that it worked before it is stored. Raises NotConnected, UsageError (the port is taken), Unreachable,
    and what `store` raises.
    """
    async with oauth_transport(record.bound, record.bound.at) as transport:
        if browser is None:
            found, _ = await ask_for_token(lambda: token_request(transport, record), None, time, PATIENCE)
            await store(_with(record, found))
            return
        asked = consent(transport, record, browser.redirect_uri)
        if browser.paste is not None:
            browser.show(asked.url)
            await store(await _exchanged(transport, record, asked, await browser.paste(), time))
            return
        async with listening(browser.redirect_uri) as listener:
            browser.show(asked.url)
            with _telling(listener):
                await store(await _exchanged(transport, record, asked, await listener.answered(), time))


@contextmanager
def _telling(listener: Listener) -> Iterator[None]:
    """Say in the browser how it went."""
    try:
        yield
    except HabeasError as error:
        listener.tell(f"{str(error)[:1].upper()}{str(error)[1:]}.", good=False)
        raise
    listener.tell("Habeas is connected; it goes on in the terminal.", good=True)


async def _exchanged(transport: Transport, record: Record, asked: Consent, url: str, time: Time) -> Record:
    code = read_redirect(url, Expected(asked.redirect_uri, asked.state, _issuers(record.bound)))
    if isinstance(code, NoCode):
        message = f"not connected: {code.words}" + ("; run connect again" if code.foreign else "")
        raise NotConnected(message)
    found, _ = await ask_for_token(lambda: asked.exchange(transport, record, code.code), None, time, PATIENCE)
    return _with(record, found)


def _issuers(bound: Bound) -> frozenset[str]:
    addresses = (bound.authorization_url, bound.token_url)
    return frozenset(urlsplit(one).hostname or "" for one in addresses if one is not None)


def _with(record: Record, found: Tokens | NoToken) -> Record:
    if isinstance(found, Tokens):
        return msgspec.structs.replace(record, tokens=found)
    message = REFUSED[found.kind].format(words=found.words)
    raise Unreachable(message) if found.kind == "passing" else NotConnected(message)


async def keep(vault: Vault, name: Name, record: Record, *, plain: bool) -> None:
    """Store a new connection in the place of an earlier one. Raises NotConnected, DiskError, OutputError."""
    async with vault.whole(), vault.lock(name):
        vault.recover(name)
        before = vault.find(name)
        vault.write(name, grown(record, before[0] if before else None), plain=plain)
        vault.drop(name)
        vault.sweep()


def earlier(vault: Vault, name: Name, at: str | None) -> Record | None:
    """Give the connection that is about to be replaced. Raises NotConnected, UsageError where it is not to be overwritten."""
    try:
        found = vault.find(name)
    except StoreError as error:
        message = f"{error} (or connect under another name: --connection NAME)"
        raise NotConnected(message) from None
    if found is not None and at is not None and found[0].bound.at is None:
        message = f"{name} is a connection to the vendor itself, which a simulator's must not replace: add --connection NAME"
        raise UsageError(message)
    return found[0] if found else None
