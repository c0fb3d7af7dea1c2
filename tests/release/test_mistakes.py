"""Each mistake that can be made in a policy, as a pair of files: the policy, and the exact text that explains it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.language.text.mistakes import SpecError
from engine.release.load_policy import load_policy
from engine.release.policy_check import Known

PAIRS = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))
FIELDS = {
    "lookup": "id email display_name phone_numbers phone_numbers.number",
    "meetings": "id topic agenda",
    "recordings": "id topic passcode",
    "calls": "id call_id charge caller_name caller_email caller_type callee_name callee_email",
    "parts": "part call_id caller_name caller_email caller_type callee_name callee_email",
}
ACME = Known(
    vendors=("acme", "zoom"),
    fields={name: frozenset(tuple(one.split(".")) for one in told.split()) for name, told in FIELDS.items()},
    files=frozenset({"recordings"}),
)


def told(path: Path) -> str:
    """Read a policy that has mistakes, and give what is said of them."""
    raw = path.read_bytes()
    known = Known(ACME.vendors) if path.stem == "unknown_vendor" else ACME
    with pytest.raises(SpecError) as caught:
        load_policy(raw, path.name, known)
    return f"{caught.value}\n"


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_mistake_is_explained_to_the_letter(path):
    """Place, line, caret, and what was meant."""
    assert told(path) == path.with_suffix(".err").read_text("utf-8")


def test_there_is_a_pair_for_each_mistake():
    """All are found in one reading, none wider than a terminal."""
    assert len(PAIRS) >= 40
    for path in PAIRS:
        lines = path.with_suffix(".err").read_text("utf-8").splitlines()
        assert max(map(len, lines)) <= 100, path.stem
        assert any("error: " in line for line in lines)


RIGHT = """
title: Acme
four_eyes: true
leave_out: [{what: [meetings.agenda], because: trade_secret, say: {en: No., de: Nein.}}]
never: {secrets: {do: give, because: known_to_them, say: It is yours.}, protected_numbers: mask}
self: [lookup.email, "lookup.phone_numbers[].number"]
others: [{in: "*", who: [caller_*, callee_*], but: "*_type", do: alias}]
once: [{in: [parts, calls], by: call_id, but: [calls.id, calls.charge]}]
find: {emails: mask, cards: {do: give, because: known_to_them, say: yours}}
files: {recordings: {do: hold, because: third_party}}
information: {purpose: To meet., source: {en: You.}}
"""


def test_a_policy_that_is_right_has_every_word():
    """And no note."""
    policy, notes = load_policy(f"policy: 1\nvendor: acme{RIGHT}".encode(), "policy.yaml", ACME)
    assert notes == ()
    assert policy.four_eyes
    assert policy.others[0].do == "alias"
    assert policy.information.source == {"en": "You."}
    assert policy.files["recordings"].do == "hold"


def test_without_a_spec_only_the_form_is_checked():
    """A policy of a vendor that is not known here can still be read."""
    policy, _ = load_policy(b"policy: 1\nvendor: other\nfiles: {anything: ask}\n", "policy.yaml")
    assert policy.vendor == "other"
