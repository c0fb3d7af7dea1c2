"""Write the data of a package: every record of every run as it is given under policy and decisions, and the files beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from engine.case.answer import ToldRun, excuse, service_of_run, service_without_run, told_run, with_kind
from engine.case.answer_words import WORDS
from engine.case.findings_fill import Digest, lines_of, read_record, record_digest
from engine.case.fold import VendorPart
from engine.case.folder import OpenCase
from engine.case.in_force import InReview, Learned
from engine.case.received import noted_of, proven, received_files
from engine.case.review import decisions_of
from engine.case.ruled import of_nobody
from engine.connection.private_files import prepare
from engine.errors import Refused
from engine.language.text.mistakes import counted
from engine.package.bag_names import DATA
from engine.package.content import RECEIVED, PackageFile, RecordKind, Service
from engine.package.data_files import KindFile
from engine.release.aliases import Aliases
from engine.release.apply import PolicyInForce
from engine.release.given import Giving, HeldRecord, Undecided
from engine.release.given_lines import given_lines
from engine.release.own import Own
from engine.release.ruling import Ruling
from engine.release.withheld import WithheldTexts
from engine.replaced import replace


class GivenData:
    """The data of one package while it is written into `bag`; `work` is a folder beside it that is thrown away.

    `undecided` says where something waits for a reviewer, and how often: nothing may leave then.
    """

    def __init__(self, case: OpenCase, runs: tuple[InReview, ...], learned: Learned, digest: Digest, bag: Path) -> None:
        """Take what all runs are judged by."""
        self.undecided: dict[str, int] = {}
        self.texts = WithheldTexts()
        self._aliases = Aliases()
        self._case, self._learned, self._digest = case, learned, digest
        self._runs = {one.vendor: one for one in runs}
        self._bag, self._work = bag, bag.with_name("work")
        self._rules: dict[str, PolicyInForce] = {}

    def services(self) -> tuple[Service, ...]:
        """Write everything; gives each service with its kinds of records. Raises UsageError, Refused, SpecError, DiskError, OutputError."""
        prepare(self._work)
        self._meet()
        return tuple(self._service(vendor, part) for vendor, part in self._case.case.vendors.items())

    def _meet(self) -> None:
        """Learn who is who before anybody gets a number, where somebody does."""
        decided = any(act.operation == "alias" for act in self._case.case.decisions.values())
        for review in self._runs.values():
            if decided or any(rule.do == "alias" for rule in review.policy.others):
                in_force = self._in_force(review.vendor)
                for endpoint, record in self._learned.naming(review.vendor, in_force.rules_by_sides):
                    self._aliases.meet(in_force.rulings(endpoint, record, only_people=True))
        self._aliases.all_met()

    def _in_force(self, vendor: str) -> PolicyInForce:
        """Give what a run is judged by: the same each time, since it remembers what it looked at."""
        found = self._rules.get(vendor)
        if found is None:
            decisions = decisions_of(self._case.case.decisions, vendor, self._digest)
            found = self._rules[vendor] = self._learned.in_force(vendor, decisions, parts=True)
        return found

    def _service(self, vendor: str, part: VendorPart) -> Service:
        received = tuple(self._received(vendor, part))
        if part.run is None:
            return replace(service_without_run(self._case, vendor, part), files=received)
        review = self._runs[vendor]
        told = told_run(review.folder, part.run.proof)
        in_force = self._in_force(vendor)
        self._rules.pop(vendor)  # what it remembers of this run nobody asks for again
        giving = Giving(vendor, self._case.opened.language, self._aliases, self._learned.find, self.texts)
        service = replace(service_of_run(self._case, part, review, told), files=received)
        for kind in service.kinds:
            service = with_kind(service, self._kind(kind, review, told, in_force, giving))
        return service

    def _kind(self, kind: RecordKind, review: InReview, told: ToldRun, in_force: PolicyInForce, giving: Giving) -> RecordKind:
        """Write the records of one kind, and say which of its files leave."""
        endpoint, folder = kind.endpoint, self._bag / DATA / review.vendor
        prepare(folder)
        numbers: dict[int, int | Ruling] = {}
        listed = {line for line, _ in _listed(review, endpoint, told)}
        with KindFile(folder / f"{endpoint}.json", self._work / f"{review.vendor}.{endpoint}.places") as file:
            source = review.folder / f"{endpoint}.jsonl"
            read = partial(_record, str(source))
            for line, given, why in given_lines(endpoint, _lines(source, told), in_force, giving, read, record_digest):
                if isinstance(given, Undecided):
                    self._ask(f"{review.vendor}/{endpoint}", given.places)
                elif isinstance(given, HeldRecord):
                    file.held[given.because] += 1
                else:
                    file.add(given)
                if line in listed:
                    numbers[line] = why or file.given
        if (lines := file.given + sum(file.held.values())) != kind.found and not self.undecided:
            what = f"{counted(lines, 'record')} of `{endpoint}`, and its manifest counts {kind.found}"
            message = f"{review.folder} holds {what}: fetch it anew; nothing was built"
            raise Refused(message)
        files = tuple(self._files(kind, review, told, in_force, numbers))
        return replace(kind, given=file.given, held=dict(file.held), withheld=file.withheld, records=file.records, files=files)

    def _ask(self, where: str, places: int = 1) -> None:
        self.undecided[where] = self.undecided.get(where, 0) + places

    def _files(
        self, kind: RecordKind, review: InReview, told: ToldRun, in_force: PolicyInForce, numbers: Mapping[int, int | Ruling]
    ) -> Iterator[PackageFile]:
        words = WORDS[self._case.opened.language]
        found = sorted(_listed(review, kind.endpoint, told), key=lambda one: (one[0], one[1].get("number", 0)))
        for line, entry in found:
            record, name = numbers.get(line), entry.get("file")
            if not name:
                yield PackageFile(endpoint=kind.endpoint, name="", record=_number(record), why=words["failed"])
                continue
            ruling = in_force.file_ruling(kind.endpoint, name, record if isinstance(record, Ruling) else None)
            given = ruling.do == "give"
            if ruling.do == "ask":
                self._ask(f"{review.vendor}/{name}")
            yield PackageFile(
                endpoint=kind.endpoint,
                name=Path(name).name,
                source=review.folder / name if given else None,
                record=_number(record),
                size=entry.get("bytes"),
                sha256=entry.get("sha256") if given else None,
                because=None if given else ruling.because,
                why=words["doubtful"] if given and entry.get("reason") else None,
            )
        counts = told.run.endpoints[kind.endpoint].get("files") or {} if kind.endpoint in told.run.endpoints else {}
        said = excuse(self._case.case.vendors[review.vendor], f"{kind.endpoint}.files")
        for _ in range(max(0, int(counts.get("found") or 0) - len(found))):
            yield PackageFile(endpoint=kind.endpoint, name="", why=said or words["not_downloaded"])

    def _received(self, vendor: str, part: VendorPart) -> Iterator[PackageFile]:
        """Say which of the files that an owner sent leave; no policy knows what stands in them."""
        in_force = PolicyInForce(of_nobody(), Own([]), decisions=decisions_of(self._case.case.decisions, vendor, self._digest))
        for taken in part.files:
            folder = self._case.folder / taken.folder
            sums = _sums(folder, taken.proof)
            for file in received_files(folder):
                inside = str(file.path.relative_to(self._case.folder))
                ruling = in_force.file_ruling(RECEIVED, inside)
                if ruling.do == "ask":
                    self._ask(f"{vendor}/{inside}")
                given = ruling.do == "give"
                yield PackageFile(
                    endpoint=RECEIVED,
                    name=file.called if given else "",  # what a file that is withheld is called may tell of its content
                    source=file.path if given else None,
                    size=file.size,
                    sha256=sums[file.path.name] if given else None,
                    because=None if given else ruling.because,
                )


def _listed(review: InReview, endpoint: str, told: ToldRun) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Give the list of an endpoint's files, by the line of their records."""
    source = review.folder / f"{endpoint}.files.jsonl"
    for line, raw in _lines(source, told):
        entry = read_record(raw, str(source), line)
        yield int(entry["record_line"]), entry


def _sums(folder: Path, proof: str) -> Mapping[str, str]:
    """Give the sha256 that each file of an owner must have. Raises Refused where what lies there is not what was taken in."""
    sums, there = proven(folder, proof), {one.path.name for one in received_files(folder)}
    if noted_of(folder).sha256 != proof or not there or there != set(sums):
        message = f"what lies in {folder} is not the file that was taken in: put a copy back; nothing was built"
        raise Refused(message)
    return sums


def _number(record: int | Ruling | None) -> int | None:
    return record if isinstance(record, int) else None


def _record(where: str, line: int, raw: bytes) -> Any:
    return read_record(raw, where, line)


def _lines(source: Path, told: ToldRun) -> Iterator[tuple[int, bytes]]:
    """Read the records of one kind: number and bytes of each line. Raises Refused where the file is not the one taken in."""
    digest, sha256 = hashlib.sha256(), told.sha256_of(source.name)
    for line, _, raw in lines_of(source) if sha256 is not None else ():
        digest.update(raw + b"\n")
        yield line, raw
    if (digest.hexdigest() != sha256) if sha256 is not None else source.exists():
        message = f"{source} is not the file that was taken in (another sha256): put a copy back; nothing was built"
        raise Refused(message)
