"""Write where an API lives and how to connect to it, from servers and security schemes: `base_url`, `hosts`, `settings`, `auth`.

And choose the call that shows that a connection is alive, best one that shows that it sees people: `verify`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import urljoin

from msgspec import Struct, field

from engine.language.model.words import HEADER, HOST, OPEN_ADDRESS
from engine.openapi.document.names import PERSONS, singular, words
from engine.openapi.document.operations import BRACED, Api, Operation, Parameter, plain, scopes_of
from engine.openapi.document.refs import as_map, as_text
from engine.openapi.draft.choose import DraftPlan
from engine.openapi.draft.pages import records_of, size_parameter
from engine.openapi.draft.person_request import setting_name, writable
from engine.openapi.draft.yaml_text import DraftBlock

HTTPS = re.compile(r"https://([^/?#\s<>\\]+)(/[^\s<>\\#]*)?")
ORIGIN = re.compile(r"https://[^/]*")
MOST_LOOKED = 20_000
NOWHERE = "https://api.example.com"


class DraftBase(Struct):
    """Where requests go: the address, its hosts, what a connection is asked for, and what must be confirmed."""

    url: str
    hosts: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    todo: list[str] = field(default_factory=list)


def base_of(api: Api) -> DraftBase:
    """Take the first server whose address a spec can hold."""
    told = [one.url for one in api.servers]
    for server in api.servers:
        url = server.url if "://" in server.url else f"https://{server.url.lstrip('/')}" if server.url.startswith("//") else ""
        found = _filled(re.sub(r"^http://", "https://", url.rstrip("/")), dict(server.variables))
        if found is not None:
            found.todo += [f"the document names {len(told)} servers: is this the one?"] if len(told) > 1 else []
            found.todo += ["the document says http: is it served over https?"] if url.startswith("http://") else []
            return found
    first = plain(told[0], 80) if told else ""
    relative = api.servers[0].base if api.servers and not api.servers[0].host and re.fullmatch(r"[/\w.-]*", api.servers[0].base) else ""
    return DraftBase(
        NOWHERE + relative, [], {}, [f"the document names no server that can be asked ({first or 'none'}): write the API's address"]
    )


def _filled(url: str, variables: dict[str, str]) -> DraftBase | None:
    """Write the variables of a server as settings; None where a spec cannot hold its address."""
    settings: dict[str, str] = {}
    if "<" in url:
        return None

    def put(found: re.Match[str]) -> str:
        name = setting_name(found[1], "ADDRESS")
        name = f"ADDRESS_{name}" if name.endswith("_ID") and not name.startswith("ADDRESS_") else name
        usual = plain(variables.get(found[1], ""), 40)
        settings[name] = f"the {plain(found[1], 30)} of the account's address" + (f", such as {usual}" if usual else "")
        return f"<{name}>"

    filled = BRACED.sub(put, url)
    host, usual = re.match(r"https://([^/]+)", filled), re.match(r"https://\{([^{}/]+)\}(?:/|$)", url)
    if host is None or not re.fullmatch(r"https://[^\s?#{}\\]+", filled) or any(one in (".", "..") for one in filled.split("/")):
        return None
    if not OPEN_ADDRESS.fullmatch(filled) or not re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]*", re.sub(r"<[^<>]*>", "", filled)):
        return None
    hosts = hosts_of(filled) or (_hosts_below(variables.get(usual[1], "")) if usual is not None else [])
    return None if "<" in host[1] and not hosts else DraftBase(filled, hosts, settings)


def _hosts_below(usual: str) -> list[str]:
    """Give `hosts` for a whole host that differs by account, by its usual value: acme.vendor.com gives .vendor.com."""
    below = usual.partition(".")[2]
    return [f".{below}"] if HOST.fullmatch(usual) and "." in below else []


def hosts_of(address: str) -> list[str]:
    """Give `hosts` for a host with values, `<SHOP>.example.com` gives .example.com; nothing where none is needed or known."""
    host = re.match(r"https://([^/]+)", address)
    if host is None or "<" not in host[1]:
        return []
    held = re.sub(r"^.*>", "", host[1])
    return [held] if HOST.fullmatch(held) and held.count(".") > 1 else []


def auth_of(api: Api, base: str, scopes: Iterable[str]) -> tuple[DraftBlock, tuple[str, ...]]:
    """Write `auth` with every way to connect that the language knows; give what it cannot do as TODOs."""
    block, doubts = DraftBlock(), list[str]()
    keys: dict[str, str] = {}
    asked = {name for one in (*_security(api.root), *_used(api)) for name in one}
    consent_first = sorted(api.schemes.items(), key=lambda named: "authorizationCode" not in as_map(named[1].get("flows")))
    for name, scheme in consent_first:
        if asked and name not in asked:
            continue
        kind, way = as_text(scheme.get("type")), as_text(scheme.get("scheme")).lower()
        written = {entry.key for entry in block.entries}
        if kind in written or (kind == "http" and way in written):
            continue
        if kind == "oauth2" and (flow := _oauth2(scheme, base, list(scopes))) is not None:
            block.add("oauth2", flow)
        elif kind == "http" and way == "bearer":
            keys.setdefault("Authorization", "Bearer <SECRET>")
        elif kind == "http" and way == "basic":
            block.add("basic", "<SECRET>:", "basic: is the key the user name, as here, or the password (then `any:<SECRET>`)?")
        elif kind == "apiKey" and as_text(scheme.get("in")) == "header" and HEADER.fullmatch(as_text(scheme.get("name"))):
            _keyed(keys, as_text(scheme["name"]), doubts)
        else:
            told = plain(way or as_text(scheme.get("in")), 20)
            doubts.append(f"{plain(name, 30)}: the language cannot connect by {plain(kind, 20) or 'nothing'} ({told})")
    if keys:
        block.add("headers", dict([next(iter(keys.items()))]), *(one for one in doubts if one.startswith("headers:")), *_others(keys))
    if not block.entries:
        sent = next((one.name for one in _sent_keys(api) if HEADER.fullmatch(one.name)), None)
        told = f"headers: the document does not say how to connect{' but by this header' if sent else ''}"
        block.add("headers", {sent: "<SECRET>"} if sent else {"Authorization": "Bearer <SECRET>"}, told)
    return block, tuple(one for one in doubts if not one.startswith("headers:"))


def _sent_keys(api: Api) -> Iterator[Parameter]:
    """Give the headers that hold a key by their names, where requests list them as parameters."""
    for operation in islice(api.operations(), MOST_LOOKED):
        headers = operation.placed("header").values()
        yield from (one for one in headers if one.required and one.is_credential and one.name.lower() not in ("authorization", "cookie"))


def _others(keys: dict[str, str]) -> list[str]:
    """Say which further headers could hold a key: two keys are not one secret."""
    others = ", ".join(list(keys)[1:])
    told = f"headers: {others} may hold a key of its own, and one secret is no two: is it another way to connect, or a setting"
    return [f"{told} (then `headers: {{{list(keys)[1]}: <NAME>}}` at the top)?"] if others else []


def _keyed(keys: dict[str, str], name: str, doubts: list[str]) -> None:
    if name.lower() in ("cookie", "host"):
        return
    if name.lower() == "authorization":
        if "Authorization" not in keys:
            doubts.append("headers: what stands before the key, Bearer or another word?")
        keys.setdefault("Authorization", "Bearer <SECRET>")
    else:
        keys.setdefault(name, "<SECRET>")


def _security(holder: dict[str, Any]) -> list[dict[str, Any]]:
    told = holder.get("security")
    return [as_map(one) for one in told] if isinstance(told, list) else []


def _used(api: Api) -> list[dict[str, Any]]:
    return [one for item in map(as_map, api.items.values()) for holder in map(as_map, item.values()) for one in _security(holder)]


def _oauth2(scheme: dict[str, Any], base: str, scopes: list[str]) -> DraftBlock | None:
    flows = as_map(scheme.get("flows"))
    for kind in ("authorizationCode", "clientCredentials"):
        flow = as_map(flows.get(kind))
        token = _on_account(as_text(flow.get("tokenUrl")), base)
        consent = _on_account(as_text(flow.get("authorizationUrl")), base)
        if not token or (kind == "authorizationCode" and not consent):
            continue
        block = DraftBlock()
        if kind == "clientCredentials":
            block.add("grant", "client_credentials")
        else:
            block.add("authorization_url", consent)
        block.add("token_url", token)
        if kind == "authorizationCode":
            block.add(
                "redirect_uri",
                "http://127.0.0.1:8917/callback",
                "redirect_uri: register this one with the vendor, or write the registered one",
            )
        why = (
            "what the requests below need, by the document; confirm them" if scopes else "the document does not say which the requests need"
        )
        block.add("scopes", scopes, f"scopes: {why}")
        return block
    return None


def _on_account(url: str, base: str) -> str:
    """Give an address as `address` does; a path at a host that differs by account keeps the host's settings."""
    origin, path = ORIGIN.match(base), url.strip()
    if origin is None or "<" not in origin[0] or not re.fullmatch(r"/[^/\s<>{}\\#?][^\s<>{}\\#?]{0,400}", path):
        return address(url, base)
    return origin[0] + path if OPEN_ADDRESS.fullmatch(origin[0] + path) else ""


def address(url: str, base: str) -> str:
    """Give an https address of a public host, resolved against that of the API; empty where it is something else."""
    try:
        full = urljoin(base + "/", url.strip()) if url.strip() and "<" not in base else url.strip()
    except ValueError:
        return ""
    full = re.sub(r"^http://", "https://", full)
    found = HTTPS.fullmatch(full)
    return full if found and HOST.fullmatch(found[1]) and full.isprintable() and len(full) < 500 else ""


def verify_call(plan: DraftPlan) -> tuple[DraftBlock, str]:
    """Write `verify`, and why another call may be better."""
    free = [one for one in islice(plan.lookup.operation.api.operations(), MOST_LOOKED) if _is_free(one)]
    people = [one for one in free if _speaks_of(one, plan) and records_of(one).listed]
    noun, block = plan.person.noun, DraftBlock()
    alive = people or [one for one in free if one.answer is not None]
    found = min(alive, key=lambda one: (noun not in map(singular, words(one.path)) if people else 0, len(one.path), one.path), default=None)
    if found is None:
        block.add("get", "/")
        return block, "verify: the document has no call that needs nothing: name one that every connection may make"
    block.add("get", found.path)
    size = size_parameter(found.placed("query")) if records_of(found).listed else None
    block.add("params", {size.name: max(1, size.shape.number("minimum") or 1)} if size is not None else None)
    block.add("records", records_of(found).path if people else None)
    block.add("granted_by", list(scopes_of(found).texts[:1]))
    return block, "" if people else "verify: better a call that shows that the connection sees people, such as their list"


def _is_free(operation: Operation) -> bool:
    """Whether a call needs only the connection."""
    if operation.method != "get" or "{" in operation.path or operation.deprecated or not writable(operation.path):
        return False
    return all(one.is_credential or not one.required for one in operation.placed("query").values())


def _speaks_of(operation: Operation, plan: DraftPlan) -> bool:
    last = [singular(one) for one in words(operation.path.rstrip("/").rpartition("/")[2])]
    return plan.person.noun in last or any(PERSONS.get(one, 0) == 3 for one in last)
