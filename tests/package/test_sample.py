"""The sample package in fixtures/package: whole, signed by the key beside it, of nobody, and small."""

from __future__ import annotations

from pathlib import Path

from engine.package.verify_bag import verify
from tests.package.sample import SAMPLE, SIGNERS

LARGEST = 1_200_000


def files() -> list[Path]:
    """Give every file of the sample."""
    return [path for path in SAMPLE.rglob("*") if path.is_file()]


def test_the_sample_has_no_fault_and_is_signed_by_a_known_key():
    """`habeas package verify` finds it whole, and says that the person is simulated."""
    verdict = verify(SAMPLE, SIGNERS)
    assert verdict.exit_code == 0
    assert not verdict.faults
    assert "of a simulated person" in "\n".join(verdict.lines())


def test_the_sample_is_small_and_holds_no_media():
    """It is read in the repository: nobody wants to fetch sound and pictures of nobody."""
    assert sum(path.stat().st_size for path in files()) < LARGEST
    assert {path.suffix for path in files()} <= {".html", ".css", ".json", ".csv", ".txt", ".sig"}


def test_the_sample_says_what_was_found_missing_and_withheld():
    """The page that a person opens first has an answer to each, and names somebody who may be asked."""
    page = (SAMPLE / "index.html").read_text("utf-8")
    for words in ("This is a rehearsal", "but for", "Write to privacy@example.com, and name SAMPLE-1.", "no media files"):
        assert words in page
