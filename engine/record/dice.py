"""Chance that depends on a key and nothing else: the same question has the same answer while the key lives, and none afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
BLOCK = 4


class Rolls:
    """One endless row of rolls."""

    def __init__(self, seed: bytes) -> None:
        """Begin a row; the seed is secret."""
        self._seed, self._block, self._number = seed, b"", 0

    def below(self, limit: int) -> int:
        """Roll 0 to `limit` - 1; a limit under 2**64."""
        if len(self._block) < 8:
            self._block += hashlib.shake_256(self._seed + self._number.to_bytes(8, "big")).digest(8 * BLOCK)
            self._number += 1
        taken, self._block = self._block[:8], self._block[8:]
        return int.from_bytes(taken, "big") % limit

    def pick(self, choices: Sequence[T]) -> T:
        """Take one of several."""
        return choices[self.below(len(choices))]


class Dice:
    """Rolls by question. Without the key nobody can find out by guessing which value a stand-in stands for."""

    def __init__(self, key: bytes) -> None:
        """Take a key of at least 16 bytes: random, and thrown away after the recording."""
        self._key = key

    def rolls(self, *question: str) -> Rolls:
        """Give the rolls that belong to a question."""
        digest = hashlib.blake2b(key=self._key[:64])
        for word in question:
            raw = word.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
        return Rolls(digest.digest())
