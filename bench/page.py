"""Where the microseconds of a page go: what the engine does with an answer, step by step, and the answer's way through aiohttp alone.

The steps are timed by themselves and never wait; what is left of the whole is sending, the limits and the loop.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp

from bench.habeas import measure
from bench.server import SIZE
from engine.core.trail import Trail
from engine.runner import client, list_reader, store
from engine.sink import Table

ROUNDS = 7
STEPS: tuple[tuple[str, Any, str], ...] = (
    ("split into records, checked", client, "read"),
    ("keys and bytes digested, doubles found", Trail, "take"),
    ("records and lines written, sha256 of the file", Table, "write"),
    ("the line in the list of pages, sha256 of the answer", store, "_page_line"),
    ("the next request", list_reader, "follow"),
)


async def bare(address: str, pages: int) -> float:
    """Read the same pages as bytes through aiohttp, and do nothing with them; gives the CPU seconds."""
    began = time.process_time()
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer t"}) as session:
        for number in range(pages):
            async with session.get(f"{address}/v1/list", params={"pages": str(pages), "after": str(number)}) as answer:
                await answer.read()
    return time.process_time() - began


def timed(name: str, call: Callable[..., Any], spent: Counter[str]) -> Callable[..., Any]:
    """Count the CPU seconds of a call."""

    def calling(*given: Any, **named: Any) -> Any:
        began = time.thread_time()
        try:
            return call(*given, **named)
        finally:
            spent[name] += time.thread_time() - began

    return calling


def once(address: str, pages: int) -> tuple[float, Counter[str]]:
    """Fetch a list with a total; gives all CPU seconds, and those of each step."""
    spent = Counter[str]()
    with ExitStack() as stack, tempfile.TemporaryDirectory() as out:
        for name, place, attribute in STEPS:
            stack.enter_context(mock.patch.object(place, attribute, timed(name, getattr(place, attribute), spent)))
        whole = asyncio.run(measure("total", pages, address, Path(out) / "run"))["cpu"]
    return whole, spent


def steps(address: str, pages: int) -> Iterator[tuple[str, float]]:
    """Give the microseconds of a page for each step; the last is the way through aiohttp alone.

    The least of several rounds: what else runs on the machine only adds. What a run of one page costs is taken off.
    """
    found = [once(address, pages) for _ in range(ROUNDS)]
    single = [once(address, 1) for _ in range(ROUNDS)]

    def micro(of: Callable[[tuple[float, Counter[str]]], float]) -> float:
        return (min(map(of, found)) - min(map(of, single))) / (pages - 1) * 1e6

    for name, _, _ in STEPS:
        yield name, micro(lambda one, name=name: one[1][name])  # type: ignore[misc]
    yield "sending, limits, the loop, aiohttp", micro(lambda one: one[0] - sum(one[1].values()))
    yield "all of it", micro(lambda one: one[0])
    yield "bytes through aiohttp, undecoded", min(asyncio.run(bare(address, pages)) for _ in range(ROUNDS)) / pages * 1e6


def rows(address: str, pages: int) -> Iterator[tuple[str, str, str, str, str]]:
    """Give them as rows of `make bench`."""
    for name, spent in steps(address, pages):
        yield f"a page of {SIZE} records: {name}", f"{spent:.0f} us", f"{spent / SIZE:.2f} us a record", "", "(none)"
