"""Which records were written already: a flat table of digests, 16 bytes a record, never Python objects.

A slot holds the hashes of a record's key and of its bytes. Both come from Python's keyed SipHash, whose secret is new
in every process, so 128 bits must agree by chance before a record is taken for another; with PYTHONHASHSEED=0 the
secret is known, but a record is still dropped only if key and bytes agree in 2 x 64 bits. Nothing here is ever stored.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

SMALLEST = 1 << 10
MASK = (1 << 64) - 1
FULL_AT = 0.7


class Seen:
    """An open-addressing table of (key, content) pairs that doubles when it is full."""

    __slots__ = ("_capacity", "_contents", "_count", "_keys")

    def __init__(self) -> None:
        """Begin small."""
        self._capacity = SMALLEST
        self._keys = array("Q", bytes(8 * SMALLEST))
        self._contents = array("Q", bytes(8 * SMALLEST))
        self._count = 0

    def __len__(self) -> int:
        """Say how many records are remembered."""
        return self._count

    def sift(self, keys: Sequence[bytes | None], records: Sequence[bytes]) -> tuple[list[int], int, int]:
        """Remember records and give the positions of those that are new, how many are not, how many share a key.

        A record without a key is known by its bytes alone.
        """
        while self._count + len(records) > self._capacity * FULL_AT:
            self._grow()
        table, contents, mask = self._keys, self._contents, self._capacity - 1
        kept: list[int] = []
        same_key = 0
        for index, record in enumerate(records):
            content = (hash(record) & MASK) or 1
            key = keys[index]
            name = content if key is None else (hash(key) & MASK) or 1
            slot, shared = name & mask, False
            while table[slot]:
                if table[slot] == name:
                    if contents[slot] == content:
                        break
                    shared = True
                slot = (slot + 1) & mask
            else:
                table[slot], contents[slot] = name, content
                kept.append(index)
                same_key += shared
        self._count += len(kept)
        return kept, len(records) - len(kept), same_key

    def _grow(self) -> None:
        old_keys, old_contents = self._keys, self._contents
        self._capacity *= 2
        self._keys = array("Q", bytes(8 * self._capacity))
        self._contents = array("Q", bytes(8 * self._capacity))
        table, contents, mask = self._keys, self._contents, self._capacity - 1
        for index, name in enumerate(old_keys):
            if name:
                slot = name & mask
                while table[slot]:
                    slot = (slot + 1) & mask
                table[slot], contents[slot] = name, old_contents[index]
