"""What a spec says of what its vendor's API cannot give, or is not asked."""

from __future__ import annotations

import pytest

from engine.language.load import load
from tests.language.test_mistakes import HERE

RAW = (HERE / "note_no_schema.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("written", "gaps", "told"),
    [
        ("", None, "its spec does not say"),
        ("gaps: none\n", (), "By its spec, nothing that the vendor's documents offer about a person is left out."),
        ("gaps: [Reviews are not asked.]\n", ("Reviews are not asked.",), ""),
    ],
)
def test_that_nothing_is_left_out_is_another_thing_than_to_be_silent(written, gaps, told):
    """`none` claims that nothing is left out; a spec without the word claims nothing."""
    vendor = load((RAW + written).encode(), "acme.yaml")
    assert vendor.gaps == gaps
    assert told in vendor.without_gaps
