"""`habeas purge`: delete what ended cases no longer need, by class and age, and say what was deleted and what is not."""

from __future__ import annotations

from engine.case.folder import open_case, references
from engine.case.purge import over, purge
from engine.case.retention import purged_words, wanted_retention
from engine.cli.case import now
from engine.cli.formatting import print_text
from engine.connection.state_folder import home
from engine.errors import Exit, HabeasError


def purge_command(older_than: str | None, classes: str | None, *, dry_run: bool) -> int:
    """Delete in every case what is due. Gives the exit code. Raises UsageError where nobody says how long anything is kept."""
    where, at = home(), now()
    kept = wanted_retention(where, older_than, [one.strip() for one in classes.split(",")] if classes is not None else None)
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
            print_text(f"{reference}: {'would delete' if dry_run else 'deleted'} {purged_words(done)}")
        elif case.case.phase == "released":
            print_text(f"{reference}: released and not closed, so nothing of it is deleted: habeas case close {reference}")
    if not did and not look:
        print_text("Nothing is due to be deleted.")
    return Exit.INCOMPLETE if look else Exit.COMPLETE
