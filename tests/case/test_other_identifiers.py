"""A person is known by several identifiers, and a vendor is asked by one of a kind: that it knows nobody by that one is not the whole answer."""

from __future__ import annotations

import json

import pytest

from engine.case.acts import EARLIER, OTHERS, Excused, Gap, Named, TakenIn
from engine.case.fold import fold
from engine.case.folder import OpenCase
from engine.case.other_identifiers import others
from engine.case.take import act_of_run
from engine.case.taken_run import TakenRun
from tests.case.acts_kit import NOW, OPENED, lines
from tests.case.package_kit import open_here
from tests.case.test_commands import PERSON

EARLIER_GAP = Gap(EARLIER, f"what was taken in as runs/zoom on {NOW:%Y-%m-%d} was of the person, who is not known there now")


def test_nobody_by_one_address_is_not_nobody_by_the_other(habeas):
    """A person with two addresses is unknown where both were asked by: until then it is a gap, which an excuse or another run ends."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    assert habeas("case", "name", "DSR-17", stdin="email: second@example.com\nphone: +15550100200\n").returncode == 0
    case = open_here(habeas)
    first, second = (one for one in case.case.digests if one.startswith("email:"))

    def told(outcome: str, *asked: str, key_id: str | None = None) -> dict[str, object]:
        digest = {one.partition(":")[0]: one.partition(":")[2] for one in asked}
        return {"outcome": outcome, "digest": digest, "key_id": key_id or case.case.key_id}

    def gaps(subject: dict[str, object], here: OpenCase, vendor: str = "zoom") -> tuple[Gap, ...]:
        run = TakenRun(vendor, True, "x", None, subject, {}, {}, "0")
        return act_of_run(here, here.folder / "runs" / "zoom", run, same=True).gaps

    other = (Gap(OTHERS, "not asked by another e-mail address"),)
    assert gaps(told("no_match", first), case) == gaps(told("no_match", second), case) == other
    assert gaps(told("matched", first), case) == ()
    assert gaps(told("no_match", first, key_id="another"), case) == other  # it asked by one of two, whichever
    phone = next(one for one in case.case.digests if one.startswith("phone:"))
    assert gaps(told("no_match", phone, key_id="another"), case, "payroll") == ()
    assert gaps(told("no_match", phone), case, "payroll") == ()  # it knows nobody by e-mail address
    assert gaps(told("no_match", phone, first), case, "shopify") == other
    assert gaps(told("no_match", first), case, "shopify") == (Gap(OTHERS, "not asked by another e-mail address or the phone number"),)
    (case.folder / "runs" / "zoom").mkdir(parents=True)
    body = {"vendor": "zoom", "simulated": True, "finished": "x", "reference": None, "endpoints": {}, "written": {}}
    (case.folder / "runs" / "zoom" / "manifest.json").write_text(json.dumps({**body, "subject": told("no_match", first)}))
    case.act(TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject="no_match", gaps=other), NOW)
    assert gaps(told("no_match", second), open_here(habeas)) == ()
    waits = habeas("case", "show", "DSR-17").stdout
    assert "zoom: the person is not known there by what was asked, and is known by more (not asked by another e-mail address)\n" in waits
    assert habeas("case", "excuse", "DSR-17", f"zoom/{OTHERS}", "--say", "The other address is new.").returncode == 0
    assert "and is known by more" not in habeas("case", "show", "DSR-17").stdout


def nobody(*by_kinds: str, gaps: tuple[Gap, ...] = ()) -> TakenIn:
    """Give a run that found nobody."""
    return TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject="no_match", gaps=gaps, by_kinds=by_kinds)


def known(*digests: str) -> Named:
    """Say what is known of the person."""
    return Named(kinds=("email",), digests=digests, key_id="k")


SINCE = (others(2),)
EXCUSED = Excused(vendor="zoom", say="It is new.", endpoint=OTHERS)
TWO = known("email:aa", "email:bb")
FOUND = TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject="matched")


@pytest.mark.parametrize(
    ("acts", "gaps"),
    [
        ([nobody("email"), TWO], SINCE),
        ([nobody("email"), known("email:aa", "phone:bb")], ()),
        ([nobody("email", "phone"), known("email:aa", "phone:bb")], SINCE),
        ([nobody("email"), known("email:aa")], ()),
        ([nobody("email"), TWO, EXCUSED], ()),
        ([nobody("email"), TWO, EXCUSED, known("email:aa", "email:bb", "email:cc")], (others(3),)),
        ([nobody("email"), TWO, nobody("email")], ()),
        ([nobody("email", gaps=(Gap(OTHERS, "x"), Gap("a", "denied"))), TWO], (Gap("a", "denied"), *SINCE)),
        ([FOUND, TWO], ()),
        ([TWO, nobody()], SINCE),
        ([nobody()], ()),
        ([TWO, nobody(gaps=(Gap(OTHERS, "x"),))], (Gap(OTHERS, "x"),)),
    ],
)
def test_what_is_named_after_a_run_was_not_asked_by_it(acts, gaps):
    """Nobody was found by what was known then; a log that does not say by what is not believed either, where there are several."""
    assert fold(lines([OPENED, *acts])).vendors["zoom"].open_gaps == gaps


def test_only_a_run_that_found_nobody_counts_as_asked(habeas):
    """An earlier run that proved nothing, or found the person, leaves the other identifier open."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    assert habeas("case", "name", "DSR-17", stdin="email: second@example.com\n").returncode == 0
    case = open_here(habeas)
    first, second = (one.partition(":")[2] for one in case.case.digests)
    (case.folder / "runs" / "zoom").mkdir(parents=True)
    body = {"vendor": "zoom", "simulated": True, "finished": "x", "reference": None, "endpoints": {}, "written": {}}
    for outcome in ("unproven", "matched"):
        subject = {"outcome": outcome, "digest": {"email": first}, "key_id": case.case.key_id}
        (case.folder / "runs" / "zoom" / "manifest.json").write_text(json.dumps({**body, "subject": subject}))
        case.act(TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject=outcome), NOW)
        run = TakenRun("zoom", True, "x", None, {**subject, "outcome": "no_match", "digest": {"email": second}}, {}, {}, "0")
        assert act_of_run(case, case.folder / "runs" / "zoom-2", run, same=True).gaps == (
            Gap(OTHERS, "not asked by another e-mail address"),
            *([EARLIER_GAP] if outcome == "matched" else []),
        )


def test_who_was_found_and_is_not_known_any_more_is_a_gap_until_somebody_says_why(habeas):
    """What the earlier run brought is no part of the answer, and nobody would notice; the sentence that excuses it is read by the person."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    case = open_here(habeas)
    (email,) = (one.partition(":")[2] for one in case.case.digests)
    subject = {"outcome": "no_match", "digest": {"email": email}, "key_id": case.case.key_id}
    run = TakenRun("zoom", True, "x", None, subject, {}, {}, "0")

    def gaps() -> tuple[Gap, ...]:
        return act_of_run(case, case.folder / "runs" / "zoom-2", run, same=True).gaps

    case.act(TakenIn(vendor="shopify", folder="runs/shopify", proof="0", subject="matched"), NOW)
    case.act(TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject="unproven"), NOW)
    assert gaps() == ()
    case.act(TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject="matched"), NOW)
    assert gaps() == (EARLIER_GAP,)
    case.act(TakenIn(vendor="zoom", folder="runs/zoom-2", proof="0", subject="no_match", gaps=gaps()), NOW)
    assert gaps() == (EARLIER_GAP,)
    waits = habeas("case", "show", "DSR-17").stdout
    assert "zoom: the person is not known there now, and was when it was asked before" in waits
    assert habeas("case", "excuse", "DSR-17", f"zoom/{EARLIER}", "--say", "They deleted it on 1 December.").returncode == 0
    assert "and was when it was asked before" not in habeas("case", "show", "DSR-17").stdout


def test_who_is_found_again_and_lost_again_is_a_gap_again(habeas):
    """On the same day too: the sentence was said before they were found again, and what came then would have left the answer unnoticed."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    case = open_here(habeas)
    run = TakenRun("zoom", True, "x", None, {"outcome": "no_match"}, {}, {}, "0")

    def lost(number: int) -> tuple[Gap, ...]:
        case.act(TakenIn(vendor="zoom", folder=f"runs/zoom-{number}", proof="0", subject="matched"), NOW)
        gone = act_of_run(case, case.folder / "runs" / f"zoom-{number + 1}", run, same=True)
        case.act(gone, NOW)
        return case.case.vendors["zoom"].open_gaps

    assert [gap.endpoint for gap in lost(2)] == [EARLIER]
    case.act(Excused(vendor="zoom", say="They deleted it.", endpoint=EARLIER), NOW)
    assert case.case.vendors["zoom"].open_gaps == ()
    case.act(act_of_run(case, case.folder / "runs" / "zoom-4", run, same=True), NOW)
    assert case.case.vendors["zoom"].open_gaps == ()
    assert [gap.endpoint for gap in lost(5)] == [EARLIER]


REASONS = [
    ("the vendor denies it (HTTP 403, code 403)", "the vendor denies it (HTTP 403, code 403)"),
    ("no such user: ada@acme.example", None),
    ("cut\x1b[2J", None),
    ("two\nlines", None),
    ("x" * 5_000, None),
    ("", None),
    ({"a": 1}, None),
    (None, None),
]


@pytest.mark.parametrize(("reason", "why"), REASONS)
def test_the_log_takes_a_reason_only_as_a_run_writes_it(reason, why):
    """A manifest that was made elsewhere may hold anything: an address, control characters or a whole page never come into the log."""
    run = TakenRun("zoom", True, "x", None, {"outcome": "matched"}, {"meetings": {"outcome": "denied", "reason": reason}}, {}, "0")
    assert run.gaps == (Gap("meetings", "denied", why),)


RUNS = [  # the outcome and the begin of the run that lies there, and of the one that is added; whether the first still counts
    ("matched", "2026-11-10T09:00:00Z", "no_match", "2026-11-01T09:00:00Z", True),
    ("matched", "2026-11-10T09:00:00Z", "unproven", "2026-11-01T09:00:00Z", True),
    ("matched", "2026-11-10T09:00:00Z", "no_match", "2026-11-10T09:00:01Z", False),
    ("matched", "2026-11-10T09:00:00Z", "no_match", "2026-11-10T09:00:00Z", False),
    ("matched", "2026-11-10T09:00:00Z", "no_match", "yesterday", False),
    ("matched", "2026-11-10T09:00:00Z", "no_match", "2026-11-01T09:00:00", False),
    ("matched", "2026-11-10T09:00:00Z", "no_match", None, False),
    ("matched", "2026-11-10T09:00:00Z", "matched", "2026-11-01T09:00:00Z", False),
    ("no_match", "2026-11-10T09:00:00Z", "no_match", "2026-11-01T09:00:00Z", False),
]


@pytest.mark.parametrize(("outcome", "began", "added", "at", "counts"), RUNS)
def test_a_run_of_before_that_found_nobody_does_not_take_the_place_of_one_that_did(habeas, outcome, began, added, at, counts):
    """Whenever it is added: "not known there now" would be untrue, and what the later run brought would be missing in the answer."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    case, body = open_here(habeas), {"vendor": "zoom", "simulated": True, "finished": "x", "reference": None, "written": {}}
    email = case.case.digests[0].partition(":")[2]
    (case.folder / "runs").mkdir(mode=0o700)
    for folder, found, when in (("runs/zoom", outcome, began), ("request", added, at)):
        (case.folder / folder).mkdir(mode=0o700, parents=True)
        subject = {"outcome": found, "digest": {"email": email}, "key_id": case.case.key_id}
        (case.folder / folder / "manifest.json").write_text(json.dumps({**body, "subject": subject, "started": when, "endpoints": {}}))
    case.act(TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject=outcome), NOW)
    said = habeas("case", "add", "DSR-17", str(case.folder / "request"))
    part = open_here(habeas).case.vendors["zoom"]
    assert (said.returncode, part.run.folder) == (0, "runs/zoom" if counts else "runs/zoom-2")
    assert ("It does not count: runs/zoom began later, and found the person." in said.stdout) is counts
    shown = habeas("case", "show", "DSR-17").stdout
    assert ("taken in, and does not count, since a later run found the person: zoom runs/zoom-2" in shown) is counts
    assert ("not known there now" in shown) is (outcome == "matched" and added == "no_match" and not counts)
