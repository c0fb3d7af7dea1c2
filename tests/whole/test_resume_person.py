"""`habeas resume` for a person of a case or one who is typed at a terminal, and over a connection that is kept."""

from __future__ import annotations

import json

import pytest

from tests.batch.conftest import Vendor

ADA = "ada@x.io"


@pytest.fixture
def vendor(tmp_path):
    """Serve one."""
    up = Vendor(tmp_path)
    yield up
    up.end()


@pytest.fixture
def connected(habeas, vendor):
    """Keep a connection to it, in the state folder of the command line."""
    done = habeas("connect", str(vendor.spec), "--at", vendor.address, **vendor.given)
    assert done.returncode == 0, done.stderr
    return "acme/default"


def broken(habeas, vendor, out, **given: str):
    """Run, and leave the folder as a kill leaves it: the manifest's head, and a list that has not ended."""
    done = habeas("run", str(vendor.spec), "--at", vendor.address, "--email", ADA, "--out", str(out), **given)
    assert done.returncode == 0, done.stderr
    path = out / "acme" / "manifest.json"
    told = json.loads(path.read_bytes())
    path.write_text(json.dumps({**{name: one for name, one in told.items() if name != "endpoints"}, "finished": None}))
    (out / "acme" / "files.pages.jsonl").write_bytes(b"")
    vendor.asked.clear()
    return out


def went_on(out, vendor) -> bool:
    """Whether the run has ended now, and only what had not ended was asked."""
    told = json.loads((out / "acme" / "manifest.json").read_bytes())
    asked = {path: count for path, count in vendor.asked.items() if path != "/me"}
    return bool(told["finished"]) and asked == {f"/people/{ADA}": 1, "/people/ada/files": 1}


def test_the_person_may_be_the_one_of_a_case(habeas, vendor, tmp_path):
    """No identifier is typed; a case of somebody else is refused, and nothing is sent."""
    out = broken(habeas, vendor, tmp_path / "out", **vendor.given)
    for case, who in (("DSR-1", ADA), ("DSR-2", "bert@x.io")):
        assert habeas("case", "new", case, "--simulated", stdin=f"email: {who}\n").returncode == 0
    words = ("resume", str(out), "--at", vendor.address, "--spec", str(vendor.spec), "--case")
    other = habeas(*words, "DSR-2", **vendor.given)
    assert (other.returncode, "is not the person whom the run" in other.stderr, +vendor.asked) == (5, True, {}), other.stderr
    unknown = habeas(*words, "DSR-3", **vendor.given)
    assert (unknown.returncode, "DSR-3" in unknown.stderr, +vendor.asked) == (2, True, {}), unknown.stderr
    done = habeas(*words, "DSR-1", **vendor.given)
    assert (done.returncode, went_on(out, vendor)) == (0, True), done.stderr
    assert ADA not in done.stdout + done.stderr


def test_on_a_terminal_the_person_is_asked_for(habeas, vendor, tmp_path, monkeypatch):
    """By the kinds that the run asks by; whoever is typed must be the same."""
    out = broken(habeas, vendor, tmp_path / "out", **vendor.given)
    monkeypatch.setattr("engine.cli.resume.is_terminal", lambda _: True)
    words = ("resume", str(out), "--at", vendor.address, "--spec", str(vendor.spec))
    other = habeas(*words, stdin="bert@x.io\n", **vendor.given)
    assert "The person's email, as it was given:" in other.stderr
    assert (other.returncode, "is not the person whom the run" in other.stderr, +vendor.asked) == (5, True, {}), other.stderr
    done = habeas(*words, stdin=f"{ADA}\n", **vendor.given)
    assert (done.returncode, went_on(out, vendor)) == (0, True), done.stderr


def test_at_the_prompt_an_end_of_input_stops_it(habeas, vendor, tmp_path, monkeypatch):
    """Without a traceback, and nothing is sent."""
    out = broken(habeas, vendor, tmp_path / "out", **vendor.given)
    monkeypatch.setattr("engine.cli.resume.is_terminal", lambda _: True)
    done = habeas("resume", str(out), "--at", vendor.address, "--spec", str(vendor.spec), stdin="", **vendor.given)
    assert (done.returncode != 0, "Traceback" in done.stderr, +vendor.asked) == (True, False, {}), done.stderr


def test_a_run_over_a_kept_connection_goes_on_over_it(connected, habeas, vendor, tmp_path):
    """It is found by its name in the folder, whatever else is kept, and whatever stands in the environment."""
    out = broken(habeas, vendor, tmp_path / "out")
    assert json.loads((out / "acme" / "manifest.json").read_bytes())["connection"]["name"] == connected
    words = ("resume", str(out), "--at", vendor.address, "--spec", str(vendor.spec), "--email", ADA)
    second = ("connect", str(vendor.spec), "--at", vendor.address, "--connection", "acme/other")
    assert habeas(*second, **vendor.given).returncode == 0
    vendor.asked.clear()
    done = habeas(*words, **vendor.given)
    assert (done.returncode, went_on(out, vendor)) == (0, True), done.stderr
    assert json.loads((out / "acme" / "manifest.json").read_bytes())["connection"]["name"] == connected


def test_a_run_over_a_kept_connection_that_is_gone_says_so(connected, habeas, vendor, tmp_path):
    """Nothing is sent, and the folder stays as it was."""
    out = broken(habeas, vendor, tmp_path / "out")
    before = (out / "acme" / "manifest.json").read_bytes()
    assert habeas("connections", "remove", connected).returncode == 0
    vendor.asked.clear()
    done = habeas("resume", str(out), "--at", vendor.address, "--spec", str(vendor.spec), "--email", ADA)
    assert (done.returncode in (2, 4), connected in done.stderr, +vendor.asked) == (True, True, {}), done.stderr
    assert (out / "acme" / "manifest.json").read_bytes() == before


def test_a_run_with_a_token_of_its_own_does_not_go_on_over_a_kept_connection(habeas, vendor, tmp_path):
    """Whose account that is nobody knows: exit 2, and nothing is sent."""
    out = broken(habeas, vendor, tmp_path / "out", **vendor.given)
    assert habeas("connect", str(vendor.spec), "--at", vendor.address, **vendor.given).returncode == 0
    vendor.asked.clear()
    done = habeas("resume", str(out), "--at", vendor.address, "--spec", str(vendor.spec), "--email", ADA)
    assert (done.returncode, "was begun with a token for that run alone" in " ".join(done.stderr.split()), +vendor.asked) == (2, True, {})
