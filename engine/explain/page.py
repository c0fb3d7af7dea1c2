"""A spec as the integration page that a privacy team publishes. Reads nothing but the spec, so the same spec gives the same page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

import engine
from engine.explain.blocks import Block, Code, Heading, Items, Line, Link, Paragraph, Strong, Table, joined, prose
from engine.explain.connecting import connecting, limits, version
from engine.explain.wording import asked_by, braced, identifiers, request_line, scopes, since_words
from engine.spec.effective import Endpoint, Vendor


def page(vendor: Vendor) -> tuple[Block, ...]:
    """Write the whole page."""
    return tuple(_page(vendor))


def _page(vendor: Vendor) -> Iterator[Block]:
    yield Heading(1, vendor.title)
    source: Line = (" Its API is described at ", Link(vendor.docs), ".") if vendor.docs else ()
    yield Paragraph((f"How Habeas connects to {vendor.title}, what it may read there, and what it fetches for an access request.", *source))
    yield from connecting(vendor)
    yield from version(vendor)
    yield from limits(vendor)
    yield from _access(vendor)
    yield from _deletion(vendor)
    if vendor.gaps:
        yield Heading(2, "What this API cannot give")
        yield Paragraph(("Stated in every result, so that nobody takes it for whole:",))
        yield Items(tuple(prose(gap) for gap in vendor.gaps))
    yield Heading(2, "Disclaimer")
    yield Paragraph(
        (
            "This page describes a technical integration and is no legal advice. ",
            "Ask a lawyer before you rely on it or act upon it. What it says of the vendor may have changed since it was written.",
        )
    )
    file = PurePath(vendor.file).name or f"{vendor.name}.yaml"
    yield Paragraph(("Made by Habeas ", engine.__version__, " from ", Code(file), ", sha256 ", Code(vendor.sha256), "."))


def _access(vendor: Vendor) -> Iterator[Block]:
    kinds = " or ".join(identifiers(vendor.lookup))
    yield Heading(2, "Access")
    yield Heading(3, "Step by step")
    yield Items(
        (
            (f"Check whether {vendor.title} knows a person by the data subject's {kinds}. ", *_proof(vendor)),
            ("If nobody matches, nothing more is asked. If somebody else answers, or several do, the run stops.",),
            ("If the person matches, their own record is kept, and Habeas retrieves what is listed here.",),
        ),
        numbered=True,
    )
    yield Items(tuple(_step(vendor, one) for one in vendor.endpoints.values()))
    yield Paragraph(
        (
            "Of everything found, all available fields are returned, as the vendor sent them. ",
            Code("--only"),
            " and ",
            Code("--without"),
            " choose which objects and fields are provided, ",
            Code("--since"),
            " how far back; the result says what was left out.",
        )
    )
    if "access" in vendor.direct_contact:
        yield Paragraph(
            (Strong("Direct contact access."), f" A person's data can also be requested from {vendor.title} directly, by e-mail.")
        )
    yield Heading(3, "Endpoints utilized")
    yield _endpoints(vendor)


def _proof(vendor: Vendor) -> Line:
    paths = [select.text for select, _ in vendor.lookup.match]
    return ("What must agree in the answer: ", *joined(paths, "and"), ".")


def _step(vendor: Vendor, endpoint: Endpoint) -> Line:
    """Say what is retrieved, by what, how far back and in which kinds."""
    line: list[str | Code | Strong | Link] = ["Retrieve ", Strong(endpoint.title), *asked_by(endpoint)]
    for parent in dict.fromkeys(field.endpoint for field in endpoint.parents()):
        line += [", once per record of ", Strong(vendor.endpoints[parent].title)]
    if endpoint.window is not None:
        line.append(f", {since_words(endpoint.window.since)}")
    if endpoint.rows != ((),):
        kinds = dict.fromkeys(" ".join(value for _, value in row) for row in endpoint.rows)
        line += [", for ", *joined(kinds, "and")]
    line.append(".")
    if endpoint.match:
        line += [" Kept is only what names the person in ", *joined((select.text for select, _ in endpoint.match), "and"), "."]
    if endpoint.fields is None:
        line.append(" It is only the way to what is asked next, and is not returned.")
    elif endpoint.fields:
        line += [" Returned are the fields ", *joined((select.text for select in endpoint.fields), "and"), "."]
    if endpoint.files:
        line += [" Files named in it are downloaded with ", Code("--files"), "."]
    if endpoint.replaces is not None:
        line += [" It succeeds ", Strong(vendor.endpoints[endpoint.replaces].title), "; both are asked."]
    return tuple(line)


def _endpoints(vendor: Vendor) -> Table:
    asked = (vendor.lookup, *vendor.endpoints.values())
    scoped, limited = any(one.granted_by for one in asked), any(one.rate_limit for one in asked)
    head = ("What", "Request", *(("Any one of these scopes",) if scoped else ()), *(("Limit",) if limited else ()))
    rows = tuple(
        (
            (one.title if one is not vendor.lookup else "The person",),
            (Code(request_line(one)), *_query(one)),
            *((scopes(one.granted_by),) if scoped else ()),
            *(((Code(one.rate_limit),) if one.rate_limit else ("",),) if limited else ()),
        )
        for one in asked
    )
    return Table("What an access request asks", head, rows)


def _query(endpoint: Endpoint) -> Line:
    pairs = [f"{name}={braced(one)}" for name, values in endpoint.params for one in values]
    return (" with ", *joined(pairs, "and")) if pairs else ()


def _deletion(vendor: Vendor) -> Iterator[Block]:
    yield Heading(2, "Deletion")
    if "deletion" in vendor.direct_contact:
        yield Paragraph(
            (
                "Habeas only reads, and deletes nothing. ",
                Strong("Direct contact deletion:"),
                f" the deletion of a person's data is requested from {vendor.title} directly, by e-mail.",
            )
        )
    else:
        yield Paragraph(("Habeas only reads, and deletes nothing.",))
