"""Which records were written already: a flat table of digests, 16 bytes a record, never Python objects.

A slot holds the hashes of a record's key and of its bytes. Both come from Python's keyed SipHash of a text, whose secret
is new in every process, so nobody can choose keys that crowd one place, and a record is taken for another only where 128
bits agree by chance; 64 for records without a key, known by their bytes alone, and for those of one key. With
PYTHONHASHSEED=0 the secret is known, and what is promised against chance no longer holds against intent. Nothing here
is ever stored.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import compress

SMALLEST = 1 << 10
MOST_RESERVED = 1 << 19
FULL_AT = 0.7
MOST_ALIKE = 8


class Seen:
    """An open-addressing table of (key, content) pairs that grows when it is full; a pair lies in one cache line."""

    __slots__ = ("_capacity", "_count", "_pairs")

    def __init__(self) -> None:
        """Begin small."""
        self._count, self._capacity = 0, SMALLEST
        self._pairs = array("q", (0,)) * (2 * SMALLEST)

    def __len__(self) -> int:
        """Say how many records are remembered."""
        return self._count

    def sift(self, names: Sequence[int], contents: Sequence[int]) -> tuple[list[int], int]:
        """Remember records by the digests of key (never 0) and of content.

        Gives the positions of those that were known, and how many new ones share their key with another. Past a few of
        one key the way goes on where the content points, so that a key which all records share is no crowd.
        """
        self.reserve(len(names))
        pairs, mask = self._pairs, 2 * self._capacity - 1
        known: list[int] = []
        same_key = 0
        for index, (name, content) in enumerate(zip(names, contents, strict=True)):
            slot = name << 1 & mask
            if pairs[slot]:  # most slots are free: only here it takes more than one look
                alike = 0
                while (found := pairs[slot]) and (found != name or pairs[slot + 1] != content):
                    slot = slot + 2 & mask
                    if found == name:
                        alike += 1
                        if alike == MOST_ALIKE:
                            slot = content << 1 & mask
                if found:
                    known.append(index)
                    continue
                same_key += alike > 0
            pairs[slot] = name
            pairs[slot + 1] = content
        self._count += len(names) - len(known)
        return known, same_key

    def reserve(self, more: int) -> None:
        """Make room beforehand, so that a long list does not move house again and again."""
        capacity = self._capacity
        while self._count + min(more, MOST_RESERVED) > capacity * FULL_AT:
            capacity *= 2
        if capacity > self._capacity:
            self._move(capacity)

    def _move(self, capacity: int) -> None:
        old, self._capacity, self._count = self._pairs, capacity, 0
        self._pairs = array("q", (0,)) * (2 * capacity)
        for start in range(0, len(old), 2 * SMALLEST):
            names, contents = old[start : start + 2 * SMALLEST : 2], old[start + 1 : start + 2 * SMALLEST : 2]
            self.sift(list(filter(None, names)), list(compress(contents, names)))
