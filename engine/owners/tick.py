"""What time asks for in every case: reminders, and what follows when nobody answered. Twice at one time is once; one line a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from engine.case import acts
from engine.case.fold import RUNNING
from engine.case.folder import OpenCase, open_case, references
from engine.case.person import Person, read_person
from engine.case.words import Called, by_name, state_words
from engine.connection.keys import Keys
from engine.contact.steps import Contact, follow
from engine.errors import HabeasError
from engine.owners.ask import Asking, Post, ask
from engine.owners.book import owner_of
from engine.pages.languages import day_words

SAY = {
    "en": "We asked {} on {} and got no answer in time.",
    "de": "Wir haben {} am {} gefragt und nicht rechtzeitig eine Antwort bekommen.",
}


def tick(
    home: Path,
    keys: Keys,
    post: Callable[[], Post],
    now: datetime,
    by: str | None = None,
    words: tuple[Called, Callable[[Contact], str]] = (by_name, state_words),
) -> Iterator[tuple[str, list[str], bool]]:
    """Give each open case that asked somebody by mail, with what was done and what waits, and whether a person has to look.

    `words` call a vendor, and say how far a question is.
    """
    for reference in references(home):
        try:
            case = open_case(home, reference, by)
        except HabeasError as error:
            yield reference, [f"error: {error}"], True
            continue
        if case.case.phase in RUNNING and any(part.contacts for part in case.case.vendors.values()):
            yield reference, *_of_case(case, home, keys, post, now, words)


def _of_case(
    case: OpenCase, home: Path, keys: Keys, post: Callable[[], Post], now: datetime, words: tuple[Called, Callable[[Contact], str]]
) -> tuple[list[str], bool]:
    said, look, (called, state) = [], False, words
    for vendor, purpose in [(vendor, purpose) for vendor, part in case.case.vendors.items() for purpose in part.contacts]:
        try:
            done = _of_question(case, home, (vendor, purpose), lambda: read_person(keys, case.folder), post, now)
        except HabeasError as error:
            done, look = f"error: {error}", True
        contact = case.case.vendors[vendor].contacts[purpose]
        look = look or contact.state in ("drafted", "may have been sent", "answered_text", "bounced", "blocked", "declined")
        said.append(f"{called(vendor, None)} ({purpose}) {done or state(contact)}")
    return said, look


def _of_question(
    case: OpenCase, home: Path, which: tuple[str, str], person: Callable[[], Person], post: Callable[[], Post], now: datetime
) -> str | None:
    """Do what time asks for of one question; None for nothing."""
    vendor, purpose = which
    contact: Contact = case.case.vendors[vendor].contacts[purpose]
    if contact.state not in ("sent", "reminded"):
        return None
    owner = owner_of(home, vendor, purpose)
    after, todo = follow(contact, "tick", now, owner.rule)
    if todo == ("reminder",):
        sent = ask(Asking(home, case, person(), vendor, purpose, owner), post(), now, "remind")
        told = {
            "took": "reminder sent"
            if not case.case.vendors[vendor].contacts[purpose].by_hand
            else f"reminder written, send it: {sent.file}",
            "lost": "reminder may have been sent",
        }
        return told.get(sent.delivery, f"could not be reminded: {sent.why}")
    if todo in (("skip",), ("block",)) and contact.asked is not None:
        language = case.opened.language
        say = SAY[language].format(owner.title, day_words(contact.asked.date(), language))
        case.act(acts.OwnerLate(vendor=vendor, purpose=purpose, late="skip" if after.state == "skipped" else "block", say=say), now)
        return "did not answer in time: " + ("goes on without" if after.state == "skipped" else "the release waits")
    return None
