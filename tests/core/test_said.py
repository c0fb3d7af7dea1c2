"""The words that say who gave an address, and which scope would help."""

from __future__ import annotations

import pytest

from engine.core.chain import Chain
from engine.core.request import opening
from engine.core.scopes import scope_remedy
from engine.core.vendor_address import address_source
from engine.language.model.spec import RuleSpec
from engine.replaced import replace
from tests.core.specs import vendor

SPEC = vendor('it: {get: /people/<USER_ID>/notes, records: "@", pagination: {link: header}}')
FIRST = opening(Chain(SPEC.endpoints["it"], (("USER_ID", "ada"),)))
LINE = "GET /people/<USER_ID>/notes"


@pytest.mark.parametrize(
    ("page", "redirected", "said"),
    [
        (1, False, LINE),
        (2, False, f"the link to {LINE}, page 2"),
        (1, True, f"a redirect of {LINE}"),
        (2, True, f"a redirect of {LINE}, page 2"),
    ],
)
def test_an_address_is_told_by_its_request_and_who_gave_it(page, redirected, said):
    """The spec, a link or a redirect; never by a value."""
    assert address_source(replace(FIRST, page=page), redirected=redirected) == said


@pytest.mark.parametrize(
    ("granted", "said"),
    [
        (None, "; it needs the scope a and b or c"),
        (frozenset("a"), "; it needs the scope a and b or c"),
        (frozenset("c"), ""),
        (frozenset("ab"), ""),
    ],
)
def test_a_scope_is_a_remedy_only_where_it_may_be_missing(granted, said):
    """A connection that is known to have it lacks something else."""
    assert scope_remedy([frozenset("ab"), frozenset("c")], granted) == said
    assert scope_remedy([], None) == ""


def test_a_scope_is_no_remedy_where_the_rule_says_that_none_helps():
    """A token that must be authorized for single sign-on is refused with every scope."""
    unauthorized = RuleSpec.model_validate({"status": "403", "message": "SAML", "means": "denied", "granted_by": "none"})
    assert scope_remedy([frozenset("ab")], None, unauthorized) == ""
    assert (
        scope_remedy([frozenset("ab")], None, RuleSpec.model_validate({"status": "403", "means": "denied"}))
        == "; it needs the scope a and b"
    )
