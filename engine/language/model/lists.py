"""The words of lists: `pagination`, `window` and `files`."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from engine.language.model import words as w
from engine.language.model.shapes import either
from engine.language.model.words import Words
from engine.language.text.mistakes import Misfit

ONE: dict[str, Any] = {"maxProperties": 1}


class WindowSpec(Words):
    """Slices of time: one chain of requests per slice."""

    step: w.Span = Field(description="The longest slice: a number and s, m, h, d or mo.")
    since: w.Beginning = Field(description="How far back: a span or a day. The slices reach to now.")

    def slices(self, unit: int) -> int:
        """Count the slices there can be, none shorter than `unit` seconds; from a day they are counted to the year 2100."""
        since, step = self.since, self.step
        reach = (FAR_ENOUGH - since).days * DAY if isinstance(since, date) else since.seconds or since.months * 31 * DAY
        return reach // max(unit, step.seconds or step.months * 28 * DAY)


FAR_ENOUGH = date(2100, 1, 1)
DAY = 86400


class PaginationSpec(Words):
    """How the next page is asked for; exactly one of `cursor`, `link`, `page`, `offset`."""

    model_config = ConfigDict(json_schema_extra=either("cursor", "link", "page", "offset", needs={"cursor": "param"}))

    cursor: w.JMESPath | None = Field(
        default=None, description='Read from each answer; `""`, null or missing ends.', examples=["meta.next"]
    )
    param: w.Text | None = Field(
        default=None,
        description="The query parameter in which the cursor is sent; in a `post` a place in the body.",
        examples=["after", "paging.after"],
    )
    link: w.JMESPath | None = Field(
        default=None,
        description="The next page's address, or `header` (RFC 8288, rel=next); its host is checked.",
        examples=["links.next", "header"],
    )
    page: dict[w.Text, w.WholeNumber] | None = Field(
        default=None, description="Parameter and first page number.", json_schema_extra=ONE, examples=[{"page": 1}]
    )
    offset: w.Text | None = Field(default=None, description="The parameter advanced by the records received.", examples=["start"])
    more: w.JMESPath | None = Field(default=None, description="False ends the list, whatever the cursor says.", examples=["has_more"])
    size: dict[w.Text, w.WholeNumber] | None = Field(
        default=None,
        description="Parameter and page size to ask for; in a `post` a place in the body.",
        json_schema_extra=ONE,
        examples=[{"limit": 100}, {"paging.limit": 100}],
    )
    total: w.JMESPath | None = Field(
        default=None, description="How many records the vendor announces; cross-checked.", examples=["meta.total"]
    )

    @model_validator(mode="after")
    def one_way(self) -> PaginationSpec:
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


class FileRule(Words):
    """Where the addresses of downloadable files stand inside a record."""

    address: w.JMESPath = Field(description="The file's address, read from each element.", examples=["download_url"])
    each: w.JMESPath | None = Field(default=None, description="The elements of a record; default the record itself.", examples=["files"])
    size: w.JMESPath | None = Field(default=None, description="The file's size in bytes, where the vendor tells it.", examples=["bytes"])
