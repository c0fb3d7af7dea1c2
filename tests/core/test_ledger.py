"""Outcomes: chains to endpoints, parents to children, successors to predecessors, all to an exit code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.ledger import (
    ChainEnd,
    Entry,
    Outcome,
    Subject,
    Tally,
    at_most_partial,
    exit_code,
    inherited_entry,
    latest,
    outcome_of,
    replaced,
    unclaimed,
)
from engine.errors import Exit

C, E, A, U, X, D, P, F = (Outcome(one) for one in ("complete", "empty", "absent", "unlicensed", "excluded", "denied", "partial", "failed"))


@pytest.mark.parametrize(
    ("outcomes", "unasked", "received", "then"),
    [
        ([C], 0, 5, C),
        ([C, E, A, U], 0, 5, C),
        ([E, A, U], 0, 0, E),
        ([A, U], 0, 0, U),
        ([A], 0, 0, A),
        ([], 0, 0, E),
        ([C, F], 0, 5, P),
        ([C, D], 0, 5, P),
        ([E, F], 0, 0, F),
        ([E, D], 0, 0, D),
        ([D, D], 0, 0, D),
        ([D, F], 0, 0, F),
        ([F], 0, 3, P),
        ([C], 2, 5, P),
        ([E], 2, 0, F),
        ([D, D, D], 9, 0, D),
        ([D, F], 9, 0, F),
    ],
)
def test_an_endpoint_ends_as_its_chains_did(outcomes, unasked, received, then):
    """Nothing that is missing is ever called whole, and what was received is never called nothing."""
    ends = [ChainEnd(one, "why" if not one.whole else None, label=str(index)) for index, one in enumerate(outcomes)]
    assert outcome_of(ends, unasked, received)[0] is then


ENDS = st.lists(st.builds(ChainEnd, st.sampled_from([C, E, A, U, D, F]), st.sampled_from(["a", "b", None])), max_size=6)


@given(ENDS, st.integers(0, 3), st.integers(0, 3))
def test_no_gap_is_ever_silent(ends, unasked, received):
    """A bad chain or an unasked one always lowers the endpoint and always has its reason."""
    outcome, reason = outcome_of(ends, unasked, received)
    assert outcome.whole == (not unasked and all(end.outcome.whole for end in ends))
    if not outcome.whole:
        assert reason
        assert (outcome is P) == bool(received)


def test_reasons_are_counted_and_named():
    """Equal reasons are told once, with how many parts and which."""
    ends = [ChainEnd(F, "HTTP 500", label=f"w{index}") for index in range(5)] + [
        ChainEnd(F, "cut", label="x"),
        ChainEnd(F, "a"),
        ChainEnd(F, "b"),
        ChainEnd(C),
    ]
    assert (
        outcome_of(ends, 1, 9)[1]
        == "5 of 10 parts (w0, w1, w2, ...): HTTP 500; 1 of 10 parts (x): cut; 1 of 10 parts: a; 1 further reasons; 1 of 10 parts were not read"
    )
    assert outcome_of([ChainEnd(F, None)], 0, 0)[1] == "unknown reason"
    assert outcome_of([ChainEnd(U, "no licence"), ChainEnd(U, "no licence")], 0, 0) == (U, "no licence")


def test_a_successor_that_ended_well_excuses_its_predecessor():
    """Only what misses something is excused, and only by complete, empty or unlicensed."""
    old, new = Entry("old", F, "HTTP 404"), Entry("new", C)
    assert replaced({"old": old, "new": new}, {"new": "old"})["old"] == Entry("old", A, "replaced by new (HTTP 404)", old.tally)
    for outcome, kept in ((E, A), (U, A), (A, F), (D, F), (P, F), (F, F), (X, F)):
        assert replaced({"old": old, "new": Entry("new", outcome)}, {"new": "old"})["old"].outcome is kept
    assert replaced({"old": Entry("old", C), "new": new}, {"new": "old"})["old"].outcome is C
    assert replaced({"new": new}, {"new": "old"}) == {"new": new}
    assert replaced({"old": Entry("old", P), "new": new}, {"new": "old"})["old"].reason == "replaced by new"


def test_everything_can_go_on_when_the_last_of_it_can():
    """Where no limit is used up, there is no such moment."""
    soon, later = datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC)
    assert latest([ChainEnd(F, again_at=later), Entry("x", F, again_at=soon), ChainEnd(C)]) == later
    assert latest([Entry("x", C)]) is None


def test_a_child_takes_after_its_parent():
    """It is asked beneath a complete or partial list only, and beneath a partial one it is at most partial."""
    for outcome in (E, A, U, D, F):
        below = inherited_entry(Entry("parent", outcome, "why"), "child")
        assert (below.outcome, below.reason) == (outcome, f"parent is {outcome}: why")
    assert inherited_entry(Entry("parent", E), "child").reason == "parent is empty"
    assert inherited_entry(Entry("parent", F, again_at=datetime(2026, 11, 25, tzinfo=UTC)), "child").again_at == datetime(
        2026, 11, 25, tzinfo=UTC
    )
    for outcome in (C, P):
        assert inherited_entry(Entry("parent", outcome), "child") is None
    partial = Entry("parent", P, "why")
    words = "parent is partial, so some of it was never asked for"
    assert at_most_partial(partial, C, None) == (P, words)
    assert at_most_partial(partial, E, None) == (F, words)
    assert at_most_partial(partial, D, "no") == (D, "no")
    assert at_most_partial(Entry("parent", C), C, None) == (C, None)


@pytest.mark.parametrize(
    ("tally", "outcome", "then"),
    [
        (Tally(others=2), E, F),
        (Tally(others=2, named=1), E, E),
        (Tally(others=2, records=1), C, C),
        (Tally(others=2, duplicates=1), C, C),
        (Tally(), E, E),
        (Tally(others=2), D, D),
    ],
    ids=str,
)
def test_records_that_nobody_claims_fail_an_endpoint_unless_one_is_somebody_s(tally, outcome, then):
    """All were left out, and of none it is known whose it is."""
    reason = "no record holds `a.b` or `c`, which `match` compares: whose they are cannot be said"
    assert unclaimed(["a.b", "c"], tally, outcome, "why") == (then, "why" if then is outcome else reason)
    assert unclaimed([], tally, outcome, "why") == (then, "why" if then is outcome else reason.replace("`a.b` or `c`, which", "all that"))


@pytest.mark.parametrize(
    ("subject", "outcomes", "dead", "signal", "code"),
    [
        (Subject.MATCHED, [C, E, A, U, X], False, None, 0),
        (Subject.NO_MATCH, [A], False, None, 0),
        (Subject.MATCHED, [C, P], False, None, 3),
        (Subject.MATCHED, [D], False, None, 3),
        (Subject.UNPROVEN, [], False, None, 3),
        (Subject.UNPROVEN, [F], True, None, 4),
        (Subject.MATCHED, [P], True, None, 4),
        (Subject.MISMATCHED, [F], True, None, 5),
        (Subject.AMBIGUOUS, [F], False, None, 5),
        (Subject.MISMATCHED, [F], True, Exit.INTERRUPTED, 130),
        (Subject.MATCHED, [C], False, Exit.TERMINATED, 143),
    ],
)
def test_the_worst_that_happened_is_the_exit_code(subject, outcomes, dead, signal, code):
    """130 before 5 before 4 before 3."""
    entries = [Entry(str(index), one, tally=Tally()) for index, one in enumerate(outcomes)]
    assert exit_code(subject, entries, dead=dead, signal=signal) == code
