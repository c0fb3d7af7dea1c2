"""What of a vendor's recordings neither a run nor a document shows is marked, and its page of facts counts it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cassettes.recording import parse

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted((ROOT / "docs" / "vendors").glob("*.md"))
COUNTED = re.compile(r"Of (\d+) recordings, all with invented values,\s(?:these )?(\d+) have an\sinvented form besides")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_of_a_vendor_counts_its_recordings_and_what_is_invented(page):
    """A recording more, or a mark more or less, is told there."""
    held = [parse(path.read_text("utf-8"), path.name) for path in sorted((ROOT / "fixtures" / page.stem / "cassettes").glob("*/*.http"))]
    [told] = COUNTED.findall(page.read_text("utf-8"))
    assert tuple(map(int, told)) == (len(held), sum(bool(one.invented) for one in held))
    assert all(len(one.invented.split()) >= 3 for one in held if one.invented)
