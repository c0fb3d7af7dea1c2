"""The words of a spec: the top of the file, requests, look-ups, endpoints. Names, types, defaults and meanings, each defined once.

The loader, the diagnostics, the JSON Schema and docs/language.md derive from these classes. They hold what is written;
after the defaults of the top are merged it is in engine/language/effective.py.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from engine.language.expressions.template import Template
from engine.language.model import words as w
from engine.language.model.auth import Auth, OAuth2
from engine.language.model.contact import ContactWays, ContactWaySpec
from engine.language.model.limits import PointBucket, RateLimits
from engine.language.model.lists import FileRule, PaginationSpec, WindowSpec
from engine.language.model.refusals import RefusalsSpec, RuleSpec, TokenRefusalsSpec, TokenRuleSpec
from engine.language.model.shapes import OneOrMore, OrNone
from engine.language.model.words import Words
from engine.language.text.mistakes import Misfit

__all__ = [
    "Auth",
    "ContactWaySpec",
    "FileRule",
    "OAuth2",
    "PaginationSpec",
    "PointBucket",
    "RateLimits",
    "RefusalsSpec",
    "RuleSpec",
    "TokenRefusalsSpec",
    "TokenRuleSpec",
    "WindowSpec",
    "Words",
]


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


ForRow = dict[w.ValueName, w.Text]
OneRow = Annotated[dict[w.ValueName, w.Texts], Field(min_length=1, max_length=1)]
Rows = Annotated[tuple[ForRow, ...], BeforeValidator(_rows, json_schema_input_type=OneRow | tuple[ForRow, ...])]
Checks = Annotated[
    dict[w.JMESPath, w.Value | None], BeforeValidator(_checks, json_schema_input_type=w.JMESPath | dict[w.JMESPath, w.Value])
]
Params = dict[w.Text, w.ValueList]
HeaderMap = dict[w.Header, w.HeaderValue]


File = w.JMESPath | FileRule
FileRules = Annotated[tuple[FileRule, ...], BeforeValidator(_files, json_schema_input_type=File | tuple[File, ...])]


class Defaults(Words):
    """Words that may stand at the top for every request, and in a request for itself."""

    headers: HeaderMap = Field(default={}, description="Headers; merged name by name.", examples=[{"X-Version": "<VERSION>"}])
    params: Params = Field(
        default={},
        description="The query; a list repeats the name; merged name by name.",
        examples=[{"owner": "<USER_ID>", "expand": ["lines", "notes"]}],
    )
    bucket: w.Text | None = Field(default=None, description="The bucket that is drawn on, besides `all`.", examples=["slow"])
    pagination: Annotated[PaginationSpec | None, OrNone()] = Field(
        default=None,
        description="How pages follow, or none.",
        examples=[{"cursor": "next", "param": "after", "size": {"limit": 100}}, "none"],
    )
    refusals: RefusalsSpec = Field(
        default=RefusalsSpec.model_construct(),
        description="What refusals mean; own rules are tried first.",
        examples=[{"code": "error.code", "rules": [{"status": 404, "means": "absent"}]}],
    )
    records: Annotated[w.JMESPath | None, OrNone()] = Field(
        default=None,
        description="Where the records stand; without it the whole answer is one record.",
        examples=["data.items", "@", "none"],
    )
    key: w.JMESPath | None = Field(
        default=None, description="What tells records apart; default `id`.", examples=["uid", "[owner.id, number]"]
    )
    granted_by: w.Texts = Field(
        default=(),
        description="Scopes: any entry is enough; `a b` in one means both.",
        examples=["orders:read", ["orders:read people:read", "read"]],
    )
    quotes: Literal["backslash", "double", "refuse"] | None = Field(
        default=None,
        description="How a value is written that stands between `'` or `\"` in a longer text: the quote behind a backslash, "
        "doubled, or not at all.",
    )


class RequestSpec(Defaults):
    """One request line and what belongs to it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["get"], "not": {"required": ["body"]}}, {"required": ["post"]}]})

    get: w.RequestLine | None = Field(
        default=None, description="The request line as the vendor prints it, behind `base_url`.", examples=["/people/<USER_ID>/orders"]
    )
    post: w.RequestLine | None = Field(
        default=None, description="The same for a search that is asked for with POST; nothing is written.", examples=["/people/search"]
    )
    body: w.Body = Field(
        default=None, description="What a `post` sends: JSON, written as YAML.", examples=[{"filter": {"owner": "<USER_ID>"}, "limit": 100}]
    )

    @property
    def line(self) -> Template:
        """Give the request line, whichever word it stands behind."""
        line = self.get or self.post
        assert line is not None, "asks_once sees to it"  # noqa: S101
        return line

    @model_validator(mode="after")
    def asks_once(self) -> RequestSpec:
        """Refuse no request line or two, and a body that nothing sends."""
        if (self.get is None) == (self.post is None):
            message = "a request without a line" if self.get is None else "a request with two lines, `get` and `post`"
            raise Misfit(message, "write `get: /path` or `post: /path`, as the vendor prints it")
        if self.get is not None and self.body is not None:
            message = "a `get` sends no `body`"
            raise Misfit(message, "write `post`, or put the values under `params`")
        return self


class VerifySpec(RequestSpec):
    """The call that shows whether a connection is alive: sent once, nothing is followed."""


class LookupSpec(RequestSpec):
    """Finds the person; the person who answers must be the one asked for."""

    for_: Rows = Field(
        default=(), alias="for", description="One chain of requests per value or row.", examples=[{"GROUP": ["leads", "contacts"]}]
    )
    match: Checks = Field(
        description="What must equal the identifier that is asked by, or `path: value`.",
        examples=["email", {"email": "<EMAIL>", "type": "person"}],
    )
    several: Literal["stop", "all"] = Field(default="stop", description="What several matched persons mean: stop, or they are one person.")
    capture: dict[w.ValueName, w.JMESPath] = Field(
        default={}, description="Values for the endpoints, read from the person.", examples=[{"USER_ID": "id"}]
    )


class DiscoverSpec(RequestSpec):
    """Asks once for what belongs to the account, before the person is asked for; never delivered."""

    title: w.Text | None = Field(default=None, description="A name for people, a noun: what it finds.", examples=["the account's shops"])
    for_: Rows = Field(
        default=(), alias="for", description="One chain of requests per value or row.", examples=[{"OBJECT": ["orders", "notes"]}]
    )
    capture: dict[w.ValueName, w.JMESPath] = Field(
        default={}, description="Values for other requests, read from the answer.", examples=[{"FIELDS": "items[].name"}]
    )


class EndpointSpec(RequestSpec):
    """One list or object of the person's; its name is the file's name."""

    title: w.Text | None = Field(default=None, description="A name for people, a noun: what is fetched.", examples=["Orders"])
    for_: Rows = Field(
        default=(),
        alias="for",
        description="One chain of requests per value or row.",
        examples=[{"TYPE": ["open", "closed"]}, [{"SIDE": "from", "KIND": "a"}, {"SIDE": "to", "KIND": "b"}]],
    )
    window: WindowSpec | None = Field(
        default=None, description="Slices of time; `<FROM>` and `<TO>` stand in the request.", examples=[{"step": "28d", "since": "6mo"}]
    )
    fields: Annotated[tuple[w.JMESPath, ...] | None, OrNone()] = Field(
        default=(),
        description="What is kept of a record (default all), or none: only the way to another request.",
        examples=[["id", "owner.name", "{sum: total.amount}"], "none"],
    )
    files: FileRules = Field(
        default=(),
        description="Addresses in a record that `--files` downloads.",
        examples=["url", ["url", "picture_url"], {"each": "files", "address": "url", "size": "bytes"}],
    )
    match: Checks = Field(
        default={}, description="Keep only records in which the path equals the value.", examples=[{"owner.id": "<USER_ID>"}]
    )
    echo: Checks = Field(
        default={},
        description="What every answer must repeat, else the endpoint failed.",
        examples=[{"owner": "<USER_ID>"}, {"from": "<FROM.date>"}],
    )
    licence: w.Licence | None = Field(default=None, description="`endpoint.path` of the flag that explains a refusal.")
    replaces: w.Name | None = Field(default=None, description="The endpoint this one succeeds; both are asked.", examples=["old"])
    optional: w.Yes = Field(
        default=False, description="It needs a scope that the connection may lack: without it, the endpoint is `excluded`.", examples=[True]
    )


class AccessSpec(Words):
    """What an access request does."""

    lookup: Annotated[tuple[LookupSpec, ...], OneOrMore()] = Field(
        description="Finds the person; in a list those that capture the same names are alternatives, the others are all asked.",
        examples=[
            {"get": "/people/<EMAIL>", "match": "email", "capture": {"USER_ID": "id"}},
            [
                {"get": "/people", "params": {"email": "<EMAIL>"}, "records": "items", "match": "email", "capture": {"USER_ID": "id"}},
                {"get": "/handles/<USERNAME>", "match": "handle", "capture": {"USER_ID": "owner"}},
            ],
        ],
    )
    endpoints: dict[w.Name, EndpointSpec] = Field(
        description="What is fetched, by name.", examples=[{"orders": {"get": "/people/<USER_ID>/orders", "records": "items"}}]
    )


class Spec(Defaults):
    """One vendor, one file."""

    spec: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(description="The language's version.", examples=[1])
    vendor: w.VendorName = Field(description="The name on the command line.")
    title: w.Text | None = Field(default=None, description="The name for people; default the vendor.", examples=["Acme"])
    version: w.Version | None = Field(default=None, description="The vendor's API version; `<VERSION>` elsewhere.")
    docs: w.Address | None = Field(default=None, description="Where the facts come from.", examples=["https://developers.acme.example/api"])
    base_url: w.BaseAddress = Field(description="What a request line that begins with `/` is put behind.")
    hosts: tuple[w.Host, ...] = Field(
        default=(),
        description="Where the credential may go: that host; with a leading dot every host below it.",
        examples=[["acme.example", ".acme.example"]],
    )
    direct_contact: ContactWays = Field(
        default={},
        description="What can be asked of the vendor by e-mail, and how; a list of the two words takes what is usual.",
        examples=[["access", "deletion"], {"access": {"due": "21d", "late": "skip"}, "deletion": {"ask_for": "tickets and their files"}}],
    )
    gaps: Annotated[tuple[w.Text, ...] | None, OrNone()] = Field(
        default=(),
        description="What this API cannot give, or is not asked; stands in every manifest. `none`: nothing that the vendor's documents "
        "offer about a person is left out.",
        examples=[["Deleted orders are not listed.", "Reviews are not asked."], "none"],
    )
    settings: dict[w.ValueName, w.Text] = Field(
        default={},
        description="What `connect` asks for and is no secret, each with its help; `<NAME>` elsewhere.",
        examples=[{"SHOP": "The first label of your shop's address."}],
    )
    usernames: Literal["exact", "ignore_case"] = Field(
        default="exact", description="How the vendor compares usernames: to the letter, or case aside.", examples=["ignore_case"]
    )
    auth: Auth = Field(description="How to connect.")
    discover: dict[w.Name, DiscoverSpec] = Field(
        default={},
        description="What is asked about the account first; never delivered.",
        examples=[{"shops": {"get": "/shops", "records": "items"}}],
    )
    verify: VerifySpec = Field(description="Is the connection alive, and does it see people?", examples=[{"get": "/me"}])
    rate_limits: RateLimits = Field(
        default=RateLimits.model_construct(), description="What the vendor allows, per bucket.", examples=[{"all": "30/s"}]
    )
    access: AccessSpec = Field(description="The look-up and the endpoints.")
