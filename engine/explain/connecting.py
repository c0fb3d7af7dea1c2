"""The first sections of an integration page (credentials, scopes, the connection's own requests, limits), and values of a spec in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from engine.core.retry import Patience
from engine.core.scopes import needed_scopes
from engine.explain.blocks import Heading, Inline, InlineCode, Items, Line, PageBlock, Paragraph, Strong, TableBlock, joined, prose
from engine.language.effective import Endpoint, Vendor
from engine.language.expressions.template import IDENTIFIERS, Template, parse_template
from engine.language.model.units import Duration, Rate
from engine.language.text.mistakes import counted

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


def every_scope(vendor: Vendor) -> frozenset[str]:
    """Give every scope that a spec names."""
    return frozenset(scope for one in vendor.requests() for entry in one.granted_by for scope in entry).union(*vendor.families.values())


def capital(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]


def codes(texts: Iterable[str]) -> tuple[Line, ...]:
    """Give each text as a line of its own."""
    return tuple((InlineCode(text),) for text in texts)


GRANTS = {
    "authorization_code": "OAuth 2.0 with the authorization code grant: somebody who may decide for the account consents in the browser",
    "client_credentials": "OAuth 2.0 with the client credentials grant: the app proves itself, nobody is asked for consent",
    "account_credentials": "OAuth 2.0 with the vendor's account credentials grant: an app of the account proves itself, nobody is asked",
}
RENEWED = {
    True: "The refresh token flow keeps the connection alive: when an access token expires, Habeas gets a new one with the refresh token, "
    "stores it, and only then uses it. Nobody has to consent again.",
    False: "When an access token expires, Habeas gets a new one in the same way. Nothing has to be done to keep the connection alive.",
}
DEFAULT_SHARE = 75


def connecting(vendor: Vendor) -> Iterator[PageBlock]:
    """Write the section on authentication and authorization."""
    yield Heading(2, "Authentication and authorization")
    yield Heading(3, "Credentials")
    yield Items(tuple(_credentials(vendor)))
    if vendor.auth.instructions:
        yield Heading(3, "Where to get the credentials")
        yield Items(tuple(prose(step, every_scope(vendor)) for step in vendor.auth.instructions), numbered=True)
    yield from _scopes(vendor)
    yield Heading(3, "Endpoints utilized by the connection")
    yield TableBlock("What connecting, and staying connected, asks", ("Purpose", "Request"), tuple(_addresses(vendor)))


def _credentials(vendor: Vendor) -> Iterator[Line]:
    oauth2, command = vendor.auth.oauth2, InlineCode(f"habeas connect {vendor.name}")
    below = " Where to get that is described below." if vendor.auth.instructions else ""
    if oauth2 is not None:
        needed = "The client ID" if oauth2.client_auth == "none" else "The client ID and the client secret"
        needed += " and the account ID" if oauth2.grant == "account_credentials" else ""
        yield (f"{vendor.title} is connected by {GRANTS[oauth2.grant]}.",)
        yield (
            f"{needed} of an app at {vendor.title} are what ",
            command,
            f" asks for; what is typed is not shown.{below}",
        )
        yield (RENEWED[oauth2.grant == "authorization_code"],)
    if vendor.auth.headers:
        names = joined(vendor.auth.headers, "and")
        yield (f"{vendor.title} can be connected by a key, sent in the header ", *names, ". ", command, f" asks for it unseen.{below}")
    if vendor.auth.basic is not None:
        yield (f"{vendor.title} can be connected by a key, sent by HTTP Basic. ", command, f" asks for it unseen.{below}")
    for name, meaning in vendor.settings.items():
        yield ("Asked for besides, and no secret: ", InlineCode(name), ", ", *prose(meaning))
    yield (
        f"Whoever holds these credentials can read what they allow at {vendor.title}: a third party too, if they become public. ",
        "Habeas keeps them encrypted (AES-256-GCM; with ",
        InlineCode("--insecure-storage"),
        " it does not), in files that only their owner can open, and sends them to ",
        *joined((f"*{host}" if host.startswith(".") else host for host in vendor.hosts), "and"),
        " only.",
    )


def _scopes(vendor: Vendor) -> Iterator[PageBlock]:
    families = _families(vendor)
    if not families:
        return
    yield Heading(3, "Scopes")
    several = len(vendor.families) > 1
    choice = f" An app holds one family of scopes: {' or '.join(families)}." if several else ""
    yield Paragraph(
        (
            f"{vendor.title} answers only what a scope allows. You approve the scopes when you set up the app or connect it; ",
            f"they let Habeas read the objects that an access request needs.{choice}",
        )
    )
    further = [one for one in vendor.endpoints.values() if one.optional]
    if further:
        yield Paragraph((Strong("Could also be asked for"), ": what an app without these scopes leaves out, and says so."))
        yield Items(tuple((Strong(capital(one.title)), ": ", *scopes(one.granted_by)) for one in further))
    for family, listed in families.items():
        if family:
            yield Paragraph((Strong(f"{family.capitalize()} scopes"),))
        yield Items(codes(listed))


def _families(vendor: Vendor) -> Mapping[str, tuple[str, ...]]:
    """Give the scopes by family; where the spec lists none, the first alternative of each request; {} for a vendor without scopes."""
    needed = needed_scopes(vendor)
    return vendor.families or ({"": needed} if needed else {})


def _addresses(vendor: Vendor) -> Iterator[tuple[Line, Line]]:
    oauth2 = vendor.auth.oauth2
    if oauth2 is not None:
        if oauth2.authorization_url is not None:
            yield ("Request authorization",), (InlineCode(f"GET {opened(oauth2.authorization_url)}"),)
        renew = "Get and refresh the access token" if oauth2.grant == "authorization_code" else "Get the access token, each time anew"
        yield (renew,), (InlineCode(f"POST {opened(oauth2.token_url)}"),)
        if oauth2.revocation_url is not None:
            yield ("Revoke the token when the connection is removed",), (InlineCode(f"POST {opened(oauth2.revocation_url)}"),)
    what = "Verify the connection and its access to the requested scopes" if _families(vendor) else "Verify the connection"
    yield (what,), (InlineCode(request_line(vendor.verify)),)


def version(vendor: Vendor) -> Iterator[PageBlock]:
    """Write the section on the version of the API."""
    yield Heading(2, "Version")
    if vendor.version is None:
        yield Paragraph((f"{vendor.title}'s API has no version that is asked for.",))
        return
    number = vendor.version[1:] if vendor.version[:1] == "v" and vendor.version[1:].isdigit() else None
    words: Line = (f"version {number} (", InlineCode(vendor.version), ")") if number else ("version ", InlineCode(vendor.version))
    yield Paragraph((f"Habeas uses {vendor.title}'s API in ", *words, "."))


def limits(vendor: Vendor) -> Iterator[PageBlock]:
    """Write the section on limits: what the vendor allows, and what happens beyond it."""
    patience = Patience()
    yield Heading(2, "Limits")
    yield Paragraph(
        (
            f"{vendor.title} limits how many requests one account may make in a period of time. Beyond that, a request fails with ",
            InlineCode("HTTP 429"),
            f". Habeas keeps below the limits: it uses {DEFAULT_SHARE} % of them, or what ",
            InlineCode("--share"),
            " says.",
        )
    )
    lines: list[Line] = [
        ("A 429 interrupts the requests that share the limit; what was received is kept.",),
        (
            "Habeas waits as long as the answer says, else with exponential backoff: up to ",
            f"{patience.wait_initial:.0f} second at first, doubled each time, up to {patience.wait_max:.0f} seconds. Then it asks again, ",
            f"for {patience.total / 60:.0f} minutes in all.",
        ),
    ]
    if any(rule.means == "exhausted" for one in vendor.requests() for rule in one.refusals.rules):
        lines.append(("A limit that is used up for longer, such as a day's, ends the run at once, and the result says when it can go on.",))
    if any(one.points is not None for one in vendor.requests()):
        lines.append(("Its answers tell how much of the limit is left: Habeas waits until the next request fits in.",))
    yield Items(tuple(lines))
    yield from _declared(vendor)


def _declared(vendor: Vendor) -> Iterator[PageBlock]:
    buckets = dict.fromkeys(bucket for plan in vendor.plans.values() for bucket, rates in plan.items() if rates)
    if not buckets:
        yield Paragraph(("No number is declared here: what the answers tell is obeyed.",))
        return
    plans = tuple(vendor.plans)
    head = tuple(plans) if plans != ("",) else ("Requests",)
    rows = tuple(
        (
            (InlineCode(bucket),) if bucket != "all" else ("every request",),
            *((rates_words(vendor.plans[plan].get(bucket, ())),) for plan in plans),
        )
        for bucket in buckets
    )
    yield TableBlock("Limits by kind of request" + (" and plan of the account" if len(plans) > 1 else ""), ("Kind", *head), rows)
    if len(plans) > 1:
        command = InlineCode(f"habeas connect {vendor.name} --plan {plans[1]}")
        yield Paragraph(("The first plan is assumed; ", command, " says otherwise."))
