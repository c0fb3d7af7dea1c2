"""Why a run ends before its end: an interrupt, a disk that refuses a write, a bug of Habeas, somebody who listens and fails."""

from __future__ import annotations

import asyncio

from engine.errors import DiskError, Exit


def unwrap_group(error: ExceptionGroup[DiskError] | DiskError) -> DiskError:
    """Give the first error of an exception group, which may hold groups."""
    return unwrap_group(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


class RunCut:
    """What cut a run short, if anything did. `words` stand with whatever was not read to its end; `defect` alone ends nothing."""

    def __init__(self) -> None:
        """Nothing happened yet."""
        self.words: str | None = None
        self.signal: Exit | None = None
        self.error: DiskError | None = None
        self.defect: str | None = None
        self.listener_error: BaseException | None = None
        self._body: asyncio.Task[None] | None = None

    def ends(self, body: asyncio.Task[None]) -> None:
        """Name the task that ends when the run is cut short; at once where it was already."""
        self._body = body
        if self.words is not None:
            body.cancel()

    def interrupt(self, signal: Exit) -> None:
        """End the run now; `signal` becomes its exit code."""
        self.signal = signal
        self._stop("interrupted")

    def disk(self, error: DiskError) -> None:
        """End the run: nothing more can be kept."""
        self.error = self.error or error
        self._stop("the disk is full" if "full" in str(error) else "the disk refused a write")

    def broken(self, words: str) -> None:
        """Note a bug of Habeas; the first one is told."""
        self.defect = self.defect or words

    def listener(self, error: BaseException) -> None:
        """Note that whoever listens to the run failed; only a KeyboardInterrupt, SystemExit or the like ends it."""
        self.listener_error = self.listener_error or error
        if not isinstance(error, Exception):
            self.interrupt(Exit.INTERRUPTED)

    def _stop(self, words: str) -> None:
        self.words = self.words or words
        if self._body is not None:
            self._body.cancel()
