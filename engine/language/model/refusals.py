"""The words of answers: what refusals mean, and where files stand. Part of the model, see engine/language/model/spec.py."""

from __future__ import annotations

from pydantic import ConfigDict, Field, model_validator

from engine.language.model import words as w
from engine.language.model.shapes import at_least_one
from engine.language.model.words import Words
from engine.language.text.mistakes import Misfit


class RuleSpec(Words):
    """What one kind of refusal means; everything that is written must hold."""

    model_config = ConfigDict(json_schema_extra=at_least_one("status", "code", "message"))

    status: w.Statuses = Field(default=(), description="The HTTP status, or several.", examples=[404, [401, 403]])
    code: w.Texts = Field(
        default=(), description="The vendor's own code, compared as text, or several.", examples=["not_found", [1001, 1010]]
    )
    message: w.Text | None = Field(default=None, description="A part of the vendor's message, case aside.", examples=["no such person"])
    means: w.Means = Field(description="The outcome, or what to do.")

    @model_validator(mode="after")
    def says_when(self) -> RuleSpec:
        """Refuse a rule that would hold for everything."""
        if not (self.status or self.code or self.message):
            message = "a rule that does not say when it holds"
            raise Misfit(message, "write `status`, `code` or `message` into it, or several")
        return self


class RefusalsSpec(Words):
    """How an answer is read when it is no success."""

    refused: w.Path | None = Field(default=None, description="True in a 2xx answer: a refusal all the same.", examples=["!ok", "error"])
    code: w.Path | None = Field(default=None, description="Where the vendor's own code stands.", examples=["error.code"])
    message: w.Path | None = Field(default=None, description="Where the vendor's message stands.", examples=["error.message"])
    rules: tuple[RuleSpec, ...] = Field(
        default=(),
        description="Tried in order; the first that holds decides.",
        examples=[[{"status": 403, "code": "no_licence", "means": "unlicensed"}]],
    )


class FileRule(Words):
    """Where the addresses of downloadable files stand inside a record."""

    address: w.Path = Field(description="The file's address, read from each element.", examples=["download_url"])
    each: w.Path | None = Field(default=None, description="The elements of a record; default the record itself.", examples=["files"])
    size: w.Path | None = Field(default=None, description="The file's size in bytes, where the vendor tells it.", examples=["bytes"])
