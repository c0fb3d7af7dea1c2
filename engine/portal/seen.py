"""What every page that shows records or files begins with: the case, looked through; and what such a page is where it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import msgspec

from engine.case.acts import Decided, Target
from engine.case.deciding import look_through
from engine.case.fold import ENDED, RUNNING
from engine.case.folder import OpenCase
from engine.case.guards import refusal
from engine.case.review import Review
from engine.case.ruled import all_in_force
from engine.case.slipped import SlippedValue, texts_where_withheld
from engine.errors import HabeasError
from engine.portal.asked import AskedPage, NotThere, Portrayed, SentFile, Show, portray
from engine.portal.case_head import case_head
from engine.portal.field_names import kind_title
from engine.portal.ways import is_fetched_from
from engine.replaced import replace

TOO_DEEP = (
    "a record of this case is nested too deep to be looked at: fetch again without the field that holds it "
    "(habeas run --without ENDPOINT.FIELD), and take that run in"
)


MOST_AT_ONCE = 500
TRIED = Decided(operation="hold", target=Target(), because="third_party")


def shown_values(asked: AskedPage, case: OpenCase, digests: Collection[str]) -> dict[str, str]:
    """Give values by the digests by which the log and the errand of a package name them.

    None where they cannot be looked up without an act, or are not there any more: the page is then shown without them.
    """
    if not digests or not all_in_force(case):
        return {}
    try:
        found = look_through(case, asked.home, asked.now)
    except (HabeasError, OSError, RecursionError):
        return {}
    with found.findings:
        return _shown(found, digests)


def shown_where_withheld(asked: AskedPage, case: OpenCase, every: Sequence[SlippedValue]) -> dict[str, str]:
    """Give values by their digests, also those that were withheld by their place and are in no list of what was found.

    Without those that cannot be looked up, as `shown_values`.
    """
    if not every or not all_in_force(case):
        return {}
    try:
        found = look_through(case, asked.home, asked.now)
        with found.findings:
            known = _shown(found, {one.value for one in every})
            return known | texts_where_withheld(found.runs, (one for one in every if one.value not in known), found.digest)
    except (HabeasError, OSError, RecursionError):
        return {}


def _shown(found: Review, digests: Collection[str]) -> dict[str, str]:
    every = sorted(digests)
    parts = (every[at : at + MOST_AT_ONCE] for at in range(0, len(every), MOST_AT_ONCE))
    return {value: text for part in parts for value, text in found.findings.shown(part).items()}


class SeenCase(msgspec.Struct, frozen=True):
    """A case as a page shows it: what was asked, what went wrong with a form, and what was found in the runs."""

    asked: AskedPage
    error: HabeasError | None
    case: OpenCase
    found: Review
    head: dict[str, Any]

    def portrayed(self, template: str, **values: Any) -> Portrayed:
        """Make the page."""
        over = refusal(self.case.case, TRIED)
        return portray(template, self.asked, self.error, **self.head, over=over, titled=partial(kind_title, self.found), **values)


def looked_through(part: str, title: str, show: Callable[[SeenCase], Portrayed | SentFile]) -> Show:
    """Make a page of a case that was looked through; before that, the button that does; where it cannot be read, why."""

    def page(asked: AskedPage, error: HabeasError | None) -> Portrayed | SentFile:
        case = asked.case
        head = case_head(asked, case, part)
        try:
            before = not_looked(asked, error, case, head, part, title)
            if before is not None:
                return before
            found = look_through(case, asked.home, asked.now)
            with found.findings:
                return show(SeenCase(asked, error, case, found, head))
        except HabeasError as fault:
            return _unreadable(asked, error, head, title, fault)
        except OSError as fault:
            return _unreadable(asked, error, head, title, f"the folder of the case cannot be read ({fault.strerror}): put a copy back")
        except RecursionError:
            return _unreadable(asked, error, head, title, TOO_DEEP)

    return page


def not_looked(
    asked: AskedPage, error: HabeasError | None, case: OpenCase, head: dict[str, Any], part: str, title: str
) -> Portrayed | None:
    """Make the page of a case in which nobody looked through the runs yet; None where somebody did."""
    here = any(one.run is not None or one.files for one in case.case.vendors.values())
    if here and all_in_force(case):
        return None
    return portray(
        "no_values.html",
        asked,
        error,
        **head,
        begun=here,
        may_fetch=_may_fetch(case),
        by_mail=not is_fetched_from(case),
        over_state=case.case.phase in ENDED,
        deletion=case.opened.right == "deletion",
        title=title,
        part=part,
    )


def _may_fetch(case: OpenCase) -> bool:
    """Whether something may still come: the case runs, and not every system has answered that it holds nothing, or is left out."""
    parts = case.case.vendors.values()
    return case.case.phase in RUNNING and not (parts and all(one.here for one in parts))


def looked(asked: AskedPage, part: str) -> str | None:
    """Look through the runs where a form asks for that, and give where it leads; None where the form asks for something else.

    The policies that hold then stand in the log. Raises Stale, UsageError, SpecError, DiskError, OutputError.
    """
    if asked.said("do") != "look":
        return None
    case = asked.seen_case()
    with look_through(case, asked.home, asked.now).findings:
        return f"/case/{case.reference}/{part}"


def _unreadable(asked: AskedPage, error: HabeasError | None, head: dict[str, Any], title: str, why: HabeasError | str) -> Portrayed:
    made = portray("unreadable.html", asked, error, **head, title=title, why=str(why))
    return replace(made, status=404 if isinstance(why, NotThere) else 422)
