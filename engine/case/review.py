"""What is reviewed in a case: the policy in force for each vendor, applied to its run, and the findings that follow from it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from engine.case.acts import Decided, Ruled, Target
from engine.case.findings import NAME as FINDINGS
from engine.case.findings import Findings, open_findings
from engine.case.findings_fill import Digest, RunToRead, read_record, record_files, value_digest
from engine.case.fold import ENDED
from engine.case.folder import OpenCase
from engine.case.person import Person, read_person
from engine.connection.digest_key import DigestKey, digest_key
from engine.connection.private_files import prepare, read_private, write_private
from engine.connection.vault import Vault
from engine.errors import UsageError
from engine.language.text.mistakes import Misfit
from engine.release.apply import PolicyInForce
from engine.release.decision import Decision, Decisions
from engine.release.field_path import parse_steps, reaches
from engine.release.finders import Finders
from engine.release.flagged import FlaggedPlace
from engine.release.learn import learn
from engine.release.load_policy import load_policy
from engine.release.own import Fact, Own
from engine.release.policy import Policy
from engine.release.record_values import fields_in
from engine.release.ruling import Ruling
from engine.release.vocabulary import Vocabulary
from engine.spec_files import POLICIES, folder

NO_NAME = re.compile(r"(?:^|_)(?:site|location|city|country|region|department|company|group|queue|team|room|device|title)(?:_|$)")
PLAIN = "policy: 1\nvendor: {vendor}\n"  # for a vendor of one's own: secrets are masked, what is found in texts is asked about


class InReview(msgspec.Struct, frozen=True):
    """A vendor's run in a case, and the policy in force for it."""

    vendor: str
    folder: Path
    proof: str
    policy: Policy
    sha256: str

    def records(self) -> Iterator[tuple[str, Any]]:
        """Read every record, with its endpoint. Raises UsageError where a file was changed."""
        for file in record_files(self.folder):
            with file.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    yield file.stem, read_record(line.rstrip(b"\n"), f"{file}:{number}")


class Review(msgspec.Struct, frozen=True):
    """The findings of a case as its decisions left them, and the digest by which the log names values."""

    findings: Findings
    digest: Digest
    runs: tuple[InReview, ...]


def review(case: OpenCase, person: Person, key: DigestKey, now: datetime) -> Review:
    """Look through every run of a case; a policy that is not in force yet is taken in, and stands in the log.

    Raises UsageError where there is no run, or a policy or record cannot be read, SpecError, DiskError, OutputError.
    """
    runs = tuple(_in_review(case, vendor, now) for vendor, part in case.case.vendors.items() if part.run is not None)
    if not runs:
        message = f"{case.reference} has no run yet: habeas case run {case.reference}; nothing was looked at"
        raise UsageError(message)
    digest = value_digest(_key(key, case.reference))
    to_read = [RunToRead(run.vendor, run.folder, run.proof, run.sha256) for run in runs]
    facts = [Fact(one.kind, one.value) for one in person.all()]
    also = digest("\n".join(sorted(f"{one.name}:{one.text}" for one in facts)))
    found = open_findings(case.folder, to_read, lambda: _flags(runs, facts), digest, also)
    found.settle({number: decided.target for number, decided in case.case.decisions.items()})
    return Review(found, digest, runs)


def _key(key: DigestKey, reference: str) -> bytes:
    return hmac.digest(key.secret, f"values of case {reference}".encode(), "sha256")


def _in_review(case: OpenCase, vendor: str, now: datetime) -> InReview:
    part = case.case.vendors[vendor]
    path = _policy_file(case, vendor)
    raw = read_private(path)
    if raw is None:
        raw = _packaged(vendor)
        prepare(path.parent)
        write_private(path, raw)
    sha256 = hashlib.sha256(raw).hexdigest()
    policy, _ = load_policy(raw, str(path))
    if part.policy != sha256:
        case.act(Ruled(vendor=vendor, policy=sha256), now)
    if part.run is None:
        message = f"{vendor} has no run"
        raise UsageError(message)
    return InReview(vendor, case.folder / part.run.folder, part.run.proof, policy, sha256)


def _policy_file(case: OpenCase, vendor: str) -> Path:
    return case.folder / "policies" / f"{vendor}.yaml"


def _packaged(vendor: str) -> bytes:
    """Give the policy that comes with Habeas for a vendor, else one that asks about everything that is found."""
    path = folder("specs") / POLICIES / f"{vendor}.yaml"
    return path.read_bytes() if path.is_file() else PLAIN.format(vendor=vendor).encode()


def decisions_of(decided: Mapping[int, Decided], vendor: str, digest: Digest) -> Decisions:
    """Give the decisions of a case that hold for one vendor."""
    found = (_decision(number, act) for number, act in decided.items() if act.target.vendor in (None, vendor))
    return Decisions(found, digest)


def _decision(number: int, act: Decided) -> Decision:
    target = act.target
    return Decision(
        act=number,
        operation=act.operation,
        because=act.because,
        endpoint=target.endpoint,
        value=target.value,
        record=target.record,
        pointer=target.pointer,
        file=target.file,
        steps=parse_steps(target.field) if target.field else (),
    )


def _flags(runs: Iterable[InReview], facts: list[Fact]) -> Callable[[str, str, Any, str], Iterable[FlaggedPlace]]:
    """Prepare to flag places: what is the person's own, what is told twice, and who else is met, is learned from all records first."""
    in_force: dict[str, tuple[Policy, Any, Any]] = {}
    met: set[str] = set()
    for run in runs:
        own, told = learn(run.policy, facts, run.records())
        in_force[run.vendor] = (run.policy, own, told)
        first = PolicyInForce(run.policy, own, told=told)
        met |= {one.value for endpoint, record in run.records() for one in first.rulings(endpoint, record) if _names_somebody(one)}
    look = Finders(Vocabulary(met))
    ready = {
        vendor: PolicyInForce(policy, own, told=told, finder=lambda text: ((hit.kind, hit.value) for hit in look(text)))
        for vendor, (policy, own, told) in in_force.items()
    }

    def flag(vendor: str, endpoint: str, record: Any, sha256: str) -> Iterable[FlaggedPlace]:
        return [_flagged(one) for one in ready[vendor].rulings(endpoint, record, sha256) if one.value and one.do != "give"]

    return flag


def _names_somebody(ruling: Ruling) -> bool:
    """Whether a value of a person's field may be looked for in all texts: not where they sit, or for which department they work."""
    steps = ruling.pointer.lower().split("/")
    return ruling.kind == "who" and bool(ruling.value) and not any(NO_NAME.search(step) for step in steps)


def _flagged(ruling: Ruling) -> FlaggedPlace:
    kind = ruling.rule.removeprefix("find.") if ruling.kind == "found" else ruling.kind
    return FlaggedPlace(ruling.pointer, ruling.value, kind, ruling.rule, ruling.group, ruling.do == "ask")


def waiting(case: OpenCase, home: Path, now: datetime) -> int | None:
    """Count what waits for a reviewer; None where nobody has looked at the runs yet. Raises as `review`, NotConnected."""
    if case.case.phase in ENDED or not any(part.run is not None for part in case.case.vendors.values()):
        return 0
    if not (case.folder / FINDINGS).is_file() or not _in_force(case):
        return None
    found = review(case, read_person(Vault(home).keys, case.folder), digest_key(home), now)
    with found.findings:
        return undecided(case, found)


def _in_force(case: OpenCase) -> bool:
    """Whether every policy is the one that stands in the log: to look at a case writes nothing into it."""
    runs = {vendor: part for vendor, part in case.case.vendors.items() if part.run is not None}
    raw = {vendor: read_private(_policy_file(case, vendor)) for vendor in runs}
    return all(told is not None and hashlib.sha256(told).hexdigest() == runs[vendor].policy for vendor, told in raw.items())


class FileToReview(msgspec.Struct, frozen=True):
    """A downloaded file of a run, and what happens to it."""

    vendor: str
    file: str
    ruling: Ruling


def files_of(case: OpenCase, found: Review) -> Iterator[FileToReview]:
    """Give every downloaded file with what policy and decisions say of it. Raises UsageError where a list cannot be read."""
    for run in found.runs:
        in_force = PolicyInForce(run.policy, Own([]), decisions=decisions_of(case.case.decisions, run.vendor, found.digest))
        for listing in sorted(run.folder.glob("*.files.jsonl")):
            endpoint = listing.name.removesuffix(".files.jsonl")
            for line in listing.read_bytes().splitlines():
                told = read_record(line, str(listing)).get("file")
                if told:
                    yield FileToReview(run.vendor, told, in_force.file_ruling(endpoint, told))


def undecided(case: OpenCase, found: Review) -> int:
    """Count what waits for a reviewer: rows of values, and files."""
    return found.findings.totals().undecided + sum(one.ruling.do == "ask" for one in files_of(case, found))


def target_of(case: OpenCase, found: Review, text: str) -> list[Target]:
    """Read what a decision is about, as it is typed; a value stands for all that share its row. Raises UsageError.

    `value:3f9a`, `zoom/meetings`, `zoom/meetings.topic`, `zoom/meetings:17` (a record by its line), `zoom/meetings:17#/topic`,
    `zoom/files/recordings/000001-1.mp4`.
    """
    if text.startswith("value:"):
        return _values(found, text.removeprefix("value:"))
    vendor, slash, rest = text.partition("/")
    run = next((one for one in found.runs if one.vendor == vendor), None)
    if not slash or run is None:
        message = f"{text}: name a value (value:3f9a) or VENDOR/ENDPOINT of a run: {', '.join(one.vendor for one in found.runs)}"
        raise UsageError(message)
    if rest.startswith("files/"):
        if not (run.folder / rest).is_file():
            message = f"{text}: there is no such file in {run.folder}"
            raise UsageError(message)
        return [Target(vendor=vendor, endpoint=rest.split("/")[1], file=rest)]
    place, _, pointer = rest.partition("#")
    name, colon, line = place.partition(":")
    endpoint, _, field = name.partition(".")
    if not (run.folder / f"{endpoint}.jsonl").is_file():
        known = ", ".join(one.stem for one in record_files(run.folder))
        message = f"{text}: the run at {vendor} has no records of `{endpoint}`; it has {known}"
        raise UsageError(message)
    _check_field(run, endpoint, field, text)
    if not colon:
        return [Target(vendor=vendor, endpoint=endpoint, field=field or None)]
    return [Target(vendor=vendor, endpoint=endpoint, record=_record(run.folder / f"{endpoint}.jsonl", line, text), pointer=pointer or None)]


def _check_field(run: InReview, endpoint: str, field: str, text: str) -> None:
    """Refuse a field that no record of the endpoint has: a decision about it would hold on nothing. Raises UsageError."""
    if not field:
        return
    try:
        steps = parse_steps(field)
    except Misfit as error:
        message = f"{text}: {error}"
        raise UsageError(message) from None
    if not any(reaches(steps, known) for name, record in run.records() if name == endpoint for known in fields_in(record)):
        message = f"{text}: no record of `{endpoint}` has this field"
        raise UsageError(message)


def _record(file: Path, line: str, text: str) -> str:
    """Give the sha256 of a record by the number of its line. Raises UsageError."""
    with file.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            if str(number) == line:
                return hashlib.sha256(raw.rstrip(b"\n")).hexdigest()
    message = f"{text}: {file.name} has no line {line}"
    raise UsageError(message)


def _values(found: Review, beginning: str) -> list[Target]:
    values = found.findings.value(beginning) if beginning else []
    if not values:
        message = f"value:{beginning}: no value that was found has this digest; habeas review list shows them"
        raise UsageError(message)
    if len(values) > 1:
        message = f"value:{beginning}: {len(values)} values begin so; write more of the digest"
        raise UsageError(message)
    row = found.findings.row_of(values[0].digest)
    return [Target(value=one.digest) for one in row.values]
