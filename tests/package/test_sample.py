"""The sample package in docs/package: whole, signed by the key beside it, of nobody, and small."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from engine.net.transport import Transport
from engine.package.verify_bag import verify
from tests.package.sample import SAMPLE, SIGNERS, write

T = TypeVar("T")
LARGEST = 1_200_000
SIGNED = {"signers.txt", "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig"}


def files(sample: Path = SAMPLE) -> list[Path]:
    """Give every file of a sample."""
    return [path for path in sample.rglob("*") if path.is_file()]


def told(sample: Path) -> dict[str, object]:
    """Give what each file holds, but for who signed the sample and when."""
    found: dict[str, object] = {str(path.relative_to(sample)): path.read_bytes() for path in files(sample) if path.name not in SIGNED}
    head = json.loads((sample / "habeas.json").read_bytes())
    return {**found, "habeas.json": {**head, "made": "", "log": {**head["log"], "sha256": ""}}}


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


def today() -> tuple[date, date]:
    """Give the day that it is, in UTC and where the machine stands: a sample holds both."""
    now = datetime.now(UTC)
    return now.date(), now.astimezone().date()


def in_one_day(make: Callable[[], T], day: Callable[[], object] = today) -> T:
    """Make what differs from day to day; anew where the day changed meanwhile."""
    while True:
        before, made = day(), make()
        if day() == before:
            return made


def test_samples_of_two_days_are_not_compared():
    """Where midnight falls between them both are made again."""
    days, made = iter(["Monday", "Tuesday", "Tuesday", "Tuesday"]), iter(["over midnight", "after it"])
    assert in_one_day(lambda: next(made), lambda: next(days)) == "after it"


def test_the_sample_is_the_same_whoever_answers_first(tmp_path, monkeypatch):
    """Made anew, it shows what has changed and nothing else: records do not change places."""
    send, count = Transport.send, itertools.count()

    async def late(transport, request):
        answer = await send(transport, request)
        if "option=meeting_authentication" in request.url:
            await asyncio.sleep(0.05)  # SLEEPS: the other answers take real time
        return answer

    def made(how) -> dict[str, object]:
        work = tmp_path / str(next(count))
        with monkeypatch.context() as patch:
            patch.setattr(Transport, "send", how)
            write(work / "of it", work / "sample", work / "signers")
        return told(work / "sample")

    first, second = in_one_day(lambda: (made(send), made(late)))
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
