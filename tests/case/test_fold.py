"""The fold of a case's acts: it takes anything in any order, loses nothing, and equals a slow reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.case import acts
from engine.case.fold import NEXT, PHASES, TAKES, Case, fold, step
from engine.case.guards import GUARDS, refusal
from tests.case.acts_kit import ACTS, ANY_ACT, OPENED, lines

LISTS = st.lists(ANY_ACT, max_size=14)
BEGUN = LISTS.map(lambda more: [OPENED, *more])


def of(done: list[acts.Act], kind: type[Any]) -> list[Any]:
    """Give the acts of one kind, in order."""
    return [one for one in done if isinstance(one, kind)]


def phase_of(done: list[acts.Act]) -> str:
    """Follow the phases the slow way: by the words of the case's life, without the table."""
    phase = "open"
    for act in done:
        word = act.__struct_config__.tag
        running, begun = ("open", "gathering", "approved", "released"), ("gathering", "approved", "released")
        if word in ("denied", "withdrawn") and phase in running:
            phase = word
        elif (
            (word in ("taken", "excused", "answered") and phase in running)
            or (word in ("decided", "undone", "asked", "ruled") and phase in begun)
            or (word == "sending" and phase == "open")
            or (word == "overdue" and phase == "approved")
        ):
            phase = "gathering"
        elif word == "approved" and phase == "gathering":
            phase = "approved"
        elif (word, phase) in (("released", "approved"), ("closed", "released")):
            phase = {"released": "released", "closed": "closed"}[word]
        elif word == "concluded" and phase in ("open", "gathering"):
            phase = "closed"
    return phase


@given(LISTS)
def test_any_acts_in_any_order_are_taken(done):
    """The fold raises nothing and counts every act, even without the first one."""
    case = fold(lines(done))
    assert case.n == len(done)
    assert case.state in (*PHASES, "collecting", "reviewing")


@given(BEGUN)
def test_nothing_is_lost(done):
    """What each act brought is there afterwards, unless a later act says otherwise."""
    case = fold(lines(done))
    assert case.phase == phase_of(done)
    assert case.opened == OPENED
    assert case.refused == tuple(of(done, acts.IdentifierRefused))
    assert case.releases == tuple(of(done, acts.Released))
    assert case.identified == ([None, *(one.how for one in of(done, acts.Identified))])[-1]
    undone = [(n, one.act) for n, one in enumerate(done, 1) if isinstance(one, acts.Undone)]
    holds = {n for n, one in enumerate(done, 1) if isinstance(one, acts.Decided) and not any(at > n and which == n for at, which in undone)}
    assert set(case.decisions) == holds
    vendors = {one.vendor for one in done if getattr(one, "vendor", None) and not isinstance(one, acts.IdentifierRefused | acts.Target)}
    assert set(case.vendors) == vendors
    for name, part in case.vendors.items():
        took = [one for one in of(done, acts.TakenIn) if one.vendor == name]
        assert part.run == ([None, *(one for one in took if one.kind == "run")])[-1]
        assert part.files == tuple(one for one in took if one.kind == "file")


@given(BEGUN)
def test_the_clock_stands_still_as_often_as_it_was_stopped(done):
    """A second stop changes nothing, nor does a second start; no pause is negative."""
    case, still = fold(lines(done)), False
    for act in done:
        still = isinstance(act, acts.Paused) or (still and not isinstance(act, acts.Resumed))
    assert case.still is still
    assert all(pause.end is None or pause.end >= pause.start for pause in case.pauses)


@given(BEGUN)
def test_an_excuse_holds_for_the_outcome_that_it_was_given_for(done):
    """A gap is open unless it was excused as the same outcome, or the whole vendor is left out."""
    for name, part in fold(lines(done)).vendors.items():
        mine = [one for one in done if getattr(one, "vendor", None) == name]
        expected, excused, left_out = (), {}, False
        for act in mine:
            if isinstance(act, acts.TakenIn):
                expected, left_out = (act.gaps if act.kind == "run" else expected), False
            elif isinstance(act, acts.Excused) and act.endpoint is None:
                left_out = True
            elif isinstance(act, acts.Excused):
                excused[act.endpoint] = next((gap.outcome for gap in expected if gap.endpoint == act.endpoint), None)
        still = () if left_out else tuple(gap for gap in expected if excused.get(gap.endpoint, "never") != gap.outcome)
        assert part.open_gaps == still


@given(BEGUN)
def test_only_what_is_allowed_moves_a_case(done):
    """An act that is refused leaves the phase as it was; one that may be done is one the table knows."""
    case = fold(lines(done[:1]))
    for line in lines(done)[1:]:
        why, after = refusal(case, line.act), step(case, line)
        if line.act.__class__ is not acts.CaseOpened and case.phase not in NEXT[type(line.act)]:
            assert why == f"the case is {case.state}"
            assert after.phase == case.phase
        case = after


def test_every_act_has_a_row():
    """No act is forgotten in the tables, and the tables know no other."""
    assert set(NEXT) == set(acts.KINDS.values())
    assert set(TAKES) <= set(NEXT)
    assert set(GUARDS) <= set(NEXT)
    assert set(ACTS) == set(acts.KINDS)


CASES = [
    ([], "open", []),
    (["taken zoom"], "reviewing", []),
    (["asked slack", "taken zoom"], "collecting", []),
    (["asked slack", "taken zoom", "excused slack"], "reviewing", []),
    (["taken zoom", "approved"], "approved", ["released p2"]),
    (["taken zoom", "approved", "decided"], "reviewing", ["released p1"]),
    (["taken zoom", "approved", "taken zoom"], "reviewing", ["released p1"]),
    (["taken zoom", "approved", "taken outdated"], "approved", ["released p2"]),
    (["taken zoom", "approved", "released p1"], "released", ["approved", "extended"]),
    (["taken zoom", "approved", "released p1", "taken outdated"], "released", ["approved", "extended"]),
    (["taken zoom", "approved", "released p1", "closed"], "closed", ["decided", "denied", "taken zoom"]),
    (["denied"], "denied", ["taken zoom", "closed", "withdrawn"]),
    (["withdrawn"], "withdrawn", ["denied"]),
    (["extended"], "open", ["extended"]),
    (["paused"], "open", ["paused"]),
    ([], "open", ["resumed", "undone", "approved", "closed", "opened", "delivered", "excused slack"]),
    (["asked zoom"], "open", ["decided"]),
]
NAMED = {
    "taken zoom": acts.TakenIn(vendor="zoom", folder="runs/zoom", proof="x"),
    "taken outdated": acts.TakenIn(vendor="zoom", folder="runs/zoom-2", proof="y", later="runs/zoom"),
    "asked slack": acts.VendorAsked(vendor="slack"),
    "asked zoom": acts.VendorAsked(vendor="zoom"),
    "excused slack": acts.Excused(vendor="slack", say="closed down"),
    "approved": acts.Approved(package="p1"),
    "released p1": acts.Released(package="p1", folder="releases/1"),
    "released p2": acts.Released(package="p2", folder="releases/1"),
    "decided": acts.Decided(operation="give", target=acts.Target(value="aa"), because="known_to_them"),
    "undone": acts.Undone(act=1),
    "closed": acts.Closed(),
    "denied": acts.Denied(why="no"),
    "withdrawn": acts.Withdrawn(),
    "extended": acts.Extended(why="many"),
    "paused": acts.Paused(why="asked"),
    "resumed": acts.Resumed(),
    "delivered": acts.Delivered(how="by hand"),
    "opened": OPENED,
}


@pytest.mark.parametrize(("done", "state", "refused"), CASES)
def test_states(done, state, refused):
    """A case goes the way that the table of states says, and nothing else may be done."""
    case = fold(lines([OPENED, *(NAMED[word] for word in done)]))
    assert case.state == state
    assert [word for word in refused if refusal(case, NAMED[word]) is None] == []


def test_who_approves_has_decided_nothing_since_the_last_approval():
    """Deciders are kept until an approval, then counted anew."""
    done = [OPENED, NAMED["taken zoom"], NAMED["decided"], NAMED["approved"], NAMED["decided"]]
    by = ["anna", "anna", "bert", "anna", "carl"]
    told = lines(done)
    case = Case()
    for line, who in zip(told, by, strict=True):
        case = step(case, type(line)(n=line.n, at=line.at, by=who, act=line.act, sha256=line.sha256))
    assert (case.approved, case.deciders) == (None, frozenset({"carl"}))
