"""`habeas purge`: delete what ended cases no longer need, by class and age, and say what was deleted and what is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.case.folder import open_case, references
from engine.case.purge import CLASSES, PurgedFiles, Retention, over, purge
from engine.case.regimes import office, retention, span_of_days
from engine.cli.case import now
from engine.cli.formatting import print_text
from engine.connection.state_folder import home
from engine.core.sizes import size_text
from engine.errors import Exit, HabeasError, UsageError
from engine.language.text.mistakes import Misfit, counted

USUAL = ("raw", "received", "release")


def purge_command(older_than: str | None, classes: str | None, *, dry_run: bool) -> int:
    """Delete in every case what is due. Gives the exit code. Raises UsageError where nobody says how long anything is kept."""
    where, at = home(), now()
    kept = _kept(where, older_than, [one.strip() for one in classes.split(",")] if classes is not None else None)
    did = look = False
    for reference in references(where):
        try:
            case = open_case(where, reference)
            done = over(case, kept, at) if dry_run else purge(case, kept, at)
        except HabeasError as error:
            print_text(f"error: {reference}: {error}", err=True)
            look = True
            continue
        if done:
            did = True
            print_text(f"{reference}: {'would delete' if dry_run else 'deleted'} {_words(done)}")
        elif case.case.phase == "released":
            print_text(f"{reference}: released and not closed, so nothing of it is deleted: habeas case close {reference}")
    if not did and not look:
        print_text("Nothing is due to be deleted.")
    return Exit.INCOMPLETE if look else Exit.COMPLETE


def _kept(where: Path, older_than: str | None, names: Sequence[str] | None) -> Retention:
    """Give how long each class is kept: as the command says, else as the office does. Raises UsageError."""
    wrong = [one for one in names or () if one not in CLASSES]
    if wrong:
        message = f"--class {wrong[0]}: there are {', '.join(CLASSES)}; nothing was deleted"
        raise UsageError(message)
    if older_than is not None:
        try:
            return dict.fromkeys(names or USUAL, span_of_days(older_than))
        except Misfit as error:
            message = f"--older-than: {error}: {error.hint}; nothing was deleted"
            raise UsageError(message) from None
    told = retention(office(where))
    kept = {name: span for name, span in told.items() if names is None or name in names}
    missing = [one for one in names or () if one not in told]
    if missing or not kept:
        what = f"how long {', '.join(missing)} is kept" if missing else "how long anything is kept"
        line = "`retention: {raw: 30d, received: 30d, release: 6mo}`"
        message = (
            f"nobody says {what} after a case has ended: write {line} into {where / 'office.yaml'}, or --older-than; nothing was deleted"
        )
        raise UsageError(message)
    return kept


def _words(done: Iterable[PurgedFiles]) -> str:
    return ", ".join(f"{one.name} ({counted(one.files, 'file')}, {size_text(one.size)})" for one in done)
