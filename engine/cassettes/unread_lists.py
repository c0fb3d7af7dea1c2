"""Find lists that stand beside `records` in recorded answers, such as JSON:API's `included`: nothing of them is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.cassettes.replay import Heard
from engine.core.http import Response
from engine.core.response import Page, read
from engine.language.effective import Vendor
from engine.language.expressions import lossless_json
from engine.language.expressions.select import walk


def unread_lists(vendor: Vendor, heard: Iterable[Heard]) -> dict[str, tuple[str, ...]]:
    """Name, by endpoint, the paths of lists of maps that good answers hold beside their records and that nothing reads."""
    found: dict[str, set[str]] = {}
    for exchange in heard:
        endpoint = vendor.endpoints.get(exchange.request.endpoint.name)
        if endpoint is None or endpoint.records is None or not endpoint.records.steps or not isinstance(exchange.answer, Response):
            continue
        if isinstance(read(exchange.request.chain, exchange.answer), Page):
            lists = _beside(endpoint.records.steps, lossless_json.loads(exchange.answer.body))
            found.setdefault(endpoint.name, set()).update(".".join(path) for path in lists if not vendor.reads(endpoint, path))
    return {name: tuple(sorted(paths)) for name, paths in found.items() if paths}


def _beside(steps: tuple[str, ...], answer: Any) -> Iterator[tuple[str, ...]]:
    """Give the paths of non-empty lists of maps on the way to the records."""
    for depth in range(len(steps)):
        level = walk(answer, steps[:depth])
        for name, value in level.items() if isinstance(level, Mapping) else ():
            if name != steps[depth] and _is_list_of_maps(value):
                yield (*steps[:depth], name)


def _is_list_of_maps(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)
