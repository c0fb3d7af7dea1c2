"""`/case/X/package`: make the package, see what its check found, approve it, and seal it; the passphrase is shown once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast, get_args

import msgspec

from engine.case.folder import OpenCase
from engine.case.person import read_person
from engine.case.regimes import office
from engine.case.release import approve, built_package, record_release, refusals, release, to_release, told_size
from engine.case.releases import BuiltPackage, Package, package_of, released_package
from engine.case.review import waiting
from engine.case.words import blocks
from engine.connection.signing_key import SigningKey, signing_key
from engine.connection.vault import Vault
from engine.errors import HabeasError, UsageError
from engine.language.text.mistakes import counted
from engine.package.seal import SealKind
from engine.portal.asked import AskedPage, Portrayed, portray
from engine.portal.case_head import case_head
from engine.portal.errand import Errand, ErrandOrder, begin
from engine.portal.guard import HEADERS
from engine.portal.run_page import began, errand_of, refreshed
from engine.portal.seen import shown_where_withheld
from engine.portal.titles import system_titles
from engine.portal.two_places import SlippedRow, two_places
from engine.portal.users import read_users
from engine.portal.ways import is_fetched_from

SEALS = {
    "page": "A page that asks for a passphrase: any browser opens it",
    "zip": "An encrypted zip, for what is big: needs 7-Zip",
    "none": "Not sealed: whoever has it can read it",
}


UNREADY = {
    "over": "the case is over",
    "deletion": "a deletion is asked for, and a letter answers that",
    "fetch": "nothing was fetched",
    "values": "something waits for a decision, or nobody has looked at what was found",
    "released": "it was released: only what is fetched or decided anew is packed again",
}


class PackageShown(msgspec.Struct, frozen=True):
    """What the page says of a package; `why_not` are the sentences that stand between it and its approval.

    `folder` is where it lies, for who is the user of the machine; `others_may`: nothing but who asks stands in the way.
    """

    folder: str | None
    size: str
    sha256: str
    records: int
    kept_back: str
    files: int
    whole: int
    opaque: int
    elsewhere: tuple[str, ...]
    given_too: tuple[SlippedRow, ...] = ()
    why_not: tuple[str, ...] = ()
    others_may: bool = False


def show_package(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show the package of a case, and the one act that comes next."""
    case = asked.case
    undecided, fault = _undecided(asked, case)
    found, why = _present(case)
    step = _step(case, found, undecided)
    errand, broken = errand_of(case, "build")
    titles = system_titles(asked.home, case)
    made = portray(
        "package.html",
        asked,
        error,
        **case_head(asked, case, "package"),
        step=step,
        by_mail=step == "fetch" and not is_fetched_from(case),
        shown=_shown(asked, case, found) if found is not None else None,
        why=fault or broken or why,
        undecided=undecided,
        settle=[one.what for one in blocks(case.case, case.reference, 0, titles)] if step in ("build", "release") else [],
        nobody_answers=step == "build" and not office(asked.home).controller,
        seals=SEALS,
        approvers=_approvers(asked, case) if step == "approve" else [],
        errand=errand,
        began=began(errand),
        still=asked.query.get("still") == "1",
        kind_called=titles,
        slipped=list(_slipped(asked, case, errand)) if step == "build" and errand is not None and not errand.lives else [],
    )
    framing = {"Content-Security-Policy": HEADERS["Content-Security-Policy"] + "; frame-src 'self'"}
    return refreshed(asked, errand, Portrayed(made.html, made.status, framing))


def _approvers(asked: AskedPage, case: OpenCase) -> list[str]:
    """Name who may approve it, as far as roles go: of those who sign in, whoever has decided nothing that counts."""
    try:
        users = read_users(asked.home)
    except HabeasError:
        return []
    decided = {case.lines[number - 1].by for number in case.case.decisions}
    return [name for name, user in users.items() if user.role == "approve" and name not in decided]


def _slipped(asked: AskedPage, case: OpenCase, errand: Errand) -> Iterator[SlippedRow]:
    """Say what would have left with the package that was not made, by the kinds in which it can be decided about."""
    every = [value for line in errand.lines for value in line.slipped]
    return two_places(every, shown_where_withheld(asked, case, every))


def _undecided(asked: AskedPage, case: OpenCase) -> tuple[int | None, str | None]:
    try:
        return waiting(case, asked.home, asked.now), None
    except HabeasError as error:
        return None, str(error)


def _present(case: OpenCase) -> tuple[Package | None, str | None]:
    """Give the package that the page is about; where there is none, or it no longer holds what was decided, why."""
    try:
        if case.case.phase == "released":
            return released_package(case), None
        return (built_package(case), None) if package_of(case) is not None else (None, None)
    except HabeasError as error:
        what = str(error).partition(": habeas ")[0]  # what makes it anew is a button of this page
        return None, f"{what[:1].upper()}{what[1:]}."


def _step(case: OpenCase, found: Package | None, undecided: int | None) -> str:
    """Name what comes next: deletion (no package at all), fetch, values, build, approve, release, released; or that nothing does."""
    if case.case.phase in ("closed", "denied", "withdrawn"):
        return "over"
    if case.case.phase == "released":
        return "released"
    if case.opened.right == "deletion":
        return "deletion"
    if case.case.phase == "open" or not any(part.here for part in case.case.vendors.values()):
        return "fetch"
    if undecided is None or undecided:
        return "values"
    if found is None:
        return "build"
    return "release" if case.case.approved == found.built.sha256 else "approve"


def _shown(asked: AskedPage, case: OpenCase, found: Package) -> PackageShown:
    told = found.built
    why = tuple(_lacking(asked, case, found)) if case.case.phase != "released" else ()
    return PackageShown(
        folder=str(found.bag / "index.html") if asked.by is None else None,
        size=told_size(found.bag) if found.bag.is_dir() else "no longer there",
        sha256=told.sha256,
        records=told.records,
        kept_back=kept_back_words(told),
        opaque=told.opaque,
        files=told.files,
        whole=told.whole,
        elsewhere=told.elsewhere,
        given_too=tuple(two_places(told.given_too, shown_where_withheld(asked, case, told.given_too))),
        why_not=why,
        others_may=asked.by is not None and next(blocks(case.case, case.reference, 0), None) is None,
    )


def kept_back_words(told: BuiltPackage) -> str:
    """Say what is withheld: places inside records, whole records, and files, which an older package did not count."""
    numbers = {"place": told.withheld, "whole record": told.held, **({"file": told.held_files} if told.held_files is not None else {})}
    found = {noun: counted(number, noun) for noun, number in numbers.items() if number} or {noun: f"no {noun}" for noun in numbers}
    *more, last = [f"{words} inside records" if noun == "place" else words for noun, words in found.items()]
    return f"{', '.join(more)} and {last}" if more else last


def do_package(asked: AskedPage) -> str | Portrayed:
    """Build, approve or seal. Raises Stale, UsageError, Refused, NotConnected, InUse, SpecError, DiskError, OutputError."""
    case, wish = asked.seen_case(), asked.said("do")
    if wish == "build":
        _build(asked, case)
    elif wish == "approve":
        _approve(asked, case)
    elif wish == "release":
        return _release(asked, case)
    else:
        message = "the form names no act: open the page again; nothing was written"
        raise UsageError(message)
    return f"/case/{case.reference}/package"


def _lacking(asked: AskedPage, case: OpenCase, found: Package) -> Iterator[str]:
    """Say why whoever asks may not approve a package: where people sign in, two are needed, and one of them has the role."""
    if not asked.may_approve:
        yield f"the role of {asked.by} is to review: somebody whose role is to approve does this"
    yield from (one.what for one in refusals(case, found, case.who, system_titles(asked.home, case), four_eyes=asked.by is not None))


def _build(asked: AskedPage, case: OpenCase) -> None:
    """Begin to make the package. Raises UsageError where it cannot be made now, InUse, NotConnected, DiskError, OutputError."""
    step = _step(case, _present(case)[0], waiting(case, asked.home, asked.now))
    if step in UNREADY:
        message = f"no package can be made: {UNREADY[step]}; nothing was begun"
        raise UsageError(message)
    read_person(Vault(asked.home).keys, case.folder)
    begin(case, ErrandOrder(home=str(asked.home), reference=case.reference, kind="build", began=asked.now, by=asked.by))


def _key(home: Path) -> SigningKey:
    return signing_key(Vault(home))


def _approve(asked: AskedPage, case: OpenCase) -> None:
    """Approve the package that the page showed, by its sha256. Raises UsageError where something stands in the way."""
    found, also_given = built_package(case), asked.said("also_given") == "yes"
    if asked.said("package") != found.built.sha256:
        message = "another package was built since: look at it first; nothing was approved"
        raise UsageError(message)
    lacking = list(_lacking(asked, case, found))
    if found.built.elsewhere and not also_given:
        lacking.append("some values are withheld at one place and given at another: say that this is meant")
    if lacking:
        message = f"{'; '.join(lacking)}. Nothing was approved"
        raise UsageError(message)
    approve(case, found, asked.now, also_given=also_given)


def _release(asked: AskedPage, case: OpenCase) -> Portrayed:
    """Seal, record that the package left, and show the passphrase: no page that can be opened again may hold it."""
    kind = asked.said("seal")
    if kind not in get_args(SealKind):
        message = "choose how it is sealed; nothing left"
        raise UsageError(message)
    found = to_release(case, system_titles(asked.home, case))
    key = _key(asked.home)
    made = release(case, found, key, cast("SealKind", kind))
    record_release(case, found, made, asked.now)
    head = case_head(asked, case, "package")
    size = told_size(made.path)
    return portray(
        "sealed.html",
        asked,
        **head,
        path=str(made.path) if asked.by is None else made.path.name,
        size=size,
        passphrase=made.passphrase,
        fingerprint=key.fingerprint,
    )
