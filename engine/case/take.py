"""Take something into a case: a finished run, whose every file must be as its manifest says, or a file that an owner gave.

What is taken in is copied into the case while its digest is checked, put in place as a whole, and then stands in the log; nothing in
the case is ever changed or overwritten.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from itertools import chain, count, islice
from pathlib import Path
from typing import cast

import msgspec

from engine.case.act_sentences import kind_name
from engine.case.acts import EARLIER, OTHERS, Act, Gap, LogLine, TakenIn
from engine.case.fold import VendorPart
from engine.case.folder import OpenCase
from engine.case.manifest_check import contradicted, contradiction
from engine.case.received import ABOUT, our_name
from engine.case.scratch import scratch
from engine.case.taken_run import TakenRun, read_run
from engine.catalogue import load
from engine.connection.lock_queue import FILE
from engine.connection.private_files import FOLDER, cannot_write, sync_folder, write_private
from engine.connection.state_folder import VENDOR
from engine.core.ledger import Subject
from engine.core.proof import kinds_of
from engine.decoding import decoder
from engine.errors import HabeasError, Refused, UsageError
from engine.language.text.spec_name import SPEC_NAME
from engine.sink import MANIFEST

RECORDS = re.compile(rf"{SPEC_NAME}(?:\.pages|\.files)?\.jsonl")
DOWNLOADED = re.compile(rf"files/{SPEC_NAME}/[A-Za-z0-9._-]{{1,100}}")
NOT_TAKEN = {"mismatched": "somebody else answered", "ambiguous": "several people were found"}
CHUNK = 1 << 20
ENDING = re.compile(r"(?<=.)\.[A-Za-z0-9]{1,32}$")


class ListedFile(msgspec.Struct, frozen=True):
    """A line of a list of files: where the file lies in the run's folder, and its digest; None where it was not downloaded."""

    file: str | None = None
    sha256: str | None = None


def had_files(case: OpenCase, part: VendorPart) -> bool:
    """Whether the run that counts was asked for files: its counts tell of some that came or failed. What cannot be read tells of none."""
    try:
        every = read_run(case.folder / part.run.folder).endpoints.values() if part.run is not None else ()
    except HabeasError:
        return False
    counts = [one for told in every if isinstance(one := told.get("files"), dict)]
    return any(one.get("downloaded") or one.get("failed") for one in counts)


def may_take(case: OpenCase, run: TakenRun, *, vendor: str | None, confirmed: bool) -> bool | None:
    """See that a run may belong to a case; whether its person is the case's, None where that cannot be compared.

    Raises UsageError, Refused: another vendor's, another request's or another person's run is not taken, nor a simulated one into a
    real case. `confirmed`: somebody says that a run which cannot be compared is about this person.
    """
    if vendor is not None and vendor != run.vendor:
        message = f"this is a run at {run.vendor}, not at {vendor}; nothing was taken"
        raise UsageError(message)
    if run.simulated != case.opened.simulated:
        what = "simulated, and the case is not" if run.simulated else "real, and the case is simulated"
        message = f"the run at {run.vendor} is {what}; nothing was taken"
        raise UsageError(message)
    outcome = str(run.subject.get("outcome"))
    if outcome in NOT_TAKEN:
        message = f"in the run at {run.vendor} {NOT_TAKEN[outcome]}; nothing was taken"
        raise Refused(message)
    if run.reference is not None and run.reference != case.reference:
        message = f"the run at {run.vendor} was made for {run.reference}, and this is {case.reference}; nothing was taken"
        raise UsageError(message)
    why = contradicted(run.endpoints)
    if why is not None:
        message = f"the manifest of the run at {run.vendor} contradicts itself: {why}; nothing was taken"
        raise Refused(message)
    same = run.digest.same(case.digest) if run.digest is not None and case.digest is not None else None
    if same is False:
        message = (
            f"the run at {run.vendor} asked for none of the identifiers of {case.reference}: it may be another person's; nothing was taken"
        )
        raise Refused(message)
    if same is None and not confirmed:
        message = (
            f"whose run this is cannot be compared (its digest is of another installation, or it has none): if it is about the person of "
            f"{case.reference}, say so with --same-person; nothing was taken"
        )
        raise UsageError(message)
    return same


def take_run(case: OpenCase, source: Path, run: TakenRun, now: datetime, *, same: bool | None) -> TakenIn:
    """Copy a run into the case, each file checked against the manifest, and record it. Raises Refused, UsageError, DiskError."""
    runs = case.folder / "runs"
    with scratch(runs) as part:
        try:
            _copied(source, part, run)
        except OSError as error:
            raise cannot_write(runs, error) from None
        return case.take(part, lambda: free_place(runs, run.vendor), lambda place: act_of_run(case, place, run, same=same), now)


def act_of_run(case: OpenCase, place: Path, run: TakenRun, *, same: bool | None) -> TakenIn:
    """Give the act that takes in a run which lies in `place`."""
    outcome, folder = str(run.subject.get("outcome")), str(place.relative_to(case.folder))
    known_by, later = _known_by(run), _found_later(case, run)
    return TakenIn(
        vendor=run.vendor,
        folder=folder,
        proof=run.sha256,
        subject=outcome,
        gaps=(*run.gaps, *_not_asked_by(case, run, known_by), *(_found_before(case, run) if later is None else ())),
        same_person=same,
        unasked=run.unasked,
        by_kinds=known_by,
        later=later,
    )


def _found_later(case: OpenCase, run: TakenRun) -> str | None:
    """Give the folder of the run that counts, where it found the person and began later than this one, which did not find them."""
    part = case.case.vendors.get(run.vendor)
    counts = part.run if part is not None else None
    if counts is None or counts.subject != Subject.MATCHED or run.subject.get("outcome") == Subject.MATCHED:
        return None
    try:
        began = [datetime.fromisoformat(one.started or "") for one in (run, read_run(case.folder / counts.folder))]
        return counts.folder if began[0] < began[1] else None
    except (HabeasError, ValueError, TypeError):  # a manifest made elsewhere may say anything: then what came last counts
        return None


def _not_asked_by(case: OpenCase, run: TakenRun, known_by: Sequence[str]) -> Iterator[Gap]:
    """Give the gap of a vendor that knows nobody by what it was asked by, now or before, while the person has more identifiers of it."""
    if run.digest is None or not known_by:
        return
    comparable = run.digest.key_id == case.case.key_id
    asked = set(run.digest.all) if comparable else set()
    for line in case.lines:
        if isinstance(line.act, TakenIn) and line.act.vendor == run.vendor and line.act.subject == Subject.NO_MATCH:
            with suppress(HabeasError):  # a run that is no longer there proves nothing
                earlier = read_run(case.folder / line.act.folder).digest
                asked.update(earlier.all if earlier is not None else ())
    left = Counter(kind for one in case.case.digests if one not in asked and (kind := one.partition(":")[0]) in known_by)
    if not comparable:  # it asked by one of each kind, whichever
        left -= Counter(run.digest.by_kind.keys())
    if left:
        told = [f"{'another' if kind in run.digest.by_kind else 'the'} {kind_name(kind)}" for kind in sorted(left)]
        yield Gap(OTHERS, f"not asked by {' or '.join(told)}")


def _found_before(case: OpenCase, run: TakenRun) -> Iterator[Gap]:
    """Give the gap of a vendor that knows nobody now and knew the person before: what that run brought is no part of the answer."""
    found = [
        (line.act.folder, line.at)
        for line in case.lines
        if isinstance(line.act, TakenIn) and line.act.vendor == run.vendor and line.act.subject == Subject.MATCHED
    ]
    if found and run.subject.get("outcome") == Subject.NO_MATCH:
        folder, at = found[-1]  # named, so that what was said of an earlier one is said of that alone
        yield Gap(EARLIER, f"what was taken in as {folder} on {at:%Y-%m-%d} was of the person, who is not known there now")


def _known_by(run: TakenRun) -> tuple[str, ...]:
    """Give the kinds of identifiers by which a vendor that found nobody knows people: those it was asked by, and those of its spec."""
    if run.digest is None or run.subject.get("outcome") != Subject.NO_MATCH:
        return ()
    known = set(run.digest.by_kind)
    with suppress(HabeasError):
        known.update(kinds_of(load(run.vendor)))
    return tuple(sorted(known))


def _copied(source: Path, part: Path, run: TakenRun) -> None:
    if _copy(source / MANIFEST, part / MANIFEST)[1] != run.sha256:
        message = f"{source / MANIFEST} changed while it was read; nothing was taken"
        raise Refused(message)
    for name, told in run.written.items():
        _check_name(name, RECORDS, source)
        size, sha256, lines = _copy(source / name, part / name)
        if (size, sha256) != (told.get("bytes"), told.get("sha256")):
            message = (
                f"{source / name} is not what the manifest says (another sha256): the run was changed after it ended; nothing was taken"
            )
            raise Refused(message)
        entry = run.endpoints.get(name.removesuffix(".jsonl"))
        why = contradiction(name.removesuffix(".jsonl"), entry, lines) if entry is not None else None
        if why is not None:
            message = f"{source / MANIFEST} contradicts the run: {why}; nothing was taken"
            raise Refused(message)
    for name, sha256 in _downloads(part, run):
        _check_name(name, DOWNLOADED, source)
        (part / name).parent.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        if _copy(source / name, part / name)[1] != sha256:
            message = f"{source / name} is not the file that was downloaded (another sha256); nothing was taken"
            raise Refused(message)
    for folder in {part, *(one for one in part.rglob("*") if one.is_dir())}:
        sync_folder(folder)


def _downloads(part: Path, run: TakenRun) -> Iterator[tuple[str, str]]:
    """Give the downloaded files that the lists of the run name, with their digests."""
    for name in run.written:
        if not name.endswith(".files.jsonl"):
            continue
        for line in (part / name).read_bytes().splitlines():
            try:
                told = decoder(ListedFile).decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                message = f"{name} is no list of files; nothing was taken"
                raise Refused(message) from None
            if told.file and told.sha256:
                yield told.file, told.sha256


def _check_name(name: str, form: re.Pattern[str], source: Path) -> None:
    """Refuse a name that no run gives to a file: it could lead out of the folder."""
    if not form.fullmatch(name) or ".." in name:
        message = f"{source / MANIFEST} or a list beside it names a file that no run writes; nothing was taken"
        raise Refused(message)


def _copy(source: Path, target: Path) -> tuple[int, str, int]:
    """Copy a file onto the disk; gives its size, sha256 and number of lines. A link is not followed. Raises Refused, OSError."""
    digest, size, lines = hashlib.sha256(), 0, 0
    try:
        reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        message = f"{source}, which the manifest names, is missing or cannot be read; nothing was taken"
        raise Refused(message) from None
    with (
        os.fdopen(reading, "rb") as stream,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE), "wb") as out,
    ):
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return size, digest.hexdigest(), lines


def free_place(folder: Path, vendor: str) -> Path:
    """Give the first name for a run that is not taken: `zoom`, then `zoom-2`."""
    names = chain([vendor], (f"{vendor}-{number}" for number in count(2)))
    return next(place for name in names if not os.path.lexists(place := folder / name))


def take_file(case: OpenCase, source: Path, vendor: str, now: datetime, *, title: str | None = None) -> TakenIn:
    """Copy a file that an owner gave into the case under a name of ours, and record it. Raises UsageError, DiskError, OutputError."""
    return cast("TakenIn", take_files(case, [(source, source.name)], vendor, now, title=title)[0].act)


def take_files(
    case: OpenCase, files: Sequence[tuple[Path, str]], vendor: str, now: datetime, then: Sequence[Act] = (), *, title: str | None = None
) -> list[LogLine]:
    """Copy files that an owner gave, with the names that they have there, and record them and what they mean: all of it, or nothing.

    Each lies in a folder of its own, under a name of ours. `title`: what the operator calls the system, where the log does not say it yet.
    Raises UsageError, DiskError, OutputError.
    """
    if not VENDOR.fullmatch(vendor):
        message = "the name of a vendor or system holds a-z, 0-9 and _, at most 64 of them, and begins with a letter, such as hris"
        raise UsageError(message)
    received = case.folder / "received"
    with ExitStack() as made:
        parts = [made.enter_context(scratch(received)) for _ in files]
        sums = [_received(part, source, called) for part, (source, called) in zip(parts, files, strict=True)]

        def acts(places: Sequence[Path]) -> Sequence[Act]:
            taken = [
                TakenIn(vendor=vendor, folder=str(place.relative_to(case.folder)), proof=proof, kind="file", title=title)
                for place, proof in zip(places, sums, strict=True)
            ]
            return [*taken, *then]

        return case.place(parts, lambda: free_numbers(received / vendor, len(parts)), acts, now)


def _received(part: Path, source: Path, called: str) -> str:
    """Copy a file that an owner gave, and note what it is called; gives its sha256. Raises UsageError, DiskError, OutputError."""
    suffix = told[0].lower() if (told := ENDING.search(called)) else ""
    try:
        size, sha256, _ = _copy(source, part / our_name(1, suffix))
        write_private(part / ABOUT, msgspec.json.encode({"name": called, "bytes": size, "sha256": sha256}) + b"\n")
    except Refused:
        message = f"{source} cannot be read: name a file, or the folder of a run; nothing was taken"
        raise UsageError(message) from None
    except OSError as error:
        raise cannot_write(part.parent, error) from None
    return sha256


def free_numbers(folder: Path, many: int = 1) -> list[Path]:
    """Give the first numbers that no folder has yet."""
    return list(islice((place for number in count(1) if not os.path.lexists(place := folder / str(number))), many))
