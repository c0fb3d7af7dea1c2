"""`/case/X/run`: fetch at the vendors of a case, in a process of its own, and see how far it is."""

from __future__ import annotations

from functools import partial

from engine.case.act_sentences import gap_words
from engine.case.acts import FILES, OTHERS
from engine.case.fold import VendorPart
from engine.case.folder import OpenCase, user
from engine.case.person import read_person
from engine.case.take import had_files
from engine.case.to_fetch import addresses_of, vendors_of
from engine.case.words import Called
from engine.connection.vault import Vault
from engine.errors import HabeasError, UsageError
from engine.pages.languages import short_day
from engine.portal.asked import LANGUAGE, AskedPage, Portrayed, portray
from engine.portal.case_head import case_head
from engine.portal.errand import Errand, ErrandKind, ErrandOrder, begin, read_errand, stop
from engine.portal.new_page import named_vendors
from engine.portal.titles import system_titles
from engine.portal.ways import described

SECONDS = 3  # after which the page of an errand that lives is asked for again


def show_run(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show how far the fetch is, or the form that begins one."""
    case = asked.case
    errand, fault = errand_of(case, "run")
    specs, called = described(), system_titles(asked.home, case)
    fetched_from = {name: part for name, part in case.case.vendors.items() if name in specs or part.run is not None}
    rows = [(name, not part.here or bool(part.open_gaps), _lacks(name, part, called)) for name, part in fetched_from.items()]
    chosen = asked.form.get("vendor")
    return refreshed(
        asked,
        errand,
        portray(
            "run.html",
            asked,
            error,
            **case_head(asked, case, "run"),
            errand=errand,
            errand_fault=fault,
            began=began(errand),
            still=asked.query.get("still") == "1",
            over=case.case.phase not in ("open", "gathering", "approved", "released"),
            vendors=[(name, name in chosen if chosen is not None else waits, lacks) for name, waits, lacks in rows],
            others=sorted(set(specs) - set(fetched_from)),
            by_mail=[name for name in case.case.vendors if name not in fetched_from],
            files=asked.said("files") if asked.form else _wants_files(case) or (errand is not None and errand.order.files),
            refused=[name for name, part in fetched_from.items() if part.refused is not None],
            released=case.case.phase == "released",
            deletion=case.opened.right == "deletion",
            simulated=case.opened.simulated,
            at_before=" ".join(errand.order.at) if errand is not None else "",
        ),
    )


def _lacks(vendor: str, part: VendorPart, called: Called) -> str:
    """Say what a service has not given, of what is not accepted."""
    told = [
        "an answer for all that the person is known by" if gap.endpoint == OTHERS else gap_words(gap, partial(called, vendor))
        for gap in part.open_gaps
    ]
    return ", ".join(told) if part.here else "everything"


def _wants_files(case: OpenCase) -> bool:
    """Whether files are missing, or what is asked again for what it lacks had them: without them, the next run would lack them."""
    short = [part for part in case.case.vendors.values() if part.open_gaps]
    return any(gap.endpoint.endswith(FILES) for part in short for gap in part.open_gaps) or any(had_files(case, part) for part in short)


def errand_of(case: OpenCase, kind: ErrandKind) -> tuple[Errand | None, str | None]:
    """Read an errand; what cannot be read is said."""
    try:
        return read_errand(case, kind), None
    except HabeasError as error:
        return None, str(error)


def began(errand: Errand | None) -> str:
    """Say when an errand was begun."""
    return f"{short_day(errand.order.began.date(), LANGUAGE)}, {errand.order.began:%H:%M} UTC" if errand is not None else ""


def refreshed(asked: AskedPage, errand: Errand | None, made: Portrayed) -> Portrayed:
    """Let the browser ask again while an errand lives, unless somebody reads or types: `?still=1` keeps the page as it is."""
    if errand is None or not errand.lives or asked.form or asked.query.get("still") == "1":
        return made
    return Portrayed(made.html, made.status, {**made.headers, "Refresh": str(SECONDS)})


def do_run(asked: AskedPage) -> str:
    """Begin a fetch, or stop it. Raises Stale, UsageError, InUse, NotConnected, DiskError, OutputError; nothing was begun then."""
    if asked.said("do") == "stop":  # whatever happened in the case meanwhile
        stop(asked.case, "run", asked.by or user(), asked.now)
        return f"/case/{asked.case.reference}/run"
    case = asked.seen_case()
    words = named_vendors((*asked.form.get("vendor", ()), *filter(None, [asked.said("other")])))
    if not words:
        message = "no service was chosen: choose at least one; nothing was begun"
        raise UsageError(message)
    vendors = tuple(vendor.name for vendor in vendors_of(case, words))
    rest = tuple(f"{name}=" for name in case.case.vendors if name not in vendors)  # what is not asked this time needs no address
    at = tuple(word for word in asked.said("at").split() if not word.startswith(rest))
    addresses_of(at, vendors)
    read_person(Vault(asked.home).keys, case.folder)
    order = ErrandOrder(
        home=str(asked.home),
        reference=case.reference,
        kind="run",
        began=asked.now,
        by=asked.by,
        vendors=vendors,
        at=at,
        files=asked.said("files") == "yes",
    )
    begin(case, order)
    return f"/case/{case.reference}/run"
