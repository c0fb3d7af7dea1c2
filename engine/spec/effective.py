"""What a request ends up with: the spec's words after the defaults of the top. Frozen, and all that later layers see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from engine.spec import model as m
from engine.spec.rate import Rate
from engine.spec.select import Select, parse_select
from engine.spec.template import IDENTIFIERS, TIMES, Field, Hole, Template, parse_path

Row = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Endpoint:
    """One request line with all that belongs to it; the look-up and `verify` are of this kind too."""

    name: str
    title: str
    address: Template
    line: Template
    headers: tuple[tuple[str, Template], ...]
    params: tuple[tuple[str, tuple[Template, ...]], ...]
    rate_limit: str | None
    pagination: m.Pagination | None
    answers: m.Answers
    records: Select | None
    key: Select
    granted_by: tuple[frozenset[str], ...]
    capture: tuple[tuple[str, Select], ...] = ()
    rows: tuple[Row, ...] = ((),)
    window: m.Window | None = None
    fields: tuple[Select, ...] | None = ()
    files: tuple[m.FileRule, ...] = ()
    match: tuple[tuple[Select, Template], ...] = ()
    echo: tuple[tuple[Select, Template], ...] = ()
    licence: tuple[str, Select] | None = None
    replaces: str | None = None

    def templates(self) -> Iterator[Template]:
        """Give every template of the request and of its checks."""
        yield self.address
        yield from (template for _, template in self.headers)
        yield from (template for _, values in self.params for template in values)
        yield from (template for _, template in (*self.match, *self.echo))

    def holes(self) -> Iterator[Hole]:
        """Give every `<NAME>` it needs."""
        return (hole for template in self.templates() for hole in template.holes())

    def parents(self) -> tuple[Field, ...]:
        """Give every `<endpoint.field>` it is asked once per record of."""
        return self._parents

    @cached_property
    def _parents(self) -> tuple[Field, ...]:
        return tuple(dict.fromkeys(field for template in self.templates() for field in template.fields()))

    @cached_property
    def listed(self) -> str | None:
        """Name the member of an answer that is its list, where a single name says so."""
        steps = self.records.steps if self.records is not None else None
        return steps[0] if steps is not None and len(steps) == 1 else None

    @cached_property
    def tops(self) -> tuple[str, ...]:
        """Name the members of an answer that are read beside the list."""
        page, answers = self.pagination, self.answers
        paths = [answers.code, answers.message, answers.refused, *(select for select, _ in self.echo)]
        paths += [page.cursor, page.link, page.more, page.total] if page is not None else []
        names = {one.steps[0] for one in (*paths, self.records) if one is not None and one.steps}
        return tuple(sorted(names - {self.listed}))

    @property
    def dated(self) -> bool:
        """Whether its window is asked for in days."""
        return any(hole.form == "date" for hole in self.holes() if hole.name in TIMES)

    @property
    def overlaps(self) -> bool:
        """Whether two of its chains can hold the same record, so that what was written must be remembered."""
        return self.window is not None or len(self.rows) > 1 or bool(self.parents())


@dataclass(frozen=True)
class Vendor:
    """A spec that is ready to run; `word` is what named it on the command line."""

    name: str
    title: str
    version: str | None
    docs: str | None
    base_url: str
    hosts: tuple[str, ...]
    direct_contact: tuple[str, ...]
    gaps: tuple[str, ...]
    auth: m.Auth
    verify: Endpoint
    lookup: Endpoint
    endpoints: Mapping[str, Endpoint]
    plans: Mapping[str, Mapping[str, tuple[Rate, ...]]]
    file: str = ""
    sha256: str = ""
    word: str = ""

    @property
    def families(self) -> Mapping[str, tuple[str, ...]]:
        """Give the scopes an app holds, by family; a list without families has the name ``."""
        return self.auth.oauth2.scopes if self.auth.oauth2 is not None else {}

    def requests(self) -> Iterator[Endpoint]:
        """Give every request: `verify`, the look-up, the endpoints."""
        yield self.verify
        yield self.lookup
        yield from self.endpoints.values()

    def limits(self, plan: str | None) -> Mapping[str, tuple[Rate, ...]]:
        """Give the buckets of a plan; none named: the first. KeyError where there is no such plan."""
        return self.plans[plan if plan is not None else next(iter(self.plans))]


def effective(spec: m.Spec) -> Vendor:
    """Merge the top's defaults into every request."""
    extra = dict(spec.rate_limits.__pydantic_extra__ or {})
    plans = {name: {**extra, **buckets} for name, buckets in spec.rate_limits.plans.items()} or {"": extra}
    host = re.match(r"https://([^/:]+)", spec.base_url)
    return Vendor(
        name=spec.vendor,
        title=spec.title or spec.vendor,
        version=spec.version,
        docs=spec.docs,
        base_url=spec.base_url,
        hosts=spec.hosts or ((host[1],) if host else ()),
        direct_contact=spec.direct_contact,
        gaps=spec.gaps,
        auth=spec.auth,
        verify=_endpoint(spec, "verify", spec.verify),
        lookup=_proven(_endpoint(spec, "lookup", spec.access.lookup), spec.access.lookup),
        endpoints={name: _endpoint(spec, name, one) for name, one in spec.access.endpoints.items()},
        plans=plans,
    )


def _endpoint(spec: m.Spec, name: str, own: m.Request) -> Endpoint:
    def pick(word: str) -> Any:
        return getattr(own if word in own.model_fields_set else spec, word)

    records = pick("records")
    pagination = pick("pagination") if records is not None and not isinstance(own, m.Verify) else None
    line = str(own.get)
    address = parse_path(line if line.startswith("https://") else spec.base_url.rstrip("/") + line)
    headers, params = {**spec.headers, **own.headers}, {**spec.params, **own.params}
    return Endpoint(
        name=name,
        title=(own.title if isinstance(own, m.Endpoint) else None) or name,
        address=_versioned(spec, address, segment=True),
        line=_versioned(spec, own.get, segment=True),
        headers=tuple((name, _versioned(spec, template)) for name, template in headers.items()),
        params=tuple((name, tuple(_versioned(spec, one) for one in templates)) for name, templates in params.items()),
        rate_limit=pick("rate_limit"),
        pagination=pagination,
        answers=_answers(spec.answers, own.answers),
        records=records,
        key=pick("key") or parse_select("id"),
        granted_by=tuple(frozenset(entry.split()) for entry in pick("granted_by")),
        **_particulars(spec, own),
    )


def _versioned(spec: m.Spec, template: Template, *, segment: bool = False) -> Template:
    """Write the top's `version` out: it is known now, so no request has to be given it. In a path it is one segment."""
    if spec.version is None:
        return template
    return template.filled("VERSION", quote(spec.version, safe="") if segment else spec.version)


def _proven(lookup: Endpoint, own: m.Lookup) -> Endpoint:
    """Compare what the look-up's `match` names alone with the identifier that it asks by."""
    asked = next((hole.name for hole in lookup.holes() if hole.name in IDENTIFIERS), None)
    bare = tuple((select, Template((Hole(asked),))) for select, value in own.match.items() if value is None and asked is not None)
    return replace(lookup, match=bare + lookup.match)


def _answers(top: m.Answers, own: m.Answers) -> m.Answers:
    """Own rules first, then the top's; the paths are the own ones, else the top's."""
    return m.Answers.model_construct(
        refused=own.refused or top.refused,
        code=own.code or top.code,
        message=own.message or top.message,
        rules=own.rules + (top.rules if own is not top else ()),
    )


def _particulars(spec: m.Spec, own: m.Request) -> dict[str, Any]:
    def compared(checks: Mapping[Select, Template | None]) -> tuple[tuple[Select, Template], ...]:
        return tuple((select, _versioned(spec, value)) for select, value in checks.items() if value is not None)

    if isinstance(own, m.Lookup):
        return {"match": compared(own.match), "capture": tuple(own.capture.items())}
    if not isinstance(own, m.Endpoint):
        return {}
    return {
        "rows": tuple(tuple(row.items()) for row in own.for_) or ((),),
        "window": own.window,
        "fields": own.fields,
        "files": own.files,
        "match": compared(own.match),
        "echo": compared(own.echo),
        "licence": (own.licence.endpoint, own.licence.path) if own.licence else None,
        "replaces": own.replaces,
    }
