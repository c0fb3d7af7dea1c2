"""Build the package of a case: what is given under its policies and decisions, as a bag, checked before it has a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.case.answer import case_answer, stands_on
from engine.case.findings_fill import Digest
from engine.case.folder import OpenCase
from engine.case.given_data import GivenData
from engine.case.in_force import InReview, Learned
from engine.case.person import Person
from engine.case.regimes import office
from engine.case.releases import BuiltPackage, Package, making, put_in_place
from engine.case.review import values_digest
from engine.case.ruled import in_review
from engine.case.slipped import SlippedValue, WouldLeave
from engine.connection.digest_key import DigestKey
from engine.connection.private_files import prepare
from engine.connection.signing_key import SigningKey
from engine.errors import UsageError
from engine.language.text.mistakes import counted
from engine.package.content import CaseAnswer, Service
from engine.package.leaks import Leaks, find_leaks
from engine.package.write import write_package
from engine.release.after_check import LeakedValue
from engine.release.own import Fact
from engine.release.withheld import WithheldTexts

MOST_SHOWN, MOST_FILES = 10, 3


def build(case: OpenCase, person: Person, key: DigestKey, signing: SigningKey, home: Path) -> Package:
    """Build, check and put in place. Raises UsageError where something is undecided, a policy was changed or nothing is there yet.

    Refused where a run was changed or a withheld value is found in what would leave, SpecError, DiskError, OutputError.
    """
    _check_begun(case)
    runs = in_review(case)
    with making(case) as work:
        bag = work / case.reference
        prepare(bag)
        digest = values_digest(key, case.reference)
        services, texts, own = _given(case, person, digest, runs, bag)
        answer = case_answer(case, person, office(home), services)
        written = write_package(answer, bag, signing)
        found = find_leaks(answer, bag, texts, own)
        _check_clean(case, found, digest)
        return put_in_place(case, work, _built(answer, written, stands_on(case).n, found, digest))


def _given(
    case: OpenCase, person: Person, digest: Digest, runs: tuple[InReview, ...], bag: Path
) -> tuple[tuple[Service, ...], WithheldTexts, set[str]]:
    """Write the data; gives each service, what was withheld, and what is the person's own. What else was learned takes memory, and goes."""
    learned = Learned(runs, [Fact(one.kind, one.value) for one in person.all()])
    data = GivenData(case, runs, learned, digest, bag)
    services = data.services()
    _check_decided(case, data)
    return services, data.texts, learned.own()


def _built(answer: CaseAnswer, sha256: str, stands: int, found: Leaks, digest: Digest) -> BuiltPackage:
    kinds = [kind for service in answer.services for kind in service.kinds]
    files = [file for service in answer.services for file in (*service.files, *(one for kind in service.kinds for one in kind.files))]
    return BuiltPackage(
        sha256=sha256,
        stands_on=stands,
        records=sum(kind.given for kind in kinds),
        withheld=sum(sum(kind.places.values()) for kind in kinds),
        files=sum(file.source is not None for file in files),
        elsewhere=tuple(_place(one) for one in found.confirm),
        whole=found.compared_whole,
        opaque=found.opaque,
        held=sum(sum(kind.held.values()) for kind in kinds),
        held_files=sum(file.source is None and file.because is not None for file in files),
        given_too=tuple(_slipped(found.confirm, digest)),
    )


def _place(found: LeakedValue) -> str:
    """Say where a value is withheld, and where it stands all the same; never the value."""
    told = found.withheld
    lines = [str(one) for one in found.lines if one]
    where = f"{found.file}, line {', '.join(lines)}" if lines else f"the name of {found.file}"
    return f"withheld at {told.vendor}/{told.endpoint}{told.pointer and '#'}{told.pointer} ({told.because}); stands in {where}"


def _check_clean(case: OpenCase, found: Leaks, digest: Digest) -> None:
    """See that nothing that was withheld stands in what would leave. Raises Refused."""
    if not found.refused:
        return
    places = dict[str, list[str]]()
    for leak in found.refused:
        where, stands = _place(leak).split("; ", 1)
        places.setdefault(where, []).append(stands.removeprefix("stands in "))
    told = [f"{where}; stands in {_some(stands, MOST_FILES, ' and in ')}" for where, stands in places.items()]
    parts = dict.fromkeys(f"{one.withheld.vendor}/{one.withheld.endpoint} --because {one.withheld.because}" for one in found.refused)
    holds = _some([f"habeas review hold {case.reference} {one}" for one in parts], MOST_FILES, "; ")
    message = (
        f"{counted(len(places), 'withheld value')} would leave, so nothing was built: {_some(told, MOST_SHOWN, '; ')}. Withhold them there "
        f"too: habeas review mask {case.reference} TARGET, as zoom/meetings:17#/topic. Or withhold the whole of what they are a part of, "
        f"of which then only people are looked for: {holds}"
    )
    raise WouldLeave(message, _slipped(found.refused, digest))


def _slipped(leaks: Sequence[LeakedValue], digest: Digest) -> list[SlippedValue]:
    """Say of each withheld value in which files it stands."""
    found = dict[str, tuple[LeakedValue, dict[str, None]]]()
    for leak in leaks:
        found.setdefault(leak.withheld.text, (leak, {}))[1][leak.file] = None
    told = [(leak.withheld, files) for leak, files in found.values()]
    return [SlippedValue(one.vendor, one.endpoint, one.pointer, tuple(files), digest(one.text)) for one, files in told]


def _some(told: Sequence[str], most: int, between: str) -> str:
    """Say the first few of many."""
    return between.join(told[:most]) + (f", and {len(told) - most} more" if len(told) > most else "")


def _check_begun(case: OpenCase) -> None:
    """See that there is something to build of. Raises UsageError."""
    if case.case.phase not in ("gathering", "approved", "released"):
        message = f"{case.reference} is {case.case.state}: nothing can be built of it; habeas case show {case.reference}"
        raise UsageError(message)
    if case.opened.right == "deletion":
        message = (
            f"{case.reference} asks for a deletion, which no package answers: habeas case conclude {case.reference}; nothing was built"
        )
        raise UsageError(message)


def _check_decided(case: OpenCase, data: GivenData) -> None:
    """See that nothing waits for a reviewer. Raises UsageError."""
    if data.undecided:
        asked = [f"{where} ({counted(count, 'place')})" for where, count in data.undecided.items()]
        told = _some(asked, MOST_SHOWN, "; ")
        message = f"something waits for a decision, so nothing was built: {told}. See habeas review list {case.reference}"
        raise UsageError(message)
