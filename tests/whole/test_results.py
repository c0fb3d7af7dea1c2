"""What a run leaves behind: whole, partial, interrupted, for its owner's eyes only."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from datetime import datetime

import pytest

from tests.conftest import ROOT
from tests.whole.commands import FULL, ask, manifest
from tests.whole.runs import answers


def test_a_person_with_everything_is_complete_and_only_their_owner_may_read_it(habeas, simulate, tmp_path):
    """Folders 0700, files 0600; the manifest's digests are those of the files; JSON says the same as the manifest."""
    zoom = simulate(scopes="all")
    done = ask(habeas, zoom, tmp_path / "o", "--email", FULL, "--json", "--ref", "DSR-1")
    assert done.returncode == 0, done.stderr
    printed, written = json.loads(done.stdout), manifest(tmp_path / "o")
    assert (printed.pop("exit_code"), printed.pop("folder")) == (0, str(tmp_path / "o" / "zoom"))
    assert printed == written
    assert (written["reference"], written["simulated"], written["interrupted"]) == ("DSR-1", True, False)
    for path in [tmp_path / "o", *(tmp_path / "o").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0
    import hashlib

    for name, entry in written["endpoints"].items():
        raw = (tmp_path / "o" / "zoom" / f"{name}.jsonl").read_bytes()
        assert (entry["sha256"], entry["bytes"], entry["records"]) == (hashlib.sha256(raw).hexdigest(), len(raw), raw.count(b"\n"))
        pages = answers(tmp_path / "o" / "zoom" / f"{name}.pages.jsonl")
        assert entry["pages"] == len(pages)
        assert sum(page["lines"] for page in pages) == entry["records"]
    assert sorted(line.split(":")[0] for line in done.stderr.splitlines()) == sorted(written["endpoints"])


@pytest.mark.waits
def test_the_people_of_the_account_get_what_is_theirs(habeas, zoom, tmp_path):
    """No phone licence and no webinar licence are no failures; a denial is one, with the scopes that would help."""
    for email, code, told in (
        ("tomas.okoye@example.com", 0, {"phone_profile": "unlicensed", "phone_call_logs": "unlicensed", "webinars": "complete"}),
        ("ines.varga@example.org", 0, {"webinars": "unlicensed", "phone_profile": "complete"}),
        ("leif.castellan@example.org", 3, {"webinars": "denied", "phone_profile": "complete"}),
        ("noor.haddad@example.com", 0, {"meetings": "empty", "settings": "complete", "recordings": "empty"}),
        ("MARA.Lindqvist@Example.COM", 0, {"settings": "complete"}),
    ):
        out = tmp_path / str(len(list(tmp_path.iterdir())))
        done = ask(habeas, zoom, out, "--email", email)
        assert done.returncode == code, done.stdout
        found = {name: entry["outcome"] for name, entry in manifest(out)["endpoints"].items()}
        assert {name: found[name] for name in told} == told
        if code == 3:
            assert "webinar:read:list_webinars:admin" in done.stdout
            assert "INCOMPLETE: 1 endpoint misses something: webinars." in done.stdout


@pytest.mark.parametrize(("scopes", "code", "subject"), [("granular", 3, "unproven"), ("classic", 0, "no_match"), ("all", 0, "no_match")])
def test_nobody_is_believed_only_by_a_connection_that_sees_people(scopes, code, subject, habeas, simulate, tmp_path):
    """Without the scope of `verify` a "not found" proves nothing; with it, nobody is an answer."""
    up = simulate(scopes=scopes)
    for index, email in enumerate(("nobody@example.com", "pending@example.com")):
        done = ask(habeas, up, tmp_path / str(index), "--email", email)
        assert done.returncode == code
        written = manifest(tmp_path / str(index))
        assert written["subject"]["outcome"] == subject
        assert {entry["outcome"] for entry in written["endpoints"].values()} == {"absent" if code == 0 else "failed"}
        assert ("user:read:list_users:admin" in done.stdout) == (code == 3)


def test_what_is_left_out_by_order_is_said(habeas, zoom, tmp_path):
    """Endpoints, fields and a narrower time: the manifest and the summary say so."""
    done = ask(habeas, zoom, tmp_path, "--email", FULL, "--only", "meetings.topic,settings", "--without", "settings.feature,meetings.nope")
    assert done.returncode == 0
    written = manifest(tmp_path)
    assert "Complete as asked, 2 of 17 endpoints." in done.stdout
    assert "Left out by order: settings_options" in done.stdout
    assert "meetings: no record has the field `nope`" in done.stdout
    assert written["narrowed"]["since"].startswith("20")
    assert written["fields"] == {"meetings": {"only": ["topic"], "without": ["nope"]}, "settings": {"only": [], "without": ["feature"]}}
    assert "feature" not in json.loads((tmp_path / "zoom" / "settings.jsonl").read_text("utf-8"))
    assert {tuple(json.loads(line)) for line in (tmp_path / "zoom" / "meetings.jsonl").read_text("utf-8").splitlines()} == {("topic",)}


def test_files_left_behind_are_counted_and_files_asked_for_arrive(habeas, zoom, tmp_path):
    """Without --files the summary says how many of what size; with it they are on disk, with size and digest."""
    done = ask(habeas, zoom, tmp_path / "without", "--email", FULL, "--only", "recordings,phone_voicemails")
    assert "of unknown size, not downloaded: add --files" in done.stdout
    assert not (tmp_path / "without" / "zoom" / "files").exists()
    done = ask(habeas, zoom, tmp_path / "with", "--email", FULL, "--only", "recordings,phone_voicemails", "--files")
    assert done.returncode == 0, done.stdout
    assert "files downloaded" in done.stdout
    files = manifest(tmp_path / "with")["endpoints"]["recordings"]["files"]
    assert files["downloaded"] == files["found"] > 0
    assert len(list((tmp_path / "with" / "zoom" / "files" / "recordings").iterdir())) == files["found"]


@pytest.mark.parametrize(("room", "whole"), [(2_000, False), (70_000, True)])
def test_a_full_disk_is_one_sentence_and_keeps_what_came_before(room, whole, simulate, tmp_path):
    """Exit 3; no half line stays, and a manifest that still fits says why the run stopped."""
    zoom = simulate(meetings=100)  # so many calls that their lists are larger than the room
    words = ["run", "zoom", "--at", zoom.address, "--email", FULL, "--out", str(tmp_path), "--since", "180d"]
    done = subprocess.run(
        [sys.executable, "-m", "engine", *words],
        env={**os.environ, "HABEAS_ZOOM_TOKEN": zoom.token, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 3
    assert "the disk is full" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for path in (tmp_path / "zoom").glob("*.jsonl"):
        assert all(json.loads(line) for line in path.read_bytes().splitlines())
        assert path.read_bytes().endswith(b"\n") or not path.read_bytes()
    assert (tmp_path / "zoom" / "manifest.json").exists() == whole
    if whole:
        written = manifest(tmp_path)
        assert "full" in written["stopped"]
        stopped = [entry["reason"] for entry in written["endpoints"].values() if entry["outcome"] in ("partial", "failed")]
        assert stopped
        assert all("the disk is full" in reason for reason in stopped)
        assert "complete" not in {written["endpoints"][name]["outcome"] for name in ("phone_call_logs", "phone_call_history")}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_keeps_what_came_and_says_so(number, code, simulate, tmp_path):
    """What was whole stays whole, what was under way is partial or failed, and the digests are those of the files."""
    up = simulate(held="/recordings")
    words = ["run", "zoom", "--at", up.address, "--email", FULL, "--out", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *words],
        env={**os.environ, "HABEAS_ZOOM_TOKEN": up.token},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "INTERRUPTED" in out
    assert "Traceback" not in err
    written = manifest(tmp_path)
    assert written["interrupted"] is True
    assert written["endpoints"][first.split(":")[0]]["outcome"] == "complete"
    left = [entry for entry in written["endpoints"].values() if entry["outcome"] in ("partial", "failed")]
    assert written["endpoints"]["recordings"] in left
    assert all("interrupted" in entry["reason"] for entry in left)
    import hashlib

    for entry in written["endpoints"].values():
        if entry["file"]:
            assert hashlib.sha256((tmp_path / "zoom" / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_the_limit_of_the_vendor_is_kept(habeas, simulate, tmp_path):
    """Never do more requests leave in any second than the vendor allows."""
    up = simulate(limits=True)
    done = habeas(
        "run",
        "zoom",
        "--at",
        up.address,
        "--out",
        str(tmp_path),
        "--email",
        FULL,
        "--only",
        "recordings,meetings",
        "--since",
        "48mo",
        HABEAS_ZOOM_TOKEN=up.token,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = [line for name in ("recordings", "meetings") for line in answers(tmp_path / "zoom" / f"{name}.pages.jsonl")]
    sent = sorted(datetime.fromisoformat(line["sent_at"]).timestamp() for line in pages)
    assert len(sent) > 50
    assert all(later - earlier >= 0.998 for earlier, later in zip(sent, sent[20:], strict=False))  # to the millisecond
    refused = [entry for entry in up.log() if entry["status"] == 429]
    assert len(refused) <= 1  # on a busy machine two requests may arrive closer than they left


@pytest.mark.parametrize("closed", ["<&-", ">&- 2>&-"])
def test_closed_streams_change_nothing(closed, zoom, tmp_path):
    """No standard input, no output: the result lies there all the same."""
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
        str(tmp_path),
        "--only",
        "settings",
    ]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *words],
        env={**os.environ, "HABEAS_ZOOM_TOKEN": zoom.token},
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == (3 if ">&-" in closed else 0)
    assert manifest(tmp_path)["endpoints"]["settings"]["outcome"] == "complete"
    asked = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *words[:-6], "--email", "-"],
        env={**os.environ, "HABEAS_ZOOM_TOKEN": zoom.token},
        cwd=ROOT,
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 2
    assert "standard input is closed" in asked.stderr
