"""Files of a case: `/case/X/preview/...` are the pages of a package as the person will see them, `sealed` is what is handed over.

The pages are locked down: no script, no form, nothing from elsewhere. `letter/...` are letters and mails, to be saved.

Only what the bag holds is sent, and only our own pages are shown; whatever came from a vendor or an owner is a file to be saved.
"""

from __future__ import annotations

from pathlib import Path

from engine.case.folder import OpenCase
from engine.case.release import built_package
from engine.case.releases import released_package
from engine.errors import HabeasError, UsageError
from engine.package.bag_names import DATA, name_fault
from engine.package.seal import ENDS
from engine.portal.asked import AskedPage, NotThere, SentFile

SHOWN = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8"}
LOCKED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-same-origin",  # bare, it would have no origin, and not get its own style sheet
    "X-Frame-Options": "SAMEORIGIN",
}


def show_preview(asked: AskedPage, _: HabeasError | None) -> SentFile:
    """Send a file of the package that was made, or of the one that was released. Raises UsageError."""
    bag, name = _bag(asked.case), asked.names["path"]
    path = bag / name
    if name_fault(name) is not None or not path.is_file() or not path.resolve().is_relative_to(bag.resolve()):
        message = f"the package holds no {Path(name).name}"
        raise UsageError(message)
    kind = SHOWN.get(path.suffix) if name.partition("/")[0] != DATA else None
    return SentFile(path, kind, path.name, LOCKED)


def show_sealed(asked: AskedPage, _: HabeasError | None) -> SentFile:
    """Send what was sealed, to be saved. Raises UsageError."""
    bag = _bag(asked.case)
    found = [path for end in ENDS.values() if (path := bag.parent / f"{bag.name}{end}").is_file()]
    if asked.case.case.phase != "released" or not found:
        message = f"nothing of {asked.case.reference} was sealed, or it is no longer there"
        raise UsageError(message)
    return SentFile(found[0], None, found[0].name, LOCKED)


def show_letter(asked: AskedPage, _: HabeasError | None) -> SentFile:
    """Send a letter or a mail that an act of the case tells of, to be saved. Raises NotThere, UsageError."""
    case, name = asked.case, asked.names["path"]
    told = {getattr(line.act, "mail", None) for line in case.lines}
    told |= {f"{folder}/mail.eml" for line in case.lines if (folder := getattr(line.act, "folder", None))}
    told |= {f"{letter}.eml" for line in case.lines if (letter := getattr(line.act, "letter", None))}
    path = case.folder / name
    if name not in told or not path.is_file() or not path.resolve().is_relative_to(case.folder.resolve()):
        message = f"{case.reference} has no such letter: the pages Overview and Letters lead to those that it has"
        raise NotThere(message)
    return SentFile(path, None, path.name, LOCKED)


def _bag(case: OpenCase) -> Path:
    found = released_package(case) if case.case.phase == "released" else built_package(case)
    if found is None or not found.bag.is_dir():
        message = f"{case.reference} has no package"
        raise UsageError(message)
    return found.bag
