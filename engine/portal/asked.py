"""What a page of the portal is asked, and what it answers. A page is a function; it keeps nothing between two questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import escape

from engine.case.act_sentences import sentence
from engine.case.folder import OpenCase, open_case, user
from engine.case.log import Stale
from engine.errors import HabeasError, UsageError
from engine.pages.environment import environment
from engine.pages.languages import short_day
from engine.portal.broken_names import broken, coded
from engine.portal.places import place_of
from engine.portal.titles import system_titles

LANGUAGE = "en"
TYPED = (
    "why",
    "say",
    "instead",
    "note",
    "kept",
    "target",
    "email",
    "phone",
    "username",
    "name",
    "address",
    "folder",
    "at",
)


class UploadedFile(msgspec.Struct, frozen=True):
    """A file that a form sent: where it lies as long as the form is dealt with, what it is called there, and its size."""

    path: Path
    claimed: str
    size: int


class NotThere(UsageError):
    """The address names something that the case does not have."""


class AskedPage(msgspec.Struct, frozen=True):
    """A question to a page: names in its address, what stands behind the `?`, what the form holds, and the present time.

    `by`: who signed in, and whether they may approve; None where the one-time link was used, which is the user of the OS.
    """

    home: Path
    now: datetime
    token: str
    names: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    form: Mapping[str, Sequence[str]] = {}
    files: Mapping[str, Sequence[UploadedFile]] = {}
    by: str | None = None
    may_approve: bool = True

    @property
    def today(self) -> date:
        """Give the day that it is where the machine stands."""
        return self.now.astimezone().date()

    @property
    def case(self) -> OpenCase:
        """Read the case that the address names. Raises UsageError where there is none, BrokenLog."""
        return open_case(self.home, self.names["reference"], self.by)

    def said(self, name: str) -> str:
        """Give what a field of the form holds, without blanks around it."""
        return next(iter(self.form.get(name, ())), "").strip()

    def wanted(self, name: str, what: str) -> str:
        """Give what a field of the form holds. Raises UsageError where it is empty."""
        if text := self.said(name):
            return text
        message = f"{what} is missing: write it, then send the form again; nothing was written"
        raise UsageError(message)

    def number(self, name: str, otherwise: int = 1) -> int:
        """Give a number from behind the `?`; what is none counts as the first."""
        told = self.query.get(name, "")
        return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else otherwise

    def seen_case(self) -> OpenCase:
        """Read the case as the form was made on it. Raises Stale where somebody acted since, UsageError, BrokenLog."""
        case = self.case
        n = self.said("n")
        seen = int(n) if n.isascii() and n.isdecimal() and len(n) < 10 else -1
        if seen != case.case.n:
            raise Stale(case.lines[max(seen, 0) :])
        return case


class Portrayed(msgspec.Struct, frozen=True):
    """A page that was made, the status that it is answered with, and headers that are other than those of all pages."""

    html: str
    status: int = 200
    headers: Mapping[str, str] = {}


class SentFile(msgspec.Struct, frozen=True):
    """A file of a case: its media type, where a browser may show it; anything else is saved, under this name.

    `headers`: what a browser may do with it, where that is other than with what came from a vendor.
    """

    path: Path
    media: str | None
    name: str
    headers: Mapping[str, str] = {}


Show = Callable[[AskedPage, HabeasError | None], Portrayed | SentFile]
Do = Callable[[AskedPage], str | Portrayed | SentFile]


def portray(template: str, asked: AskedPage, error: HabeasError | None = None, **values: Any) -> Portrayed:
    """Make a page. An error of an act stands in it first, and what was typed is kept: beside it, where no field takes it now."""
    called = values.get("system") or system_titles(asked.home)
    told = {
        "language": LANGUAGE,
        "root": "/",
        "token": asked.token,
        "today": short_day(asked.today, LANGUAGE),
        "who": asked.by or user(),
        "said": asked.said,
        "place": place_of,
        "system": called,
        "broken": broken,
        "coded": coded,
        "fault": str(error) if error is not None else None,
        "since": [(line.n, line.by, sentence(line, called)) for line in error.since] if isinstance(error, Stale) else None,
    }
    page = environment("engine.portal").get_template(template)
    html = page.render({**told, **values, "typed": (), "moved": 0})
    if error is not None:
        typed = [text for name in TYPED for text in asked.form.get(name, ()) if text.strip() and escape(text) not in html]
        moved = sum(name.startswith("d-") and any(asked.form[name]) and f'name="{escape(name)}"' not in html for name in asked.form)
        html = page.render({**told, **values, "typed": typed, "moved": moved})
    return Portrayed(html, 200 if error is None else 409 if isinstance(error, Stale) else 422)
