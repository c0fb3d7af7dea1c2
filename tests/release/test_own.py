"""The person's own values are told from other people's, by value and by what stands beside it."""

from __future__ import annotations

import pytest

from engine.release.own import Fact, Own, person_of, shape_of
from tests.release.policies import ADA

SHAPES = [
    ("email", "ada@example.com", "email"),
    ("number", "+1 202 555 0142", "phone"),
    ("number", "(202) 555-0142", "phone"),
    ("number", "1021", "number"),
    ("display_name", "Ada Brook", "name"),
    ("id", "90000000001", "id"),
    ("id", "1001", "number"),
    ("id", "1234567", "number"),
    ("id", "12345678", "id"),
    ("user", "U0ADA000001", "id"),
    ("device_ip", "192.0.2.101", "id"),
    ("ip", "192.0.2.10", "id"),
    ("address", "198.51.100.7", "id"),
    ("started", "2026-11-24", "id"),
    ("started", "2026-11-24T08:00:00Z", "id"),
]

SIDES = [
    ("her address", {"email": "ADA@example.com"}, "same"),
    ("her address among others' names", {"name": "A. B.", "email": "ada@example.com"}, "same"),
    ("a list of addresses, all hers", {"to": "ada@example.com; Ada@Example.com"}, "same"),
    ("a list of addresses, one hers", {"to": "ada@example.com, bea@example.com"}, "perhaps"),
    ("another's address", {"email": "bea@example.com"}, "other"),
    ("another's address under her name", {"name": "Ada Brook", "email": "bea@example.com"}, "perhaps"),
    ("an address that looks like hers", {"email": "ada@example.co"}, "other"),
    ("a Kelvin sign is no k", {"email": "\u212aen@example.com"}, "other"),
    ("her number", {"number": "+12025550142"}, "same"),
    ("her number, written apart", {"number": "+1 (202) 555-0142"}, "same"),
    ("her number without its country", {"number": "202-555-0142"}, "perhaps"),
    ("her number without its plus", {"number": "12025550142"}, "perhaps"),
    ("the same digits in another country", {"number": "+442025550142"}, "other"),
    ("another number", {"number": "+12025550143"}, "other"),
    ("her number beside another's name", {"name": "Bea Brook", "number": "+12025550142"}, "perhaps"),
    ("her number beside her first name", {"first_name": "Ada", "number": "+12025550142"}, "same"),
    ("her number beside another's address", {"email": "bea@example.com", "number": "+12025550142"}, "perhaps"),
    ("her number without its country, and her name", {"name": "Ada Brook", "number": "2025550142"}, "same"),
    ("her name", {"name": "ada  brook"}, "same"),
    ("her name beside another's number", {"name": "Ada Brook", "number": "+12025550143"}, "perhaps"),
    ("a namesake's part", {"name": "Ada"}, "other"),
    ("her extension", {"extension_number": "1021"}, "same"),
    ("her extension, in short", {"ext_number": "1021"}, "same"),
    ("a number like her extension, under another name", {"department": "1021"}, "other"),
    ("another extension", {"extension_number": "1022"}, "other"),
    ("a device of her own", {"name": "Ada Brook", "device_ip": "192.0.2.101", "device_type": "Desktop"}, "same"),
]


@pytest.mark.parametrize(("name", "text", "shape"), SHAPES)
def test_a_value_is_known_by_its_look_and_its_name(name, text, shape):
    """An address of a device, a day and a long number of an `id` are no telephone numbers."""
    assert shape_of(name, text) == shape


@pytest.mark.parametrize(("side", "expected"), [one[1:] for one in SIDES], ids=[one[0] for one in SIDES])
def test_a_side_is_the_person_or_another_or_cannot_be_told(side, expected):
    """Nobody is taken for the person in vain: in doubt it is `perhaps`, which is asked about."""
    assert Own(ADA).judge([Fact(name, text) for name, text in side.items()]) == expected


def test_nothing_is_known_of_nobody():
    """Where the person has no value of a shape, such a value says nothing, and is another's."""
    own = Own([Fact("phone", "  ")])
    assert own.judge([Fact("email", "ada@example.com")]) == "other"
    assert own.compare("email", "ada@example.com")[1] is None


@pytest.mark.parametrize(
    ("side", "person"),
    [
        ([("name", "Bea"), ("number", "+1 202 555 0199"), ("email", "Bea@Example.com")], "email:bea@example.com"),
        ([("name", "Bea"), ("number", "+1 202 555 0199")], "phone:12025550199"),
        ([("name", "Bea  Stone")], "name:bea stone"),
        ([("ext", "1022")], "number:1022"),
        ([("ext", " ")], ""),
    ],
)
def test_another_person_is_known_by_the_best_that_is_told(side, person):
    """The same person has the same mark wherever they stand."""
    assert person_of([Fact(name, text) for name, text in side]) == person
