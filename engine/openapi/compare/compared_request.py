"""A request of a spec beside the operation that it asks, and where each of its words stands in the file.

A word stands in the request itself, or at the top of the spec where the request takes it from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.language.effective import Endpoint, Row
from engine.language.rules.lint_context import Scene
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake
from engine.openapi.document.operations import Operation
from engine.openapi.document.schema_view import SchemaView


def row_place(endpoint: Endpoint, name: str, row: Row) -> Path:
    """Point to one value of `for`: in the list under its name, or in a row of a table."""
    index = endpoint.rows.index(row)
    return ("for", name, index) if len(row) == 1 else ("for", index, name)


@dataclass(frozen=True)
class ComparedRequest:
    """A request and its operation; `rows` are the values of its `for` with which it asks this operation and no other."""

    scene: Scene
    path: Path
    endpoint: Endpoint
    operation: Operation
    rows: Sequence[Row]

    @property
    def verb(self) -> str:
        """The word behind which the request line stands: get or post."""
        return self.endpoint.method.lower()

    def mistake(self, message: str, place: Path, hint: str | None = None, *, key: bool = False) -> Mistake:
        """Make a mistake at the place of a word; `key`: at the word itself, not at its value."""
        return self.scene.mistake(message, self.place(place), hint, key=key)

    def note(self, message: str, place: Path, hint: str | None = None, *, key: bool = False) -> Mistake:
        """Make a note at the place of a word; `key`: at the word itself, not at its value."""
        return replace(self.mistake(message, place, hint, key=key), level="note")

    def oversized(self, name: str, count: int, shape: SchemaView | None) -> Iterator[Mistake]:
        """Find a page size that is larger than the document allows."""
        most = shape.number("maximum") if shape is not None else None
        if most is not None and count > most:
            message = f"the document gives at most {most} a page of {self.operation.label}"
            yield self.mistake(message, ("pagination", "size", name), f"write {{{name}: {most}}}")

    def page_places(self) -> Iterator[tuple[Path, str]]:
        """Give what pagination sends: where the name stands in the spec, and the parameter or place in the body that it names."""
        page = self.endpoint.pagination
        if page is None:
            return
        for word, name in (("param", page.param), ("offset", page.offset)):
            if name is not None:
                yield ("pagination", word), name
        yield from ((("pagination", "page", name), name) for name in page.page or ())
        yield from ((("pagination", "size", name), name) for name in page.size or ())

    def writes(self, place: Path) -> bool:
        """Whether the request itself writes a word."""
        return (*self._own, *place) in self.scene.document.keys

    def place(self, place: Path) -> Path:
        """Find a word: in the request, else at the top where that is where it stands."""
        for end in range(len(place), 0, -1):
            if (*self._own, *place[:end]) in self.scene.document.keys:
                return (*self._own, *place)
            if place[:end] in self.scene.document.keys:
                return place
        return (*self._own, *place)

    @property
    def _own(self) -> Path:
        """The request's own place; a look-up that is the only one has no number there."""
        values = self.scene.document.values
        return tuple(step for index, step in enumerate(self.path) if isinstance(step, str) or self.path[: index + 1] in values)
