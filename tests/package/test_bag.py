"""Closing a bag: the same bytes each time, as judges from outside read them, whatever interrupts it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.connection.private_files import PART
from engine.errors import DiskError, InUse, OutputError
from engine.package import aside as aside_module
from engine.package.aside import aside, link_or_copy
from engine.package.bag import close_bag, sha256_of
from engine.package.bag_names import MANIFEST, SIGNATURE, TAG_MANIFEST
from engine.package.verify_bag import verify
from tests.connection.killed import child, count
from tests.disk import in_place, noted
from tests.package import bags
from tests.process import ROOT

CHECK_SUMS = ["sha256sum", "--check", "--strict", "--quiet", MANIFEST, TAG_MANIFEST]


def said(words: list[str], folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Ask a judge from outside."""
    return subprocess.run(words, cwd=folder, input=given, capture_output=True, text=True, timeout=120, check=False)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Give everything below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_content_is_the_same_bag(bag, tmp_path):
    """Byte for byte, signature included, in another folder and when it is closed a second time."""
    first = bytes_of(bag)
    (tmp_path / "again").mkdir()
    assert bytes_of(bags.bag(tmp_path / "again")) == first
    assert bytes_of(bags.close(bag)) == first


def test_sha256sum_reads_both_manifests(bag):
    """As the package's own page tells people to; a changed file is named."""
    assert said(CHECK_SUMS, bag).returncode == 0
    (bag / bags.MEETINGS).write_bytes(b"[\n]\n")
    told = said(CHECK_SUMS, bag)
    assert told.returncode == 1
    assert told.stdout == f"{bags.MEETINGS}: FAILED\n"


def test_bagit_validates_it(bag):
    """The library of the Library of Congress finds a valid bag, and none in a changed one."""
    judge = [sys.executable, "-m", "bagit", "--validate", "."]
    told = said(judge, bag)
    assert told.returncode == 0, told.stderr
    (bag / "index.html").write_text("changed")
    assert said(judge, bag).returncode == 1


def test_ssh_keygen_verifies_the_signature(bag, signers):
    """By the line that `package key` prints; a changed tag manifest is refused."""
    judge = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "privacy@acme.example", "-n", "habeas-package", "-s", SIGNATURE]
    manifest = (bag / TAG_MANIFEST).read_text()
    told = said(judge, bag, manifest)
    assert told.returncode == 0, told.stderr
    assert bags.KEY.fingerprint in told.stdout
    assert said(judge, bag, manifest + "\n").returncode != 0


def test_what_was_hashed_is_not_hashed_again(bag):
    """Sums that are known are taken over, so that large files are read once."""
    name = "data/zoom/files/recordings-0001.mp4"
    close_bag(bag, bags.INFO, {name: "0" * 64})
    assert f"{'0' * 64}  {name}\n" in (bag / MANIFEST).read_text()


@pytest.mark.parametrize("name", ["data/Müller.json", "data/a b.json", "data/con.json", "data/.hidden", "data/x\ny", "data/" + "n" * 250])
def test_a_bag_holds_no_name_that_another_system_reads_otherwise(name, bag):
    """It is refused before anything is closed, and the sentence names the file."""
    (bag / name).write_bytes(b"")
    with pytest.raises(OutputError, match="a package holds none"):
        close_bag(bag, bags.INFO)


def test_a_bag_holds_no_link(bag):
    """What it leads to could change, or lie outside."""
    (bag / "data/zoom/link.json").symlink_to("/etc/passwd")
    with pytest.raises(OutputError, match="is a link"):
        close_bag(bag, bags.INFO)


def test_a_file_that_cannot_be_read_is_no_defect(bag, monkeypatch):
    """A disk may fail: the sentence names the package."""

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(hashlib, "file_digest", fail)
    with pytest.raises(OutputError, match=r"DSR-17 cannot be made \(Input/output error\): build again"):
        close_bag(bag, bags.INFO)


def test_killed_at_any_step_it_is_closed_by_the_next_call(tmp_path):
    """A bag that was not closed to its end does not verify; whoever goes on makes the same bag as if nothing had happened."""
    valid = bytes_of(bags.bag(tmp_path))
    whole = killed_at = 0
    for number in range(1, 200):
        folder = bags.lay(tmp_path / f"{number}")

        def killed(folder: Path = folder, number: int = number) -> str:
            count(number)
            bags.close(folder)
            return "closed"

        status, _ = child(killed)
        killed_at += os.WIFSIGNALED(status)
        verdict = verify(folder, bags.signers(tmp_path))
        assert verdict.exit_code == (0 if bytes_of(folder) == valid else 3)
        assert bytes_of(bags.close(folder)) == valid
        shutil.rmtree(folder)
        whole = number
        if not os.WIFSIGNALED(status):
            break
    assert killed_at == whole - 1 > 40


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP])
def test_where_there_are_no_hard_links_files_are_copied(code, monkeypatch, tmp_path):
    """On another file system, or one that has none; else it is the same file."""
    source = tmp_path / "film.mp4"
    source.write_bytes(b"film")
    link_or_copy(source, tmp_path / "linked")
    assert (tmp_path / "linked").samefile(source)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)
    link_or_copy(source, tmp_path / "copied")
    assert (tmp_path / "copied").read_bytes() == b"film"
    assert not (tmp_path / "copied").samefile(source)


def test_only_a_file_is_linked(tmp_path):
    """A link, a folder or nothing is no file that can be handed over; a name that is taken stays as it is."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    for name in ("link", ".", "nothing"):
        with pytest.raises(OutputError, match="is no file"):
            link_or_copy(tmp_path / name, tmp_path / "out")
    (tmp_path / "film").write_bytes(b"film")
    (tmp_path / "out").write_bytes(b"before")
    with pytest.raises(OutputError):
        link_or_copy(tmp_path / "film", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"before"


def test_two_do_not_write_one_file(tmp_path):
    """The second is told so, and the first is not disturbed."""
    path = tmp_path / "out"
    with aside(path) as stream:
        stream.write(b"first")
        with pytest.raises(InUse), aside(path):
            pass
    assert path.read_bytes() == b"first"
    with pytest.raises(OutputError), aside(path):
        pass
    assert path.read_bytes() == b"first"


def test_a_file_has_its_name_when_it_is_on_the_disk(monkeypatch, tmp_path):
    """Written through, renamed, and its folder written through: in this order."""
    steps = noted(monkeypatch)
    with aside(tmp_path / "out") as stream:
        stream.write(b"whole")
    assert steps == in_place(tmp_path / "out")


def test_a_file_system_without_locks_is_no_other_process(monkeypatch, tmp_path):
    """The file is written all the same."""

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(aside_module.fcntl, "flock", none)
    with aside(tmp_path / "out") as stream:
        stream.write(b"whole")
    assert (tmp_path / "out").read_bytes() == b"whole"


@pytest.mark.parametrize("another", [True, False])
def test_a_file_that_was_renamed_meanwhile_is_not_written(another, monkeypatch, tmp_path):
    """Whoever opened it just before another gave it its name would write into what is finished."""
    part = tmp_path / f"out{PART}"
    part.write_bytes(b"whole")

    def renamed(*_: object) -> None:
        part.rename(tmp_path / "out")
        if another:
            part.touch()

    monkeypatch.setattr(aside_module.fcntl, "flock", renamed)
    with pytest.raises(InUse), aside(tmp_path / "out"):
        pass
    assert (tmp_path / "out").read_bytes() == b"whole"


def test_a_full_disk_leaves_nothing(tmp_path):
    """Neither under the final name nor beside it, and the sentence says what to do."""
    limited = (
        "import resource, sys; sys.dont_write_bytecode = True\n"
        "from pathlib import Path\n"
        "from engine.errors import DiskError\n"
        "from engine.package.seal import seal\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
        "for kind in ('none', 'zip', 'page'):\n"
        "    try:\n"
        "        seal(Path(sys.argv[1]), Path(sys.argv[2]) / f'{kind}.out', kind, 'en', 'AAAAA')\n"
        "    except DiskError as error:\n"
        "        print(kind, error)\n"
    )
    out = tmp_path / "out"
    out.mkdir()
    done = said([sys.executable, "-c", limited, str(bags.bag(tmp_path)), str(out)], ROOT)
    assert done.stderr == ""
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["none", "zip", "page"]
    assert done.stdout.count("the disk is full: make room") == 3
    assert list(out.iterdir()) == []


def test_what_a_killed_process_left_is_written_over(tmp_path):
    """The unfinished file has a name of its own, which the next call uses."""
    path = tmp_path / "out"
    (tmp_path / f"out{PART}").write_bytes(b"half of something longer")
    with aside(path) as stream:
        stream.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert [found.name for found in tmp_path.iterdir()] == ["out"]


def test_a_disk_that_fails_at_the_end_leaves_nothing(monkeypatch, tmp_path):
    """The name is given only when the content is on the disk."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(aside_module.os, "fsync", full)
    with pytest.raises(DiskError), aside(tmp_path / "out") as stream:
        stream.write(b"whole")
    assert list(tmp_path.iterdir()) == []


def test_the_sum_of_a_file_is_read_in_pieces(tmp_path):
    """It is the one that `sha256sum` gives."""
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    assert said(["sha256sum", "file"], tmp_path).stdout.split()[0] == sha256_of(tmp_path / "file")
