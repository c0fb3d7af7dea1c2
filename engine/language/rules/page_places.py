"""Lint rule for `pagination`: what asks for the next page has a place of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.language.expressions.template import Template
from engine.language.model import spec as m
from engine.language.rules.lint_context import LintContext
from engine.language.text.mistakes import Mistake


def page_places(context: LintContext) -> Iterator[Mistake]:
    """What asks for the next page has a place of its own: in a `post` one in the body, and nowhere that of a value."""
    for path, endpoint, own in context.requests():
        pagination = endpoint.pagination
        if pagination is None:
            continue
        where = (*path, "pagination") if own.pagination is not None else path
        lacking: dict[tuple[str, ...], list[str]] = {}
        for name in _page_names(pagination):
            if endpoint.method == "GET" and own.pagination is None and "." in name and _in_a_body(context, name):
                hint = "write `pagination` into this request, or `pagination: none`"
                yield context.note(f"`{name}` is a place in a body, and this `get` would send it in its query", path, hint)
            if endpoint.method == "GET":
                held: list[object] = [template for key, values in endpoint.params if key == name for template in values]
            else:
                holder, last = _holder(own.body, name)
                if not isinstance(holder, Mapping):
                    lacking.setdefault(tuple(name.split(".")[:-1]), []).append(name)
                    continue
                held = [holder.get(last)]
            if any(_asks(one) for one in held):
                hint = "name the parameter in which the page token is sent"
                yield context.mistake(
                    f"`{name}` holds what this request asks with: the next page would be asked without it", where, hint, key=True
                )
        for steps, names in lacking.items():
            hint = f"write `{_room(steps, names, pagination)}` into `body`"
            yield context.mistake(f"`{names[0]}` is no place in the body of this `post`", where, hint, key=True)


def _page_names(pagination: m.PaginationSpec) -> Iterator[str]:
    """Give the parameters, or places in a body, that ask for a page."""
    names = (pagination.param, pagination.offset, *(pagination.size or {}), *(pagination.page or {}))
    return (name for name in names if name is not None)


def _room(steps: Sequence[str], names: Sequence[str], pagination: m.PaginationSpec) -> str:
    """Write the lines that make room in a body: the first page's number and size, else a cursor that has no value yet."""
    numbers = {**(pagination.page or {}), **(pagination.size or {})}
    told = [f"{name.rpartition('.')[2]}: {numbers[name]}" for name in names if name in numbers]
    inner = ", ".join(told) or f"{names[0].rpartition('.')[2]}: null"
    return "".join(f"{step}: {{" for step in steps) + inner + "}" * len(steps)


def _in_a_body(context: LintContext, name: str) -> bool:
    """Whether a `post` that pages by the top's `pagination` holds a dotted place in its body."""
    bodies = (own.body for _, one, own in context.requests() if one.method == "POST" and own.pagination is None and one.pagination)
    return any(isinstance(_holder(body, name)[0], Mapping) for body in bodies)


def _holder(body: object, name: str) -> tuple[object, str]:
    """Find the map of a body in which a dotted place stands, and its last name."""
    *steps, last = name.split(".")
    holder = body
    for step in steps:
        holder = holder.get(step) if isinstance(holder, Mapping) else None
    return holder, last


def _asks(content: object) -> bool:
    if isinstance(content, Template):
        return any(not isinstance(part, str) for part in content.parts)
    return isinstance(content, (Mapping, list))
