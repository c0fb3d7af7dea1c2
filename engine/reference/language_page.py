"""The parts of docs/language.md that derive from the code: words from the model, constants from where they act."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, get_args

import yaml

from engine.core.envelope import MOST_VALUES
from engine.core.file_check import LARGEST_FILE, SLACK
from engine.core.retry import Patience
from engine.core.sizes import size_text
from engine.core.trail import MOST_EMPTY
from engine.core.vendor_address import MOST_REDIRECTS
from engine.language.expressions.template import IDENTIFIERS, TEXT_FORMS, TIME_FORMS
from engine.language.model import spec as m
from engine.language.model.placement import PLACES, words_of
from engine.language.model.refusals import TokenMeans
from engine.language.model.words import Means
from engine.language.rules.lint import MOST_SLICES
from engine.language.schema import described
from engine.language.text.document import MOST_BYTES
from engine.net.limiter import IN_FLIGHT
from engine.net.transport import LARGE, MOST_HEADER, Limits
from engine.runner.list_reader import MOST_RESTARTS
from engine.runner.listing import MOST_PAGES


def words() -> str:
    """Write one table per place, each word once: where it is first defined."""
    return "\n\n".join("\n".join([f"### {title[0].upper()}{title[1:]}", "", HEAD, *_rows(place)]) for title, place in PLACES)


HEAD = "| word | | as it is written | meaning |\n|---|---|---|---|"


def _rows(place: type[m.Words]) -> Iterator[str]:
    told = described(place)
    above = m.Defaults if place is m.Spec else m.RequestSpec
    if place is m.RateLimits:
        yield _row("*a name*", "", told["additionalProperties"])
    for word, field in words_of(place).items():
        same = words_of(above).get(word) if place is not above and issubclass(place, m.Defaults) else None
        if same is None or same.description != field.description:
            yield _row(f"`{word}`", "required" if field.is_required() else "", told["properties"][word])


def _row(word: str, need: str, told: dict[str, Any]) -> str:
    return f"| {word} | {need} | {_written(told)} | {told['description']} |"


def _written(told: dict[str, Any]) -> str:
    """Show a word's examples, else the values of which it has one."""
    default = told.get("default")
    shown = (f"`{flow(one)}`{' (default)' if one == default else ''}" for one in told.get("examples") or told.get("enum", ()))
    return ", ".join(shown) or "below"


def constants() -> str:
    """Write what the engine decides, not the spec."""
    patience, limits = Patience(), Limits()
    rows = (
        ("a spec", f"at most {MOST_BYTES // 2**10} KiB"),
        ("the slices of a window", f"at most {MOST_SLICES:,}"),
        ("the pages of a look-up, and of `discover`", f"at most {MOST_PAGES:,}"),
        ("a connection is made within", f"{limits.connect:.0f} s"),
        ("an answer's next bytes come within", f"{limits.read:.0f} s"),
        ("a whole answer comes within", f"{limits.total:.0f} s"),
        (
            "a page, unpacked",
            f"at most {limits.page // 2**20} MiB and {MOST_VALUES:,} values; over {LARGE // 2**20} MiB one by one",
        ),
        ("empty pages in a row", f"at most {MOST_EMPTY}"),
        ("requests under way", f"at most {IN_FLIGHT} per bucket"),
        ("a header of an answer", f"at most {MOST_HEADER // 2**10} KiB"),
        ("a file", f"its announced size, a tenth and {SLACK // 2**20} MiB; without one {size_text(LARGEST_FILE)} (`--largest-file`)"),
        ("redirects", f"at most {MOST_REDIRECTS}"),
        ("tries of one request", f"{patience.attempts} that fail, and {patience.queued} where the vendor asks to wait (429)"),
        ("tries of an answer that is not finished (`again`)", f"{patience.incomplete}, within {patience.incomplete_total:.0f} s"),
        ("patience with one request", f"{patience.total:.0f} s since it was first sent, waits for our own pace aside"),
        ("backoff", f"0 to {patience.wait_initial:.0f} s, doubled with each try, at most {patience.wait_max:.0f} s (full jitter)"),
        ("a list is read anew", f"at most {MOST_RESTARTS} times when its page token dies, once when it is shorter than announced"),
    )
    return "\n".join(["| what | value |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows)])


def names() -> str:
    """Write the lists of names that the language knows."""

    def listed(values: tuple[str, ...], form: str) -> str:
        return ", ".join(f"`{form.format(one)}`" for one in values)

    return "\n".join(
        (
            f"* identifiers: {listed(IDENTIFIERS, '<{}>')}; the window: `<FROM>`, `<TO>`; the top's `version`: `<VERSION>`",
            f"* forms of a text: {listed(TEXT_FORMS, '.{}')}; forms of a time: none (RFC 3339), {listed(TIME_FORMS, '.{}')}",
            f"* `means`: {listed(get_args(Means), '{}')}",
            f"* `means` in `oauth2.refusals`: {listed(get_args(TokenMeans), '{}')}",
        )
    )


def flow(value: Any, *, inside: bool = False) -> str:
    """Write a value as YAML on one line, a text in quotes only where it needs them. `inside`: of a map or list."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(name, inside=True)}: {flow(one, inside=True)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(one, inside=True) for one in value) + "]"
    return _text(value, inside=inside) if isinstance(value, str) else json.dumps(value)


@lru_cache(maxsize=4096)
def _text(value: str, *, inside: bool) -> str:
    try:
        read = yaml.load(f"[{value}]" if inside else value, yaml.BaseLoader)  # noqa: S506  # it makes texts, and nothing else
    except yaml.YAMLError:
        read = None
    return value if read == ([value] if inside else value) else json.dumps(value, ensure_ascii=False)
