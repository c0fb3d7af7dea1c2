"""What the body of a `post` holds, against the schema of its operation's body: names, values, what is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.openapi.api import Operation
from engine.openapi.refs import as_list
from engine.openapi.shape import Missing, Shape
from engine.openapi.values import misspelt, unfit
from engine.spec.document import Path
from engine.spec.effective import Endpoint
from engine.spec.mistake import Mistake, did_you_mean
from engine.spec.scene import Scene
from engine.spec.template import Template


def body(scene: Scene, path: Path, endpoint: Endpoint, operation: Operation) -> Iterator[Mistake]:
    """Compare the body of one request; in silence where the document does not describe it."""
    shape = operation.body
    if endpoint.method != "POST" or shape is None:
        return
    yield from _content(scene, (*path, "body"), endpoint.body, shape, operation)
    page = endpoint.pagination
    if page is None:
        return
    for word, name in (("param", page.param), ("offset", page.offset), *(("page", one) for one in page.page or ())):
        if name is not None:
            yield from _place(scene, (*path, "pagination", word), name, shape, operation)
    for name, count in (page.size or {}).items():
        place = (*path, "pagination", "size", name)
        yield from _place(scene, place, name, shape, operation)
        found = _led(shape, name)
        most = found.number("maximum") if isinstance(found, Shape) else None
        if most is not None and count > most:
            yield scene.mistake(f"{operation.label} gives at most {most} a page", place, f"write `size: {{{name}: {most}}}`")


def _led(shape: Shape, name: str) -> Shape | Missing | None:
    found: Shape | Missing | None = shape
    for step in name.split("."):
        if not isinstance(found, Shape):
            return found
        found = found.member(step)
    return found


def _place(scene: Scene, place: Path, name: str, shape: Shape, operation: Operation) -> Iterator[Mistake]:
    found = _led(shape, name)
    if isinstance(found, Missing):
        yield _unknown(scene, place, found, operation)


def _unknown(scene: Scene, place: Path, found: Missing, operation: Operation) -> Mistake:
    message, hint = f"the body of {operation.label} has no `{found.name}`", did_you_mean(found.name, found.known)
    make = scene.mistake if misspelt(found.name, found.known) else scene.note
    return make(message, place, hint)


def _content(scene: Scene, place: Path, content: Any, shape: Shape, operation: Operation) -> Iterator[Mistake]:
    if isinstance(content, dict):
        for name, inner in content.items():
            found = shape.member(name)
            if isinstance(found, Missing):
                yield _unknown(scene, (*place, name), found, operation)
            elif found is not None:
                yield from _content(scene, (*place, name), inner, found, operation)
        yield from _forgotten(scene, place, content, shape, operation)
    elif isinstance(content, list) and shape.elements is not None:
        for index, inner in enumerate(content):
            yield from _content(scene, (*place, index), inner, shape.elements, operation)
    elif isinstance(content, Template) and all(isinstance(part, str) for part in content.parts):
        wrong = unfit(shape, str(content)) if shape.enum else None
        if wrong is not None:
            yield scene.mistake(f"`{content}` is no value of `{place[-1]}`", place, wrong)


def _forgotten(scene: Scene, place: Path, content: dict[str, Any], shape: Shape, operation: Operation) -> Iterator[Mistake]:
    """Note what is required and not sent: generated documents require too much. Alternatives are not looked into."""
    if len(shape.parts) != 1:
        return
    for name in as_list(shape.parts[0].get("required")):
        if isinstance(name, str) and name not in content:
            where = f" in `{place[-1]}`" if len(place) and place[-1] != "body" else ""
            message = f"the body of {operation.label} requires `{name}`{where}"
            yield scene.note(message, place, "if so, write it into `body`")
