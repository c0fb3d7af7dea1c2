"""Write the hold-out of the finders: `python -m tests.release.make_holdout > tests/release/data/holdout.jsonl`.

The strings are Faker's (of the version in requirements-dev.txt, seeded), in sentences of ten languages, a third of them without any. The
finders were made with those of other seeds: `python -m tests.release.make_holdout 1`.
"""

from __future__ import annotations

import json
import random
import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import patch

from faker import Faker

SEED = 2026
YEARS = datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
MADE = 2026, 11, 29  # who is how old on that day: Faker counts births back from today
NOTES = {  # a sentence around a value that does not say what it is, and the word for a password
    "en_US": ("Please see {} before Friday", "Password"),
    "en_GB": ("As agreed: {} (see minutes)", "Passcode"),
    "de_DE": ("Bitte {} noch vormerken", "Passwort"),
    "fr_FR": ("Merci de noter {} pour demain", "Mot de passe"),
    "es_ES": ("Quedamos con {} para el lunes", "Contraseña"),
    "it_IT": ("Allego {} come richiesto", "Password"),
    "nl_NL": ("Graag {} doorgeven aan Jan", "Wachtwoord"),
    "pl_PL": ("Proszę zapisać {} na jutro", "Hasło"),
    "pt_BR": ("Anotar {} para a reunião", "Senha"),
    "ja_JP": ("会議の前に {} を確認", "パスワード"),
}
PHONES = {
    "en_US": "Call me at {}",
    "en_GB": "Mobile: {}",
    "de_DE": "Telefon: {}",
    "fr_FR": "Tél. {}",
    "es_ES": "Teléfono: {}",
    "it_IT": "Cellulare {}",
    "nl_NL": "Bel mij op {}",
    "pl_PL": "Tel. {}",
    "pt_BR": "Celular: {}",
    "ja_JP": "電話番号：{}",
}
NATIONAL = {
    "en_US": ("ssn", "SSN: {}"),
    "de_DE": ("rvnr", None),
    "fr_FR": ("ssn", "NIR {}"),
    "es_ES": ("nif", "DNI {}"),
    "it_IT": ("ssn", "Codice fiscale {}"),
    "nl_NL": ("ssn", "BSN {}"),
    "pl_PL": ("pesel", "PESEL {}"),
    "pt_BR": ("cpf", "CPF {}"),
    "sv_SE": ("ssn", "Personnummer {}"),
    "fi_FI": ("ssn", "HETU {}"),
}


def positives(dice: random.Random, locale: str, seed: int) -> Iterator[tuple[str, str, str]]:
    """Give kind, value and text."""
    fake = Faker(locale)
    fake.seed_instance(seed)
    note, password = NOTES[locale]
    for kind, count, make, named in (
        ("phones", 18, fake.phone_number, PHONES[locale]),
        ("emails", 12, fake.email, "Mail {}"),
        ("cards", 12, fake.credit_card_number, "Visa {}"),
        ("ibans", 9, fake.iban, "IBAN {}"),
    ):
        for number in range(count):
            value = make()
            if number % 6 == 5 and kind in ("cards", "ibans"):
                value = " ".join(value[at : at + 4] for at in range(0, len(value), 4))
            yield kind, value, (value, note.format(value), named.format(value))[number % 3]
    for number in range(6):
        value = fake.password(length=dice.randrange(6, 14), special_chars=number % 2 == 0)
        yield "secrets", value, f"{password}: {value}"
    for _ in range(3):
        value = str(dice.randrange(10**5, 10**6))
        yield "secrets", value, f"{password}: {value}"


class MadeAt(datetime):
    """The moment at which the hold-out was made."""

    @classmethod
    def now(cls, tz: Any = None) -> Self:
        """Give that moment."""
        return cls(*MADE, 12, tzinfo=tz)


class MadeOn(date):
    """The day on which the hold-out was made."""

    @classmethod
    def today(cls) -> Self:
        """Give that day."""
        return cls(*MADE)


def national(locale: str, name: str, seed: int) -> list[str]:
    """Give nine numbers of a register, the same on every day."""
    fake, then = Faker(locale), SimpleNamespace(datetime=MadeAt, date=MadeOn, timedelta=timedelta)
    fake.seed_instance(seed)
    registers = [patch(f"faker.providers.ssn.{one}.datetime", then) for one in ("sv_SE", "fi_FI")]
    with patch("faker.providers.date_time.datetime", MadeAt), registers[0], registers[1]:
        return [str(getattr(fake, name)()) for _ in range(9)]


def registers(seed: int) -> Iterator[tuple[str, str, str, str]]:
    """Give national numbers, as positives do, with their locale."""
    for locale, (name, named) in NATIONAL.items():
        if named is not None:
            for number, value in enumerate(national(locale, name, seed)):
                yield locale, "national_ids", value, (value, f"- {value} -", named.format(value))[number % 3]


def negatives(dice: random.Random, locale: str, seed: int) -> Iterator[str]:
    """Give texts with nothing of these in them: numbers that are something else, and sentences."""
    fake = Faker(locale)
    fake.seed_instance(seed)
    for _ in range(2):
        day = fake.date_time_between(*YEARS, tzinfo=UTC)
        price = f"{dice.randrange(1, 999)}.{dice.randrange(100, 999)}.{dice.randrange(100, 999)},{dice.randrange(10, 99)} €"
        yield from (
            day.isoformat(),
            day.strftime("%d.%m.%Y %H:%M"),
            day.strftime("%m/%d/%Y - %m/%d/%Y"),
            day.strftime("%Y%m%d%H%M%S"),
            str(int(day.timestamp() * 1000)),
            f"{day.timestamp():.6f}",
            f"Order {dice.randrange(10**9, 10**10)} shipped",
            f"Bestellnummer {dice.randrange(10**3, 10**4)}-{dice.randrange(10**6, 10**7)}",
            f"INV-{dice.randrange(10**4, 10**5)}-{dice.randrange(10**4, 10**5)}",
            str(fake.uuid4()),
            price,
            f"{dice.uniform(-90, 90):.6f}, {dice.uniform(-180, 180):.6f}",
            f"Version {dice.randrange(9)}.{dice.randrange(99)}.{dice.randrange(99)}.{dice.randrange(10**4, 10**5)}",
            fake.ipv4(),
            fake.ipv6(),
            fake.mac_address(),
            fake.ean13(),
            fake.isbn13(),
            fake.md5(),
            b64encode(dice.randbytes(18)).decode(),
            fake.user_agent(),
            fake.file_name(),
            fake.uri(),
            fake.sentence(),
            fake.street_address(),
            f"Meeting {dice.randrange(10**10, 10**11)}",
            str(dice.randrange(6 * 10**18, 8 * 10**18)),
            f"{dice.randrange(10**8, 10**9)} {dice.randrange(100)} %",
            "Password reset required",
        )


def lines(seed: int) -> Iterator[dict[str, str | None]]:
    """Give every string; `kind` is null where nothing is to be found."""
    dice = random.Random(seed)
    for locale in NOTES:
        for kind, value, text in positives(dice, locale, seed):
            yield {"locale": locale, "kind": kind, "value": value, "text": text}
    for locale, kind, value, text in registers(seed):
        yield {"locale": locale, "kind": kind, "value": value, "text": text}
    for locale in NOTES:
        for text in negatives(dice, locale, seed):
            yield {"locale": locale, "kind": None, "value": None, "text": text}


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else SEED):
        print(json.dumps(line, ensure_ascii=False))
