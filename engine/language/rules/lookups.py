"""What must hold of a look-up: it asks for somebody, and it proves who answers."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.effective import Endpoint
from engine.language.expressions.template import IDENTIFIERS
from engine.language.rules.lint_context import ENDPOINTS, LOOKUP, Scene
from engine.language.text.mistakes import Mistake


def lookup_rules(scene: Scene) -> Iterator[Mistake]:
    """A look-up asks by an identifier and compares it; every endpoint is about the person."""
    known = {*scene.vendor.given, *scene.discovered, *(name for one in scene.vendor.lookups for row in one.rows for name, _ in row)}
    for index, lookup in enumerate(scene.vendor.lookups):
        place = (*LOOKUP, index)
        names = [hole.name for hole in lookup.holes()]
        asked = [name for name in names if name in IDENTIFIERS]
        if not asked and set(names) <= known:
            hint = "put <EMAIL>, <PHONE> or <USERNAME> into it; into `match: {path: <EMAIL>}` where it lists everybody"
            yield scene.mistake("the look-up asks for nobody", place, hint, key=True)
        elif asked and not any(template.identifier == asked[0] for _, template in lookup.match):
            words = f"`match` does not compare with <{asked[0]}>: whoever answers would be taken for the person"
            hint = f"write `match: path`, or `path: <{asked[0]}>` in it: the path at which the answer repeats it"
            yield scene.mistake(words, (*place, "match"), hint, key=True)
        if len(named := list(dict.fromkeys(asked))) > 1:
            words = f"the look-up needs <{named[0]}> and <{named[1]}>: of whom only one is known is not looked for"
            yield scene.note(words, place, "write a list of look-ups under `lookup`, one for each")
    for where, endpoint, _ in scene.requests():
        if where[:2] == ENDPOINTS and not _about(scene, endpoint):
            yield scene.note(f"nothing in endpoint `{where[-1]}` names the person", where, "is it the account's data?")


def _about(scene: Scene, endpoint: Endpoint) -> bool:
    names = {*scene.captured, *IDENTIFIERS}
    asked = any(one.endpoint in scene.vendor.endpoints for one in endpoint.parents())
    return asked or any(hole.name in names for hole in endpoint.holes())
