"""Assemble a run: from names and options to the person, the open connection, the `Session` and the `Run`.

The library (engine/api.py) and the commands `run`, `record`, `verify` and `connect` all go through this module; engine/open_account.py
carries runs out.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from engine.connection.chosen_store import store_of
from engine.connection.credential import token_record
from engine.connection.digest_key import DigestKey, digest_key
from engine.connection.open import Opened, find_connection, opened, turn_of_token
from engine.connection.private_files import Taken
from engine.connection.state_folder import home
from engine.connection.store import ConnectionStore
from engine.connection.stored import Name, StoredConnection
from engine.core.file_check import LARGEST_FILE
from engine.core.identity import PLACEHOLDERS, Identifier, identify
from engine.core.pace import checked_share
from engine.core.proof import kinds_of, probe_option
from engine.core.retry import Patience
from engine.core.selection import checked_plan, choose, since_of
from engine.core.subject import lacking, possible, unsafe
from engine.discreet import Discreet
from engine.errors import HabeasError, InUse, Refused, UsageError
from engine.language.effective import Vendor
from engine.net.clock import Clock, wall_clock
from engine.net.hosts import Hosts
from engine.net.limiter import limiter_of
from engine.net.transport import Transport
from engine.replaced import replace
from engine.runner import Run, RunOptions, Session
from engine.runner.interface import Earlier
from engine.runner.verify import Verified, verify

VERIFY_PATIENCE = Patience(attempts=4, total=60.0)
NO_DIGEST = "the key of digests could not be kept: whether another run asked for the same person cannot be told"
IN_USE = "another run uses this connection: run again later, or without --no-wait"


def simulator_of(vendor: Vendor, given: str | None, environ: Mapping[str, str] = os.environ) -> str | None:
    """Give the address of a simulator: `given` (`--at`), else the variable HABEAS_<VENDOR>_AT; None: the vendor itself is asked."""
    return given if given is not None else environ.get(f"HABEAS_{vendor.name.upper()}_AT") or None


def person_of(given: Iterable[tuple[str, str]]) -> dict[str, Identifier]:
    """Validate the person's identifiers: pairs of kind (email, phone, username) and value. Gives them by name (`EMAIL`, ...).

    Raises UsageError (unknown kind, one given twice), Refused (malformed).
    """
    person: dict[str, Identifier] = {}
    for kind, value in given:
        if kind not in PLACEHOLDERS:
            message = "an identifier is an email, a phone or a username"
            raise UsageError(message)
        if PLACEHOLDERS[kind] in person:
            message = f"the {kind} is given twice"
            raise UsageError(message)
        person[PLACEHOLDERS[kind]] = identify(kind, value)  # type: ignore[arg-type]
    return person


def probe_pair(text: str) -> tuple[str, str]:
    """Read a probe as it is written, an e-mail address or KIND=VALUE, as kind and value."""
    kind, equals, value = text.partition("=")
    return (kind, value) if equals and kind in PLACEHOLDERS else ("email", text)


def probe_of(vendor: Vendor, given: Iterable[tuple[str, str]]) -> dict[str, Identifier]:
    """Read the probe, from pairs of kind and value; an empty map where none is given. Raises UsageError."""
    try:
        probe = person_of(given)
    except (UsageError, Refused) as error:
        message = f"--probe: {error}"
        raise UsageError(message) from None
    if probe and not possible(vendor, probe):
        kinds = kinds_of(vendor)
        message = f"--probe: {vendor.title} finds people by {' or '.join(kinds)}: {probe_option(kinds)}"
        raise UsageError(message)
    return probe


def stored_probe(connection: Opened) -> dict[str, Identifier]:
    """Give the probe that is kept in a connection."""
    return person_of(connection.record.probe.items())


def check_person(vendor: Vendor, person: Mapping[str, Identifier], excluded: frozenset[str] = frozenset()) -> None:
    """Check that every identifier which the requests of this run need was given.

    Raises UsageError, which names the option to add; Refused for an identifier that is not safe to ask by.
    """
    lack = lacking(vendor, person, excluded)
    if lack is None:
        fault = unsafe(vendor, person, excluded)
        if fault is not None:
            message = f"{fault}; nothing was sent"
            raise Refused(message)
        return
    kinds = [name.lower() for name in lack.identifiers]
    option = " or ".join("--email ADDRESS" if kind == "email" else f"--subject {kind}=VALUE" for kind in kinds)
    if lack.to_look_up:
        message = f"{vendor.title} finds people by {' or '.join(kinds)}: add {option}"
        raise UsageError(message)
    message = f"{vendor.title} needs the person's {' or '.join(kinds)} too: add {option}"
    if lack.endpoints:
        message += f", or leave out what needs it: --without {','.join(lack.endpoints)}"
    raise UsageError(message)


def new_folder(now: datetime) -> Path:
    """Make a name for a new result folder, such as `habeas-20260131T120000Z-3f9a`; it holds nothing personal."""
    return Path(f"habeas-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")


class ChosenConnection(Struct, frozen=True):
    """A connection that was found but not opened yet, and the transport that will carry its credential."""

    vendor: Vendor
    found: Name | StoredConnection
    store: ConnectionStore
    transport: Transport

    @property
    def simulated(self) -> bool:
        """Whether a simulator is asked instead of the vendor."""
        return self.transport.simulated

    async def open(self) -> Opened:
        """Open it: put the credential into the transport. Raises NotConnected."""
        return await opened(self.vendor, self.found, self.store, self.transport, wall_clock())

    @asynccontextmanager
    async def in_turn(
        self,
        waiting: Callable[[], None] = lambda: None,
        *,
        wait: bool = True,
        told: Callable[[str], None] = lambda _: None,
        clock: Clock | None = None,
    ) -> AsyncIterator[Opened]:
        """Open it when no other run uses it, with what earlier runs used of the vendor's limits.

        `waiting` is told once if another run uses it; `told` hears why it is not known what earlier runs used, or cannot be
        handed on to later ones. Raises InUse where `wait` is off: no renewal of another process is waited for then either.
        """
        self.store.waits(patient=wait)
        given, name = (clock or wall_clock(), waiting), self.found
        turn = turn_of_token(name, *given, wait=wait) if isinstance(name, StoredConnection) else self.store.turn(name, *given, wait=wait)
        try:
            async with turn as handover:
                words = handover.words
                if words is not None:
                    told(words)
                yield replace(await self.open(), handover=handover)
            if handover.words is not None and handover.words != words:
                told(handover.words)
        except Taken:
            raise InUse(IN_USE) from None


async def choose_connection(
    vendor: Vendor,
    connection: str | None = None,
    *,
    token: str | None = None,
    at: str | None = None,
    environ: Mapping[str, str] = os.environ,
    store: ConnectionStore | None = None,
) -> ChosenConnection:
    """Find the connection to use: the named one, else the environment's token, else the vendor's only stored connection.

    `token` is an access token (or API key) to use instead, for this run only; `store` is another one than the environment names.
    Raises UsageError, NotConnected.
    """
    if token is not None and connection is not None:
        message = "both a token and the name of a connection are given: one of them proves who asks"
        raise UsageError(message)
    at = simulator_of(vendor, at, environ)
    transport, store = Transport(Hosts(vendor.hosts, at), None), store or store_of()
    if token is not None:
        return ChosenConnection(vendor, token_record(vendor, token, environ, at), store, transport)
    return ChosenConnection(vendor, await find_connection(vendor, connection, at, store, environ), store, transport)


def session_over(connection: Opened, transport: Transport, plan: str | None = None, share: float = 0.75, **parts: object) -> Session:
    """Make the session over an open connection, at the pace of `plan`, else of the connection's own; `parts` replace or add fields."""
    vendor = connection.vendor
    limiter = limiter_of(vendor, checked_plan(vendor, plan or connection.record.plan), share, connection.handover)
    given = {"network": transport, "credentials": connection, "limiter": limiter, "clock": wall_clock(), **parts}
    return Session(vendor=vendor, **given)  # type: ignore[arg-type]


async def verified(connection: Opened, transport: Transport, probe: Mapping[str, Identifier] | None = None) -> Verified:
    """Ask the vendor whether an open connection is alive, what it may read, and if it sees people; closes the transport.

    `probe` goes before the stored one.
    """
    async with transport:
        session = session_over(connection, transport, patience=VERIFY_PATIENCE)
        found = await verify(session, probe or stored_probe(connection))
    return replace(found, lifetime=connection.lifetime)


class Order(Discreet, Struct, frozen=True, kw_only=True):
    """An access request, checked and ready to run; one that broke off before goes on where `earlier` says.

    `digests`: the key of another machine's digests, whose request it is.
    """

    HIDDEN = ("person",)

    chosen: ChosenConnection
    person: Mapping[str, Identifier]
    options: RunOptions
    out: Path
    plan: str | None = None
    share: float = 0.75
    wait: bool = True
    earlier: Earlier | None = None
    digests: DigestKey | None = None

    @property
    def vendor(self) -> Vendor:
        """The vendor that is asked."""
        return self.chosen.vendor

    def run(self, session: Session, connection: Opened, out: Path) -> Run:
        """Put a run together; the connection's own probe is used where the order names none."""
        options = replace(self.options, probe=self.options.probe or stored_probe(connection))
        return Run(session, self.person, options, out, self.earlier)

    def session(self, connection: Opened, **parts: object) -> Session:
        """Make the session over an open connection, at this order's plan and share; `parts` replace or add fields of it."""
        return session_over(connection, self.chosen.transport, self.plan, self.share, **parts)


def digested(order: Order) -> RunOptions:
    """Add the keyed digests of the person; where their key cannot be kept the manifest says so."""
    try:
        key = order.digests or digest_key(home())
    except HabeasError:
        return replace(order.options, undigested=NO_DIGEST)
    found = key.of(order.person.values())
    digest = {kind: digests[0] for kind, digests in found.by_kind.items()}
    return replace(order.options, digest=digest, key_id=found.key_id, chain_key=key.of_chains)


class RunArguments(Discreet, Struct, frozen=True, kw_only=True):
    """The arguments of a run as they were given on the command line or in a library call; engine/api.py `run` explains each."""

    HIDDEN = ("person", "probe", "token")

    person: tuple[tuple[str, str], ...] = ()
    probe: tuple[tuple[str, str], ...] = ()
    connection: str | None = None
    token: str | None = None
    at: str | None = None
    out: Path | None = None
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    since: str | None = None
    files: bool = False
    share: float = 0.75
    plan: str | None = None
    reference: str | None = None
    wait: bool = True
    largest_file: int = LARGEST_FILE


async def order_of(vendor: Vendor, arguments: RunArguments, now: datetime, chosen: ChosenConnection | None = None) -> Order:
    """Check the arguments of a run and find its connection, unless it is `chosen`. Raises UsageError, Refused, NotConnected.

    Sends and writes nothing.
    """
    person = person_of(arguments.person)
    selection = choose(vendor.endpoints, arguments.only, arguments.without)
    check_person(vendor, person, selection.excluded)
    chosen = chosen or await choose_connection(vendor, arguments.connection, token=arguments.token, at=arguments.at)
    if arguments.largest_file < 1:
        message = "the largest file is a number of bytes above 0"
        raise UsageError(message)
    options = RunOptions(
        selection=selection,
        files=arguments.files,
        narrow=since_of(arguments.since, now),
        reference=arguments.reference,
        probe=probe_of(vendor, arguments.probe),
        largest_file=arguments.largest_file,
    )
    plan = checked_plan(vendor, arguments.plan)
    share = checked_share(arguments.share)
    out = arguments.out or new_folder(now)
    return Order(chosen=chosen, person=person, options=options, out=out, plan=plan, share=share, wait=arguments.wait)
