"""What goes to a vendor and what comes back, as plain values. Sends nothing, decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NoAnswerKind = Literal["dns", "tls", "untrusted", "refused", "reset", "timeout", "truncated", "too_large", "forbidden"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it stands on the wire: an absolute https address, fully percent-encoded.

    The credential is never part of it: the transport adds it, and only for the hosts it was made for.
    """

    method: Literal["GET", "POST"]
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. `headers` have lower-case names, `seconds` runs from sending to the last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No usable answer came: what happened, in words that hold no address, header or body.

    `too_large` (over the page limit), `forbidden` (an address the credential may not go to) and `untrusted` (a
    certificate) are final; the other kinds may pass, so they are retried.
    """

    kind: NoAnswerKind
    words: str
    seconds: float = field(default=0.0, compare=False)

    @property
    def final(self) -> bool:
        """Whether asking again cannot help."""
        return self.kind in ("too_large", "forbidden", "untrusted")


@dataclass(frozen=True, slots=True)
class Malformed:
    """A 2xx answer that is no JSON, or is cut: asked again, then given up."""

    words: str
