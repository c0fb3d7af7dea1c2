"""The address of a shared store: whether it can be read, how it is shown, how one database is told from another. Connects to nothing."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from engine.errors import UsageError

SCHEMES = ("postgresql://", "postgres://")
SECRETS = ("password", "sslpassword", "oauth_client_secret")
HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:@/]*)(?::[0-9]*)?")
FORM = "postgresql://USER@HOST/DATABASE"


def is_address(text: str) -> bool:
    """Whether a word is meant as the address of a database, and not as a folder."""
    return text.startswith(SCHEMES)


def checked_address(address: str, where: str) -> str:
    """Give an address that leaves no doubt about what of it is a password. Raises UsageError, which shows nothing of it.

    A password with a bare `/`, `@`, `#` or `?` in it would be read, and shown, as host, port or database.
    """
    if not is_address(address):
        message = f"{where} names no store: it is the address of a PostgreSQL database, {FORM}"
        raise UsageError(message)
    parts = urlsplit(address)
    users, _, hosts = parts.netloc.rpartition("@")
    clear = "@" not in users and all(HOST.fullmatch(one) for one in hosts.split(","))
    clear = clear and "@" not in parts.path and "/" not in parts.path.removeprefix("/") and "#" not in address
    if not clear or any("=" not in one for one in parts.query.split("&") if one):
        message = (
            f"{where} is no address that can be read, and it is not shown, because it may hold a password: write {FORM}, in a password "
            f"%40 for @, %2F for /, %3F for ? and %23 for #, or keep it in ~/.pgpass"
        )
        raise UsageError(message)
    return address


def checked_word(word: str, where: str) -> str:
    """Give an address that stands on the command line. Raises UsageError where it holds a password, which `ps` would show to everybody."""
    address = checked_address(word, where)
    if urlsplit(address).password or any(key in SECRETS for key, _ in parse_qsl(urlsplit(address).query)):
        message = (
            f"{where} holds a password, and on a command line every user of this machine can read it: leave it out there, as in {FORM}, "
            f"and keep it in ~/.pgpass, or set HABEAS_STORE to the whole address, or HABEAS_STORE_FILE to a file with it"
        )
        raise UsageError(message)
    return address


def shown(address: str) -> str:
    """Write an address without what it may hold of a password."""
    parts = urlsplit(address)
    user = f"{parts.username}@" if parts.username else ""
    return f"postgresql://{user}{parts.netloc.rpartition('@')[2]}{parts.path}"


def without_secrets(address: str) -> str:
    """Give an address by which its database can be found again, for who has the password: the options too, in one order."""
    further = urlencode(sorted(_options(address)), quote_via=quote, safe="/")
    return shown(address) + (f"?{further}" if further else "")


def identity(address: str) -> str:
    """Tell one database from another, whatever the password in its address."""
    return f"{shown(address)} {sorted(_options(address))}"


def _options(address: str) -> list[tuple[str, str]]:
    return [(key, value) for key, value in parse_qsl(urlsplit(address).query) if key not in SECRETS]
