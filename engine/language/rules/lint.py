"""Lint: runs every rule over a spec and gives mistakes and notes. Rules about parents, references, shapes, look-ups and hosts stand here.

A rule takes a LintContext (lint_context.py) and yields mistakes. It works on the effective requests; positions come from the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from engine.language.effective import Endpoint, Vendor
from engine.language.expressions.address_places import Capacity, has_open_host, host_of, placed_values
from engine.language.expressions.select import left_out, reads, stands
from engine.language.expressions.template import IDENTIFIERS, Template, parse_template
from engine.language.model import spec as m
from engine.language.rules.lint_context import ENDPOINTS, LOOKUP, LintContext, templates
from engine.language.rules.names import address_values, captures_once, given_names, known_names, row_sources, row_values, rows_covered
from engine.language.rules.page_places import page_places
from engine.language.rules.queries import query_rules
from engine.language.rules.refusals import rules_possible, rules_reached
from engine.language.rules.unused import idle, proof_notes, repeated, scope_notes, text_notes, title_notes
from engine.language.text.document import Document, Path
from engine.language.text.mistakes import Mistake, did_you_mean

RESERVED = re.compile(r"lookup(_\d+)?|verify|manifest|received")
MOST_SLICES = 50_000
WHOLE_HOST = {Capacity.ADDRESS, Capacity.ORIGIN, Capacity.HOST}


def lint(vendor: Vendor, spec: m.Spec, document: Document) -> list[Mistake]:
    """Find every mistake and note that shows only when the words are seen together."""
    context = LintContext(vendor, spec, document)
    return [found for rule in RULES for found in rule(context)]


def _parents(context: LintContext) -> Iterator[Mistake]:
    """Every `<endpoint.field>` names one parent that can be asked before, and no circle is closed."""
    for path, endpoint, own in context.requests():
        parents = [*context.vendor.discover, *(context.vendor.endpoints if path[:2] == ENDPOINTS else ())]
        names = {one.endpoint for one in endpoint.parents()} & {*context.vendor.discover, *context.vendor.endpoints}
        for place, template in templates(path, own):
            for field in template.fields():
                if path == ("verify",) or (field.endpoint in context.vendor.endpoints and field.endpoint not in parents):
                    hint = (
                        "`verify` asks once" if path == ("verify",) else "before the person is found, only records of `discover` are known"
                    )
                    yield context.mistake(f"`{field}` has a value only in an endpoint", place, hint, part=field)
                elif field.endpoint not in parents:
                    yield context.mistake(f"`{field}` names no endpoint", place, did_you_mean(field.endpoint, parents), part=field)
        if len(names) > 1:
            listed = " and ".join(f"`{name}`" for name in sorted(names))
            hint = "name the fields of one; what it was asked with comes down with its records"
            yield context.mistake(f"two parents, {listed}: their records would be crossed", path, hint, key=True)
        yield from _carried(context, path, endpoint)
    yield from _circles(context)


def _carried(context: LintContext, path: Path, endpoint: Endpoint) -> Iterator[Mistake]:
    """What comes down with the parent's row is what the parent was asked with."""
    above = {**context.vendor.discover, **context.vendor.endpoints}
    known = {one for parent in endpoint.parents() if parent.endpoint in above for one in above[parent.endpoint].fields_used}
    for field in endpoint.fields_used:
        if field.endpoint in endpoint.inherited and field not in known:
            parent = endpoint.parents()[0].endpoint
            hint = f"`{parent}` is asked with " + (", ".join(str(one) for one in sorted(known, key=str)) or "nothing of it")
            yield context.mistake(f"`{field}` does not come down to here: `{parent}` is not asked with it", path, hint, key=True)


def _circles(context: LintContext) -> Iterator[Mistake]:
    """No request waits for itself: by its parents, by the flag of its licence, or by what it needs discovered."""
    everyone = {**context.vendor.endpoints, **context.vendor.discover}
    waits = {name: _waits_for(context, one) for name, one in everyone.items()}
    reported: set[str] = set()
    for name in waits:
        circle = _circle(name, waits)
        if circle and not reported & set(circle):
            reported |= set(circle)
            place = ENDPOINTS if circle[0] in context.vendor.endpoints else ("discover",)
            hint = "each waits for the next one's answer: one of them must be asked without it"
            hint = hint if len(circle) > 2 else "it waits for its own answer: it must be asked without it"
            yield context.mistake(f"a circle: {' -> '.join(circle)}", (*place, circle[0]), hint, key=True)


def _waits_for(context: LintContext, endpoint: Endpoint) -> tuple[str, ...]:
    parents = [field.endpoint for field in endpoint.parents()]
    parents += [endpoint.licence[0]] if endpoint.licence else []
    return (*parents, *(context.discovered[hole.name].name for hole in endpoint.holes() if hole.name in context.discovered))


def _circle(start: str, waits: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Find a way from an endpoint back to itself."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for there in waits.get(here, ()):
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return (*reversed(way), start)
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return ()


def _references(context: LintContext) -> Iterator[Mistake]:
    """Buckets, licences and predecessors exist."""
    buckets = {bucket for plan in context.vendor.plans.values() for bucket in plan}
    yield from _same_names(context)
    if context.spec.bucket and context.spec.bucket not in buckets:
        hint = _bucket(context.spec.bucket, buckets)
        yield context.mistake(f"`{context.spec.bucket}` is no bucket of `rate_limits`", ("bucket",), hint)
    for path, _, own in context.requests():
        if own.bucket and own.bucket not in buckets:
            hint = _bucket(own.bucket, buckets)
            yield context.mistake(f"`{own.bucket}` is no bucket of `rate_limits`", (*path, "bucket"), hint)
        if isinstance(own, m.EndpointSpec):
            yield from _endpoint_references(context, path, own)


def _bucket(word: str, buckets: set[str]) -> str:
    return did_you_mean(word, buckets) or f"write it there, such as `rate_limits: {{{word}: 10/s}}`"


def _same_names(context: LintContext) -> Iterator[Mistake]:
    """`<name.field>` means one request: neither two of a name nor one that is called as a part of the result."""
    for area, names in ((ENDPOINTS, context.vendor.endpoints), (("discover",), context.vendor.discover)):
        for name in names:
            if RESERVED.fullmatch(name):
                yield context.mistake(f"`{name}` is taken: it is a part of every result", (*area, name), "use another name", key=True)
            elif area != ENDPOINTS and name in context.vendor.endpoints:
                yield context.mistake(f"`{name}` is taken: an endpoint has that name", (*area, name), "use another name", key=True)


def _endpoint_references(context: LintContext, path: Path, own: m.EndpointSpec) -> Iterator[Mistake]:
    others = [name for name in context.vendor.endpoints if name != path[-1]]
    if own.licence is not None and own.licence.endpoint not in others:
        hint = did_you_mean(own.licence.endpoint, others) or "name the endpoint whose answer holds it"
        yield context.mistake(f"`{own.licence.endpoint}` is no other endpoint that could hold the flag", (*path, "licence"), hint)
    if own.replaces is not None and own.replaces not in others:
        hint = did_you_mean(own.replaces, others) or "name the endpoint that this one succeeds"
        yield context.mistake(f"`{own.replaces}` is no other endpoint", (*path, "replaces"), hint)
    if own.optional and not (own.granted_by or context.spec.granted_by):
        hint = "write the scope that it needs under `granted_by`"
        yield context.mistake(
            "`optional` says what is left out without a scope, and no scope is named", (*path, "optional"), hint, key=True
        )


def _shapes(context: LintContext) -> Iterator[Mistake]:
    """Words that need each other stand together, and none stands idle."""
    for path, endpoint, own in context.requests():
        if own.pagination is not None and endpoint.records is None:
            hint = "write `records`: the path at which the answer's list stands"
            yield context.mistake("`pagination` acts only where `records` stands", (*path, "pagination"), hint, key=True)
        if isinstance(own, (m.LookupSpec, m.DiscoverSpec)):
            yield from _row_shapes(context, path, own, {hole.name for hole in endpoint.holes()})
        if not isinstance(own, m.EndpointSpec):
            continue
        used = {hole.name for template in endpoint.templates() for hole in template.holes()}
        if own.window and not {"FROM", "TO"} <= used:
            missing = " and ".join(f"<{name}>" for name in ("FROM", "TO") if name not in used)
            words = f"`window` slices time, but the request holds no {missing}"
            yield context.mistake(words, (*path, "window"), f"put {missing} into `params`", key=True)
        if own.window and own.window.slices(86400 if endpoint.dated else 1) > MOST_SLICES:
            hint = "write a longer `step` or a shorter `since`"
            yield context.mistake(f"`window` makes more than {MOST_SLICES:,} slices", (*path, "window", "step"), hint)
        yield from _row_shapes(context, path, own, used)
        for word, checks in (("match", own.match), ("echo", own.echo)):
            for select in (select for select, value in checks.items() if value is None):
                hint = f"write `{word}: {{{select.text}: <USER_ID>}}`"
                yield context.mistake(f"`{word}` compares with a value", (*path, word), hint)


def _row_shapes(context: LintContext, path: Path, own: m.LookupSpec | m.DiscoverSpec | m.EndpointSpec, used: set[str]) -> Iterator[Mistake]:
    if len({tuple(sorted(row)) for row in own.for_}) > 1:
        hint = "give every row the same names"
        yield context.mistake("the rows of `for` have different names", (*path, "for"), hint, key=True)
    for name in dict.fromkeys(name for row in own.for_ for name in row):
        if name not in used:
            hint = f"write <{name}> where the vendor wants it, or leave it out"
            yield context.mistake(f"`for` gives <{name}>, which the request does not hold", (*path, "for"), hint, key=True)


def _files(context: LintContext) -> Iterator[Mistake]:
    """The addresses of files stand in what is kept of a record."""
    for path, _, own in context.requests():
        if not isinstance(own, m.EndpointSpec) or own.fields == ():
            continue
        read: set[tuple[str, ...]] = set()
        for rule in own.files:
            for select in (rule.address, rule.size):
                read |= reads(*(one for one in (rule.each, select) if one is not None))
        for steps in left_out(read, stands(own.fields or ())):
            hint = f"add `{'.'.join(steps)}` to `fields`" if own.fields else "files are looked for in the records: keep their addresses"
            yield context.mistake(f"`files` reads `{'.'.join(steps)}`, which `fields` leaves out", (*path, "files"), hint, key=True)


def _hosts(context: LintContext) -> Iterator[Mistake]:
    """The credential may go where the requests go; a host that is only known later lies under those that are written."""

    def covered(address: str) -> bool:
        host = re.sub(r"<[^>]*>", "x", host_of(address).partition(":")[0])
        return any(host == one or (one.startswith(".") and host.endswith(one)) for one in context.vendor.hosts)

    base = parse_template(context.spec.base_url)
    if not context.spec.hosts and has_open_host(base):
        hint = "write `hosts`: where the credential may go, such as [.acme.com]"
        yield context.mistake("the host of `base_url` is only known later, and `hosts` is missing", ("base_url",), hint)
    elif not _capacities(base) & WHOLE_HOST and not covered(context.spec.base_url):
        host = host_of(context.spec.base_url)
        yield context.mistake(
            "the host of `base_url` is not under `hosts`", ("base_url",), f"add `{host.rpartition('>')[2]}` to `hosts`", part=host
        )
    for place, address in context.oauth_addresses():  # the client secret goes there
        template = parse_template(address)
        under = context.spec.hosts and (_capacities(template) & WHOLE_HOST or covered(address))
        if has_open_host(template) and not under:
            hint = "the client secret goes there: write `hosts`, such as [.acme.com], so that a setting cannot send it elsewhere"
            yield context.mistake("the host of this address is only known later, and is not under `hosts`", place, hint)
    for path, _, own in context.requests():
        line, host = str(own.line), host_of(str(own.line))
        word = "get" if own.post is None else "post"
        if host and has_open_host(own.line):
            hint = "only `base_url` may hold a value there, under `hosts`"
            yield context.mistake("the host of a request is written out, not filled in", (*path, word), hint, part=host)
        elif line.startswith("https://") and not covered(line):
            yield context.mistake("the host of this request is not under `hosts`", (*path, word), f"add `{host}` to `hosts`", part=host)


def _lookups(context: LintContext) -> Iterator[Mistake]:
    """A look-up asks by an identifier and compares it; every endpoint is about the person."""
    known = {*context.vendor.given, *context.discovered, *(name for one in context.vendor.lookups for row in one.rows for name, _ in row)}
    for index, lookup in enumerate(context.vendor.lookups):
        place = (*LOOKUP, index)
        names = [hole.name for hole in lookup.holes()]
        asked = [name for name in names if name in IDENTIFIERS]
        if not asked and set(names) <= known:
            hint = "put <EMAIL>, <PHONE> or <USERNAME> into it; into `match: {path: <EMAIL>}` where it lists everybody"
            yield context.mistake("the look-up asks for nobody", place, hint, key=True)
        elif asked and not any(template.identifier == asked[0] for _, template in lookup.match):
            words = f"`match` does not compare with <{asked[0]}>: whoever answers would be taken for the person"
            hint = f"write `match: path`, or `path: <{asked[0]}>` in it: the path at which the answer repeats it"
            yield context.mistake(words, (*place, "match"), hint, key=True)
        if len(named := list(dict.fromkeys(asked))) > 1:
            words = f"the look-up needs <{named[0]}> and <{named[1]}>: of whom only one is known is not looked for"
            yield context.note(words, place, "write a list of look-ups under `lookup`, one for each")
    for where, endpoint, _ in context.requests():
        if where[:2] == ENDPOINTS and not _about(context, endpoint):
            yield context.note(f"nothing in endpoint `{where[-1]}` names the person", where, "is it the account's data?")


def _about(context: LintContext, endpoint: Endpoint) -> bool:
    names = {*context.captured, *IDENTIFIERS}
    asked = any(one.endpoint in context.vendor.endpoints for one in endpoint.parents())
    return asked or any(hole.name in names for hole in endpoint.holes())


def _capacities(address: Template) -> frozenset[Capacity]:
    return frozenset(one.capacity for one in placed_values(address))


RULES: tuple[Callable[[LintContext], Iterable[Mistake]], ...] = (
    known_names,
    given_names,
    row_sources,
    row_values,
    captures_once,
    rows_covered,
    page_places,
    _parents,
    _references,
    _shapes,
    _files,
    query_rules,
    _lookups,
    _hosts,
    address_values,
    repeated,
    rules_reached,
    rules_possible,
    scope_notes,
    proof_notes,
    title_notes,
    idle,
    text_notes,
)
