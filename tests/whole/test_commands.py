"""The commands as people type them: real processes, their words and their exit codes."""

from __future__ import annotations

import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.whole.runs import data

FULL = data().FULL
SECRETS = ("mara", "lindqvist")


def ask(habeas, up, out: Path, *words: str, **environment: str):
    return habeas(
        "run", "zoom", "--at", up.address, "--out", str(out), "--since", "30d", *words, **{"HABEAS_ZOOM_TOKEN": up.token, **environment}
    )


def manifest(out: Path) -> dict:
    return json.loads((out / "zoom" / "manifest.json").read_text("utf-8"))


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
    person = data().Account(5, 40).people[email]
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
        (("simulate", "slack"), 2, "there is one for zoom"),
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
    for place, told in (("earlier", "exists already"), ("file", "it is a file"), ("file/below", "cannot be made"), ("\0", "")):
        if place != "\0":
            done = ask(habeas, zoom, tmp_path / place, "--email", FULL)
            assert done.returncode == 2
            assert told in done.stderr
    done = ask(habeas, zoom, Path("/proc/habeas"), "--email", FULL)
    assert done.returncode == 2
    assert "cannot be made" in done.stderr
    assert (tmp_path / "earlier" / "zoom" / "manifest.json").read_text() == "mine"
    assert len(zoom.log()) == before


def test_a_person_with_everything_is_complete_and_only_their_owner_may_read_it(habeas, zoom, tmp_path):
    """Folders 0700, files 0600; the manifest's digests are those of the files; JSON says the same as the manifest."""
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
        pages = [json.loads(line) for line in (tmp_path / "o" / "zoom" / f"{name}.pages.jsonl").read_text("utf-8").splitlines()]
        assert entry["pages"] == len(pages)
        assert sum(page["lines"] for page in pages) == entry["records"]
    assert [line.split(":")[0] for line in done.stderr.splitlines()].sort() == list(written["endpoints"]).sort()


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
    assert "Complete as asked, 2 of 14 endpoints." in done.stdout
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


@pytest.mark.parametrize(("room", "whole"), [(2_000, False), (30_000, True)])
def test_a_full_disk_is_one_sentence_and_keeps_what_came_before(room, whole, zoom, tmp_path):
    """Exit 3; no half line stays, and a manifest that still fits says why the run stopped."""
    words = ["run", "zoom", "--at", zoom.address, "--email", FULL, "--out", str(tmp_path), "--since", "180d"]
    done = subprocess.run(
        [sys.executable, "-m", "engine", *words],
        env={**os.environ, "HABEAS_ZOOM_TOKEN": zoom.token},
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
    up = simulate(latency=0.05)
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
    assert left
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
    pages = [
        line for name in ("recordings", "meetings") for line in (tmp_path / "zoom" / f"{name}.pages.jsonl").read_text("utf-8").splitlines()
    ]
    sent = sorted(datetime.fromisoformat(json.loads(line)["sent_at"]).timestamp() for line in pages)
    assert len(sent) > 50
    assert all(later - earlier >= 0.998 for earlier, later in zip(sent, sent[20:], strict=False))  # to the millisecond
    refused = [entry for entry in up.log() if entry["status"] == 429]
    assert len(refused) <= 1  # on a busy machine two requests may arrive closer than they left


def test_progress_is_drawn_on_a_terminal(zoom, tmp_path):
    """One line per endpoint, redrawn: what it waits for, what it has read, how it ended."""
    ours, theirs = pty.openpty()
    words = ["run", "zoom", "--at", zoom.address, "--email", FULL, "--out", str(tmp_path), "--since", "60d", "--without", "webinars"]
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *words],
        env={**os.environ, "HABEAS_ZOOM_TOKEN": zoom.token},
        cwd=ROOT,
        stderr=theirs,
        stdout=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        drawn = b""
        try:
            while chunk := os.read(ours, 65536):
                drawn += chunk
        except OSError:
            pass
        process.communicate(timeout=60)
    os.close(ours)
    text = drawn.decode()
    assert "\x1b[13A" in text
    assert "complete    50 records" in text
    assert "webinars" not in text
    assert not any(secret in text for secret in SECRETS)


def test_help_shows_an_example_for_each_command(habeas):
    """And the list of commands fits on a screen."""
    listed = habeas("--help").stdout
    for command in ("run", "plan", "check", "simulate"):
        assert command in listed
        told = habeas(command, "--help").stdout
        assert f"Example: habeas {command}" in told
        assert max(len(line) for line in told.splitlines()) <= 80
    assert habeas("--version").stdout.startswith("habeas 0.")


def test_a_plan_needs_neither_person_nor_token_nor_network(habeas):
    """What would be asked, how often, and how long that takes at the limit."""
    told = habeas("plan", "zoom")
    assert told.returncode == 0
    assert "GET /users/<USER_ID>/recordings" in told.stdout
    assert "at 75 % of the limit of `medium` on the plan `pro`" in told.stdout
    found = json.loads(habeas("plan", "zoom", "--json", "--plan", "free", "--only", "settings").stdout)
    assert [step["name"] for step in found["steps"]] == ["verify", "lookup", "settings"]
    assert found["plan"] == "free"


def test_check_prints_every_mistake_in_three_forms(habeas, tmp_path):
    """For people, for programs, and for a pull request; notes alone leave the exit code 0."""
    broken = tmp_path / "zoom.yaml"
    source = (ROOT / "specs" / "zoom.yaml").read_text("utf-8")
    broken.write_text(source.replace("records: webinars", "record: webinars").replace("30/s", "30 a second"))
    told = habeas("check", str(broken))
    assert told.returncode == 2
    assert "did you mean `records`?" in told.stdout
    assert "2 mistakes" in told.stdout
    found = [one for one in json.loads(habeas("check", "--format", "json", str(broken)).stdout) if one["level"] == "error"]
    assert [(one["line"], one["message"].split("`")[1]) for one in found] == [
        (1 + source[: source.index("30/s")].count("\n"), "30 a second"),
        (1 + source[: source.index("records: webinars")].count("\n"), "record"),
    ]
    assert habeas("check", "--format", "github", str(broken)).stdout.count("::error file=") == 2
    assert habeas("check").returncode == 0
    run = habeas("run", str(broken), "--email", FULL, HABEAS_ZOOM_TOKEN="x")
    assert run.returncode == 2
    assert "did you mean `records`?" in run.stderr


def test_a_spec_of_a_hundred_megabytes_is_not_read(habeas, tmp_path):
    """It is refused by its size, at once."""
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(100 << 20)
    told = habeas("check", str(large))
    assert told.returncode == 2
    assert "large.yaml" in told.stdout + told.stderr
    assert "Traceback" not in told.stderr


def test_the_current_folder_is_never_searched(habeas, tmp_path, monkeypatch):
    """A file of the vendor's name lying around is not taken; a folder named by HABEAS_SPECS is."""
    shutil.copy(ROOT / "specs" / "zoom.yaml", tmp_path / "acme.yaml")
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


def test_the_faults_are_listed_with_a_sentence_each(habeas):
    """So that nobody has to read the code."""
    lines = habeas("simulate", "zoom", "--faults", "list").stdout.splitlines()
    assert len(lines) >= 30
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def test_a_defect_is_named_by_its_place_and_never_by_its_text(monkeypatch, capsys):
    """What an unforeseen error says could be somebody's data: it is not printed."""
    from engine.cli import app as module

    def broken(*_):
        message = f"canary {FULL}"
        raise ExceptionGroup(message, [KeyError(message)])

    monkeypatch.setattr(module, "app", broken)
    with pytest.raises(SystemExit) as ended:
        module.main()
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "a defect of ours (KeyError at" in told.err
    assert "canary" not in told.err + told.out


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
    assert done.returncode == 0
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
