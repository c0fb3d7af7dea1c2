"""What follows from what happened: any events in any order are taken, and no mail goes out that nobody asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contact.steps import CLOSED, EVENTS, STATES, TABLE, Contact, PatienceRule, follow

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
DAYS = st.integers(-400, 400)
RULES = st.builds(
    PatienceRule,
    st.integers(1, 40).map(timedelta),
    st.integers(1, 40).map(timedelta),
    st.sampled_from(["skip", "block"]),
)
EVENT = st.tuples(st.sampled_from(EVENTS), DAYS)


@given(st.lists(EVENT, max_size=30), RULES)
def test_any_events_in_any_order_never_send_twice_unasked(events, rule):
    """Nothing raises. A first mail needs an order; a second needs `again` or a bounce; a reminder needs its time, and an open question."""
    contact, mails = Contact(), 0
    for event, days in events:
        now = NOW + timedelta(days=days)
        before = contact
        contact, todo = follow(contact, event, now, rule)
        assert contact.state in STATES
        assert todo in ((), *((one,) for one in ("mail", "reminder", "skip", "block", "read", "refuse")))
        if todo == ("mail",):
            assert event == "again" or (event == "send" and before.state in ("drafted", "bounced"))
            mails += 1
        if todo == ("reminder",):
            assert before.state in ("sent", "reminded")
            assert event == "remind" or before.last + rule.remind <= now < before.asked + rule.due
        if event == "tick" and before.state == "may have been sent":
            assert (contact, todo) == (before, ())
    assert mails <= sum(event in ("send", "again") for event, _ in events)


@given(st.lists(EVENT, max_size=30), DAYS)
def test_time_alone_closes_nothing(events, days):
    """A tick never makes an answer, and does the same once however often it comes at one time."""
    contact = Contact()
    for event, day in events:
        contact, _ = follow(contact, event, NOW + timedelta(days=day))
    now = NOW + timedelta(days=days)
    once, _ = follow(contact, "tick", now)
    assert once.state not in CLOSED or once == contact
    sent, _ = follow(once, "took", now)
    assert "reminder" not in follow(sent, "tick", now)[1]


WAYS = [
    (["send", "took"], "sent"),
    (["send", "lost"], "may have been sent"),
    (["send", "lost", "send"], "may have been sent"),
    (["send", "lost", "again"], "sending"),
    (["send", "not_taken"], "drafted"),
    (["send", "took", "remind", "took"], "reminded"),
    (["send", "took", "remind", "not_taken"], "sent"),
    (["send", "took", "remind", "lost"], "may have been sent"),
    (["send", "took", "data"], "answered_data"),
    (["send", "took", "data", "none"], "answered_text"),
    (["send", "took", "none", "data"], "answered_data"),
    (["send", "took", "text", "none"], "answered_none"),
    (["send", "took", "data", "text"], "answered_text"),
    (["send", "took", "data", "bounced"], "answered_data"),
    (["send", "took", "deleted"], "answered_deleted"),
    (["send", "took", "deleted", "none"], "answered_text"),
    (["send", "took", "bounced", "send"], "sending"),
    (["send", "took", "block", "data"], "answered_data"),
    (["send", "took", "skip", "data"], "answered_data"),
    (["send", "took", "stop", "text"], "stopped"),
    (["none"], "answered_none"),
]


@pytest.mark.parametrize(("events", "state"), WAYS)
def test_the_ways_of_a_question(events, state):
    """A question goes the way that the table says."""
    contact = Contact()
    for event in events:
        contact, _ = follow(contact, event, NOW)
    assert contact.state == state


LATE = [
    (0, "block", False, "sent", ()),
    (4, "block", False, "sent", ()),
    (5, "block", False, "sending", ("reminder",)),
    (14, "block", False, "blocked", ("block",)),
    (14, "skip", False, "skipped", ("skip",)),
    (14, "skip", True, "blocked", ("block",)),
    (-90, "block", False, "sent", ()),
]


@pytest.mark.parametrize(("days", "late", "by_hand", "state", "todo"), LATE)
def test_what_time_asks_for(days, late, by_hand, state, todo):
    """A reminder after its days, then what the spec says; nobody knows that a mail sent by hand was sent, so it is never passed over."""
    contact = Contact("sent", asked=NOW, last=NOW, by_hand=by_hand)
    after, done = follow(contact, "tick", NOW + timedelta(days=days), PatienceRule(late=late))
    assert (after.state, done) == (state, todo)


def test_a_reminder_that_was_refused_is_tried_again_as_soon_as_the_next_one_would_be_due():
    """A day later at most: where reminders follow each other sooner than that, so does the next try."""
    rule = PatienceRule(due=timedelta(days=2), remind=timedelta(hours=6))
    sending, _ = follow(Contact("sent", asked=NOW, last=NOW), "tick", NOW + timedelta(hours=6), rule)
    refused, _ = follow(sending, "not_taken", NOW + timedelta(hours=6))
    assert follow(refused, "tick", NOW + timedelta(hours=11), rule)[1] == ()
    assert follow(refused, "tick", NOW + timedelta(hours=12), rule)[1] == ("reminder",)


def test_every_event_has_a_row():
    """The table knows every event, and every state is reached."""
    assert set(TABLE) == set(EVENTS)
    assert {after for row in TABLE.values() for after in row.values()} == set(STATES) - {"reminded", "drafted"} | {"drafted"}
