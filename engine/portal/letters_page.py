"""`/letters`: every question that was asked by mail, of all cases; new mail is taken in here, and what time asks for is done."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.case.words import state_words
from engine.connection.vault import Vault
from engine.contact.steps import Contact
from engine.errors import HabeasError, UsageError
from engine.owners.book import contacts
from engine.owners.maildir import take_maildir
from engine.owners.questions import due_day, post
from engine.owners.tick import tick
from engine.pages.languages import short_day
from engine.portal.asked import LANGUAGE, AskedPage, Portrayed, portray
from engine.portal.contacts_page import LARGEST_MAIL, question_state, take_sent_mail, told_page
from engine.portal.open_cases import open_cases
from engine.portal.titles import system_titles


def show_letters(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show every question, and what cannot be read."""
    rows = []
    found, broken = open_cases(asked)
    for case in found:
        for vendor, part in case.case.vendors.items():
            for purpose, contact in part.contacts.items():
                due = due_day(asked.home, case, vendor, purpose)
                asked_on = short_day(contact.asked.date(), LANGUAGE) if contact.asked is not None else ""
                state, until = question_state(contact), short_day(due, LANGUAGE) if due else ""
                rows.append((case.reference, vendor, purpose, state, asked_on, until))
    maildir = contacts(asked.home).maildir
    return portray(
        "letters.html",
        asked,
        error,
        here="/letters",
        rows=rows,
        broken=broken,
        maildir=maildir is not None,
        largest=f"{LARGEST_MAIL >> 20} MB",
    )


def _state(contact: Contact) -> str:
    """Say how far a question is, after its name: an answer not by the word that its mail begins with."""
    return question_state(contact) if contact.state.startswith("answered") else state_words(contact)


def do_letters(asked: AskedPage) -> Portrayed:
    """Take a mail in, or do what time asks for, as `habeas tick` does. Raises UsageError, DiskError, OutputError."""
    if asked.said("do") == "mail":
        return take_sent_mail(asked)
    if asked.said("do") != "tick":
        message = "the form names no act: open the page again; nothing was written"
        raise UsageError(message)
    home, told = asked.home, contacts(asked.home)
    said = []
    for name, took in take_maildir(home, Path(told.maildir).expanduser(), asked.now, asked.by) if told.maildir else ():
        said.append(f"{name}: {took if isinstance(took, HabeasError) else took.said}.")
    way, called = cache(lambda: post(home)), system_titles(home)
    said += [
        f"{reference}: {'; '.join(words)}."
        for reference, words, _ in tick(home, Vault(home).keys, way, asked.now, asked.by, (called, _state))
    ]
    return told_page(asked, "What time asks for is done", said or ["Nothing was to be done."])
