"""`/case/X/search`: where a text stands in the records of a case. It is sent as a form: an address never holds a value."""

from __future__ import annotations

from engine.case.record_search import FoundRecord, SearchStart, search
from engine.errors import UsageError
from engine.portal.asked import AskedPage, Portrayed, SentFile
from engine.portal.field_names import called
from engine.portal.seen import SeenCase, looked, looked_through
from engine.replaced import replace

ON_A_PAGE = 50


def _shown(seen: SeenCase) -> Portrayed:
    words, as_package = seen.asked.said("q"), seen.asked.said("as") == "package"  # what its search found without accents is found here too
    if not words:
        return seen.portrayed("search.html", words="", as_package=False, rows=None, last=None, first=True, why=None)
    after = _start(seen.asked)
    try:
        found = search(seen.found, words, after, ON_A_PAGE + 1, accents=not as_package)
    except UsageError as error:
        return replace(
            seen.portrayed("search.html", words=words, as_package=as_package, rows=None, last=None, first=True, why=str(error)), status=422
        )
    rows = [(one, called(one.vendor, one.endpoint, one.pointer)) for one in found[:ON_A_PAGE]]
    last: FoundRecord | None = rows[-1][0] if len(found) > ON_A_PAGE else None
    return seen.portrayed("search.html", words=words, as_package=as_package, rows=rows, last=last, first=not after.vendor, why=None)


def _start(asked: AskedPage) -> SearchStart:
    """Read where the search goes on; what is no such place begins it anew."""
    vendor, endpoint, number = (*asked.said("after").split("/"), "", "", "")[:3]
    return SearchStart(vendor, endpoint, int(number)) if number.isascii() and number.isdecimal() and len(number) < 10 else SearchStart()


show_search = looked_through("search", "Search", _shown)


def do_search(asked: AskedPage) -> str | Portrayed | SentFile:
    """Search, and show what was found; nothing is written, unless the runs are to be looked through first. Raises as `looked`."""
    return looked(asked, "search") or show_search(asked, None)
