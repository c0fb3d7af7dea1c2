"""What a zip could do to those who verify it: it is listed and never unpacked, and what is wrong with it is named."""

from __future__ import annotations

import os
import struct
import sys
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.package import bag_source
from engine.package.bag_names import BAGIT, COMPLETENESS
from engine.package.verify_bag import verify
from tests.package.bags import KEY, MEETINGS, NOW, close, edit, lay, zipped
from tests.package.bags import bag as make_bag
from tests.package.test_bag import bytes_of, said
from tests.package.test_verify import NOT_NAMED, texts
from tests.process import ROOT


def entry(name: str, content: bytes = b"", mode: int = 0o100600, **more: object) -> Callable[[zipfile.ZipFile], None]:
    """Put a file of a chosen kind into a zip."""

    def put(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo("x")
        info.filename, info.external_attr = name, mode << 16
        for what, value in more.items():
            setattr(info, what, value)
        archive.writestr(info, content)

    return put


ZIPS: dict[str, tuple[Callable[[zipfile.ZipFile], None], list[str]]] = {
    "link": (entry("DSR-17/data/x", b"/etc/passwd", 0o120777), ["DSR-17/data/x is a link: a package holds none, and it was not followed"]),
    "leaves": (entry("DSR-17/../../x"), ["../../x leaves the bag"]),
    "absolute": (entry("/etc/cron.d/x"), ["/etc/cron.d/x lies beside the bag in the zip"]),
    "beside": (entry("other/x"), ["other/x lies beside the bag in the zip"]),
    "folder": (entry("DSR-17/data/a b/"), [f"data/a b/ {NOT_NAMED}"]),
    "twice": (entry(f"DSR-17/{MEETINGS}", b"[\n]\n"), [f"{MEETINGS} stands twice in the zip"]),
    "bzip2": (
        entry("DSR-17/data/x", b"x", compress_type=zipfile.ZIP_BZIP2),
        ["DSR-17/data/x is compressed in a way that is not read: stored and deflated are"],
    ),
    "file and folder": (
        entry(f"DSR-17/{MEETINGS}/x.json"),
        [f"{MEETINGS}/x.json was added: no manifest lists it", f"{MEETINGS} is a file, and {MEETINGS}/x.json lies in it"],
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", ZIPS)
def test_a_zip_is_listed_and_not_unpacked(what, bag, signers, tmp_path):
    """What only a zip can hold is named too."""
    more, expected = ZIPS[what]
    assert texts(zipped(bag, tmp_path / "it.zip", more=more), signers) == expected


def test_an_empty_folder_is_told_where_it_lies(bag, signers, tmp_path):
    """No manifest lists folders, so nothing else would tell that one was added; a zip that names the folders of its files is as it was."""

    def with_folders(archive: zipfile.ZipFile) -> None:
        for folder in (bag, *(one for one in bag.rglob("*") if one.is_dir())):
            archive.mkdir(f"DSR-17/{folder.relative_to(bag)}".removesuffix("/."))

    assert texts(zipped(bag, tmp_path / "whole.zip", more=with_folders), signers) == []
    (bag / "data" / "more" / "below").mkdir(parents=True)
    (bag / "nothing").mkdir()
    told = {f"{name}/ was added: nothing lies in it, and no package has an empty folder" for name in ("data/more/below", "nothing")}
    assert set(texts(bag, signers)) == told
    assert set(texts(zipped(bag, tmp_path / "more.zip", more=with_folders), signers)) == told


def test_a_folder_whose_only_file_is_missing_was_not_added(bag, signers):
    """The file is told, and that its folder is empty follows from that."""
    (file,) = (bag / "data/zoom/files").iterdir()
    file.unlink()
    assert texts(bag, signers) == [f"{file.relative_to(bag).as_posix()} is missing"]


def test_a_zip_bomb_is_not_read(bag, monkeypatch, tmp_path):
    """Neither one that is honest about it, nor overlapping files, nor one that lies."""
    honest = zipped(
        bag, tmp_path / "honest.zip", more=lambda archive: archive.writestr("DSR-17/data/x", bytes(80 << 20), zipfile.ZIP_DEFLATED)
    )
    assert texts(honest)[0].endswith("nothing of it was read")
    lying = bytearray(zipped(bag, tmp_path / "lying.zip").read_bytes())
    at = lying.rindex(b"PK\1\2")
    lying[at + 24 : at + 28] = struct.pack("<I", 0xFFFFFFF0)
    (tmp_path / "lying.zip").write_bytes(lying)
    assert texts(tmp_path / "lying.zip")[0].endswith("nothing of it was read")
    overlapping = bytearray(zipped(bag, tmp_path / "overlapping.zip").read_bytes())
    for found in range(len(overlapping) - 4):
        if overlapping[found : found + 4] == b"PK\1\2":
            overlapping[found + 20 : found + 24] = struct.pack("<I", len(overlapping) - 100)
    (tmp_path / "overlapping.zip").write_bytes(overlapping)
    assert texts(tmp_path / "overlapping.zip")[0].endswith("nothing of it was read")
    monkeypatch.setattr(bag_source, "MOST_DIRECTORY", 100)
    assert "has a directory of" in texts(honest)[0]


def test_more_files_than_are_checked_are_refused(bag, monkeypatch, tmp_path):
    """A folder or zip of millions of names would fill the memory."""
    monkeypatch.setattr(bag_source, "MOST_FILES", 5)
    for path in (bag, zipped(bag, tmp_path / "it.zip")):
        assert texts(path) == ["it holds more than 5 files or 1024 GiB: nothing of it was read"]


def test_a_zip_that_is_encrypted_in_part_is_no_sealed_package(bag, tmp_path):
    """The file is named and not read."""
    raw = bytearray(zipped(bag, tmp_path / "it.zip").read_bytes())
    raw[raw.rindex(b"PK\1\2") + 8] |= 1
    (tmp_path / "it.zip").write_bytes(raw)
    assert texts(tmp_path / "it.zip") == [
        "DSR-17/tagmanifest-sha256.txt.sig is encrypted, and the others are not: it was not read",
    ]


def test_a_zip_that_was_cut_is_said(bag, tmp_path):
    """Its directory stands at the end: nothing of it can be read."""
    path = zipped(bag, tmp_path / "it.zip")
    path.write_bytes(path.read_bytes()[:-100])
    assert texts(path) == ["it.zip is no whole zip: it is cut or changed, or of another kind"]
    assert verify(path).signed.text == "Its signature was not read."


def test_a_huge_directory_is_not_loaded(tmp_path):
    """A zip that has nothing but names: sixty thousand times more of them would fill the memory before anything was checked."""
    path = tmp_path / "names.zip"
    with path.open("wb") as stream:
        stream.write(b"PK\3\4")
        stream.truncate(40 << 20)
        stream.seek(0, 2)
        stream.write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, (40 << 20) - 4, 4, 0))
    assert texts(path) == [f"names.zip has a directory of {(40 << 20) - 4} bytes: no more than {12 << 20} are read"]


@given(st.data())
def test_a_broken_zip_ends_in_a_sentence(tmp_path_factory, data):
    """Cut anywhere or changed anywhere: no exception, and never exit 0 where a byte of a file is another."""
    folder = tmp_path_factory.mktemp("zip")
    raw = bytearray(zipped(make_bag(folder), folder / "it.zip").read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    (folder / "it.zip").write_bytes(bytes(raw[:cut]) if data.draw(st.booleans()) else raw)
    who = folder / "who"
    who.write_text(KEY.allowed_signers("ada"))
    before = bytes_of(folder / "DSR-17")
    try:
        verdict = verify(folder / "it.zip", who, now=NOW)
    except UsageError as error:
        assert "is neither a folder nor a zip" in str(error) or "is sealed" in str(error)
    else:
        assert verdict.lines()
        if verdict.exit_code == 0:
            with zipfile.ZipFile(folder / "it.zip") as archive:
                names = [name for name in archive.namelist() if not name.endswith("/")]
                assert {name.partition("/")[2]: archive.read(name) for name in names} == before
    assert bytes_of(folder / "DSR-17") == before


def test_what_is_no_package_is_said(tmp_path):
    """A folder of something else, no file at all, a device, a sealed package, a file of signers that is none."""
    (tmp_path / "else").mkdir()
    (tmp_path / "else/x.txt").write_text("hello")
    assert texts(tmp_path / "else") == [f"{BAGIT} is missing"]
    (tmp_path / "page.html").write_text("<!doctype html>\n<html>")
    (tmp_path / "signers").write_text("who")
    os.mkfifo(tmp_path / "pipe")
    for path, words in {
        "nothing": "cannot be read (No such file or directory)",
        "else/x.txt": "is neither a folder nor a zip",
        "pipe": "is neither a folder nor a zip",
        "page.html": "is a page: open a sealed one in a browser",
    }.items():
        with pytest.raises(UsageError) as told:
            verify(tmp_path / path)
        assert words in str(told.value)
    with pytest.raises(UsageError, match="signers:1: expects principals"):
        verify(tmp_path / "else", tmp_path / "signers")


def test_memory_does_not_grow_with_the_data(tmp_path):
    """A package of 60 MB is verified in little more room than an empty one."""
    bag = lay(tmp_path / "DSR-17")
    record = b'{"topic":"' + b"x" * 1000 + b'"}'
    (bag / MEETINGS).write_bytes(b"[\n" + b",\n".join([record] * 60_000) + b"\n]\n")
    edit(bag / COMPLETENESS, lambda told: told["services"][0]["kinds"][0].update(found=60_001, given=60_000))
    close(bag)
    code = (
        "import resource, sys; from pathlib import Path; from engine.package.verify_bag import verify\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert verify(Path(sys.argv[1])).faults == ()\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    told = said([sys.executable, "-c", code, str(bag)], ROOT)
    assert told.stderr == ""
    assert int(told.stdout) < 20
