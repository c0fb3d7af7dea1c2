"""`habeas connect`: ask for an app's client or a key, get the consent, store the connection, verify it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager

from msgspec import Struct

from engine.assembly import choose_connection, probe_of, probe_pair, simulator_of, verified
from engine.catalogue import load
from engine.cli.formatting import print_text
from engine.cli.paste_address import AddressPrompt
from engine.cli.progress import interruptible, renewing
from engine.cli.prompt_secret import probe_asked, secret_of, setting_of
from engine.cli.run import probes
from engine.cli.verify import say, verify_and_say
from engine.connection.browser_consent import DEFAULT, MINUTES, is_local, open_browser
from engine.connection.chosen_store import store_of
from engine.connection.connect import Browser, asked_scopes, connect, earlier
from engine.connection.credential import bound, checked_secret
from engine.connection.keeper import Keeper
from engine.connection.manage import end_replaced
from engine.connection.open import parse_name, unsaved
from engine.connection.settings import checked, needed, variable, wanted
from engine.connection.store import ConnectionStore, Reservation, Whereabouts, connect_again, read
from engine.connection.stored import Name, RegisteredClient, StoredConnection, renewable
from engine.core.identity import Identifier
from engine.core.oauth import NotRenewed
from engine.core.proof import kinds_of, probe_option
from engine.core.selection import checked_plan
from engine.errors import Exit, NotConnected, Unreachable, UsageError
from engine.language.effective import Vendor
from engine.net.clock import wall_clock
from engine.net.hosts import Hosts
from engine.net.transport import Transport
from engine.replaced import replace


class ConnectArguments(Struct, frozen=True, kw_only=True):
    """The command line of one connect, as it was typed."""

    vendor: str
    connection: str | None
    plan: str | None
    way: str | None
    browser: bool
    redirect_uri: str | None
    insecure: bool
    at: str | None
    json: bool
    client_only: bool = False
    probe: list[str] | None = None


def connect_command(arguments: ConnectArguments) -> Exit:
    """Connect, store the connection, verify it. Raises HabeasError; an earlier connection of that name is kept then."""
    vendor = load(arguments.vendor)
    probe = probes(vendor, tuple(one for one in arguments.probe or () if one)) if arguments.probe is not None else None
    at, plan, way = simulator_of(vendor, arguments.at), checked_plan(vendor, arguments.plan), way_of(vendor, arguments.way)
    name = parse_name(arguments.connection or "default", vendor.name)
    store = store_of()
    store.waits(busy=renewing)
    if arguments.client_only:
        return with_new_client(vendor, store, name, at, as_json=arguments.json)
    if not arguments.insecure:
        asyncio.run(store.ready())
    with reserved(store, name, plain=arguments.insecure) as reservation:
        before = asyncio.run(earlier(store, name, at))
        redirect = redirect_of(vendor, arguments.redirect_uri) if way == "oauth2" else None
        print_text("\n".join(guide(vendor, way, redirect)), err=True)
        plan = plan or (before.plan if before else None)
        settings = settings_of(vendor, way, before)
        record = StoredConnection(vendor.name, way, bound(vendor, at, way, settings), time.time(), plan=plan, settings=settings)
        before = before if before is not None and before.settings == settings else None  # a secret is not for another account
        stored = f"Stored as {name} in {protection(asyncio.run(store.where()), plain=arguments.insecure)}\n"
        if way != "oauth2":
            record = with_probe(vendor, with_secret(vendor, record, before), before, probe)
            return with_key(vendor, record, reservation, stored, as_json=arguments.json)
        record = with_probe(vendor, with_client(vendor, record, before), before, probe)
        browser = browser_of(redirect, listen=arguments.browser)
        ended = asyncio.run(interruptible(connect(record, browser, wall_clock(), reservation.opened, wanted(vendor))))
    if reservation.stored:
        print_text(stored, err=True)
        if asyncio.run(end_replaced(reservation.replaced, record, wanted(vendor))):
            print_text("The connection that it replaces was of another client: it was revoked at the vendor.\n", err=True)
    return (
        ended if ended is not None else verify_and_say(asyncio.run(choose_connection(vendor, str(name), at=at)), {}, as_json=arguments.json)
    )


def with_key(vendor: Vendor, record: StoredConnection, reservation: Reservation, stored: str, *, as_json: bool) -> Exit:
    """Try a key, and store it unless the vendor refuses it: a mistyped one must not take the place of one that works."""
    transport = Transport(Hosts(vendor.hosts, record.bound.at), None)
    connection = unsaved(vendor, reservation.name, record, transport)
    found = asyncio.run(interruptible(verified(connection, transport)))
    if isinstance(found, Exit):
        return found
    if found.alive is False:
        print_text("Nothing was stored; what was there before is kept.", err=True)
    else:
        asyncio.run(keep(reservation, record))
        print_text(stored, err=True)
    return say(vendor, connection.label, found, as_json=as_json)


async def _entered(place: AbstractAsyncContextManager[Reservation]) -> Reservation:
    return await place.__aenter__()


async def _left(place: AbstractAsyncContextManager[Reservation]) -> None:
    await place.__aexit__(None, None, None)


async def keep(reservation: Reservation, record: StoredConnection) -> None:
    """Store a connection that needs no answer of the vendor. Raises NotConnected, DiskError, OutputError."""
    async with reservation.opened() as save:
        await save(record)


@contextmanager
def reserved(store: ConnectionStore, name: Name, *, plain: bool) -> Iterator[Reservation]:
    """Hold the place of a new connection while a person is asked, for which no event loop waits. Raises HabeasError."""
    with asyncio.Runner() as loop:
        place = store.placing(name, plain=plain)
        reservation = loop.run(_entered(place))
        try:
            yield reservation
        finally:
            loop.run(_left(place))


def with_new_client(vendor: Vendor, store: ConnectionStore, name: Name, at: str | None, *, as_json: bool) -> Exit:
    """Take a client secret that was changed at the vendor: it is stored with the first token that it gets. Raises HabeasError."""
    kept = asyncio.run(read(store, name))
    record = kept.record
    if record.client is None or not renewable(record):
        message = f"{name} has no client, or no refresh token to try its new secret with: {connect_again(vendor, name)}"
        raise UsageError(message)
    chosen = asyncio.run(choose_connection(vendor, str(name), at=at))
    secret = secret_of(f"HABEAS_{vendor.name.upper()}_CLIENT_SECRET", "new client secret")
    keeper = Keeper(store, kept, vendor, chosen.transport, wall_clock())
    found = asyncio.run(interruptible(keeper.refresh(replace(record.client, secret=secret))))
    if isinstance(found, Exit):
        return found
    if isinstance(found, NotRenewed):
        message = f"the new client secret was not stored: {found.words}"
        raise NotConnected(message) if found.dead else Unreachable(message)
    print_text(f"Stored the new client secret of {name}\n", err=True)
    return verify_and_say(chosen, {}, as_json=as_json)


def way_of(vendor: Vendor, way: str | None) -> str:
    """Give the way to connect: the one that is named, else the spec's first. Raises UsageError."""
    if way is not None and way not in vendor.auth.ways:
        message = f"--way {way}: {vendor.title} is connected by {' or '.join(vendor.auth.ways)}"
        raise UsageError(message)
    return way or vendor.auth.ways[0]


def redirect_of(vendor: Vendor, given: str | None) -> str | None:
    """Give the address that the vendor sends the browser back to; None where no person is asked for consent."""
    oauth2 = vendor.auth.oauth2
    if oauth2 is None or oauth2.grant != "authorization_code":
        return None
    return given or oauth2.redirect_uri or DEFAULT


def guide(vendor: Vendor, way: str, redirect: str | None) -> Iterator[str]:
    """List what a person does at the vendor before they go on: the spec's instructions, the redirect address, the scopes."""
    yield f"Connecting to {vendor.title}."
    for number, step in enumerate(vendor.auth.instructions, 1):
        yield f"  {number}. {step}"
    if redirect is not None:
        yield f"Redirect address, to the letter: {redirect}"
    for family, scopes in vendor.families.items() if way == "oauth2" else ():
        yield f"Scopes{f', {family}' if family else ''}:"
        yield from (f"  {scope}" for scope in scopes)
    yield ""


def settings_of(vendor: Vendor, way: str, before: StoredConnection | None) -> dict[str, str]:
    """Ask for what this way needs and is no secret. Raises NotConnected."""
    settings: dict[str, str] = {}
    for need in needed(vendor, way):

        def fits(place: str, value: str, name: str = need.name) -> str:
            return checked(vendor, way, name, value, place)

        kept = before.settings.get(need.name) if before is not None else None
        value = setting_of(variable(vendor, need.name), f"{need.name} ({need.help})", kept, fits, optional=need.optional)
        settings |= {need.name: value} if value else {}
    return settings


def with_secret(vendor: Vendor, record: StoredConnection, before: StoredConnection | None) -> StoredConnection:
    """Ask for the key. Raises NotConnected."""
    kept = before.secret if before is not None and before.way == record.way else None
    secret = secret_of(f"HABEAS_{vendor.name.upper()}_SECRET", f"key for {vendor.title}", kept)
    return replace(record, secret=checked_secret(secret, record.way, "the key"))


def with_client(vendor: Vendor, record: StoredConnection, before: StoredConnection | None) -> StoredConnection:
    """Ask for the client id and secret, and what else the grant needs. Raises NotConnected, UsageError."""
    oauth2, upper = vendor.auth.oauth2, vendor.name.upper()
    if oauth2 is None:
        message = f"{vendor.title} has no OAuth 2"
        raise UsageError(message)
    old = before.client if before is not None else None
    client_id = secret_of(f"HABEAS_{upper}_CLIENT_ID", "client id", old.id if old else None)
    kept = old.secret if old is not None and old.id == client_id and old.secret else None
    secret = ""
    if oauth2.client_auth != "none":
        public = oauth2.grant == "authorization_code"
        secret = secret_of(f"HABEAS_{upper}_CLIENT_SECRET", "client secret", kept, optional=public)
    account = None
    if oauth2.grant == "account_credentials":
        account = secret_of(f"HABEAS_{upper}_ACCOUNT_ID", "account id", before.account_id if before else None)
    client = RegisteredClient(client_id, secret, oauth2.client_auth)
    return replace(record, grant=oauth2.grant, client=client, account_id=account, asks_for=asked_scopes(vendor))


PROBE = "A known colleague, not the administrator, whose being found proves that a person who is not found is unknown"


def with_probe(
    vendor: Vendor, record: StoredConnection, before: StoredConnection | None, given: Mapping[str, Identifier] | None
) -> StoredConnection:
    """Keep a probe in the connection: the one given (an empty map: none), else the one typed, else the one that was kept before."""
    if given is not None:
        return replace(record, probe=by_kind(given))
    kinds = probe_option(kinds_of(vendor)).replace("--probe ", "")

    def fits(text: str) -> dict[str, str]:
        return by_kind(probe_of(vendor, (probe_pair(text),)))

    kept = before.probe if before is not None else {}
    probe = probe_asked(variable(vendor, "PROBE"), f"{PROBE}: {kinds}", kept, fits)
    return replace(record, probe=probe)


def by_kind(probe: Mapping[str, Identifier]) -> dict[str, str]:
    """Write a probe as it is stored."""
    return {one.kind: one.value for one in probe.values()}


def browser_of(redirect: str | None, *, listen: bool) -> Browser | None:
    """Give the way to ask for consent: a browser that comes back to us, or an address that is pasted; None where nobody is asked."""
    if redirect is None:
        return None
    if is_local(redirect) and listen:
        return Browser(redirect, show)
    return Browser(redirect, show_only, AddressPrompt().ask)


def show(url: str) -> None:
    """Open the browser, and print the address in case it does not open."""
    print_text(f"Your browser opens; if it does not, go to:\n{url}\n", err=True)
    print_text(f"Waiting for your consent, at most {MINUTES:.0f} minutes; Ctrl-C ends it. No browser here? --no-browser\n", err=True)
    open_browser(url)


def show_only(url: str) -> None:
    """Print the address."""
    print_text(f"Open this address in any browser, and allow the access:\n{url}\n", err=True)


def protection(where: Whereabouts, *, plain: bool) -> str:
    """Say where a connection is, how it is encrypted and where the key is."""
    if plain:
        return f"{where.store}, NOT ENCRYPTED: whoever can read the file can use the connection"
    words = {"HABEAS_KEY": "HABEAS_KEY", "keyring": "the OS keyring", "file": f"{where.key_file} beside it"}
    return f"{where.store}, encrypted; the key is in {words[where.key or 'file']}"
