"""`granted_by` against what the document says an operation asks for. Documents are careless here, so these are notes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.text.mistakes import Mistake, did_you_mean
from engine.openapi.compare.compared_request import ComparedRequest
from engine.openapi.document.scopes import Scopes, announced, scopes_of


def grants(held: ComparedRequest) -> Iterator[Mistake]:
    """Compare the scopes of one request."""
    endpoint, operation = held.endpoint, held.operation
    told, place = scopes_of(operation), ("granted_by",)
    written = {scope for entry in endpoint.granted_by for scope in entry}
    every = announced(operation) | {scope for entry in told.entries for scope in entry}
    if not endpoint.granted_by:
        if told.entries and told.sure and held.scene.vendor.auth.oauth2 is not None:
            yield held.note(f"the document asks for scopes for {operation.label}: `granted_by` names none", (held.verb,), _shown(told))
        return
    if announced(operation):
        for scope in sorted(written - every):
            yield held.note(f"the document lists no scope `{scope}`", place, did_you_mean(scope, every), key=True)
    if told.entries and not any(entry & one for entry in endpoint.granted_by for one in told.entries):
        yield held.note(f"the document grants {operation.label} by other scopes", place, _shown(told), key=True)


def _shown(told: Scopes) -> str:
    entries = [" ".join(sorted(entry)) for entry in told.entries]
    return "it names " + ", ".join(f"`{one}`" for one in entries[:4]) + (" and more" if len(entries) > 4 else "")
