"""A batch of one machine that is killed, stopped and woken at the worst moments ends as one that nobody disturbed."""

from __future__ import annotations

import itertools
import random
import signal
import time
from pathlib import Path

from engine.errors import Exit
from engine.language.model.units import parse_rate
from tests.batch.conftest import proof_of
from tests.chaos import verdicts
from tests.chaos.conftest import CONNECTIONS, EVENTS, PEOPLE, SEED, Undisturbed
from tests.chaos.crowd import ALLOWED, VENDOR, write_spec
from tests.chaos.crowd_vendor import LIFE
from tests.chaos.director import Director, planned
from tests.chaos.vendor_process import VendorProcess
from tests.chaos.warm import Habeas
from tests.connection.kept import Kept

SHARES = {"killed": 50, "killed while renewing": 13, "woken": 10, "woken while renewing": 7, "told to end": 13, "told twice": 7}
ASLEEP = 2.0  # seconds
LONGEST = 120.0
STOPS = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


class Machine:
    """One machine's batch: the process that works on it, begun again by one of its commands whenever it has ended."""

    def __init__(self, folder: Path, vendor: VendorProcess, people: Path, dice: random.Random) -> None:
        self.out, self.vendor, self.dice, self.log = folder / "out", vendor, dice, folder / "log"
        kept = Kept(folder)
        vendor.connect(kept, CONNECTIONS)
        self.environ = vendor.environ(kept)
        self.commands = itertools.cycle((("batch", str(people), "--vendor", VENDOR, "--out", str(self.out)), ("resume", str(self.out))))
        self.process = self.begun(next(self.commands))

    def begun(self, words: tuple[str, ...]) -> Habeas:
        """Begin a command."""
        return Habeas(words, self.environ, self.log)

    def watch(self) -> None:
        """See that it works."""
        assert self.process.alive, self.log.read_text("utf-8")[-3000:]

    def disturb(self, kind: str) -> None:
        """Do what an event is called."""
        if kind in ("killed", "killed while renewing"):
            self._signal(signal.SIGKILL, renewing="renewing" in kind)
            self._again(-signal.SIGKILL)
        elif kind in ("woken", "woken while renewing"):
            self._signal(signal.SIGSTOP, renewing="renewing" in kind)
            self._beside()
            time.sleep(ASLEEP)  # SLEEPS: real processes and their server take real time
            self._signal(signal.SIGCONT)
        else:
            number = self.dice.choice(list(STOPS))
            self._signal(number)
            if kind == "told twice":
                self._signal(number)
            self._again(STOPS[number], -number)

    def _signal(self, number: signal.Signals, *, renewing: bool = False) -> None:
        told = self.vendor.ask("refreshing", number=int(number)) if renewing else None
        if told is None:
            self.vendor.ask("signal", pid=self.process.pid, number=int(number))
        else:
            assert told["pid"] == self.process.pid

    def _beside(self) -> None:
        """Another process cannot go on beside one that sleeps."""
        other = self.begun(("resume", str(self.out)))
        assert other.ended(LONGEST) == Exit.INCOMPLETE
        assert "another process works on this batch" in self.log.read_text("utf-8")

    def _again(self, *codes: int) -> None:
        ended = self.process.ended(LONGEST)
        if ended is None:
            self.process.dump()
        assert ended in codes, self.log.read_text("utf-8")[-6000:]
        self.process = self.begun(next(self.commands))


def test_a_disturbed_batch_ends_as_an_undisturbed_one(undisturbed: Undisturbed, tmp_path, record_property):
    """None is lost, every result is that of a batch left alone, no limit is exceeded, no token renewed twice, nobody named elsewhere."""
    dice = random.Random(SEED)
    with VendorProcess(tmp_path / "vendor", write_spec(tmp_path / "specs"), seed=SEED, limited=True, faulty=True) as vendor:
        machine = Machine(tmp_path, vendor, undisturbed.people, dice)
        director = Director(vendor, planned(SHARES, EVENTS, dice), undisturbed.asked)
        try:
            for kind in director.each(machine.watch):
                machine.disturb(kind)
            seen = verdicts.command_lines()
            code = machine.process.ended(LONGEST)
        finally:
            machine.process.end()
    record_property("disturbed", director.rows(PEOPLE))
    words = f"seed {SEED}: {machine.log.read_text('utf-8')[-3000:]}"
    assert code == Exit.COMPLETE, words
    rows = proof_of(machine.out)["people"]
    texts = {path.name: path.read_bytes() for path in (machine.log, *machine.out.glob("batch.*"))}
    assert verdicts.few(verdicts.lost(rows, undisturbed.results)) == "", words
    assert verdicts.few(verdicts.different(machine.out, rows, undisturbed.results)) == "", words
    assert verdicts.few(verdicts.left_over(machine.out, rows)) == "", words
    assert verdicts.few(verdicts.too_fast(vendor.log, parse_rate(ALLOWED))) == "", words
    assert verdicts.few(verdicts.renewed_too_often(vendor.log, LIFE)) == "", words
    assert verdicts.few(verdicts.named_somebody({**texts, **seen})) == "", words
