"""The probe on the command line: with Zoom's eleven scopes, where `verify` is refused, it is what proves that nobody is known."""

from __future__ import annotations

import json

import pytest

from engine.cassettes.check import check_cassettes
from engine.catalogue import load_file
from tests.conftest import ROOT
from tests.whole.runs import SINCE

FULL, OTHER = "mara.lindqvist@example.com", "tomas.okoye@example.com"
NOBODY = "nobody@example.com"


def ask(habeas, up, out, *words, stdin=None):
    return habeas("run", "zoom", "--at", up.address, "--out", str(out), *words, stdin=stdin, HABEAS_ZOOM_TOKEN=up.token)


def subject(out):
    return json.loads((out / "zoom" / "manifest.json").read_text("utf-8"))["subject"]


def test_a_known_colleague_proves_with_the_pages_scopes_that_nobody_is_known(habeas, simulate, tmp_path):
    """Exit 0, and the sentence says by what; without the probe unproven, with the scope or the probe as the remedy."""
    up = simulate()
    done = ask(habeas, up, tmp_path / "a", "--email", NOBODY)
    assert (done.returncode, subject(tmp_path / "a")["proof"]) == (3, None)
    assert "UNPROVEN: it could not be shown whether the vendor knows the person" in done.stdout
    remedy = "give it the scope of the verify call, or name a known colleague who is not the administrator, to `habeas connect` or `habeas run`: --probe EMAIL"
    assert f"it needs the scope user:read:list_users:admin or user:read:admin; no probe is set): {remedy}" in done.stdout
    done = ask(habeas, up, tmp_path / "b", "--email", "-", "--probe", "-", stdin=f"{NOBODY}\n{OTHER}\n")
    assert (done.returncode, subject(tmp_path / "b")["proof"]) == (0, "probe")
    sentence = "Zoom: nobody is known by this identifier; the probe was found by the same look-up in this run"
    assert sentence in done.stdout
    assert OTHER not in done.stdout + "".join(path.read_text("utf-8") for path in (tmp_path / "b").rglob("*") if path.is_file())
    done = ask(habeas, up, tmp_path / "c", "--email", FULL, "--probe", OTHER, "--only", "settings")
    assert (done.returncode, subject(tmp_path / "c")["outcome"]) == (0, "matched")


@pytest.mark.parametrize("scopes", ["granular", "all"])
def test_a_blind_connection_finds_no_probe_either(scopes, habeas, simulate, tmp_path):
    """The person is there, the connection sees nobody: never "nobody is known"."""
    up = simulate(faults=["blind"], scopes=scopes)
    done = ask(habeas, up, tmp_path, "--email", FULL, "--probe", OTHER)
    assert (done.returncode, subject(tmp_path)["outcome"], subject(tmp_path)["proof"]) == (3, "unproven", None)
    assert "the probe was not found by the look-up" in done.stdout


def test_verify_that_listed_a_person_is_named_as_the_proof(habeas, simulate, tmp_path):
    """In the sentence and in the manifest."""
    done = ask(habeas, simulate(scopes="all"), tmp_path, "--email", NOBODY)
    assert (done.returncode, subject(tmp_path)["proof"]) == (0, "verify")
    assert "the verify call listed a person in this run\n" in done.stdout


def test_a_recording_holds_the_probe_and_replays(habeas, simulate, tmp_path):
    """As somebody else, like everybody in it."""
    up = simulate()
    spec = tmp_path / "specs" / "zoom.yaml"
    spec.parent.mkdir()
    spec.write_bytes((ROOT / "specs" / "zoom.yaml").read_bytes())
    words = ("record", str(spec), "--at", up.address, "--email", NOBODY, "--probe", OTHER, "--cassette", "unseen", "--since", f"{SINCE}d")
    done = habeas(*words, HABEAS_ZOOM_TOKEN=up.token)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "fixtures" / "zoom" / "cassettes" / "unseen"
    texts = "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file())
    assert OTHER not in texts
    assert "\nprobe:\n" in texts
    assert '"proof": "probe"' in texts
    found = check_cassettes(load_file(spec), spec, "zoom").findings
    assert not [one for one in found if one.wrong]
    assert ["the cassettes of zoom do not show" in one.mistake.message for one in found] == [True]
