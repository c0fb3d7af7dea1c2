"""A person is known by several identifiers, and a vendor is asked by one of a kind: that it knows nobody by that one is not the whole answer."""

from __future__ import annotations

import json

from engine.case.acts import OTHERS, Gap, TakenIn
from engine.case.folder import OpenCase
from engine.case.take import TakenRun, act_of_run
from tests.case.acts_kit import NOW
from tests.case.package_kit import open_here
from tests.case.test_commands import PERSON


def test_nobody_by_one_address_is_not_nobody_by_the_other(habeas):
    """A person with two addresses is unknown where both were asked by: until then it is a gap, which an excuse or another run ends."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    assert habeas("case", "name", "DSR-17", stdin="email: second@example.com\nphone: +15550100200\n").returncode == 0
    case = open_here(habeas)
    first, second = (one for one in case.case.digests if one.startswith("email:"))

    def told(outcome: str, *asked: str, key_id: str | None = None) -> dict[str, object]:
        digest = {one.partition(":")[0]: one.partition(":")[2] for one in asked}
        return {"outcome": outcome, "digest": digest, "key_id": key_id or case.case.key_id}

    def gaps(subject: dict[str, object], here: OpenCase) -> tuple[Gap, ...]:
        run = TakenRun("zoom", True, "x", None, subject, {}, {}, "0")
        return act_of_run(here, here.folder / "runs" / "zoom", run, same=True).gaps

    other = (Gap(OTHERS, "not asked by another e-mail address"),)
    assert gaps(told("no_match", first), case) == gaps(told("no_match", second), case) == other
    assert gaps(told("matched", first), case) == gaps(told("no_match", first, key_id="another"), case) == ()
    phone = next(one for one in case.case.digests if one.startswith("phone:"))
    assert gaps(told("no_match", phone), case) == ()  # it knows nobody by e-mail address
    (case.folder / "runs" / "zoom").mkdir(parents=True)
    body = {"vendor": "zoom", "simulated": True, "finished": "x", "reference": None, "endpoints": {}, "written": {}}
    (case.folder / "runs" / "zoom" / "manifest.json").write_text(json.dumps({**body, "subject": told("no_match", first)}))
    case.act(TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject="no_match", gaps=other), NOW)
    assert gaps(told("no_match", second), open_here(habeas)) == ()
    waits = habeas("case", "show", "DSR-17").stdout
    assert "zoom: the person is not known there by what was asked, and is known by more (not asked by another e-mail address)\n" in waits
    assert habeas("case", "excuse", "DSR-17", f"zoom/{OTHERS}", "--say", "The other address is new.").returncode == 0
    assert "and is known by more" not in habeas("case", "show", "DSR-17").stdout
