"""What a request sends, against the parameters of its operation: names, values, sizes, and what it forgets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.openapi.api import Operation, Parameter
from engine.openapi.names import norm, words
from engine.openapi.pages import SIZES
from engine.openapi.values import misspelt, unfit
from engine.spec.document import Path
from engine.spec.effective import Endpoint, Row
from engine.spec.mistake import Mistake, did_you_mean
from engine.spec.scene import Scene
from engine.spec.template import Hole, Template

CREDENTIALS = re.compile(r"(?i)(x-)?(api|access|auth|private|app)?[-_]?(key|token|authorization|secret)")
SECRETS = {"token", "key", "secret", "auth", "authorization", "apikey", "password", "signature", "session", "cookie"}
SENT_ANYWAY = ("accept", "content-type", "authorization", "user-agent", "accept-encoding", "host")


def parameters(scene: Scene, path: Path, endpoint: Endpoint, operation: Operation, rows: Sequence[Row]) -> Iterator[Mistake]:
    """Compare the query and the headers of one request with what its operation takes."""
    known = operation.placed("query")
    for name, templates in endpoint.params:
        place = (*path, "params", name)
        parameter = _named(known, name)
        if parameter is None:
            yield _unknown(scene, place, name, known, operation)
            continue
        if parameter.deprecated:
            yield scene.note(f"the vendor marks the parameter `{name}` as deprecated", place)
        for index, template in enumerate(templates):
            yield from _value(scene, (*place, index), endpoint, template, parameter, rows)
    yield from _paging(scene, path, endpoint, known, operation)
    yield from _forgotten(scene, path, endpoint, operation)


def _named(known: dict[str, Parameter], name: str) -> Parameter | None:
    """Find a parameter; `expand[]` and `created[gte]` belong to `expand` and `created`."""
    return known.get(name) or known.get(name.partition("[")[0]) or known.get(name.partition("[")[0] + "[]")


def _unknown(scene: Scene, place: Path, name: str, known: dict[str, Parameter], operation: Operation) -> Mistake:
    message = f"{operation.label} has no parameter `{name}`"
    if misspelt(name, known):
        return scene.mistake(message, place, did_you_mean(name, known), key=True)
    return scene.note(message, place, did_you_mean(name, known) or "a vendor ignores what it does not know")


def _value(
    scene: Scene, place: Path, endpoint: Endpoint, template: Template, parameter: Parameter, rows: Sequence[Row]
) -> Iterator[Mistake]:
    texts = [(place, str(template))] if all(isinstance(part, str) for part in template.parts) else []
    part = template.parts[0] if len(template.parts) == 1 else None
    if isinstance(part, Hole) and part.form is None:
        for row in rows:
            for name, text in row:
                if name == part.name:
                    index = endpoint.rows.index(row)
                    here: Path = (*place[:-3], "for", name, index) if len(row) == 1 else (*place[:-3], "for", index, name)
                    texts.append((here, text))
    for where, text in texts:
        wrong = unfit(parameter.shape, text)
        if wrong is not None:
            yield scene.mistake(f"`{text}` is no value of `{parameter.name}`", where, wrong)


def _paging(scene: Scene, path: Path, endpoint: Endpoint, known: dict[str, Parameter], operation: Operation) -> Iterator[Mistake]:
    page = endpoint.pagination
    if page is None:
        return
    sent = {
        "param": page.param,
        "offset": page.offset,
        "page": next(iter(page.page or ()), None),
        "size": next(iter(page.size or ()), None),
    }
    for word, name in sent.items():
        if name is not None and _named(known, name) is None:
            yield _unknown(scene, (*path, "pagination", word, name), name, known, operation)
    if page.size is None:
        yield from _unsized(scene, path, {name: one for name, one in known.items() if name not in dict(endpoint.params)}, operation)
    for name, count in (page.size or {}).items():
        parameter = _named(known, name)
        most = parameter.shape.number("maximum") if parameter is not None else None
        place: Path = (*path, "pagination", "size", name)
        if most is not None and count > most:
            yield scene.mistake(f"{operation.label} gives at most {most} a page", place, f"write `size: {{{name}: {most}}}`")
        elif most is not None and count < most:
            yield scene.note(f"{operation.label} gives up to {most} a page", place, f"`size: {{{name}: {most}}}` asks less often")


def _unsized(scene: Scene, path: Path, known: dict[str, Parameter], operation: Operation) -> Iterator[Mistake]:
    """Note: pages could be larger than the vendor makes them unasked."""
    for one in known.values():
        most, usual = one.shape.number("maximum"), one.shape.number("default")
        if norm(one.name) in SIZES and most is not None and usual is not None and usual < most:
            hint = f"add `size: {{{one.name}: {most}}}`"
            yield scene.note(f"{operation.label} gives {usual} a page unless asked for up to {most}", (*path, "pagination"), hint)
            return


def is_credential(parameter: Parameter) -> bool:
    """Whether a parameter is sent with the connection, whatever the request is."""
    if parameter.place == "header":
        return bool(SECRETS & set(words(parameter.name)))
    return CREDENTIALS.fullmatch(parameter.name) is not None


def _forgotten(scene: Scene, path: Path, endpoint: Endpoint, operation: Operation) -> Iterator[Mistake]:
    sent = {name for name, _ in endpoint.params}
    if endpoint.pagination is not None:
        page = endpoint.pagination
        sent |= {one for one in (page.param, page.offset, *(page.page or ()), *(page.size or ())) if one is not None}
    sent |= {name.partition("[")[0] for name in sent}
    headers = {name.lower() for name, _ in endpoint.headers} | {name.lower() for name in scene.vendor.auth.headers} | set(SENT_ANYWAY)
    credentials = {scheme.get("name") for scheme in operation.api.schemes.values()}
    for one in operation.parameters:
        if not one.required or one.name in credentials or is_credential(one):
            continue
        if (one.place == "query" and one.name.removesuffix("[]") not in sent | {name.removesuffix("[]") for name in sent}) or (
            one.place == "header" and one.name.lower() not in headers
        ):
            word = "params" if one.place == "query" else "headers"
            yield scene.mistake(
                f"{operation.label} requires `{one.name}`", (*path, endpoint.method.lower()), f"write it under `{word}`", key=True
            )
