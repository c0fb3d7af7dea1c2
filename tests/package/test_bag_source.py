"""How much of a bag is read, and that nothing is followed: up to the last byte that may be, and not by one beyond."""

from __future__ import annotations

import zipfile

import pytest

from engine.package import bag_source
from engine.package.bag_source import FolderSource
from tests.package.bags import MEETINGS, zipped
from tests.package.test_verify import texts


def test_a_file_that_became_a_link_is_not_followed(bag, tmp_path):
    """Between the time when it was listed and the time when it is read."""
    (tmp_path / "elsewhere").write_bytes((bag / MEETINGS).read_bytes())
    source = FolderSource(bag)
    (bag / MEETINGS).unlink()
    (bag / MEETINGS).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        source.open(MEETINGS)


@pytest.mark.parametrize(("spare", "refused"), [(0, False), (-1, True)])
@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_FILES"])
def test_a_bag_may_be_as_big_as_is_checked(limit, spare, refused, bag, monkeypatch, tmp_path):
    """In bytes and in files, and not by one of them bigger."""
    found = [path for path in bag.rglob("*") if limit == "MOST_FILES" or path.is_file()]
    most = len(found) if limit == "MOST_FILES" else sum(path.stat().st_size for path in found)
    monkeypatch.setattr(bag_source, limit, most + spare)
    assert ("nothing of it was read" in " ".join(texts(bag))) is refused
    if limit == "MOST_BYTES":
        assert ("nothing of it was read" in " ".join(texts(zipped(bag, tmp_path / "it.zip")))) is refused


@pytest.mark.parametrize(
    ("from_", "ratio", "refused"),
    [(0, 0, False), (-1, 0, True), (-1, 1, False), (1, 0, False)],
    ids=["as much as any may", "more, and too much for its size", "more, and not too much for its size", "less than any may"],
)
def test_a_zip_may_unpack_to_so_much(from_, ratio, refused, bag, monkeypatch, tmp_path):
    """To as much as any zip may, or to so many times its own size: only what is beyond both is made to fill a disk."""
    (bag / "data/zoom/files/recordings-0001.mp4").write_bytes(bytes(100_000))
    path = zipped(bag, tmp_path / "it.zip")
    with zipfile.ZipFile(path) as archive:
        whole = sum(entry.file_size for entry in archive.infolist())
    monkeypatch.setattr(bag_source, "RATIO_FROM", whole + from_)
    monkeypatch.setattr(bag_source, "MOST_RATIO", whole // path.stat().st_size + ratio)
    assert ("is made to unpack to" in " ".join(texts(path))) is refused
