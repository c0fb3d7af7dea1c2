"""The types of single words: how a text or list in a spec becomes a value. ValueError says what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator

from engine.spec.body import Content, parse_body
from engine.spec.duration import Duration, parse_duration
from engine.spec.rate import Rate, parse_rate
from engine.spec.select import Select, parse_select
from engine.spec.template import Hole, Template, parse_path, parse_template

Means = Literal["absent", "empty", "denied", "unlicensed", "gone", "refresh", "wait", "exhausted", "restart", "failed"]

HOST = re.compile(r"\.?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
NAMED = r"<[A-Z][A-Z0-9_]*>"
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
OPEN_ADDRESS = re.compile(rf"(?:{NAMED}|https://(?:{NAMED}|(?:(?:{LABEL}|{NAMED})\.)+{LABEL}))(?:/.*)?")
SECRET, TOKEN = Hole("SECRET"), Hole("TOKEN")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Words(BaseModel):
    """A map of a spec: unknown keys are mistakes, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def text(value: Any) -> str:
    """Take a scalar as it is written."""
    if isinstance(value, str):
        return str(value)
    message = "expects a text here, not a list or map"
    raise ValueError(message)


def _parsed(parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: parse(text(value))


def _matching(pattern: str, what: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if re.fullmatch(pattern, text(value)):
            return str(value)
        message = f"`{value}` is not {what}"
        raise ValueError(message)

    return check


def _listed(value: Any) -> Any:
    """A single value where a list may stand is a list of one."""
    return value if isinstance(value, list) else [value]


def _optional(value: Any) -> Any:
    """`none` switches a default off."""
    return None if value == "none" else value


def _number(value: Any) -> int:
    if re.fullmatch(r"[0-9]{1,9}", text(value)):
        return int(value)
    message = f"`{value}` is not a whole number"
    raise ValueError(message)


def _status(value: Any) -> int:
    if re.fullmatch(r"[1-5][0-9][0-9]", text(value)):
        return int(value)
    message = f"`{value}` is no HTTP status: three digits, 100 to 599"
    raise ValueError(message)


def _address(value: Any) -> str:
    address = text(value)
    host = re.match(r"https://([^/?#]+)", address)
    if not host or not HOST.fullmatch(host[1]) or re.search(r"[\s<>\\#]", address):
        message = f"`{address}` is no https address of a public host"
        raise ValueError(message)
    return address


def _open_address(value: Any) -> str:
    """Take an https address that may hold values: as whole labels of its host, as the host, or as the origin."""
    address = text(value)
    if any(parse_template(address).fields()):
        message = f"`{address}`: what every request is put behind holds a <NAME>, never an <endpoint.field>"
        raise ValueError(message)
    if OPEN_ADDRESS.fullmatch(address) and not re.search(r"[\s\\#{}]", address):
        return address
    message = f"`{address}` is no https address of a public host, such as https://api.acme.com or https://<SHOP>.acme.com"
    raise ValueError(message)


def _redirect(value: Any) -> str:
    if re.fullmatch(r"https://[^\s/]+/\S*|http://(127\.0\.0\.1|localhost)(:\d{1,5})?/\S*", text(value)):
        return str(value)
    message = f"`{value}` is neither an https address nor http://127.0.0.1:PORT/..."
    raise ValueError(message)


def _header(value: Any) -> str:
    if HEADER.fullmatch(text(value)) and str(value).lower() not in ("authorization", "cookie", "host"):
        return str(value)
    message = f"`{value}` is no header a spec may set"
    raise ValueError(message)


def _header_value(value: Any) -> Template:
    template = parse_template(text(value))
    if all(part.isascii() and part.isprintable() for part in template.parts if isinstance(part, str)):
        return template
    message = f"`{value}` holds what no header may: control or non-ASCII characters"
    raise ValueError(message)


def _version(value: Any) -> str:
    if re.fullmatch(r"[!-~]+(?: [!-~]+)*", text(value)) and value not in (".", ".."):
        return str(value)
    message = f"`{value}` is no version: it stands in paths and headers, so it is written in printable ASCII characters"
    raise ValueError(message)


def _key_header(value: Any) -> str:
    if HEADER.fullmatch(text(value)) and str(value).lower() not in ("cookie", "host"):
        return str(value)
    message = f"`{value}` is no header a key may stand in"
    raise ValueError(message)


def _with_secret(value: Any, secret: Hole, what: str) -> Template:
    """Read a text in which the connection's secret stands, and nothing else of its kind."""
    template = parse_template(text(value))
    other = next((str(part) for part in template.parts if not isinstance(part, str) and part != secret), None)
    if other is not None:
        message = f"`{other}` has no value here: only {secret} has"
        raise ValueError(message)
    if secret not in template.parts:
        message = f"`{value}` says not where the {what} stands: write {secret} there"
        raise ValueError(message)
    return template


def _keyed(value: Any) -> Template:
    return _with_secret(value, SECRET, "key")


def _tokened(value: Any) -> Template:
    return _with_secret(value, TOKEN, "token")


def _user_password(value: Any) -> Template:
    template = _keyed(value)
    if any(isinstance(part, str) and ":" in part for part in template.parts):
        return template
    message = f"`{value}` is written `user:password`, as curl -u takes it"
    raise ValueError(message)


NOT_YET_BUILT = ("jwt_bearer", "device_code")


def grant(value: Any) -> Any:
    """Tell a grant that is planned from one that does not exist."""
    if value in NOT_YET_BUILT:
        message = f"`{value}` is not yet built; built are authorization_code, client_credentials and account_credentials"
        raise ValueError(message)
    return value


def _since(value: Any) -> Duration | date:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text(value)):
        return _day(value)
    try:
        return parse_duration(value)
    except ValueError as error:
        message = f"{error}, or a date such as 2013-01-01"
        raise ValueError(message) from None


@dataclass(frozen=True, slots=True)
class Flag:
    """A path into another endpoint's answer."""

    endpoint: str
    path: Select


def _flag(value: Any) -> Flag:
    found = re.fullmatch(r"([a-z][a-z0-9_]*)\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)", text(value), re.ASCII)
    if found:
        return Flag(found[1], parse_select(found[2]))
    message = "`licence` is written `endpoint.path.to.the.flag`"
    raise ValueError(message)


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        message = f"`{value}` is no day of the calendar"
        raise ValueError(message) from None


Text = Annotated[str, PlainValidator(text)]
VendorName = Annotated[str, PlainValidator(_matching(r"[a-z][a-z0-9_]{0,63}", "a name in lower case: a-z, 0-9, _"))]
Name = VendorName
ValueName = Annotated[str, PlainValidator(_matching(r"[A-Z][A-Z0-9_]{0,63}", "a NAME in capitals: A-Z, 0-9, _"))]
Header = Annotated[str, PlainValidator(_header)]
HeaderValue = Annotated[Template, PlainValidator(_header_value)]
Version = Annotated[str, PlainValidator(_version)]
KeyHeader = Annotated[str, PlainValidator(_key_header)]
Keyed = Annotated[Template, PlainValidator(_keyed)]
Tokened = Annotated[Template, PlainValidator(_tokened)]
UserPassword = Annotated[Template, PlainValidator(_user_password)]
Number = Annotated[int, PlainValidator(_number)]
Address = Annotated[str, PlainValidator(_address)]
OpenAddress = Annotated[str, PlainValidator(_open_address)]
Redirect = Annotated[str, PlainValidator(_redirect)]
Host = Annotated[str, PlainValidator(_matching(HOST.pattern, "a host such as zoom.us, or .zoom.us for all below it"))]
Path = Annotated[Select, PlainValidator(_parsed(parse_select))]
RequestLine = Annotated[Template, PlainValidator(_parsed(parse_path))]
Value = Annotated[Template, PlainValidator(_parsed(parse_template))]
Licence = Annotated[Flag, PlainValidator(_flag)]
Values = Annotated[tuple[Value, ...], BeforeValidator(_listed)]
Statuses = Annotated[tuple[Annotated[int, PlainValidator(_status)], ...], BeforeValidator(_listed)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Limit = Annotated[Rate, PlainValidator(_parsed(parse_rate))]
OneOrMore = BeforeValidator(_listed)
Body = Annotated[Content, PlainValidator(parse_body)]
Span = Annotated[Duration, PlainValidator(_parsed(parse_duration))]
Since = Annotated[Duration | date, PlainValidator(_since)]
OrNone = BeforeValidator(_optional)
