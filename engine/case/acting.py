"""What people do in a case, from the shell and from the portal alike: the checks that come before an act, and the letter with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path

import msgspec

from engine.case import acts
from engine.case.folder import OpenCase
from engine.case.letters import MoreWords, letter, write_letter
from engine.case.person import read_person
from engine.case.regimes import due, office, regime_of
from engine.case.words import too_late
from engine.connection.vault import Vault
from engine.errors import UsageError
from engine.replaced import replace

LETTERS: Mapping[str, Callable[[str, str | None], acts.Act]] = {
    "acknowledge": lambda _, letter: acts.Acknowledged(letter=letter),
    "extend": lambda why, letter: acts.Extended(why=why, letter=letter),
    "deny": lambda why, letter: acts.Denied(why=why, letter=letter),
    "conclude": lambda _, letter: acts.Concluded(letter=letter),
    "deliver": lambda how, letter: acts.Delivered(how=how, letter=letter),
}


class WantedLetter(msgspec.Struct, frozen=True):
    """An act that comes with a letter: acknowledge, extend, deny, conclude or deliver; why or how, and further words of the letter.

    `ground` is what a denial is counted under.
    """

    kind: str
    why: str | None = None
    more: MoreWords | None = None
    ground: acts.Ground = "other"

    def act(self, letter: str | None) -> acts.Act:
        """Give the act, with the letter's name where it is written."""
        done = LETTERS[self.kind](self.why or "", letter)
        return replace(done, ground=self.ground) if isinstance(done, acts.Denied) else done


def do_with_letter(case: OpenCase, home: Path, wanted: WantedLetter, today: date, now: Callable[[], datetime]) -> str:
    """Do an act that comes with a letter; gives the letter's name. Nothing is sent.

    Raises UsageError, NotConnected, Stale, DiskError, OutputError.
    """
    kind, why = wanted.kind, wanted.why
    why_not = too_late(regime_of(case.opened.regime), due(case.case, home), today) if kind == "extend" else None
    if why_not is not None:
        message = f"{why_not}; nothing was written"
        raise UsageError(message)
    act = wanted.act(None)
    case.may(act)
    made = letter(home, case.as_if(act, now()), read_person(Vault(home).keys, case.folder), kind, why, wanted.more)
    name = write_letter(case, kind, made, office(home), now())
    case.act(wanted.act(name), now())
    return name


def pause(case: OpenCase, why: str, now: datetime) -> None:
    """Stop the clock. Raises UsageError where the law does not allow it, Stale, DiskError, OutputError."""
    law = regime_of(case.opened.regime)
    if not law.pause:
        message = f"{law.title} does not let the clock stand still; nothing was written"
        raise UsageError(message)
    case.act(acts.Paused(why=why), now)


def excuses(case: OpenCase, what: str, say: str) -> list[acts.Act]:
    """Give the acts that accept a gap (`zoom/meetings`), all that are open of a vendor's run, or a whole vendor.

    Raises UsageError where nothing is missing.
    """
    vendor, _, endpoint = what.partition("/")
    missing = [*(name for name, part in case.case.vendors.items() if not part.here)]
    missing += [f"{name}/{gap.endpoint}" for name, part in case.case.vendors.items() for gap in part.open_gaps]
    known = [f"{name}/{gap.endpoint}" for name, part in case.case.vendors.items() for gap in part.gaps]
    known += [name for name, part in case.case.vendors.items() if part.left_out is not None]
    part = case.case.vendors.get(vendor)
    if part is not None and part.run is not None and endpoint in part.run.unasked:
        message = f"{what} was not asked, because whether {vendor} knows the person is unproven: that is the gap, {vendor}/lookup"
        raise UsageError(message)
    every: list[str | None] = [gap.endpoint for gap in part.open_gaps] if part is not None and part.here and not endpoint else []
    if not every and what not in (*missing, *known):
        message = f"{what}: nothing is missing there; what is missing: {', '.join(missing) or 'nothing'}"
        raise UsageError(message)
    return [acts.Excused(vendor=vendor, endpoint=name, say=say) for name in every or [endpoint or None]]
