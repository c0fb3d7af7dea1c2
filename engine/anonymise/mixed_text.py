"""Longer texts of a spec with values in them, such as queries: the values are found again, and others are written in their places."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.language.expressions.quoting import enclosed, written
from engine.language.expressions.template import Template

ANY = "(.+?)"
BARE = r"([^\s'\"]+?)"
INSIDE = {"backslash": r"((?:[^{0}\\]|\\.)+?)", "double": r"((?:[^{0}]|{0}{0})+?)"}
PLAIN = "([^{0}]+?)"


@dataclass(frozen=True)
class Mixed:
    """One text: the pattern, what stands around the values (None is a value), the quote that each stands in, and how quotes are written."""

    pattern: re.Pattern[str]
    parts: tuple[str | None, ...]
    quotes: tuple[str, ...]
    way: str | None

    @property
    def literal(self) -> int:
        """How much of it is written out: what says more is tried first."""
        return sum(len(part) for part in self.parts if part is not None)

    def read(self, text: str) -> list[str] | None:
        """Give the values that stand in a text, without what quoting added; None where the text is another one."""
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        return [_bare(one, quote, self.way) for one, quote in zip(found.groups(), self.quotes, strict=True)]

    def write(self, values: list[str]) -> str:
        """Write values between what stands around them. Raises Unsafe where one would leave its place."""
        made = iter(written(one, quote, self.way) if quote else one for one, quote in zip(values, self.quotes, strict=True))
        return "".join(next(made) if part is None else part for part in self.parts)


def mixed_of(template: Template, quotes: str | None, *, query: bool) -> Mixed:
    """Make the pattern of a text; in a `query` a value that stands bare is one word, elsewhere it may be anything."""
    around = tuple(quote for _, quote in enclosed(template)) if query else ("",) * sum(not isinstance(one, str) for one in template.parts)
    ways = iter(around)
    pattern = "".join(re.escape(part) if isinstance(part, str) else _value(next(ways), quotes, query=query) for part in template.parts)
    parts = tuple(part if isinstance(part, str) else None for part in template.parts)
    return Mixed(re.compile(pattern, re.DOTALL), parts, around, quotes)


def _value(quote: str, way: str | None, *, query: bool) -> str:
    if not quote:
        return BARE if query else ANY
    return INSIDE.get(way or "", PLAIN).replace("{0}", quote)


def _bare(value: str, quote: str, way: str | None) -> str:
    if quote and way == "backslash":
        return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
    return value.replace(quote * 2, quote) if quote and way == "double" else value
