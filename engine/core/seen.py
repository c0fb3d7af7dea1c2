"""Recognise duplicates: flat hash tables without Python objects. `KeyTable` holds 8 bytes per key, `Seen` 16 bytes per record.

A slot of `Seen` holds the hashes of a record's key and of its bytes. Both are Python's keyed SipHash, whose secret is new in every
process: nobody can choose keys that collide, and one record is taken for another only if 128 bits agree by chance (64 for
records without a key, which are known by their bytes alone, and among records of one key). With PYTHONHASHSEED=0 the
secret is known, and collisions could be made on purpose. Nothing here is ever stored.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import compress

SMALLEST = 1 << 4
STEP = 1 << 11
MOST_RESERVED = 1 << 19
FULL_AT = 0.7
MOST_ALIKE = 8


class Seen:
    """An open-addressing hash table of (key, content) pairs. It grows when full; the numbers of a pair lie side by side."""

    __slots__ = ("_capacity", "_count", "_pairs")

    def __init__(self) -> None:
        """Create an empty table."""
        self._count, self._capacity = 0, SMALLEST
        self._pairs = array("q", (0,)) * (2 * SMALLEST)

    def __len__(self) -> int:
        """Give how many records it holds."""
        return self._count

    def sift(self, names: Sequence[int], contents: Sequence[int]) -> tuple[list[int], list[int]]:
        """Add records by the digests of their keys (`names`, never 0) and of their contents.

        Gives the positions of those that were there already, and of the new ones that share their key with an earlier one.
        After MOST_ALIKE records of one key the search goes on at a slot that the content gives, so that a key which all
        records share stays fast.
        """
        self.reserve(len(names))
        pairs, mask = self._pairs, 2 * self._capacity - 1
        known: list[int] = []
        same_key: list[int] = []
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
                if alike:
                    same_key.append(index)
            pairs[slot] = name
            pairs[slot + 1] = content
        self._count += len(names) - len(known)
        return known, same_key

    def probe(self, names: Sequence[int], contents: Sequence[int]) -> list[int]:
        """Give the positions of the records that are in the table, and add none."""
        pairs, mask = self._pairs, 2 * self._capacity - 1
        known: list[int] = []
        for index in [index for index, name in enumerate(names) if pairs[name << 1 & mask]]:
            name, content, alike = names[index], contents[index], 0
            slot = name << 1 & mask
            while (found := pairs[slot]) and (found != name or pairs[slot + 1] != content):
                slot = slot + 2 & mask
                if found == name:
                    alike += 1
                    if alike == MOST_ALIKE:
                        slot = content << 1 & mask
            if found:
                known.append(index)
        return known

    def reserve(self, more: int) -> None:
        """Make room for this many more records, so that a long list does not grow the table again and again."""
        capacity = self._capacity
        while self._count + min(more, MOST_RESERVED) > capacity * FULL_AT:
            capacity *= 2
        if capacity > self._capacity:
            self._move(capacity)

    def pairs(self) -> Iterator[tuple[list[int], list[int]]]:
        """Give what it holds, in batches: the digests of keys, and those of contents."""
        return _batches(self._pairs)

    def _move(self, capacity: int) -> None:
        held, self._capacity, self._count = self.pairs(), capacity, 0
        self._pairs = array("q", (0,)) * (2 * capacity)
        for names, contents in held:
            self.sift(names, contents)


def _batches(pairs: array[int]) -> Iterator[tuple[list[int], list[int]]]:
    for start in range(0, len(pairs), STEP):
        names, contents = pairs[start : start + STEP : 2], pairs[start + 1 : start + STEP : 2]
        yield list(filter(None, names)), list(compress(contents, names))


class KeyTable:
    """An open-addressing hash table of keys' digests, for counting the different ones."""

    __slots__ = ("_capacity", "_count", "_slots")

    def __init__(self) -> None:
        """Create an empty table."""
        self._count, self._capacity = 0, SMALLEST
        self._slots = array("q", (0,)) * SMALLEST

    def __len__(self) -> int:
        """Give how many different keys it holds."""
        return self._count

    def sift(self, names: Sequence[int]) -> list[int]:
        """Add keys by their digests; gives the positions of those that were there already. A digest of 0 is no key and is passed over."""
        self.reserve(len(names))
        slots, mask = self._slots, self._capacity - 1
        known: list[int] = []
        without = 0
        for index, name in enumerate(names):
            slot = name & mask
            while (found := slots[slot]) and found != name:
                slot = slot + 1 & mask
            if found:
                known.append(index)
            elif name:
                slots[slot] = name
            else:
                without += 1
        self._count += len(names) - len(known) - without
        return known

    def reserve(self, more: int) -> None:
        """Make room for this many more keys, so that a long list does not grow the table again and again."""
        capacity = self._capacity
        while self._count + min(more, 2 * MOST_RESERVED) > capacity * FULL_AT:
            capacity *= 2
        if capacity > self._capacity:
            old, self._slots = self._slots, array("q", (0,)) * capacity
            self._count, self._capacity = 0, capacity
            for start in range(0, len(old), STEP):
                self.sift(old[start : start + STEP])
