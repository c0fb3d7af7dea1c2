"""`/case/X/person`: who asks, and by what each vendor is asked; to add an identifier, a name or an address."""

from __future__ import annotations

from engine.case import acts
from engine.case.naming import chosen_for, name_person
from engine.case.person import WORDS, Person, read_person
from engine.connection.vault import Vault
from engine.errors import HabeasError, Refused, UsageError
from engine.portal.asked import AskedPage, Portrayed, portray
from engine.portal.case_head import case_head
from engine.portal.new_page import named_vendors, typed_person

TITLES = {"email": "E-mail address", "phone": "Phone number", "username": "Username"}


def show_person(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show what is known of the person."""
    case = asked.case
    person, fault = Person(), None
    try:
        person = read_person(Vault(asked.home).keys, case.folder)
    except HabeasError as broken:
        fault = str(broken)
    known = [(TITLES[kind], value) for kind, values in person.identifiers.items() for value in values]
    return portray(
        "person.html",
        asked,
        error,
        **case_head(asked, case, "person"),
        known=[*known, *([("Name", person.name)] if person.name else []), *([("Address", person.address)] if person.address else [])],
        person_fault=fault,
        vendors=[(name, [value for _, value in person.for_vendor(name)]) for name in case.case.vendors],
        choices=[(f"{kind}:{at}", value) for kind, values in person.identifiers.items() for at, value in enumerate(values)],
        refused=case.case.refused,
    )


def do_person(asked: AskedPage) -> str:
    """Add what was typed, or choose what a vendor is asked by. Raises Stale, UsageError, Refused, NotConnected, DiskError, OutputError."""
    case, vault = asked.seen_case(), Vault(asked.home)
    before = read_person(vault.keys, case.folder)
    if asked.said("do") == "ask":
        (vendor,) = named_vendors([asked.wanted("vendor", "the vendor")])
        person = chosen_for(before, vendor, asked.wanted("kind", "the identifier"))
    elif not any(asked.said(word) for word in WORDS):
        message = "nothing was typed; nothing was written"
        raise UsageError(message)
    else:
        try:
            person = typed_person(asked, before)
        except Refused as error:
            case.act(acts.IdentifierRefused(kind="identifier", reason=str(error)), asked.now)
            raise
    vault.alone(lambda: name_person(case, vault, person, before, asked.now))
    return f"/case/{case.reference}/person"
