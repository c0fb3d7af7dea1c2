"""What must hold after a batch was disturbed, whoever dispatched it: each function gives what does not, in words."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

from engine.batch.results import manifest_of
from engine.language.model.units import Rate
from tests.chaos.crowd import MARK
from tests.chaos.crowd_vendor import EXPIRED, LATE, LOST, TOKEN
from tests.whole.resumed import multisets

Log = Sequence[Mapping[str, Any]]
SAME = ("outcome", "reason", "records", "expected", "duplicates")
OURS = (b"habeas", b"engine", b"forkserver", b"postgres")
IN_FLIGHT = 0.1  # seconds from when a request leaves until it is noted
HARDLY = 0.85  # of a token's life: it is renewed when a tenth of that is left


class Result:
    """What a result says and holds, so that two can be compared."""

    def __init__(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        self.finished = bool(manifest["finished"])
        self.lines = multisets(folder)
        self.told = {
            "subject": manifest["subject"]["outcome"],
            **{name: {one: entry[one] for one in SAME} for name, entry in manifest["endpoints"].items()},
        }
        digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.name != "manifest.json"}
        self.proven = digests == {name: one["sha256"] for name, one in manifest["written"].items()}


def results_of(out: Path, rows: Iterable[Mapping[str, Any]]) -> dict[str, Result]:
    """Read the results that the rows name."""
    return {row["request"]: Result(out / row["folder"]) for row in rows}


def lost(rows: Sequence[Mapping[str, Any]], expected: Iterable[str]) -> Iterator[str]:
    """Everybody is there once, and done."""
    found, wanted = Counter(row["request"] for row in rows), Counter(list(expected))
    if found != wanted:
        yield f"rows: {sorted((wanted - found).elements())} are missing, {sorted((found - wanted).elements())} are too many"
    yield from (f"{row['request']} is {row['state']}: {row['reason']}" for row in rows if row["state"] != "done" or row["exit_code"] != 0)


def different(out: Path, rows: Sequence[Mapping[str, Any]], undisturbed: Mapping[str, Result]) -> Iterator[str]:
    """Every result is whole, proven by its row, and holds the lines of an undisturbed one."""
    for row in rows:
        request, folder = row["request"], out / (row["folder"] or "nothing")
        if row["folder"] is None or manifest_of(folder) != row["manifest_sha256"]:
            yield f"{request}: {row['folder']} is not there, or its manifest is another than the row says"
            continue
        found, wanted = Result(folder), undisturbed[request]
        if not found.finished or not found.proven:
            yield f"{request}: its manifest {'does not prove its files' if found.finished else 'has no end'}"
        if found.told != wanted.told:
            yield f"{request}: {found.told} and not {wanted.told}"
        for name in sorted({*found.lines, *wanted.lines}):
            here, there = found.lines.get(name, Counter()), wanted.lines.get(name, Counter())
            if here != there:
                yield f"{request}: {name} lacks {len(list((there - here).elements()))} lines and has {len(list((here - there).elements()))} too many"


def left_over(out: Path, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Nothing lies there that no row names."""
    named = {str(row["folder"]) for row in rows}
    found = {str(path.relative_to(out)) for path in (out / "people").glob("*/*")}
    yield from (f"{path} lies there, and no row names it" for path in sorted(found - named))
    yield from (f"{path.relative_to(out)} was left" for path in (out / "work").glob("*"))


def asked(log: Log) -> list[Mapping[str, Any]]:
    """Give the requests for data."""
    return [entry for entry in log if entry["path"] not in (TOKEN, EXPIRED)]


def too_fast(log: Log, rate: Rate) -> Iterator[str]:
    """No account was asked more in any period than it allows."""
    accounts = defaultdict(list)
    for entry in asked(log):
        accounts[entry["account"]].append(entry["at"])
    width = (rate.seconds or 0.0) - LATE
    for account, moments in accounts.items():
        most = max(sum(1 for one in moments[at : at + 2 * rate.count] if one < since + width) for at, since in enumerate(moments))
        if most > rate.count:
            yield f"{account}: {most} requests in {rate.seconds:g} s, and {rate.count} are allowed"
    refused = sum(entry["status"] == 429 for entry in log)
    if refused:
        yield f"{refused} requests were refused with 429"


def renewed_too_often(log: Log, life: float) -> Iterator[str]:
    """Each expiry had one refresh, and no refresh token was used twice. What was lost on the way never happened."""
    connections: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in log:
        if entry["path"] in (TOKEN, EXPIRED) and entry["status"] != LOST:
            connections[entry["connection"]].append(entry)
    for connection, entries in connections.items():
        yield from (f"{connection}: a refresh was refused with {one['status']}" for one in entries if one["status"] != 200)
        for before, later in zip(entries, entries[1:], strict=False):
            seconds = later["at"] - before["at"]
            if before["path"] == later["path"] == TOKEN and seconds < HARDLY * life:
                yield f"{connection}: renewed again after {seconds:.2f} s"


def asked_by_others(log: Log, vendor: str, owned: Sequence[tuple[float, str, str | None]]) -> Iterator[str]:
    """Whoever asked at a connection owned it then: `owned` has each change of its owner, a worker whose name holds its process id."""
    changes: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for at, name, owner in owned:
        changes[name].append((at, int(owner.split(":")[1]) if owner else 0))
    for entry in log:
        if entry["path"] == EXPIRED:
            continue
        known = changes[f"{vendor}/{entry['connection']}"]
        last = bisect_right(known, entry["at"] - IN_FLIGHT, key=itemgetter(0))
        owners = {pid for at, pid in known[max(0, last - 1) :] if at <= entry["at"] + IN_FLIGHT}
        if entry["pid"] not in owners:
            since = next((at for at, pid in reversed(known) if at <= entry["at"] and pid != entry["pid"]), entry["at"])
            yield f"{entry['connection']}: {entry['pid']} asked for {entry['path'][:20]} {entry['at'] - since:.2f} s after {owners} owned it"


def named_somebody(texts: Mapping[str, bytes]) -> Iterator[str]:
    """Nothing of a person stands there, written plainly or as a database prints bytes."""
    for name, text in texts.items():
        if MARK.encode() in text or MARK.encode().hex().encode() in text:
            at = text.find(MARK.encode())
            yield f"{name} names somebody: {text[max(0, at - 40) : at + 40]!r}"


def command_lines() -> dict[str, bytes]:
    """Give the command lines of the processes that may be ours."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found[str(path)] = path.read_bytes()
    return {name: line for name, line in found.items() if any(one in line for one in OURS)}


def few(found: Iterable[str], most: int = 20) -> str:
    """Give the first of what does not hold, one a line; an empty text where all does."""
    lines = list(found)
    return "\n".join(lines[:most] + ([f"... and {len(lines) - most} more"] if len(lines) > most else []))
