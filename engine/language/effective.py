"""`Vendor` and `Endpoint`: a spec after the defaults of its top were merged into each request. Frozen.

Everything outside engine/language reads these, never the model. `effective(spec)` makes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct

from engine.language.definition import definition_of
from engine.language.expressions.address_places import host_of
from engine.language.expressions.select import Select, Steps, parse_select, reads
from engine.language.expressions.template import IDENTIFIERS, TIMES, Field, Hole, Template, parse_path
from engine.language.model import spec as m
from engine.language.model.body import Content, mapped, texts
from engine.language.model.units import Rate
from engine.replaced import replace

Row = tuple[tuple[str, str], ...]


class Endpoint(Struct, frozen=True, dict=True):
    """One request line with all that belongs to it; look-ups, `discover` and `verify` are of this kind too.

    `discovered` names what `discover` captures; `inherited` the requests whose fields came down with the parent's row; `several`:
    it may be asked for several rows of one person.
    """

    name: str
    title: str
    method: Literal["GET", "POST"]
    address: Template
    line: Template
    headers: tuple[tuple[str, Template], ...]
    params: tuple[tuple[str, tuple[Template, ...]], ...]
    bucket: str | None
    pagination: m.PaginationSpec | None
    refusals: m.RefusalsSpec
    records: Select | None
    key: Select
    granted_by: tuple[frozenset[str], ...]
    body: Content = None
    quotes: str | None = None
    usernames: Literal["exact", "ignore_case"] = "exact"
    points: m.PointBucket | None = None
    discovered: frozenset[str] = frozenset()
    inherited: frozenset[str] = frozenset()
    several: bool = False
    capture: tuple[tuple[str, Select], ...] = ()
    rows: tuple[Row, ...] = ((),)
    window: m.WindowSpec | None = None
    fields: tuple[Select, ...] | None = ()
    files: tuple[m.FileRule, ...] = ()
    match: tuple[tuple[Select, Template], ...] = ()
    echo: tuple[tuple[Select, Template], ...] = ()
    licence: tuple[str, Select] | None = None
    replaces: str | None = None
    optional: bool = False

    def sent(self) -> Iterator[Template]:
        """Give every template of what is sent."""
        yield self.address
        yield from (template for _, template in self.headers)
        yield from (template for _, values in self.params for template in values)
        yield from (template for _, template in texts(self.body))

    def templates(self) -> Iterator[Template]:
        """Give every template of the request and of its checks."""
        yield from self.sent()
        yield from (template for _, template in (*self.match, *self.echo))

    def holes(self) -> tuple[Hole, ...]:
        """Give every `<NAME>` it needs."""
        return self._holes

    @cached_property
    def _holes(self) -> tuple[Hole, ...]:
        return tuple(hole for template in self.templates() for hole in template.holes())

    @cached_property
    def counted_as(self) -> str:
        """Give what a limit for each request line counts it as; of a bucket of points each request has a cost of its own."""
        return self.name if self.points is not None else f"{self.method} {self.line}"

    @cached_property
    def directory(self) -> bool:
        """Whether a look-up reads a list of everybody, in which `match` finds the person: nothing that is sent names them."""
        return not any(hole.name in IDENTIFIERS for template in self.sent() for hole in template.holes())

    @cached_property
    def fields_used(self) -> tuple[Field, ...]:
        """Give every `<endpoint.field>` in it, those too that its parents were asked with."""
        return tuple(dict.fromkeys(one for template in self.templates() for one in template.fields()))

    def parents(self) -> tuple[Field, ...]:
        """Give every `<endpoint.field>` it is asked once per record of."""
        return self._parents

    @cached_property
    def _parents(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields_used if one.endpoint not in self.inherited)

    @cached_property
    def listed(self) -> str | None:
        """Name the member of an answer that is its list, where a single name says so."""
        steps = self.records.steps if self.records is not None else None
        return steps[0] if steps is not None and len(steps) == 1 else None

    @cached_property
    def read(self) -> tuple[Select, ...]:
        """Give every expression that reads an answer as a whole; that of the records is the first."""
        page, refusals = self.pagination, self.refusals
        paths = [self.records, refusals.code, refusals.message, refusals.refused, *(select for select, _ in self.echo)]
        paths += [page.cursor, page.link, page.more, page.total] if page is not None else []
        paths += [self.points.left, self.points.refill, self.points.cost] if self.points is not None else []
        return tuple(one for one in paths if one is not None)

    @cached_property
    def decisive(self) -> tuple[Steps, ...]:
        """Give the paths on which it hangs what an answer holds: its records, what comes after them, whether it refuses or is foreign."""
        page = self.pagination
        paths = [self.records, self.refusals.refused, *(select for select, _ in self.echo)]
        paths += [page.cursor, page.link, page.more, page.total] if page is not None else []
        return tuple(sorted(set[Steps]().union(*(reads(one) for one in paths if one is not None)) - {()}))

    @cached_property
    def tops(self) -> tuple[str, ...]:
        """Name the members of an answer that are read beside the list."""
        return tuple(sorted({one.steps[0] for one in self.read if one.steps} - {self.listed}))

    @cached_property
    def definition(self) -> str:
        """Give a digest of all that the spec says of it."""
        return definition_of(self)

    @property
    def dated(self) -> bool:
        """Whether its window is asked for in days."""
        return any(hole.form == "date" for hole in self.holes() if hole.name in TIMES)

    @property
    def overlaps(self) -> bool:
        """Whether two of its lists share a boundary, so that what was written must be remembered: neighbouring windows do."""
        return self.window is not None


class Vendor(Struct, frozen=True, dict=True):
    """A spec that is ready to run; `word` is what named it on the command line.

    `lists_people`: `verify` names `records` of its own, and these are people.
    """

    name: str
    title: str
    version: str | None
    docs: str | None
    base_url: str
    hosts: tuple[str, ...]
    direct_contact: Mapping[str, m.ContactWaySpec]
    gaps: tuple[str, ...] | None  # None: the spec does not say
    auth: m.Auth
    verify: Endpoint
    lookups: tuple[Endpoint, ...]
    endpoints: Mapping[str, Endpoint]
    plans: Mapping[str, Mapping[str, tuple[Rate, ...]]]
    discover: Mapping[str, Endpoint] = {}
    settings: Mapping[str, str] = {}
    file: str = ""
    sha256: str = ""
    word: str = ""
    lists_people: bool = False

    @property
    def without_gaps(self) -> str:
        """What is said where no gap is listed: that there is none, or that nobody says."""
        if self.gaps is None:
            return "What this vendor's API cannot give, or is not asked, its spec does not say."
        return "By its spec, nothing that the vendor's documents offer about a person is left out."

    @property
    def families(self) -> Mapping[str, tuple[str, ...]]:
        """Give the scopes an app holds, by family; a list without families has the name ``."""
        return self.auth.oauth2.scopes if self.auth.oauth2 is not None else {}

    def requests(self) -> Iterator[Endpoint]:
        """Give every request: `verify`, `discover`, the look-ups, the endpoints."""
        yield self.verify
        yield from self.discover.values()
        yield from self.lookups
        yield from self.endpoints.values()

    def reads(self, endpoint: Endpoint, path: tuple[str, ...]) -> bool:
        """Whether a word reads what stands at a path of an endpoint's answer, or of another endpoint's that asks the same."""
        twins = [one for one in self.endpoints.values() if one.line == endpoint.line]
        return any(steps[: len(path)] == path for twin in twins for select in twin.read for steps in reads(select))

    @cached_property
    def children(self) -> Mapping[str, tuple[Endpoint, ...]]:
        """Give the endpoints that are asked once per record of another one, by the other's name."""
        found: dict[str, list[Endpoint]] = {}
        for endpoint in self.endpoints.values():
            for above in dict.fromkeys(field.endpoint for field in endpoint.parents()):
                found.setdefault(above, []).append(endpoint)
        return {name: tuple(below) for name, below in found.items()}

    @property
    def captured(self) -> tuple[str, ...]:
        """Name what the look-ups capture of a person."""
        return tuple(dict.fromkeys(name for one in self.lookups for name, _ in one.capture))

    @property
    def given(self) -> tuple[str, ...]:
        """Name what a connection brings: settings, and what its token answer told."""
        return tuple(dict.fromkeys((*self.settings, *(self.auth.oauth2.capture if self.auth.oauth2 is not None else ()))))

    @property
    def definitions(self) -> Mapping[str, str]:
        """Give the digests of what the spec says of each endpoint."""
        return {name: one.definition for name, one in self.endpoints.items()}

    def limits(self, plan: str | None) -> Mapping[str, tuple[Rate, ...]]:
        """Give the buckets of a plan; none named: the first. KeyError where there is no such plan."""
        return self.plans[plan if plan is not None else next(iter(self.plans))]


def effective(spec: m.Spec) -> Vendor:
    """Merge the top's defaults into every request."""
    buckets = {name: tuple(one for one in limits if isinstance(one, Rate)) for name, limits in spec.rate_limits.buckets.items()}
    plans = {name: {**buckets, **own} for name, own in spec.rate_limits.plans.items()} or {"": buckets}
    host = host_of(spec.base_url).partition(":")[0]
    discover = {name: _endpoint(spec, name, one) for name, one in spec.discover.items()}
    named = ((f"lookup_{index}" if index > 1 else "lookup", one) for index, one in enumerate(spec.access.lookup, 1))
    lookups = [_proven(_endpoint(spec, name, one), one) for name, one in named]
    several = any(one.several or one.rows != ((),) or one.fields_used for one in lookups)
    endpoints = {name: replace(_endpoint(spec, name, one), several=several) for name, one in spec.access.endpoints.items()}
    return Vendor(
        name=spec.vendor,
        title=spec.title or spec.vendor,
        version=spec.version,
        docs=spec.docs,
        base_url=str(_versioned(spec, parse_path(spec.base_url), segment=True)),
        hosts=spec.hosts or ((host,) if host and "<" not in host else ()),
        direct_contact=spec.direct_contact,
        gaps=() if spec.gaps is None else spec.gaps or None,
        auth=spec.auth,
        verify=_endpoint(spec, "verify", spec.verify),
        lookups=tuple(_related({one.name: one for one in lookups}, discover).values()),
        endpoints=_related(endpoints, discover),
        discover=_related(discover, {}),
        settings=spec.settings,
        plans=plans,
        lists_people="records" in spec.verify.model_fields_set and spec.verify.records is not None,
    )


def _endpoint(spec: m.Spec, name: str, own: m.RequestSpec) -> Endpoint:
    def pick(word: str) -> Any:
        return getattr(own if word in own.model_fields_set else spec, word)

    records = pick("records")
    pagination = pick("pagination") if records is not None and not isinstance(own, m.VerifySpec) else None
    line = str(own.line)
    headers, params = {**spec.headers, **own.headers}, {**spec.params, **own.params}
    bucket = pick("bucket")
    return Endpoint(
        name=name,
        title=(own.title if isinstance(own, (m.EndpointSpec, m.DiscoverSpec)) else None) or name,
        method="GET" if own.post is None else "POST",
        address=_versioned(spec, parse_path(spec.base_url.rstrip("/") + line if line.startswith("/") else line), segment=True),
        line=_versioned(spec, own.line, segment=True),
        headers=tuple((name, _versioned(spec, template)) for name, template in headers.items()),
        params=tuple((name, tuple(_versioned(spec, one) for one in templates)) for name, templates in params.items()),
        bucket=bucket,
        pagination=pagination,
        refusals=_refusals(spec.refusals, own.refusals),
        records=records,
        key=pick("key") or parse_select("id"),
        granted_by=tuple(frozenset(entry.split()) for entry in pick("granted_by")),
        body=mapped(own.body, lambda one: _versioned(spec, one)),
        quotes=pick("quotes"),
        usernames=spec.usernames,
        points=spec.rate_limits.points_of(bucket),
        discovered=frozenset(name for one in spec.discover.values() for name in one.capture),
        **_particulars(spec, own),
    )


def _related(own: dict[str, Endpoint], above: dict[str, Endpoint]) -> dict[str, Endpoint]:
    """Set `inherited` of each request: the ancestors of its parent, whose fields come with the parent's row."""
    everyone = {**above, **own}

    def ancestors(name: str, below: frozenset[str]) -> frozenset[str]:
        names = {one.endpoint for one in everyone[name].fields_used if one.endpoint in everyone} - below
        return frozenset(names).union(*(ancestors(one, below | {name}) for one in names))

    def inherited(endpoint: Endpoint) -> frozenset[str]:
        names = {one.endpoint for one in endpoint.fields_used if one.endpoint in everyone}
        return frozenset(one for one in names if any(one in ancestors(other, frozenset((other,))) for other in names - {one}))

    return {name: replace(one, inherited=inherited(one)) if len(one.fields_used) > 1 else one for name, one in own.items()}


def _versioned(spec: m.Spec, template: Template, *, segment: bool = False) -> Template:
    """Write the top's `version` out: it is known now, so no request has to be given it. In a path it is one segment."""
    if spec.version is None:
        return template
    return template.filled("VERSION", quote(spec.version, safe="") if segment else spec.version)


def _proven(lookup: Endpoint, own: m.LookupSpec) -> Endpoint:
    """Complete a path that stands alone in a look-up's `match`: it is compared with the identifier the look-up asks by."""
    asked = next((hole.name for template in lookup.sent() for hole in template.holes() if hole.name in IDENTIFIERS), None)
    bare = tuple((select, Template((Hole(asked),))) for select, value in own.match.items() if value is None and asked is not None)
    return replace(lookup, match=bare + lookup.match)


def _refusals(top: m.RefusalsSpec, own: m.RefusalsSpec) -> m.RefusalsSpec:
    """Own rules first, then the top's; the paths are the own ones, else the top's."""
    return m.RefusalsSpec.model_construct(
        refused=own.refused or top.refused,
        code=own.code or top.code,
        message=own.message or top.message,
        rules=own.rules + (top.rules if own is not top else ()),
    )


def _particulars(spec: m.Spec, own: m.RequestSpec) -> dict[str, Any]:
    def compared(checks: Mapping[Select, Template | None]) -> tuple[tuple[Select, Template], ...]:
        return tuple((select, _versioned(spec, value)) for select, value in checks.items() if value is not None)

    if isinstance(own, m.VerifySpec):
        return {}
    assert isinstance(own, (m.LookupSpec, m.DiscoverSpec, m.EndpointSpec))  # noqa: S101
    rows = tuple(tuple(row.items()) for row in own.for_) or ((),)
    if isinstance(own, m.LookupSpec):
        persons = {"match": compared(own.match), "several": own.several == "all"}
        return {"rows": rows, "capture": tuple(own.capture.items()), **persons}
    if isinstance(own, m.DiscoverSpec):
        return {"rows": rows, "capture": tuple(own.capture.items())}
    return {
        "rows": rows,
        "window": own.window,
        "fields": own.fields,
        "files": own.files,
        "match": compared(own.match),
        "echo": compared(own.echo),
        "licence": (own.licence.endpoint, own.licence.path) if own.licence else None,
        "replaces": own.replaces,
        "optional": own.optional,
    }
