"""Where a telephone number stands in a text, whatever is between its digits."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from engine.release.found_phones import ENDING, SEPARATOR
from engine.release.written import _begins, numbers_alike

DIGITS = st.one_of(st.text("123", min_size=ENDING, max_size=12), st.text("1", min_size=ENDING, max_size=9))


@given(DIGITS, st.data())
def test_a_number_is_found_where_a_pattern_of_its_own_finds_it(digits, data):
    """Its last seven digits end a number there; where two such places overlap, the first one counts."""
    pieces = st.sampled_from(
        ["1", "2", "3", " ", "-", "x", "+", "(", "a", "\u0663", "\u2011", "\n", digits[-ENDING:], digits, " ".join(digits)]
    )
    text = "".join(data.draw(st.lists(pieces, max_size=14)))
    own = re.compile(f"{SEPARATOR}{{0,3}}".join(digits[-ENDING:]) + r"(?!(?!x\d)[A-Za-z]|\d)")
    starts = ((_begins(text, found.start(), found[0], digits), found.end()) for found in own.finditer(text))
    assert list(numbers_alike(text, digits)) == [(start, end) for start, end in starts if start is not None]
