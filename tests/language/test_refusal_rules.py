"""Which rules of `refusals` are said never to hold: by themselves, and behind others."""

from __future__ import annotations

import pytest

from engine.language.text.mistakes import SpecError
from tests.core.specs import HEAD, vendor

ORDERS = "it: {{get: /p/<USER_ID>, records: items, refusals: {{{}}}}}\n"
PATHLESS = HEAD.replace("refusals: {code: code, message: message}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        "rules: [{status: 202, means: wait}]",
        "rules: [{status: 204, means: empty}, {status: 200, code: 5, means: absent}]",
        "rules: [{status: [200, 404], means: absent}]",
        "refused: '!ok', rules: [{status: 200, means: wait}]",
        "rules: [{code: 5, means: absent}, {status: 207, code: 5, means: denied}]",
        "rules: [{code: 5, means: absent}, {status: 200, code: 5, means: denied}]",
        "refused: error, rules: [{status: 200, means: absent}, {status: 200, code: 5, means: denied}]",
    ],
)
def test_rules_that_can_hold_are_no_mistakes(words):
    """A 2xx answer is tried by the rules that name it, whatever stands before them."""
    assert vendor(ORDERS.format(words)).endpoints["it"].refusals.rules


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("rules: [{status: 200, means: wait}]", "an answer with 200 is no refusal"),
        ("rules: [{status: 200, message: no, means: wait}]", "an answer with 200 is no refusal"),
        ("rules: [{status: [100, 103], means: wait}]", "no answer ends with such a status"),
        ("rules: [{status: 207, code: 5, means: absent}, {status: 207, code: 5, means: denied}]", "an earlier one holds whenever it would"),
        (
            "refused: error, rules: [{status: 200, means: absent}, {status: 200, message: x, means: denied}]",
            "an earlier one holds whenever it would",
        ),
        ("rules: [{status: 200, code: 5, means: absent}, {status: 200, code: 5, means: gone}]", "an earlier one holds whenever it would"),
    ],
)
def test_rules_that_cannot_hold_are_mistakes(words, fault):
    """The first reason is enough."""
    with pytest.raises(SpecError) as caught:
        vendor(ORDERS.format(words))
    assert [one.message for one in caught.value.mistakes] == [f"this rule never holds: {fault}"]


def test_a_rule_at_the_top_may_hold_for_one_request_only():
    """Its paths may stand in the request that needs it; a rule that no request uses is no mistake here."""
    head = PATHLESS.replace("access:", "refusals: {rules: [{code: 5, means: denied}]}\naccess:")
    it = ORDERS.format("code: c, rules: [{status: 404, means: gone}]")
    assert vendor(it, head).endpoints["it"].refusals.rules[1].code == ("5",)
    with pytest.raises(SpecError, match="nothing says where the vendor's code stands"):
        vendor(ORDERS.format("message: m"), head)
