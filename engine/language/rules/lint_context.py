"""What lint rules work on: the vendor, the spec as written, and the position of each word."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.effective import Endpoint, Row, Vendor
from engine.language.expressions.template import Template
from engine.language.model import spec as m
from engine.language.model.body import texts
from engine.language.text.document import Document, Path
from engine.language.text.mistakes import Mistake

LOOKUP: Path = ("access", "lookup")
ENDPOINTS: Path = ("access", "endpoints")


class LintContext:
    """What the rules look at: the vendor, the spec as written, and where its words stand."""

    def __init__(self, vendor: Vendor, spec: m.Spec, document: Document) -> None:
        """Keep the three, and what is captured: of the person, from the token answer (`from_token`), by requests of `discover`."""
        self.vendor, self.spec, self.document = vendor, spec, document
        self.captured = tuple(dict.fromkeys(name for one in vendor.lookups for name, _ in one.capture))
        self.discovered = {name: one for one in vendor.discover.values() for name, _ in one.capture}

        self.from_token = tuple(spec.auth.oauth2.capture) if spec.auth.oauth2 is not None else ()

    def oauth_addresses(self) -> Iterator[tuple[Path, str]]:
        """Give the addresses of `oauth2` with their places."""
        for word in ("authorization_url", "token_url", "revocation_url"):
            address = getattr(self.spec.auth.oauth2, word, None)
            if address is not None:
                yield ("auth", "oauth2", word), address

    def requests(self) -> Iterator[tuple[Path, Endpoint, m.RequestSpec]]:
        """Give every request with its place."""
        yield ("verify",), self.vendor.verify, self.spec.verify
        for name, discover in self.spec.discover.items():
            yield ("discover", name), self.vendor.discover[name], discover
        for index, (endpoint, lookup) in enumerate(zip(self.vendor.lookups, self.spec.access.lookup, strict=True)):
            yield (*LOOKUP, index), endpoint, lookup
        for name, own in self.spec.access.endpoints.items():
            yield (*ENDPOINTS, name), self.vendor.endpoints[name], own

    def mistake(self, message: str, path: Path, hint: str | None = None, *, key: bool = False, part: object = None) -> Mistake:
        """Make a mistake at the place of a path, or at a part of the text that stands there."""
        at = self.document.at(path, key=key)
        return Mistake(message, at if part is None else self.document.part(at, str(part)), hint)

    def note(self, message: str, path: Path, hint: str | None = None) -> Mistake:
        """Make a note at the place of a key."""
        return Mistake(message, self.document.at(path, key=True), hint, "note")


def written_texts(path: Path, own: m.RequestSpec) -> Iterator[tuple[Path, Template]]:
    """Give each text of `params` and `body` that a request itself writes, with its place."""
    for name, values in own.params.items():
        for index, template in enumerate(values):
            yield (*path, "params", name, index), template
    for place, template in texts(own.body):
        yield (*path, "body", *place), template


def templates(path: Path, own: m.RequestSpec) -> Iterator[tuple[Path, Template]]:
    """Give each template that a request itself writes, with its place."""
    yield (*path, "get" if own.post is None else "post"), own.line
    for name, template in own.headers.items():
        yield (*path, "headers", name), template
    yield from written_texts(path, own)
    for word in ("match", "echo"):
        for select, value in getattr(own, word, {}).items():
            if value is not None:
                yield (*path, word, select.text), value


def row_place(endpoint: Endpoint, name: str, row: Row) -> Path:
    """Point to one value of `for`: in the list under its name, or in a row of a table."""
    index = endpoint.rows.index(row)
    return ("for", name, index) if len(row) == 1 else ("for", index, name)
