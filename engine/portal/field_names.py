"""What a field is called for people, by its JSON pointer."""

from __future__ import annotations

from functools import lru_cache

from engine.case.answer import labels_of
from engine.release.record_values import field_at

labels = lru_cache(maxsize=16)(labels_of)  # a spec's file does not change while a portal runs


def called(vendor: str, endpoint: str, pointer: str) -> str:
    """Name a field; what has no label goes by its own name."""
    steps = field_at(pointer)
    return labels(vendor).of(endpoint, steps)[0] if steps else "the record itself"
