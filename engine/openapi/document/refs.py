"""Follow `$ref` inside one document. Circular, broken and remote ones give a schema that says nothing; nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

UNTOLD: dict[str, Any] = {"x-untold": True}  # what a remote or broken $ref stands for: a schema that says nothing
SILENT = ("example", "examples", "enum", "const")


def as_map(value: Any) -> dict[str, Any]:
    """Give the value if it is a map, else an empty one: a document may hold anything anywhere."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Give the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """Give the value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


class Refs:
    """The `$ref`s of one document; each is followed once."""

    def __init__(self, root: dict[str, Any]) -> None:
        """Keep the document; nothing is followed yet."""
        self.root = root
        self.known: dict[str, dict[str, Any]] = {}

    def follow(self, value: Any) -> dict[str, Any]:
        """Give the map that a value is, or that its `$ref` leads to; UNTOLD where it leads nowhere."""
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(ref := value.get("$ref"), str):
            if ref in self.known:
                return self.known[ref]
            if ref in seen or (value := self.target(ref)) is None:
                self.known[ref] = UNTOLD
                return UNTOLD
            seen.add(ref)
        found = as_map(value)
        for ref in seen:
            self.known[ref] = found
        return found

    def target(self, ref: str) -> dict[str, Any] | None:
        """Give what a local `$ref` names; None for a remote or broken one."""
        if not ref.startswith("#"):
            return None
        here: Any = self.root
        for step in ref[1:].split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(here, list) and name.isascii() and name.isdecimal() and int(name) < len(here):
                here = here[int(name)]
            elif isinstance(here, dict) and name in here:
                here = here[name]
            else:
                return None
        return here if isinstance(here, dict) and ref != "#" and ref[1:2] in ("", "/") else None

    def trouble(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the remote and the broken `$ref`s of the whole document, each once, in its order."""
        every = dict.fromkeys(_written(self.root))
        remote = tuple(ref for ref in every if not ref.startswith("#"))
        broken = tuple(ref for ref in every if ref.startswith("#") and self.follow({"$ref": ref}) is UNTOLD)
        return remote, tuple(one for one in broken if not self._leads_away(one))

    def _leads_away(self, ref: str) -> bool:
        """Whether a local `$ref` only names one that is remote."""
        seen: set[str] = set()
        while ref.startswith("#") and ref not in seen:
            seen.add(ref)
            target = self.target(ref)
            if target is None or not isinstance(target.get("$ref"), str):
                return False
            ref = target["$ref"]
        return not ref.startswith("#")


def _written(root: Any) -> Iterator[str]:
    """Give every `$ref` that is one, not those in examples; what stands under `properties` has names and no words."""
    waiting: list[tuple[Any, bool]] = [(root, False)]
    seen: set[int] = set()
    while waiting:
        here, names = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, dict):
            if isinstance(here.get("$ref"), str) and not names:
                yield here["$ref"]
            held = [(value, key == "properties" and not names) for key, value in here.items() if names or key not in SILENT]
        else:
            held = [(value, False) for value in here]
        waiting.extend(one for one in reversed(held) if isinstance(one[0], (dict, list)))
