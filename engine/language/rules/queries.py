"""Lint rules for values inside longer texts: query languages (`quotes`), patterns, and GraphQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.language.effective import Endpoint
from engine.language.expressions.quoting import Unsafe, enclosed, patterned, written
from engine.language.expressions.template import TIMES, Field, Hole, Template
from engine.language.model import spec as m
from engine.language.rules.lint_context import LintContext, written_texts
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake

WRITES = {"mutation", "subscription"}
WORD = re.compile(r'"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*|[{}]|[A-Za-z_][A-Za-z0-9_]*')


def query_rules(context: LintContext) -> Iterator[Mistake]:
    """A value stays in its place inside a longer text."""
    for path, endpoint, own in context.requests():
        queries = dict(_graphql(path, own))
        for place, template in written_texts(path, own):
            if place in queries:
                yield from _only_reads(context, place, template)
            elif template.whole is None:
                yield from _enclosed(context, place, endpoint, template)


def _enclosed(context: LintContext, place: Path, endpoint: Endpoint, template: Template) -> Iterator[Mistake]:
    values = list(enclosed(template))
    quoted = next((part for part, quote in values if quote), None)
    if values and patterned(template):
        words = "a value stands in a pattern, where `%`, `_` or `*` in it would stand for anything"
        yield context.mistake(words, place, "compare with = instead, and let `match` sift the answer", part=values[0][0])
    elif quoted is not None and endpoint.quotes is None:
        hint = "write `quotes: backslash`, `double` or `refuse`: how this vendor's query language writes a quote inside quotes"
        yield context.mistake(f"`{quoted}` stands between quotes, and `quotes` is missing", place, hint, part=quoted)
    elif values and _escapes(template, endpoint.quotes):
        hint = "write the text without it: only with `quotes: backslash` is it known what it does, and before a value it would change that"
        yield context.mistake("a `\\` stands in a text in which values stand between quotes", place, hint)
    for part, quote in values:
        yield from _authored(context, place, endpoint, part, quote)


def _escapes(template: Template, quotes: str | None) -> bool:
    """Whether a backslash of the author's own could make a quote of a value end its place."""
    texts = [part for part in template.parts if isinstance(part, str)]
    if quotes == "backslash":
        return any((len(one) - len(one.rstrip("\\"))) % 2 for one in texts)
    return any("\\" in one for one in texts) and any(char in one for one in texts for char in "'\"")


def _authored(context: LintContext, place: Path, endpoint: Endpoint, part: Hole | Field, quote: str) -> Iterator[Mistake]:
    """What `for` gives is known now, so it is tried now."""
    values = [value for row in endpoint.rows for name, value in row if isinstance(part, Hole) and name == part.name and name not in TIMES]
    for value in values:
        try:
            written(value, quote, endpoint.quotes)
        except Unsafe as error:
            yield context.mistake(f"`{value}` cannot stand in the place of `{part}`: it {error}", place, "put quotes around the value")


def _graphql(path: Path, own: m.RequestSpec) -> Iterator[tuple[Path, Template]]:
    """Give the texts of GraphQL queries: the member `query` of a body, or of each of its elements."""
    listed = own.body if isinstance(own.body, list) else [own.body]
    for index, element in enumerate(listed):
        query = element.get("query") if isinstance(element, Mapping) else None
        if isinstance(query, Template) and "{" in str(query):
            yield (*path, "body", *((index,) if listed is own.body else ()), "query"), query


def _only_reads(context: LintContext, place: Path, query: Template) -> Iterator[Mistake]:
    value = next((part for part in query.parts if not isinstance(part, str)), None)
    if value is not None:
        hint = "declare a variable in the query, such as `query ($email: String!)`, and give it under `variables`"
        yield context.mistake(f"`{value}` stands in the text of a GraphQL query, where it could change it", place, hint, part=value)
    if WRITES & set(_definitions("".join(part for part in query.parts if isinstance(part, str)))):
        yield context.mistake("a GraphQL `mutation` or `subscription`: a spec only reads", place, "write a `query`")


def _definitions(text: str) -> Iterator[str]:
    """Give the word with which each definition of a GraphQL document begins (GraphQL, October 2021, section 2.2)."""
    depth, begins = 0, True
    for word in WORD.findall(text):
        if word in ("{", "}"):
            depth += 1 if word == "{" else -1
            begins = depth == 0
        elif begins and depth == 0 and word[0] not in ("#", '"'):
            begins = False
            yield word
