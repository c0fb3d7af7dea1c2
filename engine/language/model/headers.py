"""The types of headers and addresses: where a key (`<SECRET>`) or token (`<TOKEN>`) stands, `base_url`, `hosts`, `docs`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import PlainValidator

from engine.language.expressions.template import PATH_CHARACTER, Hole, Template, parse_path, parse_template
from engine.language.model.shapes import FILLED, NAMED, SCALAR, any_case, shape, text, whole
from engine.language.text.mistakes import Misfit

SECRET, TOKEN = Hole("SECRET"), Hole("TOKEN")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
NO_KEY = ("cookie", "host")
NOT_SET = ("authorization", *NO_KEY)


def _header(value: Any) -> str:
    if HEADER.fullmatch(text(value)) and str(value).lower() not in NOT_SET:
        return str(value)
    message = f"`{value}` is no header a spec may set"
    raise Misfit(message, "what proves the connection stands under `auth`; Host and Cookie are never set")


def _header_value(value: Any) -> Template:
    template = parse_template(text(value))
    if all(part.isascii() and part.isprintable() for part in template.parts if isinstance(part, str)):
        return template
    message = f"`{value}` holds what no header may"
    raise Misfit(message, "no control characters, and ASCII only")


def _key_header(value: Any) -> str:
    if HEADER.fullmatch(text(value)) and str(value).lower() not in NO_KEY:
        return str(value)
    message = f"`{value}` is no header a key may stand in"
    raise Misfit(message, "such as Authorization or X-Api-Key")


def _with_secret(value: Any, secret: Hole, what: str) -> Template:
    """Read a text in which the connection's secret stands, and nothing else of its kind."""
    template = parse_template(text(value))
    other = next((str(part) for part in template.parts if not isinstance(part, str) and part != secret), None)
    if other is not None:
        message = f"`{other}` has no value here"
        raise Misfit(message, f"only {secret} has", part=other)
    if secret not in template.parts:
        message = f"`{value}` does not say where the {what} stands"
        raise Misfit(message, f"write {secret} in its place")
    return template


def _keyed(value: Any) -> Template:
    return _with_secret(value, SECRET, "key")


def _tokened(value: Any) -> Template:
    return _with_secret(value, TOKEN, "token")


def _user_password(value: Any) -> Template:
    template = _keyed(value)
    if any(isinstance(part, str) and ":" in part for part in template.parts):
        return template
    message = f"`{value}` has no `:`"
    raise Misfit(message, "write `user:password` as curl -u takes it, such as `<SECRET>:` or `me:<SECRET>`")


def _around(secret: Hole) -> str:
    return rf"[^<>]*(?:{secret}[^<>]*)+"


Header = Annotated[
    str,
    PlainValidator(_header),
    shape(rf"^(?!{any_case(NOT_SET)}$){HEADER.pattern}$", "the name of a header that is not the connection's"),
]
HeaderValue = Annotated[
    Template, PlainValidator(_header_value), shape(rf"^(?=[ -~]*$)(?=.*[^ ]){FILLED}$", "printable ASCII characters", also=SCALAR)
]
KeyHeader = Annotated[
    str, PlainValidator(_key_header), shape(rf"^(?!{any_case(NO_KEY)}$){HEADER.pattern}$", "the name of a header", "Authorization")
]
Keyed = Annotated[Template, PlainValidator(_keyed), shape(whole(_around(SECRET)), "a text with <SECRET> in it", "Bearer <SECRET>")]
Tokened = Annotated[Template, PlainValidator(_tokened), shape(whole(_around(TOKEN)), "a text with <TOKEN> in it", "Bearer <TOKEN>")]
UserPassword = Annotated[
    Template,
    PlainValidator(_user_password),
    shape(rf"^(?=[\s\S]*:){_around(SECRET)}$", "user:password with <SECRET> in it", "<SECRET>:"),
]


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
