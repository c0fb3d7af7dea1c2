"""Say what a file is that was read as something else: a spec, a policy and labels each begin with a word of their own."""

from __future__ import annotations

from engine.language.text.document import Document
from engine.language.text.mistakes import Mistake

KINDS = {
    "spec": ("this is a spec", "habeas check reads it"),
    "policy": ("this is a policy", "habeas policy check reads it"),
    "labels": ("these are labels", "habeas check reads them with the spec that they lie beside"),
}


def another_kind(document: Document, word: str) -> Mistake | None:
    """Say in one sentence that a file is of another kind than `word`; None where its own word stands in it, or no word of another kind."""
    value = document.value if isinstance(document.value, dict) else {}
    other = next((kind for kind in KINDS if kind in value), None)
    if other is None or word in value:
        return None
    what, reads = KINDS[other]
    return Mistake(f"{what}, and no {word}", document.at((other,), key=True), reads)
