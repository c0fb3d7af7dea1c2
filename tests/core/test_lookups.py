"""Look-ups that capture the same names are alternatives, the others are all asked; and what they come to together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.core.ledger import Outcome, Subject
from engine.core.lookups import Combined, Sought, combined, values_of
from engine.core.subject import Lack, LookupResult, captured_by, groups, lacking
from tests.core.specs import HEAD, vendor

LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
THREE = """lookup:
    - {get: /contacts/<EMAIL>, match: email, capture: {CONTACT: id}}
    - {get: /agents/<USERNAME>, for: {KIND: [a, b]}, params: {kind: <KIND>}, match: name, capture: {AGENT: id}}
    - {get: /old/<EMAIL>, match: email, capture: {CONTACT: id}}"""
SPEC = vendor(
    "orders: {get: /c/<CONTACT>, records: items}\nlines: {get: /o/<orders.id>}\nreplies: {get: /a/<AGENT>, records: items}\n"
    "notes: {get: /r/<replies.id>}\nmail: {get: /m/<EMAIL>}\n",
    HEAD.replace(LOOKUP, THREE),
)
CONTACT, AGENT = frozenset({"CONTACT"}), frozenset({"AGENT"})
HER = LookupResult(Subject.MATCHED, None, ((("CONTACT", "c1"),), (("CONTACT", "c2"),)))
HIM = LookupResult(Subject.MATCHED, None, ((("AGENT", "a1"),),))
NOBODY = LookupResult(Subject.NO_MATCH, "nobody", proof="verify")
DOUBT = LookupResult(Subject.UNPROVEN, "doubt", again_at=datetime(2026, 11, 25, tzinfo=UTC))
TWO = LookupResult(Subject.AMBIGUOUS, "two")


def test_look_ups_of_the_same_names_stand_together_in_the_order_of_the_spec():
    """With what comes with whom they find: what is captured, and their `for` values."""
    assert [[one.name for one in group] for group in groups(SPEC.lookups)] == [["lookup", "lookup_3"], ["lookup_2"]]
    assert captured_by(SPEC.lookups[1]) == AGENT
    assert values_of(groups(SPEC.lookups)[1]) == {"AGENT", "KIND"}
    assert SPEC.captured == ("CONTACT", "AGENT")


def test_matched_by_any_is_matched_and_the_rows_are_joined():
    """Each record of the one with each of the other."""
    both = combined([Sought(CONTACT, HER), Sought(AGENT, HIM)])
    assert both == Combined(
        LookupResult(Subject.MATCHED, None, ((("CONTACT", "c1"), ("AGENT", "a1")), (("CONTACT", "c2"), ("AGENT", "a1")))), ()
    )
    assert both.entry(SPEC.endpoints["replies"]) is None


@pytest.mark.parametrize(
    ("found", "outcome", "ends"),
    [(NOBODY, Outcome.FAILED, Outcome.ABSENT), (DOUBT, Outcome.FAILED, Outcome.FAILED), (DOUBT, Outcome.DENIED, Outcome.DENIED)],
)
def test_what_needs_a_name_that_was_not_captured_has_the_look_ups_outcome(found, outcome, ends):
    """Absent where it proved nobody; everything else is asked."""
    one = combined([Sought(CONTACT, HER), Sought(AGENT, found, outcome)])
    assert (one.found.subject, one.found.rows, one.found.proof) == (Subject.MATCHED, HER.rows, found.proof)
    entry = one.entry(SPEC.endpoints["replies"])
    assert entry is not None
    assert (entry.outcome, entry.reason, entry.again_at) == (ends, f"<AGENT> is not known: {found.reason}", found.again_at)
    assert [one.entry(SPEC.endpoints[name]) for name in ("orders", "mail", "notes")] == [None] * 3


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ((NOBODY, NOBODY), NOBODY),
        ((NOBODY, DOUBT), DOUBT),
        ((HER, TWO), TWO),
        ((TWO, NOBODY), TWO),
    ],
)
def test_one_that_finds_several_stops_the_run_and_doubt_outweighs_nobody(results, says):
    """Nothing is fetched then."""
    assert combined([Sought(CONTACT, one) for one in results]).found is says


def test_an_identifier_that_only_some_endpoints_need_the_look_up_of_is_asked_for():
    """Which one, and what could be left out instead; nothing below them is forgotten."""
    assert lacking(SPEC, {"EMAIL", "USERNAME"}) is None
    assert lacking(SPEC, {"EMAIL"}) == Lack(("USERNAME",), ("replies", "notes"))
    assert lacking(SPEC, {"EMAIL"}, {"replies", "notes"}) is None
    assert lacking(SPEC, {"USERNAME"}) == Lack(("EMAIL",), ("mail",))
