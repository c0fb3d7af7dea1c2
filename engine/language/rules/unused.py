"""Lint rules for what is written twice or has no effect, and notes (exit code 0): unused scopes, unproven filters, titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.language.effective import Endpoint
from engine.language.expressions.template import IDENTIFIERS, Template
from engine.language.model import spec as m
from engine.language.model.body import texts
from engine.language.rules.lint_context import ENDPOINTS, LintContext
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake, Position


def repeated(context: LintContext) -> Iterator[Mistake]:
    """No list names a thing twice: a repeated value of `for` would be asked for twice."""
    oauth = context.spec.auth.oauth2
    lists: list[tuple[Path, Iterable[object]]] = [(("hosts",), context.spec.hosts), (("granted_by",), context.spec.granted_by)]
    for family, scopes in (oauth.scopes if oauth is not None else {}).items():
        lists.append((("auth", "oauth2", "scopes", family) if family else ("auth", "oauth2", "scopes"), scopes))
    for path, _, own in context.requests():
        lists.append(((*path, "granted_by"), own.granted_by))
        if isinstance(own, (m.LookupSpec, m.DiscoverSpec, m.EndpointSpec)):
            rows = [tuple(sorted(row.items())) for row in own.for_]
            lists.append(((*path, "for", *_only_name(own.for_)), [row[0][1] if len(row) == 1 else row for row in rows]))
    for path, values in lists:
        yield from _twice(context, path, list(values))


def _only_name(rows: tuple[m.ForRow, ...]) -> tuple[str, ...]:
    """Name what `{NAME: [a, b]}` gives; nothing where rows are written out."""
    return tuple(rows[0]) if rows and len(rows[0]) == 1 else ()


def _twice(context: LintContext, path: Path, values: list[object]) -> Iterator[Mistake]:
    for index, value in enumerate(values):
        if value in values[:index]:
            name = f"`{value}`" if isinstance(value, str) else "this row"
            place = (*path, index) if (*path, index) in context.document.values else (*path[:-1], index)
            yield context.mistake(f"{name} is written twice", place, "leave one of the two out")


def idle(context: LintContext) -> Iterator[Mistake]:
    """Notes: buckets nothing draws on, requests that deliver nothing and lead nowhere, requests that are the same."""
    drawn = {one.bucket for one in context.vendor.requests()} | {"all"}
    areas: list[tuple[Path, Iterable[str]]] = [(("rate_limits",), context.spec.rate_limits.buckets)]
    areas += [(("rate_limits", "plans", plan), buckets) for plan, buckets in context.spec.rate_limits.plans.items()]
    for path, buckets in areas:
        for bucket in buckets:
            if bucket not in drawn:
                hint = f"write `bucket: {bucket}` where it counts, or leave it out"
                yield context.note(f"no request draws on the bucket `{bucket}`", (*path, bucket), hint)
    parents = {field.endpoint for one in context.vendor.requests() for field in one.parents()}
    parents |= {one.licence[0] for one in context.vendor.endpoints.values() if one.licence is not None}
    seen: dict[object, str] = {}
    for name, endpoint in context.vendor.endpoints.items():
        if endpoint.fields is None and name not in parents:
            hint = f"write <{name}.field> where its records lead to, or leave `fields: none` out"
            yield context.note(f"endpoint `{name}` delivers nothing and leads nowhere", (*ENDPOINTS, name), hint)
        same = seen.setdefault(_asked(endpoint), name)
        if same != name:
            yield context.note(f"endpoint `{name}` asks what `{same}` asks", (*ENDPOINTS, name), "leave one of the two out")


def _asked(endpoint: Endpoint) -> object:
    return (
        endpoint.method,
        endpoint.address,
        endpoint.headers,
        frozenset(endpoint.params),
        repr(endpoint.body),
        endpoint.rows,
        endpoint.window,
        *(endpoint.match, endpoint.records and endpoint.records.text),
    )


SCHEMA = "# yaml-language-server: $schema="
STEP = re.compile(r"(?:get|list|retrieve|find|search)\s+(?=\S)", re.IGNORECASE)
KEEPS_ALIVE = ("refresh_token", "offline_access", "offline")


def scope_notes(context: LintContext) -> Iterator[Mistake]:
    """Notes: scopes nothing uses, scopes nothing lists, families that leave a request without one."""
    families = context.vendor.families
    listed = {scope for family in families.values() for scope in family}
    place: Path = ("auth", "oauth2", "scopes")
    used = {scope for _, one, _ in context.requests() for entry in one.granted_by for scope in entry}
    for family, scopes in families.items():
        for index, scope in enumerate(scopes):
            if scope not in used and scope not in KEEPS_ALIVE:
                where = (*place, family, index) if family else (*place, index)
                hint = "name it in the `granted_by` of the request that needs it, or leave it out"
                yield context.note(f"no request is granted by `{scope}`", where, hint)
    written: Path | None = ("granted_by",) if context.spec.granted_by else None
    written = written or next(((*path, "granted_by") for path, _, own in context.requests() if own.granted_by), None)
    if written and context.vendor.auth.ways == ("basic",):
        yield context.note("`granted_by` says nothing here: a user and a password have no scopes", written, "leave it out")
    for where, scope in _unlisted(context, listed) if families else ():
        yield context.note(f"`{scope}` is not listed under `scopes`", where, "list it there, else no app has it")
    for path, endpoint, _ in context.requests():
        if not families or not endpoint.granted_by or endpoint.optional:
            continue
        for family, scopes in families.items():
            if not any(entry <= set(scopes) for entry in endpoint.granted_by):
                label = f"the family `{family}`" if family else "`scopes`"
                hint = "an app that holds no other scopes is refused there: add the one that grants it"
                yield context.note(f"no scope of {label} grants `{endpoint.name}`", (*path, "granted_by"), hint)


def _unlisted(context: LintContext, listed: set[str]) -> dict[tuple[Path, str], None]:
    """Find the scopes that no family lists, each once where it is written."""
    return {
        ((*path, "granted_by") if own.granted_by else ("granted_by",), scope): None
        for path, endpoint, own in context.requests()
        if not endpoint.optional
        for scope in sorted({scope for entry in endpoint.granted_by for scope in entry} - listed)
    }


def proof_notes(context: LintContext) -> Iterator[Mistake]:
    """Notes: filters that nothing proves, and refusals that would hide a wrong path."""
    for path, endpoint, own in context.requests():
        if not isinstance(own, m.EndpointSpec):
            continue
        if endpoint.fields is not None:
            yield from _unproven(context, path, endpoint)
        for index, rule in enumerate(own.refusals.rules):
            if rule.means == "absent" and 404 in rule.status and not rule.code and not rule.message:
                place = (*path, "refusals", "rules", index)
                yield context.note("a bare 404 that means absent would hide a wrong path", place, "add `code` or `message`")


def _unproven(context: LintContext, path: Path, endpoint: Endpoint) -> Iterator[Mistake]:
    """Note a value of the person, or of a parent's record, that stands where a vendor may ignore it: anywhere but in the address.

    A body that addresses one object is no exception: nothing but the answer tells it from a filter. Its id can be asked for, and echoed.
    Any of these values that the answer must repeat is a proof; what else it must repeat, such as a time, is none.
    """
    people = {*context.captured, *IDENTIFIERS}

    def named(template: Template) -> bool:
        return any(hole.name in people for hole in template.holes()) or any(True for _ in template.fields())

    if any(named(template) for _, template in (*endpoint.match, *endpoint.echo)):
        return
    sent = {
        "parameter": (one for _, values in endpoint.params for one in values),
        "header": (one for _, one in endpoint.headers),
        "body": (one for _, one in texts(endpoint.body)),
    }
    for place, templates in sent.items():
        filters = set[str]()
        for template in templates:
            filters |= {hole.name for hole in template.holes() if hole.name in people}
            filters |= {field.name for field in template.fields() if not named(endpoint.address)}
        if filters:
            id_too = "; of one object, ask for its id and `echo` that" if place == "body" else ""
            hint = f"add `match` or `echo`{id_too}: a vendor that ignores the {place} answers with everybody"
            yield context.note(f"nothing proves that endpoint `{path[-1]}` is filtered by <{min(filters)}>", path, hint)
            return


def title_notes(context: LintContext) -> Iterator[Mistake]:
    """Notes: titles of requests that are steps; pages and tables name with them what was fetched."""
    for path, _, own in context.requests():
        title = own.title if isinstance(own, (m.EndpointSpec, m.DiscoverSpec)) else None
        step = STEP.match(title or "")
        if title and step:
            hint = f"name what comes: `{title[step.end() :]}`"
            yield context.note(f"the title of `{path[-1]}` begins with what is done, `{step[0].rstrip()}`", (*path, "title"), hint)


def text_notes(context: LintContext) -> Iterator[Mistake]:
    """Notes on the text itself: no schema for the editor, and comments that may have been meant as text."""
    lines = context.document.lines
    first = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
    if not any(line.startswith(SCHEMA) for line in lines[:first]):
        hint = f"begin with `{SCHEMA}habeas.schema.json`, and put there what habeas schema prints"
        yield Mistake("no schema is named, so an editor cannot complete this spec", Position(1, 1, len(lines[0])), hint, "note")
    for at in context.document.cut:
        yield Mistake("what follows ` #` is a comment, no text", at, "put the text in quotes, or two blanks before the comment", "note")
