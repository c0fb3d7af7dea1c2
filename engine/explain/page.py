"""Make the integration page that a privacy team publishes from a spec, and from nothing else: the same spec gives the same page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

import engine
from engine.explain.blocks import (
    Heading,
    Hyperlink,
    Inline,
    InlineCode,
    Items,
    Line,
    Listing,
    PageBlock,
    Paragraph,
    Pointer,
    Strong,
    TableBlock,
    joined,
    prose,
)
from engine.explain.body_text import body_text
from engine.explain.connecting import (
    asked_by,
    braced,
    capital,
    connecting,
    every_scope,
    identifiers,
    limits,
    request_line,
    scopes,
    since_words,
    span_words,
    version,
)
from engine.language.effective import Endpoint, Vendor
from engine.language.model.spec import ContactWaySpec


def page(vendor: Vendor) -> tuple[PageBlock, ...]:
    """Give the whole page, block by block."""
    return tuple(_page(vendor))


def _page(vendor: Vendor) -> Iterator[PageBlock]:
    yield Heading(1, vendor.title)
    source: Line = (" Its API is described at ", Hyperlink(vendor.docs), ".") if vendor.docs else ()
    yield Paragraph((f"How Habeas connects to {vendor.title}, what it may read there, and what it fetches for an access request.", *source))
    yield from connecting(vendor)
    yield from version(vendor)
    yield from limits(vendor)
    yield from _access(vendor)
    yield from _deletion(vendor)
    yield Heading(2, "What this API cannot give, or is not asked")
    if vendor.gaps:
        yield Paragraph(("Stated in every result, so that nobody takes it for whole:",))
        yield Items(tuple(prose(gap, every_scope(vendor)) for gap in vendor.gaps))
    else:
        yield Paragraph((vendor.without_gaps,))
    yield Heading(2, "Disclaimer")
    yield Paragraph(
        (
            "This page describes a technical integration and is no legal advice. ",
            "Ask a lawyer before you rely on it or act upon it. What it says of the vendor may have changed since it was written.",
        )
    )
    file = PurePath(vendor.file).name or f"{vendor.name}.yaml"
    yield Paragraph(("Made by Habeas ", engine.__version__, " from ", InlineCode(file), ", sha256 ", InlineCode(vendor.sha256), "."))


def _access(vendor: Vendor) -> Iterator[PageBlock]:
    yield Heading(2, "Access")
    yield Heading(3, "Step by step")
    yield Items(tuple(_before(vendor)), numbered=True)
    yield Items(tuple(_step(vendor, one) for one in vendor.endpoints.values()))
    yield Paragraph(
        (
            "Of everything found, all available fields are returned, as the vendor sent them. ",
            InlineCode("--only"),
            " and ",
            InlineCode("--without"),
            " choose which objects and fields are provided, ",
            InlineCode("--since"),
            " how far back; the result says what was left out.",
        )
    )
    if "access" in vendor.direct_contact:
        said = f" A person's data can also be requested from {vendor.title} directly, by e-mail."
        yield Paragraph((Strong("Direct contact access."), said, *_asked_by_mail(vendor.direct_contact["access"])))
    yield Heading(3, "Endpoints utilized")
    yield _endpoints(vendor)
    yield from _searches(vendor)


def _before(vendor: Vendor) -> Iterator[Line]:
    """Describe the steps before the endpoints: how the person is found, and what happens otherwise."""
    if vendor.discover:
        *most, last = map(_belonging, vendor.discover.values())
        names = f"{', '.join(most)} and {last}" if most else last
        yield (f"Ask for what belongs to the account and not to a person: {names}. None of it is returned.",)
    whole = " It is found in the list of everybody." if all(one.directory for one in vendor.lookups) else ""
    yield (
        f"Check whether {vendor.title} knows a person by the data subject's {identifiers(vendor.lookups)}.{whole} ",
        *("What must agree in the answer: ", *_proof(vendor), "."),
    )
    several = "" if any(one.several for one in vendor.lookups) else ", or several do"
    yield (f"If nobody matches, nothing more is asked. If somebody else answers{several}, the run stops.",)
    every = " All records that are the person's are followed." if not several else ""
    yield (f"If the person matches, their own record is kept, and Habeas asks for what is listed here.{every}",)


def _proof(vendor: Vendor) -> Line:
    """List what is compared in the answer; where look-ups differ, with what: `login` for the user name, `email` for the e-mail address."""
    proofs: dict[str, dict[Line, None]] = {}
    for lookup in vendor.lookups:
        paths = joined(dict.fromkeys(select.text for select, _ in lookup.match), "and")
        proofs.setdefault(identifiers((lookup,)), {})[paths] = None
    parts: list[Inline] = []
    for asked, ways in proofs.items():
        parts += [", "] if parts else []
        for index, way in enumerate(ways):
            parts += [" or " if index else "", *way]
        parts += [f" for the {asked}"] if len(proofs) > 1 else []
    return tuple(part for part in parts if part != "")


def _step(vendor: Vendor, endpoint: Endpoint) -> Line:
    """Describe what an endpoint retrieves: of whom, how far back, of which kinds, which fields and files."""
    line: list[Inline] = ["Retrieve ", Strong(endpoint.title), *asked_by(endpoint, vendor.captured)]
    for parent in dict.fromkeys(field.endpoint for field in endpoint.parents()):
        line += [", once per record of ", _named(vendor, parent)]
    if endpoint.window is not None:
        line.append(f", {since_words(endpoint.window.since)}")
    if endpoint.rows != ((),):
        kinds = dict.fromkeys(" ".join(value for _, value in row) for row in endpoint.rows)
        line += [", for ", *joined(kinds, "and")]
    line.append(".")
    if endpoint.match:
        line += [" Kept is only what agrees in ", *joined((select.text for select, _ in endpoint.match), "and"), "."]
    if endpoint.fields is None:
        line.append(" It is only the way to what is asked next, and is not returned.")
    elif endpoint.fields:
        line += [" Returned are the fields ", *joined((select.text for select in endpoint.fields), "and"), "."]
    if endpoint.files:
        line += [" Files named in it are downloaded with ", InlineCode("--files"), "."]
    if endpoint.replaces is not None:
        line += [" It succeeds ", Strong(vendor.endpoints[endpoint.replaces].title), "; both are asked."]
    if endpoint.optional:
        line += [" Optional: it needs ", *scopes(endpoint.granted_by), "; without that it is left out, and the result says so."]
    return tuple(line)


def _named(vendor: Vendor, name: str) -> Strong:
    """Name the parent of a request that is sent once per record."""
    return Strong(vendor.endpoints[name].title if name in vendor.endpoints else _belonging(vendor.discover[name]))


def _belonging(one: Endpoint) -> str:
    """Name what `discover` finds: its title, else made from its name."""
    return one.title if one.title != one.name else f"the account's {one.name.replace('_', ' ')}"


def _endpoints(vendor: Vendor) -> TableBlock:
    asked, titles = tuple(_asked(vendor)), _titles(vendor)
    scoped, limited = any(one.granted_by for one in asked), any(one.bucket for one in asked)
    head = ("What", "Request", *(("Any one of these scopes",) if scoped else ()), *(("Limit",) if limited else ()))
    rows = tuple(
        (
            (titles[one.name],),
            (InlineCode(request_line(one)), *_query(one)),
            *((scopes(one.granted_by),) if scoped else ()),
            *(((InlineCode(one.bucket),) if one.bucket else ("",),) if limited else ()),
        )
        for one in asked
    )
    return TableBlock("What an access request asks", head, rows, tuple(f"asked-{one.name}" for one in asked))


def _asked(vendor: Vendor) -> Iterator[Endpoint]:
    """Give what an access request asks, in its order."""
    yield from vendor.discover.values()
    yield from vendor.lookups
    yield from vendor.endpoints.values()


def _titles(vendor: Vendor) -> dict[str, str]:
    """Name what each request is for."""
    persons: dict[str, str] = {}
    for lookup in vendor.lookups:
        words = f"The person by {identifiers((lookup,))}" if len(vendor.lookups) > 1 else "The person"
        persons[lookup.name] = words if words not in persons.values() else f"{words}, way {len(persons) + 1}"
    account = {name: capital(_belonging(one)) for name, one in vendor.discover.items()}
    return persons | account | {name: capital(one.title) for name, one in vendor.endpoints.items()}


def _query(endpoint: Endpoint) -> Line:
    pairs = [f"{name}={braced(one)}" for name, values in endpoint.params for one in values]
    searched = (", a search: it changes nothing",) if endpoint.method == "POST" else ()
    body = ("; ", Pointer(f"body-{endpoint.name}", "its body"), " stands below") if endpoint.body is not None else ()
    return (*((" with ", *joined(pairs, "and")) if pairs else ()), *searched, *body)


def _searches(vendor: Vendor) -> Iterator[PageBlock]:
    """Show the bodies of the searches, those of the verify call and of the person's requests."""
    titles = {vendor.verify.name: "Verify the connection"} | _titles(vendor)
    searches = [one for one in (vendor.verify, *_asked(vendor)) if one.body is not None]
    if not searches:
        return
    yield Heading(3, "What the searches send")
    yield Paragraph(("Each body is JSON, written here as YAML. ", InlineCode("<NAME>"), " stands for a value."))
    for search in searches:
        yield Listing((Strong(titles[search.name]), *_paged(search)), body_text(search.body), f"body-{search.name}")


def _paged(endpoint: Endpoint) -> Line:
    """Name the places of a body that pages are asked for in."""
    pages = endpoint.pagination
    if pages is None:
        return ()
    told = (*(pages.page or ()), *(pages.size or ()), *filter(None, (pages.param, pages.offset)))
    return (". Its pages are asked for in ", *joined(told, "and")) if told else ()


def _asked_by_mail(way: ContactWaySpec) -> Line:
    """Say what is asked for, of whom, how long they have and what follows then."""
    late = "the release waits" if way.late == "block" else "the person is told that no answer came"
    due = f" The answer is due within {span_words(way.due)}, a reminder follows every {span_words(way.remind)}; then {late}."
    asked: Line = (" Asked for is: ", *prose(way.ask_for), ".") if way.ask_for else ()
    if way.to is None or way.source is None:
        return (*asked, due, " The operator names the address of whoever answers.")
    return (*asked, due, " The vendor publishes the address ", InlineCode(way.to), " at ", Hyperlink(way.source), ".")


def _deletion(vendor: Vendor) -> Iterator[PageBlock]:
    yield Heading(2, "Deletion")
    if "deletion" in vendor.direct_contact:
        yield Paragraph(
            (
                "Habeas only reads, and deletes nothing. ",
                Strong("Direct contact deletion:"),
                f" the deletion of a person's data is requested from {vendor.title} directly, by e-mail.",
                *_asked_by_mail(vendor.direct_contact["deletion"]),
            )
        )
    else:
        yield Paragraph(("Habeas only reads, and deletes nothing.",))
