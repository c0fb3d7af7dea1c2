"""The person of a case: identifiers, name and postal address, sealed like connections; nothing of it stands in the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from engine.connection.keys import Keys
from engine.connection.sealed_file import seal_file, unseal_file
from engine.connection.stored import Damaged
from engine.core.identity import NAMES, Identifier, IdentifierKind, identify
from engine.decoding import decoder
from engine.errors import NotConnected, UsageError

FILE, KIND = "person.sealed", "person"
KIND_OF: dict[str, IdentifierKind] = {"email": "email", "phone": "phone", "username": "username"}
WORDS = ("email", "phone", "username", "name", "address")


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks. `asked_by` says which identifier a vendor is asked by, where that is not any of them."""

    identifiers: Mapping[str, tuple[str, ...]] = {}
    name: str | None = None
    address: str | None = None
    asked_by: Mapping[str, tuple[str, str]] = {}

    def __repr__(self) -> str:
        """Show nothing personal."""
        return f"Person({', '.join(sorted(self.identifiers))})"

    def all(self) -> Iterator[Identifier]:
        """Give every identifier."""
        for word, values in self.identifiers.items():
            kind = KIND_OF[word]
            for value in values:
                yield identify(kind, value)

    def for_vendor(self, vendor: str) -> tuple[tuple[str, str], ...]:
        """Give what a vendor is asked by: the chosen identifier, else the first of each kind."""
        if vendor in self.asked_by:
            return (self.asked_by[vendor],)
        return tuple((kind, values[0]) for kind, values in self.identifiers.items() if values)


def parse_person(lines: Iterable[str], before: Person | None = None) -> Person:
    r"""Read `email: ada@acme.example` and the like, one a line; each word may stand several times, `\n` parts an address.

    What `before` holds is kept. Raises UsageError, Refused; no message repeats a value.
    """
    person = before or Person()
    found = {kind: list(values) for kind, values in person.identifiers.items()}
    told = {"name": person.name, "address": person.address}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        word, colon, value = (one.strip() for one in line.partition(":"))
        if not colon or word not in WORDS or not value:
            message = f"line {number} of the person is not one of {', '.join(f'{one}: ...' for one in WORDS)}"
            raise UsageError(message)
        if word in told:
            told[word] = value.replace("\\n", "\n")
        elif identify(KIND_OF[word], value).value not in found.setdefault(word, []):
            found[word].append(value)
    return Person({kind: tuple(values) for kind, values in found.items()}, told["name"], told["address"], person.asked_by)


def write_person(keys: Keys, folder: Path, reference: str, person: Person) -> None:
    """Seal the person of a case into a folder. Raises NotConnected, DiskError, OutputError."""
    seal_file(keys, folder / FILE, KIND, reference, msgspec.json.encode(person))


@contextmanager
def named(keys: Keys, folder: Path, person: Person, before: Person) -> Iterator[None]:
    """Seal the person anew, for as long as all goes well: where what follows fails, it is who it was before."""
    write_person(keys, folder, folder.name, person)
    try:
        yield
    except BaseException:
        write_person(keys, folder, folder.name, before)
        raise


def read_person(keys: Keys, folder: Path) -> Person:
    """Read the person of a case. Raises NotConnected, Damaged."""
    raw = unseal_file(keys, folder / FILE, KIND, folder.name)
    if raw is None:
        message = f"{folder / FILE} is missing: put a copy back, or name the person again: habeas case name {folder.name}"
        raise NotConnected(message)
    try:
        return decoder(Person).decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = f"{folder / FILE} is damaged, or of a newer Habeas: put a copy back; nothing was changed"
        raise Damaged(message) from None


def kind_words(person: Person) -> str:
    """Say which kinds of identifiers are held: `2 e-mail addresses, 1 phone number`."""
    counts = [(len(values), NAMES[kind]) for kind, values in person.identifiers.items() if values]
    return ", ".join(f"{count} {name if count == 1 else name + ('es' if name.endswith('s') else 's')}" for count, name in counts)
