"""What is never given unless a policy says why: secrets and protected numbers, by the names of fields; addresses with a secret in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from engine.core.secret_patterns import describes_a_secret, is_secret_name, is_token, pieces
from engine.release.hit import Hit

ADDRESS = re.compile(r"\bhttps?://[^\s<>\"'`|\\^]+", re.IGNORECASE)
OPENING = frozenset({"pwd", "tk", "zak", "zpk", "token", "key", "pw"})  # what a name in a query opens, though a field of that name may not
PROTECTED = re.compile(
    r"(?:.*_)?(?:ssn|sin|nino|nhs_number|bsn|cpf|curp|aadhaar|social_security(?:_(?:no|number|id))?|tax_id(?:entification)?(?:_(?:no|number))?|"
    r"tax_(?:no|number|payer_id)|taxpayer_(?:id|number)|steuer_id|codice_fiscale|passport(?:_(?:no|number|id))?|"
    r"(?:drivers?|driving)_licen[cs]e(?:_(?:no|number|id))?|national_(?:id|identity|insurance)(?:_(?:no|number|card))?|"
    r"(?:personal_)?identity_(?:card_)?number|government_id(?:_number)?|iban|bank_account(?:_(?:no|number))?|(?:credit_|debit_|payment_)?card_number|"
    r"health_(?:insurance_|plan_)?(?:id|number|policy_number)|medical_(?:id|record_number)|medicare(?:_(?:id|number))?)"
)
HIDDEN = re.compile(r"[•*]{2,}|[xX]{4,}")
MOST_SHOWN = 4
SIGNS = "?#@[]"  # before what follows the path of an address, or in front of its host


@lru_cache(maxsize=4096)
def is_secret_field(name: str) -> bool:
    """Whether the value of a field of this name lets somebody in."""
    return (is_secret_name(name) or "pin" in pieces(name)) and not describes_a_secret(name)


@lru_cache(maxsize=4096)
def is_protected_number(name: str) -> bool:
    """Whether the value of a field of this name is the number of an identity document, of tax, an account, a card or a health insurance."""
    words = [word for word in pieces(name) if not (word == "c" or word.isdigit())]
    return PROTECTED.fullmatch("_".join(words)) is not None


def hidden_already(text: str) -> bool:
    """Whether the vendor shows of a number no more than its end."""
    shown, marks = HIDDEN.subn("", text)
    return marks > 0 and sum(char.isalnum() for char in shown) <= MOST_SHOWN


def opens(text: str) -> bool:
    """Whether a text is a token, or holds an address with a secret in it: `pwd=`, `zak=`, `token=`, a name and password before the host."""
    if is_token(text):
        return True
    return "://" in text and any(sign in text for sign in SIGNS) and any(map(_address_opens, ADDRESS.findall(text)))


def _address_opens(address: str) -> bool:
    if not any(sign in address for sign in SIGNS):
        return False
    try:
        parts = urlsplit(address)
        names = [name for query in (parts.query, parts.fragment) for name, value in parse_qsl(query) if value]
    except ValueError:
        return True  # what cannot be read as an address is not shown to be harmless
    return parts.password is not None or any(name.lower() in OPENING or is_secret_field(name) for name in names)


def harmless_without(text: str, found: Iterable[Hit]) -> bool:
    """Whether a text lets nobody in once the secrets that were found in it are taken out."""
    rest = text
    for value in (hit.value for hit in found if hit.kind == "secrets" and hit.value != text):
        rest = rest.replace(value, "")
    return rest != text and not opens(rest)
