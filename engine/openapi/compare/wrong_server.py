"""A base address behind which the document has nothing while it has the same requests behind another: told once, then looked through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.language.expressions.template import parse_path
from engine.language.rules.lint_context import Scene
from engine.language.text.mistakes import Mistake
from engine.openapi.document.operations import plain
from engine.openapi.document.paths import Paths, written

MOST_ASKED = 300


def based(scene: Scene, every: Sequence[Paths]) -> Iterator[Mistake]:
    """Find a wrong base path. The documents are told, so that each request is compared behind the right one."""
    asked = list(_asked(scene))[:MOST_ASKED]
    if any(paths.find(one, method) for paths in every for address, method in asked for one in paths.behind(address)[0]):
        return
    host, _, base = scene.vendor.base_url.removeprefix("https://").partition("/")
    steps = [step for step in base.split("/") if step]
    for paths in every:
        fitting = paths.fitting(asked[0][0]) if asked else ()
        for count in range(len(steps), -1, -1):
            wrong = "".join(f"/{step}" for step in steps[:count])
            behind = [("/" + "/".join(_path(address).split("/")[count + 1 :]), method) for address, method in asked]
            found = sum(paths.find(path, method) is not None for path, method in behind)
            if fitting and found and found * 2 >= len(asked):
                right = f"https://{host}{plain(fitting[0].base, 80)}"
                message = f"the document has these requests behind `{right}`, and nothing behind `https://{host}{wrong}`"
                rest = "".join(f"/{step}" for step in steps[count:])
                paths.wrong = "/".join(_path(asked[0][0]).split("/")[: count + 1])
                yield scene.mistake(message, ("base_url",), f"did you mean `{right}{rest}`?")
                return


def _asked(scene: Scene) -> Iterator[tuple[str, str]]:
    """Give the addresses that stand behind the base address, each with its method in small letters."""
    base = written(parse_path(scene.vendor.base_url), {}).rstrip("/")
    for _, endpoint, _ in scene.requests():
        address = written(endpoint.address, dict(endpoint.rows[0]) if endpoint.rows else {})
        if endpoint.line.whole is None and base.startswith("https://") and address.startswith(f"{base}/"):
            yield address, endpoint.method.lower()


def _path(address: str) -> str:
    _, slash, path = address.removeprefix("https://").partition("/")
    return slash + path
