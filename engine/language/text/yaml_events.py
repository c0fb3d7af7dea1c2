"""Read YAML from the parser's events, with an explicit stack: neither deep nesting nor an alias bomb can hurt.

What a key, a scalar, an alias or a second document means is decided by the two readers that extend this one: `document` reads a
spec, with the position of everything and every mistake of form; `openapi.document.read` reads a vendor's large document, fast.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

import yaml
from msgspec import Struct

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # only its parser is used: events are the same whatever the loader resolves


class OpenNode(Struct):
    """A map or list that is still being read; `key` is the one whose value comes next."""

    value: Any
    key: str | None = None

    def awaits_key(self) -> bool:
        """Whether the next scalar is a key."""
        return self.key is None and isinstance(self.value, dict)


Node = TypeVar("Node", bound=OpenNode)


class EventReader(ABC, Generic[Node]):
    """Follows the events of one text; the value stands in `result` afterwards."""

    deepest: ClassVar[int]

    def __init__(self) -> None:
        """Begin with nothing read."""
        self.stack: list[Node] = []
        self.result: Any = ""

    def follow(self, text: str) -> None:
        """Read the text to its end, or to the beginning of a second document. Raises yaml.YAMLError."""
        documents = 0
        stack = self.stack
        for event in yaml.parse(text, Loader=LOADER):
            kind = type(event)
            if kind is yaml.ScalarEvent:
                if stack and stack[-1].awaits_key():
                    self.key(stack[-1], event)
                else:
                    self.scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self.open(event, {} if kind is yaml.MappingStartEvent else [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.close(stack.pop(), event)
            elif kind is yaml.AliasEvent:
                self.alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.second(event)
                    return

    @abstractmethod
    def key(self, holder: Node, event: Any) -> None:
        """Take a key of the map that is open."""

    @abstractmethod
    def scalar(self, event: Any) -> None:
        """Take a value that is neither a map nor a list."""

    @abstractmethod
    def open(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        """Begin a map or list: see that it may stand here, and push it."""

    @abstractmethod
    def close(self, done: Node, event: Any) -> None:
        """Take a map or list that is complete."""

    @abstractmethod
    def alias(self, event: Any) -> None:
        """Take an alias, `*name`."""

    @abstractmethod
    def second(self, event: Any) -> None:
        """Say that a second document begins; nothing of it is read."""

    def admit(self, event: Any) -> None:
        """See that a map or list may begin here. Raises yaml.MarkedYAMLError."""
        if len(self.stack) >= self.deepest:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {self.deepest} levels", problem_mark=event.start_mark)
        if self.stack and self.stack[-1].awaits_key():
            raise yaml.MarkedYAMLError(problem="a key must be a text", problem_mark=event.start_mark)

    def put(self, value: Any) -> None:
        """Add a value to the map or list that is open."""
        if not self.stack:
            self.result = value
            return
        holder = self.stack[-1]
        if isinstance(holder.value, list):
            holder.value.append(value)
        else:
            holder.value[holder.key] = value
            holder.key = None
