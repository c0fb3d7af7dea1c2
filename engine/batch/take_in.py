"""Take the people of a CSV into a batch: all of them or, where a line cannot be used, none; each request once."""

from __future__ import annotations

import csv
import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from engine.assembly import person_of
from engine.batch.batch_folder import PRIVATE, REFUSED, BatchFolder, BatchKey
from engine.batch.people_csv import COLUMNS, Faults, LineFault, PersonLine, read_lines
from engine.batch.targets import BatchTarget, Targets, Wish
from engine.core.identity import Identifier, lowered
from engine.errors import Exit, HabeasError, OutputError, Refused, UsageError
from engine.language.text.mistakes import counted

SAYING = "; nothing was sent"
MOST_PAIRS = 10
CACHE = 16 * 1024  # kibibytes: digests come in no order, and each would read a page of a long table anew


class TakenPeople(msgspec.Struct):
    """What a CSV came to: new requests, repeated ones, those the batch had, trimmed lines, lines that were left out."""

    new: int = 0
    repeated: int = 0
    known: int = 0
    trimmed: int = 0
    refused: int = 0
    mended: int = 0
    same_person: tuple[str, ...] = ()

    def words(self, *, trial: bool) -> Iterator[str]:
        """Say it. A `trial` keeps nothing."""
        if self.known:
            yield f"{counted(self.known, 'request')} of the file {'was' if self.known == 1 else 'were'} in the batch already."
        if self.repeated:
            yield f"{counted(self.repeated, 'line')} repeat{'s' if self.repeated == 1 else ''} a request of the file: counted once."
        if self.trimmed:
            yield f"Spaces around cells were taken off in {counted(self.trimmed, 'line')}."
        for pair in self.same_person:
            yield f"Warning: {pair} name the same person; both are asked."
        if self.refused:
            place = f"would go to {REFUSED}" if trial else f"{'is' if self.refused == 1 else 'are'} in {REFUSED}"
            yield f"{counted(self.refused, 'line')} cannot be asked for and {place}."
        if self.mended:
            yield f"{counted(self.mended, 'request')} that could not be asked for {'was' if self.mended == 1 else 'were'} mended."


class TakeIn:
    """Reads one CSV into the database of a batch."""

    def __init__(
        self, folder: BatchFolder, key: BatchKey, targets: Targets, bear: Callable[[PersonLine, Mapping[str, Identifier]], None]
    ) -> None:
        """`bear` raises HabeasError where no case may bear a row's request."""
        self.folder, self.key, self.targets, self.bear = folder, key, targets, bear
        self.database = folder.database
        self.faults, self.taken = Faults(), TakenPeople()
        self.reading = self.database.count("select readings from batch") + 1
        self.refusals = self.database.count("select exists(select 1 from refusal)")
        self._noted: set[str] = set()

    def read(self, stream: BinaryIO, refused: Path | None) -> TakenPeople:
        """Take everybody in, in the transaction that is open. Raises UsageError, Refused with every fault; NotConnected with all missing.

        Where `refused` is a path, the lines of people who must not be asked for are written there, and are no fault.
        """
        self.database.run(f"pragma cache_size=-{CACHE}")
        self.database.run("create index if not exists by_any_case on line(request collate nocase)")
        with _refusals(refused) as put:
            for line in read_lines(stream):
                fault = line if isinstance(line, LineFault) else self._take(line)
                if fault is None:
                    continue
                if put is not None and fault.code is Exit.REFUSED and isinstance(line, PersonLine):
                    new = self._refused(self._content(line))
                    self.taken.refused += bool(self._refused(self._waiting(line)) and new)
                    if new:
                        put(line, fault)
                else:
                    self.faults.add(fault)
        if self.faults.count:
            raise self.faults.error(tuple(dict.fromkeys(self.targets.missing.values())))
        self.targets.all_there()
        if not self.database.count("select count(*) from line"):
            left_out = " who can be asked for: --skip-bad left out every line; leave it away to read why"
            message = "the file names nobody" + (left_out if self.taken.refused else "")
            raise UsageError(message)
        self.database.run("update batch set refused=refused+?, readings=?", self.taken.refused - self.taken.mended, self.reading)
        self.taken.same_person = tuple(self._same_person())
        return self.taken

    def _take(self, line: PersonLine) -> LineFault | None:
        content = self._content(line)
        known = self.database.one("select content, reading from line where request=?", line.request)
        if known is not None:
            same = known[0] in (content, self._digest(msgspec.json.encode(line.cells)))  # as it was written before columns could move
            return self._again(line, same, here=known[1] == self.reading)
        if self.database.count("select count(*) from line where request=? collate nocase", line.request):
            return LineFault(line.line, "the request differs from another one in capitals alone, and many disks hold both in one folder")
        try:
            person = person_of(line.identifiers)
            self.bear(line, person)
        except (Refused, UsageError) as error:
            return LineFault(line.line, str(error).removesuffix(SAYING), Exit.REFUSED if isinstance(error, Refused) else Exit.USAGE)
        try:
            wish, targets = self.targets.wish(line), self.targets.of(line)
            for target in targets:
                target.selection(wish)
        except UsageError as error:
            return LineFault(line.line, str(error))
        for target in targets:
            try:
                target.check(person, wish)
            except HabeasError as error:
                return LineFault(line.line, str(error).removesuffix(SAYING), Exit.REFUSED)
        self._put(line, content, person, (wish, targets))
        return None

    def _again(self, line: PersonLine, same: bool, *, here: bool) -> LineFault | None:  # noqa: FBT001  a comparison's result
        if not same:
            where = "stands in another line too" if here else "is in the batch already"
            return LineFault(line.line, f"the request {where}, with other content: one request is one person")
        self.database.run("update line set reading=? where request=?", self.reading, line.request)
        self.taken.repeated += here
        self.taken.known += not here
        return None

    def _put(self, line: PersonLine, content: bytes, person: Mapping[str, Identifier], asked: tuple[Wish, Any]) -> None:
        wish, targets = asked
        run, request = self.database.run, line.request
        run("insert into line values (?,?,?)", request, content, self.reading)
        if self.refusals:
            self.taken.mended += run("delete from refusal where content=?", self._waiting(line))
        for identifier in person.values():
            told = f"{identifier.kind}\n{lowered(identifier.value)}".encode("utf-8", "surrogatepass")
            run("insert or ignore into identity values (?,?)", self._digest(told), request)
        sealed = self.key.seal(request, msgspec.json.encode([(one.kind, one.value) for one in person.values()]))
        told_wish, priority = msgspec.json.encode(wish).decode(), int(line.cells.get("priority") or 0)
        for target in targets:
            self._connection(target)
            run(
                "insert into person(request, connection, identifiers, content, wish, priority) values (?,?,?,?,?,?)",
                request,
                target.name,
                sealed,
                content,
                told_wish,
                priority,
            )
        self.taken.new += 1
        self.taken.trimmed += line.trimmed

    def _connection(self, target: BatchTarget) -> None:
        if target.name in self._noted:
            return
        self._noted.add(target.name)
        self.database.run(
            "insert or ignore into connection(name, vendor, word, chosen, at, sha256, simulated) values (?,?,?,?,?,?,?)",
            target.name,
            target.vendor.name,
            target.word,
            target.named,
            target.at,
            target.vendor.sha256,
            target.chosen.simulated,
        )

    def _refused(self, digest: bytes) -> int:
        """Remember what was refused; gives 0 where that was known."""
        self.refusals = 1
        return self.database.run("insert or ignore into refusal values (?)", digest)

    def _waiting(self, line: PersonLine) -> bytes:
        """Give what stands for a request that was refused until its line is mended."""
        return self._digest(f"refused\n{line.request}".encode())

    def _content(self, line: PersonLine) -> bytes:
        """Give what stands for the content of a line, wherever its columns stand, and whether there are empty ones."""
        return self._digest(msgspec.json.encode(sorted(one for one in line.cells.items() if one[1])))

    def _digest(self, text: bytes) -> bytes:
        return hmac.digest(self.key.secret, text, "sha256")[:16]

    def _same_person(self) -> Iterator[str]:
        digests = list(self.database.all("select digest from identity group by digest having count(*) > 1 limit ?", MOST_PAIRS))
        rows = [self.database.all("select request from identity where digest=? order by request", *one) for one in digests]
        yield from dict.fromkeys(" and ".join(str(request) for (request,) in same) for same in rows)


@contextmanager
def _refusals(path: Path | None) -> Iterator[Callable[[PersonLine, LineFault], None] | None]:
    """Write lines to a CSV of its own, with why. Raises OutputError."""
    if path is None:
        yield None
        return
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror})"
        raise OutputError(message) from None
    with os.fdopen(file, "a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        if not os.fstat(file).st_size:
            writer.writerow((*COLUMNS, "why"))
        yield lambda line, fault: writer.writerow((*(line.cells.get(name, "") for name in COLUMNS), fault.words))
