"""`habeas resume` on the command line: whom it goes on for, what it refuses, and what is never taken for a result."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.run_head import check_ended
from tests.whole.commands import FULL

ONLY = ("--only", "settings,settings_options,meetings.uuid", "--share", "100")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A state folder whose key of digests the runs of these tests share."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def fetched(zoom, home, tmp_path_factory):
    """Fetch once, for all tests: gives the folder, which none of them changes."""
    from tests.command_line import run_here
    from tests.process import environment

    out = tmp_path_factory.mktemp("fetched") / "out"
    environ = environment(home / "habeas", HABEAS_ZOOM_TOKEN=zoom.token)
    done = run_here(("run", "zoom", "--at", zoom.address, "--email", FULL, "--out", str(out), "--ref", "DSR-1", *ONLY), environ, None)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def broken(fetched, tmp_path):
    """Give a copy of the folder as a kill leaves it: the manifest's head, and an endpoint whose lists have not ended."""
    out = tmp_path / "out"
    shutil.copytree(fetched, out)
    folder = out / "zoom"
    told = json.loads((folder / "manifest.json").read_bytes())
    for name in ("interrupted", "stopped", "lookup", "endpoints", "written"):
        del told[name]
    (folder / "manifest.json").write_text(json.dumps({**told, "finished": None}))
    (folder / "manifest.json.part").write_bytes(b"\0" * 100)
    (folder / "meetings.pages.jsonl").write_bytes(b"")
    return out


@pytest.fixture
def resume(habeas, zoom, home):
    """Go on with a run of these tests."""

    def call(out, *words, **environ):
        given = words or ("--email", FULL)
        more = {"HABEAS_HOME": str(home / "habeas"), "HABEAS_ZOOM_TOKEN": zoom.token, **environ}
        return habeas("resume", str(out), "--at", zoom.address, *given, **more)

    return call


def test_a_run_goes_on_and_says_what_it_kept(broken, fetched, resume, zoom):
    """The folder is found, what was chosen holds, the rest is asked; the proof is the same but for its moments."""
    asked = len(zoom.log())
    done = resume(broken)
    assert done.returncode == 0, done.stderr
    assert "Kept from before the break: 4 of 4 parts of 2 endpoints; all else was asked anew." in done.stdout
    assert "Its proof is manifest.json there." in done.stdout
    log = [one["path"] for one in zoom.log()[asked:]]
    assert not [one for one in log if one.endswith("/settings")]
    whole, again = (json.loads((one / "zoom" / "manifest.json").read_bytes()) for one in (fetched, broken))
    assert (len(again["resumed"]), again["started"], again["reference"]) == (1, whole["started"], "DSR-1")
    assert again["fields"] == whole["fields"] == {"meetings": {"only": ["uuid"], "without": []}}
    assert {name: one["sha256"] for name, one in again["written"].items() if "settings" in name and "pages" not in name} == {
        name: one["sha256"] for name, one in whole["written"].items() if "settings" in name and "pages" not in name
    }
    assert {name: one["records"] for name, one in again["endpoints"].items()} == {
        name: one["records"] for name, one in whole["endpoints"].items()
    }
    assert resume(broken).returncode == 2
    assert "nothing is left to ask" in resume(broken).stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--email", "noor.haddad@example.com"), 5, "is not the person whom the run"),
        (("--email", FULL, "--subject", "phone=+15550100"), 2, "the run asks by email: give the same again"),
        (("--json",), 2, "the person stands nowhere in the folder: add --email ADDRESS (- reads standard input), or --case REF"),
        (("--email", FULL, "--spec", "slack"), 2, "holds a run at zoom, and the spec is of slack"),
    ],
)
def test_somebody_else_or_nobody_is_refused_before_anything_is_sent(words, code, said, broken, resume, zoom):
    """By the keyed digest alone: the folder holds no identifier."""
    asked = len(zoom.log())
    before = {path: path.read_bytes() for path in broken.rglob("*") if path.is_file()}
    done = resume(broken, *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert len(zoom.log()) == asked
    assert {path: path.read_bytes() for path in broken.rglob("*") if path.is_file()} == before
    assert FULL not in done.stderr


def test_the_person_may_come_from_standard_input(broken, habeas, zoom, home):
    """No process list shows it."""
    environ = {"HABEAS_HOME": str(home / "habeas"), "HABEAS_ZOOM_TOKEN": zoom.token}
    done = habeas("resume", str(broken), "--at", zoom.address, "--email", "-", stdin=FULL + "\n", **environ)
    assert done.returncode == 0, done.stderr


def test_a_key_of_another_installation_cannot_tell_who_is_meant(broken, habeas, zoom):
    """Nothing is sent."""
    done = habeas("resume", str(broken), "--at", zoom.address, "--email", FULL, HABEAS_ZOOM_TOKEN=zoom.token)
    assert (done.returncode, "made with another key (another HABEAS_HOME)" in done.stderr) == (2, True)


def test_a_run_at_a_simulator_does_not_go_on_at_the_vendor(broken, habeas, zoom, home):
    """Nor the other way round."""
    done = habeas("resume", str(broken), "--email", FULL, HABEAS_HOME=str(home / "habeas"), HABEAS_ZOOM_TOKEN=zoom.token)
    assert (done.returncode, "was begun at a simulator: name its address with --at" in done.stderr) == (2, True), done.stderr


def test_another_spec_is_refused_or_read_anew_where_it_differs(broken, resume, zoom, tmp_path):
    """Exit 2; with --anyway only what the spec says otherwise now is asked anew."""
    from tests.process import ROOT

    spec = tmp_path / "zoom.yaml"
    text = (ROOT / "specs" / "zoom.yaml").read_text("utf-8")
    spec.write_text(text.replace("size: {page_size: 300}", "size: {page_size: 100}"), "utf-8")
    done = resume(broken, "--email", FULL, "--spec", str(spec))
    assert (done.returncode, "with --anyway what it says otherwise now is read anew" in " ".join(done.stderr.split())) == (2, True)
    asked = len(zoom.log())
    done = resume(broken, "--email", FULL, "--spec", str(spec), "--anyway")
    assert done.returncode == 0, done.stderr
    log = [one["path"] for one in zoom.log()[asked:]]
    assert [one for one in log if one.endswith("/meetings")]
    assert len([one for one in log if one.endswith("/settings")]) in (0, 4)


def test_another_process_that_writes_the_folder_is_noticed(broken, resume, zoom):
    """Exit 3, nothing sent; the lock goes with its process."""
    asked = len(zoom.log())
    file = os.open(broken / "zoom", os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(file, fcntl.LOCK_EX)
    done = resume(broken)
    os.close(file)
    assert (done.returncode, "another process still writes" in done.stderr, len(zoom.log())) == (3, True, asked)
    assert resume(broken).returncode == 0


def rewrite(folder: Path, **changes):
    path = folder / "zoom" / "manifest.json"
    told = json.loads(path.read_bytes())
    path.write_text(json.dumps({name: one for name, one in {**told, **changes}.items() if one != "gone"}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda out: (out / "zoom" / "manifest.json").unlink(), "was left by an older Habeas, or before anything was sent"),
        (lambda out: rewrite(out, log="gone"), "is of an older Habeas (0.1.0), which kept nothing to go on from"),
        (lambda out: rewrite(out, log=2), "is of a newer Habeas (0.1.0): go on with that one"),
        (lambda out: rewrite(out, log=99), "is of a newer Habeas (0.1.0): go on with that one"),
        (lambda out: (out / "zoom" / "manifest.json").write_bytes(b""), "is damaged, so that nobody can tell what the run was"),
        (lambda out: (out / "zoom" / "manifest.json").write_bytes(b"\0" * 4096), "is damaged"),
        (lambda out: rewrite(out, started="yesterday"), "is damaged"),
        (lambda out: rewrite(out, options={"files": True}), "is damaged"),
        (lambda out: rewrite(out, connection={"name": "zoom/default", "share": 7}), "is damaged"),
        (lambda out: rewrite(out, vendor="../zoom"), "is damaged"),
        (lambda out: rewrite(out, narrowed={"since": "never"}), "narrowed.since is no moment"),
        (lambda out: rewrite(out, subject={"identified_by": ["EMAIL"]}), "holds no digest of its person"),
        (lambda out: shutil.rmtree(out / "zoom"), "holds no run: nothing there can go on"),
        (lambda out: shutil.copytree(out / "zoom", out / "zoom-2"), "holds 2 runs: name one of them"),
        (shutil.rmtree, "there is no such folder"),
    ],
)
def test_a_folder_that_nothing_can_go_on_from_is_met_with_a_sentence(change, said, broken, resume, zoom):
    """Exit 2, nothing sent, nothing changed."""
    change(broken)
    asked = len(zoom.log())
    done = resume(broken)
    assert (done.returncode, said in " ".join(done.stderr.split())) == (2, True), done.stderr
    assert len(zoom.log()) == asked
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("moments", [6, pytest.param(2000, marks=pytest.mark.long)])
def test_a_head_that_was_cut_at_any_byte_is_damaged(moments, broken, resume):
    """It is whole or it is nothing."""
    path = broken / "zoom" / "manifest.json"
    raw = path.read_bytes()
    for at in range(0, len(raw) - 1, 1 + len(raw) // moments):
        path.write_bytes(raw[:at])
        done = resume(broken)
        assert (done.returncode, "is damaged" in done.stderr) == (2, True), (at, done.stderr)


@pytest.mark.parametrize("words", [("trace",), ("case", "add", "DSR-9"), ("policy", "check", "zoom", "--run")])
def test_what_has_not_ended_is_never_taken_for_a_result(words, broken, habeas, home):
    """Whatever reads a run folder says so, and what goes on with it."""
    environ = {"HABEAS_HOME": str(home / "habeas")}
    if words[0] == "case":
        assert habeas("case", "new", "DSR-9", stdin=f"email: {FULL}\n", **environ).returncode == 0
    done = habeas(*words, str(broken / "zoom"), **environ)
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert f"holds a run that has not come to its end: it proves nothing yet; habeas resume {broken / 'zoom'} goes on with it" in text, text


def test_an_interrupted_run_goes_on_too(broken, resume, fetched):
    """Its manifest says what is missing; only that is asked."""
    whole = json.loads((fetched / "zoom" / "manifest.json").read_bytes())
    entries = {**whole["endpoints"], "meetings": {**whole["endpoints"]["meetings"], "outcome": "partial", "reason": "interrupted"}}
    (broken / "zoom" / "manifest.json").write_text(json.dumps({**whole, "interrupted": True, "endpoints": entries}))
    done = resume(broken)
    assert done.returncode == 0, done.stderr
    again = json.loads((broken / "zoom" / "manifest.json").read_bytes())
    assert (again["interrupted"], again["endpoints"]["meetings"]["outcome"]) == (False, "complete")


@pytest.mark.parametrize(
    ("manifest", "refused"), [('{"finished":null}', True), ("{}", False), ('{"finished":""}', False), ("[]", False), ("{", False)]
)
def test_only_a_run_that_says_so_has_not_ended(manifest, refused, tmp_path):
    """Of a manifest that says nothing of it, or is none, its reader says what is wrong."""
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(UsageError, match="has not come to its end") if refused else nullcontext():
        check_ended(tmp_path)
