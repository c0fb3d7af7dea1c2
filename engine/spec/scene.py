"""What the rules between words look at: the vendor, the spec as written, and where each word stands."""

from __future__ import annotations

from collections.abc import Iterator

from engine.spec import model as m
from engine.spec.document import Document, Path
from engine.spec.effective import Endpoint, Vendor
from engine.spec.mistake import Mistake


class Scene:
    """What the rules look at: the vendor, the spec as written, and where its words stand."""

    def __init__(self, vendor: Vendor, spec: m.Spec, document: Document) -> None:
        """Keep the three together."""
        self.vendor, self.spec, self.document = vendor, spec, document
        self.captured = tuple(name for name, _ in vendor.lookup.capture)

    def requests(self) -> Iterator[tuple[Path, Endpoint, m.Request]]:
        """Give every request with its place."""
        yield ("verify",), self.vendor.verify, self.spec.verify
        yield ("access", "lookup"), self.vendor.lookup, self.spec.access.lookup
        for name, own in self.spec.access.endpoints.items():
            yield ("access", "endpoints", name), self.vendor.endpoints[name], own

    def mistake(self, message: str, path: Path, hint: str | None = None, *, key: bool = False) -> Mistake:
        """Make a mistake at the place of a path."""
        return Mistake(message, self.document.at(path, key=key), hint)

    def note(self, message: str, path: Path, hint: str | None = None) -> Mistake:
        """Make a note at the place of a key."""
        return Mistake(message, self.document.at(path, key=True), hint, "note")
