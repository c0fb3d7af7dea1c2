"""The types of single values: names, request lines, statuses, JMESPath, days. Each reads a text and raises Misfit with what is allowed."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, PlainValidator, WithJsonSchema

from engine.language.expressions.select import Select, parse_select
from engine.language.expressions.template import Template, parse_path, parse_template
from engine.language.model.body import Content, parse_body
from engine.language.model.headers import (
    HEADER,
    HOST,
    OPEN_ADDRESS,
    Address,
    BaseAddress,
    Header,
    HeaderValue,
    Host,
    Keyed,
    KeyHeader,
    OpenAddress,
    Redirect,
    Tokened,
    UserPassword,
)
from engine.language.model.shapes import FIELD, FILLED, NAMED, SCALAR, WRITTEN, OneOrMore, OrNone, matching, parsed, shape, text, whole
from engine.language.model.units import DURATION, RATE, Duration, Rate, parse_duration, parse_rate
from engine.language.text.mistakes import Misfit
from engine.language.text.spec_name import SPEC_NAME

__all__ = [
    "HEADER",
    "HOST",
    "OPEN_ADDRESS",
    "Address",
    "BaseAddress",
    "Header",
    "HeaderValue",
    "Host",
    "KeyHeader",
    "Keyed",
    "OneOrMore",
    "OpenAddress",
    "OrNone",
    "Redirect",
    "Tokened",
    "UserPassword",
    "text",
]

Means = Literal["absent", "empty", "denied", "unlicensed", "gone", "refresh", "wait", "again", "exhausted", "restart", "failed"]

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
FLAG = r"([a-z][a-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
STATUS = r"[1-5][0-9][0-9]"
NUMBER = r"[0-9]{1,9}"
VERSION = r"(?!\.{1,2}$)[!-~]+(?: [!-~]+)*"


class Words(BaseModel):
    """A map of a spec: unknown keys are mistakes, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)  # built with `Spec`, once


def _number(value: Any) -> int:
    if re.fullmatch(NUMBER, text(value)):
        return int(value)
    message = f"`{value}` is not a whole number"
    raise Misfit(message, "write at most nine digits")


def _status(value: Any) -> int:
    if re.fullmatch(STATUS, text(value)):
        return int(value)
    message = f"`{value}` is no HTTP status"
    raise Misfit(message, "three digits, 100 to 599; several in a list: [400, 404]")


def _version(value: Any) -> str:
    if re.fullmatch(VERSION, text(value)):
        return str(value)
    message = f"`{value}` is no version"
    raise Misfit(message, "it stands in paths and headers: write printable ASCII characters")


NOT_YET_BUILT = ("jwt_bearer", "device_code")


def grant(value: Any) -> Any:
    """Tell a grant that is planned from one that does not exist."""
    if value in NOT_YET_BUILT:
        message = f"the grant `{value}` is not yet built"
        raise Misfit(message, "built are authorization_code, client_credentials and account_credentials")
    return value


def _since(value: Any) -> Duration | date:
    if re.fullmatch(DAY, text(value)):
        return _day(value)
    try:
        return parse_duration(value)
    except Misfit as error:
        raise Misfit(str(error), error.hint and f"{error.hint}, or a day such as 2013-01-01", formal=error.formal) from None


class Flag(Struct, frozen=True):
    """A path into another endpoint's answer."""

    endpoint: str
    path: Select


def _flag(value: Any) -> Flag:
    found = re.fullmatch(FLAG, text(value))
    if found:
        return Flag(found[1], parse_select(found[2]))
    message = f"`{value}` is no path into another endpoint's answer"
    raise Misfit(message, "write `endpoint.path.to.the.flag`")


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        message = f"`{value}` is no day of the calendar"
        raise Misfit(message, formal=False) from None


def _yes(value: Any) -> bool:
    if text(value) == "true":
        return True
    message = f"`{value}` is not `true`"
    raise Misfit(message, "write `true`, or leave the word out")


VALUE_NAME = r"[A-Z][A-Z0-9_]{0,63}"
A_NAME, A_VALUE_NAME = "a name in lower case: a-z, 0-9, _", "a NAME in capitals: A-Z, 0-9, _"
LINE = rf"(?=/|https://|<)(?!.*(?:^|/)\.{{1,2}}(?:/|$))(?:[A-Za-z0-9._~!$&'()*+,;=:@/%-]|{NAMED}|{FIELD})*"
A_LINE = "a path that begins with /, an https address, or a value that is one"

Text = Annotated[str, PlainValidator(text), shape(WRITTEN, "a text", also=SCALAR)]
VendorName = Annotated[str, PlainValidator(matching(SPEC_NAME, A_NAME)), shape(whole(SPEC_NAME), A_NAME, "zoom", also=("boolean",))]
Name = VendorName
ValueName = Annotated[str, PlainValidator(matching(VALUE_NAME, A_VALUE_NAME)), shape(whole(VALUE_NAME), A_VALUE_NAME, "USER_ID")]
Version = Annotated[str, PlainValidator(_version), shape(whole(VERSION), "printable ASCII characters", "v2", also=SCALAR)]
WholeNumber = Annotated[int, PlainValidator(_number), shape(whole(NUMBER), "a whole number", also=("integer",))]
Status = Annotated[int, PlainValidator(_status), shape(whole(STATUS), "an HTTP status, 100 to 599", also=("integer",))]
JMESPath = Annotated[Select, PlainValidator(parsed(parse_select)), shape(WRITTEN, "a JMESPath expression", "data.items", also=("boolean",))]
RequestLine = Annotated[Template, PlainValidator(parsed(parse_path)), shape(whole(LINE), A_LINE, "/users/<USER_ID>/meetings")]
Value = Annotated[
    Template, PlainValidator(parsed(parse_template)), shape(rf"^(?=[\s\S]*\S){FILLED}$", "a text, perhaps with <NAME> in it", also=SCALAR)
]
Yes = Annotated[bool, PlainValidator(_yes), WithJsonSchema({"enum": [True, "true"]})]
Licence = Annotated[Flag, PlainValidator(_flag), shape(whole(FLAG), "endpoint.path.to.the.flag", "profile.flags.orders")]
ValueList = Annotated[tuple[Value, ...], OneOrMore()]
Statuses = Annotated[tuple[Status, ...], OneOrMore()]
Texts = Annotated[tuple[Text, ...], OneOrMore()]
RateLimit = Annotated[Rate, PlainValidator(parsed(parse_rate)), shape(whole(RATE), "a limit", "30/s", "20/min", "100/10s", "10 at once")]
Body = Annotated[Content, PlainValidator(parse_body), WithJsonSchema({})]  # any JSON: engine/language/schema.py
Span = Annotated[Duration, PlainValidator(parsed(parse_duration)), shape(whole(DURATION), "a number and s, m, h, d or mo", "28d", "6mo")]
Beginning = Annotated[Duration | date, PlainValidator(_since), shape(whole(f"{DURATION}|{DAY}"), "a span or a day", "6mo", "2013-01-01")]
