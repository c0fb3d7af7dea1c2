"""What can stand in a place of the command line: vendors, connections, and what a spec names. For shell completion alone.

It must be quick, so it imports nothing of pydantic and reads a spec's YAML as it stands; whatever cannot be read holds no names.
Nothing is written, made or sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import yaml

from engine.connection.state_folder import home, named
from engine.spec_files import cassettes_folder, contents, packaged, spec_path, vendor_line

FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
IDENTIFIERS = ("email=", "phone=", "username=")
RECORDS, LONGEST = 20, 256 * 1024
Given = Mapping[str, Sequence[str]]  # what stands on the line already, by the name of its argument or option
Source = Callable[[Given, str], Iterable[str]]


def vendors(given: Given, word: str) -> Iterable[str]:
    """Give every vendor that a bare name can mean."""
    return dict.fromkeys(vendor_line(path)[0] for path in packaged())


def stored(given: Given, word: str) -> Iterable[str]:
    """Give every stored connection as it is named where no vendor stands before it: zoom/emea."""
    return (f"{vendor}/{name}" for vendor, name in _connections())


def accounts(given: Given, word: str) -> Iterable[str]:
    """Give the names of a vendor's connections."""
    told = given.get("vendor", ())
    chosen = _top(told[0]).get("vendor") if told else None
    return dict.fromkeys(name for vendor, name in _connections() if chosen in (None, vendor))


def _connections() -> list[tuple[str, str]]:
    if any(os.environ.get(f"HABEAS_STORE{end}") for end in ("", "_FILE")):
        return []  # a database is not asked while somebody types
    return sorted(named(path.name for path in (home() / "connections").iterdir()))


def plans(given: Given, word: str) -> Iterable[str]:
    """Give the plans of the account that a spec knows limits of."""
    return [name for vendor in given.get("vendor", ())[:1] for name in _map(_map(_top(vendor).get("rate_limits")).get("plans"))]


def identifiers(given: Given, word: str) -> Iterable[str]:
    """Give the kinds of identifiers."""
    return IDENTIFIERS


def choices(given: Given, word: str) -> Iterator[str]:
    """Give a spec's endpoints, behind a dot the fields of one; what stands before the last comma stays."""
    vendor = next(iter(given.get("vendor", ())), None)
    if vendor is None:
        return
    before, comma, last = word.rpartition(",")
    head, chosen = before + comma, before.split(",")
    name, dot, path = last.partition(".")
    if not dot:
        yield from (f"{head}{one}" for one in _endpoints(vendor) if one not in chosen)
        return
    *steps, _ = path.split(".")
    inner = ".".join([name, *steps])
    yield from (f"{head}{inner}.{field}" for field in _fields(vendor, name, steps))


def _top(vendor: str) -> Mapping[str, Any]:
    """Read a spec as YAML, where nothing has a type and nothing is checked."""
    return _map(yaml.load(contents(spec_path(vendor)), Loader=yaml.CBaseLoader))  # noqa: S506  it makes texts, lists and maps alone


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _endpoints(vendor: str) -> Mapping[str, Any]:
    return _map(_map(_top(vendor).get("access")).get("endpoints"))


def _fields(vendor: str, endpoint: str, steps: Sequence[str]) -> Iterable[str]:
    """Give the fields that the cassettes' records of an endpoint have below a path."""
    if endpoint not in _endpoints(vendor):
        return ()
    folder = cassettes_folder(spec_path(vendor), str(_top(vendor).get("vendor")))
    found: dict[str, None] = {}
    for path in sorted(folder.glob(f"*/expected/{endpoint}.jsonl")):
        for record in _records(path):
            found.update(dict.fromkeys(name for one in _below(record, steps) for name in one if FIELD.fullmatch(name)))
    return found


def _records(path: Path) -> Iterator[Any]:
    with path.open("rb") as stream:
        for line in islice(iter(lambda: stream.readline(LONGEST), b""), RECORDS):
            yield msgspec.json.decode(line)


def _below(value: Any, steps: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Give the maps that stand at a path, which goes through lists."""
    if isinstance(value, list):
        for element in value[:RECORDS]:
            yield from _below(element, steps)
    elif isinstance(value, dict):
        if not steps:
            yield value
        elif steps[0] in value:
            yield from _below(value[steps[0]], steps[1:])


SOURCES: Mapping[str, Source] = {
    "vendor": vendors,
    "specs": vendors,
    "name": stored,
    "names": stored,
    "old": stored,
    "connection": accounts,
    "plan": plans,
    "only": choices,
    "without": choices,
    "subject": identifiers,
    "probe": identifiers,
}
