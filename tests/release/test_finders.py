"""What is found in texts, and that no text is too much for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.release.finders import REMEMBERED, Finders, emails
from engine.release.found_numbers import cards, lettered, national_ids
from engine.release.found_phones import phones
from engine.release.found_secrets import secrets
from engine.release.hit import Hit, masked, settled
from engine.release.vocabulary import Vocabulary, canonical
from tests.release.found_in import found_in

PEOPLE = Vocabulary(["Mara Lindqvist", "Tom", "山田 太郎", "+49 89 5550100", "mara@example.com", "", "1021"])
TABLE = yaml.safe_load((Path(__file__).parent / "data" / "finders.yaml").read_text("utf-8"))
PIECES = [line["text"] for line in TABLE] + [
    "@",
    "%40",
    "+",
    " ",
    "\ud800",
    "٠١٢٣٤٥٦٧",
    "０９０１２３４５６７８",
    "pwd=",
    "://",
    "Passcode: ",
    "\n",
]
TEXTS = st.text() | st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=5).map("".join)


@pytest.mark.parametrize("line", TABLE, ids=[line["text"] for line in TABLE])
def test_what_is_found(line):
    """Each kind of value, in the form by which it is compared; and what only looks like one."""
    assert [[hit.kind, hit.value] for hit in Finders(PEOPLE)(line["text"])] == line["found"]


@given(TEXTS)
def test_finders_take_any_text_and_masking_removes_what_they_found(text):
    """No text makes them fail; places are in order, inside the text, none inside another; masked, none of what stood there is left in its place."""
    hits = Finders(PEOPLE)(text)
    assert all(0 <= hit.start < hit.end <= len(text) and hit.value for hit in hits)
    assert all(first.start < second.start and first.end < second.end for first, second in zip(hits, hits[1:], strict=False))
    plain = masked(text, hits, lambda hit: "\0")
    kept = [char for at, char in enumerate(text) if not any(hit.start <= at < hit.end for hit in hits)]
    assert plain.replace("\0", "") == "".join(kept).replace("\0", "")


@given(TEXTS)
def test_what_is_found_does_not_depend_on_what_was_looked_at_before(text):
    """A text is remembered as it was found."""
    look = Finders(PEOPLE)
    assert look(text) == look(text) == Finders(PEOPLE)(text)


@given(TEXTS)
def test_nothing_that_a_finder_finds_is_passed_over(text):
    """What is asked first, to be quick, never hides what a finder would find."""
    told = {(hit.kind, hit.value) for hit in Finders(PEOPLE)(text)}
    spans = [(hit.start, hit.end) for hit in Finders(PEOPLE)(text)]
    for finder in (secrets, emails, cards, national_ids, lettered, lambda text: phones(text, PEOPLE.numbers)):
        for hit in finder(text):
            inside = any(start <= hit.start and hit.end <= end for start, end in spans)
            assert (hit.kind, hit.value) in told or inside, hit


PATHOLOGICAL = ["@", "1", "a@", "a.", "1 ", "+1", "(1", "1-", "a", "?a=", "://a:", "DE89 ", "eyJaaaaaaaa.", "%40", "\ud800", "山田", "tel 1234567 ", "pin:", "Mara ", "a@b.c.", "xoxb-", "password is ", "'", "パスワード", "12.", "AKIA", "A1"]  # fmt: skip


@pytest.mark.parametrize("piece", PATHOLOGICAL)
def test_long_texts_take_time_in_proportion(piece):
    """Four times the text takes at most twelve times the time, however it is made to mislead; a million characters take seconds."""

    def took(times: int) -> float:
        text = piece * (times // len(piece))
        begun = time.process_time()
        Finders(PEOPLE)(text)
        return time.process_time() - begun

    short, long = (min(took(times) for _ in range(3)) for times in (50_000, 200_000))  # the least: a pause for other work is no cost
    assert long < max(12 * short, 0.3)
    assert took(1_000_000) < 30


def test_memory_of_texts_is_bounded():
    """What was found in earlier texts is forgotten when there are too many, and long ones are never kept."""
    look = Finders()
    for number in range(REMEMBERED + 10):
        look(f"text {number}")
    look("x " * 500)
    assert len(look.remembered) <= REMEMBERED
    assert not any(len(text) > 200 for text in look.remembered)


def test_of_two_in_one_place_the_wider_and_then_the_first_kind_stays():
    """A secret that looks like a number is a secret; what overlaps is kept, and masked together."""
    number, secret = Hit("phones", 2, 9, "1"), Hit("secrets", 2, 9, "2")
    assert settled([number, secret]) == (secret,)
    assert settled([number, Hit("emails", 0, 10, "3")]) == (Hit("emails", 0, 10, "3"),)
    over = (Hit("emails", 0, 5, "3"), Hit("phones", 3, 8, "4"))
    assert settled(over) == over
    assert masked("0123456789", over, lambda hit: hit.kind) == "emails89"
    assert masked("0123456789", (Hit("emails", 0, 8, "3"), Hit("phones", 2, 4, "4")), lambda hit: "-") == "-89"


def test_places_in_a_record():
    """Each text of a record is looked at, wherever it stands, and numbers that could be a card's; the pointer leads there."""
    record = {"a/b": [{"x~y": "bob@example.com"}, "PIN 4821"], "n": 4111111111111111, "m": 12345678, "t": True, "none": None, "empty": {}}
    found = [(place.pointer, place.kind, place.rule) for place in found_in(record, Finders())]
    assert found == [("/a~1b/0/x~0y", "emails", "find.emails"), ("/a~1b/1", "secrets", "find.secrets"), ("/n", "cards", "find.cards")]
    assert [place.pointer for place in found_in("bob@example.com", Finders())] == [""]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (" Bob@Example.com ", "bob@example.com"),
        ("+49 (0)89 5550100", "+49895550100"),
        ("Mara  Lindqvist\n", "Mara Lindqvist"),
        ("+1", "+1"),
        ("+999 999 999 999 999", "+999 999 999 999 999"),
        ("\ud800", "\ud800"),
    ],
)
def test_the_form_in_which_values_are_compared(text, same):
    """The same value written in two ways is one."""
    assert canonical(text) == canonical(same) == same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+1 650 253 0000", "+1-650-253-0000", True),
        ("+1 650 253 0000 ext 12", "+1 650 253 0000", False),
        ("+1 650 253 0000 x12", "+1 650 253 0000 x13", False),
        ("+15550100200 Al", "+15550100200", False),
        ("Bob@Acme.example", "bob@acme.example", True),
    ],
)
def test_what_is_one_value(one, other, same):
    """A number is the same however it is written, but not with another extension or somebody's name behind it."""
    assert (canonical(one) == canonical(other)) is same
