"""Approve the package of a case, and release it: the one that was built on the last decision, byte for byte, and no other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from engine.case.acts import Approved, Released
from engine.case.answer import language_of, stands_on
from engine.case.folder import OpenCase
from engine.case.releases import Package, making, package_of, released_package
from engine.case.ruled import in_review
from engine.case.words import Called, blocks, by_name
from engine.connection.private_files import cannot_write, sync_folder
from engine.connection.signing_key import SigningKey
from engine.core.sizes import size_text
from engine.errors import Refused, UsageError
from engine.language.text.mistakes import counted
from engine.package.bag import sign
from engine.package.bag_names import SIGNERS, TAG_MANIFEST
from engine.package.seal import ENDS, SealKind, new_passphrase, seal, seal_for
from engine.package.signature import parse_signers
from engine.package.verify_bag import verify


class ReleaseBlock(msgspec.Struct, frozen=True):
    """Why a package does not leave yet: a sentence, and what to do."""

    what: str
    mend: str


def built_package(case: OpenCase) -> Package:
    """Give the package that may be approved or released.

    Raises UsageError where it is not there, was built on something else, or a deletion is asked for: a package of before may lie there.
    """
    if case.opened.right == "deletion":
        message = f"{case.reference} asks for a deletion, which no package answers: habeas case conclude {case.reference}; nothing was done"
        raise UsageError(message)
    found = package_of(case)
    if found is None or not found.bag.is_dir():
        message = f"no package of {case.reference} was built: habeas package build {case.reference}"
        raise UsageError(message)
    last = stands_on(case)
    if found.built.stands_on != last.n:
        message = (
            f"the package was built after act {found.built.stands_on}, and act {last.n} changed what it holds: "
            f"habeas package build {case.reference}"
        )
        raise UsageError(message)
    return found


def refusals(case: OpenCase, found: Package, by: str, called: Called = by_name, *, four_eyes: bool = False) -> Iterator[ReleaseBlock]:
    """Say what stands between a package and its approval by somebody; `four_eyes`: that two are needed whatever a policy says."""
    yield from (ReleaseBlock(one.what, one.mend) for one in blocks(case.case, case.reference, 0, called))
    policy = any(review.policy.four_eyes for review in in_review(case))
    if (policy or four_eyes) and by in case.case.deciders:
        yield ReleaseBlock(
            f"{'a policy' if policy else 'the portal'} wants four eyes, and {by} decided something in this case",
            "somebody else approves it",
        )


def approve(case: OpenCase, found: Package, now: datetime, *, also_given: bool) -> Approved:
    """Approve a package: the one that was built, as it lies there. Raises UsageError, Refused, Stale, DiskError, OutputError."""
    check_bytes(found, found.built.sha256, "built")
    act = Approved(package=found.built.sha256, also_given=len(found.built.elsewhere) if also_given else 0)
    case.act(act, now)
    return act


def check_bytes(found: Package, sha256: str, how: Literal["built", "approved"]) -> None:
    """See that a package is the one that was built or approved, byte for byte. Raises Refused."""
    told = hashlib.sha256((found.bag / TAG_MANIFEST).read_bytes()).hexdigest() if (found.bag / TAG_MANIFEST).is_file() else None
    faults = verify(found.bag).faults if told == sha256 else ()
    if told != sha256 or faults:
        why = faults[0].text if faults else f"another one was {how}"
        end = "nothing was approved" if how == "built" else "nothing was released"
        message = f"{found.bag} is not the package that was {how}: {why} Build it again, look at it, and approve it; {end}"
        raise Refused(message)


def to_release(case: OpenCase, called: Called = by_name) -> Package:
    """Give the approved package, or the released one, which may be sealed again under another passphrase.

    Raises UsageError, also where something is outstanding since the approval: an owner was asked meanwhile, or wrote what is to be read.
    """
    if case.case.phase == "released":
        found = released_package(case)
        if found is None:
            message = f"the package of {case.reference} that was released is no longer there; nothing was written"
            raise UsageError(message)
        return found
    found = built_package(case)
    if case.case.phase != "approved":
        message = f"{case.reference} is {case.case.state}: habeas package approve {case.reference} comes first; nothing left"
        raise UsageError(message)
    since = [one.what for one in blocks(case.case, case.reference, 0, called)]
    if since:
        message = f"nothing left: since the approval something is outstanding: {'; '.join(since)}: habeas case show {case.reference}"
        raise UsageError(message)
    return found


class SealedPackage(msgspec.Struct, frozen=True):
    """What is handed over, and the passphrase that opens it; None where it is not sealed."""

    path: Path
    passphrase: str | None

    def __repr__(self) -> str:
        """Show no passphrase."""
        return f"SealedPackage({self.path})"


def release(case: OpenCase, found: Package, signing: SigningKey, kind: SealKind | None) -> SealedPackage:
    """Sign and seal the package beside its bag; an earlier seal of it gives way. Raises Refused, UsageError, DiskError, OutputError."""
    approved = case.case.approved or found.built.sha256
    with making(case) as work:
        check_bytes(found, approved, "approved")
        _check_key(found, signing)
        sign(found.bag, signing, work)
        form = kind or seal_for(found.bag)
        passphrase = new_passphrase() if form != "none" else None
        path = work / f"{found.bag.name}{ENDS[form]}"
        seal(found.bag, path, form, language_of(case), passphrase)
        return SealedPackage(_in_place(found, path), passphrase)


def _check_key(found: Package, signing: SigningKey) -> None:
    """See that the package names the key that signs it: its first page says how to check with that. Raises Refused."""
    if [one.blob for one in parse_signers((found.bag / SIGNERS).read_text("utf-8"))] != [signing.blob]:
        message = (
            f"the key that packages are signed with is another one than when {found.bag} was built, which names it in {SIGNERS}: build "
            f"it again, and approve it; nothing left"
        )
        raise Refused(message)


def _in_place(found: Package, made: Path) -> Path:
    """Put a sealed package beside its bag; all others of it go first, so that one passphrase opens what is there."""
    place = found.bag.parent / made.name
    try:
        for end in ENDS.values():
            (found.bag.parent / f"{found.bag.name}{end}").unlink(missing_ok=True)
        made.rename(place)
        sync_folder(place.parent)
    except OSError as error:
        raise cannot_write(place, error) from None
    return place


def record_release(case: OpenCase, found: Package, made: SealedPackage, now: datetime) -> None:
    """Record that a package leaves; what the log cannot take is not handed over. Raises UsageError, Stale, DiskError, OutputError."""
    if case.case.phase == "released":
        return
    try:
        case.act(Released(package=found.built.sha256, folder=str(found.bag.relative_to(case.folder))), now)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise


def told_size(path: Path) -> str:
    """Say how big a file or a folder is."""
    sizes = [one.stat().st_size for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path.stat().st_size]
    return size_text(sum(sizes)) + (f" in {counted(len(sizes), 'file')}" if path.is_dir() else "")
