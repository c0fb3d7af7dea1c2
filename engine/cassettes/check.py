"""Check a spec against its cassettes: nothing secret or personal in them, each replays as expected, and together they cover the spec."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from engine.cassettes.cassette import FORMER_SETUP, SETUP, Cassette, Finding, no_cassette, read_cassette
from engine.cassettes.coverage import Coverage, Point, coverage
from engine.cassettes.expected import accept, compared
from engine.cassettes.judge import at_one_place, judged
from engine.cassettes.leaks import find_leaks
from engine.cassettes.recording import CassetteError
from engine.cassettes.replay import Replayed, replay
from engine.cassettes.unread_lists import unread_lists
from engine.core.proof import kinds_of
from engine.core.selection import choose
from engine.core.subject import Lack, lacking, possible, unsafe
from engine.errors import UsageError
from engine.language.effective import Vendor
from engine.language.expressions.template import IDENTIFIERS
from engine.language.text.document import read
from engine.language.text.mistakes import Mistake, Position, counted, did_you_mean
from engine.spec_files import cassettes_folder

MOST_UNCLEAN = 10
MOST_FINDINGS = 6
FORMER = "cases"  # the name that the folder had before


class CassetteReport(Struct, frozen=True):
    """What checking found: the replays, the findings, and the coverage of the spec (None where a cassette fails)."""

    folder: Path
    cassettes: int
    replays: tuple[Replayed, ...]
    findings: tuple[Finding, ...]
    coverage: Coverage | None

    def summary(self, name: str) -> str:
        """Sum up in one line."""
        recordings = [recording for one in self.replays for recording in one.cassette.recordings]
        invented = sum(bool(one.invented) for one in recordings)
        marked = f", {invented} of an invented form" if invented else ""
        told = self.coverage.summary() if self.coverage is not None else "what they show is not counted while one fails"
        return f"{name}: {counted(self.cassettes, 'cassette')}, {counted(len(recordings), 'recording')}{marked}; {told}"


def check_cassettes(vendor: Vendor, spec: Path, word: str, *, write: bool = False) -> CassetteReport:
    """Replay every cassette of a spec and compare. `write`: instead of comparing, write `expected/` anew. Raises UsageError."""
    folder = cassettes_folder(spec, vendor.name)
    found, replays = list[Finding](), list[Replayed]()
    folders, strays = _folders(folder)
    found += strays
    for path in folders:
        replayed, faults = _held(vendor, path, f"habeas check {word} --accept", write=write)
        found += faults
        replays += [replayed] if replayed is not None else []
    former = _former(folder)
    if former is not None:
        found.append(former)
    elif not folders:
        found.append(_without(vendor, spec, word))
    found = _bounded(found)
    whole = bool(folders) and len(replays) == len(folders) and not any(one.unknown or one.unused for one in replays)
    covered = coverage(vendor, replays) if whole else None
    if covered is not None and covered.lacking:
        found.append(_uncovered(covered, spec, vendor.name))
    found += _unread(vendor, replays, spec)
    return CassetteReport(folder, len(folders), tuple(replays), tuple(found), covered)


def _bounded(found: list[Finding]) -> list[Finding]:
    """Shorten a long list of mistakes: they often have one cause."""
    wrong = [one for one in found if one.wrong]
    if len(wrong) <= MOST_FINDINGS:
        return found
    files = dict.fromkeys(Path(one.mistake.file).name for one in wrong[MOST_FINDINGS:])
    rest = f"{counted(len(wrong) - MOST_FINDINGS, 'more mistake')} in cassettes, to be shown once these are mended"
    last = Finding(Mistake(rest, Position(1, 1), None, "error", wrong[MOST_FINDINGS].mistake.file, tuple([*files][:8])))
    return [*wrong[:MOST_FINDINGS], last]


def replays_of(vendor: Vendor, folder: Path) -> tuple[tuple[Replayed, ...], tuple[Finding, ...]]:
    """Replay a cassette, or each one in a folder, for `--drift`: `expected/` is not compared. Raises UsageError."""
    if not folder.is_dir():
        message = f"{folder}: there is no such folder"
        raise UsageError(message)
    folders, found = ([folder], list[Finding]()) if (folder / SETUP).exists() else _folders(folder)
    if not folders and not found:
        found = _findings(no_cassette(folder, "no cassette and no folder of cassettes", f"a cassette is a folder with {SETUP}"))
    replays = []
    for path in folders:
        cassette, faults = read_cassette(path)
        faults = (
            faults
            or tuple(_unclean(cassette) if cassette is not None else ())
            or tuple(_unfit(vendor, cassette) if cassette is not None else ())
        )
        found += faults
        if cassette is not None and not faults:
            replays.append(replay(vendor, cassette))
    return tuple(replays), tuple(found)


def _folders(folder: Path) -> tuple[list[Path], list[Finding]]:
    """Give the folders of the cassettes in a folder, and a finding for everything else in it."""
    try:
        entries = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], _findings(no_cassette(folder, f"the folder cannot be read: {error.strerror or 'unknown reason'}"))
    strays = [one for one in entries if not one.is_dir()]
    hint = f"each cassette is a folder of its own, with {SETUP} and its recordings"
    return [one for one in entries if one.is_dir()], [note for one in strays for note in _findings(no_cassette(one, "no cassette", hint))]


def _findings(error: CassetteError) -> list[Finding]:
    return [Finding(one) for one in error.mistakes]


def _held(vendor: Vendor, folder: Path, again: str, *, write: bool) -> tuple[Replayed | None, list[Finding]]:
    """Check one cassette. Stops at the first step that finds a fault, since later faults would only follow from it."""
    cassette, found = read_cassette(folder)
    if cassette is None:
        return None, at_one_place(found)
    faults = [*_unclean(cassette)] or [*_unfit(vendor, cassette)]
    if faults:
        return None, at_one_place(faults)
    replayed = replay(vendor, cassette)
    faults = judged(vendor, replayed)
    if not faults:
        faults = [*accept(replayed)] if write else [*compared(replayed, again)]
    return replayed, faults


def _unclean(cassette: Cassette) -> Iterator[Finding]:
    """Find secrets and personal data in a cassette. The findings show no line of it."""
    for name, text in cassette.texts.items():
        found = find_leaks(text)
        for leak in found[:MOST_UNCLEAN]:
            at = Position(leak.line, leak.column, leak.width)
            yield Finding(Mistake(f"{leak.what} stands in a recording", at, leak.remedy, "error", str(cassette.folder / name)))
        if len(found) > MOST_UNCLEAN:
            at = Position(found[MOST_UNCLEAN].line, found[MOST_UNCLEAN].column)
            rest = f"{len(found) - MOST_UNCLEAN} more of this kind stand in it"
            yield Finding(Mistake(rest, at, "habeas record replaces them all", "error", str(cassette.folder / name)))


def _unfit(vendor: Vendor, cassette: Cassette) -> Iterator[Finding]:
    """Find what in cassette.yaml does not fit the spec: options, identifiers, settings."""
    try:
        choice = choose(vendor.endpoints, cassette.setup.only, cassette.setup.without)
    except UsageError as error:
        option, _, words = str(error).partition(" ")
        named = option in ("--only", "--without")
        word = option.removeprefix("--") if named else "only" if cassette.setup.only else "without"
        yield cassette.finding(f"`{word}` {words}" if named else str(error), word)
        return
    setup = cassette.setup
    lack = lacking(vendor, setup.person.identifiers, choice.excluded)
    fault = unsafe(vendor, setup.person.identifiers, choice.excluded) if lack is None else None
    if lack is not None:
        yield cassette.finding(_nameless(vendor, setup.person.identifiers, lack), "person")
    elif fault is not None:
        yield cassette.finding(f"no request can be made with this person: {fault}", "person")
    if setup.probe is not None and not possible(vendor, setup.probe.identifiers):
        yield cassette.finding(f"the spec finds people by {' or '.join(kinds_of(vendor))}, which the probe does not name", "probe")
    for word, known in (("settings", vendor.settings), ("captured", _captured(vendor))):
        for name in getattr(setup, word):
            if name not in known:
                yield cassette.finding(f"the spec has no <{name}> under `{word}`", word, name, hint=did_you_mean(name, known), key=True)
    found = {name for one in vendor.discover.values() for name, _ in one.capture}
    for name in vendor.given:
        word = "settings" if name in vendor.settings else "captured"
        if name not in getattr(setup, word) and name not in found:
            yield cassette.finding(f"the spec needs a value for <{name}>", hint=f"write {word}: {{{name}: …}}")


def _nameless(vendor: Vendor, given: Collection[str], lack: Lack) -> str:
    """Say which identifiers are missing; for a look-up that needs several and has some, only the others."""
    needed = [dict.fromkeys(hole.name for hole in one.holes() if hole.name in IDENTIFIERS) for one in vendor.lookups]
    begun = next((one for one in needed if lack.to_look_up and any(name in given for name in one)), None)
    if begun is None:
        kinds = " or ".join(one.lower() for one in lack.identifiers)
        return f"the spec asks by the person's {kinds}, which the cassette does not name"
    missing = " and ".join(one.lower() for one in begun if one not in given)
    return f"the spec asks by the person's {' and '.join(one.lower() for one in begun)}; the cassette does not name the {missing}"


def _captured(vendor: Vendor) -> Iterable[str]:
    return vendor.auth.oauth2.capture if vendor.auth.oauth2 is not None else ()


def _without(vendor: Vendor, spec: Path, word: str) -> Finding:
    hint = f"habeas record {word} --email … --cassette NAME"
    message = f"{vendor.title} has no cassettes: nothing shows that this spec works"
    return Finding(Mistake(message, Position(1, 1), hint, "note", str(spec)))


def _former(folder: Path) -> Finding | None:
    """Find a folder that has the name cassettes had before, and say the new one."""
    former = folder.with_name(FORMER)
    if not former.is_dir():
        return None
    hint = f"rename it, and `{FORMER_SETUP}` in each of its folders to `{SETUP}`"
    return Finding(Mistake(f"the folder `{FORMER}` is called `{folder.name}` now", Position(1, 1), hint, "error", str(former)))


def _unread(vendor: Vendor, replays: Iterable[Replayed], spec: Path) -> Iterator[Finding]:
    """Notes: lists in recorded answers that lie beside `records`, of which nothing is kept."""
    for name, paths in unread_lists(vendor, (heard for one in replays for heard in one.heard)).items():
        named = ", ".join(f"`{path}`" for path in paths)
        message = f"the answers of `{name}` hold {counted(len(paths), 'list')} beside `records` that nothing keeps: {named}"
        place = _place(spec, Point(name, "", ("access", "endpoints", name, "records")))
        hint = "add an endpoint that asks the same and names it as its `records`, if it holds data of the person"
        yield Finding(Mistake(message, place, hint, "note", str(spec)))


def _uncovered(covered: Coverage, spec: Path, name: str) -> Finding:
    lacking = covered.lacking
    message = f"the cassettes of {name} do not show {len(lacking)} of the {counted(len(covered.points), 'thing')} that they must"
    return Finding(Mistake(message, _place(spec, lacking[0]), "record or write a cassette that does", "note", str(spec), covered.table()))


def _place(spec: Path, point: Point) -> Position:
    """Find the place in the spec of something that is not covered."""
    try:
        return read(spec.read_bytes(), str(spec)).at(point.path, key=True)
    except OSError:
        return Position(1, 1)
