"""Secrets and protected numbers are known by the names of their fields, secrets by addresses too."""

from __future__ import annotations

import pytest

from engine.release.never import hidden_already, is_protected_number, is_secret_field, opens
from tests.release.policies import said


@pytest.mark.parametrize(
    "name", ["pmi_password", "recording_play_passcode", "pin_code", "pin", "host_key", "hostPin", "zak", "access_token"]
)
def test_a_secret_is_known_by_its_name(name):
    """Whatever lets somebody in."""
    assert is_secret_field(name)


@pytest.mark.parametrize("name", ["require_password_for_meetings", "token_count", "next_page_token", "pinned", "topic", "shipping"])
def test_what_only_tells_about_a_secret_is_none(name):
    """A setting, a number of them, a page."""
    assert not is_secret_field(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "ssn",
            "tax_id",
            "taxId",
            "customer_ssn",
            "passport_number",
            "PassportNumber",
            "Passport_No__c",
            "member_iban",
            "drivers_license",
        ),
        *(
            "driving_licence_number",
            "national_id",
            "bank_account_number",
            "credit_card_number",
            "health_insurance_number",
            "steuer_id",
            "nino",
        ),
    ],
)
def test_a_protected_number_is_known_by_its_name(name):
    """Identity documents, tax, accounts, cards, health insurance."""
    assert is_protected_number(name)


@pytest.mark.parametrize(
    "name", ["account_number", "number", "phone_number", "order_number", "tax", "taxExempt", "card", "health", "passport"]
)
def test_other_numbers_are_not(name):
    """An account of a vendor is no bank account; a passport alone may be a document's name, so it counts."""
    assert is_protected_number(name) is (name == "passport")


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("https://zoom.example/j/1?pwd=abc123", True),
        ("Join: https://zoom.example/s/1?zak=eyJ0 or call", True),
        ("https://a.example/x?next_page_token=abc", False),
        ("https://a.example/x?token=", False),
        ("https://a.example/x#access_token=abc", True),
        ("https://ada:geheim@a.example/x", True),
        ("https://a.example/pwd", False),
        ("https://[broken/?pwd=1", True),
        ("pwd=abc123", False),
        ("Bearer " + "a1" * 10, True),
    ],
)
def test_an_address_may_hold_a_secret(text, yes):
    """One that cannot be read is not shown to be harmless."""
    assert opens(text) is yes


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("•••• •••• •••• 4242", True),
        ("xxxx4242", True),
        ("4242424242424242", False),
        ("XX123456", False),
        ("xx-4242", False),
        ("••4242424242424242", False),
    ],
)
def test_a_number_that_the_vendor_hides_is_not_withheld_again(text, yes):
    """Its last digits are what the person sees everywhere."""
    assert hidden_already(text) is yes


NEVER = [
    ("passwords are masked", "", {"password": "abc"}, {"/password": ("mask", "security")}),
    ("numbers too", "", {"pin": 1234}, {"/pin": ("mask", "security")}),
    ("a flag, nothing and an empty text are none", "", {"password": True, "pin": None, "token": ""}, {}),
    ("inside objects and lists", "", {"a": [{"host_key": "123456"}]}, {"/a/0/host_key": ("mask", "security")}),
    ("below a name that says so", "", {"credentials": {"user": "ada"}}, {"/credentials/user": ("mask", "security")}),
    ("an address with a secret", "", {"join": "https://a.example/j?pwd=1"}, {"/join": ("mask", "security")}),
    ("a protected number", "", {"passport_number": "L01X00T47"}, {"/passport_number": ("mask", "never_disclose")}),
    ("one that the vendor hides", "", {"card_number": "•••• 4242"}, {}),
    ("left out instead", "never: {secrets: drop}", {"password": "abc"}, {"/password": ("drop", "security")}),
    (
        "with another reason",
        "never: {protected_numbers: {because: security}}",
        {"ssn": "078-05-1120"},
        {"/ssn": ("mask", "security")},
    ),
    (
        "switched off",
        "never: {secrets: {do: give, because: known_to_them, say: It is yours.}}",
        {"password": "abc", "join": "https://a.example/j?pwd=1", "ssn": "078-05-1120"},
        {"/ssn": ("mask", "never_disclose")},
    ),
    ("a field that is one", "never: {secrets: {fields: calls.door}}", {"door": "4711"}, {"/door": ("mask", "security")}),
    ("a field of another endpoint", "never: {secrets: {fields: meetings.door}}", {"door": "4711"}, {}),
    (
        "a field that is none",
        "never: {secrets: {but: calls.session_id}}",
        {"session_id": "s-1", "pin": "1"},
        {"/pin": ("mask", "security")},
    ),
    (
        "a part that is none",
        "never: {secrets: {but: calls.credentials.user}}",
        {"credentials": {"user": "ada", "secret": "x"}},
        {"/credentials/secret": ("mask", "security")},
    ),
]


@pytest.mark.parametrize(("text", "record", "expected"), [one[1:] for one in NEVER], ids=[one[0] for one in NEVER])
def test_what_is_never_given(text, record, expected):
    """Unless the policy switches it off, with a reason."""
    assert said(text, record) == expected
