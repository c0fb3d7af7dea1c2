"""Change what is known of the person of a case, from the shell and from the portal alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from engine.case.acts import Act, Named, VendorAsked
from engine.case.folder import OpenCase, same_person
from engine.case.person import Person, named
from engine.catalogue import load
from engine.connection.digest_key import PersonDigest, digest_key
from engine.connection.vault import Vault
from engine.core.identity import NAMES
from engine.errors import UsageError
from engine.replaced import replace


def digest_of(home: Path, person: Person) -> PersonDigest:
    """Digest a person's identifiers. Raises NotConnected, DiskError, OutputError."""
    return digest_key(home).of(person.all())


def asked_by(person: Person, ask: Sequence[str]) -> Person:
    """Say what vendors are asked by, each as `VENDOR=KIND`. Raises UsageError, SpecError."""
    chosen = dict(person.asked_by)
    for wish in ask:
        vendor, equals, kind = wish.partition("=")
        values = person.identifiers.get(kind, ())
        if not equals or not values:
            message = f"--ask {wish}: write VENDOR=KIND, of a kind that the person has: {', '.join(person.identifiers)}"
            raise UsageError(message)
        chosen[load(vendor).name] = (kind, values[-1])
    return Person(person.identifiers, person.name, person.address, chosen)


def chosen_for(person: Person, vendor: str, choice: str) -> Person:
    """Say by which identifier a vendor is asked: `KIND:NUMBER`, counted from 0, or a kind for its last. Raises UsageError, SpecError."""
    kind, colon, number = choice.partition(":")
    if not colon:
        return asked_by(person, [f"{vendor}={kind}"])
    values = person.identifiers.get(kind, ())
    if not number.isascii() or not number.isdecimal() or int(number) >= len(values):
        message = "the form names no identifier of the person: open the page again; nothing was written"
        raise UsageError(message)
    return replace(person, asked_by={**person.asked_by, load(vendor).name: (kind, values[int(number)])})


def name_person(case: OpenCase, vault: Vault, person: Person, before: Person, now: datetime) -> tuple[tuple[str, ...], list[str]]:
    """Seal the person anew and record what changed; gives the other cases of the same person, and who is asked by what from now on.

    Raises UsageError, Stale, NotConnected, DiskError, OutputError; the person is as before then.
    """
    digest = digest_of(vault.home, person)
    again = same_person(vault.home, digest.all, digest.key_id, case.reference)
    done: list[Act] = []
    if (person.identifiers, person.name, person.address) != (before.identifiers, before.name, before.address):
        done.append(Named(kinds=tuple(person.identifiers), digests=digest.all, key_id=digest.key_id, again=again))
    told = []
    for vendor, (kind, _) in person.asked_by.items():
        if before.asked_by.get(vendor) != person.asked_by[vendor]:
            done.append(VendorAsked(vendor=vendor, by_kind=kind))
            told.append(f"{vendor} is asked by the last {NAMES[kind]} that was given.")
    if done:
        case.acts(done, now, doing=named(vault.keys, case.folder, person, before))
    return again, told
