"""What is typed and cannot be done is refused with a sentence, before anything is sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.whole.commands import FULL, ask, manifest
from tests.whole.runs import data

UNSAFE = [
    ("email", "", "is empty"),
    ("email", "a" * 250 + "@x.io", "longer than 254"),
    ("email", "a\tb@x.io", "white space"),
    ("email", "a b@x.io", "white space"),
    ("email", "a\u200bb@x.io", "white space, control or invisible"),
    ("email", "a\x7fb@x.io", "control"),
    ("email", ".", "meaning of its own"),
    ("email", "..", "meaning of its own"),
    ("email", "me", "meaning of its own"),
    ("email", "ME", "meaning of its own"),
    ("email", "nobody", "exactly one @"),
    ("email", "a@b@x.io", "exactly one @"),
    ("email", "@x.io", "nothing before the @"),
    ("email", "a@", "no host name"),
    ("email", "x@y.z?page_size=300", "no host name"),
    ("email", "x@y z", "white space"),
    ("email", "x@-y.z", "no host name"),
    ("email", "x@y..z", "no host name"),
    ("username", "me", "meaning of its own"),
    ("phone", "+12", "7 to 15 digits"),
]


@pytest.mark.parametrize(("kind", "value", "words"), UNSAFE)
def test_what_is_no_safe_identifier_is_refused_and_nothing_is_sent(kind, value, words, habeas, zoom, tmp_path):
    """Exit 5, one sentence without the identifier, no folder, no request."""
    before = len(zoom.log())
    done = ask(habeas, zoom, tmp_path / "out", "--subject", f"{kind}={value}")
    assert done.returncode == 5
    assert words in done.stderr
    assert "nothing was sent" in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(value) < 4 or value not in done.stderr
    assert not (tmp_path / "out").exists()
    assert len(zoom.log()) == before


@pytest.mark.parametrize(
    "email", ["a#b@example.com", "a/b@example.com", "per%41cent@example.com", "yuki+zoom@example.com", "zoë.ömer@example.com"]
)
def test_an_odd_address_stays_in_its_segment_and_finds_the_right_person(email, habeas, zoom, tmp_path):
    """Each byte outside the unreserved ones is encoded; nobody else answers, `a@example.com` least of all."""
    before = len(zoom.log())
    done = ask(habeas, zoom, tmp_path, "--email", "-", "--only", "settings,meetings", stdin=f"{email}\n")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "zoom" / "lookup.jsonl").read_text("utf-8"))["email"] == email
    person = data().Account(12, 40).people[email]
    meetings = [json.loads(line) for line in (tmp_path / "zoom" / "meetings.jsonl").read_text("utf-8").splitlines()]
    assert {one["host_id"] for one in meetings} == {person.id}
    encoded = "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or chr(byte) in "-._~" else f"%{byte:02X}" for byte in email.encode()
    )
    paths = [entry["path"] for entry in zoom.log()[before:]]
    assert f"/v2/users/{encoded}" in paths
    assert {path for path in paths if path.count("/") != 3} <= {
        f"/v2/users/{person.id}/settings",
        f"/v2/users/{person.id}/meetings",
        "/v2/users",
    }


WRONG = [
    ((), "Zoom finds people by email"),
    (("--email", "a@x.io", "--subject", "email=b@x.io"), "given twice"),
    (("--subject", "colour=red"), "KIND is email, phone or username"),
    (("--subject", "email"), "KIND=VALUE"),
    (("--subject", "username=someone"), "Zoom finds people by email"),
    (("--email", "a@x.io", "--only", "setings"), "did you mean `settings`?"),
    (("--email", "a@x.io", "--only", "meetings", "--without", "meetings"), "nothing is left"),
    (("--email", "a@x.io", "--since", "tomorrow"), "2025-01-01"),
    (("--email", "a@x.io", "--since", "2025-02-30"), "2025-01-01"),
    (("--email", "a@x.io", "--since", "2999-01-01"), "--since 2999-01-01: that day has not begun"),
    (("--email", "a@x.io", "--plan", "gold"), "pro, business, free"),
    (("--email", "a@x.io", "--share", "0"), "--share"),
    (("--email", "a@x.io", "--at", "http://example.com"), "this machine only"),
    (("--email", "a@x.io", "--at", ""), "this machine only"),
    (("--email", "a@x.io", "--at", "https://127.0.0.1:1"), "this machine only"),
    (("--email", "a@x.io", "--frob"), "No such option"),
]


@pytest.mark.parametrize(("words", "told"), WRONG)
def test_wrong_usage_is_explained(words, told, habeas, zoom, tmp_path):
    """Exit 2, what is wrong and what to write instead; no folder is made."""
    done = ask(habeas, zoom, tmp_path / "out", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("run", "zom", "--email", "a@x.io"), 2, "did you mean `zoom`?"),
        (("run", "./nope.yaml", "--email", "a@x.io"), 2, "no such spec file"),
        (("run", "../zoom", "--email", "a@x.io"), 2, "no such spec file"),
        (("plan", "nope"), 2, "no spec is called"),
        (("check", "nope.yaml"), 2, "no such spec file"),
        (("check", "--format", "xml"), 2, "text, json, github"),
        (("simulate", "nope"), 2, "no spec is called `nope`"),
        (("simulate", "zoom", "--port", "0", "--faults", "strom"), 2, "did you mean `storm`?"),
        (("simulate", "zoom", "--people", "-1"), 2, "--people"),
        (("frobnicate",), 2, "No such command"),
        (("run", "zoom", "--email", "a@x.io"), 4, "habeas connect zoom"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(words, code, told, habeas):
    """One sentence, the right exit code, never a traceback."""
    done = habeas(*words)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "gehe\u00efm"])
def test_a_token_that_is_none_is_never_sent(token, habeas, zoom, tmp_path):
    """Missing, or not of the form of a token: exit 4."""
    before = len(zoom.log())
    done = ask(habeas, zoom, tmp_path / "out", "--email", FULL, HABEAS_ZOOM_TOKEN=token)
    assert done.returncode == 4
    assert not token or token not in done.stderr
    assert len(zoom.log()) == before
    assert not (tmp_path / "out").exists()


def test_a_token_may_lie_in_a_file_and_a_wrong_one_says_what_to_do(habeas, zoom, tmp_path):
    """The file wins; a refused credential is exit 4 and nobody is said to be unknown."""
    (tmp_path / "token").write_text(f"{zoom.token}\n")
    done = ask(
        habeas,
        zoom,
        tmp_path / "good",
        "--email",
        FULL,
        "--only",
        "settings",
        HABEAS_ZOOM_TOKEN_FILE=str(tmp_path / "token"),
        HABEAS_ZOOM_TOKEN="x",
    )
    assert done.returncode == 0, done.stderr
    done = ask(habeas, zoom, tmp_path / "gone", "--email", FULL, HABEAS_ZOOM_TOKEN_FILE=str(tmp_path / "nowhere"))
    assert done.returncode == 4
    assert "cannot be read" in done.stderr
    done = ask(habeas, zoom, tmp_path / "wrong", "--email", FULL, HABEAS_ZOOM_TOKEN="wrong")
    assert done.returncode == 4
    assert "NOT CONNECTED" in done.stdout
    assert manifest(tmp_path / "wrong")["subject"]["outcome"] == "unproven"


def test_an_earlier_run_is_never_touched(habeas, zoom, tmp_path):
    """A folder that exists, a file in its place, a place that cannot be written: exit 2, nothing sent."""
    (tmp_path / "earlier" / "zoom").mkdir(parents=True)
    (tmp_path / "earlier" / "zoom" / "manifest.json").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = len(zoom.log())
    for place, told in (("earlier", "exists already"), ("file", "it is a file"), ("file/below", "cannot be made")):
        done = ask(habeas, zoom, tmp_path / place, "--email", FULL)
        assert done.returncode == 2
        assert told in done.stderr
    done = ask(habeas, zoom, Path("/proc/habeas"), "--email", FULL)
    assert done.returncode == 2
    assert "cannot be made" in done.stderr
    assert (tmp_path / "earlier" / "zoom" / "manifest.json").read_text() == "mine"
    assert len(zoom.log()) == before


def test_the_current_folder_is_never_searched(habeas, tmp_path, monkeypatch):
    """A file of the vendor's name lying around is not taken; a folder named by HABEAS_SPECS is."""
    text = (ROOT / "specs" / "zoom.yaml").read_text("utf-8")
    (tmp_path / "acme.yaml").write_text(text.replace("vendor: zoom", "vendor: acme"), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert habeas("plan", "acme").returncode == 2
    assert habeas("plan", "acme", HABEAS_SPECS=str(tmp_path)).returncode == 0
    assert habeas("plan", "./acme.yaml").returncode == 0


def test_a_busy_port_is_said(habeas, zoom):
    """With the option that helps."""
    told = habeas("simulate", "zoom", "--port", zoom.address.rsplit(":", 1)[1])
    assert told.returncode == 2
    assert "--port" in told.stderr
    assert told.stderr.count("\n") == 1


def test_two_runs_into_one_folder_do_not_mix(zoom, tmp_path):
    """One of them makes the folder, the other is refused."""
    words = [
        sys.executable,
        "-m",
        "engine",
        "run",
        "zoom",
        "--at",
        zoom.address,
        "--email",
        FULL,
        "--out",
        str(tmp_path / "o"),
        "--only",
        "settings",
    ]
    both = [
        subprocess.Popen(
            words, env={**os.environ, "HABEAS_ZOOM_TOKEN": zoom.token}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(2)
    ]
    assert sorted(one.wait(60) for one in both) == [0, 2]
