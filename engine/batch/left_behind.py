"""What a process left behind that was killed while it worked on a batch: rows that say `running`, results nobody was told of, scraps."""

from __future__ import annotations

import shutil
from contextlib import suppress

from engine.batch import results
from engine.batch.batch_folder import WORK, BatchFolder, label_of
from engine.errors import Exit

QUEUED = "select count(*) from person where cast(id as text)=? and id=? and state='queued'"


def recover(folder: BatchFolder) -> None:
    """Queue what a killed process had under way; so too whoever failed for the connection alone."""
    database = folder.database
    running = list(database.all("select id, request, connection, sha256 from person where state='running'"))
    for number, request, connection, sha256 in running:
        place = folder.place(request, label_of(connection))
        if results.manifest_of(place) != sha256:  # else it is the result of an earlier try
            results.taken_back(place, folder.path / WORK / str(number) / connection.partition("/")[0])
            database.run("update person set folder=null, sha256=null where id=?", number)  # an earlier try's, which was set aside
    database.run("update person set state='queued', attempts=attempts-1 where state='running'")
    database.run("update person set state='queued', attempts=0 where state='failed' and exit_code=?", int(Exit.NOT_CONNECTED))
    database.run("update connection set ended=null")
    sweep(folder)


def sweep(folder: BatchFolder) -> None:
    """Delete what was begun for people who are not asked any more."""
    work = folder.path / WORK
    for left in list(work.iterdir()) if work.is_dir() else ():
        if not folder.database.count(QUEUED, left.name, left.name):
            shutil.rmtree(left, ignore_errors=True)
    with suppress(OSError):
        work.rmdir()
