"""The ten test vectors of the profile, in fixtures/package: `python -m tests.package.vectors` writes them anew.

`valid` is a folder, the nine others are zips of it, each broken in one way.
"""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from engine.package.bag import sha256_of, sign
from engine.package.bag_names import INDEX, MANIFEST, SIGNATURE, TAG_MANIFEST, WITHHELD
from engine.package.stored_zip import EPOCH
from tests.package.bags import KEY, MEETINGS, OTHER, bag, close, edit, signers
from tests.process import ROOT

FOLDER = ROOT / "fixtures" / "package"
BOMB = 70 << 20


def _flipped(folder: Path) -> None:
    raw = bytearray((folder / MEETINGS).read_bytes())
    raw[5] ^= 1
    (folder / MEETINGS).write_bytes(raw)


def _missing(folder: Path) -> None:
    (folder / "data/zoom/files/recordings-0001.mp4").unlink()


def _added(folder: Path) -> None:
    (folder / "data/zoom/chats.json").write_bytes(b"[\n]\n")


def _leaves(folder: Path) -> None:
    before = sha256_of(folder / MANIFEST)
    with (folder / MANIFEST).open("a") as lines:
        lines.write(f"{'0' * 64}  data/../../../etc/passwd\n")
    tags = (folder / TAG_MANIFEST).read_text().replace(before, sha256_of(folder / MANIFEST))
    (folder / TAG_MANIFEST).write_text(tags)
    sign(folder, KEY, folder.parent)


def _unknown_key(folder: Path) -> None:
    close(folder, OTHER)


def _signature(folder: Path) -> None:
    (folder / INDEX).write_text("<!doctype html><title>Your data</title><p>Nothing was found.\n", "utf-8")
    before = (folder / SIGNATURE).read_bytes()
    close(folder, None)
    (folder / SIGNATURE).write_bytes(before)


def _count(folder: Path) -> None:
    (folder / MEETINGS).write_bytes(b'[\n{"topic":"Review"}\n]\n')
    close(folder)


def _document(folder: Path) -> None:
    edit(folder / WITHHELD, lambda entries: entries[0].update(reason="we would rather not"))
    close(folder)


BROKEN: dict[str, Callable[[Path], None]] = {
    "changed": _flipped,
    "missing": _missing,
    "added": _added,
    "leaves": _leaves,
    "unknown-key": _unknown_key,
    "signature": _signature,
    "count": _count,
    "document": _document,
    "bomb": lambda folder: None,
}


def write(into: Path) -> None:
    """Write all ten, and who may sign."""
    into.mkdir(parents=True, exist_ok=True)
    signers(into)
    with tempfile.TemporaryDirectory() as room:
        valid = bag(Path(room))
        shutil.copytree(valid, into / "valid", dirs_exist_ok=True)
        for name, spoil in BROKEN.items():
            spoiled = Path(room) / name
            shutil.copytree(valid, spoiled)
            spoil(spoiled)
            pack(spoiled, into / f"{name}.zip", BOMB if name == "bomb" else 0)


def pack(folder: Path, path: Path, bomb: int) -> None:
    """Zip a folder as it is, the same each time; `bomb` adds as many zeros as a file that no manifest lists."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(f"DSR-17/{file.relative_to(folder).as_posix()}", EPOCH)
            entry.external_attr = (stat.S_IFREG | 0o600) << 16
            archive.writestr(entry, file.read_bytes())
        if bomb:
            entry = zipfile.ZipInfo("DSR-17/data/zoom/files/recordings-0002.mp4", EPOCH)
            entry.external_attr, entry.compress_type = (stat.S_IFREG | 0o600) << 16, zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                for _ in range(bomb >> 20):
                    file.write(bytes(1 << 20))


if __name__ == "__main__":
    sys.exit(write(FOLDER))
