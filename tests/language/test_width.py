"""A mistake is shown in as many columns as there are."""

from __future__ import annotations

import pytest

from engine.language.load import load
from engine.language.text.mistakes import WIDEST, SpecError

SPEC = (
    b"spec: 1\nvendor: acme\nunknown_word_at_the_top: this line is rather long, and holds many words that say nothing at all of any use\n"
)


@pytest.mark.parametrize("width", range(40, 140, 7))
def test_a_mistake_fits(width):
    """Its sentences break between words, and of its line so much is shown as there is room for; never wider than for a file."""
    with pytest.raises(SpecError) as told:
        load(SPEC, "acme.yaml")
    text = told.value.show(width)
    assert max(map(len, text.splitlines())) <= min(width, WIDEST)
    assert told.value.show(WIDEST) == str(told.value)
    assert "^^^^" in text
