"""What follows from what happened to one question that is asked by mail: `follow(contact, event, now)`, pure; the time is an argument.

`send` and `again` are what a person orders, `tick` is the passing of time; all other events are facts, which the log of a case repeats.
An event that has no place in the table for a state changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from engine.replaced import replace

ContactState = Literal[
    "drafted",
    "sending",
    "may have been sent",
    "sent",
    "reminded",
    "answered_data",
    "answered_none",
    "answered_text",
    "answered_deleted",
    "declined",
    "bounced",
    "skipped",
    "blocked",
    "stopped",
]
ContactEvent = Literal[
    "send",
    "again",
    "remind",
    "took",
    "not_taken",
    "lost",
    "data",
    "none",
    "text",
    "deleted",
    "declined",
    "bounced",
    "skip",
    "block",
    "stop",
    "tick",
]
Todo = Literal["mail", "reminder", "skip", "block", "read", "refuse"]
STATES: tuple[ContactState, ...] = ContactState.__args__  # type: ignore[attr-defined]
EVENTS: tuple[ContactEvent, ...] = ContactEvent.__args__  # type: ignore[attr-defined]
CLOSED: tuple[ContactState, ...] = ("answered_data", "answered_none", "answered_deleted")
WAITING: tuple[ContactState, ...] = ("sent", "reminded")
RETRY = timedelta(days=1)  # until a reminder that no server took is tried again
UNANSWERED: tuple[ContactState, ...] = ("may have been sent", *WAITING, "blocked", "skipped")
REACHED: tuple[ContactState, ...] = (*UNANSWERED, "answered_text")


class PatienceRule(msgspec.Struct, frozen=True):
    """How long an owner has, after how long a reminder follows, and what follows when nobody answered."""

    due: timedelta = timedelta(days=14)
    remind: timedelta = timedelta(days=5)
    late: Literal["skip", "block"] = "block"


class Contact(msgspec.Struct, frozen=True):
    """One question to one owner: how far it is, when it was first and last asked; `by_hand`: whether a person sends the mails.

    `tried` is when the last reminder was about to leave, whether a server took it or not.
    """

    state: ContactState = "drafted"
    asked: datetime | None = None
    last: datetime | None = None
    tried: datetime | None = None
    reminding: bool = False
    by_hand: bool = False


def _from(states: tuple[ContactState, ...], after: ContactState) -> dict[ContactState, ContactState]:
    return dict.fromkeys(states, after)


def _but(*states: ContactState) -> tuple[ContactState, ...]:
    return tuple(one for one in STATES if one not in states)


# What each event makes of each state; `tick` is decided by the clock, and `took` leads to `reminded` where a reminder was under way.
TABLE: Mapping[ContactEvent, Mapping[ContactState, ContactState]] = {
    "send": _from(("drafted", "bounced"), "sending"),
    "again": _from(_but("sending"), "sending"),
    "remind": _from(WAITING, "sending"),
    "took": _from(("sending", "may have been sent"), "sent"),
    "not_taken": _from(("sending", "may have been sent"), "drafted"),
    "lost": _from(("sending",), "may have been sent"),
    "data": _from(_but(), "answered_data"),
    "none": {**_from(_but(), "answered_none"), **_from(("answered_data", "answered_deleted"), "answered_text")},
    "deleted": {**_from(_but(), "answered_deleted"), **_from(("answered_data", "answered_none"), "answered_text")},
    "text": _from(_but("stopped"), "answered_text"),
    "declined": _from(_but(), "declined"),
    "bounced": _from(REACHED, "bounced"),
    "skip": _from(WAITING, "skipped"),
    "block": _from(WAITING, "blocked"),
    "stop": _from(_but(), "stopped"),
    "tick": {},
}
ORDERED: Mapping[ContactEvent, Todo] = {"send": "mail", "again": "mail", "remind": "reminder", "text": "read", "bounced": "read"}


def follow(contact: Contact, event: ContactEvent, now: datetime, rule: PatienceRule | None = None) -> tuple[Contact, tuple[Todo, ...]]:
    """Give the state that follows, and what is to be done for it. Never raises; a clock that was set back lets nothing happen."""
    if event == "tick":
        after_time = passed(contact, now, rule or PatienceRule())
        return (contact, ()) if after_time is None else follow(contact, after_time, now)
    after = TABLE[event].get(contact.state)
    if after is None:
        return contact, ("refuse",) if event in ("send", "again") else ("read",) if event == "text" else ()
    if event in ("send", "again"):
        return Contact("sending", asked=now, last=now), ("mail",)
    if event == "remind":
        return replace(contact, state=after, reminding=True, tried=now), ("reminder",)
    if event in ("took", "not_taken") and contact.reminding:
        after = "reminded" if event == "took" else "sent"
        contact = replace(contact, last=contact.tried if event == "took" else contact.last)
    todo = ORDERED.get(event) or ("read" if after == "answered_text" else _late(event))
    return replace(contact, state=after), () if todo is None else (todo,)


def _late(event: ContactEvent) -> Todo | None:
    return "skip" if event == "skip" else "block" if event == "block" else None


def passed(contact: Contact, now: datetime, rule: PatienceRule) -> Literal["remind", "skip", "block"] | None:
    """Say what the time that passed asks for: a reminder, or that nobody answered (late); None for nothing yet."""
    if contact.state not in WAITING or contact.asked is None or contact.last is None:
        return None
    if now >= contact.asked + rule.due:
        return "skip" if rule.late == "skip" and not contact.by_hand else "block"
    tried_long_ago = contact.tried is None or now >= contact.tried + min(RETRY, rule.remind)
    return "remind" if now >= contact.last + rule.remind and tried_long_ago else None


def due_at(contact: Contact, rule: PatienceRule) -> datetime | None:
    """Say until when an answer is due; None where no mail has left, or something came back."""
    return contact.asked + rule.due if contact.state in UNANSWERED and contact.asked is not None else None


def late(contact: Contact, now: datetime, rule: PatienceRule) -> bool:
    """Whether nobody answered in time, noted in the log (`tick`) or not yet."""
    return contact.state in ("skipped", "blocked") or passed(contact, now, rule) in ("skip", "block")
