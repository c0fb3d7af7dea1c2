"""Lint rules for `<NAME>`: it is known where it stands, its form fits, and one place gives it (`for`, `discover`, `capture`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.language.effective import Endpoint, Vendor
from engine.language.expressions.template import IDENTIFIERS, TEXT_FORMS, TIME_FORMS, TIMES, Hole, Template, parse_template
from engine.language.model import spec as m
from engine.language.model.shapes import NAMED
from engine.language.rules.lint_context import ENDPOINTS, LOOKUP, LintContext, row_place, templates
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake, Position, did_you_mean
from engine.replaced import replace

VALUE = re.compile(rf"{NAMED}|<([a-z][a-z0-9_]*)\.[A-Za-z0-9_.]+>")
TAKEN = (*IDENTIFIERS, *TIMES, "VERSION", "SECRET", "TOKEN")
OUTSIDE = ("AT", "CLIENT_ID", "CLIENT_SECRET", "ACCOUNT_ID")  # HABEAS_<VENDOR>_<NAME> means something else already


def known_names(context: LintContext) -> Iterator[Mistake]:
    """Names in the top's words, in addresses and in requests have a value there. What is wrong in several places is told once."""
    places: dict[tuple[str, str | None], set[Position]] = {}
    first: dict[tuple[str, str | None], Mistake] = {}
    for mistake in _unknown_names(context):
        places.setdefault((mistake.message, mistake.hint), set()).add(mistake.at)
        first.setdefault((mistake.message, mistake.hint), mistake)
    for same, mistake in first.items():
        count = len(places[same])
        yield replace(mistake, at=min(places[same]), message=f"{mistake.message}, in {count} places") if count > 1 else mistake


def _unknown_names(context: LintContext) -> Iterator[Mistake]:
    for place, templates_ in _tops(context):
        for template in templates_:
            yield from _holes(context, place, template, _everywhere(context))
    for place, text, names in _addresses(context):
        yield from _holes(context, place, parse_template(text), names)
    for path, endpoint, own in context.requests():
        known = _known(context, path, endpoint)
        for place, template in templates(path, own):
            yield from _holes(context, place, template, known)


def _everywhere(context: LintContext) -> tuple[str, ...]:
    return (*(("VERSION",) if context.vendor.version else ()), *context.vendor.given)


def _tops(context: LintContext) -> Iterator[tuple[Path, tuple[Template, ...]]]:
    for name, value in context.spec.headers.items():
        yield ("headers", name), (value,)
    for name, values in context.spec.params.items():
        yield ("params", name), values


def _addresses(context: LintContext) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Give the addresses that hold values, and what is known when each is needed."""
    plain = tuple(name for name, one in context.discovered.items() if one.rows == ((),))
    yield ("base_url",), context.spec.base_url, (*_everywhere(context), *plain)
    for place, address in context.oauth_addresses():
        yield place, address, tuple(name for name in context.spec.settings if name not in context.from_token)


def _known(context: LintContext, path: Path, endpoint: Endpoint) -> tuple[str, ...]:
    names = list(_everywhere(context))
    rows = {name for one in (endpoint, *ancestors(context.vendor, endpoint)) for row in one.rows for name, _ in row}
    if path[0] == "access":
        names += IDENTIFIERS
    if path[:2] == ENDPOINTS:
        names += context.vendor.captured
        names += _found_with(context)
    names += sorted(rows)
    names += TIMES if endpoint.window else ()
    names += [name for name, one in context.discovered.items() if one.name != endpoint.name and row_names(one) <= set(names)]
    return tuple(dict.fromkeys(names))


def _found_with(context: LintContext) -> Iterator[str]:
    """Name the `for` values that come with the person, whichever of the look-ups that capture the same names finds them."""
    captures = dict.fromkeys(frozenset(name for name, _ in one.capture) for one in context.vendor.lookups)
    for names in captures:
        yield from frozenset.intersection(*(row_names(one) for one in context.vendor.lookups if {name for name, _ in one.capture} == names))


def row_names(endpoint: Endpoint) -> frozenset[str]:
    """Name what a request's own `for` gives."""
    return frozenset(name for row in endpoint.rows for name, _ in row)


def ancestors(vendor: Vendor, endpoint: Endpoint) -> Iterator[Endpoint]:
    """Give every request that this one is asked once per record of, the nearest first."""
    seen: set[str] = {endpoint.name}
    waiting = list(endpoint.parents())
    everyone = {**vendor.discover, **vendor.endpoints}
    while waiting:
        name = waiting.pop().endpoint
        if name in everyone and name not in seen:
            seen.add(name)
            yield everyone[name]
            waiting += everyone[name].parents()


def _holes(context: LintContext, place: Path, template: Template, known: tuple[str, ...]) -> Iterator[Mistake]:
    for hole in template.holes():
        if hole.name in TIMES and hole.name not in known:
            hint = "write `window: {step: 28d, since: 6mo}` beside it, or use another name"
            yield context.mistake(f"`{hole}` has a value only in an endpoint with `window`", place, hint, part=hole)
        elif hole.name not in known:
            yield context.mistake(f"unknown name `{hole}`", place, _meant(context, hole, known), part=hole)
        elif hole.name == "VERSION" and hole.form is not None:
            yield context.mistake(f"`{hole}` cannot have a form", place, "write <VERSION>: the version stands as it is written", part=hole)
        elif _wrong_form(hole):
            allowed = TIME_FORMS if hole.name in TIMES else [one for one in TEXT_FORMS if one != "digits" or hole.name == "PHONE"]
            hint = "forms here: " + ", ".join(f".{form}" for form in allowed)
            yield context.mistake(f"`{hole}` cannot have that form", place, hint, part=hole)


def _meant(context: LintContext, hole: Hole, known: tuple[str, ...]) -> str | None:
    if hole.name == "VERSION":
        return "write `version` at the top"
    if hole.name in ("SECRET", "TOKEN"):
        return "it stands only under `auth`: in a header or in `basic`; a key in an address would stand in logs"
    if hole.name in context.discovered and (missing := row_names(context.discovered[hole.name]) - set(known)):
        giver = context.discovered[hole.name].name
        return f"`{giver}` finds it for each <{min(missing)}>: give this request a `for: {{{min(missing)}: [...]}}`"
    if hole.name in context.from_token:
        return "it comes with the token, so nothing before has it"
    if hole.name in context.captured:
        return "the look-up captures it, so only an endpoint has it"
    if hole.name in IDENTIFIERS:
        return "only what is asked about the person has it: a look-up or an endpoint"
    near = did_you_mean(hole.name, known)
    return near if near is not None and near.startswith("did") else "`capture` it from an answer, or ask for it under `settings`"


def _wrong_form(hole: Hole) -> bool:
    if hole.form is None:
        return False
    return (hole.form in TIME_FORMS) != (hole.name in TIMES) or (hole.form == "digits" and hole.name != "PHONE")


def given_names(context: LintContext) -> Iterator[Mistake]:
    """Each name has one source, and what is captured or asked for is used."""
    used = {hole.name for one in context.vendor.requests() for hole in one.holes()}
    used |= {hole.name for _, text, _ in _addresses(context) for hole in parse_template(text).holes()}
    seen: dict[str, Path] = {}
    for name, place in _sources(context):
        optional = name in context.spec.settings and (name in context.discovered or place[0] == "auth")
        if place[0] in ("settings", "auth") and (name in OUTSIDE or name.endswith("_FILE")):
            words = f"<{name}> would be read from HABEAS_{context.spec.vendor.upper()}_{name}, which means something else"
            yield context.mistake(words, place, "use another name", key=True)
        elif name in TAKEN:
            yield context.mistake(f"<{name}> exists already", place, "use another name", key=True)
        elif name in seen and not optional:
            yield context.mistake(f"<{name}> has two sources", place, "one name, one source: use another name", key=True)
        elif name not in used and name not in seen:
            words = f"<{name}> is asked for and never used" if place[0] == "settings" else f"<{name}> is captured and never used"
            yield context.note(words, place, f"write <{name}> where it is needed, or leave it out")
        seen.setdefault(name, place)
    yield from _same_captures(context)
    yield from _idle(context)


def _sources(context: LintContext) -> Iterator[tuple[str, Path]]:
    yield from ((name, ("settings", name)) for name in context.spec.settings)
    if context.spec.auth.oauth2 is not None:
        yield from ((name, ("auth", "oauth2", "capture", name)) for name in context.spec.auth.oauth2.capture)
    for request, own in context.spec.discover.items():
        yield from ((name, ("discover", request, "capture", name)) for name in own.capture)
    places = {name: index for index, own in reversed(list(enumerate(context.spec.access.lookup))) for name in own.capture}
    yield from ((name, (*LOOKUP, places[name], "capture", name)) for name in context.vendor.captured)


def _same_captures(context: LintContext) -> Iterator[Mistake]:
    """Two look-ups capture the same names, and are alternatives, or nothing in common, and are both asked."""
    before: list[set[str]] = []
    for index, own in enumerate(context.spec.access.lookup):
        names = set(own.capture)
        other = next((one for one in before if one != names and (one & names or not one or not names)), None)
        if other is not None:
            path = (*LOOKUP, index)
            hint = "alternatives capture the same names, look-ups that are all asked have none in common"
            yield context.mistake(f"<{min(names ^ other)}> is captured by one look-up and not by the other", path, hint, key=True)
        before.append(names)


def _idle(context: LintContext) -> Iterator[Mistake]:
    """Note: what is discovered and nothing asks for."""
    parents = {one.endpoint for request in context.vendor.requests() for one in request.parents()}
    for name, own in context.spec.discover.items():
        if not own.capture and name not in parents:
            yield context.note(f"nothing uses what `{name}` discovers", ("discover", name), f"write <{name}.field> or `capture`")


def row_sources(context: LintContext) -> Iterator[Mistake]:
    """A name that `for` gives is no other value's: it would hide the person's own."""
    elsewhere = {*context.captured, *context.vendor.given, *context.discovered}
    for path, endpoint, _ in context.requests():
        for name in sorted(row_names(endpoint) & {*TAKEN, *elsewhere}):
            words = f"`for` gives <{name}>, which exists already" if name in TAKEN else f"<{name}> has two sources, `for` is one of them"
            yield context.mistake(words, (*path, "for"), "one name, one source: use another name", key=True)


def row_values(context: LintContext) -> Iterator[Mistake]:
    """The values of `for` are written out: one that looks like <NAME> or <endpoint.field> would be sent as these letters."""
    for path, endpoint, _ in context.requests():
        for row in endpoint.rows:
            for name, text in row:
                found = VALUE.fullmatch(text)
                if found is None:
                    continue
                each = f": it is asked once for each record of `{found[1]}`" if found[1] else ""
                hint = f"leave the `for` out, and write {text} where <{name}> stands{each}"
                place = (*path, *row_place(endpoint, name, row))
                yield context.mistake(f"`{text}` in `for` would be sent as these letters", place, hint)


def captures_once(context: LintContext) -> Iterator[Mistake]:
    """What is captured of the account is one value, or one for each row of `for`."""
    for name, own in context.spec.discover.items():
        parents = context.vendor.discover[name].parents()
        if own.capture and parents:
            words = f"`{name}` is asked once per record of `{parents[0].endpoint}`, so <{next(iter(own.capture))}> would be many values"
            yield context.mistake(words, ("discover", name, "capture"), f"write <{name}.field> where it is asked with", key=True)


def rows_covered(context: LintContext) -> Iterator[Mistake]:
    """A value that is discovered for each OBJECT is there for every OBJECT that a request names, or is asked with."""
    seen: set[tuple[str, str, str]] = set()
    for path, endpoint, own in context.requests():
        for name in dict.fromkeys(hole.name for hole in endpoint.holes() if hole.name in context.discovered):
            found = context.discovered[name]
            if found.name == endpoint.name or not isinstance(own, (m.LookupSpec, m.EndpointSpec)):
                continue
            for giver in _givers(context, path, endpoint, row_names(found)):
                for value in _uncovered(giver, found):
                    if (giver.name, found.name, value) not in seen:
                        seen.add((giver.name, found.name, value))
                        place = (*path, "for") if giver is endpoint else path
                        whose = "" if giver is endpoint else f", with which `{giver.name}` is asked"
                        words = f"`{found.name}` discovers nothing for `{value}`{whose}"
                        yield context.mistake(words, place, f"add it to the `for` of `{found.name}`", key=True)


def _givers(context: LintContext, path: Path, endpoint: Endpoint, names: frozenset[str]) -> Sequence[Endpoint]:
    """Find the requests whose `for` gives these names: the request itself, its nearest ancestor, else the look-ups."""
    if not names:
        return ()
    for giver in (endpoint, *ancestors(context.vendor, endpoint)):
        if names <= row_names(giver):
            return (giver,)
    return tuple(one for one in context.vendor.lookups if names <= row_names(one)) if path[:2] == ENDPOINTS else ()


def _uncovered(giver: Endpoint, found: Endpoint) -> Iterator[str]:
    names = row_names(found)
    there = {frozenset(row) for row in found.rows}
    for row in giver.rows:
        wanted = [pair for pair in row if pair[0] in names]
        if frozenset(wanted) not in there:
            yield " ".join(one for _, one in sorted(wanted))


def address_values(context: LintContext) -> Iterator[Mistake]:
    """A request line that begins with a value begins with an address that the vendor gave, and nothing grows onto its host."""
    for path, _, own in context.requests():
        place, (first, *rest) = (*path, "get" if own.post is None else "post"), own.line.parts
        if isinstance(first, Hole) and first.name in IDENTIFIERS:
            yield context.mistake(f"`{first}` is what the person is called, and no address", place, "write the path in which it stands")
        elif not isinstance(first, str) and rest and not str(rest[0]).startswith("/"):
            yield context.mistake(f"`{first}` is an address here: nothing can grow onto it", place, "a path that begins with / may follow")
