"""The words of `auth`: `oauth2`, an API key in `headers`, `basic`, `instructions`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from engine.language.model import words as w
from engine.language.model.refusals import TokenRefusalsSpec
from engine.language.model.shapes import at_least_one
from engine.language.model.words import Words
from engine.language.text.mistakes import Misfit


def _families(value: Any) -> Any:
    """A plain list is the one family, which has no name."""
    return {"": value} if isinstance(value, list) else value


Families = Annotated[dict[w.Text, w.Texts], BeforeValidator(_families, json_schema_input_type=tuple[w.Text, ...] | dict[w.Text, w.Texts])]


class OAuth2(Words):
    """An OAuth 2 grant (RFC 6749)."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"grant": {"const": "authorization_code"}}},
            "then": {"required": ["authorization_url"]},
            "else": {"not": {"required": ["authorization_url"]}},
        }
    )

    grant: Annotated[Literal["authorization_code", "client_credentials", "account_credentials"], BeforeValidator(w.grant)] = Field(
        default="authorization_code", description="How the token is got; `account_credentials` is Zoom's server-to-server grant."
    )
    authorization_url: w.OpenAddress | None = Field(
        default=None,
        description="Where the person who connects gives consent; only `authorization_code` has it.",
        examples=["https://acme.example/oauth/authorize"],
    )
    token_url: w.OpenAddress = Field(
        description="Where tokens are got and refreshed.",
        examples=["https://acme.example/oauth/token", "https://<SHOP>.acme.example/oauth/token"],
    )
    revocation_url: w.OpenAddress | None = Field(
        default=None, description="Where tokens are revoked (RFC 7009).", examples=["https://acme.example/oauth/revoke"]
    )
    redirect_uri: w.Redirect | None = Field(default=None, description="What the vendor compares to the letter.")
    client_auth: Literal["basic", "post", "none"] = Field(default="basic", description="How the client proves itself.")
    scopes: Families = Field(
        default={},
        description="What the app must hold: a list, or one list per family.",
        examples=[["people:read", "orders:read"], {"new": ["people:read"], "old": ["read"]}],
    )
    headers: dict[w.KeyHeader, w.Tokened] = Field(
        default={},
        description="How the token is sent, where it is not `{Authorization: Bearer <TOKEN>}`.",
        examples=[{"X-Token": "<TOKEN>"}],
    )
    capture: dict[w.ValueName, w.JMESPath] = Field(
        default={}, description="Values for requests, read from the token answer and kept with it.", examples=[{"INSTANCE": "instance_url"}]
    )
    refusals: TokenRefusalsSpec = Field(
        default=TokenRefusalsSpec.model_construct(),
        description="What refusals of `token_url` and `revocation_url` mean, where they are not in the words of RFC 6749.",
        examples=[{"message": "reason", "rules": [{"status": 400, "message": "token revoked", "means": "invalid_grant"}]}],
    )

    @model_validator(mode="after")
    def asks_for_consent(self) -> OAuth2:
        """Refuse a consent page that is missing, or that nobody would see."""
        if self.grant == "authorization_code" and self.authorization_url is None:
            message = "`authorization_url` is missing in `oauth2`"
            raise Misfit(message, "where the person who connects gives consent: the grant `authorization_code` has it")
        if self.grant != "authorization_code" and self.authorization_url is not None:
            message = f"`{self.grant}` asks nobody for consent"
            raise Misfit(message, "leave `authorization_url` out")
        return self


class Auth(Words):
    """The ways to connect: each of `oauth2`, `headers` and `basic` is one, a connection has one of them."""

    model_config = ConfigDict(json_schema_extra=at_least_one("oauth2", "headers", "basic"))

    oauth2: OAuth2 | None = Field(default=None, description="An OAuth 2 grant.")
    headers: dict[w.KeyHeader, w.Keyed] = Field(
        default={},
        description="An API key in headers; `connect` asks for `<SECRET>`.",
        examples=[{"Authorization": "Bearer <SECRET>"}],
    )
    basic: w.UserPassword | None = Field(
        default=None,
        description="HTTP Basic (RFC 7617), `user:password` with `<SECRET>` in it.",
        examples=["<SECRET>:", "me:<SECRET>"],
    )
    instructions: w.Texts = Field(
        default=(),
        description="What a person does at the vendor before `habeas connect`, step by step; `connect` prints it.",
        examples=[["Open the settings of the account.", "Create a key that may read contacts."]],
    )

    @model_validator(mode="after")
    def has_a_way(self) -> Auth:
        """Refuse a vendor that nobody can connect to."""
        if not self.ways:
            message = "no way to connect"
            raise Misfit(message, "write `oauth2`, `headers` or `basic`")
        return self

    @property
    def ways(self) -> tuple[str, ...]:
        """Name the ways that are written, the best first."""
        return tuple(name for name in ("oauth2", "headers", "basic") if getattr(self, name))
