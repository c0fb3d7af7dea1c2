"""Lint rules for what is written twice or has no effect: repeated values, rules that never hold, unused buckets and requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.language.effective import Endpoint
from engine.language.model import spec as m
from engine.language.model.refusals import RefusalCondition
from engine.language.rules.lint_context import ENDPOINTS, Scene
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake


def repeated(scene: Scene) -> Iterator[Mistake]:
    """No list names a thing twice: a repeated value of `for` would be asked for twice."""
    oauth = scene.spec.auth.oauth2
    lists: list[tuple[Path, Iterable[object]]] = [(("hosts",), scene.spec.hosts), (("granted_by",), scene.spec.granted_by)]
    for family, scopes in (oauth.scopes if oauth is not None else {}).items():
        lists.append((("auth", "oauth2", "scopes", family) if family else ("auth", "oauth2", "scopes"), scopes))
    for path, _, own in scene.requests():
        lists.append(((*path, "granted_by"), own.granted_by))
        if isinstance(own, (m.LookupSpec, m.DiscoverSpec, m.EndpointSpec)):
            rows = [tuple(sorted(row.items())) for row in own.for_]
            lists.append(((*path, "for", *_only_name(own.for_)), [row[0][1] if len(row) == 1 else row for row in rows]))
    for path, values in lists:
        yield from _twice(scene, path, list(values))


def _only_name(rows: tuple[m.ForRow, ...]) -> tuple[str, ...]:
    """Name what `{NAME: [a, b]}` gives; nothing where rows are written out."""
    return tuple(rows[0]) if rows and len(rows[0]) == 1 else ()


def _twice(scene: Scene, path: Path, values: list[object]) -> Iterator[Mistake]:
    for index, value in enumerate(values):
        if value in values[:index]:
            name = f"`{value}`" if isinstance(value, str) else "this row"
            place = (*path, index) if (*path, index) in scene.document.values else (*path[:-1], index)
            yield scene.mistake(f"{name} is written twice", place, "leave one of the two out")


def rules_reached(scene: Scene) -> Iterator[Mistake]:
    """Every rule of a list can hold: none before it holds whenever it would."""
    lists: list[tuple[Path, Sequence[RefusalCondition]]] = [((), scene.spec.refusals.rules)]
    lists += [(path, own.refusals.rules) for path, _, own in scene.requests()]
    if scene.spec.auth.oauth2 is not None:
        lists.append((("auth", "oauth2"), scene.spec.auth.oauth2.refusals.rules))
    for path, rules in lists:
        for index, rule in enumerate(rules):
            before = next((number for number, earlier in enumerate(rules[:index]) if earlier.covers(rule)), None)
            if before is not None:
                line = scene.document.at((*path, "refusals", "rules", before)).line
                words = "this rule never holds: an earlier one holds whenever it would"
                yield scene.mistake(words, (*path, "refusals", "rules", index), f"put it before the rule of line {line}, or leave it out")


def idle(scene: Scene) -> Iterator[Mistake]:
    """Notes: buckets nothing draws on, requests that deliver nothing and lead nowhere, requests that are the same."""
    drawn = {one.bucket for one in scene.vendor.requests()} | {"all"}
    areas: list[tuple[Path, Iterable[str]]] = [(("rate_limits",), scene.spec.rate_limits.buckets)]
    areas += [(("rate_limits", "plans", plan), buckets) for plan, buckets in scene.spec.rate_limits.plans.items()]
    for path, buckets in areas:
        for bucket in buckets:
            if bucket not in drawn:
                hint = f"write `bucket: {bucket}` where it counts, or leave it out"
                yield scene.note(f"no request draws on the bucket `{bucket}`", (*path, bucket), hint)
    parents = {field.endpoint for one in scene.vendor.requests() for field in one.parents()}
    parents |= {one.licence[0] for one in scene.vendor.endpoints.values() if one.licence is not None}
    seen: dict[object, str] = {}
    for name, endpoint in scene.vendor.endpoints.items():
        if endpoint.fields is None and name not in parents:
            hint = f"write <{name}.field> where its records lead to, or leave `fields: none` out"
            yield scene.note(f"endpoint `{name}` delivers nothing and leads nowhere", (*ENDPOINTS, name), hint)
        same = seen.setdefault(_asked(endpoint), name)
        if same != name:
            yield scene.note(f"endpoint `{name}` asks what `{same}` asks", (*ENDPOINTS, name), "leave one of the two out")


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
