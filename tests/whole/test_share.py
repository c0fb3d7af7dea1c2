"""`--share`: how much of the vendor's limit a run may use."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from engine import assembly
from engine.net.limiter import limiter_of
from tests.whole.commands import FULL
from tests.whole.runs import answers


@pytest.mark.parametrize(("words", "share"), [((), 0.75), (("--share", "5"), 0.05), (("--share", "100"), 1.0)])
@pytest.mark.parametrize("command", ["run", "record"])
def test_the_share_that_is_asked_for_is_the_share_that_is_used(command, words, share, habeas, zoom, tmp_path, monkeypatch):
    """By a run, and by one that is recorded: the limiter of all its requests is made with it, and the manifest says so."""
    shares: list[float] = []

    def noting(vendor, plan, share, handover=None):
        shares.append(share)
        return limiter_of(vendor, plan, share, handover)

    monkeypatch.setattr(assembly, "limiter_of", noting)
    words += ("--cassette", "one") if command == "record" else ()
    asked = ("--at", zoom.address, "--email", FULL, "--only", "settings", "--out", str(tmp_path))
    done = habeas(command, "zoom", *asked, *words, HABEAS_ZOOM_TOKEN=zoom.token)
    assert (done.returncode, set(shares)) == (0, {share}), done.stderr
    if command == "run":
        assert json.loads((tmp_path / "zoom" / "manifest.json").read_text("utf-8"))["connection"]["share"] == share


def test_at_the_whole_limit_no_request_leaves_beside_another(habeas, zoom, tmp_path):
    """Twenty a second, one after the other; of a smaller share, what is left free may leave at once."""
    words = ("--at", zoom.address, "--email", FULL, "--only", "settings_options", "--share", "100", "--out", str(tmp_path))
    done = habeas("run", "zoom", *words, HABEAS_ZOOM_TOKEN=zoom.token)
    assert done.returncode == 0, done.stderr
    pages = answers(tmp_path / "zoom" / "settings_options.pages.jsonl")
    sent = sorted(datetime.fromisoformat(page["sent_at"]).timestamp() for page in pages)
    assert len(sent) == 3
    assert sent[-1] - sent[0] >= 0.09
