"""What goes to a vendor and what comes back, as plain values. Sends nothing, decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin

MOST_ADDRESS = 64 * 1024
NoAnswerKind = Literal["dns", "tls", "untrusted", "refused", "reset", "timeout", "truncated", "too_large", "forbidden"]


def resolved(address: str, reference: str) -> str | None:
    """Resolve a reference that a vendor gave against the address it came from (RFC 3986 section 5); None where it is none."""
    try:
        return urljoin(address, reference) if len(reference) <= MOST_ADDRESS else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it stands on the wire: an absolute https address, fully percent-encoded.

    A vendor's credential is never part of it: the transport adds it, and only for the hosts it was made for. A token
    request proves its client here, and an address can name the person: only the method is ever shown.
    """

    method: Literal["GET", "POST"]
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. `headers` have lower-case names, `seconds` runs from sending to the last byte; only the status is shown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
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
