"""Which requests `check` notes as unproven: the person, or a parent's record, stands where a vendor may ignore it, and no answer repeats it."""

from __future__ import annotations

import pytest

from engine.language.load import check

SPEC = """# yaml-language-server: $schema=habeas.schema.json
spec: 1
vendor: acme
base_url: https://api.acme.example/v1
auth: {{headers: {{Authorization: <SECRET>}}}}
verify: {{get: /me}}
rate_limits: {{all: 10/s}}
gaps: none
settings: {{SHOP: the shop}}
access:
  lookup: {{get: /people/<EMAIL>, match: email, capture: {{USER_ID: id}}}}
  endpoints:
    boards: {{get: /people/<USER_ID>/boards, records: boards}}
    asked: {{{request}}}
"""
NODE = "post: /graphql, body: {query: 'query ($id: ID!) { user(id: $id) { id tickets { id } } }', variables: {id: <USER_ID>}}"
SEARCH = "post: /search, body: {filter: {any: [{by: <USER_ID>}]}}"
LIST = ", records: tickets"

CASES = {
    "a path addresses": ("get: /people/<USER_ID>/tickets, records: tickets", None),
    "a path of a parent": ("get: /boards/<boards.id>/tickets, records: tickets", None),
    "a path of a parent, and what stands in the same record": (
        "get: /boards/<boards.id>/tickets, params: {list: <boards.list>}, records: tickets",
        None,
    ),
    "a parameter": ("get: /tickets, params: {by: <USER_ID>}, records: tickets", "parameter <USER_ID>"),
    "a parameter that is a sentence": ("get: /tickets, params: {q: 'by:<USER_ID>'}, records: tickets", "parameter <USER_ID>"),
    "a parameter with the identifier in a form": ("get: /tickets, params: {hash: <EMAIL.md5>}, records: tickets", "parameter <EMAIL>"),
    "a parameter of a parent": ("get: /tickets, params: {board: <boards.id>}, records: tickets", "parameter <boards.id>"),
    "a parameter of a parent behind the person": ("get: /people/<USER_ID>/tickets, params: {board: <boards.id>}, records: tickets", None),
    "a parameter of the account": ("get: /people/<USER_ID>/tickets, params: {shop: <SHOP>}, records: tickets", None),
    "a header": ("get: /tickets, headers: {X-On-Behalf-Of: <USER_ID>}, records: tickets", "header <USER_ID>"),
    "a filter in a body": (SEARCH + LIST, "body <USER_ID>"),
    "a filter in a body, of a parent": ("post: /search, body: {board: <boards.id>}, records: tickets", "body <boards.id>"),
    "a body beside a path": ("post: /people/<USER_ID>/search, body: {open: true}, records: tickets", None),
    "one object in a body": (NODE + ", records: data.user.tickets", "body <USER_ID>"),
    "one object in a body, whose id is repeated": (NODE + ", records: data.user.tickets, echo: {data.user.id: <USER_ID>}", None),
    "one object in a body, which is the record": (NODE + ", records: data.user, match: {id: <USER_ID>}", None),
    "a filter that each record repeats": (SEARCH + LIST + ', echo: {"tickets[].by": <USER_ID>}', None),
    "a filter beside a time that is repeated": (
        "get: /tickets, params: {by: <USER_ID>, from: <FROM>, to: <TO>}, window: {step: 28d, since: 6mo}, records: tickets, echo: {from: <FROM>}",
        "parameter <USER_ID>",
    ),
    "a parent's filter whose record names the person": (
        "get: /tickets, params: {board: <boards.id>}, records: tickets, match: {by: <USER_ID>}",
        None,
    ),
    "a parent's filter that is repeated": (
        "get: /tickets, params: {board: <boards.id>}, records: tickets, echo: {board: <boards.id>}",
        None,
    ),
    "a filter that is done again": (SEARCH + LIST + ", match: {by: <USER_ID>}", None),
    "what is not delivered": (SEARCH + LIST + ", fields: none", None),
}


@pytest.mark.parametrize(("request_", "noted"), CASES.values(), ids=CASES)
def test_what_a_vendor_may_ignore_is_noted_until_the_answer_proves_it(request_, noted):
    """An address names what is asked for; a parameter, a header and a body are only heeded, and a vendor can fail to."""
    _, notes = check(SPEC.format(request=request_).encode(), "acme.yaml")
    told = [(one.message, str(one.hint)) for one in notes if "nothing proves" in one.message]
    place, _, value = (noted or "").partition(" ")
    wanted = (f"nothing proves that endpoint `asked` is filtered by {value}", f"a vendor that ignores the {place} answers with everybody")
    assert [message for message, _ in told] == ([wanted[0]] if noted else [])
    assert all(hint.endswith(wanted[1]) for _, hint in told)
