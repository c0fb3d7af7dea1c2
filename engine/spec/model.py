"""The words of a spec, defined once: names, types, defaults and meanings.

The loader, the diagnostics and docs/language.md all derive from these classes. They hold what is written;
what a request ends up with after the defaults of the top is in engine/spec/effective.py.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from engine.spec import words as w
from engine.spec.auth import Auth, OAuth2
from engine.spec.limits import RateLimits, Told
from engine.spec.mistake import Misfit
from engine.spec.shapes import OneOrMore, OrNone, at_least_one, either
from engine.spec.template import Template
from engine.spec.words import Words

__all__ = ["Auth", "OAuth2", "RateLimits", "Told", "Words"]


def _rows(value: Any) -> Any:
    """`{TYPE: [a, b]}` is one row per value."""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        message = "`for` does not say which value these are"
        raise Misfit(message, f"write {{NAME: [{', '.join(value)}]}}, and <NAME> where the vendor wants it")
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and len(value) == 1:
        ((name, values),) = value.items()
        return [{name: one} for one in (values if isinstance(values, list) else [values])]
    message = "`for` takes one NAME with its values, or a list of rows"
    raise Misfit(message, "write {NAME: [value, value]}, or [{A: x, B: y}, {A: z, B: w}]")


def _checks(value: Any) -> Any:
    return {value: None} if isinstance(value, str) else value


def _files(value: Any) -> Any:
    listed = value if isinstance(value, list) else [value]
    return [{"address": one} if isinstance(one, str) else one for one in listed]


Row = dict[w.ValueName, w.Text]
OneRow = Annotated[dict[w.ValueName, w.Texts], Field(min_length=1, max_length=1)]
Rows = Annotated[tuple[Row, ...], BeforeValidator(_rows, json_schema_input_type=OneRow | tuple[Row, ...])]
Checks = Annotated[dict[w.Path, w.Value | None], BeforeValidator(_checks, json_schema_input_type=w.Path | dict[w.Path, w.Value])]
Params = dict[w.Text, w.Values]
Headers = dict[w.Header, w.HeaderValue]


ONE: dict[str, Any] = {"maxProperties": 1}


class Window(Words):
    """Slices of time: one chain of requests per slice."""

    step: w.Span = Field(description="The longest slice: a number and s, m, h, d or mo.")
    since: w.Since = Field(description="How far back: a span or a day. The slices reach to now.")

    def slices(self, unit: int) -> int:
        """Count the slices there can be, none shorter than `unit` seconds; from a day they are counted to the year 2100."""
        since, step = self.since, self.step
        reach = (FAR_ENOUGH - since).days * DAY if isinstance(since, date) else since.seconds or since.months * 31 * DAY
        return reach // max(unit, step.seconds or step.months * 28 * DAY)


FAR_ENOUGH = date(2100, 1, 1)
DAY = 86400


class FileRule(Words):
    """Where the addresses of downloadable files stand inside a record."""

    address: w.Path = Field(description="The file's address, read from each element.")
    each: w.Path | None = Field(default=None, description="The elements of a record; default the record itself.")
    size: w.Path | None = Field(default=None, description="The file's size in bytes, where the vendor tells it.")


File = w.Path | FileRule
Files = Annotated[tuple[FileRule, ...], BeforeValidator(_files, json_schema_input_type=File | tuple[File, ...])]


class Pagination(Words):
    """How the next page is asked for; exactly one of `cursor`, `link`, `page`, `offset`."""

    model_config = ConfigDict(json_schema_extra=either("cursor", "link", "page", "offset", needs={"cursor": "param"}))

    cursor: w.Path | None = Field(default=None, description='Read from each answer; `""`, null or missing ends.')
    param: w.Text | None = Field(
        default=None, description="The query parameter in which the cursor is sent; in a `post` a place in the body."
    )
    link: w.Path | None = Field(default=None, description="The next page's address, or `header` (RFC 8288, rel=next); its host is checked.")
    page: dict[w.Text, w.Number] | None = Field(default=None, description="Parameter and first page number.", json_schema_extra=ONE)
    offset: w.Text | None = Field(default=None, description="The parameter advanced by the records received.")
    more: w.Path | None = Field(default=None, description="False ends the list, whatever the cursor says.")
    size: dict[w.Text, w.Number] | None = Field(
        default=None, description="Parameter and page size to ask for; in a `post` a place in the body.", json_schema_extra=ONE
    )
    total: w.Path | None = Field(default=None, description="How many records the vendor announces; cross-checked.")

    @model_validator(mode="after")
    def one_way(self) -> Pagination:
        """Refuse no way or two ways to the next page."""
        ways = [name for name in ("cursor", "link", "page", "offset") if getattr(self, name) is not None]
        if len(ways) != 1:
            message = f"{' and '.join(f'`{way}`' for way in ways)}: two ways to the next page" if ways else "no way to the next page"
            raise Misfit(message, "write exactly one of `cursor` (with `param`), `link`, `page` and `offset`")
        if (self.cursor is None) != (self.param is None):
            message = "`param` stands without a `cursor`" if self.cursor is None else "`cursor` stands without a `param`"
            raise Misfit(message, "a cursor is read from the answer and sent in a parameter: {cursor: next, param: after}")
        return self

    @field_validator("page", "size")
    @classmethod
    def one_name(cls, value: dict[str, int] | None) -> dict[str, int] | None:
        """Refuse several parameters where one is meant."""
        if value is not None and len(value) != 1:
            message = "several parameters where one is meant"
            raise Misfit(message, "write one and its number, such as {page_size: 300}")
        return value


class Rule(Words):
    """What one kind of refusal means; everything that is written must hold."""

    model_config = ConfigDict(json_schema_extra=at_least_one("status", "code", "message"))

    status: w.Statuses = Field(default=(), description="The HTTP status, or several.")
    code: w.Texts = Field(default=(), description="The vendor's own code, compared as text, or several.")
    message: w.Text | None = Field(default=None, description="A part of the vendor's message, case aside.")
    means: w.Means = Field(description="The outcome, or what to do.")

    @model_validator(mode="after")
    def says_when(self) -> Rule:
        """Refuse a rule that would hold for everything."""
        if not (self.status or self.code or self.message):
            message = "a rule that does not say when it holds"
            raise Misfit(message, "write `status`, `code` or `message` into it, or several")
        return self


class Answers(Words):
    """How an answer is read when it is no success."""

    refused: w.Path | None = Field(default=None, description="True in a 2xx answer: a refusal all the same.")
    code: w.Path | None = Field(default=None, description="Where the vendor's own code stands.")
    message: w.Path | None = Field(default=None, description="Where the vendor's message stands.")
    rules: tuple[Rule, ...] = Field(default=(), description="Tried in order; the first that holds decides.")


class Defaults(Words):
    """Words that may stand at the top for every request, and in a request for itself."""

    headers: Headers = Field(default={}, description="Headers; merged name by name.")
    params: Params = Field(default={}, description="The query; a list repeats the name; merged name by name.")
    rate_limit: w.Text | None = Field(default=None, description="The bucket that is drawn on, besides `all`.")
    pagination: Annotated[Pagination | None, OrNone()] = Field(default=None, description="How pages follow, or none.")
    answers: Answers = Field(default=Answers(), description="What refusals mean; own rules are tried first.")
    records: Annotated[w.Path | None, OrNone()] = Field(
        default=None, description="Where the records stand; without it the whole answer is one record."
    )
    key: w.Path | None = Field(default=None, description="What tells records apart; default `id`.")
    granted_by: w.Texts = Field(default=(), description="Scopes: any entry is enough; `a b` in one means both.")
    quotes: Literal["backslash", "double", "refuse"] | None = Field(
        default=None, description="How a value is written that stands between `'` or `\"` in a longer text."
    )


class Request(Defaults):
    """One request line and what belongs to it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["get"], "not": {"required": ["body"]}}, {"required": ["post"]}]})

    get: w.RequestLine | None = Field(default=None, description="The request line as the vendor prints it, behind `base_url`.")
    post: w.RequestLine | None = Field(default=None, description="The same for a search that is asked for with POST; nothing is written.")
    body: w.Body = Field(default=None, description="What a `post` sends: JSON, written as YAML.")

    @property
    def line(self) -> Template:
        """Give the request line, whichever word it stands behind."""
        line = self.get or self.post
        assert line is not None, "asks_once sees to it"  # noqa: S101
        return line

    @model_validator(mode="after")
    def asks_once(self) -> Request:
        """Refuse no request line or two, and a body that nothing sends."""
        if (self.get is None) == (self.post is None):
            message = "a request without a line" if self.get is None else "a request with two lines, `get` and `post`"
            raise Misfit(message, "write `get: /path` or `post: /path`, as the vendor prints it")
        if self.get is not None and self.body is not None:
            message = "a `get` sends no `body`"
            raise Misfit(message, "write `post`, or put the values under `params`")
        return self


class Verify(Request):
    """The call that shows whether a connection is alive: sent once, nothing is followed."""


class Lookup(Request):
    """Finds the person; the person who answers must be the one asked for."""

    for_: Rows = Field(default=(), alias="for", description="One chain of requests per value or row.")
    match: Checks = Field(description="What must equal the identifier that is asked by, or `path: value`.")
    several: Literal["stop", "all"] = Field(default="stop", description="What several matched persons mean: stop, or they are one person.")
    capture: dict[w.ValueName, w.Path] = Field(default={}, description="Values for the endpoints, read from the person.")


class Discover(Request):
    """Asks once for what belongs to the account, before the person is asked for; never delivered."""

    for_: Rows = Field(default=(), alias="for", description="One chain of requests per value or row.")
    capture: dict[w.ValueName, w.Path] = Field(default={}, description="Values for other requests, read from the answer.")


class Endpoint(Request):
    """One list or object of the person's; its name is the file's name."""

    title: w.Text | None = Field(default=None, description="A name for people.")
    for_: Rows = Field(default=(), alias="for", description="One chain of requests per value or row.")
    window: Window | None = Field(default=None, description="Slices of time; `<FROM>` and `<TO>` stand in the request.")
    fields: Annotated[tuple[w.Path, ...] | None, OrNone()] = Field(
        default=(), description="What is kept of a record (default all), or none: only the way to another request."
    )
    files: Files = Field(default=(), description="Addresses in a record that `--files` downloads.")
    match: Checks = Field(default={}, description="Keep only records in which the path equals the value.")
    echo: Checks = Field(default={}, description="What every answer must repeat, else the endpoint failed.")
    licence: w.Licence | None = Field(default=None, description="`endpoint.path` of the flag that explains a refusal.")
    replaces: w.Name | None = Field(default=None, description="The endpoint this one succeeds; both are asked.")


class Access(Words):
    """What an access request does."""

    lookup: Annotated[tuple[Lookup, ...], OneOrMore()] = Field(
        description="Finds the person; of a list the first whose identifier was given and that finds somebody."
    )
    endpoints: dict[w.Name, Endpoint] = Field(description="What is fetched, by name.")


class Spec(Defaults):
    """One vendor, one file."""

    spec: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(description="The language's version.")
    vendor: w.VendorName = Field(description="The name on the command line.")
    title: w.Text | None = Field(default=None, description="The name for people; default the vendor.")
    version: w.Version | None = Field(default=None, description="The vendor's API version; `<VERSION>` elsewhere.")
    docs: w.Address | None = Field(default=None, description="Where the facts come from.")
    base_url: w.BaseAddress = Field(description="What a request line that begins with `/` is put behind.")
    hosts: tuple[w.Host, ...] = Field(
        default=(), description="Where the credential may go: that host; with a leading dot every host below it."
    )
    direct_contact: tuple[Literal["access", "deletion"], ...] = Field(default=(), description="What can be asked of the vendor by e-mail.")
    gaps: tuple[w.Text, ...] = Field(default=(), description="What this API cannot give; stands in every manifest.")
    settings: dict[w.ValueName, w.Text] = Field(
        default={}, description="What `connect` asks for and is no secret, each with its help; `<NAME>` elsewhere."
    )
    auth: Auth = Field(description="How to connect.")
    discover: dict[w.Name, Discover] = Field(default={}, description="What is asked about the account first; never delivered.")
    verify: Verify = Field(description="Is the connection alive, and does it see people?")
    rate_limits: RateLimits = Field(default=RateLimits(), description="What the vendor allows, per bucket.")
    access: Access = Field(description="The look-up and the endpoints.")
