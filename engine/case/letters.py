"""Letters of a case: texts with `<NAME>` placeholders, filled in; the operator's own stand in `$HABEAS_HOME/letters/<language>/`.

A text begins with `Subject: ...` and an empty line. What is written is a `.txt` to print and an `.eml` to open in a mail program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from importlib import resources
from pathlib import Path

import msgspec

from engine.case.fold import Case
from engine.case.folder import LETTERS, OpenCase
from engine.case.person import Person
from engine.case.regimes import Office, due, office, regime_of
from engine.connection.private_files import cannot_write, prepare, sync_folder, write_new
from engine.connection.signing_key import published_fingerprint
from engine.errors import UsageError
from engine.pages.languages import day_words

PLACEHOLDER = re.compile(r"<([A-Z_]+)>")
SUBJECT = "Subject: "
SEVEN_BIT = SMTP.clone(cte_type="7bit")  # not every mail server takes more
LONGEST_LINE = 998  # of a mail (RFC 5322)
NOBODY = {"en": "Sir or Madam", "de": "und vielen Dank für Ihre Anfrage"}

CONCLUSION = {
    "en": {
        "deleted": "your data was deleted.",
        "none": "no data about you was found.",
        "kept": "your data was deleted, except for this: {} The reason: {}",
    },
    "de": {
        "deleted": "Ihre Daten wurden gelöscht.",
        "none": "Es wurden keine Daten über Sie gefunden.",
        "kept": "Ihre Daten wurden gelöscht, bis auf dies: {} Der Grund: {}",
    },
}


class Letter(msgspec.Struct, frozen=True):
    """A letter that is filled in."""

    subject: str
    body: str
    to: str | None


class MoreWords(msgspec.Struct, frozen=True):
    """Placeholders that only some letters have, and the language of the letter."""

    values: Mapping[str, str]
    language: str


def letter(home: Path, case: OpenCase, person: Person, kind: str, why: str | None = None, more: MoreWords | None = None) -> Letter:
    """Fill a letter in: acknowledge, extend, deny, deliver, conclude, or one to an owner, whose placeholders are `more`.

    Raises UsageError where the text or the office file lacks something.
    """
    more = more or MoreWords({}, case.opened.language)
    language = more.language
    where = home / "letters" / language / f"{kind}.txt"
    text = where.read_text("utf-8") if where.is_file() else packaged(language, kind)
    shown = str(where) if where.is_file() else f"the letter `{kind}`, line"
    at = ":" if where.is_file() else " "
    values, told = {**_values(home, case, person, why), **more.values}, office(home)
    for number, line in enumerate(text.splitlines(), 1):
        for name in PLACEHOLDER.findall(line):
            if name not in values:
                message = f"{shown}{at}{number}: <{name}> is no placeholder; there are {', '.join(f'<{one}>' for one in values)}"
                raise UsageError(message)
            if not values[name]:
                raise UsageError(_lacks(f"{shown}{at}{number}", name, case.reference, home, told))
    filled = PLACEHOLDER.sub(lambda found: values[found[1]], text)
    first, _, body = filled.partition("\n")
    if not first.startswith(SUBJECT):
        message = f"{shown}{at}1: a letter begins with `{SUBJECT}...`"
        raise UsageError(message)
    to = None if is_address_in_doubt(case.case) else next(iter(person.identifiers.get("email", ())), None)
    return Letter(" ".join(first.removeprefix(SUBJECT).split()), body.lstrip("\n"), to)


def is_address_in_doubt(case: Case) -> bool:
    """Whether a vendor that was asked by e-mail address may have led to somebody else, whose it may be: no letter names it by itself.

    The log does not say which address that was, so whoever sends the letter fills in the one that was shown to be the person's.
    """
    return any(one.vendor is not None and "email" in one.kind.split(", ") for one in case.refused)


def packaged(language: str, kind: str) -> str:
    """Give the text that comes with Habeas."""
    return resources.files("engine.case").joinpath("letters", language, f"{kind}.txt").read_text("utf-8")


def _lacks(place: str, name: str, reference: str, home: Path, told: Office) -> str:
    """Say what a letter lacks, and where to write it."""
    if name == "ADDRESS":
        return f"{place}: <ADDRESS> is empty: add the person's with habeas case name {reference}; nothing was written"
    if name == "DUE":
        return f"{place}: <DUE> is not known while the clock stands still: habeas case resume {reference}; nothing was written"
    field = "controller" if name == "SIGNATURE" else name.lower()
    if hasattr(told, field):
        return f"{place}: nobody is named who answers (<{name}>): write `{field}: ...` into {home / 'office.yaml'}; nothing was written"
    return f"{place}: <{name}> has no value in this letter; nothing was written"


def _values(home: Path, case: OpenCase, person: Person, why: str | None) -> Mapping[str, str]:
    opened, told = case.opened, office(home)
    language, last = opened.language, due(case.case, home).answer
    return {
        "NAME": person.name or NOBODY[language],
        "ADDRESS": person.address or "",
        "REFERENCE": case.reference,
        "RECEIVED": day_words(opened.received, language),
        "DUE": day_words(last, language) if last is not None else "",
        "LAW": regime_of(opened.regime).titled(language),
        "WHY": why or "",
        "CONTROLLER": told.controller,
        "CONTACT": told.contact,
        "SIGNATURE": "\n".join(one for one in (told.signature, told.controller) if one and told.controller),
        "LOG": f"{case.lines[-1].n} {case.lines[-1].sha256}",
        "PACKAGE": case.case.releases[-1].package if case.case.releases else "",
        "FINGERPRINT": published_fingerprint(home) or "",
    }


def conclusion(case: OpenCase, title: Callable[[str], str]) -> MoreWords:
    """Say of every vendor of a request for deletion what became of the data: deleted, nothing there, kept and why."""
    words = CONCLUSION[case.opened.language]
    lines = []
    for vendor, part in case.case.vendors.items():
        answer = next((one for one in reversed(part.answers) if one.purpose == "deletion"), None)
        if part.left_out is not None:
            said = part.left_out
        elif part.contact == "answered_none":
            said = words["none"]
        elif part.contact == "answered_deleted" and answer is not None and answer.answer == part.contact:
            said = words["deleted"] if answer.kept is None else words["kept"].format(answer.kept, answer.why)
        else:
            continue  # it is outstanding, and the act of this letter is refused
        lines.append(f"* {title(vendor)}: {said}")
    return MoreWords({"OUTCOME": "\n".join(lines)}, case.opened.language)


@contextmanager
def letter_files(case: OpenCase, name: str, made: Letter, mail: EmailMessage) -> Iterator[None]:
    """Write a letter into the case as `.txt` and `.eml`, for as long as all goes well: an act that was not written leaves none.

    `name` is that of `letter_name`. To be entered while nobody else can act. Raises NotConnected, DiskError, OutputError.
    """
    contents = {".txt": f"{made.subject}\n\n{made.body}".encode(), ".eml": mail.as_bytes()}
    path = case.folder / name
    prepare(path.parent)
    try:
        for ending, content in contents.items():
            try:
                write_new(path.with_name(f"{path.name}{ending}"), content)
            except OSError as error:
                raise cannot_write(path.with_name(f"{path.name}{ending}"), error) from None
        sync_folder(path.parent)
        yield
    except BaseException:
        for ending in contents:
            path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
        raise


def letter_name(case: OpenCase, kind: str) -> str:
    """Name the letter of the next act, without an ending."""
    return f"{LETTERS}/{case.case.n + 1}-{kind}"


def letter_mail(made: Letter, told: Office, now: datetime) -> EmailMessage:
    """Make the mail; `X-Unsent` lets mail programs open it as a draft."""
    mail = EmailMessage(policy=SEVEN_BIT)
    mail["Subject"] = made.subject
    if made.to:
        mail["To"] = made.to
    if "@" in told.contact and " " not in told.contact:
        mail["From"] = told.contact
    mail["Date"] = format_datetime(now)
    mail["X-Unsent"] = "1"
    plain = made.body.isascii() and all(len(line) <= LONGEST_LINE for line in made.body.splitlines())
    mail.set_content(made.body, cte="7bit" if plain else "quoted-printable")
    return mail
