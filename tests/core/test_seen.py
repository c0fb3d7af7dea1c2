"""What was written is remembered exactly, whatever the order and the number."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.seen import Seen

PAIRS = st.lists(st.tuples(st.none() | st.binary(max_size=2), st.binary(max_size=2)), max_size=200)


@given(PAIRS, st.integers(1, 7))
def test_it_agrees_with_a_set_of_pairs(pairs, batch):
    """A record is dropped only if key and bytes were there before; a shared key is counted."""
    seen, known, keys = Seen(), set(), set()
    for start in range(0, len(pairs), batch):
        part = pairs[start : start + batch]
        kept, duplicates, same_key = seen.sift([key for key, _ in part], [record for _, record in part])
        expected, shared = [], 0
        for index, (key, record) in enumerate(part):
            name = record if key is None else key
            place = (key is None, name)
            if (place, record) in known or ((not place[0], name), record) in known:
                continue
            shared += place in keys or (not place[0], name) in keys
            known.add((place, record))
            keys.add(place)
            expected.append(index)
        assert kept == expected
        assert duplicates == len(part) - len(expected)
        assert same_key == shared
    assert len(seen) == len(known)


@settings(max_examples=3)
@given(st.integers(2000, 5000))
def test_it_grows_and_forgets_nothing(count):
    """Past its first size every record is still known."""
    seen = Seen()
    records = [b"%d" % number for number in range(count)]
    assert seen.sift([None] * count, records) == (list(range(count)), 0, 0)
    assert seen.sift([None] * count, records) == ([], count, 0)
