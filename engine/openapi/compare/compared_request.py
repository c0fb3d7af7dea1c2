"""One request of a spec beside its operation, and where its words stand: in the request, or at the top where it takes them from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.language.effective import Endpoint, Row
from engine.language.rules.lint_context import Scene
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake
from engine.openapi.document.operations import Operation


@dataclass(frozen=True)
class ComparedRequest:
    """A request held against an operation; `rows` are those of its `for` by which it is this operation."""

    scene: Scene
    path: Path
    endpoint: Endpoint
    operation: Operation
    rows: Sequence[Row]

    @property
    def verb(self) -> str:
        """The word behind which the request line stands."""
        return self.endpoint.method.lower()

    def mistake(self, message: str, place: Path, hint: str | None = None, *, key: bool = False) -> Mistake:
        """Make a mistake at the place of a word in the request."""
        return self.scene.mistake(message, self.place(place), hint, key=key)

    def note(self, message: str, place: Path, hint: str | None = None, *, key: bool = False) -> Mistake:
        """Make a note at the place of a word in the request."""
        return replace(self.mistake(message, place, hint, key=key), level="note")

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
