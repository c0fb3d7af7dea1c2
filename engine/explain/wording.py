"""Values of a spec in words, for pages and graphs: limits, spans of time, request lines, identifiers, scopes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from engine.explain.blocks import Inline, InlineCode, Line, joined
from engine.language.effective import Endpoint
from engine.language.expressions.template import IDENTIFIERS, Template, parse_template
from engine.language.model.units import Duration, Rate
from engine.language.text.wording import counted

NAMES = {"EMAIL": "e-mail address", "PHONE": "phone number", "USERNAME": "user name"}
PERIODS = {1.0: "second", 60.0: "minute", 3600.0: "hour", 86400.0: "day"}
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def span_words(span: Duration) -> str:
    """Write a span of time: 28 days, 6 months."""
    if span.months:
        return counted(span.months, "month")
    unit, name = next((unit, name) for unit, name in UNITS if span.seconds % unit == 0)
    return counted(span.seconds // unit, name)


def since_words(since: Duration | date) -> str:
    """Say how far back a window reaches."""
    return f"since {since:%Y-%m-%d}" if isinstance(since, date) else f"of the last {span_words(since)}"


def rate_words(rate: Rate) -> str:
    """Write one limit: 30 per second, 10 at once, 50 per minute for each request line."""
    if rate.seconds is None:
        words = f"{rate.count:,} at once"
    elif rate.seconds in PERIODS:
        words = f"{rate.count:,} per {PERIODS[rate.seconds]}"
    else:
        words = f"{rate.count:,} in {span_words(Duration(seconds=int(rate.seconds)))}"
    return words + (" for each request line" if rate.each else "")


def rates_words(rates: Iterable[Rate]) -> str:
    """Write the limits of a bucket, which all hold at once."""
    return " and ".join(rate_words(rate) for rate in rates) or "no limit declared"


def braced(template: Template) -> str:
    """Show an address or a text with its values in braces, as vendors print them: /users/{USER_ID}."""
    return "".join(part if isinstance(part, str) else f"{{{str(part)[1:-1]}}}" for part in template.parts)


def opened(address: str) -> str:
    """Show an address with its values in braces, as vendors print them."""
    return braced(parse_template(address))


def request_line(endpoint: Endpoint) -> str:
    """Show method and whole address."""
    return f"{endpoint.method} {braced(endpoint.address)}"


def value_words(name: str) -> str:
    """Name a value in plain words: `<USER_ID>` is the user id."""
    return NAMES.get(name) or name.replace("_", " ").lower()


def asked_by(endpoint: Endpoint, values: Iterable[str]) -> Line:
    """Say by which values of the person a request asks, such as by user id; () where it sends none of them."""
    names = dict.fromkeys(value_words(name) for name in sent(endpoint) if name in {*IDENTIFIERS, *values})
    return (" by " + " and ".join(names),) if names else ()


def identifiers(lookups: Iterable[Endpoint]) -> str:
    """Name what the look-ups find people by: what they send, or what their `match` compares where a whole list is read."""
    found = (name for one in lookups for name in (*sent(one), *(hole.name for _, value in one.match for hole in value.holes())))
    return " or ".join(dict.fromkeys(value_words(name) for name in found if name in IDENTIFIERS))


def sent(endpoint: Endpoint) -> Iterator[str]:
    """Name the values that a request sends; not those that only its answer is compared with."""
    return (hole.name for template in endpoint.sent() for hole in template.holes())


def scopes(entries: Iterable[frozenset[str]]) -> Line:
    """List the scopes that each are enough, with or between them; scopes that are needed together have an and."""
    parts: list[Inline] = []
    for entry in entries:
        parts += [*([", or "] if parts else []), *joined(sorted(entry), "and")]
    return tuple(parts) or ("none",)


def capital(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]


def codes(texts: Iterable[str]) -> tuple[Line, ...]:
    """Give each text as a line of its own."""
    return tuple((InlineCode(text),) for text in texts)
