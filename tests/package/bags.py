"""A small package of an invented person, by a key that everybody knows, and what can be done to it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from engine.connection.signing_key import SigningKey
from engine.package.bag import BagInfo, close_bag, sign
from engine.package.bag_names import COMPLETENESS, HEAD, INDEX, INFORMATION, SIGNERS, WITHHELD
from engine.package.content import CaseAnswer, PackageFile, RecordKind, Service, WithheldField
from engine.package.records import completeness_of, document_bytes, head_of, information_of, withheld_of
from engine.pages.texts import texts

KEY, OTHER = SigningKey(bytes(range(32))), SigningKey(bytes(range(1, 33)))
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
RECORDS = (b'{"topic":"Planning","host":"person 1"}', b'{"topic":"Review"}')
INFO = BagInfo("DSR-17", date(2026, 11, 29), "Habeas")
MEETINGS = "data/zoom/meetings.json"

SEALED_WORDS = {
    language: {
        name.removeprefix("sealed."): text for name, text in texts("engine.package", language).entries.items() if name.startswith("sealed.")
    }
    for language in ("en", "de")
}


def answer(**changes: Any) -> CaseAnswer:
    """Two meetings are given and one is withheld; of two recordings one is given; calls were denied."""
    files = (
        PackageFile(endpoint="recordings", name="a.mp4", source=Path("a.mp4")),
        PackageFile(endpoint="recordings", name="b.mp4", because="third_party", why="Another person speaks."),
        PackageFile(endpoint="recordings", name="c.mp4", why="It could not be had."),
    )
    kinds = (
        RecordKind(
            endpoint="meetings",
            title="Meetings",
            outcome="complete",
            found=3,
            given=2,
            held={"third_party": 1},
            withheld=(WithheldField(path="host", operation="alias", because="third_party", count=1),),
            expected=3,
            covered=(date(2026, 5, 1), date(2026, 11, 1)),
        ),
        RecordKind(endpoint="recordings", title="Recordings", outcome="empty", found=0, given=0, files=files),
        RecordKind(endpoint="calls", title="Calls", outcome="denied", found=0, given=0, why="We may not read calls; we have asked for it."),
    )
    told = Service(
        vendor="zoom",
        title="Zoom",
        subject="matched",
        asked=date(2026, 11, 2),
        how="You were found by your e-mail address.",
        kinds=kinds,
        not_asked=("Faxes are not asked for.",),
        information={"purpose": "To hold meetings."},
        spec="a" * 64,
        policy="b" * 64,
    )
    values = {
        "reference": "DSR-17",
        "language": "en",
        "law": "GDPR",
        "received": date(2026, 11, 1),
        "made": NOW,
        "log": (9, "c" * 64),
        "engine": "0.1.0",
        "simulated": True,
        "services": (told,),
    }
    return CaseAnswer(**values | changes)


def lay(folder: Path, told: CaseAnswer | None = None) -> Path:
    """Write what lies in the package before it is closed."""
    told = told or answer()
    (folder / "data" / "zoom" / "files").mkdir(parents=True)
    (folder / MEETINGS).write_bytes(b"[\n" + b",\n".join(RECORDS) + b"\n]\n")
    (folder / "data/zoom/files/recordings-0001.mp4").write_bytes(b"not a film")
    for name, document in zip(
        (HEAD, COMPLETENESS, WITHHELD, INFORMATION),
        (head_of(told), completeness_of(told), withheld_of(told), information_of(told)),
        strict=True,
    ):
        (folder / name).write_bytes(document_bytes(document))
    (folder / INDEX).write_text("<!doctype html><title>Your data</title><p>Two meetings were found.\n", "utf-8")
    (folder / SIGNERS).write_text(KEY.allowed_signers("privacy@acme.example"), "utf-8")
    return folder


def close(folder: Path, key: SigningKey | None = KEY) -> Path:
    """Close and sign it."""
    close_bag(folder, INFO)
    if key is not None:
        sign(folder, key, folder.parent)
    return folder


def bag(folder: Path) -> Path:
    """Make a valid package."""
    return close(lay(folder / "DSR-17"))


def signers(folder: Path, key: SigningKey = KEY) -> Path:
    """Write the file of who may sign."""
    path = folder / "allowed_signers"
    path.write_text(key.allowed_signers("privacy@acme.example"), "utf-8")
    return path


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    """Change a JSON document in place."""
    document = msgspec.json.decode(path.read_bytes())
    change(document)
    path.write_bytes(document_bytes(document))


def zipped(folder: Path, path: Path, top: str = "DSR-17/", more: Callable[[zipfile.ZipFile], None] = lambda _: None) -> Path:
    """Zip a folder by the standard library, and put more into it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            archive.write(file, top + file.relative_to(folder).as_posix())
        more(archive)
    return path
