"""HTTP requests and answers as plain values: `HttpRequest`, `Response`, `NoAnswer`, `Malformed`. `net/transport` sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urljoin

from msgspec import Struct

from engine.discreet import Alike, Discreet

MOST_ADDRESS = 64 * 1024
NoAnswerKind = Literal["dns", "tls", "untrusted", "refused", "reset", "timeout", "truncated", "too_large", "forbidden"]


def resolved(address: str, reference: str) -> str | None:
    """Resolve a reference such as `/users?page=2` against the address it came from (RFC 3986 section 5); None if it is no reference."""
    try:
        return urljoin(address, reference) if len(reference) <= MOST_ADDRESS else None
    except ValueError:
        return None


class HttpRequest(Discreet, Struct, frozen=True):
    """One request as it is sent: `url` is an absolute https address, fully percent-encoded.

    The vendor's credential is not part of it: the transport adds it, for the hosts it was made for. Only the method is
    ever shown, because an address can name the person, and the headers of a token request hold the client's secret.
    """

    HIDDEN = ("url", "headers", "body")

    method: Literal["GET", "POST"]
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


class Response(Discreet, Struct, frozen=True):
    """A whole answer. Names in `headers` are lower-case; `seconds` is the time from sending to the last byte. Only the status is shown."""

    HIDDEN = ("headers", "body")

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0


class NoAnswer(Alike, Struct, frozen=True):
    """No usable answer came. `words` say why; they hold no address, header or body.

    `too_large` (over the page limit), `forbidden` (an address the credential may not go to, or nothing may be sent any more) and
    `untrusted` (the certificate) are final. The other kinds are retried.
    """

    UNCOMPARED = ("seconds",)

    kind: NoAnswerKind
    words: str
    seconds: float = 0.0

    @property
    def final(self) -> bool:
        """Whether it is no use to ask again."""
        return self.kind in ("too_large", "forbidden", "untrusted")


class Malformed(Alike, Discreet, Struct, frozen=True):
    """A 2xx answer that is not JSON, or not the whole one. It is retried, then given up; its `headers` may say when to ask again."""

    HIDDEN = UNCOMPARED = ("headers",)

    words: str
    headers: Mapping[str, str] = {}
