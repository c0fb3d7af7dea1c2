"""Compare what a replay delivers with the files in `expected/`, or write them: the records, and what is stable in the manifest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from engine.cassettes.cassette import EXPECTED, Cassette, Finding
from engine.cassettes.replay import Replayed
from engine.errors import UsageError
from engine.language.expressions import lossless_json
from engine.language.text.mistakes import Mistake, Position, counted
from engine.sink import MANIFEST

DROPPED = {"title", "seconds_throttled", "file", "bytes", "sha256", "lines"}
TOP = ("subject", "lookup", "stopped", "excluded", "narrowed", "fields", "endpoints")
MOST_SHOWN = 8
LONGEST = 60


def expected_files(replayed: Replayed) -> dict[str, bytes]:
    """Give the files of `expected/` as this replay would write them."""
    return {MANIFEST: reproducible(replayed.report.manifest), **replayed.written}


def reproducible(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest without what differs from run to run (times, sizes), what the spec says, and what is zero or empty."""
    plain = json.loads(msgspec.json.encode(manifest))
    kept = {name: plain[name] for name in TOP}
    kept["verified"] = plain["connection"]["verified"]
    kept["endpoints"] = {name: _telling(one) for name, one in plain["endpoints"].items()}
    return json.dumps(_telling(kept), indent=2, ensure_ascii=False).encode() + b"\n"


def _telling(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _telling(one) if isinstance(one, dict) else one for name, one in entry.items() if name not in DROPPED}
    return {name: one for name, one in found.items() if one not in (None, 0, False, [], {})}


def compared(replayed: Replayed, again: str) -> Iterator[Finding]:
    """Find each file in which a replay differs from `expected/`. `again` is the command that accepts the difference."""
    cassette, now = replayed.cassette, expected_files(replayed)
    if not cassette.expected:
        yield _finding(
            cassette, "", f"this cassette has no {EXPECTED}/: what the run delivers is compared with nothing", hint=f"write it: {again}"
        )
        return
    for name in sorted(now.keys() | cassette.expected.keys()):
        before, after = cassette.expected.get(name), now.get(name)
        if before is None:
            message = f"the run writes what nobody expects: {_lines(after or b'')}"
            yield _finding(cassette, name, message, hint=f"if this is right: {again}")
        elif after is None:
            message = f"the run does not write what is expected: {_lines(before)}"
            yield _finding(cassette, name, message, hint=f"if this is right: {again}")
        elif not _same(name, before, after):
            yield _different(cassette, name, before, after, again)


def accept(replayed: Replayed) -> Iterator[Finding]:
    """Write `expected/` anew, and say what changed. Raises UsageError where that fails."""
    cassette, now = replayed.cassette, expected_files(replayed)
    folder, changed = cassette.folder / EXPECTED, list[str]()
    for name in sorted(now.keys() | cassette.expected.keys()):
        before, after = cassette.expected.get(name), now.get(name)
        if before == after:
            continue
        try:
            folder.mkdir(exist_ok=True)
            if after is None:
                (folder / name).unlink()
            else:
                (folder / name).write_bytes(after)
        except OSError as error:
            message = f"{folder / name} cannot be written ({error.strerror})"
            raise UsageError(message) from None
        changed.append(f"{name}: {_change(before, after)}")
    if changed:
        yield Finding(Mistake(f"{counted(len(changed), 'file')} written anew", Position(1, 1), None, "note", str(folder), tuple(changed)))


def _change(before: bytes | None, after: bytes | None) -> str:
    if before is None:
        return f"new, {_lines(after or b'')}"
    if after is None:
        return "removed"
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return f"{(old - new).total()} lines gone, {(new - old).total()} new" if old != new else "the order of its lines"


def _lines(text: bytes) -> str:
    return counted(len(text.splitlines()), "line")


def _same(name: str, before: bytes, after: bytes) -> bool:
    """Whether two files say the same. Records may come in any order: requests run side by side."""
    if before == after:
        return True
    return name != MANIFEST and Counter(before.splitlines()) == Counter(after.splitlines())


def _different(cassette: Cassette, name: str, before: bytes, after: bytes, again: str) -> Finding:
    line, old, new = _first(name, before, after)
    try:
        changes = list(_changes(old, new))
    except RecursionError:
        changes = ["  it is nested deeper than can be shown"]
    shown = [*changes[:MOST_SHOWN], *([f"and {len(changes) - MOST_SHOWN} more"] if len(changes) > MOST_SHOWN else [])]
    message = f"the run delivers something else than expected{_count(name, before, after)}"
    return _finding(cassette, name, message, line, tuple(shown), f"if this is right: {again}")


def _count(name: str, before: bytes, after: bytes) -> str:
    if name == MANIFEST:
        return ""
    old, new = before.splitlines(), after.splitlines()
    other = (Counter(old) - Counter(new)).total()
    return f": {len(new)} records, expected {len(old)}" if len(old) != len(new) else f": {other} of {len(old)} records differ"


def _first(name: str, before: bytes, after: bytes) -> tuple[int, Any, Any]:
    """Give the line of the first difference, and the two values that differ there."""
    if name == MANIFEST:
        pairs = zip_longest(before.splitlines(), after.splitlines())
        line = next((number for number, (one, other) in enumerate(pairs, 1) if one != other), 1)
        return line, _read(before), _read(after)
    gone, new = Counter(before.splitlines()) - Counter(after.splitlines()), Counter(after.splitlines()) - Counter(before.splitlines())
    lines = before.splitlines()
    line = next((number for number, one in enumerate(lines, 1) if one in gone), len(lines))
    old = _read(lines[line - 1]) if gone else None
    return line, old, next(map(_read, new), None)


def _read(text: bytes) -> Any:
    try:
        return lossless_json.loads(text)
    except (ValueError, RecursionError):
        return text.decode("utf-8", "replace")


def _changes(old: Any, new: Any) -> Iterator[str]:
    before, after = dict(leaves(old)), dict(leaves(new))
    for path in dict.fromkeys((*before, *after)):
        if path not in after:
            yield f"- {_named(path)}: {_short(before[path])}"
        elif path not in before:
            yield f"+ {_named(path)}: {_short(after[path])}"
        elif before[path] != after[path] or lossless_json.text_of(before[path]) != lossless_json.text_of(after[path]):
            yield f"  {_named(path)}: {_short(before[path])}, now {_short(after[path])}"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every leaf of decoded JSON with its dotted path, empty maps and lists included; None on its own gives nothing."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    elif value is not None or path:
        yield path or "the record", value


def _named(path: str) -> str:
    return path if len(path) <= LONGEST else f"{path[: LONGEST // 2]}…{path[-LONGEST // 2 + 1 :]}"


def _short(value: Any) -> str:
    text = lossless_json.dumps(value).decode("utf-8", "replace")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _finding(cassette: Cassette, name: str, message: str, line: int = 1, detail: tuple[str, ...] = (), hint: str | None = None) -> Finding:
    file: Path = cassette.folder / EXPECTED / name if name else cassette.folder
    return Finding(Mistake(message, Position(line, 1), hint, "error", str(file), detail))
