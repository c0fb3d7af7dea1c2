"""Build the package of a case: what is given under its policies and decisions, as a bag, checked before it has a name."""

from __future__ import annotations

from pathlib import Path

from engine.case.answer import case_answer, stands_on
from engine.case.folder import OpenCase
from engine.case.given_data import GivenData
from engine.case.in_force import Learned
from engine.case.person import Person
from engine.case.regimes import office
from engine.case.releases import BuiltPackage, Package, making, put_in_place
from engine.case.review import in_review, values_digest
from engine.connection.digest_key import DigestKey
from engine.connection.private_files import prepare
from engine.connection.signing_key import SigningKey
from engine.errors import UsageError
from engine.language.text.mistakes import counted
from engine.package.content import CaseAnswer
from engine.package.write import write_package
from engine.release.own import Fact


def build(case: OpenCase, person: Person, key: DigestKey, signing: SigningKey, home: Path) -> Package:
    """Build, check and put in place. Raises UsageError where something is undecided, a policy was changed or nothing is there yet.

    Refused where a run was changed or a withheld value is found in what would leave, SpecError, DiskError, OutputError.
    """
    _check_begun(case)
    runs = in_review(case)
    facts = [Fact(one.kind, one.value) for one in person.all()]
    learned = Learned(runs, facts)
    with making(case) as work:
        bag = work / case.reference
        prepare(bag)
        data = GivenData(case, runs, learned, values_digest(key, case.reference), bag)
        services = data.services()
        _check_decided(case, data)
        answer = case_answer(case, person, office(home), services)
        written = write_package(answer, bag, signing)
        return put_in_place(case, work, _counted(answer, written, stands_on(case).n))


def _counted(answer: CaseAnswer, sha256: str, stands: int) -> BuiltPackage:
    kinds = [kind for service in answer.services for kind in service.kinds]
    files = [file for service in answer.services for file in (*service.files, *(one for kind in service.kinds for one in kind.files))]
    return BuiltPackage(
        sha256=sha256,
        stands_on=stands,
        records=sum(kind.given for kind in kinds),
        withheld=sum(sum(kind.places.values()) for kind in kinds),
        files=sum(file.source is not None for file in files),
    )


def _check_begun(case: OpenCase) -> None:
    """See that there is something to build of. Raises UsageError."""
    if case.case.phase not in ("gathering", "approved", "released"):
        message = f"{case.reference} is {case.case.state}: nothing can be built of it; habeas case show {case.reference}"
        raise UsageError(message)


def _check_decided(case: OpenCase, data: GivenData) -> None:
    """See that nothing waits for a reviewer. Raises UsageError."""
    if data.undecided:
        told = "; ".join(f"{where} ({counted(count, 'place')})" for where, count in data.undecided.items())
        message = f"something waits for a decision, so nothing was built: {told}. See habeas review list {case.reference}"
        raise UsageError(message)
