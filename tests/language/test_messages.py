"""What messages are made of: numbers with their nouns, and an unknown key with what may stand there."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.language.text.document import read
from engine.language.text.mistakes import Position, counted
from engine.language.text.validation import mistake_of


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 records"), (1, "1 record"), (2, "2 records"), (1000, "1,000 records"), (1_234_567, "1,234,567 records")]
)
def test_a_number_is_written_with_its_noun(number, text):
    """Only one takes no s."""
    assert counted(number, "record") == text


class Pair(BaseModel):
    model_config = ConfigDict(extra="forbid")
    left: str


def test_an_unknown_key_is_told_what_was_meant():
    """At its place, with the nearest of the keys that may stand there."""
    document = read(b"left: a\nlefd: b\n", "pair.yaml")
    with pytest.raises(ValidationError) as caught:
        Pair.model_validate(document.value)
    (error,) = caught.value.errors()
    found = mistake_of(document, error, known=("left",))
    assert (found.message, found.hint, found.at) == ("unknown key `lefd`", "did you mean `left`?", Position(2, 1, 4))
