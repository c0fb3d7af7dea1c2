"""Build the package of a case: what is given under its policies and decisions, as a bag, checked for what was withheld before it has a name."""

from __future__ import annotations

from collections.abc import Iterator
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
from engine.errors import Refused, UsageError
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
        found = checked(answer, bag, data.texts)
        built = BuiltPackage(sha256=written, stands_on=stands_on(case).n, **found)
        return put_in_place(case, work, built)
