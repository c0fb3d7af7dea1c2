"""The types of addresses: `base_url`, the addresses of `oauth2`, `docs`, and the hosts of `hosts`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import PlainValidator

from engine.language.expressions.template import PATH_CHARACTER, parse_path, parse_template
from engine.language.model.shapes import NAMED, shape, text, whole
from engine.language.text.mistakes import Misfit

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST_NAME = rf"(?:{LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]"
HOST = re.compile(rf"\.?{HOST_NAME}")
A_HOST = "a host such as zoom.us, or .zoom.us for all below it"
ADDRESS = rf"https://{HOST_NAME}(?:[/?][^\s<>\\#]*)?"
OPEN = r"<[A-Z][A-Z0-9_]*>"
OPEN_ADDRESS = re.compile(rf"(?:{OPEN}|https://(?:{OPEN}|(?:(?:{LABEL}|{OPEN})\.)+{LABEL}))(?:/.*)?")
REDIRECT = r"https://[^\s/]+/\S*|http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?/\S*"


def _address(value: Any) -> str:
    address = text(value)
    if re.fullmatch(ADDRESS, address):
        return address
    message = f"`{address}` is no https address of a public host"
    raise Misfit(message, "such as https://api.acme.com/v1")


def _host(value: Any) -> str:
    if HOST.fullmatch(text(value)):
        return str(value)
    found = HOST.search(str(value))
    message = f"`{value}` is not {A_HOST}"
    raise Misfit(message, f"write `{found[0]}`" if found else None)


def _open_address(value: Any) -> str:
    """Take an https address that may hold values: as whole labels of its host, as the host, or as the origin."""
    address = text(value)
    if any(parse_template(address).fields()):
        message = f"`{address}` holds an <endpoint.field>"
        raise Misfit(message, "here only a <NAME> has a value: from `settings`, `capture` of the token answer or of `discover`")
    if OPEN_ADDRESS.fullmatch(address) and not re.search(r"[\s\\#{}]", address):
        return address
    message = f"`{address}` is no https address of a public host"
    raise Misfit(message, "such as https://api.acme.com/v1 or https://<SHOP>.acme.com")


def _base_address(value: Any) -> str:
    """Take an address that a request line can be put behind: a path, and nothing after it."""
    address = _open_address(value)
    parse_path(address)
    return address


def _redirect(value: Any) -> str:
    if re.fullmatch(REDIRECT, text(value)):
        return str(value)
    message = f"`{value}` is no address a browser may be sent back to"
    raise Misfit(message, "write http://127.0.0.1:8917/callback, or an https address")


_OPEN = rf"(?:{OPEN}|https://(?:{OPEN}|(?:(?:{LABEL}|{OPEN})\.)+{LABEL}))(?:/(?:[^\s\\#{{}}<>]|{NAMED})*)?"
_BASE = rf"(?!.*/\.\.?(?:/|$))(?:{OPEN}|https://(?:{OPEN}|(?:(?:{LABEL}|{OPEN})\.)+{LABEL}))(?:/(?:{PATH_CHARACTER}|{NAMED})*)?"
_LOCAL = "an address on this machine, or an https one"

Address = Annotated[str, PlainValidator(_address), shape(whole(ADDRESS), "an https address", "https://api.acme.example/v1")]
OpenAddress = Annotated[
    str,
    PlainValidator(_open_address),
    shape(whole(_OPEN), "an https address, perhaps with <NAME> in it", "https://api.acme.example/v1", "https://<SHOP>.acme.example"),
]
BaseAddress = Annotated[
    str,
    PlainValidator(_base_address),
    shape(
        whole(_BASE),
        "an https address without a query, perhaps with <NAME> in it",
        "https://api.acme.example/v1",
        "https://<SHOP>.acme.example/v1",
        "<INSTANCE>/v1",
    ),
]
Redirect = Annotated[str, PlainValidator(_redirect), shape(whole(REDIRECT), _LOCAL, "http://127.0.0.1:8917/callback")]
Host = Annotated[str, PlainValidator(_host), shape(whole(HOST.pattern), A_HOST, "zoom.us", ".zoom.us")]
