"""Decide which texts of a recording may stay as they are; every other one is replaced. Reads the spec, never the person.

A text stays if it is a word of the spec or a public word of the trade, a small number, a year, a time of day, or a moment that a
request asks by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct, field

from engine.anonymise.spec_patterns import MixedText, mixed_of
from engine.anonymise.text_shape import CLOCK, CODE_WORDS, HOST, PUBLIC, TOPS
from engine.core.plan import endpoint_windows
from engine.core.scopes import named_scopes
from engine.core.secret_patterns import pieces
from engine.core.window import FORMS, form
from engine.language.effective import Endpoint, Vendor
from engine.language.expressions import lossless_json
from engine.language.expressions.template import TIMES, Template
from engine.language.model.body import texts

SMALL = re.compile(r"-?[0-9]{1,3}(?:\.0)?|(?:19[7-9]|20[0-9])[0-9]")
COUNT = re.compile(r"[0-9]{1,6}")
QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"|`\"?([^`\"]*)\"?`")
NAME = re.compile(r"[@$_]{0,2}[A-Za-z][A-Za-z0-9]*(?:[_.:-]+[A-Za-z0-9]+)*_{0,2}")
LONGEST_NAME = 64
MOST_TURNS = 4
ENOUGH_TEXT = 2


class Kept(Struct):
    """What may stay.

    `texts` are whole values, `words` single words in lower case, `names` what the spec reads or sends by name, `fields` the names
    of fields that `discover` found, `counting` the parameters that the engine counts in.
    """

    vendor: Vendor
    texts: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    counting: set[str] = field(default_factory=set)
    mixed: list[MixedText] = field(default_factory=list)
    settled: bool = False

    def settle(self, tells: Callable[[str], bool]) -> None:
        """End the first walk: discovered names for which `tells` is true (they hold a person's value) do not stay."""
        self.fields, self.settled = {one for one in self.fields if not tells(one)}, True

    def text(self, text: str) -> bool:
        """Whether a text may stay, wherever it stands."""
        if (
            text in self.texts
            or text in self.fields
            or not any(char.isalnum() for char in text)
            or SMALL.fullmatch(text)
            or CLOCK.fullmatch(text)
        ):
            return True
        return CODE_WORDS.fullmatch(text) is not None and not text.isdigit() and all(self.word(one) for one in pieces(text))

    def word(self, word: str) -> bool:
        """Whether a word in lower case is one of the spec or a public one."""
        return word in PUBLIC or word in self.words or (word.isdigit() and len(word) < ENOUGH_TEXT)

    def name(self, name: str) -> bool:
        """Whether the name of a JSON member looks like a field's and not like data: spelt like an identifier, with few digits."""
        if name in self.names or self.text(name):
            return True
        turns = len(re.findall(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", name))
        few = sum(char.isdigit() for char in name) <= MOST_TURNS and turns <= MOST_TURNS
        return (
            bool(NAME.fullmatch(name))
            and len(name) <= LONGEST_NAME
            and few
            and not (HOST.fullmatch(name) and name.rpartition(".")[2] in TOPS)
        )

    def host(self, host: str) -> bool:
        """Whether a host is one of the spec's, or the domain above one."""
        return host in self.texts or ("." in host and any(one.endswith(f".{host}") for one in self.vendor.hosts))

    def under(self, host: str) -> str | None:
        """Give the `.suffix` of the spec's hosts that a host ends with, None where there is none."""
        return next((one for one in self.vendor.hosts if one.startswith(".") and host.endswith(one)), None)


def kept_by(vendor: Vendor, started: datetime, narrow: datetime | None) -> Kept:
    """Collect what may stay by the spec, for a run that began at `started` and was narrowed to `narrow` by `--since` (or None)."""
    kept = Kept(vendor)
    public(kept, [vendor.name, vendor.title, *(host for host in vendor.hosts if not host.startswith("."))])
    public(kept, vendor.endpoints)
    for moment in (started, narrow):
        kept.texts.update(form(moment, name) for name in FORMS if moment is not None)
    kept.names |= {"status", "code", "message", "id"}
    for endpoint in vendor.requests():
        _of_request(kept, endpoint)
        times = {"rfc3339", *(hole.form for hole in endpoint.holes() if hole.name in TIMES and hole.form)}
        for window in endpoint_windows(endpoint, started, narrow):
            kept.texts.update(form(moment, name) for moment in (window.start, window.end) for name in times)
    public(kept, [vendor.version] if vendor.version is not None else [])
    kept.texts |= {scope for scopes in vendor.families.values() for scope in scopes}
    kept.texts |= named_scopes(vendor)
    kept.mixed.sort(key=lambda one: one.literal, reverse=True)
    return kept


def public(kept: Kept, texts: Iterable[str]) -> None:
    """Let texts stay, and each of their words."""
    for text in texts:
        kept.texts.add(text)
        kept.words.update(pieces(text))


def _of_request(kept: Kept, endpoint: Endpoint) -> None:
    _addresses(kept, endpoint)
    public(kept, [value for row in endpoint.rows for _, value in row])
    public(kept, [code for rule in endpoint.refusals.rules for code in rule.code])
    kept.names |= {name for name, _ in endpoint.params} | {str(step) for path, _ in texts(endpoint.body) for step in path}
    public(kept, [name for name, _ in endpoint.params])
    for _, template in (*endpoint.headers, *endpoint.match, *endpoint.echo):
        _template(kept, template)
    for template in (*(one for _, several in endpoint.params for one in several), *(one for _, one in texts(endpoint.body))):
        _template(kept, template, endpoint.quotes, query=True)
    if endpoint.pagination is not None:
        _pages(kept, endpoint.pagination)
    for path in _paths(endpoint):
        public(kept, [one for found in QUOTED.findall(path) for one in found if one])
        kept.names.update(re.findall(r"[A-Za-z_]\w*", QUOTED.sub(" ", path)))


def _addresses(kept: Kept, endpoint: Endpoint) -> None:
    """Let the words of an address stay. A segment that holds values becomes a pattern, so that only the values are replaced."""
    segments: list[list[Any]] = [[]]
    for part in endpoint.address.parts:
        if not isinstance(part, str):
            segments[-1].append(part)
            continue
        first, *others = part.split("/")
        segments[-1].append(first)
        segments += [[one] for one in others]
    whole = str(endpoint.address).startswith("https://")
    for segment in segments[3 if whole else 1 :]:
        if all(isinstance(one, str) for one in segment):
            public(kept, [unquote("".join(map(str, segment)))])
        else:
            _template(kept, Template(tuple(one if not isinstance(one, str) else unquote(one) for one in segment if one != "")))
    host = urlsplit(str(endpoint.address.parts[0])).hostname if endpoint.address.parts else None
    if host:
        kept.texts.add(host)


def _template(kept: Kept, template: Template, quotes: str | None = None, *, query: bool = False) -> None:
    literals = [one for one in template.parts if isinstance(one, str)]
    if len(literals) == len(template.parts):
        public(kept, ["".join(literals)])
    elif sum(char.isalnum() for one in literals for char in one) >= ENOUGH_TEXT:
        public(kept, [word for one in literals for word in re.findall(r"\w+", one)])
        kept.mixed.append(mixed_of(template, quotes, query=query))


def _pages(kept: Kept, pagination: Any) -> None:
    names = [*(pagination.page or {}), *(pagination.size or {}), pagination.offset, pagination.param]
    for name in (one for one in names if one):
        kept.names.add(name)
        kept.names.add(name.rpartition(".")[2])
    for name in (*(pagination.page or {}), *(pagination.size or {}), *([pagination.offset] if pagination.offset else [])):
        kept.counting.add(name.rpartition(".")[2])
        kept.counting.add(quote(name, safe=""))
    kept.texts.update(str(number) for number in (*(pagination.page or {}).values(), *(pagination.size or {}).values()))


def _paths(endpoint: Endpoint) -> Iterator[str]:
    """Give every expression that reads an answer of a request."""
    page, refusals = endpoint.pagination, endpoint.refusals
    selects: list[Any] = [endpoint.records, endpoint.key, refusals.code, refusals.message, refusals.refused]
    selects += [page.cursor, page.link, page.more, page.total] if page is not None else []
    selects += [select for _, select in endpoint.capture] + [select for select, _ in (*endpoint.match, *endpoint.echo)]
    selects += [*(endpoint.fields or ()), *([endpoint.licence[1]] if endpoint.licence else [])]
    selects += [one for rule in endpoint.files for one in (rule.address, rule.each, rule.size)]
    yield from (select.text for select in selects if select is not None)
    yield from (".".join(one.path) for one in endpoint.parents())


def needed(kept: Kept, endpoints: Iterable[Endpoint], body: Any, *, refused: bool) -> dict[str, str]:
    """Let an answer's total stay, and a refusal's code. Gives each message with its replacement: the words that rules look for."""
    messages: dict[str, str] = {}
    for endpoint in endpoints:
        if endpoint.name in kept.vendor.discover and not kept.settled:
            kept.fields.update(one for one in _found(endpoint, body) if NAME.fullmatch(one) and kept.name(one))
        page, refusals = endpoint.pagination, endpoint.refusals
        total = lossless_json.text_of(page.total.search(body)) if page is not None and page.total is not None else None
        if total is not None and COUNT.fullmatch(total):
            kept.texts.add(total)
        truthy = refusals.refused is not None and refusals.refused.search(body) not in (None, False, [], {}, "")
        if not (refused or truthy):
            continue
        code = lossless_json.text_of(refusals.code.search(body)) if refusals.code is not None else None
        if code is not None and COUNT.fullmatch(code):
            kept.texts.add(code)
        message = refusals.message.search(body) if refusals.message is not None else None
        if isinstance(message, str):
            found = {rule.message for rule in refusals.rules if rule.message and rule.message.casefold() in message.casefold()}
            if found:
                messages[message] = ". ".join(sorted({*found, *messages.get(message, "").split(". ")} - {""}))
    return messages


def _found(endpoint: Endpoint, body: Any) -> Iterator[str]:
    """Give the names in the lists that `discover` captures: the account's own fields."""
    records = endpoint.records.search(body) if endpoint.records is not None else body
    for record in records if isinstance(records, list) else [records]:
        for _, select in endpoint.capture:
            value = select.search(record)
            listed = value if isinstance(value, list) else value.split(",") if isinstance(value, str) and "," in value else []
            yield from (one for one in listed if isinstance(one, str))
