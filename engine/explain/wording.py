"""The spec's values in words: limits, spans of time, places in an address. No sentence of a page stands here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from engine.explain.blocks import Code, Line, joined
from engine.spec.duration import Duration
from engine.spec.effective import Endpoint
from engine.spec.rate import Rate
from engine.spec.template import IDENTIFIERS, TIMES, Field, Hole, Template

NAMES = {"EMAIL": "e-mail address", "PHONE": "phone number", "USERNAME": "user name"}
PERIODS = {1.0: "second", 60.0: "minute", 3600.0: "hour", 86400.0: "day"}
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def counted(number: int, what: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


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
    """Write a limit: 30 per second, 10 at once, 50 per minute for each request line."""
    if rate.seconds is None:
        words = f"{rate.count:,} at once"
    elif rate.seconds in PERIODS:
        words = f"{rate.count:,} per {PERIODS[rate.seconds]}"
    else:
        words = f"{rate.count:,} in {span_words(Duration(seconds=int(rate.seconds)))}"
    return words + (" for each request line" if rate.each else "")


def rates_words(rates: Iterable[Rate]) -> str:
    """Write the limits of a bucket; all of them hold at once."""
    return " and ".join(rate_words(rate) for rate in rates) or "no limit declared"


def braced(template: Template) -> str:
    """Show an address or a text with its values in braces, as vendors print them: /users/{USER_ID}."""
    return "".join(part if isinstance(part, str) else f"{{{str(part)[1:-1]}}}" for part in template.parts)


def request_line(endpoint: Endpoint) -> str:
    """Show method and whole address."""
    return f"GET {braced(endpoint.address)}"


def value_words(part: Hole | Field) -> str:
    """Name a value in plain words: user id, e-mail address."""
    return NAMES.get(part.name) or part.name.rpartition(".")[2].replace("_", " ").lower()


def asked_by(endpoint: Endpoint) -> Line:
    """Say by which values of the person something is asked; () where it is asked by none."""
    own = {name for row in endpoint.rows for name, _ in row}
    names = dict.fromkeys(value_words(hole) for hole in sent(endpoint) if hole.name not in own and hole.name not in TIMES)
    return (" by " + " and ".join(names),) if names else ()


def identifiers(endpoint: Endpoint) -> tuple[str, ...]:
    """Name what a look-up finds people by, in plain words."""
    return tuple(dict.fromkeys(value_words(hole) for hole in sent(endpoint) if hole.name in IDENTIFIERS))


def sent(endpoint: Endpoint) -> Iterator[Hole]:
    """Give the values that a request carries; those that its answer is only compared with are none of them."""
    templates = (endpoint.address, *(one for _, one in endpoint.headers), *(one for _, values in endpoint.params for one in values))
    return (hole for template in templates for hole in template.holes())


def scopes(entries: Iterable[frozenset[str]]) -> Line:
    """Name the scopes of which any entry is enough; several in one entry are needed together."""
    texts = [" and ".join(sorted(entry)) for entry in entries]
    return joined(texts) if texts else ("none",)


def codes(texts: Iterable[str]) -> tuple[Line, ...]:
    """Give each text as a line of its own."""
    return tuple((Code(text),) for text in texts)
