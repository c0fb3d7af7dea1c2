"""What a refused credential means for a run, as data."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.core.oauth import NotRenewed, Renewed
from engine.core.refused_credential import (
    ONLY_THIS,
    AskVerify,
    CredentialState,
    Renew,
    Usable,
    before_renewal,
    judge,
    noted,
    renewed,
)
from engine.core.retry import REFUSED, GiveUp
from engine.replaced import replace

CASES = yaml.safe_load((Path(__file__).parent / "data" / "refused_credential.yaml").read_text("utf-8"))
FOUND = {
    "renewed": Renewed(asked=True),
    "renewed elsewhere": Renewed(asked=False),
    "dead": NotRenewed("dead", dead=True),
    "passing": NotRenewed("passing", dead=False),
}


def state_of(given: dict) -> CredentialState:
    named = dict(given)
    if "failed" in named:
        named["failed"] = (named["failed"][0], GiveUp(named["failed"][1]))
    if "end" in named:
        named["end"] = GiveUp(named["end"], dead=True)
    if "file_renewal" in named:
        named["file_renewal"] = tuple(named["file_renewal"])
    return replace(CredentialState(), **named)


def shown(decision: object) -> str:
    if isinstance(decision, Usable):
        return f"usable {str(decision.asked).lower() if decision.asked is not None else None}"
    if isinstance(decision, GiveUp):
        return f"give up: {decision.words}" + (", dead" if decision.dead and decision.words == "dead" else "")
    assert decision == Renew()
    return "renew"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_credential_is_renewed_once_for_all_who_used_it(case):
    """Each row is one question, one answer, and what is remembered of it."""
    state, now = state_of(case.get("state", {})), float(case.get("at", 0))
    decision = before_renewal(state, case.get("with", 0), case["ask"], now, due=case.get("due", False), endpoint=case.get("endpoint", ""))
    if "found" not in case:
        assert shown(decision) == case["then"]
        return
    assert decision == Renew()
    after, decision = renewed(state, FOUND[case["found"]], case["ask"], now)
    assert shown(decision) == case["then"]
    wanted = dict(case["after"])
    if "failed" in wanted:
        assert after.failed is not None
        assert after.failed[0] == wanted.pop("failed")
        after = replace(after, failed=None)
    if "end" in wanted:
        assert after.end is not None
        assert after.end.dead
        assert after.end.words == wanted.pop("end")
        after = replace(after, end=None)
    assert after == state_of(wanted)


def test_a_refusal_ends_the_run_unless_verify_is_answered():
    """Where it is, only that endpoint ends; the words that mend the connection stand for the bare ones."""
    refused = GiveUp(REFUSED, dead=True)
    state, decision = judge(CredentialState(), refused, "notes", "connect again")
    assert decision == AskVerify()
    alive, ended = noted(state, "notes", lives=True), noted(state, "notes", lives=False)
    assert judge(alive, refused, "notes", "connect again") == (alive, GiveUp(ONLY_THIS, final=True))
    assert judge(alive, refused, "files", "connect again")[1] == AskVerify()
    after, decision = judge(ended, refused, "notes", "connect again")
    assert decision == after.end == GiveUp("connect again", dead=True)
    assert judge(after, GiveUp("later"), "files", "")[1] == after.end
    assert judge(ended, GiveUp("the vendor has ended it", dead=True), "notes", "connect again")[1].words == "the vendor has ended it"


def test_an_hour_later_it_is_asked_again_whether_a_credential_lives():
    """What `verify` showed of it holds for all people of an hour, and no longer."""
    refused = GiveUp(REFUSED, dead=True)
    state = noted(CredentialState(), "notes", lives=True, now=100.0)
    assert judge(state, refused, "notes", "", 3699.0)[1] == GiveUp(ONLY_THIS, final=True)
    assert judge(state, refused, "notes", "", 3700.0)[1] == AskVerify()


def test_a_connection_that_the_vendor_has_ended_is_never_renewed_again():
    """Five minutes later it is as dead."""
    state, _ = renewed(CredentialState(), FOUND["dead"], "refused", 10.0)
    assert before_renewal(state, 0, "refused", 10_000.0) == GiveUp("dead", dead=True)
