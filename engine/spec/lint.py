"""What is wrong between the words of a spec: names, cycles, buckets, scopes, hosts. One mistake, one message.

Works on the effective requests and asks the document only for positions. Reads no files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.spec import model as m
from engine.spec.document import Document, Path
from engine.spec.effective import Endpoint, Vendor
from engine.spec.lookup import lookup_rules
from engine.spec.mistake import Mistake, did_you_mean
from engine.spec.notes import proof_notes, scope_notes
from engine.spec.reads import left_out, reads, stands
from engine.spec.scene import Scene
from engine.spec.template import IDENTIFIERS, TEXT_FORMS, TIME_FORMS, TIMES, Hole, Template

RESERVED = ("lookup", "verify", "manifest")
MOST_SLICES = 50_000


def lint(vendor: Vendor, spec: m.Spec, document: Document) -> list[Mistake]:
    """Find every mistake and note that shows only when the words are seen together."""
    scene = Scene(vendor, spec, document)
    return [found for rule in RULES for found in rule(scene)]


def _places(path: Path, own: m.Request) -> Iterator[tuple[Path, Template]]:
    """Give each template a request itself writes, with its place."""
    yield (*path, "get"), own.get
    for name, template in own.headers.items():
        yield (*path, "headers", name), template
    for name, values in own.params.items():
        for index, template in enumerate(values):
            yield (*path, "params", name, index), template
    for word in ("match", "echo"):
        for select, value in getattr(own, word, {}).items():
            if value is not None:
                yield (*path, word, select.text), value


def _names(scene: Scene) -> Iterator[Mistake]:
    """Every `<NAME>` is known where it stands, in a form that suits it."""
    tops: list[tuple[Path, tuple[Template, ...]]] = []
    tops += [(("headers", name), (value,)) for name, value in scene.spec.headers.items()]
    tops += [(("params", name), values) for name, values in scene.spec.params.items()]
    for place, templates in tops:
        for template in templates:
            yield from _holes(scene, place, template, ("VERSION",) if scene.vendor.version else ())
    for path, endpoint, own in scene.requests():
        known = _known(scene, path, endpoint)
        for place, template in _places(path, own):
            yield from _holes(scene, place, template, known)


def _known(scene: Scene, path: Path, endpoint: Endpoint) -> tuple[str, ...]:
    names: list[str] = ["VERSION"] if scene.vendor.version else []
    if path != ("verify",):
        names += IDENTIFIERS
    if path[:2] == ("access", "endpoints"):
        names += scene.captured
        names += [name for row in endpoint.rows for name, _ in row]
        names += TIMES if endpoint.window else ()
        for parent in _ancestors(scene.vendor, endpoint):
            names += [name for row in parent.rows for name, _ in row]
    return tuple(dict.fromkeys(names))


def _ancestors(vendor: Vendor, endpoint: Endpoint) -> Iterator[Endpoint]:
    seen: set[str] = {endpoint.name}
    waiting = list(endpoint.parents())
    while waiting:
        name = waiting.pop().endpoint
        if name in vendor.endpoints and name not in seen:
            seen.add(name)
            yield vendor.endpoints[name]
            waiting += vendor.endpoints[name].parents()


def _holes(scene: Scene, place: Path, template: Template, known: tuple[str, ...]) -> Iterator[Mistake]:
    for hole in template.holes():
        if hole.name in TIMES and hole.name not in known:
            yield scene.mistake(f"`{hole}` stands only in a request with `window`", place)
        elif hole.name not in known:
            hint = "write `version` at the top" if hole.name == "VERSION" else did_you_mean(hole.name, known)
            yield scene.mistake(f"unknown name `{hole}`", place, hint)
        elif hole.name == "VERSION" and hole.form is not None:
            yield scene.mistake(f"`{hole}` cannot have a form", place, "write <VERSION>: the version stands as it is written")
        elif _wrong_form(hole):
            allowed = TIME_FORMS if hole.name in TIMES else TEXT_FORMS
            hint = "forms here: " + ", ".join(f".{form}" for form in allowed)
            yield scene.mistake(f"`{hole}` cannot have that form", place, hint)


def _wrong_form(hole: Hole) -> bool:
    if hole.form is None:
        return False
    return (hole.form in TIME_FORMS) != (hole.name in TIMES) or (hole.form == "digits" and hole.name != "PHONE")


def _parents(scene: Scene) -> Iterator[Mistake]:
    """Every `<endpoint.field>` names one parent that can be asked before, and no circle is closed."""
    endpoints = scene.vendor.endpoints
    for path, endpoint, own in scene.requests():
        names = {field.endpoint for field in endpoint.parents()}
        for place, template in _places(path, own):
            for field in template.fields():
                if path[:2] != ("access", "endpoints"):
                    yield scene.mistake(f"`{field}` stands only in an endpoint", place)
                elif field.endpoint not in endpoints:
                    hint = did_you_mean(field.endpoint, endpoints)
                    yield scene.mistake(f"`{field}` names no endpoint", place, hint)
        if len(names) > 1:
            listed = " and ".join(f"`{name}`" for name in sorted(names))
            yield scene.mistake(f"two parents, {listed}: their records would be crossed", path, key=True)
    yield from _circles(scene)


def _circles(scene: Scene) -> Iterator[Mistake]:
    """No endpoint waits for itself: by its parents, or by the flag of its licence."""
    waits = {name: _waits_for(one) for name, one in scene.vendor.endpoints.items()}
    reported: set[str] = set()
    for name in waits:
        circle = _circle(name, waits)
        if circle and not reported & set(circle):
            reported |= set(circle)
            yield scene.mistake(f"a circle: {' -> '.join(circle)}", ("access", "endpoints", circle[0]), key=True)


def _waits_for(endpoint: Endpoint) -> tuple[str, ...]:
    parents = tuple(field.endpoint for field in endpoint.parents())
    return (*parents, endpoint.licence[0]) if endpoint.licence else parents


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


def _references(scene: Scene) -> Iterator[Mistake]:
    """Buckets, licences and predecessors exist."""
    buckets = {bucket for plan in scene.vendor.plans.values() for bucket in plan}
    if scene.spec.rate_limit and scene.spec.rate_limit not in buckets:
        hint = did_you_mean(scene.spec.rate_limit, buckets)
        yield scene.mistake(f"`{scene.spec.rate_limit}` is no bucket of `rate_limits`", ("rate_limit",), hint)
    for path, _, own in scene.requests():
        if own.rate_limit and own.rate_limit not in buckets:
            hint = did_you_mean(own.rate_limit, buckets)
            yield scene.mistake(f"`{own.rate_limit}` is no bucket of `rate_limits`", (*path, "rate_limit"), hint)
        if isinstance(own, m.Endpoint):
            yield from _endpoint_references(scene, path, own)


def _endpoint_references(scene: Scene, path: Path, own: m.Endpoint) -> Iterator[Mistake]:
    others = [name for name in scene.vendor.endpoints if name != path[-1]]
    if own.licence is not None and own.licence.endpoint not in others:
        hint = did_you_mean(own.licence.endpoint, others)
        yield scene.mistake(f"`{own.licence.endpoint}` is no other endpoint that could hold the flag", (*path, "licence"), hint)
    if own.replaces is not None and own.replaces not in others:
        hint = did_you_mean(own.replaces, others)
        yield scene.mistake(f"`{own.replaces}` is no other endpoint", (*path, "replaces"), hint)


def _shapes(scene: Scene) -> Iterator[Mistake]:
    """Words that need each other stand together, and none stands idle."""
    for path, endpoint, own in scene.requests():
        if not isinstance(own, m.Endpoint):
            continue
        used = {hole.name for template in endpoint.templates() for hole in template.holes()}
        if path[-1] in RESERVED:
            yield scene.mistake(f"`{path[-1]}` is taken: name the endpoint otherwise", path, key=True)
        if own.window and not {"FROM", "TO"} <= used:
            hint = "put <FROM> and <TO> into `params`"
            words = "`window` slices time, but the request holds no <FROM> and <TO>"
            yield scene.mistake(words, (*path, "window"), hint, key=True)
        if own.window and own.window.slices(86400 if endpoint.dated else 1) > MOST_SLICES:
            hint = "write a longer `step` or a shorter `since`"
            yield scene.mistake(f"`window` makes more than {MOST_SLICES:,} slices", (*path, "window", "step"), hint)
        if own.pagination is not None and endpoint.records is None:
            yield scene.mistake("`pagination` acts only where `records` stands", (*path, "pagination"), key=True)
        yield from _row_shapes(scene, path, own, used)
        for word, checks in (("match", own.match), ("echo", own.echo)):
            for select in (select for select, value in checks.items() if value is None):
                hint = f"write `{word}: {{{select.text}: <USER_ID>}}`"
                yield scene.mistake(f"`{word}` compares with a value", (*path, word), hint)


def _row_shapes(scene: Scene, path: Path, own: m.Endpoint, used: set[str]) -> Iterator[Mistake]:
    if len({tuple(sorted(row)) for row in own.for_}) > 1:
        yield scene.mistake("every row of `for` has the same names", (*path, "for"), key=True)
    for value in dict.fromkeys(one for row in own.for_ for one in row):
        if value not in used:
            yield scene.mistake(f"`for` gives <{value}>, which the request does not hold", (*path, "for"), key=True)


def _files(scene: Scene) -> Iterator[Mistake]:
    """The addresses of files stand in what is kept of a record."""
    for path, _, own in scene.requests():
        if not isinstance(own, m.Endpoint) or own.fields == ():
            continue
        read: set[tuple[str, ...]] = set()
        for rule in own.files:
            for select in (rule.address, rule.size):
                read |= reads(*(one for one in (rule.each, select) if one is not None))
        for steps in left_out(read, stands(own.fields or ())):
            hint = f"add `{'.'.join(steps)}` to `fields`" if own.fields else "files are looked for in the records: keep their addresses"
            yield scene.mistake(f"`files` reads `{'.'.join(steps)}`, which `fields` leaves out", (*path, "files"), hint, key=True)


def _hosts(scene: Scene) -> Iterator[Mistake]:
    """The credential may go where the requests go."""

    def covered(address: str) -> bool:
        host = address.removeprefix("https://").partition("/")[0].partition(":")[0]
        return any(host == one or (one.startswith(".") and host.endswith(one)) for one in scene.vendor.hosts)

    if not covered(scene.vendor.base_url):
        yield scene.mistake("the host of `base_url` is not under `hosts`", ("base_url",), "add it to `hosts`")
    for path, _, own in scene.requests():
        if str(own.get).startswith("https://") and not covered(str(own.get)):
            yield scene.mistake("the host of this request is not under `hosts`", (*path, "get"), "add it to `hosts`")


RULES: tuple[Callable[[Scene], Iterable[Mistake]], ...] = (
    _names,
    _parents,
    _references,
    _shapes,
    _files,
    lookup_rules,
    _hosts,
    scope_notes,
    proof_notes,
)
