"""Write a first spec from a vendor's own document. What must be confirmed is marked TODO, with the reason.

The spec is held against its document before it is given: what differs is a TODO, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from engine.language.expressions.address_places import host_of
from engine.language.model.words import HEADER
from engine.language.text.document import MOST_BYTES
from engine.language.text.mistakes import Mistake, SpecError, counted
from engine.openapi.compare.comparison import compare, trouble
from engine.openapi.compare.left_out import left_out
from engine.openapi.document.names import SPARSE, norm
from engine.openapi.document.operations import Api, Operation, plain, scopes_of
from engine.openapi.document.refs import as_map, as_text
from engine.openapi.draft.access import NOWHERE, DraftBase, address, auth_of, base_of, verify_call
from engine.openapi.draft.captures import captures, echoes, files, keyed, refusals
from engine.openapi.draft.choose import TOO_MANY, DraftPlan, choose
from engine.openapi.draft.pages import Paging, paging_of, records_of, room
from engine.openapi.draft.people import open_place
from engine.openapi.draft.person_request import DraftRequest, setting_name
from engine.openapi.draft.person_values import id_name
from engine.openapi.draft.yaml_text import DraftBlock, comment, flow, render
from engine.replaced import replace

MOST_LEFT_OUT = 200
MOST_SCOPES = 200
MOST_SPARSE = 4


class DraftSpec(Struct):
    """What the requests of one spec have in common, gathered before anything is written."""

    api: Api
    vendor: str
    plan: DraftPlan
    base: DraftBase
    pages: dict[str, Any] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    @property
    def requests(self) -> tuple[DraftRequest, ...]:
        """The look-up, and what is asked for the person."""
        return (self.plan.lookup, *self.plan.asked)


def compose(api: Api, vendor: str, head: str, others: Sequence[Api] = ()) -> str:
    """Write a first spec behind its first line, from one document or several. Raises DocumentError where no operation finds a person."""
    apis = (api, *others)
    plan = choose(apis)
    text = _held(_text(vendor, head, plan), vendor, apis)
    while len(text.encode()) > MOST_BYTES and plan.asked:
        half = len(plan.asked) // 2
        plan = replace(plan, asked=plan.asked[:half], left=[*plan.left, *((one.operation, TOO_MANY) for one in plan.asked[half:])])
        text = _held(_text(vendor, head, plan), vendor, apis)
    return text


def _held(text: str, vendor: str, apis: Sequence[Api]) -> str:
    """Write what the document says otherwise as a TODO above the line that it is about; at the end, what could not be compared."""
    try:
        raw = text.encode()
        found = (*compare(raw, vendor, apis), *left_out(raw, vendor, apis))
    except SpecError:
        return text  # it does not load: whoever writes it finds that out, and says so
    lines = text.split("\n")
    for mistake in sorted(found, key=lambda one: one.at, reverse=True):
        row = max(1, mistake.at.line - 1)  # the first line names the schema, and stays the first
        indent = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
        lines[row:row] = comment(_reason(mistake), indent)
    untold = [line for api in apis for mistake in trouble(api) for line in comment(_reason(mistake), "")]
    return "\n".join([*lines[:-1], *(["", *untold] if untold else []), ""])


def _reason(mistake: Mistake) -> str:
    return f"TODO {mistake.message}{f': {mistake.hint}' if mistake.hint else ''}"


def _text(vendor: str, head: str, plan: DraftPlan) -> str:
    api = plan.lookup.operation.api
    spec = DraftSpec(api, vendor, plan, base_of(api))
    every = [_paging(request) for request in spec.requests]
    pagings = [] if any(one.todo and not one.words for one in every) else [one for one in every if one.words]
    common = Counter(flow(paging.words) for paging in pagings).most_common(1)
    first = next((paging for paging in pagings if flow(paging.words) == common[0][0]), Paging({}))
    spec.pages, spec.doubts = first.words, first.todo
    lines = [head, *(line for block in (_top(spec), _access(spec)) for line in ("", *render(block)))]
    return "\n".join(line for index, line in enumerate(lines) if line or (index and lines[index - 1])) + "\n"


def _paging(request: DraftRequest) -> Paging:
    records = records_of(request.operation)
    return paging_of(request.operation, records) if records.listed else Paging({})


def _top(spec: DraftSpec) -> DraftBlock:
    api, base, block = spec.api, spec.base, DraftBlock()
    title = plain(as_text(api.info.get("title")), 80)
    block.say(f"A first draft, from {title or 'the document'}. What is marked TODO was guessed: confirm each, then remove the mark.")
    block.add("spec", 1)
    block.add("vendor", spec.vendor)
    block.add("title", title or None)
    version = plain(as_text(api.info.get("version")), 60)
    if re.fullmatch(r"v?[0-9][A-Za-z0-9.+-]{0,40}", version):
        block.add("version", version, "version: this is the document's; is it the API's?")
    docs = address(as_text(as_map(api.root.get("externalDocs")).get("url")), "<>")
    block.add("docs", docs, "" if docs else "docs: where the facts come from, https://...")
    block.add("base_url", base.url, *(f"base_url: {one}" for one in base.todo))
    wide = "hosts: the credential may go to every host below this one; is that the vendor's alone?"
    block.add("hosts", _hosts(spec), wide if base.hosts else "")
    headers, asked = _headers(spec)
    settings = {**base.settings, **{name: told for request in spec.requests for name, told in request.settings.items()}, **asked}
    block.add("settings", settings, "settings: what an operator is asked for; say where it is found" if settings else "")
    block.add("headers", headers)
    block.say(*_sparse(spec))
    block.say("")
    scopes = dict.fromkeys(scope for request in spec.requests for text in _granted(request.operation)[:1] for scope in text.split())
    auth, doubts = auth_of(api, base.url, list(scopes)[:MOST_SCOPES])
    block.add("auth", auth, *doubts)
    block.say("")
    block.add("discover", _discovered(spec))
    block.say("")
    block.add("verify", *verify_call(spec.plan))
    block.say("")
    block.say("TODO rate_limits: what the vendor allows, such as {all: 100/min}; no document of this kind tells it")
    block.add("pagination", spec.pages, *spec.doubts)
    block.say(f"TODO refusals: {refusals([request.operation for request in spec.requests])}")
    _gaps(block, spec.plan.left)
    return block


def _gaps(block: DraftBlock, left: Sequence[tuple[Operation, str]]) -> None:
    """Say how much is not asked, and in comments what, each with its reason."""
    if not left:
        block.say("TODO gaps: what this API cannot give, or is not asked; `none` where nothing is left out")
        return
    told = f"{counted(len(left), 'operation')} of this API that may hold data of the person {'is' if len(left) == 1 else 'are'} not asked."
    block.add("gaps", [told], "gaps: what this API cannot give, and in words what the operations below hold that are not asked")
    block.say("Left out, though they name the person or hang below what is asked:")
    block.say(*(f"- {operation.line}: {reason}" for operation, reason in left[:MOST_LEFT_OUT]))
    block.say(*([f"- and {len(left) - MOST_LEFT_OUT} others"] if len(left) > MOST_LEFT_OUT else []))


def _line(spec: DraftSpec, operation: Operation, line: str) -> str:
    """Write a request line; that of another document with its own address, where it has one that needs nothing."""
    base = "" if operation.api is spec.api else base_of(operation.api).url
    return line if base in ("", spec.base.url) or "<" in base or base.startswith(NOWHERE) else base + line


def _hosts(spec: DraftSpec) -> list[str]:
    """Give the hosts to which the credential goes; those of further documents beside that of the first."""
    operations = [request.operation for request in spec.requests if request.operation.api is not spec.api]
    others = [host_of(line) for one in operations if (line := _line(spec, one, "/")) != "/"]
    first = spec.base.hosts or [host_of(spec.base.url)]
    return list(dict.fromkeys([*first, *others])) if set(others) - set(first) else spec.base.hosts


def _sparse(spec: DraftSpec) -> list[str]:
    """Tell which parameters widen answers that are sparse unless fields are named: which fields, the document cannot know."""
    found: dict[str, list[str]] = {}
    for request in spec.requests:
        for name, parameter in request.operation.placed("query").items():
            if (
                norm(name.partition("[")[0]).removeprefix("additional") in SPARSE
                and not parameter.deprecated
                and name not in request.params
            ):
                found.setdefault(plain(name, 60), []).append(request.operation.label)
    shown = [f"{name} ({labels[0]}{f' and {len(labels) - 1} more' if labels[1:] else ''})" for name, labels in found.items()]
    told = "TODO params: answers may be sparse. What is to be named by"
    return [f"{told} {', '.join(shown[:MOST_SPARSE])}{' and others' if shown[MOST_SPARSE:] else ''}?"] if shown else []


def _headers(spec: DraftSpec) -> tuple[dict[str, str], dict[str, str]]:
    """Give the headers that every request must send, with the one value that the document tells, else a setting; and those settings."""
    found, asked = dict[str, str](), dict[str, str]()
    for header in (header for request in spec.requests for header in request.operation.required_headers):
        told = header.shape.enum if len(header.shape.enum) == 1 else [part["default"] for part in header.shape.parts if "default" in part]
        value = str(told[0]) if told else ""
        if not HEADER.fullmatch(header.name) or header.name in found:
            continue
        if not re.fullmatch(r"[!-;=?-~]{1,100}", value):
            name = setting_name(header.name, "HEADER", id_name(spec.plan.person))
            value, asked[name] = f"<{name}>", f"the {plain(header.name, 40)} that every request names in a header"
        found[header.name] = value
    return found, asked


def _granted(operation: Operation) -> tuple[str, ...]:
    """Give the scopes of each of the first alternatives in one text."""
    return scopes_of(operation).texts[:5]


def _access(spec: DraftSpec) -> DraftBlock:
    access, endpoints, plan = DraftBlock(), DraftBlock(), spec.plan
    alone = replace(plan.lookup, name=plan.person.noun, todo=["nothing else takes the person: what else is there to ask?"])
    for request in plan.asked or [alone]:
        endpoints.add(request.name, _endpoint(spec, request))
    access.add("lookup", _lookup(spec))
    access.say("")
    access.add("endpoints", endpoints)
    block = DraftBlock()
    block.add("access", access)
    return block


def _discovered(spec: DraftSpec) -> DraftBlock | None:
    """Write the account's lists that requests are asked once per record of."""
    block, found = (
        DraftBlock(),
        {request.account_list.name: request.account_list for request in spec.requests if request.account_list is not None},
    )
    for name, above in found.items():
        inner = DraftBlock()
        inner.add("get", _line(spec, above.operation, above.operation.path))
        _common(spec, inner, DraftRequest(above.operation, above.operation.path))
        block.add(name, inner)
    return block if found else None


def _lookup(spec: DraftSpec) -> DraftBlock:
    plan, person, request, block = spec.plan, spec.plan.person, spec.plan.lookup, DraftBlock()
    doubts = [] if person.sure == 3 else [f"{plain(person.name, 40)} is taken to accept {person.value}, by its description: confirm it"]
    doubts = [*([plan.guess] if plan.guess else doubts), *request.todo]
    if person.place == "body":
        block.add("post", request.line, *doubts)
        others = f"body: what else does the search need? It also takes {', '.join(person.others)}" if person.others else ""
        block.add("body", room(person.body or {person.name: person.value}, _paging(request).words), others)
    else:
        block.add("get", request.line, *doubts)
    block.add("params", request.params)
    _common(spec, block, request)
    unproven = "" if person.match else f"match: the document does not say where the answer repeats <{person.kind}>"
    block.add("match", person.match or open_place(person.records, person.kind), unproven)
    block.add("capture", *captures(plan))
    if person.place == "path" and not person.records.listed:
        block.add("refusals", *_absent("for a person the vendor does not know"))
    return block


def _absent(where: str) -> tuple[dict[str, Any], str]:
    return {"rules": [{"status": 404, "means": "absent"}]}, f"refusals: is 404 the answer {where}? Add its code"


def _common(spec: DraftSpec, block: DraftBlock, request: DraftRequest) -> None:
    """Write what the look-up and the endpoints have in common: records, pages, scopes."""
    records = records_of(request.operation)
    granted = _granted(request.operation)
    block.say(*([f"granted_by: or {', or '.join(granted[1:])}"] if granted[1:] else []))
    block.add("granted_by", list(granted[:1]))
    block.add("records", records.path)
    if not records.path:
        return
    paging = _paging(request)
    if paging.todo and not paging.words:
        block.say(*(f"TODO {reason}" for reason in paging.todo))
    elif paging.words != spec.pages:
        block.add("pagination", paging.words or "none", *paging.todo)


def _endpoint(spec: DraftSpec, request: DraftRequest) -> DraftBlock:
    block, records = DraftBlock(), records_of(request.operation)
    title = plain(as_text(request.operation.raw.get("summary")), 60)
    block.say(*([title] if title else []))
    block.add("for", request.rows)
    block.add(request.operation.method, _line(spec, request.operation, request.line), *request.todo)
    block.add("params", request.params)
    block.add("body", room(request.body, _paging(request).words))
    if request.window is not None:
        block.add("window", request.window.words, *request.window.todo)
    _common(spec, block, request)
    block.add("key", *keyed(records, request.operation))
    block.add("echo", *echoes(request, records))
    block.add("files", files(records))
    if request.account_list is not None:
        block.add("refusals", *_absent(f"where the person is in none of these {request.account_list.name}"))
    return block
