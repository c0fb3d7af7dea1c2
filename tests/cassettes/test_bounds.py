"""What is too large, no plain file or no folder is refused before any of it is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.cassettes.cassette import MOST_CASSETTE, MOST_FILE, read_cassette


def cassette(folder: Path) -> Path:
    """Make the beginning of a cassette."""
    folder.mkdir(exist_ok=True)
    (folder / "cassette.yaml").write_text("about: x\nperson: {email: ada@example.com}\nnow: 2026-11-24T12:00:00Z\n", "utf-8")
    return folder


def said(folder: Path) -> list[str]:
    """Give the messages about a folder that is no cassette."""
    found, findings = read_cassette(folder)
    assert found is None
    return [one.mistake.message for one in findings]


def sparse(path: Path, size: int) -> None:
    """Make a file that is large and takes no room."""
    with path.open("wb") as stream:
        stream.truncate(size)


def test_a_gigabyte_is_refused_without_being_read(tmp_path):
    """The size is looked up; a file that could not be read into memory is not read_cassette."""
    folder = cassette(tmp_path / "cassette")
    sparse(folder / "010-x.http", 2**30)
    (folder / "010-x.http").chmod(0)
    assert said(folder) == ["a file of 1024 MiB: at most 4 MiB"]


def test_a_cassette_is_bounded_as_a_whole(tmp_path):
    """Many files that are small enough each are too much together."""
    folder = cassette(tmp_path / "cassette")
    for number in range(MOST_CASSETTE // MOST_FILE + 1):
        sparse(folder / f"{number:03d}.http", MOST_FILE)
    assert said(folder) == ["a cassette of 68 MiB: at most 64 MiB"]


@pytest.mark.parametrize("name", ["010-x.http", "cassette.yaml", "expected/manifest.json"])
def test_what_is_no_plain_file_is_never_opened(tmp_path, name):
    """A pipe would be waited for, and a link could lead anywhere."""
    folder = cassette(tmp_path / "cassette")
    (folder / "expected").mkdir()
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert said(folder) == ["no file: a cassette holds plain files and the folder expected/"]
    (folder / name).unlink()
    (folder / name).symlink_to("/etc/hostname")
    assert said(folder) == ["no file: a cassette holds plain files and the folder expected/"]


def test_a_folder_that_is_none_is_explained(tmp_path):
    """Nothing there, a file in its place, an expectation that is a file, bytes that are no text."""
    assert said(tmp_path / "none") == ["the folder cannot be read: No such file or directory"]
    (tmp_path / "file").write_text("x")
    assert said(tmp_path / "file") == ["the folder cannot be read: Not a directory"]
    folder = cassette(tmp_path / "cassette")
    (folder / "010-x.http").write_bytes(b"\xff\xfe")
    assert said(folder) == ["not UTF-8 text"]
    (folder / "expected").write_text("x")
    assert said(folder) == ["the folder cannot be read: Not a directory"]


def test_what_the_machine_leaves_behind_does_not_matter(tmp_path):
    """Hidden files are no part of a cassette, and no mistake."""
    folder = cassette(tmp_path / "cassette")
    (folder / ".DS_Store").write_bytes(b"\xff")
    assert read_cassette(folder)[0] is not None


@pytest.mark.parametrize("depth", [900, 5000, 100_000])
def test_nesting_beyond_reason_ends_with_words(acme, habeas, depth):
    """A recording that is nested deeper than can be shown is a mistake among others, in a check and in a comparison."""
    nested = '{"a":' * depth + "1" + "}" * depth
    profile = acme / "fixtures/acme/cassettes/whole/030-profile.http"
    profile.write_text(f'GET https://api.acme.example/v1/people/p1/profile\n\nHTTP 200\n\n{{"person": "p1", "deep": {nested}}}\n')
    for words in ((), ("--drift", str(profile.parent))):
        done = habeas("check", str(acme / "specs/acme.yaml"), *words)
        assert (done.returncode, done.stderr, max(map(len, done.stdout.splitlines())) < 300) == (2, "", True)
