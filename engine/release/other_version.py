"""What policies and labels say of a file that another version of Habeas wrote, or that is something else."""

from __future__ import annotations

from engine.language.text.document import Document
from engine.language.text.file_kind import another_kind
from engine.language.text.mistakes import Mistake


def other_version(document: Document, word: str, version: str, what: str, page: str) -> Mistake | None:
    """Say that a file is of a version that this Habeas does not read, or of another kind; its word gives the version. None where it fits.

    `what` names such a file of that version, with `{}` in its place; `page` explains the words.
    """
    other = another_kind(document, word)
    if other is not None:
        return other
    said = document.value.get(word) if isinstance(document.value, dict) else None
    if not isinstance(said, str) or said == version or (word,) in document.dropped:
        return None
    words = f"{what.format(said)}, and this Habeas reads version {version}"
    return Mistake(words, document.at((word,)), f"update Habeas, or write `{word}: {version}` and the words of {page}")
