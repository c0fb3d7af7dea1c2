"""The log of chains in a list of pages: one line as each ends, and what a later process may believe of it.

A line that ends a chain seals all lines before it, and holds the size and digest that the file of records had then. So a list that was cut
at any byte, or changed, is believed up to its last sound end and no further.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from engine.core.ledger import Outcome, Tally
from engine.core.resume import AFTER, BEFORE
from engine.decoding import decoder
from engine.errors import disk_error
from engine.sink import FileState, unsealed

CHUNK = 1 << 20
ENCODER = msgspec.json.Encoder()
FIRST_SIGN = ord(" ")
ENDS = b'{"chain":'  # how a line begins that ends a chain
Count = Annotated[int, Meta(ge=0, le=1 << 53)]
NO_FILE = FileState(0, 0, hashlib.sha256().hexdigest())


class EndLine(Struct, frozen=True, omit_defaults=True, rename={"for_": "for"}):
    """How a chain ended; docs/results.md explains each member. `found` are the chosen fields that a record had so far."""

    chain: Annotated[int, Meta(ge=1, le=1 << 53)]
    end: Outcome
    received: Count
    file: FileState
    total: Count | None = None
    for_: dict[str, str] = field(default_factory=dict)
    window: tuple[str, str] | None = None
    reason: str | None = None
    final: bool = False
    known_by: str | None = None
    leans: tuple[Annotated[str, Meta(pattern=f"^({BEFORE}|{AFTER})$")], ...] = ()
    notes: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    counts: Tally = field(default_factory=Tally)

    @property
    def tally(self) -> Tally:
        """Its counts, the announced total among them; of a line by an earlier version, which does not tell `named`, as if all were."""
        counts = self.counts
        return msgspec.structs.replace(counts, expected=self.total, named=counts.others if counts.named is None else counts.named)


class LoggedLine(Struct, frozen=True):
    """What decides about a line of the list: its chain, which records it brought, when it was asked; or that it ends the chain."""

    chain: Count = 0
    first_line: Count = 0
    lines: Count = 0
    sent_at: str = ""
    end: str | None = None


class LoggedPage(Struct, frozen=True):
    """One line of the list as it stands there; `end` where it ends its chain."""

    raw: bytes
    line: LoggedLine
    end: EndLine | None = None


class ChainLog(Struct):
    """A list of pages as it was left. `damaged` is the number of the first line that cannot be believed; a torn last line is none.

    A last line whose end was changed into another control character is no torn one.
    """

    pages: list[LoggedPage] = []
    damaged: int | None = None

    def ends(self) -> Iterator[EndLine]:
        """Give the ends of chains in their order."""
        yield from (page.end for page in self.pages if page.end is not None)


def read_log(path: Path) -> ChainLog:
    """Read a list of pages as far as it can be believed; one that is missing is empty. Raises DiskError."""
    log, digest = ChainLog(), hashlib.sha256()
    lines = decoder(LoggedLine)
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, 1):
                if not raw.endswith(b"\n"):
                    log.damaged = number if raw[-1] < FIRST_SIGN else None  # of a line that is torn, every byte is one of a text
                    break
                try:
                    line = lines.decode(raw)
                    end = None if line.end is None else _end(raw, digest)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    log.damaged = number
                    break
                digest.update(raw)
                log.pages.append(LoggedPage(raw, line, end))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise disk_error(error) from None
    return log


def _end(raw: bytes, digest: hashlib._Hash) -> EndLine:
    """Read a line that ends a chain. Raises DecodeError, also where its seal is not of this line and all before it."""
    text = unsealed(raw, digest)
    if text is None:
        message = "its seal is not of what stands before it"
        raise msgspec.DecodeError(message)
    return decoder(EndLine).decode(text)


def still_there(path: Path, log: ChainLog) -> int:
    """Count the ends of chains, from the first one, at which the file of records was what it still is. Raises DiskError."""
    digest, at, sound = hashlib.sha256(), 0, 0
    try:
        with path.open("rb") as stream:
            for end in log.ends():
                while at < end.file.bytes and (chunk := stream.read(min(CHUNK, end.file.bytes - at))):
                    digest.update(chunk)
                    at += len(chunk)
                if at != end.file.bytes or digest.hexdigest() != end.file.sha256:
                    break
                sound += 1
    except FileNotFoundError:
        return next((place for place, end in enumerate(log.ends()) if end.file.bytes), sum(1 for _ in log.ends()))
    except OSError as error:
        raise disk_error(error) from None
    return sound


def moved_to(raw: bytes, first: int) -> bytes:
    """Give the line of a page whose records begin at another line now."""
    told: dict[str, Any] = msgspec.json.decode(raw)
    return raw if told.get("first_line") == first else msgspec.json.encode({**told, "first_line": first}) + b"\n"
