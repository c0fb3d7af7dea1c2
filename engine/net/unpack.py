"""Undo `Content-Encoding` (RFC 9110 section 8.4.1) piece by piece, and know whether the stream came to its own end."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

PIECE = 1 << 18
GZIP_BITS, ZLIB_BITS, RAW_BITS = 31, 15, -15
CODINGS = ("gzip", "x-gzip", "deflate")


class Unpacker:
    """One encoded stream: `gzip`, also of several members, or `deflate`, also without its frame as some servers send it."""

    def __init__(self, coding: str) -> None:
        """Take one of CODINGS."""
        self._bits = ZLIB_BITS if coding == "deflate" else GZIP_BITS
        self._stream: zlib._Decompress | None = None

    @property
    def whole(self) -> bool:
        """Whether the stream came to its own end: one that was cut did not."""
        return self._stream is not None and self._stream.eof

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Give what a chunk unpacks to, at most PIECE bytes at a time. Raises ValueError where it is no such stream."""
        try:
            yield from self._unpacked(chunk)
        except zlib.error as error:
            message = "not the encoding it was said to be"
            raise ValueError(message) from error

    def _unpacked(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self.whole:
                chunk = chunk.lstrip(b"\0")  # some writers fill up the last block
                if not chunk:
                    return
                self._stream = None
            if self._stream is None:
                framed = self._bits == GZIP_BITS or chunk[0] & 0xF == zlib.DEFLATED
                self._stream = zlib.decompressobj(self._bits if framed else RAW_BITS)
            stream = self._stream
            piece = stream.decompress(chunk, PIECE)
            if piece:
                yield piece
            chunk = stream.unconsumed_tail or stream.unused_data

    def rest(self) -> bytes:
        """Give what is left when no more comes."""
        return self._stream.flush() if self._stream is not None else b""
