"""A spec held against a vendor's document, as pairs of files: the spec, and the exact text of what is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.language.load import load
from engine.openapi.compare.comparison import compare
from engine.openapi.document.operations import Api

HERE = Path(__file__).parent
CASES = sorted((HERE / "against").glob("*.yaml"))


def found_in(path: Path) -> str:
    """Compare a case with the document that its second line names."""
    raw = path.read_bytes()
    document = re.search(r"# document: (\S+)", raw.decode())
    assert document is not None
    api = Api((HERE / "documents" / document[1]).read_bytes(), document[1])
    load(raw, path.name)
    return "".join(one.show(raw.decode().splitlines()) + "\n" for one in compare(raw, path.name, [api]))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_differs_is_explained_to_the_letter(path):
    """Each finding stands where the spec's own word stands, and says what the document has instead."""
    assert found_in(path) == path.with_suffix(".txt").read_text("utf-8")


def test_the_cases_are_found():
    """There are many, and the one without a finding is silent."""
    assert len(CASES) >= 25
    assert (HERE / "against" / "nothing.txt").read_text("utf-8") == ""
