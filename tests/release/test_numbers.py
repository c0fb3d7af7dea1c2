"""Numbers that are somebody's, however a program writes them: what is found in one is found in the same text, and the reverse."""

from __future__ import annotations

import pytest

from engine.case.findings_fill import read_record
from engine.language.expressions.lossless_json import loads
from engine.release.apply import PolicyInForce
from engine.release.finders import Finders
from engine.release.own import Own
from engine.release.readable import in_full
from engine.release.vocabulary import Vocabulary
from tests.release.policies import ADA, policy

PHONE, CARD = ("find.phones", "+4915112345679"), ("find.cards", "4242424242424242")
WRITTEN = [
    ("4915112345679", [PHONE]),
    ("-4915112345679", [PHONE]),  # a program took it for a number, and counted down
    ("4915112345679.0", [PHONE]),
    ("-4915112345679.000", [PHONE]),
    ("4.915112345679e12", [PHONE]),
    ("4.915112345679E+12", [PHONE]),
    ("-4.915112345679e+12", [PHONE]),
    ("49151123456.79e2", [PHONE]),
    ("4.91511234567900e12", [PHONE]),
    ("4242424242424242", [CARD]),
    ("4242424242424242.0", [CARD]),
    ("4.242424242424242e15", [CARD]),
    ("-4242424242424242", []),  # a sign before it, and it is no card's
    ("4915112345679e0", []),  # without a point it is as well a program's, in hexadecimal digits
    ("4.915112345679e11", []),  # another number
    ("4.9151123456795e12", []),  # and no whole one
    ("1.0e99", []),
    ("1e400", []),
    ("-1e-400", []),
    ("100000000", []),
    ("-100000001", []),
    ("-7", []),
    ("0.0", []),
    ("-0", []),
    ("123456789012345678901234567890", []),
]


def found(value: str) -> list[tuple[str, str]]:
    """Give what is found in a record of one field, read as a run's are: twice, since the second time is remembered."""
    line = b'{"x": %s}' % value.encode()
    in_force = PolicyInForce(policy(""), Own(ADA), finder=Finders(Vocabulary(["+49 151 12345679"])))
    told = [[(one.rule, one.value) for one in in_force.rulings("calls", read_record(line, "x"))] for _ in range(2)]
    assert told[0] == told[1]
    assert [(one.rule, one.value) for one in in_force.rulings("calls", loads(line))] == told[0]
    return told[0]


@pytest.mark.parametrize(("written", "expected"), WRITTEN)
def test_a_number_is_looked_at_as_the_same_text_is(written, expected):
    """Negative ones, those with a point and those with an exponent too: the digits of a whole number are somebody's or nobody's."""
    assert found(written) == found(f'"{written}"') == expected


def test_a_small_number_is_a_measure():
    """However many digits stand behind the point: nobody is called by it, and a place on the earth is a text of as many."""
    assert found("52.4915112345679") == []
    assert found("-8.4915112345679") == []


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("1.50", "1.50"),
        ("1.5e1", "15"),
        ("-1.5E+03", "-1500"),
        ("1.0", "1"),
        ("1.5e-1", "1.5e-1"),
        ("1.5e100", "1.5e100"),
        ("1.", "1."),
        ("", ""),
    ],
)
def test_a_whole_number_is_read_in_full(written, digits):
    """Another text stays as it is."""
    assert in_full(written) == digits


def test_a_number_of_somebody_is_known_however_it_was_written():
    """In the field of a person it stands as a program wrote it, in a text as people do."""
    look = Finders(Vocabulary(["4.915112345679E12"]))
    assert [hit.value for hit in look("call 4915112345679")] == ["4915112345679"]
