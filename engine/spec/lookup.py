"""What must hold of the look-up: it asks for somebody, it proves who answers, and what it captures is used."""

from __future__ import annotations

from collections.abc import Iterator

from engine.spec.document import Path
from engine.spec.effective import Endpoint
from engine.spec.mistake import Mistake
from engine.spec.scene import Scene
from engine.spec.template import IDENTIFIERS, TIMES

LOOKUP: Path = ("access", "lookup")


def lookup_rules(scene: Scene) -> Iterator[Mistake]:
    """The look-up asks by an identifier and compares it; what it captures is used."""
    asked = [hole.name for hole in scene.vendor.lookup.holes() if hole.name in IDENTIFIERS]
    if not asked:
        yield scene.mistake("the look-up asks for nobody: put <EMAIL>, <PHONE> or <USERNAME> into it", LOOKUP, key=True)
    elif not any(template.identifier == asked[0] for _, template in scene.vendor.lookup.match):
        words = f"`match` does not compare with <{asked[0]}>: whoever answers would be taken for the person"
        hint = f"write `match: path`, or `path: <{asked[0]}>` in it: the path at which the answer repeats it"
        yield scene.mistake(words, (*LOOKUP, "match"), hint, key=True)
    used = {hole.name for endpoint in scene.vendor.endpoints.values() for hole in endpoint.holes()}
    for name in scene.captured:
        place = (*LOOKUP, "capture", name)
        if name in (*IDENTIFIERS, *TIMES, "VERSION", "SECRET", "TOKEN"):
            yield scene.mistake(f"<{name}> exists already: capture under another name", place, key=True)
        elif name not in used:
            yield scene.note(f"<{name}> is captured and never used", place)
    for where, endpoint, _ in scene.requests():
        if where[:2] == ("access", "endpoints") and not _about(scene, endpoint):
            yield scene.note(f"nothing in endpoint `{where[-1]}` names the person", where, "is it the account's data?")


def _about(scene: Scene, endpoint: Endpoint) -> bool:
    names = {*scene.captured, *IDENTIFIERS}
    return bool(endpoint.parents()) or any(hole.name in names for hole in endpoint.holes())
