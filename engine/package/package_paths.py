"""Where the parts of a package lie in it. What a vendor or an owner called something names no file."""

from __future__ import annotations

import re

from engine.package.content import RECEIVED, PackageFile

PAGE_OF = 1000  # records
ENDING = re.compile(r"\.([A-Za-z0-9]{1,8})$")
ENDINGS = {
    "application/json": "json",
    "application/pdf": "pdf",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/csv": "csv",
    "text/plain": "txt",
    "text/vtt": "vtt",
    "video/mp4": "mp4",
}


def data_path(vendor: str, endpoint: str, ending: str) -> str:
    """Name the file of a kind of record: `json` or `csv`."""
    return f"data/{vendor}/{endpoint}.{ending}"


def page_path(vendor: str, endpoint: str, page: int | str = 1) -> str:
    """Name a page of records, by its number; or the one that searches them (`search`), or lists their files (`files`)."""
    return f"read/{vendor}-{endpoint}-{page}.html"


def pages_of(records: int) -> int:
    """Count the pages of so many records; there is one, that says so, where there are none."""
    return max(1, -(-records // PAGE_OF))


def file_path(vendor: str, number: int, file: PackageFile) -> str:
    """Name a file that is handed over; `number` is its place, from 1, among the files of its endpoint, those that are not given too."""
    found = ENDING.search(file.name)
    ending = found[1].lower() if found else ENDINGS.get((file.media_type or "").split(";")[0].strip().lower(), "bin")
    return f"data/{vendor}/files/{file.endpoint or RECEIVED}-{number:04}.{ending}"
