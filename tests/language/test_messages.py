"""What messages are made of: numbers with their nouns, and an unknown key with what may stand there."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.language.text.document import lines_of, read
from engine.language.text.mistakes import Position, counted
from engine.language.text.validation import mistake_of


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 records"), (1, "1 record"), (2, "2 records"), (1000, "1,000 records"), (1_234_567, "1,234,567 records")]
)
def test_a_number_is_written_with_its_noun(number, text):
    """Only one takes no s."""
    assert counted(number, "record") == text


@pytest.mark.parametrize("raw", [b"left: \xc3\xa9\r\nright: b", b"\xef\xbb\xbfleft: \xc3\xa9\r\nright: b"])
def test_a_mistake_is_shown_in_the_lines_that_were_read(raw):
    """A byte order mark is in none of them."""
    assert lines_of(raw) == read(raw, "pair.yaml").lines == ("left: é", "right: b")


def test_lines_that_are_no_text_are_shown_all_the_same():
    """What the mistake itself says is why they cannot be read."""
    assert lines_of(b"left: \xff") == ("left: \ufffd",)


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
