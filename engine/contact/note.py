"""What a reviewer should know of a file before it is given, by its first bytes: it is closed, or may hold more than it shows."""

from __future__ import annotations

import re

FIRST = 65536  # bytes that are looked at
OFFICE = "may hold hidden data"
ARCHIVE = "an archive: it stays closed"
MAIL = "a mail: it may hold files"
OFFICE_STARTS = (b"\xd0\xcf\x11\xe0", b"{\\rtf", b"%PDF-")  # OLE (doc, xls, ppt, msg), RTF, PDF
OFFICE_INSIDE = re.compile(rb"\[Content_Types\]\.xml|_rels/\.rels|mimetypeapplication/vnd\.(?:oasis|sun)|\.iwa")
ARCHIVE_STARTS = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),  # zip
    *(b"7z\xbc\xaf", b"Rar!", b"MSCF", b"!<arch>"),
    *(b"\x1f\x8b", b"\x1f\x9d", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"),  # gzip, compress, bzip2, xz, zstd, lz4
    b"!BDN",  # a folder of Outlook
)
TAR = slice(257, 262)


def note_on(content: bytes) -> str | None:
    """Say it of a file, or of its first bytes; None where there is nothing to say."""
    if content.startswith(OFFICE_STARTS) or (content.startswith(b"PK") and OFFICE_INSIDE.search(content[:FIRST])):
        return OFFICE
    return ARCHIVE if content.startswith(ARCHIVE_STARTS) or content[TAR] == b"ustar" else None
