"""Where a chain has been: what counts towards its total, and what comes a second time."""

from __future__ import annotations

import pytest

from engine.core.response import Page
from engine.core.seen import Seen
from engine.core.trail import Trail
from engine.language.expressions.select import parse_select

ID = parse_select("id")
A, B, C = b'{"id":1}', b'{"id":2}', b'{"id":3}'


@pytest.mark.parametrize(
    ("pages", "repeated"),
    [
        ([[A, B], [C]], 0),
        ([[A, B], [B, C]], 1),
        ([[A, B], [A, B]], 2),
        ([[A, B], [A, C]], 1),
        ([[A, B, C], [B, C]], 2),
        ([[A], []], 0),
        ([[], [A]], 0),
        ([[A, b"{}"], [b"{}"]], 0),
    ],
)
def test_the_end_of_one_page_that_begins_the_next_is_no_new_record(pages, repeated):
    """A list grew at its beginning while it was read; records without a key are never the same."""
    trail = Trail()
    counts = []
    for records in pages:
        page = Page(records, len(records), total=3)
        counts.append(trail.repeated(page, ID))
        trail.count(page, counts[-1], 0)
    assert counts == [0, repeated]
    assert trail.received == trail.mine - repeated == sum(map(len, pages)) - repeated
    assert trail.short == (trail.received < 3)


def test_a_list_that_is_read_again_counts_what_is_new():
    """Not what it had already, and never less than the present reading; its marks are forgotten."""
    trail = Trail()
    trail.count(Page([A, B], 2, total=3), 0, 0)
    trail.marks.add("cursor 2")
    trail.firsts.add(7)
    trail.again(Seen())
    assert (trail.marks, trail.firsts, trail.this_time) == (set(), set(), 0)
    trail.count(Page([A], 1), 0, 0)
    assert trail.received == 2
    trail.count(Page([C], 1), 0, 1)
    assert (trail.received, trail.short) == (3, False)


def test_pages_without_end_are_seen():
    """A hundred empty ones in a row; one with records begins anew."""
    trail = Trail()
    for _ in range(99):
        trail.count(Page([], 0), 0, 0)
    assert not trail.endless
    trail.count(Page([A], 1), 0, 0)
    for _ in range(100):
        assert not trail.endless
        trail.count(Page([], 0), 0, 0)
    assert trail.endless
    assert not trail.short
