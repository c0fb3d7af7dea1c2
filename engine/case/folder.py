"""The folder of a case, `$HABEAS_HOME/cases/<REF>/`: open it, make it, find all of them, act in it.

Who acts is the user of the OS, unless the portal knows who signed in.
"""

from __future__ import annotations

import os
import pwd
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import cast

import msgspec

from engine.case import log as case_log
from engine.case.acts import Act, CaseOpened, LogLine, TakenIn
from engine.case.fold import Case, fold, step
from engine.case.guards import refusal
from engine.case.scratch import renamed
from engine.case.words import cannot
from engine.connection.digest_key import PersonDigest, digest_of_texts
from engine.connection.sealed_file import CASES
from engine.errors import HabeasError, UsageError
from engine.language.text.spec_name import REQUEST_NAME

NUMBER = re.compile(r"[0-9]{6}")
AS_IN = "such as DSR-17"
LETTERS = "letters"
PLACED = ("runs/[!.]*/", "received/*/[!.]*/", f"{LETTERS}/*", "mails/*")  # what gets its name before its act is written
CALLS = 6_000


def checked_reference(text: str) -> str:
    """Give a reference that may name a folder and stand in letters. Raises UsageError where it could be personal data or a path."""
    if "@" in text or NUMBER.search(text):
        message = f"a reference stands in logs and letters, so it holds no @ and no six digits in a row: choose another, {AS_IN}"
        raise UsageError(message)
    if not REQUEST_NAME.fullmatch(text) or ".." in text:
        message = f"a reference holds letters, digits, `.`, `_` and `-`, at most 64, and begins with a letter or digit: {AS_IN}"
        raise UsageError(message)
    return text


def user() -> str:
    """Give the name of the OS user who acts; the number where the system knows no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


class OpenCase(msgspec.Struct):
    """A case that was read: its folder, its acts and what they lead to; `half` bytes of a killed command lie behind them.

    `by`: who acts in it, where that is not the user of the OS.
    """

    folder: Path
    lines: tuple[LogLine, ...]
    case: Case
    half: int = 0
    by: str | None = None

    @property
    def who(self) -> str:
        """Name who acts."""
        return self.by or user()

    @property
    def reference(self) -> str:
        """Give the reference."""
        return self.folder.name

    @property
    def opened(self) -> CaseOpened:
        """Give the first act. Raises UsageError where the log does not begin with it."""
        if self.case.opened is None:
            message = f"{self.folder / case_log.LOG}: the log does not begin with `opened`: this is no case"
            raise UsageError(message)
        return self.case.opened

    @property
    def digest(self) -> PersonDigest | None:
        """Give the keyed digests of the person, from the log; None where it has none."""
        return digest_of_texts(self.case.key_id, self.case.digests) if self.case.key_id is not None else None

    def may(self, act: Act) -> None:
        """See that an act can be done now. Raises UsageError."""
        why = refusal(self.case, act)
        if why is not None:
            message = f"{self.reference}: {cannot(act)} now: {why}; nothing was written"
            raise UsageError(message)

    def as_if(self, act: Act | None, now: datetime) -> OpenCase:
        """Give the case as it will be after an act, which is not written: what a letter about it says."""
        if act is None:
            return self
        line = LogLine(n=self.case.n + 1, at=now, by=self.who, act=act, sha256="")
        return OpenCase(self.folder, self.lines, step(self.case, line), by=self.by)

    def acts(
        self,
        done: Sequence[Act],
        now: datetime,
        *,
        seen: int | None = None,
        by: str | None = None,
        doing: AbstractContextManager[object] | None = None,
    ) -> list[LogLine]:
        """Do several acts at once: all of them, or none; `doing` as in `log.append`. Raises UsageError, Stale, DiskError, OutputError."""
        for act in done:
            self.may(act)
        lines = case_log.append(self.folder, self.case.n if seen is None else seen, list(done), by or self.who, now, doing)
        for line in lines:
            self.case = step(self.case, line)
        self.lines, self.half = (*self.lines, *lines), 0
        return lines

    def act(self, act: Act, now: datetime, *, seen: int | None = None, by: str | None = None) -> LogLine:
        """Do one act: check that it may be done, append it, take it in. Raises UsageError, Stale, DiskError, OutputError.

        `seen` is the number of the last act that whoever decides has seen, by default this case's.
        """
        return self.acts([act], now, seen=seen, by=by)[0]

    def insist(self, act: Act, now: datetime) -> LogLine:
        """Do an act that does not hang on what somebody saw, such as that a run has ended: what others did meanwhile is taken in first."""
        while True:
            self._read_again()
            try:
                return self.act(act, now)
            except case_log.Stale:
                continue

    def acts_if_unchanged(self, done: Sequence[Act], now: datetime) -> bool:
        """Do acts that follow from the case as it was read; where others acted since, do none, and read what they did. Raises as `acts`."""
        try:
            self.acts(done, now)
        except case_log.Stale:
            self._read_again()
            return False
        return True

    def take(self, part: Path, name: Callable[[], Path], act: Callable[[Path], TakenIn], now: datetime) -> TakenIn:
        """Give a folder its name in the case, the first that `name` finds free, and record it: both, or none of it.

        Raises UsageError, DiskError, OutputError.
        """
        made = self.place([part], lambda: [name()], lambda places: [act(places[0])], now)
        return cast("TakenIn", made[0].act)

    def place(
        self, parts: Sequence[Path], names: Callable[[], Sequence[Path]], acts: Callable[[Sequence[Path]], Sequence[Act]], now: datetime
    ) -> list[LogLine]:
        """Give folders their names in the case and record all that they bring; as `take` does."""
        while True:
            self._read_again()
            places = names()
            try:
                return self.acts(acts(places), now, doing=renamed(parts, places))
            except case_log.Stale:
                continue

    def strays(self) -> list[str]:
        """Name runs, files, letters and mails that no act tells of: what a killed command had put in place and not recorded."""
        told = {getattr(line.act, name, None) for line in self.lines for name in ("folder", "letter", "mail")}
        found = [one for where in PLACED for one in self.folder.glob(where)]
        names = [(str(one.relative_to(self.folder)), one) for one in found]
        return sorted(name for name, one in names if not {name, name.removesuffix(one.suffix)} & told)

    def _read_again(self) -> None:
        log = case_log.read(self.folder)
        self.lines, self.case, self.half = log.lines, fold(log.lines), log.half


def open_case(home: Path, reference: str, by: str | None = None) -> OpenCase:
    """Read a case, for the user of the OS or for who is named. Raises UsageError where there is none, BrokenLog.

    From here on a record of it may be nested as deep as a run lets through; judging it takes a few calls a level.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), CALLS))
    folder = home / CASES / checked_reference(reference)
    if not folder.is_dir():
        message = f"there is no case {reference}: habeas case new {reference} opens it, habeas case list shows all"
        raise UsageError(message)
    log = case_log.read(folder)
    found = OpenCase(folder, log.lines, fold(log.lines), log.half, by)
    _ = found.opened
    return found


def references(home: Path) -> list[str]:
    """Give the references of all cases, in order; of one that lost its log too, which opening it tells."""
    try:
        return sorted(one.name for one in (home / CASES).iterdir() if REQUEST_NAME.fullmatch(one.name) and one.is_dir())
    except FileNotFoundError:
        return []


def same_person(home: Path, digests: Sequence[str], key_id: str, but: str) -> tuple[str, ...]:
    """Give the other cases in which one of these digests stands. A case whose log does not hold is passed over: `check-log` tells of it."""
    found = []
    for reference in references(home):
        try:
            case = open_case(home, reference).case if reference != but else None
        except HabeasError:
            continue
        if case is not None and case.key_id == key_id and set(case.digests) & set(digests):
            found.append(reference)
    return tuple(found)
