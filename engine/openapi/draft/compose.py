"""A first spec from a vendor's own document, as text. What had to be guessed stands there as a TODO with its reason."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from engine.language.text.document import MOST_BYTES
from engine.openapi.document.operations import Api, Operation, plain
from engine.openapi.document.refs import as_map, as_text
from engine.openapi.document.scopes import scopes_of
from engine.openapi.draft.access import Base, address, auth_of, base_of
from engine.openapi.draft.captures import captures, echoes, files, keyed, refusals
from engine.openapi.draft.choose import TOO_MANY, Chosen, choose
from engine.openapi.draft.pages import Paging, paging_of, records_of
from engine.openapi.draft.request_line import Belonging
from engine.openapi.draft.verify_call import connected
from engine.openapi.draft.yaml_text import Block, flow, render

MOST_LEFT_OUT = 200
MOST_SCOPES = 200


@dataclass
class Sheet:
    """What the requests of one spec have in common, gathered before anything is written."""

    api: Api
    vendor: str
    chosen: Chosen
    base: Base
    pages: dict[str, Any] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def compose(api: Api, vendor: str, head: str) -> str:
    """Write a first spec behind its first line. Raises DocumentError where no operation finds a person."""
    chosen = choose(api)
    text = _text(api, vendor, head, chosen)
    while len(text.encode()) > MOST_BYTES and chosen.asked:
        half = len(chosen.asked) // 2
        chosen = replace(
            chosen, asked=chosen.asked[:half], left=[*chosen.left, *((one.operation, TOO_MANY) for one in chosen.asked[half:])]
        )
        text = _text(api, vendor, head, chosen)
    return text


def _text(api: Api, vendor: str, head: str, chosen: Chosen) -> str:
    sheet = Sheet(api, vendor, chosen, base_of(api))
    pagings = [one for one in map(_paging, (chosen.lookup, *chosen.asked)) if one.words]
    common = Counter(flow(one.words) for one in pagings).most_common(1)
    for one in pagings:
        if common and flow(one.words) == common[0][0]:
            sheet.pages, sheet.doubts = one.words, one.todo
            break
    parts = [_top(sheet), _access(sheet)]
    lines = [head, *(line for block in parts for line in ("", *render(block)))]
    return "\n".join(_without_double_blanks(lines)) + "\n"


def _paging(one: Belonging) -> Paging:
    records = records_of(one.operation)
    return paging_of(one.operation, records) if records.listed else Paging({})


def _without_double_blanks(lines: list[str]) -> list[str]:
    return [line for index, line in enumerate(lines) if line or (index and lines[index - 1])]


def _top(sheet: Sheet) -> Block:
    api, base, block = sheet.api, sheet.base, Block()
    info = api.info
    title = plain(as_text(info.get("title")) or "the document", 80)
    block.say(f"A first draft, from {title}. What is marked TODO was guessed: confirm each, then remove the mark.")
    block.add("spec", 1)
    block.add("vendor", sheet.vendor)
    block.add("title", plain(as_text(info.get("title")), 80) or None)
    version = plain(as_text(info.get("version")), 60)
    if re.fullmatch(r"v?[0-9][A-Za-z0-9.+-]{0,40}", version):
        block.add("version", version, "version: this is the document's; is it the API's?")
    docs = address(as_text(as_map(api.root.get("externalDocs")).get("url")), "<>")
    block.add("docs", docs) if docs else block.say("TODO docs: where the facts come from, https://...")
    block.add("base_url", base.url, *(f"base_url: {one}" for one in base.todo))
    block.add(
        "hosts", base.hosts, *["hosts: the credential may go to every host below this one; is that the vendor's alone?"][: len(base.hosts)]
    )
    settings = {
        **base.settings,
        **{name: told for one in (sheet.chosen.lookup, *sheet.chosen.asked) for name, told in one.settings.items()},
    }
    block.add("settings", settings, "settings: what an operator is asked for; say where it is found" if settings else "")
    block.say("")
    scopes = [*dict.fromkeys(scope for one in (sheet.chosen.lookup, *sheet.chosen.asked) for scope in _granted(one.operation)[0].split())]
    auth, doubts = auth_of(api, base.url, scopes[:MOST_SCOPES])
    block.add("auth", auth, *doubts)
    block.say("")
    block.add("discover", _discovered(sheet))
    block.say("")
    block.add("verify", *connected(sheet.chosen, _granted))
    block.say("")
    block.say("TODO rate_limits: what the vendor allows, such as {all: 100/min}; no document of this kind tells it")
    block.add("pagination", sheet.pages, *sheet.doubts)
    block.add("refusals", *refusals([sheet.chosen.lookup.operation, *(one.operation for one in sheet.chosen.asked)]))
    block.say("TODO gaps: what this API cannot give")
    return block


def _granted(operation: Operation) -> tuple[str, tuple[str, ...]]:
    """Give the scopes of the first alternative in one text, and what else is enough."""
    told = scopes_of(operation)
    if not told.entries:
        return "", ()
    others = [" ".join(sorted(one)) for one in told.entries[1:5]]
    return " ".join(sorted(told.entries[0])), (f"or {', or '.join(others)}",) if others else ()


def _access(sheet: Sheet) -> Block:
    access, endpoints = Block(), Block()
    asked = sheet.chosen.asked or [
        replace(sheet.chosen.lookup, name=sheet.chosen.person.noun, todo=["nothing else takes the person: what else is there to ask?"])
    ]
    for one in asked:
        endpoints.add(one.name, _endpoint(sheet, one))
    access.add("lookup", _lookup(sheet))
    access.say("")
    access.add("endpoints", endpoints)
    left = [(operation, reason) for operation, reason in sheet.chosen.left]
    if left:
        access.say("")
        access.say("Left out, though they name the person or hang below what is asked:")
        access.say(*(f"- {operation.label}: {reason}" for operation, reason in left[:MOST_LEFT_OUT]))
        access.say(f"- and {len(left) - MOST_LEFT_OUT} others") if len(left) > MOST_LEFT_OUT else None
    block = Block()
    block.add("access", access)
    return block


def _discovered(sheet: Sheet) -> Block | None:
    """Write the lists of the account's that requests are asked once per record of."""
    block, found = Block(), {one.listing.name: one.listing for one in (sheet.chosen.lookup, *sheet.chosen.asked) if one.listing is not None}
    for name, listing in found.items():
        inner = Block()
        inner.add("get", listing.operation.path)
        _common(sheet, inner, Belonging(listing.operation, listing.operation.path, {}, set()))
        block.add(name, inner)
    return block if found else None


def _lookup(sheet: Sheet) -> Block:
    person, one, block = sheet.chosen.person, sheet.chosen.lookup, Block()
    doubts = [] if person.sure == 3 else [f"{plain(person.name, 40)} is taken to accept {person.value}, by its description: confirm it"]
    doubts = [sheet.chosen.guess] if sheet.chosen.guess else doubts
    doubts += one.todo
    if person.place == "body":
        block.add("post", one.line, *doubts)
        block.add("body", person.body or {person.name: person.value})
    else:
        block.add("get", one.line, *doubts)
    block.add("params", one.params)
    _common(sheet, block, one)
    block.add("match", person.match or person.perhaps or person.kind.lower(), *_unproven(sheet))
    block.add("capture", *captures(sheet.chosen))
    if person.place == "path" and not person.records.listed:
        block.add(
            "refusals",
            {"rules": [{"status": 404, "means": "absent"}]},
            "refusals: is 404 the answer for a person the vendor does not know? Add its code",
        )
    return block


def _unproven(sheet: Sheet) -> tuple[str, ...]:
    person = sheet.chosen.person
    return () if person.match else (f"match: the document does not say where the answer repeats <{person.kind}>",)


def _common(sheet: Sheet, block: Block, one: Belonging) -> None:
    """Write what the look-up and the endpoints have in common: records, pages, scopes."""
    records = records_of(one.operation)
    granted, others = _granted(one.operation)
    block.say(*(f"granted_by: {other}" for other in others))
    block.add("granted_by", [granted] if granted else None)
    block.add("records", records.path)
    if not records.path:
        return
    paging = _paging(one)
    if paging.words != sheet.pages:
        block.add("pagination", paging.words or "none", *paging.todo)
    elif paging.todo and not paging.words:
        block.say(*(f"TODO {reason}" for reason in paging.todo))


def _endpoint(sheet: Sheet, one: Belonging) -> Block:
    block, records = Block(), records_of(one.operation)
    title = plain(as_text(one.operation.raw.get("summary")), 60)
    block.say(*([title] if title else []))
    block.add("for", one.rows)
    block.add("get", one.line, *one.todo)
    block.add("params", one.params)
    if one.slicing is not None:
        block.add("window", one.slicing.window, *one.slicing.todo)
    _common(sheet, block, one)
    block.add("key", *keyed(records, one.operation))
    block.add("echo", *echoes(one, records))
    block.add("files", files(records))
    if one.listing is not None:
        why = f"refusals: is 404 the answer where the person is in none of these {one.listing.name}? Add its code"
        block.add("refusals", {"rules": [{"status": 404, "means": "absent"}]}, why)
    return block
