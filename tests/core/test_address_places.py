"""Where a value stands in an address, what fits there, and that no value moves an address to another host."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.chain import Chain, Unresolved
from engine.core.rendering import address_of
from engine.language.expressions.address_places import Capacity, address_parts, fits, has_open_host, host_of, placed_values
from engine.language.expressions.template import parse_template
from tests.core.specs import endpoint

IT = endpoint("get: /it")
TABLE = [
    ("/users/<ID>", "segment"),
    ("/users/<ID>/<repos.name>", "segment segment"),
    ("https://api.acme.example/users/<ID>", "segment"),
    ("https://api.acme.example/users/x<ID>", "segment"),
    ("<URL>", "address"),
    ("<repos.url>", "address"),
    ("<INSTANCE>/v1", "origin"),
    ("<INSTANCE>/v1/<ID>", "origin segment"),
    ("<repos.url>/issues/<ID>", "origin segment"),
    ("https://<HOST>", "host"),
    ("https://<HOST>/v1/<ID>", "host segment"),
    ("https://<HOST>/v1/<HOST>", "host segment"),
    ("https://<SHOP>.acme.example/v1", "label"),
    ("https://<SHOP>.<REGION>.acme.example/v1/<SHOP>", "label label segment"),
    ("https://x-<SHOP>.acme.example/v1", "label"),
    ("https://<HOST>:8443/v1", "label"),
    ("https://api.acme.example/v1", ""),
    ("/", ""),
]
TEXTS = ["a", "my-shop", "My-Shop", "a.example", "A.Example", "https://a.example", "https://a.example/", "https://a.example/p?q=1"]
BAD = [
    "",
    ".",
    "..",
    "-a",
    "a b",
    "a/b",
    "a#b",
    "a?b",
    "a:1",
    "u@a.example",
    "https://u@a.example",
    "http://a.example",
    "https://",
    "ａ",
    "é",
]


@pytest.mark.parametrize(("template", "capacities"), TABLE, ids=[template for template, _ in TABLE])
def test_the_text_around_a_value_decides_its_capacity(template, capacities):
    """One table for the writer, the settings and the rules: whole address, origin, host, label or segment."""
    assert " ".join(one.capacity for one in placed_values(parse_template(template))) == capacities


@pytest.mark.parametrize(("template", "capacities"), TABLE, ids=[template for template, _ in TABLE])
def test_a_host_is_open_where_a_value_is_a_part_of_it(template, capacities):
    """A value in a path leaves the host as it is written."""
    assert has_open_host(parse_template(template)) == bool(set(capacities.split()) - {"segment"})


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://api.acme.example/v1", "api.acme.example"),
        ("https://<SHOP>.acme.example", "<SHOP>.acme.example"),
        ("<URL>/v1", ""),
        ("/v1", ""),
    ],
)
def test_the_host_of_an_address_is_read_as_it_is_written(address, host):
    """It is empty where the address begins with a value or with a path."""
    assert host_of(address) == host


@pytest.mark.parametrize(
    ("capacity", "fitting"),
    [
        (Capacity.LABEL, {"a", "my-shop", "My-Shop"}),
        (Capacity.HOST, {"a.example", "A.Example"}),
        (Capacity.ORIGIN, {"https://a.example", "https://a.example/"}),
        (Capacity.ADDRESS, {"https://a.example", "https://a.example/", "https://a.example/p?q=1"}),
        (Capacity.SEGMENT, {*TEXTS, *BAD}),
    ],
)
def test_each_capacity_takes_its_own_form_and_no_other(capacity, fitting):
    """A segment takes any text: what is written into a path is percent-encoded, and `.`, `..` and nothing are refused there."""
    assert {text for text in (*TEXTS, *BAD) if fits(capacity, text)} == fitting


LABELS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
ANYTHING = st.one_of(st.text(max_size=12), LABELS, HOSTS, HOSTS.map("https://{}".format), st.sampled_from([*TEXTS, *BAD]))
FIT = {
    Capacity.ADDRESS: HOSTS.map("https://{}/p?q=1".format),
    Capacity.ORIGIN: HOSTS.map("https://{}".format),
    Capacity.HOST: HOSTS,
    Capacity.LABEL: LABELS,
    Capacity.SEGMENT: st.text(max_size=12),
}
FORMS = [template for template, _ in TABLE] + ["<A><B>", "<A>x<B>", "https://<A><B>/<C>", "https://<A>x.<B>.example/<C>.json"]


def promised_host(text: str, values: dict[str, str]) -> str | None:
    """Give the host that the rule promises: of a leading value its own, else the written one with its labels filled in."""
    first = parse_template(text).parts[0]
    if not isinstance(first, str):
        return urlsplit(values[first.name]).hostname
    host = host_of(text)
    for name, value in values.items():
        host = host.replace(f"<{name}>", value)
    return host.partition(":")[0].lower() or None


@given(st.sampled_from(FORMS), st.data())
def test_an_address_that_can_be_written_has_the_promised_host_and_path(text, data):
    """Whatever the values are, none of them adds a host, a port, a user, a path segment, a query or a fragment."""
    template = parse_template(text)
    values = {one.value.name: data.draw(FIT[one.capacity] | ANYTHING, label=one.value.name) for one in placed_values(template)}
    try:
        url = address_of(template, Chain(IT, tuple(values.items())))
    except Unresolved:
        return
    assert all(fits(one.capacity, values[one.value.name]) for one in placed_values(template))
    if text in ("<A><B>", "<A>x<B>"):
        return  # refused by `check`: nothing may grow onto the host of an address that is a value
    found = urlsplit(url)
    assert found.hostname == promised_host(text, values)
    assert found.username is None
    if template.whole is None:
        assert (found.query, found.fragment) == ("", "")
        segments = [part for part in address_parts(template) if not isinstance(part, str) and part.capacity is Capacity.SEGMENT]
        assert all(values[one.value.name] in unquote(found.path, errors="surrogatepass") for one in segments)
        assert found.path.count("/") == "".join(part if isinstance(part, str) else "" for part in template.parts).count("/") - 2 * (
            not text.startswith(("/", "<"))
        )
