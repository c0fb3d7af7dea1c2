"""`python -m engine.portal.errand_process FD`: do the errand whose order stands in the open file, and say in it how far it is."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from engine.case.act_sentences import found_words, gap_words
from engine.case.build import build
from engine.case.fetch import Fetched, Fetching, fetch
from engine.case.folder import OpenCase, open_case
from engine.case.person import read_person
from engine.case.slipped import WouldLeave
from engine.case.to_fetch import addresses_of, record_person, vendors_of
from engine.case.words import Called
from engine.connection.digest_key import digest_key
from engine.connection.signing_key import signing_key
from engine.connection.vault import Vault
from engine.core.ledger import BY_ORDER, Entry, Outcome
from engine.decoding import decoder
from engine.errors import Exit, HabeasError, defect
from engine.language.text.mistakes import counted
from engine.portal.errand import ErrandLine, ErrandOrder
from engine.portal.titles import outcome_words, reason_words, system_titles

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
MOST_SLIPPED = 100  # that are told


class Tell(Protocol):
    """Writes a line of the errand's file."""

    def __call__(self, said: str, **more: Any) -> None:
        """Write it."""


def now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


def main(arguments: list[str]) -> int:
    """Do the errand; its last line says how it ended."""
    file = int(arguments[0])
    first = os.pread(file, 1 << 16, 0).partition(b"\n")[0]
    order = decoder(ErrandOrder).decode(first)

    def tell(said: str, **more: Any) -> None:
        os.write(file, msgspec.json.encode(ErrandLine(said, now(), **more)) + b"\n")

    tell("its process has begun", process=os.getpid())
    try:
        case = open_case(Path(order.home), order.reference, order.by)
        whole = DOES[order.kind](order, case, tell)
        tell("", ended=whole)
    except WouldLeave as error:
        tell("something that is withheld would leave, so nothing was made", ended=False, slipped=tuple(error.slipped[:MOST_SLIPPED]))
    except HabeasError as error:
        tell(str(error), ended=False)
    except Exception as error:  # noqa: BLE001  a traceback could hold personal data
        tell(f"{defect(error)}; please report it with this line", ended=False)
    return 0


def run(order: ErrandOrder, case: OpenCase, tell: Tell) -> bool:
    """Fetch at the vendors of a case and take the runs in. Raises HabeasError."""
    home = Path(order.home)
    vendors = vendors_of(case, order.vendors)
    person, there = read_person(Vault(home).keys, case.folder), addresses_of(order.at, [one.name for one in vendors])
    record_person(case, home, person, now())
    called = system_titles(home, case, vendors)
    how = Fetching(
        person=person,
        clock=now,
        files=order.files,
        at=there,
        ended=lambda vendor, entry: _tell_entry(tell, vendor, entry, called),
        waiting=lambda vendor: tell(f"{called(vendor, None)}: another fetch uses this connection: this one waits for its turn"),
        told=lambda vendor, words: tell(f"{called(vendor, None)}: {words}"),
    )

    async def until_stopped() -> list[Fetched]:
        for number in ENDING:
            asyncio.get_running_loop().add_signal_handler(number, how.stopping.stop, Exit.TERMINATED)
        return await fetch(case, vendors, how)

    found = asyncio.run(until_stopped())
    for fetched in found:
        tell(f"{called(fetched.vendor, None)}: {_said(fetched, called)}")
    return all(one.exit_code is Exit.COMPLETE for one in found)


def _tell_entry(tell: Tell, vendor: str, entry: Entry, called: Called) -> None:
    if entry.outcome is not Outcome.EXCLUDED or entry.reason != BY_ORDER:
        reason = f": {reason_words(entry.reason, vendor, called)}" if entry.reason else ""
        records = counted(entry.tally.records, "record")
        tell(f"{called(vendor, None)}, {called(vendor, entry.name)}: {outcome_words(entry.outcome)}, {records}{reason}", kind=True)


def _said(one: Fetched, called: Called) -> str:
    if one.report is None or one.taken is None:
        return f"nothing was taken in: {one.error or 'stopped before its run began'}"
    missing = ", ".join(gap_words(gap, partial(called, one.vendor)) for gap in one.taken.gaps)
    return f"taken in, {found_words(one.taken.subject)}" + (f"; missing: {missing}" if missing else "")


def make(order: ErrandOrder, case: OpenCase, tell: Tell) -> bool:
    """Make the package. Raises HabeasError."""
    home = Path(order.home)
    tell("records, policies and decisions are put together, then searched for what was withheld")
    vault = Vault(home)
    made = build(case, read_person(vault.keys, case.folder), digest_key(home), signing_key(vault), home)
    tell(f"the package {made.built.sha256} lies in the case")
    return True


DOES: dict[str, Callable[[ErrandOrder, OpenCase, Tell], bool]] = {"run": run, "build": make}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
