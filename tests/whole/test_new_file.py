"""A new file is whole or not there, and its exit code says whose turn it is: 2 the operator's, 3 the machine's."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from engine.anonymise.finish import draft, fill, publish
from engine.errors import HabeasError
from engine.new_file import write_new
from engine.sink import Sink
from tests.explain.runs import answer, folder

ROOT = Path(__file__).parent.parent.parent
TEXT = "first line\nsecond ⁂ line\n"
TAKEN = "{path} exists already and is not overwritten: name another file with --out"
UNMADE = "{path} cannot be made ({words}): name another file with --out"
FULL = "the disk is full: make room, then run again; what was fetched before is kept"
REFUSED = "the disk refused a write (Input/output error); what was fetched before is kept"


def failing(monkeypatch, call, code):
    """Let a call of the operating system fail."""

    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)


def test_a_new_file_holds_the_text_to_the_byte(tmp_path):
    """UTF-8, line ends as they are; readable as the umask says, or for its owner only."""
    write_new(tmp_path / "page.md", TEXT)
    assert (tmp_path / "page.md").read_bytes() == TEXT.encode()
    write_new(tmp_path / "private", TEXT, 0o600)
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file", TAKEN),
        ("link", TAKEN),
        ("folder", TAKEN),
        ("nowhere/page", UNMADE.replace("{words}", "No such file or directory")),
        ("file/page", UNMADE.replace("{words}", "Not a directory")),
        ("x" * 300, UNMADE.replace("{words}", "File name too long")),
    ],
)
def test_a_name_that_cannot_be_had_is_the_operators_to_mend(tmp_path, name, words):
    """Exit code 2, and what is there stays as it is; a link that leads nowhere is there too."""
    (tmp_path / "file").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder").mkdir()
    with pytest.raises(HabeasError) as caught:
        write_new(tmp_path / name, TEXT)
    assert (int(caught.value.exit_code), str(caught.value)) == (2, words.format(path=tmp_path / name))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder", "link"]
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize(
    ("call", "code", "exit_code", "words"),
    [
        ("open", errno.EACCES, 2, UNMADE.replace("{words}", "Permission denied")),
        ("open", errno.EROFS, 2, UNMADE.replace("{words}", "Read-only file system")),
        ("open", errno.ENOSPC, 3, FULL),
        ("open", errno.EDQUOT, 3, FULL),
        ("fsync", errno.ENOSPC, 3, FULL),
        ("fsync", errno.EDQUOT, 3, FULL),
        ("fsync", errno.EFBIG, 3, FULL),
        ("fsync", errno.EIO, 3, REFUSED),
    ],
)
def test_what_the_disk_does_decides_the_exit_code(tmp_path, monkeypatch, call, code, exit_code, words):
    """Full is the machine's, whether the file can be made or not; nothing is left of it."""
    failing(monkeypatch, call, code)
    with pytest.raises(HabeasError) as caught:
        write_new(tmp_path / "page", TEXT)
    assert (int(caught.value.exit_code), str(caught.value)) == (exit_code, words.format(path=tmp_path / "page"))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_no_half_a_file(tmp_path, monkeypatch):
    """Ctrl-C while the text is written."""

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_new(tmp_path / "page", TEXT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "code", "exit_code"), [("mkdir", errno.ENOSPC, 3), ("mkdir", errno.EACCES, 2), ("fsync", errno.ENOSPC, 3)]
)
def test_a_recorded_case_follows_the_same_rule(tmp_path, monkeypatch, call, code, exit_code):
    """Its folder is made, filled and named, or nothing is there."""

    def made():
        with draft(tmp_path / "cassettes" / "one") as folder:
            fill(folder, {"recordings/a.http": TEXT})
            publish(folder, tmp_path / "cassettes" / "one")

    failing(monkeypatch, call, code)
    with pytest.raises(HabeasError) as caught:
        made()
    assert caught.value.exit_code == exit_code
    monkeypatch.undo()
    assert [one for one in tmp_path.rglob("*") if one.name != "cassettes"] == []
    made()
    assert (tmp_path / "cassettes" / "one" / "recordings" / "a.http").read_bytes() == TEXT.encode()


@pytest.mark.parametrize(("code", "exit_code"), [(errno.ENOSPC, 3), (errno.EACCES, 2), (errno.EROFS, 2)])
@pytest.mark.parametrize("below", ["zoom", "out/zoom"])
def test_a_run_folder_follows_the_same_rule(tmp_path, monkeypatch, code, exit_code, below):
    """A disk without room for a folder is full, not wrongly named."""
    failing(monkeypatch, "mkdir", code)
    with pytest.raises(HabeasError) as caught:
        Sink(tmp_path / below).prepare()
    assert caught.value.exit_code == exit_code


@pytest.mark.parametrize("command", ["docs zoom --out {out}", "trace {run} --out {out}", "new acme --openapi {document} --out {out}"])
def test_every_command_that_writes_a_file_ends_alike_on_a_full_disk(tmp_path, command):
    """Exit code 3, one sentence, and no file; the limit on a file's size plays the disk."""
    out, run = tmp_path / "made", tmp_path / "run"
    folder(run, {"meetings": [answer(0.0)]})
    document = ROOT / "tests" / "openapi" / "documents" / "acme.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "engine", *command.format(out=out, run=run, document=document).split()],
        cwd=ROOT,
        env={**os.environ, "HABEAS_HOME": str(tmp_path / "home"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert (done.returncode, done.stderr) == (3, f"error: {FULL}\n")
    assert not out.exists()
