"""`habeas new` as it is typed: from a document, or from answers; nothing is overwritten, nothing is left behind."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.new.command import new_command
from engine.errors import HabeasError, OutputError, UsageError
from engine.openapi.document.read import DocumentError
from tests.openapi.answers import ANSWERS, EXPECTED

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ACME = HERE / "documents" / "acme.yaml"


def test_from_a_document_the_file_is_written_once(tmp_path, capsys):
    """What was written is told with the next step; a second time the file is there already, and is kept."""
    out = tmp_path / "acme.yaml"
    assert new_command("acme", (ACME,), out) == 0
    assert out.read_text("utf-8") == (HERE / "first" / "acme.yaml").read_text("utf-8")
    told = capsys.readouterr().out
    assert told == (
        f"{out}: a first spec with 4 endpoints, 11 TODOs\nNext: read it and settle each TODO, then habeas check {out} --openapi {ACME}\n"
    )
    with pytest.raises(OutputError, match="exists already and is not overwritten: name another file with --out"):
        new_command("acme", (ACME,), out)
    assert out.read_text("utf-8") == (HERE / "first" / "acme.yaml").read_text("utf-8")


def test_without_out_the_file_lies_here_and_a_folder_gets_one(tmp_path, monkeypatch):
    """./VENDOR.yaml, and the folder's VENDOR.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    assert new_command("acme", (ACME,), None) == 0
    assert new_command("acme", (ACME,), Path("specs")) == 0
    assert sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*.yaml")) == ["acme.yaml", "specs/acme.yaml"]


@pytest.mark.parametrize(
    ("vendor", "documents", "out", "error", "words"),
    [
        ("Acme Inc", (ACME,), None, UsageError, "is no vendor's name: .* such as acme_inc"),
        ("./specs/acme.yaml", (ACME,), None, UsageError, "such as acme"),
        ("9", (ACME,), None, UsageError, "is no vendor's name"),
        ("acme", (ACME, ACME), None, UsageError, "reads one document"),
        ("acme", (Path("nowhere.json"),), None, DocumentError, "cannot be read: No such file"),
        ("acme", (ACME,), Path("nowhere/acme.yaml"), OutputError, "there is no such folder"),
        ("acme", (ACME,), Path("link.yaml"), OutputError, "exists already"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(tmp_path, monkeypatch, vendor, documents, out, error, words):
    """A sentence, exit code 2, and no file; a link that leads nowhere counts as a file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(error, match=words) as caught:
        new_command(vendor, documents, out)
    assert caught.value.exit_code == 2
    assert [one.name for one in tmp_path.iterdir()] == ["link.yaml"]


def test_a_vendor_that_has_a_spec_already_is_told_and_written_all_the_same(tmp_path, capsys):
    """It may be all that is needed."""
    assert new_command("zoom", (ACME,), tmp_path / "zoom.yaml") == 0
    told = capsys.readouterr().out
    assert re.match(r"note: there is a spec of `zoom` already, \S+zoom\.yaml; habeas docs zoom tells what it does\n", told)
    assert (tmp_path / "zoom.yaml").is_file()


def test_a_spec_that_would_not_load_is_never_written(tmp_path, monkeypatch):
    """It would be a defect of ours, and is told as one."""
    monkeypatch.setattr("engine.cli.new.command.compose", lambda *_: "spec: 1\n")
    with pytest.raises(HabeasError, match="a defect of ours: the first spec would not load, so nothing was written"):
        new_command("acme", (ACME,), tmp_path / "acme.yaml")
    assert list(tmp_path.iterdir()) == []


def test_from_a_pipe_and_from_the_command_line(habeas, tmp_path):
    """The whole command, with answers from standard input; then with nobody to ask."""
    out = tmp_path / "acme.yaml"
    done = habeas("new", "acme", "--out", str(out), stdin="".join(f"{line}\n" for line in ANSWERS.values()))
    assert (done.returncode, done.stderr) == (0, "")
    assert out.read_text("utf-8") == EXPECTED
    assert f"{out}: a first spec with 2 endpoints, 4 TODOs" in done.stdout
    assert habeas("check", str(out)).returncode == 0
    nobody = habeas("new", "other", "--out", str(tmp_path / "other.yaml"), stdin="")
    assert nobody.returncode == 2
    assert nobody.stderr == "error: the answers ended before the spec did, at: The vendor's name for people; nothing was written\n"
    assert {one.name for one in tmp_path.iterdir()} == {"acme.yaml", "habeas.schema.json"}


def test_ctrl_c_leaves_nothing(tmp_path):
    """At a terminal, after a few answers."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HABEAS_HOME": str(tmp_path / "home")}
    words = [sys.executable, "-m", "engine", "new", "acme", "--out", str(tmp_path / "acme.yaml")]
    with subprocess.Popen(words, stdin=follower, stdout=follower, stderr=follower, env=environment, start_new_session=True) as process:
        os.close(follower)
        seen = b""
        os.write(leader, b"Acme\nftp://nowhere\n")
        while b"is no https address" not in seen:
            seen += os.read(leader, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        while b"Interrupted: nothing was written." not in seen:
            seen += os.read(leader, 4096)
    os.close(leader)
    assert list(tmp_path.iterdir()) == []
