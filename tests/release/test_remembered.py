"""What is remembered, and what is passed over by one look, changes nothing of what is found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.release.finders import NOTHING, PROGRAM, Finders
from engine.release.learn import learn
from engine.release.never import opens
from engine.release.remembered import Remembered
from engine.release.vocabulary import Vocabulary
from tests.release.policies import policy

ONCE = "once:\n  - {in: [parts, calls], by: call_id}\n"


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 6))
def test_what_is_remembered_is_what_was_worked_out(asked, most):
    """Whatever is asked in whichever order, and no more is kept than twice a half, the one that is filled and the one aside."""
    remembered = Remembered(lambda number: (number, number**2), most)
    for number in asked:
        assert remembered[number] == (number, number**2)
        assert len(remembered) <= max(1, most // 2)


def test_what_comes_often_stays():
    """What stands in one record only does not drive it out."""
    worked_out = list[int]()

    def twice(number: int) -> int:
        worked_out.append(number)
        return 2 * number

    remembered = Remembered(twice, 8)
    for number in range(1, 100):
        assert (remembered[0], remembered[number]) == (0, 2 * number)
    assert worked_out.count(0) == 1


@given(st.from_regex(PROGRAM, fullmatch=True))
def test_a_number_of_a_program_is_nothing_to_any_finder(text):
    """It is passed over before a finder sees it: no finder, name or secret may be missed by that."""
    assert NOTHING.fullmatch(text)
    assert not opens(text)
    assert not Vocabulary([text]).knows(text)
    assert Finders(Vocabulary([text]))(text) == ()


def test_keys_that_nothing_repeats_are_not_kept():
    """There may be as many as records; of the others the earliest endpoint counts."""
    told = learn(policy(ONCE), (), [("calls", {"call_id": "a"}), ("parts", {"call_id": "b"}), ("calls", {"call_id": "b"})])[1]
    assert told == {(0, "b"): 0}
