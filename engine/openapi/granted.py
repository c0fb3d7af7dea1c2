"""`granted_by` against what the document says an operation asks for. Documents are careless here, so these are notes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.openapi.api import Operation
from engine.openapi.scopes import Scopes, announced, scopes_of
from engine.spec.document import Path
from engine.spec.effective import Endpoint
from engine.spec.mistake import Mistake, did_you_mean
from engine.spec.scene import Scene


def grants(scene: Scene, path: Path, endpoint: Endpoint, operation: Operation) -> Iterator[Mistake]:
    """Compare the scopes of one request."""
    told, place = scopes_of(operation), (*path, "granted_by")
    written = {scope for entry in endpoint.granted_by for scope in entry}
    every = announced(operation) | {scope for entry in told.entries for scope in entry}
    if not endpoint.granted_by:
        if told.entries and told.sure and scene.vendor.auth.oauth2 is not None:
            yield scene.note(f"{operation.label} asks for scopes, and the request names none", place, f"`granted_by: [{_shown(told)}]`")
        return
    if announced(operation):
        for scope in sorted(written - every):
            yield scene.note(f"the document lists no scope `{scope}`", place, did_you_mean(scope, every))
    if told.entries and not any(entry & one for entry in endpoint.granted_by for one in told.entries):
        yield scene.note(f"the document grants {operation.label} by other scopes", place, f"it names {_shown(told)}")


def _shown(told: Scopes) -> str:
    entries = [" ".join(sorted(entry)) for entry in told.entries]
    return ", ".join(f"`{one}`" for one in entries[:4]) + (" and more" if len(entries) > 4 else "")
