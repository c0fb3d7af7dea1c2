"""The head of a run's manifest: what the run is, and whether it has ended. Whoever reads a run folder asks here first.

A manifest is written twice: its head at once, with `finished: null`, and the whole of it at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from engine.decoding import converted
from engine.errors import UsageError
from engine.language.text.spec_name import SPEC_NAME
from engine.sink import MANIFEST, PART

LOG = 1  # the form of what a later process goes on from: the lines that end chains
LARGEST = 64 << 20
SpecName = Annotated[str, Meta(pattern=rf"^{SPEC_NAME}\Z")]


class HeadSpec(Struct, frozen=True):
    """The spec that the run was begun with, and the digests of what it says of each endpoint."""

    file: str
    sha256: str
    endpoints: dict[SpecName, str] = {}


class HeadConnection(Struct, frozen=True):
    """The connection, and the pace."""

    name: str
    share: Annotated[float, Meta(gt=0, le=1)]
    plan: str | None = None


class HeadSubject(Struct, frozen=True):
    """Whom the run asks for, as keyed digests; `outcome` of a run that has ended."""

    identified_by: tuple[str, ...]
    digest: dict[str, str] | None = None
    key_id: str | None = None
    outcome: str | None = None


class HeadFields(Struct, frozen=True):
    """The fields of an endpoint that were chosen."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class HeadOptions(Struct, frozen=True):
    """What the operator chose besides."""

    files: bool
    largest_file: Annotated[int, Meta(ge=1)]


class HeadEnd(Struct, frozen=True):
    """How an endpoint ended."""

    outcome: str


class RunHead(Struct, frozen=True):
    """What of a manifest is needed to go on with its run."""

    log: Annotated[int, Meta(ge=1)]
    vendor: SpecName
    spec: HeadSpec
    engine: str
    started: Annotated[datetime, Meta(tz=True)]
    simulated: bool
    connection: HeadConnection
    subject: HeadSubject
    options: HeadOptions
    finished: str | None
    reference: str | None = None
    resumed: tuple[str, ...] = ()
    excluded: tuple[SpecName, ...] = ()
    narrowed: dict[str, str] | None = None
    fields: dict[SpecName, HeadFields] = {}
    endpoints: dict[SpecName, HeadEnd] = {}


def not_ended(folder: Path) -> UsageError:
    """Say that a folder holds a run that has not ended."""
    return UsageError(f"{folder} holds a run that has not come to its end: it proves nothing yet; habeas resume {folder} goes on with it")


def check_ended(folder: Path) -> None:
    """Refuse the folder of a run that has not ended; of what cannot be read, its reader says so. Raises UsageError."""
    try:
        told = msgspec.json.decode((folder / MANIFEST).read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if isinstance(told, Mapping) and told.get("finished", "") is None:
        raise not_ended(folder)


def head_folder(place: Path) -> Path:
    """Find the run folder that is meant: the one named, or the only one in it. Raises UsageError."""
    try:
        if not place.is_dir():
            message = f"{place}: there is no such folder; name the one that `habeas run` wrote"
            raise UsageError(message)
        if _is_run(place):
            return place
        inside = sorted(one for one in place.iterdir() if one.is_dir() and _is_run(one))
    except OSError as error:
        message = f"{place} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    if len(inside) == 1:
        return inside[0]
    if inside:
        message = f"{place} holds {len(inside)} runs: name one of them, such as {inside[0]}"
        raise UsageError(message)
    message = f"{place} holds no run: nothing there can go on; name a folder that `habeas run` wrote"
    raise UsageError(message)


def _is_run(folder: Path) -> bool:
    return (folder / MANIFEST).exists() or (folder / f"{MANIFEST}{PART}").exists()


def read_head(folder: Path) -> RunHead:
    """Read what a run that broke off, or misses something, began with. Raises UsageError where nothing can go on from there."""
    path = folder / MANIFEST
    again = "run again, into another folder"
    try:
        raw = b"" if path.stat().st_size > LARGEST else path.read_bytes()
    except FileNotFoundError:
        message = f"{folder} was left by an older Habeas, or before anything was sent: it does not say what it is; {again}"
        raise UsageError(message) from None
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    try:
        told = msgspec.json.decode(raw, type=dict[str, Any])
        log = told.get("log")
        if log is None and "engine" in told:
            message = f"{folder} is of an older Habeas ({str(told['engine'])[:20]}), which kept nothing to go on from: {again}"
            raise UsageError(message)
        if isinstance(log, int) and log > LOG:
            message = f"{folder} is of a newer Habeas ({str(told.get('engine'))[:20]}): go on with that one"
            raise UsageError(message)
        return converted(told, RunHead)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = f"{path} is damaged, so that nobody can tell what the run was: {again}"
        raise UsageError(message) from None
