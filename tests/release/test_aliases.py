"""The same person has the same number everywhere in a package, and no two people share one."""

from __future__ import annotations

import pytest

from engine.release.aliases import Aliases
from engine.release.ruling import Ruling

NAMES = {"n": "name", "e": "email", "p": "number"}
BEA, CEM = "bea@acme.example", "cem@acme.example"
NUMBER, SHORT = "+1 (415) 555-0142", "415 555 0142"


def side(*values: str) -> list[Ruling]:
    """Make the rulings on one person of a record: an address, a number or a name each."""
    return [
        Ruling(
            f"/caller_{'email' if '@' in value else 'number' if value[-1].isdigit() else 'name'}",
            "alias",
            "third_party",
            "others[0]",
            "who",
            value,
            0,
        )
        for value in values
    ]


MET = [
    ("in the order of appearance", [[BEA], [CEM], [BEA]], [1, 2, 1]),
    ("an address in capitals", [[BEA], [BEA.upper()]], [1, 1]),
    ("an address, a number and a name", [[BEA, NUMBER, "Bea Miller"], [NUMBER], ["bea miller"], [SHORT]], [1, 1, 1, 1]),
    ("a name first", [["Bea Miller"], [BEA, "Bea Miller"], ["Bea Miller"]], [1, 1, 1]),
    ("two of one name", [[BEA, "Bea Miller"], [CEM, "Bea Miller"]], [1, 2]),
    ("two of one name, and one who may be either", [[BEA, "Bea Miller"], [CEM, "Bea Miller"], ["Bea Miller"]], [1, 2, 3]),
    ("a number of the whole office", [[BEA, NUMBER], [CEM, NUMBER], [NUMBER]], [1, 2, 3]),
    ("a name that an address has, beside a number alone", [[BEA, "Bea Miller"], [NUMBER, "Bea Miller"]], [1, 2]),
    ("a name by its number", [[NUMBER, "Bea Miller"], [BEA, NUMBER], ["Bea Miller"]], [1, 1, 1]),
]


@pytest.mark.parametrize(("sides", "numbers"), [one[1:] for one in MET], ids=[one[0] for one in MET])
def test_who_gets_which_number(sides, numbers):
    """People are told by addresses; by a number or a name where no two addresses were met with it."""
    aliases = Aliases()
    for one in sides:
        aliases.meet(side(*one))
    assert [aliases.numbered(side(*one))[0] for one in sides] == numbers


def test_who_is_met_without_reading_all_first():
    """A name that an address is met with later keeps its number, and so does the address."""
    aliases = Aliases()
    assert [aliases.numbered(side(*one))[0] for one in (["Bea Miller"], [BEA, "Bea Miller"], [BEA])] == [1, 1, 1]


def test_what_is_found_in_a_text_is_a_person_too():
    """By the value itself."""
    aliases = Aliases()
    found = Ruling("/note", "alias", "third_party", "find.emails", "found", BEA)
    assert list(aliases.numbered([*side(BEA), found]).values()) == [1, 1]
    assert list(aliases.numbered([Ruling("/pin", "alias", "security", "act 7", "secret", "Qx7Zt9Lm2")]).values()) == []


def test_memory_does_not_grow_with_the_records(monkeypatch):
    """Whoever was forgotten has the same number again."""
    monkeypatch.setattr("engine.release.aliases.MOST_REMEMBERED", 1)
    aliases = Aliases()
    assert [aliases.numbered(side(one))[0] for one in (BEA, CEM, BEA, CEM)] == [1, 2, 1, 2]
