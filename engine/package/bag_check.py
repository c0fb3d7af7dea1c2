"""Hold a bag against its own manifests: every file is there, is listed once, and is what it was when the bag was closed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from engine.package.bag import DECLARATION
from engine.package.bag_names import (
    BAG_INFO,
    BAGIT,
    HEAD,
    MANIFEST,
    PAYLOAD,
    PROFILE,
    SIGNATURE,
    TAG_MANIFEST,
    name_fault,
    shown,
)
from engine.package.bag_source import UNREADABLE, BagSource

MOST_TAG_BYTES = 32 << 20  # a manifest or document: 100,000 lines fit
MOST_LINES = 100_000
PIECE = 1 << 20
LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(\S.*)")
ENCODED = re.compile(r"%(0[aAdD]|25)")
ANOTHER_WAY = re.compile(r"(?:tag)?manifest-(?!sha256\.txt)[^/]*\.txt|fetch\.txt")
UNLISTED = frozenset({TAG_MANIFEST, SIGNATURE})
FORMERLY_EMPTY = {"read/"}  # packages of before have it without a page, where nobody was asked by a run: they are as they were packed


def read_bounded(source: BagSource, name: str, most: int = MOST_TAG_BYTES) -> bytes | None:
    """Read a small file of a bag; None where it is not there or cannot be read, which is a fault then."""
    if name not in source.files:
        source.found("missing", f"{name} is missing")
        return None
    if source.files[name] > most:
        source.found("bag", f"{name} is longer than {most} bytes: it was not read")
        return None
    try:
        with source.open(name) as stream:
            return stream.read(most)
    except UNREADABLE:
        source.found("changed", f"{name} cannot be read: it is cut or changed")
        return None


def check_bag(source: BagSource) -> str | None:
    """Check declaration, manifests and sums; what is wrong is noted at the source. Gives the sha256 of the tag manifest."""
    declared = None if source.closed else read_bounded(source, BAGIT)
    if declared is None:
        return None
    if declared.replace(b"\r\n", b"\n").strip() != DECLARATION.strip():
        told = shown(declared[:60].decode("utf-8", "replace").split("\n")[0].strip())
        source.found("bag", f"{BAGIT} begins with `{told}`: this profile is BagIt-Version: 1.0 in UTF-8")
    raw, below = read_bounded(source, TAG_MANIFEST), read_bounded(source, MANIFEST)
    if raw is None or below is None:
        return None
    tags, payload = _sums(source, TAG_MANIFEST, raw), _sums(source, MANIFEST, below)
    for listed, name, fits in ((payload, MANIFEST, True), (tags, TAG_MANIFEST, False)):
        for stray in (one for one in listed if one.startswith(PAYLOAD) is not fits):
            source.found("bag", f"{name} lists {stray}, which belongs into the other manifest")
    _compare(source, {**tags, **payload})
    _alike(source, {*source.files, *tags, *payload})
    if not source.faults:
        _check_info(source)
    return hashlib.sha256(raw).hexdigest()


def _sums(source: BagSource, manifest: str, raw: bytes) -> dict[str, str]:
    """Read the lines of a manifest: names and sums."""
    found: dict[str, str] = {}
    for number, line in enumerate(_lines(raw), 1):
        fitting, place = LINE.fullmatch(line), f"{manifest}:{number}"
        if number > MOST_LINES or fitting is None:
            source.found("bag", f"{place} is no sha256 and name of a file" if fitting is None else f"{place} is one line too many")
            return found
        name = ENCODED.sub(lambda code: chr(int(code[1], 16)), fitting[2])
        fault = name_fault(name)
        if fault is not None:
            source.found("name", f"{place}: {shown(name)} {fault}")
        elif name in found:
            source.found("bag", f"{place} lists {name} a second time")
        else:
            found[name] = fitting[1].lower()
    return found


def _lines(raw: bytes) -> list[str]:
    """Give the lines of a tag file: ended by CR, LF or both, and by no other sign that some programs end a line at."""
    lines = re.split("\r\n|[\r\n]", raw.decode("utf-8", "replace"))
    return lines if lines[-1] else lines[:-1]


def _compare(source: BagSource, sums: dict[str, str]) -> None:
    for name, expected in sorted(sums.items()):
        if name not in source.files:
            source.found("missing", f"{name} is missing")
            continue
        try:
            actual = _sha256_in(source, name)
        except UNREADABLE:
            source.found("changed", f"{name} cannot be read: it is cut or changed")
            continue
        if actual != expected:
            source.found("changed", f"{name} was changed: its sha256 is {actual}, and was {expected}")
    for name in sorted(source.files.keys() - sums.keys() - UNLISTED):
        source.found("added", f"{name} was added: no manifest lists it")
    wanted = FORMERLY_EMPTY | {name[: end + 1] for name in sums for end in _ends(name)}
    for folder in sorted(name for name in source.empty if name and name not in wanted and name_fault(name.rstrip("/")) is None):
        source.found("added", f"{folder} was added: nothing lies in it, and no package has an empty folder")
    for name in sorted(filter(ANOTHER_WAY.fullmatch, source.files)):
        source.found("bag", f"{name} is not of this profile: its manifests are of sha256, and every file is in the bag")


def _sha256_in(source: BagSource, name: str) -> str:
    digest = hashlib.sha256()
    with source.open(name) as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _alike(source: BagSource, names: set[str]) -> None:
    """Refuse names that are one on a system that does not tell capitals, and a file that is a folder as well."""
    lowered: dict[str, str] = {}
    for name in sorted(names):
        other = lowered.setdefault(name.lower(), name)
        if other != name:
            source.found("name", f"{name} and {other} are the same name on many systems")
    for name in sorted(lowered):
        for end in _ends(name):
            if name[:end] in lowered:
                source.found("name", f"{lowered[name[:end]]} is a file, and {lowered[name]} lies in it")


def _ends(name: str) -> Iterator[int]:
    return (found.start() for found in re.finditer("/", name))


def info_lines(raw: bytes) -> dict[str, list[str]]:
    """Read `bag-info.txt`: what each label says; a line that begins with a blank goes on."""
    told: dict[str, list[str]] = {}
    for line in _lines(re.sub(rb"(?:\r\n|[\r\n])[ \t]+", b" ", raw)):
        label, _, value = line.partition(":")
        told.setdefault(label.strip().lower(), []).append(value.strip())
    return told


def _check_info(source: BagSource) -> None:
    raw = read_bounded(source, BAG_INFO)
    if raw is None:
        return
    told = info_lines(raw)
    sizes = [size for name, size in source.files.items() if name.startswith(PAYLOAD)]
    expected = {"payload-oxum": f"{sum(sizes)}.{len(sizes)}", "bagit-profile-identifier": PROFILE}
    for label, value in expected.items():
        if told.get(label) != [value]:
            said = shown(", ".join(told.get(label, [])) or "nothing")
            source.found("bag", f"{BAG_INFO} says {said} for {label}, where {value} is right")
    named = len(told.get("external-identifier", []))
    if named != 1:
        many = "no External-Identifier" if not named else f"{named} External-Identifiers"
        source.found("bag", f"{BAG_INFO} names {many}, where one is right: the reference of the request in {HEAD}")
