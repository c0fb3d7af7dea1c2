"""`habeas connections list|show|rename|remove|rekey`: what is kept of each connection, and where its key is. Shows no secret."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.catalogue import load
from engine.cli.formatting import columns, print_json, print_text, table, width_of
from engine.cli.progress import renewing
from engine.connection.chosen_store import make_tables, store_of, wanted_store
from engine.connection.manage import remove
from engine.connection.open import parse_name
from engine.connection.sealed_file import sealed_files
from engine.connection.settings import wanted
from engine.connection.state_folder import home
from engine.connection.store import ConnectionStore, KeptConnection, Whereabouts
from engine.connection.stored import Name, StoredConnection, lives_until, renewable
from engine.core.oauth import NOTHING, WantedFromToken
from engine.core.window import rfc3339
from engine.errors import HabeasError, NotConnected, UsageError
from engine.language.text.mistakes import SpecError, counted

PLACES = {
    "HABEAS_KEY": "HABEAS_KEY",
    "HABEAS_OLD_KEY": "HABEAS_OLD_KEY",
    "keyring": "the OS keyring",
    "file": "{path}, on the same disk",
}
MEANS = {
    "HABEAS_KEY": "without it nobody can use the connections, you included.",
    "HABEAS_OLD_KEY": "which is there for habeas connections rekey.",
    "keyring": "it opens with your login.",
    "file": "it protects only copies of the store, such as a backup without that file.\n"
    "Safer: set HABEAS_KEY, or install habeas[keyring]; then habeas connections rekey.",
}
ENDED = {
    "revoked": "revoked at the vendor, and removed",
    "already ended": "the vendor had ended it already; removed",
    "not revocable": "removed here; the vendor has no address for revocation: end the app's access there",
    "not asked": "removed here only; the vendor was not asked: end the app's access there",
    "simulator refused": "removed here; the simulator refused to revoke it",
    "moved": "removed here; the vendor was not asked, because it was exported and is used elsewhere",
    "simulator gone": "removed here; the simulator is not there any more",
}


def list_command(*, as_json: bool) -> None:
    """List every connection, and say where the key is."""
    rows, where = asyncio.run(_listed(store_of()))
    if as_json:
        print_json({"connections": rows, "store": where.store, "key": where.key})
        return
    if not rows:
        print_text(f"No connections in {where.store}: habeas connect VENDOR makes one.")
        return
    cells = [(one["connection"], one.get("way", ""), (one.get("created") or "")[:10], marked(one)) for one in rows]
    print_text(table(("connection", "way", "made", "state"), cells, width=width_of(sys.stdout)))
    print_text("\n".join([f"\nStored in {where.store}.", *keys_words(where, rows)]))


async def _listed(store: ConnectionStore) -> tuple[list[dict[str, Any]], Whereabouts]:
    return [await row(store, name) for name in await store.names()], await store.where()


def show_command(name: str, *, as_json: bool) -> None:
    """Show what is known of one connection. Raises NotConnected."""
    which = parse_name(name)
    found = asyncio.run(store_of().find(which))
    if found is None:
        raise missing(which)
    facts = described(found)
    if as_json:
        print_json(facts)
        return
    print_text(columns([(key.replace("_", " "), written(value)) for key, value in facts.items()], width_of(sys.stdout)))


def missing(name: Name) -> NotConnected:
    """Make the error for a name that no connection has."""
    return NotConnected(f"there is no connection {name}: habeas connections list shows what there is")


def rename_command(old: str, new: str) -> None:
    """Give a connection another name. Raises UsageError, NotConnected."""
    first = parse_name(old)
    second = parse_name(new) if new == first.vendor else parse_name(new, first.vendor)
    asyncio.run(writable().rename(first, second, waiting))
    print_text(f"{first} is {second} now.")


def remove_command(name: str, *, revoke: bool) -> None:
    """End a connection. Raises NotConnected, Unreachable."""
    store, which = writable(), parse_name(name)
    check_there(store, which)
    ended = asyncio.run(remove(store, which, waiting, revoke=revoke, wanted=_said_of_tokens(which)))
    print_text(f"{which}: {ENDED[ended]}.")


def _said_of_tokens(name: Name) -> WantedFromToken:
    """Give what the vendor's spec says of token answers; a connection can be removed without its spec."""
    try:
        return wanted(load(name.vendor))
    except (UsageError, SpecError):
        return NOTHING


def rekey_command() -> None:
    """Encrypt every connection with a new key. Raises NotConnected."""
    store = writable()
    (count, plain), documents = asyncio.run(store.reseal()), sum(1 for _ in sealed_files(home()))
    stay = f" {plain} stay{'s' if plain == 1 else ''} unencrypted." if plain else ""
    beside = f" and {counted(documents, 'document')} of cases" if documents else ""
    print_text(f"{counted(count, 'connection')}{beside} encrypted with a new key.{stay}\n{key_words(asyncio.run(store.where()))}")


def create_tables_command(address: str | None) -> None:
    """Make the tables of a shared store. Raises UsageError, NotConnected."""
    print_text(asyncio.run(make_tables(wanted_store(address, "habeas connections create-tables"))))


def writable() -> ConnectionStore:
    """Give the store, which says when another process holds a connection for long."""
    store = store_of()
    store.waits(busy=renewing)
    return store


def check_there(store: ConnectionStore, name: Name) -> None:
    """Refuse a name that no connection has. Raises NotConnected."""
    if name not in asyncio.run(store.names()):
        raise missing(name)


def waiting() -> None:
    """Tell the person what is being waited for."""
    print_text("A run uses this connection: waiting for its turn.", err=True)


def key_words(where: Whereabouts, place: str | None = None, names: Sequence[str] = ()) -> str:
    """Say where the key of some connections is, by default of new ones, and what it protects against."""
    place = place or where.key or "file"
    whose = f" of {', '.join(names)}" if names else ""
    return f"The key{whose} is in {PLACES[place].format(path=where.key_file)}: {MEANS[place]}"


def keys_words(where: Whereabouts, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Say where the key of each connection is, and which connections have an older key than new ones get."""
    places: dict[str, list[str]] = {}
    for facts in rows:
        if facts.get("key"):
            places.setdefault(facts["key"], []).append(facts["connection"])
    for place, names in places.items():
        yield key_words(where, place, names if len(places) > 1 else ())
    bare = [one["connection"] for one in rows if one.get("encrypted") is False]
    if bare:
        yield f"NOT ENCRYPTED: {', '.join(bare)}: whoever can read the file can use the connection. To encrypt it, connect again."
    others = [one["connection"] for one in rows if one.get("key_is_current") is False]
    if others:
        new = PLACES[where.key or "file"].format(path=where.key_file)
        yield f"New connections get another key than {', '.join(others)}, in {new}: habeas connections rekey gives it to all."


def marked(facts: dict[str, Any]) -> str:
    """Give a connection's state, and whether everybody can read its file."""
    return f"{facts['state']}{'; NOT ENCRYPTED' if facts.get('encrypted') is False else ''}"


async def row(store: ConnectionStore, name: Name) -> dict[str, Any]:
    """Describe one connection for the list; one that cannot be read says why."""
    try:
        found = await store.find(name)
    except HabeasError as error:
        return {"connection": str(name), "state": f"UNREADABLE: {error}", "readable": False}
    if found is None:
        return {"connection": str(name), "state": "removed just now", "readable": False}
    return {**described(found), "readable": True}


def described(kept: KeptConnection) -> dict[str, Any]:
    """Give the facts of a connection that may be shown: no secret, no token."""
    record, tokens = kept.record, kept.record.tokens
    return {
        "connection": str(kept.name),
        "way": record.grant or record.way,
        "state": state(record),
        "created": moment(record.created),
        "renewed": moment(tokens.issued_at) if tokens else None,
        "expires": moment(tokens.expires_at) if tokens else None,
        "encrypted": kept.encrypted,
        "key": kept.key,
        "key_is_current": kept.current,
        "plan": record.plan,
        "scopes": sorted(tokens.granted) if tokens and tokens.granted is not None else None,
        "settings": dict(record.settings),
        "captured": [name for name, _ in tokens.captured] if tokens else [],
        "hosts": list(record.bound.hosts),
        "token_url": record.bound.token_url,
        "authorization_url": record.bound.authorization_url,
        "simulated": record.bound.at is not None,
    }


def state(record: StoredConnection) -> str:
    """Say in a few words whether a connection renews itself, or when it ends."""
    if record.moved is not None:
        return f"exported {moment(record.moved)}, not used here"
    made = "made with --at, for a simulator; " if record.bound.at else ""
    if record.way != "oauth2":
        return f"{made}a key, until the vendor ends it"
    if renewable(record):
        return f"{made}renews itself"
    until = moment(lives_until(record))
    return f"{made}cannot be renewed" + (f", ends {until}" if until else "")


def moment(seconds: float | None) -> str | None:
    """Write seconds since 1970 as RFC 3339 in UTC; None stays None."""
    return None if seconds is None else rfc3339(datetime.fromtimestamp(seconds, UTC))


def written(value: Any) -> str:
    """Write one of the facts of `described` for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}={one}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "not known" if value is None else str(value)
