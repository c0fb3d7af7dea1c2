"""What was written is remembered exactly, whatever the order and the number."""

from __future__ import annotations

import json
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.envelope import digests
from engine.core.seen import MOST_RESERVED, KeyTable, Seen
from engine.language.expressions.select import parse_select

PAIRS = st.lists(st.tuples(st.sampled_from([1, 2, -1, 1 << 10, 1 << 11, 5]), st.integers(-9, 9)), max_size=200)
KEYS = st.none() | st.integers(-2, 2) | st.sampled_from(["", "a", "2", "1.5", "true", "[1]", "\u00e9", 2**70, 1.5, True, [1], "0"])


@given(PAIRS, st.integers(1, 7))
def test_it_agrees_with_a_set_of_pairs(pairs, batch):
    """A record is known only if key and content were there before; a shared key is counted."""
    seen, known, keys = Seen(), set(), set()
    for start in range(0, len(pairs), batch):
        part = pairs[start : start + batch]
        found, same_key = seen.sift([name for name, _ in part], [content for _, content in part])
        expected, shared = [], []
        for index, pair in enumerate(part):
            if pair in known:
                expected.append(index)
                continue
            if pair[0] in keys:
                shared.append(index)
            known.add(pair)
            keys.add(pair[0])
        assert (found, same_key) == (expected, shared)
    assert len(seen) == len(known)


@given(PAIRS, PAIRS)
def test_a_probe_agrees_and_adds_nothing(there, asked):
    """What is asked for is known only if it was added."""
    seen = Seen()
    seen.sift([name for name, _ in there], [content for _, content in there])
    count = len(seen)
    assert seen.probe([name for name, _ in asked], [content for _, content in asked]) == [i for i, one in enumerate(asked) if one in there]
    assert len(seen) == count


@given(st.lists(st.sampled_from([0, 1, 2, -1, 1 << 10, 5]), max_size=200), st.integers(1, 7))
def test_keys_agree_with_a_set(names, batch):
    """A key is known only if it was there before; 0 is none."""
    keys, there = KeyTable(), set()
    for start in range(0, len(names), batch):
        part, expected = names[start : start + batch], []
        for index, name in enumerate(part):
            if name in there:
                expected.append(index)
            elif name:
                there.add(name)
        assert keys.sift(part) == expected
    assert len(keys) == len(there)


def test_keys_grow_and_forget_nothing():
    """Past every size; room asked for by a vendor that lies has an end."""
    keys, names = KeyTable(), [hash(b"%d" % number) or 1 for number in range(5000)]
    assert keys.sift(names) == []
    keys.reserve(10**18)
    assert len(keys._slots) <= 8 * MOST_RESERVED
    assert (keys.sift(names), len(keys)) == (list(range(5000)), 5000)


def test_it_says_how_many_it_remembers():
    """Each pair once, however often it comes; an equal key with another content is another record."""
    seen = Seen()
    assert len(seen) == 0
    assert seen.sift([1, 1, 2, 1], [5, 5, 5, 6]) == ([1], [3])
    assert len(seen) == 3


@settings(max_examples=settings.default.max_examples // 20)  # thousands of records each
@given(st.integers(2000, 5000))
def test_it_grows_and_forgets_nothing(count):
    """Past its first size every record is still known; room asked for by a vendor that lies has an end."""
    seen = Seen()
    names = [hash(b"%d" % number) or 1 for number in range(count)]
    assert seen.sift(names, names) == ([], [])
    assert seen.sift(names, names) == (list(range(count)), [])
    seen.reserve(10**18)
    assert len(seen._pairs) <= 8 * MOST_RESERVED
    assert seen.sift(names, names) == (list(range(count)), [])


@given(st.lists(st.tuples(KEYS, st.sampled_from(["x", "y"])), max_size=20))
def test_digests_tell_keys_and_contents_apart(rows):
    """By any kind of key, read the quick way or the slow one: equal digests mean equal keys, and equal bytes."""
    texts = [json.dumps({"id": key, "more": more}).encode() for key, more in rows]
    names, contents = digests(texts, b"\n".join([*texts, b""]), parse_select("id"))
    assert 0 not in names
    for index, (key, _) in enumerate(rows):
        for other, (key2, _) in enumerate(rows):
            assert (contents[index] == contents[other]) == (texts[index] == texts[other])
            if key is None:
                assert names[index] == contents[index]
            elif key2 is not None:
                assert (names[index] == names[other]) == (json.dumps(key) == json.dumps(key2))


def test_a_nested_key_and_a_missing_one():
    """A path of several steps is followed; without a key the bytes decide."""
    texts = [b'{"a":{"b":7}}', b'{"a":{}}', b'{"a":7}']
    names, contents = digests(texts, b"\n".join(texts), parse_select("a.b"))
    assert names == [digests([b'{"id":7}'], b'{"id":7}', parse_select("id"))[0][0], contents[1], contents[2]]


class Counted(array):
    """Counts how often it is looked into."""

    looks = 0

    def __getitem__(self, place):
        Counted.looks += 1
        return super().__getitem__(place)


@pytest.mark.parametrize(
    "make",
    [
        lambda number: number,
        lambda number: number << 22,
        lambda number: (number << 40) - 2**62,
        lambda number: f"u{number}",
        lambda number: None,
        lambda number: "",
        lambda number: "the same",
        lambda number: 5 + number % 3,
    ],
    ids=["row", "low bits zero", "long", "text", "none", "empty", "one for all", "three for all"],
)
def test_no_choice_of_keys_makes_it_slow(make):
    """A few looks for each record, whatever the keys: numbers in a row, with zero bits at their end, one key for all."""
    texts = [json.dumps({"id": make(number), "n": number}).encode() for number in range(4000)]
    found = digests(texts, b"\n".join([*texts, b""]), parse_select("id"))
    seen = Seen()
    seen.reserve(len(texts))
    seen._pairs, Counted.looks = Counted("q", seen._pairs), 0
    assert seen.sift(*found)[0] == []
    assert seen.sift(*found) == (list(range(4000)), [])
    assert Counted.looks < 60 * len(texts)
    assert seen.probe(*found) == list(range(4000))
    assert Counted.looks < 90 * len(texts)
    seen.reserve(10 * len(texts))
    assert seen.sift(*found) == (list(range(4000)), []), "nothing is lost when it moves"
