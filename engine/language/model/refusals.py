"""The words for what a vendor refuses: `refusals` of requests, and `oauth2.refusals` of the token endpoint."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from engine.language.expressions.select import parse_select
from engine.language.model import words as w
from engine.language.model.shapes import at_least_one, only_beside
from engine.language.model.words import Words
from engine.language.text.mistakes import Misfit

TokenMeans = Literal["invalid_grant", "invalid_client", "invalid_request", "temporarily_unavailable"]
SAYS_WHEN = at_least_one("status", "code", "message")


class RefusalCondition(Words):
    """When a rule holds: everything that is written must."""

    model_config = ConfigDict(json_schema_extra=SAYS_WHEN)

    status: w.Statuses = Field(default=(), description="The HTTP status, or several.", examples=[404, [401, 403]])
    code: w.Texts = Field(
        default=(), description="The vendor's own code, compared as text, or several.", examples=["not_found", [1001, 1010]]
    )
    message: w.Text | None = Field(default=None, description="A part of the vendor's message, case aside.", examples=["no such person"])

    @model_validator(mode="after")
    def says_when(self) -> RefusalCondition:
        """Refuse a rule that would hold for everything."""
        if not (self.status or self.code or self.message):
            message = "a rule that does not say when it holds"
            raise Misfit(message, "write `status`, `code` or `message` into it, or several")
        return self

    def holds(self, status: int, code: str | None, message: str | None) -> bool:
        """Whether a refusal with this status, code and message is one of those that are meant."""
        return (
            (not self.status or status in self.status)
            and (not self.code or code in self.code)
            and (self.message is None or self.message.casefold() in (message or "").casefold())
        )

    def covers(self, other: RefusalCondition) -> bool:
        """Whether this rule holds whenever another one does."""
        return (
            (not self.status or (bool(other.status) and set(other.status) <= set(self.status)))
            and (not self.code or (bool(other.code) and set(other.code) <= set(self.code)))
            and (self.message is None or (other.message is not None and self.message.casefold() in other.message.casefold()))
        )


class RuleSpec(RefusalCondition):
    """What one kind of refusal of a request means."""

    model_config = ConfigDict(json_schema_extra={**SAYS_WHEN, **only_beside("granted_by", "means", "denied")})

    means: w.Means = Field(description="The outcome, or what to do.")
    granted_by: Literal["none"] | None = Field(
        default=None, description="With `denied`: no scope would change it, so that the reason names none.", examples=["none"]
    )

    @model_validator(mode="after")
    def denies(self) -> RuleSpec:
        """Refuse words on scopes beside another meaning: no reason would say them."""
        if self.granted_by is not None and self.means != "denied":
            message = f"`granted_by` beside `means: {self.means}`"
            raise Misfit(message, "leave it out: only a reason of `denied` names scopes")
        return self


class TokenRuleSpec(RefusalCondition):
    """Which error of the standard one kind of refusal of the token endpoint is."""

    means: TokenMeans = Field(description="The error of RFC 6749 that it is.")


class RefusalsSpec(Words):
    """How an answer is read when it is no success."""

    refused: w.JMESPath | None = Field(default=None, description="True in a 2xx answer: a refusal all the same.", examples=["!ok", "error"])
    code: w.JMESPath | None = Field(default=None, description="Where the vendor's own code stands.", examples=["error.code"])
    message: w.JMESPath | None = Field(default=None, description="Where the vendor's message stands.", examples=["error.message"])
    rules: tuple[RuleSpec, ...] = Field(
        default=(),
        description="Tried in order; the first that holds decides.",
        examples=[[{"status": 403, "code": "no_licence", "means": "unlicensed"}]],
    )


class TokenRefusalsSpec(Words):
    """How a refusal of the token endpoint is read; the errors of RFC 6749 section 5.2 are known without it."""

    code: w.JMESPath = Field(
        default=parse_select("error"), description="Where the vendor's code stands; default `error`.", examples=["err"]
    )
    message: w.JMESPath = Field(
        default=parse_select("error_description"),
        description="Where the vendor's message stands; default `error_description`.",
        examples=["reason"],
    )
    rules: tuple[TokenRuleSpec, ...] = Field(
        default=(),
        description="Tried in order; the first that holds decides, before the standard's own errors do.",
        examples=[[{"status": 400, "message": "token revoked", "means": "invalid_grant"}]],
    )
