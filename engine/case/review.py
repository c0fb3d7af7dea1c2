"""What is reviewed in a case: the policy in force for each vendor, applied to its run, and the findings that follow from it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from engine.case.acts import Decided, Target
from engine.case.findings import NAME as FINDINGS
from engine.case.findings import Findings, ListedRow, ListedValue, settled
from engine.case.findings_fill import Digest, Flags, RunToRead, lines_of, read_record, record_digest, record_files, value_digest
from engine.case.fold import ENDED
from engine.case.folder import OpenCase
from engine.case.in_force import InReview, Learned
from engine.case.person import Person, read_person
from engine.case.row_filter import RowFilter
from engine.case.ruled import all_in_force, in_review, of_nobody, put_in_force
from engine.connection.digest_key import DigestKey, digest_key
from engine.connection.vault import Vault
from engine.contact.note import FIRST, MAIL, note_on
from engine.decoding import converted
from engine.errors import UsageError
from engine.language.text.mistakes import Misfit
from engine.release.apply import PolicyInForce
from engine.release.decision import Decision, Decisions
from engine.release.field_path import parse_steps, reaches
from engine.release.learn import learn
from engine.release.own import Fact, Own
from engine.release.record_values import at_pointer, fields_in
from engine.release.ruling import Ruling
from engine.replaced import replace

PLACE = re.compile(r"(?P<endpoint>[a-z][a-z0-9_]*)(?:\.(?P<field>[^:#]+)|:(?P<line>[0-9]+)(?:#(?P<pointer>/.*))?)?")
RECEIVED = "received"  # where an endpoint would be named: what an owner gave belongs to none
WAITING = "undecided"
LEARNED = "learned"  # the name under which the cache of findings keeps it
_LEARNED: dict[str, Learned] = {}
FORMS = "zoom/meetings, zoom/meetings.topic, zoom/meetings:17, zoom/meetings:17#/topic, or a file as review list names it"


class Review(msgspec.Struct, frozen=True):
    """The findings of a case as its decisions left them, and the digest by which the log names values."""

    findings: Findings
    digest: Digest
    runs: tuple[InReview, ...]
    facts: tuple[Fact, ...] = ()


def review(case: OpenCase, person: Person, key: DigestKey, now: datetime) -> Review:
    """Look through every run of a case; a policy that is not in force yet is taken in, and stands in the log.

    Raises UsageError where there is no run, or a policy or record cannot be read, SpecError, DiskError, OutputError.
    """
    put_in_force(case, now)
    runs = in_review(case)
    if not runs and not any(part.files for part in case.case.vendors.values()):
        message = f"{case.reference} has no run yet: habeas case run {case.reference}; nothing was looked at"
        raise UsageError(message)
    digest = values_digest(key, case.reference)
    facts = tuple(Fact(one.kind, one.value) for one in person.all())
    return Review(_settled(case, digest, runs, facts), digest, runs, facts)


def reviewed_again(case: OpenCase, before: Review) -> Review:
    """Give what was looked through before as the decisions of the case leave it now. Raises as `review`."""
    with before.findings:
        return replace(before, findings=_settled(case, before.digest, before.runs, before.facts))


def _settled(case: OpenCase, digest: Digest, runs: tuple[InReview, ...], facts: tuple[Fact, ...]) -> Findings:
    to_read = [RunToRead(run.vendor, run.folder, run.proof, run.sha256) for run in runs]
    also = digest("\n".join(sorted(f"{one.name}:{one.text}" for one in facts)))
    decided = {number: one.target for number, one in case.case.decisions.items()}
    known: list[Learned] = []

    def flagging() -> Flags:
        known[:] = [Learned(runs, list(facts))]
        return flags_of(runs, list(facts), known[0])

    found = settled(case.folder, to_read, flagging, digest, also, decided)
    if known:
        found.note(LEARNED, known[0].to_keep())
    return found


def learned_of(found: Review) -> Learned:
    """Give what the runs tell before any of their records is judged, as it was kept with the findings. Raises UsageError.

    The last one is remembered: to look for thousands of people is prepared once, not for each page.
    """
    of = found.findings.fact("inputs") or ""
    if of not in _LEARNED:
        kept = found.findings.fact(LEARNED)
        learned = Learned(found.runs, list(found.facts), kept)
        if kept is None:
            found.findings.note(LEARNED, learned.to_keep())
        _LEARNED.clear()
        _LEARNED[of] = learned
        return learned
    return _LEARNED[of]


def values_digest(key: DigestKey, reference: str) -> Digest:
    """Give the digest by which the log of a case names values."""
    return value_digest(_key(key, reference))


def _key(key: DigestKey, reference: str) -> bytes:
    return hmac.digest(key.secret, f"values of case {reference}".encode(), "sha256")


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


def flags_of(runs: Iterable[InReview], facts: list[Fact], learned: Learned | None = None) -> Flags:
    """Prepare to flag places."""
    runs = tuple(runs)
    learned = learned or Learned(runs, facts)
    ready = {run.vendor: learned.in_force(run.vendor, every=True) for run in runs}
    return lambda vendor, endpoint, record, sha256: ready[vendor].ruled(endpoint, record, sha256)


def waiting(case: OpenCase, home: Path, now: datetime) -> int | None:
    """Count what waits for a reviewer; None where nobody has looked at the runs yet. Raises as `review`, NotConnected."""
    if case.case.phase in ENDED or not any(part.run is not None or part.files for part in case.case.vendors.values()):
        return 0
    if not (case.folder / FINDINGS).is_file() or not all_in_force(case):
        return None
    found = review(case, read_person(Vault(home).keys, case.folder), digest_key(home), now)
    with found.findings:
        return undecided(case, found)


class FileOfRecord(msgspec.Struct, frozen=True):
    """A line of a run's list of files: the line of the record it belongs to, and where it lies; None where it was not downloaded."""

    record_line: int = 0
    file: str | None = None


class FileToReview(msgspec.Struct, frozen=True):
    """A downloaded file of a run, or one that an owner gave, where it lies, and what happens to it."""

    vendor: str
    file: str
    ruling: Ruling
    endpoint: str
    path: Path

    @property
    def note(self) -> str | None:
        """Say what a reviewer should know of it: it is an archive, or may hold hidden data."""
        try:
            with self.path.open("rb") as stream:
                return note_on(stream.read(FIRST)) or (MAIL if self.path.suffix == ".eml" else None)
        except OSError:
            return None


def files_of(case: OpenCase, found: Review) -> Iterator[FileToReview]:
    """Give every downloaded file, and every one that an owner gave, with what policy and decisions say of it.

    What an owner gave is asked about: no policy knows what stands in it. Raises UsageError where a list cannot be read.
    """
    for run in found.runs:
        in_force = _for_files(run, decisions_of(case.case.decisions, run.vendor, found.digest))
        for listing in sorted(run.folder.glob("*.files.jsonl")):
            endpoint = listing.name.removesuffix(".files.jsonl")
            told = [converted(read_record(line, str(listing)), FileOfRecord) for _, _, line in lines_of(listing)]
            held = dict(_held_records(run, in_force, endpoint, {one.record_line for one in told}))
            for listed in told:
                if listed.file:
                    ruling = in_force.file_ruling(endpoint, listed.file, held.get(listed.record_line))
                    yield FileToReview(run.vendor, listed.file, ruling, endpoint, run.folder / listed.file)
    for vendor, part in case.case.vendors.items():
        in_force = PolicyInForce(of_nobody(), Own([]), decisions=decisions_of(case.case.decisions, vendor, found.digest))
        for file in (one for taken in part.files for one in sorted((case.folder / taken.folder).glob("file-*"))):
            name = str(file.relative_to(case.folder))
            yield FileToReview(vendor, name, in_force.file_ruling(RECEIVED, name), RECEIVED, file)


def _for_files(run: InReview, decisions: Decisions) -> PolicyInForce:
    """Give a policy that knows which records of endpoints with files are held: what is told twice is learned where it matters."""
    repeats = {name for rule in run.policy.once if not rule.but for name in rule.in_}
    told = learn(run.policy, (), run.records(repeats.__contains__))[1] if repeats else None
    return PolicyInForce(run.policy, Own([]), told=told, decisions=decisions)


def _held_records(run: InReview, in_force: PolicyInForce, endpoint: str, wanted: set[int]) -> Iterator[tuple[int, Ruling]]:
    """Give the records, by their lines, that are not handed over as a whole: nor are their files."""
    file = run.folder / f"{endpoint}.jsonl"
    for number, _, line in lines_of(file) if file.is_file() else ():
        if number in wanted:
            held = in_force.record_held(endpoint, read_record(line, f"{file}:{number}"), record_digest(line))
            if held is not None:
                yield number, held


def gone(case: OpenCase, found: Review) -> dict[int, str]:
    """Say which decisions hold on nothing any more: the number of the act, and what is gone. Raises UsageError as `files_of`."""
    here = {(one.vendor, one.file) for one in files_of(case, found)}
    decided = {number: one.target for number, one in case.case.decisions.items()}
    return found.findings.gone({number: target for number, target in decided.items() if (target.vendor, target.file) not in here})


def undecided(case: OpenCase, found: Review) -> int:
    """Count what waits for a reviewer: rows of values, and files."""
    return found.findings.totals().undecided + sum(one.ruling.do == "ask" for one in files_of(case, found))


def target_of(case: OpenCase, found: Review, text: str) -> list[Target]:
    """Read what a decision is about, as it is typed; a value stands for all that share its row. Raises UsageError.

    `undecided` means every value and file that waits; else `value:3f9a`, `zoom/meetings`, `zoom/meetings.topic`,
    `zoom/meetings:17` (a record by its line), `zoom/meetings:17#/topic`,
    `zoom/files/recordings/000001-1.mp4`, `hris/received/hris/1/file-1.csv`.
    """
    if text.startswith("value:"):
        return _values(found, text.removeprefix("value:"))
    if text == WAITING:
        return _waiting(case, found)
    vendor, _, rest = text.partition("/")
    if rest.startswith(("files/", "received/")):
        known = {
            f"{one.vendor}/{one.file}": Target(vendor=one.vendor, endpoint=one.endpoint, file=one.file) for one in files_of(case, found)
        }
        if text not in known:
            message = f"{text}: there is no such file; review list names those that are to be decided"
            raise UsageError(message)
        return [known[text]]
    run = next((one for one in found.runs if one.vendor == vendor), None)
    told = PLACE.fullmatch(rest)
    if run is None or told is None:
        message = f"{text}: name a value (value:3f9a) or VENDOR/ENDPOINT of a run: {', '.join(one.vendor for one in found.runs)}; {FORMS}"
        raise UsageError(message)
    return [_in_run(run, text, **told.groupdict())]


def _in_run(run: InReview, text: str, endpoint: str, field: str | None, line: str | None, pointer: str | None) -> Target:
    """Name an endpoint, a field, a record or a place in one. Raises UsageError where it is not there."""
    file = run.folder / f"{endpoint}.jsonl"
    if not file.is_file():
        known = ", ".join(one.stem for one in record_files(run.folder))
        message = f"{text}: the run at {run.vendor} has no records of `{endpoint}`; it has {known}"
        raise UsageError(message)
    if line is None:
        _check_field(run, endpoint, field or "", text)
        return Target(vendor=run.vendor, endpoint=endpoint, field=field)
    raw = _line(file, line, text)
    try:
        value = at_pointer(read_record(raw, f"{file}:{line}"), pointer or "")
    except LookupError:
        message = f"{text}: this record has nothing at {pointer}"
        raise UsageError(message) from None
    if pointer is not None and isinstance(value, (dict, list)):
        message = f"{text}: {pointer} holds further fields: name one of them, or the field of all records (zoom/meetings.settings)"
        raise UsageError(message)
    return Target(vendor=run.vendor, endpoint=endpoint, record=record_digest(raw), pointer=pointer)


def _check_field(run: InReview, endpoint: str, field: str, text: str) -> None:
    """Refuse a field that no record of the endpoint has: a decision about it would hold on nothing. Raises UsageError."""
    if not field:
        return
    try:
        steps = parse_steps(field)
    except Misfit as error:
        message = f"{text}: {error}"
        raise UsageError(message) from None
    if not any(reaches(steps, known) for _, record in run.records(lambda name: name == endpoint) for known in fields_in(record)):
        message = f"{text}: no record of `{endpoint}` has this field"
        raise UsageError(message)


def _line(file: Path, line: str, text: str) -> bytes:
    """Give a record by the number of its line. Raises UsageError."""
    with file.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            if str(number) == line:
                return raw.rstrip(b"\n")
    message = f"{text}: {file.name} has no line {line}"
    raise UsageError(message)


def _waiting(case: OpenCase, found: Review) -> list[Target]:
    """Give every value that waits for a decision, and every file. Raises UsageError where nothing does."""
    values = [Target(value=value.digest) for row in waiting_rows(found) for value in still_open(row)]
    files = [Target(vendor=one.vendor, endpoint=one.endpoint, file=one.file) for one in files_of(case, found) if one.ruling.do == "ask"]
    if not values and not files:
        message = f"{WAITING}: nothing waits for a decision; nothing was written"
        raise UsageError(message)
    return [*values, *files]


def waiting_rows(found: Review, kind: str = "") -> list[ListedRow]:
    """Give the rows of values that wait for a decision; of one kind, where it is named."""
    return found.findings.listed(found.findings.totals().undecided, only=RowFilter("undecided", kind))


def still_open(row: ListedRow) -> list[ListedValue]:
    """Give the values of a row that a decision about all that waits is about."""
    return [value for value in row.values if not value.settled]


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
