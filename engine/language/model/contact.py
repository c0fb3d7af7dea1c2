"""The words of `direct_contact`: what can be asked of a vendor by e-mail, how long its owner has, what follows when nobody answers."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import CoreSchema, core_schema

from engine.language.model import words as w
from engine.language.model.shapes import at_least_one, shape, text, whole
from engine.language.model.units import Duration
from engine.language.model.words import Words
from engine.language.text.document import LISTED, MAPPED
from engine.language.text.mistakes import Misfit, one_of

MAILBOX = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
AN_ADDRESS = "an e-mail address, such as privacy@acme.example"

ContactPurpose = Literal["access", "deletion"]
PURPOSES: tuple[str, ...] = get_args(ContactPurpose)


def _mailbox(value: Any) -> str:
    if re.fullmatch(MAILBOX, text(value)):
        return str(value)
    message = f"`{value}` is no e-mail address"
    raise Misfit(message, "write one such as privacy@acme.example, without a name beside it")


Mailbox = Annotated[str, PlainValidator(_mailbox), shape(whole(MAILBOX), AN_ADDRESS, "privacy@acme.example")]


class ContactWaySpec(Words):
    """How one thing is asked for by e-mail."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["to", "source"]}, {"not": at_least_one("to", "source")}]})

    due: w.Span = Field(default=Duration(seconds=14 * 86400), description="How long whoever is asked has; default 14d.", examples=["21d"])
    remind: w.Span = Field(default=Duration(seconds=5 * 86400), description="How long until each reminder; default 5d.", examples=["7d"])
    late: Literal["skip", "block"] = Field(
        default="block",
        description="What follows when nobody answered: `block` holds the release back, `skip` goes on and tells the person; "
        "default `block`.",
        examples=["skip"],
    )
    ask_for: w.Text | None = Field(
        default=None, description="What is asked for, as the mail says it; default everything.", examples=["tickets and their files"]
    )
    to: Mailbox | None = Field(
        default=None,
        description="The address that the vendor publishes for this; the operator's `contacts.yaml` goes before it.",
        examples=["privacy@acme.example"],
    )
    source: w.Address | None = Field(
        default=None, description="The page on which the vendor publishes it.", examples=["https://acme.example/privacy"]
    )

    @model_validator(mode="after")
    def published(self) -> ContactWaySpec:
        """Refuse an address of which nobody says where it is published, and a source of none."""
        if (self.to is None) != (self.source is None):
            message = "`to` stands without a `source`" if self.source is None else "`source` stands without a `to`"
            raise Misfit(message, "an address that the vendor publishes, and the page where it does: else leave both out")
        return self


def _purpose(value: Any) -> str:
    if text(value) in PURPOSES:
        return str(value)
    message = f"`{value}` is not one of the values of `direct_contact`"
    raise Misfit(message, one_of(value, PURPOSES))


PurposeWord = Annotated[str, PlainValidator(_purpose), WithJsonSchema({"enum": list(PURPOSES)})]


class ListOfPurposes:
    """A list of what can be asked for is a map of what is usual."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take both."""
        listed = core_schema.no_info_after_validator_function(_usual, handler.generate_schema(tuple[PurposeWord, ...]))
        return core_schema.tagged_union_schema({LISTED: listed, MAPPED: handler(source)}, discriminator=_form)


def _form(value: Any) -> str:
    return LISTED if isinstance(value, list) else MAPPED


def _usual(names: tuple[str, ...]) -> dict[str, ContactWaySpec]:
    return {name: ContactWaySpec() for name in names}


ContactWays = Annotated[dict[PurposeWord, ContactWaySpec], ListOfPurposes()]
