"""Read a cassette: a folder with `cassette.yaml`, one `.http` file per recording, and in `expected/` what the run should deliver.

Mistakes of form come back as findings; whether the cassette fits its spec is judged in `check`. Sizes are looked at before anything
is read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PlainValidator, ValidationError, ValidationInfo, field_validator, model_validator

from engine.cassettes.recording import CassetteError, Recording, parse
from engine.core.identity import PLACEHOLDERS, Identifier, identify
from engine.core.window import beginning
from engine.errors import Exit, HabeasError
from engine.language.model import words as w
from engine.language.model.spec import Words
from engine.language.text.document import Document, read
from engine.language.text.document import Path as Steps
from engine.language.text.mistakes import WIDEST, Mistake, Position, SpecError
from engine.language.text.validation import mistake_of, without_cascades

SETUP = "cassette.yaml"
FORMER_SETUP = "case.yaml"  # the name that it had before
EXPECTED = "expected"
MOST_FILE = 4 * 1024 * 1024
MOST_CASSETTE = 64 * 1024 * 1024
MOST_FILES = 10_000
FORM = "a cassette.yaml is a map with `about`, `person` and `now`"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
WRITTEN = re.compile(r"manifest\.json|[a-z][a-z0-9_]*\.jsonl")


def _now(value: Any) -> datetime:
    if INSTANT.fullmatch(w.text(value)):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    message = f"`{value}` is no moment in UTC, such as 2026-11-24T12:00:00Z"
    raise ValueError(message)


def _exit(value: Any) -> int:
    if w.text(value) in {str(int(one)) for one in Exit}:
        return int(value)
    message = f"`{value}` is no exit code of a run: 0, 3, 4 or 5"
    raise ValueError(message)


class CassettePerson(Words):
    """The person that the run asks for, by at least one identifier."""

    email: w.Text | None = Field(default=None, description="An address at example.com, example.org or example.net.")
    phone: w.Text | None = Field(default=None, description="A number such as +12025550142.")
    username: w.Text | None = Field(default=None, description="A name at the vendor.")

    @field_validator("email", "phone", "username")
    @classmethod
    def accepted(cls, value: str | None, info: Any) -> str | None:
        """Refuse an identifier that a run would refuse."""
        try:
            return None if value is None else identify(info.field_name, value).value
        except HabeasError as error:
            raise ValueError(str(error).removesuffix("; nothing was sent")) from None

    @model_validator(mode="after")
    def somebody(self) -> CassettePerson:
        """Refuse a person without an identifier."""
        if not self.identifiers:
            message = "name the person who is asked for: email, phone or username"
            raise ValueError(message)
        return self

    @property
    def identifiers(self) -> dict[str, Identifier]:
        """Give the identifiers as a run takes them, by EMAIL, PHONE and USERNAME."""
        given = {kind: getattr(self, kind) for kind in PLACEHOLDERS}
        return {PLACEHOLDERS[kind]: Identifier(kind, value) for kind, value in given.items() if value is not None}  # type: ignore[arg-type]


class Setup(Words):
    """The content of `cassette.yaml`: who is asked for, at which time, with which options, and the exit code of the run."""

    about: w.Text = Field(description="What this cassette shows.")
    person: CassettePerson = Field(description="Who is asked for.")
    probe: CassettePerson | None = Field(default=None, description="A known colleague, looked up where the person is not found.")
    now: Annotated[datetime, PlainValidator(_now)] = Field(description="The clock of the replay.")
    since: w.Text | None = Field(default=None, description="As `--since`: a day or a span.")
    settings: dict[w.ValueName, w.Text] = Field(default={}, description="The connection's settings.")
    captured: dict[w.ValueName, w.Text] = Field(default={}, description="What the token answer gave.")
    granted: w.Texts | None = Field(default=None, description="The scopes of the token answer.")
    only: w.Texts = Field(default=(), description="As `--only`.")
    without: w.Texts = Field(default=(), description="As `--without`.")
    exit: Annotated[int, PlainValidator(_exit)] = Field(default=0, description="The run's exit code.")

    @field_validator("since")
    @classmethod
    def in_the_past(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuse a text that is neither a day nor a span, and a day after `now`."""
        if value is not None and "now" in info.data:
            try:
                beginning(value, info.data["now"])
            except ValueError as error:
                message = f"`since` is no beginning: {error}"
                raise ValueError(message) from None
        return value

    @property
    def narrow(self) -> datetime | None:
        """Give the moment that `since` names, None without one."""
        return None if self.since is None else beginning(self.since, self.now.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake or a note, with the lines of its file to show beside it; () where these may hold a secret or personal data."""

    mistake: Mistake
    lines: tuple[str, ...] = field(default=(), repr=False)

    @property
    def wrong(self) -> bool:
        """Whether it is a mistake; a note is not."""
        return self.mistake.level == "error"

    def show(self, width: int = WIDEST) -> str:
        """Write it for a terminal of this width."""
        return self.mistake.show(self.lines, width)


@dataclass(frozen=True)
class Cassette:
    """A cassette as read from disk. `expected` and `texts` are by file name; `texts` holds every file, `expected/` included."""

    folder: Path
    setup: Setup
    document: Document = field(repr=False)
    recordings: tuple[Recording, ...] = field(repr=False)
    expected: Mapping[str, bytes] = field(repr=False)
    texts: Mapping[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        """Give the name of the cassette's folder."""
        return self.folder.name

    def finding(self, message: str, *path: str, hint: str | None = None, detail: tuple[str, ...] = (), key: bool = False) -> Finding:
        """Make a finding at a key of cassette.yaml, or without a path about the whole file."""
        at, lines = (self.document.at(path, key=key), self.document.lines) if path else (Position(1, 1), ())
        return Finding(Mistake(message, at, hint, "error", str(self.folder / SETUP), detail), lines)


def read_cassette(folder: Path) -> tuple[Cassette | None, tuple[Finding, ...]]:
    """Read a cassette. Gives the cassette and (), or None and every mistake of its files."""
    try:
        texts = _texts(folder)
    except CassetteError as error:
        return None, _findings(error)
    found: list[Finding] = []
    setup, document = None, Document()
    try:
        setup, document = setup_of(texts[SETUP].encode(), str(folder / SETUP))
    except SpecError as error:
        found += _findings(error)
    recordings = []
    for name in sorted(texts):
        if name.endswith(".http"):
            try:
                recordings.append(parse(texts[name], str(folder / name)))
            except CassetteError as error:
                found += _findings(error)
    if found or setup is None:
        return None, tuple(found)
    expected = {name.partition("/")[2]: text.encode() for name, text in texts.items() if name.startswith(f"{EXPECTED}/")}
    return Cassette(folder, setup, document, tuple(recordings), expected, texts), ()


def setup_of(raw: bytes, file: str) -> tuple[Setup, Document]:
    """Read a cassette.yaml. Raises CassetteError with all its mistakes."""
    document = read(raw, file, FORM)
    mistakes = list(document.mistakes)
    try:
        setup = Setup.model_validate(document.value)
    except ValidationError as error:
        dropped = {path[:1] for path in document.dropped}
        errors = [one for one in error.errors() if one["loc"][:1] not in dropped]
        mistakes += without_cascades([mistake_of(document, one, _known(document.place(one["loc"]))) for one in errors])
        raise CassetteError(mistakes, file, document.lines) from None
    if mistakes:
        raise CassetteError(mistakes, file, document.lines)
    return setup, document


def _known(path: Steps) -> Collection[str]:
    """Give the keys that may stand beside the end of a path."""
    return (CassettePerson if path[:-1] else Setup).model_fields


def _findings(error: SpecError) -> tuple[Finding, ...]:
    return tuple(Finding(one, error.lines) for one in error.mistakes)


def no_cassette(folder: Path, message: str, hint: str | None = None) -> CassetteError:
    """Make the error that says why a folder, or a file in it, cannot be read as part of a cassette."""
    return CassetteError([Mistake(message, Position(1, 1), hint)], str(folder))


def _texts(folder: Path) -> dict[str, str]:
    """Read every file of a cassette, after the sizes of all of them were checked. Raises CassetteError."""
    sizes = _sizes(folder)
    if SETUP not in sizes:
        hint = f"a cassette is a folder with {SETUP}, one .http file per recording, and {EXPECTED}/"
        raise no_cassette(folder, f"no cassette: it holds no {SETUP}", hint)
    texts = {}
    for name in sizes:
        try:
            with (folder / name).open("rb") as stream:
                texts[name] = stream.read(MOST_FILE + 1).decode("utf-8-sig")
        except OSError as error:
            raise no_cassette(folder / name, f"the file cannot be read: {error.strerror or 'unknown reason'}") from None
        except UnicodeDecodeError:
            raise no_cassette(folder / name, "not UTF-8 text", "a recording is text; leave a binary answer out") from None
    return texts


def _sizes(folder: Path) -> dict[str, int]:
    """Give the size of every file by name. Raises CassetteError for a file that is too large or does not belong in a cassette."""
    try:
        top = _listed(folder, "")
        inner = _listed(folder / EXPECTED, f"{EXPECTED}/") if EXPECTED in top else {}
    except OSError as error:
        raise no_cassette(folder, f"the folder cannot be read: {error.strerror or 'unknown reason'}") from None
    found = {name: one for name, one in {**top, **inner}.items() if name != EXPECTED}
    for name, size in found.items():
        _check(folder / name, name, size)
    total = sum(found.values())
    if total > MOST_CASSETTE:
        raise no_cassette(
            folder, f"a cassette of {total // 2**20} MiB: at most {MOST_CASSETTE // 2**20} MiB", "record fewer pages, or a narrower --since"
        )
    return found


def _listed(folder: Path, prefix: str) -> dict[str, int]:
    """Give the size of each entry of a folder by name, -1 for anything but a plain file. Raises OSError, CassetteError."""
    found: dict[str, int] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if len(found) == MOST_FILES:
                raise no_cassette(folder, f"no cassette: it holds over {MOST_FILES:,} files")
            told = entry.stat(follow_symlinks=False)
            found[prefix + entry.name] = told.st_size if stat.S_ISREG(told.st_mode) else -1
    return dict(sorted(found.items()))


def _check(path: Path, name: str, size: int) -> None:
    """Raise CassetteError for an entry that is not a plain file, is not part of a cassette, or is too large."""
    folder, _, last = name.rpartition("/")
    fits = WRITTEN.fullmatch(last) if folder else name == SETUP or name.endswith(".http")
    if size < 0:
        raise no_cassette(path, "no file: a cassette holds plain files and the folder expected/")
    if not fits:
        hint = (
            f"{EXPECTED}/ holds manifest.json and .jsonl files"
            if folder
            else f"a cassette holds {SETUP} and .http files; others: remove it"
        )
        if name == FORMER_SETUP:
            hint = f"it is called {SETUP} now: rename it"
        raise no_cassette(path, "no part of a cassette", hint)
    if size > MOST_FILE:
        raise no_cassette(path, f"a file of {size // 2**20} MiB: at most {MOST_FILE // 2**20} MiB", "record smaller pages")
