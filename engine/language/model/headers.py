"""The types of headers: those a request sends, and those in which an API key (`<SECRET>`) or a token (`<TOKEN>`) stands."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import PlainValidator

from engine.language.expressions.template import Hole, Template, parse_template
from engine.language.model.shapes import FILLED, SCALAR, any_case, shape, text, whole
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
