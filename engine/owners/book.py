"""Who answers for a system: the operator's `$HABEAS_HOME/contacts.yaml` before what a spec says. No address is ever guessed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from engine.case.letters import LANGUAGES
from engine.catalogue import load
from engine.connection.state_folder import VENDOR
from engine.contact.steps import PatienceRule
from engine.decoding import converted
from engine.errors import HabeasError, UsageError
from engine.language.model.contact import AN_ADDRESS, MAILBOX, ContactWaySpec
from engine.language.model.units import Duration, parse_duration
from engine.language.text.mistakes import Misfit, did_you_mean

CONTACTS = "contacts.yaml"
SECRET = "HABEAS_SMTP_SECRET"  # noqa: S105  the name of a variable


class MailServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server that takes mails; `none` of `security` only on this machine. The password is HABEAS_SMTP_SECRET."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None


class OwnerTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator says of one thing that an owner is asked for; what is left out is as the spec says."""

    to: str | None = None
    due: str | None = None
    remind: str | None = None
    late: Literal["skip", "block"] | None = None
    ask_for: str | None = None


class OwnerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An owner: of a vendor that has a spec, or of a system in the house."""

    to: str | None = None
    title: str | None = None
    language: str | None = None
    access: OwnerTerms = OwnerTerms()
    deletion: OwnerTerms = OwnerTerms()


class Contacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The operator's file; all of it may be left out."""

    owners: dict[str, OwnerEntry] = {}
    smtp: MailServer | None = None
    maildir: str | None = None


class Owner(msgspec.Struct, frozen=True):
    """Who is asked, and how: everything is decided but what the mail says of the person."""

    title: str
    to: str
    rule: PatienceRule
    ask_for: str | None
    language: str | None


def contacts(home: Path) -> Contacts:
    """Read the operator's file; empty where there is none. Raises UsageError where it is not as it should be."""
    path = home / CONTACTS
    try:
        body = yaml.safe_load(path.read_text("utf-8")) or {}
        told = converted(body, Contacts)
    except FileNotFoundError:
        return Contacts()
    except msgspec.ValidationError:
        what = next(_misplaced(body), "something in it is of another form than it should be")
        message = f"{path}: {what}; docs/contact.md shows what may stand there"
        raise UsageError(message) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        message = f"{path}{f':{mark.line + 1}:{mark.column + 1}' if mark else ''}: no YAML ({error.problem})"
        raise UsageError(message) from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        message = f"{path} cannot be read ({type(error).__name__})"
        raise UsageError(message) from None
    for what in _faults(told):
        message = f"{path}: {what}"
        raise UsageError(message)
    return told


def _misplaced(body: Any) -> Iterator[str]:
    """Say where the file is not of the form it should be: where a word stands that is none, one lacks, or another kind of value stands."""
    yield from _misfits("the file", body, Contacts)
    for name, entry in body.get("owners", {}).items():
        yield from _misfits(f"owners.{name}", entry, OwnerEntry)
        for purpose in ("access", "deletion"):  # who takes the first only comes here with an entry that has words
            yield from _misfits(f"owners.{name}.{purpose}", entry.get(purpose, {}), OwnerTerms)
    yield from _misfits("smtp", body.get("smtp") or {"host": ""}, MailServer)


def _misfits(place: str, body: Any, form: type[msgspec.Struct]) -> Iterator[str]:
    """Say what is wrong in one part of the file, not below it, where it holds words at all."""
    words = {one.name: one for one in msgspec.structs.fields(form)}
    if not isinstance(body, dict):
        yield f"{place} holds {', '.join(words)}, each with a colon behind it"
        return
    for word in body:
        if word not in words:
            yield f"{place}: `{word}` is no word here: {did_you_mean(str(word), words)}"
        elif not isinstance(body[word], dict):
            try:
                converted(body[word], words[word].type)
            except msgspec.ValidationError:
                yield f"{place}: `{word}` is not what it should be{'' if isinstance(body[word], str | list) else ': put a text in quotes'}"
    yield from (f"{place}: `{name}` is missing" for name, one in words.items() if one.required and name not in body)


def _faults(told: Contacts) -> list[str]:
    """Say what no type can tell: names, addresses, spans, languages, and that only this machine is spoken to in the clear."""
    faults = []
    for name, owner in told.owners.items():
        if not VENDOR.fullmatch(name):
            faults.append(f"owners.{name}: the name of a system holds a-z, 0-9 and _, and begins with a letter")
        if owner.language not in (None, *LANGUAGES):
            faults.append(f"owners.{name}.language: there are {', '.join(LANGUAGES)}")
        for place, terms in (("access", owner.access), ("deletion", owner.deletion)):
            for word, text in (("due", terms.due), ("remind", terms.remind)):
                try:
                    parse_duration(text or "1d")
                except Misfit as error:
                    faults.append(f"owners.{name}.{place}.{word}: {error}: {error.hint or 'write a shorter one'}")
        wrong = [one for one in (owner.to, owner.access.to, owner.deletion.to) if one is not None and not re.fullmatch(MAILBOX, one)]
        faults += [f"owners.{name}: `to` is not {AN_ADDRESS}" for _ in wrong]
    if told.smtp is not None and told.smtp.security == "none" and not _is_here(told.smtp.host):
        faults.append("smtp.security: `none` is for a server on this machine only: write starttls or tls")
    return faults


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def owner_of(home: Path, vendor: str, purpose: str) -> Owner:
    """Give who is asked for something, and how. Raises UsageError, with the line to write, where nobody is named."""
    entry = contacts(home).owners.get(vendor)
    way, title = _of_spec(vendor, purpose)
    if entry is None and title is None:
        message = f"{vendor} has no spec, and no owner of it is named: {_line(home, vendor)}; nothing was sent"
        raise UsageError(message)
    terms = msgspec.structs.asdict(getattr(entry or OwnerEntry(), purpose))
    to = terms["to"] or (entry.to if entry else None) or (way.to if way else None)
    if to is None:
        message = f"nobody is named who answers for {vendor}: {_line(home, vendor)}; nothing was sent"
        raise UsageError(message)
    usual = way or ContactWaySpec()
    due, remind = (parse_duration(terms[word]) if terms[word] else getattr(usual, word) for word in ("due", "remind"))
    rule = PatienceRule(_time(due), _time(remind), terms["late"] or usual.late)
    return Owner(
        (entry.title if entry else None) or title or vendor, to, rule, terms["ask_for"] or usual.ask_for, entry.language if entry else None
    )


def _line(home: Path, vendor: str) -> str:
    return f"write `owners: {{{vendor}: {{to: ADDRESS}}}}` into {home / CONTACTS}"


def title_of(home: Path, vendor: str) -> str:
    """Give what people call a system. Raises UsageError where contacts.yaml cannot be used."""
    return title_among(contacts(home), vendor)


def title_among(told: Contacts, vendor: str) -> str:
    """Give what people call a system, as the operator's file or else its spec says; without both, its name."""
    entry = told.owners.get(vendor)
    return (entry.title if entry else None) or _of_spec(vendor, "access")[1] or vendor


def _of_spec(vendor: str, purpose: str) -> tuple[ContactWaySpec | None, str | None]:
    try:
        spec = load(vendor)
    except HabeasError:
        return None, None
    return spec.direct_contact.get(purpose), spec.title


def _time(span: Duration) -> timedelta:
    """Give a span as days and seconds; a month has 30 days."""
    return timedelta(days=30 * span.months, seconds=span.seconds)
