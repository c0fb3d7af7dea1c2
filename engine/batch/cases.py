"""`--cases`: each row of a batch has a case of its name, which takes its runs in, each once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from engine.assembly import person_of
from engine.batch.batch_folder import BatchFolder, BatchKey
from engine.batch.database import Database
from engine.case import acts, take
from engine.case.folder import OpenCase, checked_reference, open_case
from engine.case.opening import check_free, open_new
from engine.case.person import Person
from engine.case.taken_run import read_run
from engine.connection.digest_key import digest_key
from engine.connection.vault import Vault
from engine.core.identity import Identifier
from engine.errors import HabeasError, UsageError
from engine.language.text.mistakes import counted

TAKEN, NOT_TAKEN = 1, 2


def check_case(folder: BatchFolder, request: str, person: Mapping[str, Identifier]) -> None:
    """See that a case may bear a request: a new one, or one of the same person. Raises UsageError."""
    checked_reference(request)
    try:
        check_free(folder.home, request)
    except UsageError:
        case = open_case(folder.home, request).case
        digest = digest_key(folder.home).of(person.values())
        if case.key_id != digest.key_id or not set(case.digests) & set(digest.all):
            message = f"there is a case {request} already, of another person"
            raise UsageError(message) from None


class BatchCases:
    """The cases of a batch, while it is worked on."""

    def __init__(self, folder: BatchFolder, key: BatchKey) -> None:
        """Take the batch; its regime is the law of the cases that are opened."""
        self.folder, self.key = folder, key
        self.vault = Vault(folder.home)
        self.refused: list[str] = []

    def take_all(self) -> None:
        """Take in every result that has ended and is in no case yet; one that may not be taken is said. Used in a thread."""
        database = Database(self.folder.path / "batch.db")
        try:
            rows = list(
                database.all(
                    "select id, request, connection, folder, sha256 from person"
                    " where taken=0 and folder is not null and state in ('done', 'failed')"
                )
            )
            for number, request, connection, folder, sha256 in rows:
                mark = TAKEN
                try:
                    self._take(database, request, folder, sha256)
                except HabeasError as error:
                    self.refused.append(f"{request}, {connection}: {error}")
                    mark = NOT_TAKEN
                database.run("update person set taken=? where id=?", mark, number)
        finally:
            database.close()

    def _take(self, database: Database, request: str, folder: str, sha256: str) -> None:
        case = self._case(database, request)
        if any(isinstance(line.act, acts.TakenIn) and line.act.proof == sha256 for line in case.lines):
            return  # by a process that was killed before it could say so
        source = self.folder.path / folder
        run = read_run(source)
        same = take.may_take(case, run, vendor=None, confirmed=True)
        case.may(acts.TakenIn(vendor=run.vendor, folder="", proof=""))
        take.take_run(case, source, run, datetime.now(UTC), same=same)

    def _case(self, database: Database, request: str) -> OpenCase:
        """Open the case of a request, a new one where there is none."""
        try:
            check_free(self.folder.home, request)
        except UsageError:
            return open_case(self.folder.home, request)
        rows = list(
            database.all(
                "select person.identifiers, connection.vendor, connection.simulated from person join connection on connection.name="
                "person.connection where person.request=?",
                request,
            )
        )
        who = person_of(json.loads(self.key.unseal(request, rows[0][0])))
        now = datetime.now(UTC)
        opened = acts.CaseOpened(
            reference=request,
            regime=self.folder.options.regime or "",
            language="en",
            received=self.folder.created.date(),
            digests=(),
            simulated=bool(rows[0][2]),
        )
        person = Person(identifiers={one.kind: (one.value,) for one in who.values()})
        return open_new(self.vault, opened, person, [acts.VendorAsked(vendor=name) for name in dict.fromkeys(row[1] for row in rows)], now)

    def words(self) -> str | None:
        """Say which results were not taken in; None where all were."""
        return None if not self.refused else f"{counted(len(self.refused), 'result')} not taken into a case:\n" + "\n".join(self.refused)
