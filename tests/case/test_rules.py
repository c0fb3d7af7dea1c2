"""What an act does to a case and what it may not, act by act: each rule of the fold has a line that fails without it."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from engine.case import acts
from engine.case.acts import KINDS, Gap, Target
from engine.case.deadlines import Pause, Period, Regime, deadlines
from engine.case.fold import Case, fold
from engine.case.guards import refusal
from engine.case.taken_run import TakenRun
from engine.case.words import CANNOT, blocks, cannot
from tests.case.acts_kit import NOW, OPENED, lines

RUN = acts.TakenIn(vendor="zoom", folder="runs/zoom", proof="0", gaps=(Gap("meetings", "denied"),))
FILE = acts.TakenIn(vendor="zoom", folder="received/zoom/1", proof="0", kind="file")
EXCUSED = acts.Excused(vendor="zoom", say="Zoom gave no answer.", endpoint="meetings")
WHOLE = acts.Excused(vendor="zoom", say="Zoom is not asked.")
HIDE = acts.Decided(operation="mask", target=Target(value="aa"), because="third_party")
GIVEN = acts.Approved(package="p1")
LEFT = acts.Released(package="p1", folder="release")
TO_STATE = {
    "open": (OPENED,),
    "gathering": (OPENED, RUN),
    "approved": (OPENED, RUN, GIVEN),
    "released": (OPENED, RUN, GIVEN, LEFT),
    "closed": (OPENED, RUN, GIVEN, LEFT, acts.Closed()),
    "denied": (OPENED, acts.Denied(why="x")),
    "withdrawn": (OPENED, acts.Withdrawn()),
}
NAMED = acts.Named(kinds=("email",), digests=("email:bb",), key_id="k", again=("DSR-3",))


def case_of(*done: acts.Act) -> Case:
    return fold(lines(list(done)))


def test_a_name_may_be_told_as_long_as_a_case_runs():
    """Who it is may turn out when all is approved or has left: that changes no phase; a case that has ended takes none."""
    for phase, before in TO_STATE.items():
        case = case_of(*before)
        assert case.phase == phase
        assert (refusal(case, NAMED) is None) is (phase in ("open", "gathering", "approved", "released"))
        if refusal(case, NAMED) is None:
            assert case_of(*before, NAMED).phase == phase


def test_a_package_may_be_approved_anew_and_what_was_taken_in_takes_the_approval_back():
    """A second approval replaces the first, by somebody else too; a run, an excuse or a decision ends it."""
    case = fold(lines([OPENED, RUN, GIVEN]) + lines([OPENED, RUN, GIVEN, acts.Approved(package="p2")], by="bert")[3:])
    assert (case.phase, case.approved, case.approved_by) == ("approved", "p2", "bert")
    assert refusal(case_of(OPENED, RUN, GIVEN), acts.Approved(package="p2")) is None
    for act in (RUN, EXCUSED, HIDE, acts.Ruled(vendor="zoom", policy="1"), acts.VendorAsked(vendor="slack")):
        after = case_of(OPENED, RUN, GIVEN, act)
        assert (after.phase, after.approved, after.approved_by) == ("gathering", None, None)
        assert refusal(after, LEFT) is not None
    assert case_of(OPENED, GIVEN).approved is None


def test_who_decided_is_known_until_it_is_approved():
    """Who decides or takes back has decided something: with four eyes they may not approve; an approval begins anew."""
    assert case_of(OPENED, RUN, HIDE).deciders == {"anna"}
    assert case_of(OPENED, RUN, acts.Undone(act=9)).deciders == {"anna"}
    assert case_of(OPENED, RUN, HIDE, GIVEN).deciders == frozenset()


def test_an_excuse_is_for_one_outcome_and_a_vendor_for_all():
    """An excuse of what was denied is none for what failed; a vendor that is left out has no open gaps, until something is taken in."""
    assert [gap.outcome for gap in case_of(OPENED, RUN).vendors["zoom"].open_gaps] == ["denied"]
    assert case_of(OPENED, RUN, EXCUSED).vendors["zoom"].open_gaps == ()
    failed = acts.TakenIn(vendor="zoom", folder="runs/zoom-2", proof="1", gaps=(Gap("meetings", "failed"),))
    assert case_of(OPENED, RUN, EXCUSED, failed).vendors["zoom"].open_gaps == failed.gaps
    assert case_of(OPENED, RUN, WHOLE).vendors["zoom"].open_gaps == ()
    assert case_of(OPENED, RUN, WHOLE).vendors["zoom"].gaps == RUN.gaps
    assert case_of(OPENED, WHOLE, RUN).vendors["zoom"].open_gaps == RUN.gaps
    assert case_of(OPENED, WHOLE, FILE).vendors["zoom"].left_out is None


def test_the_first_day_of_each_counts():
    """A case is opened once, acknowledged and extended on the first day; a clock that ran back stands still for no day, not for less."""
    other = acts.CaseOpened(reference="DSR-99", regime="uk", language="de", received=date(2026, 1, 1), digests=())
    assert case_of(OPENED, other).opened == OPENED
    twice = case_of(OPENED, *(acts.Acknowledged(), acts.Extended(why="x")) * 2)
    assert (twice.acknowledged, twice.extended) == ((NOW + timedelta(days=2)).date(), (NOW + timedelta(days=3)).date())
    told = lines([OPENED, acts.Paused(why="x"), acts.Resumed()])
    back = acts.LogLine(n=3, at=NOW - timedelta(days=30), by="anna", act=acts.Resumed(), sha256="")
    [pause] = fold([*told[:2], back]).pauses
    assert pause.end == pause.start


def test_what_was_chosen_or_known_before_is_kept():
    """A vendor named again is asked as before; the same person's other cases add up, each once; a file alone is something taken in."""
    asked = acts.VendorAsked(vendor="zoom", by_kind="email")
    assert case_of(OPENED, asked, acts.VendorAsked(vendor="zoom")).vendors["zoom"].by_kind == "email"
    more = acts.Named(kinds=("email",), digests=("email:cc",), key_id="k", again=("DSR-4", "DSR-3"))
    assert case_of(OPENED, NAMED, more).again == ("DSR-3", "DSR-4")
    assert case_of(OPENED, FILE).vendors["zoom"].here
    assert case_of(OPENED, FILE).state == "reviewing"


def test_every_act_can_be_refused_in_english():
    """Of each act there is a sentence that says that it cannot be done; none is made of the word of the log."""
    assert set(CANNOT) == set(KINDS)
    assert cannot(acts.Undone(act=7)) == "this cannot be taken back"
    assert cannot(FILE) == "nothing of zoom can be taken in"
    for tag, kind in KINDS.items():
        known = {"vendor": "zoom", "act": 7, "endpoint": None}
        act = kind(**{name: known.get(name, "x") for name in kind.__struct_fields__})
        assert " can" in cannot(act), tag


UNPROVEN = "the person is unproven: the look-up failed: 503"


def unproven(**endpoints: str) -> TakenRun:
    """Give a run that could not show whether the vendor knows the person, and the reasons of its endpoints."""
    told = {name: {"outcome": "failed", "reason": reason} for name, reason in endpoints.items()}
    return TakenRun("zoom", True, "x", None, {"outcome": "unproven"}, told, {}, "0")


@pytest.mark.parametrize(
    ("run", "gaps", "unasked"),
    [
        (unproven(meetings=UNPROVEN, calls=UNPROVEN), [("lookup", "unproven")], ("meetings", "calls")),
        (unproven(meetings=UNPROVEN, calls="the disk is full"), [("lookup", "unproven"), ("calls", "failed")], ("meetings",)),
        (TakenRun("zoom", True, "x", None, {"outcome": "unproven"}, {}, {}, "0"), [("lookup", "unproven")], ()),
        (TakenRun("zoom", True, "x", None, {"outcome": "unproven"}, {"a": {"outcome": "failed"}}, {}, "0"), [("lookup", "unproven"), ("a", "failed")], ()),
        (TakenRun("zoom", True, "x", None, {"outcome": "matched"}, {"a": {"outcome": "failed", "reason": UNPROVEN}}, {}, "0"), [("a", "failed")], ()),
    ],
    ids=["all for want of the person", "one for another reason", "no endpoints", "no reason", "matched"],
)  # fmt: skip
def test_what_was_never_asked_for_want_of_the_person_is_one_gap(run, gaps, unasked):
    """Where nobody could be shown to be known, the look-up is the gap; an endpoint with a reason of its own is one of its own."""
    assert [(gap.endpoint, gap.outcome) for gap in run.gaps] == gaps
    assert run.unasked == unasked


def test_an_unproven_person_blocks_once():
    """One sentence, one excuse; a log that was written before, with a gap for each endpoint, still says each."""
    gap = Gap("lookup", "unproven")
    taken = acts.TakenIn(vendor="zoom", folder="runs/zoom", proof="0", gaps=(gap,), unasked=("meetings", "calls"))
    case = case_of(OPENED, acts.Identified(how="x"), taken)
    assert [one.what for one in blocks(case, "DSR-17", 0)] == ["zoom: whether the vendor knows the person is unproven"]
    case = case_of(OPENED, acts.Identified(how="x"), taken, acts.Excused(vendor="zoom", say="x", endpoint="lookup"))
    assert list(blocks(case, "DSR-17", 0)) == []
    older = acts.TakenIn(vendor="zoom", folder="runs/zoom", proof="0", gaps=(gap, Gap("meetings", "failed")))
    case = case_of(OPENED, acts.Identified(how="x"), older)
    assert len(list(blocks(case, "DSR-17", 0))) == 2


def test_what_a_pause_and_an_extension_do_to_the_other_days():
    """A pause leaves the day on which the arrival must be said; once the answer takes longer, nothing is left to extend."""
    law = Regime("Law", "x", Period(30, "day"), acknowledge=Period(10, "day"), extension=Period(30, "day"), pause=True)
    plain = deadlines(law, date(2026, 6, 1))
    stood = deadlines(law, date(2026, 6, 1), pauses=[Pause(date(2026, 6, 2), date(2026, 6, 9))])
    assert stood.acknowledge == plain.acknowledge == date(2026, 6, 11)
    assert (stood.answer - plain.answer, stood.extend_by - plain.extend_by) == (timedelta(days=7),) * 2
    assert plain.extend_by == plain.answer
    assert deadlines(law, date(2026, 6, 1), extended=True).extend_by is None


def test_why_an_endpoint_is_missing_is_said_by_the_vendor_before_the_operator():
    """An endpoint that was narrowed by order and then denied is denied; files that failed are told again where the list itself is whole."""
    told = {"a": {"outcome": "denied"}, "b": {"outcome": "complete"}}
    run = TakenRun("zoom", True, "x", None, {"outcome": "matched"}, told, {}, "0", fields={"a": [], "b": []})
    assert [(gap.endpoint, gap.outcome) for gap in run.gaps] == [("a", "denied"), ("b", "narrowed by order")]
    files = {"outcome": "complete", "files": {"found": 5, "downloaded": 4, "failed": 1}}
    run = TakenRun("zoom", True, "x", None, {"outcome": "matched"}, {"calls": files}, {}, "0")
    assert [gap.endpoint for gap in run.gaps] == ["calls.files"]


def test_what_a_vendor_was_asked_by_stays_refused_until_something_changes():
    """A refusal is of the vendor that it names; another identifier for it, or a run that was taken in, ends it; naming the person does not."""
    refused = acts.IdentifierRefused(kind="email", reason="somebody else answered", vendor="zoom")
    asked = acts.VendorAsked(vendor="zoom")
    named = acts.Named(kinds=("email",), digests=("email:bb",))

    def told(*more: acts.Act) -> list[tuple[str, str | None]]:
        return [(one.part, one.why) for one in blocks(case_of(OPENED, acts.Identified(how="x"), asked, *more), "DSR-17", 0)]

    assert told() == [("fetch", None)]
    assert told(refused) == told(refused, named) == [("identifier", "somebody else answered")]
    assert told(refused, acts.VendorAsked(vendor="zoom", by_kind="email")) == [("fetch", None)]
    assert told(refused, acts.TakenIn(vendor="zoom", folder="f", proof="0")) == []
    assert told(acts.IdentifierRefused(kind="email", reason="x", vendor="slack")) == told(acts.IdentifierRefused(kind="email", reason="x"))


def test_a_gap_keeps_the_reason_of_the_manifest():
    """As it stands beside the outcome; what was left out by order, or has none, has none; a log that was written before reads as ever."""
    told = {"a": {"outcome": "denied", "reason": "HTTP 403"}, "b": {"outcome": "partial", "reason": None}, "c": {"outcome": "complete"}}
    run = TakenRun("zoom", True, "x", None, {"outcome": "matched"}, told, {}, "0", excluded=["d"])
    assert [(gap.endpoint, gap.why) for gap in run.gaps] == [("d", None), ("a", "HTTP 403"), ("b", None)]
    assert msgspec.json.encode(Gap("a", "denied")) == b'{"endpoint":"a","outcome":"denied"}'
    taken = acts.TakenIn(vendor="zoom", folder="f", proof="0", gaps=run.gaps)
    assert [one.why for one in blocks(case_of(OPENED, taken), "DSR-17", 0)] == [None, None, "HTTP 403", None]
