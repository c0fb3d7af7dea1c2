"""`batch.json`, the proof of a batch: every request at every connection, how it ended, and the sha256 of its manifest."""

from __future__ import annotations

import json
from datetime import datetime

from engine.batch.batch_folder import PRIVATE, PROOF, BatchFolder
from engine.connection.private_files import cannot_write
from engine.core.window import rfc3339
from engine.errors import Exit, worst

FORMAT = 1
ROWS = """
select request, connection, state, exit_code, reason, iif(yet, null, folder), iif(yet, null, sha256), ended_at
from (select *, state in ('queued', 'running') as yet from person) order by id
"""
COLUMNS = ("request", "connection", "state", "exit_code", "reason", "folder", "manifest_sha256", "ended")


def batch_code(folder: BatchFolder, stopped: Exit | None = None) -> Exit:
    """Give the exit code of a batch: the worst of all its people; of those still queued, what keeps them."""
    database = folder.database
    codes = [
        Exit(row[0])
        for row in database.all("select distinct exit_code from person where exit_code is not null and state in ('done', 'failed')")
    ]
    codes += [stopped] if stopped is not None else []
    codes += [Exit.REFUSED] if folder.refused else []
    if database.count("select count(*) from person where state in ('queued', 'running')"):
        ended = database.count("select count(*) from connection where ended is not null")
        codes.append(Exit.NOT_CONNECTED if ended else Exit.INCOMPLETE)
    return worst(codes)


def write_proof(folder: BatchFolder, now: datetime, code: Exit) -> None:
    """Write it anew, row by row, so that many people need no memory. Raises DiskError, OutputError.

    No result of an earlier try is named of somebody who is yet to be asked: it goes to another place then.
    """
    folder.check_there()
    path = folder.path / PROOF
    part = path.with_name(f"{PROOF}.part")
    rows = folder.database.all(ROWS)
    connections = {
        name: {"vendor": vendor, "spec_sha256": sha256, "simulated": bool(simulated)}
        for name, vendor, sha256, simulated in folder.database.all("select name, vendor, sha256, simulated from connection order by name")
    }
    head = {
        "habeas": "batch",
        "format": FORMAT,
        "id": folder.id,
        "begun": rfc3339(folder.created),
        "written": rfc3339(now),
        "exit_code": int(code),
        **({} if folder.lent is None else {"lent": {"store": folder.lent.store, "since": rfc3339(folder.lent.since)}}),
        "states": folder.database.by_state(),
        "refused_lines": folder.refused,
        "connections": connections,
    }
    try:
        with part.open("w", encoding="utf-8") as stream:
            part.chmod(PRIVATE)
            stream.write(json.dumps(head, indent=1)[:-2] + ',\n "people": [')
            for number, row in enumerate(rows):
                stream.write(("," if number else "") + "\n  " + json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False))
            stream.write("\n ]\n}\n")
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
