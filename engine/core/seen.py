"""Which records were written already: a flat table of digests, 16 bytes a record, never Python objects.

A slot holds the hashes of a record's key and of its bytes. Both come from Python's keyed SipHash, whose secret is new
in every process, so 128 bits must agree by chance before a record is taken for another; with PYTHONHASHSEED=0 the
secret is known, but a record is still dropped only if key and bytes agree in 2 x 64 bits. Nothing here is ever stored.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

SMALLEST = 1 << 10
MOST_RESERVED = 1 << 19
FULL_AT = 0.7


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

        Gives the positions of those that were known, and how many new ones share their key with another.
        """
        self.reserve(len(names))
        pairs, mask = self._pairs, 2 * self._capacity - 1
        known: list[int] = []
        same_key = 0
        for index, (name, content) in enumerate(zip(names, contents, strict=True)):
            slot = name << 1 & mask
            if pairs[slot]:  # most slots are free: only here it takes more than one look
                shared = False
                while pairs[slot] and (pairs[slot] != name or pairs[slot + 1] != content):
                    shared = shared or pairs[slot] == name
                    slot = slot + 2 & mask
                if pairs[slot]:
                    known.append(index)
                    continue
                same_key += shared
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
        old, self._capacity = iter(self._pairs), capacity
        self._pairs = pairs = array("q", (0,)) * (2 * capacity)
        mask = 2 * capacity - 1
        for name, content in zip(old, old, strict=True):
            if name:
                slot = name << 1 & mask
                while pairs[slot]:
                    slot = slot + 2 & mask
                pairs[slot], pairs[slot + 1] = name, content
