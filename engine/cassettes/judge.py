"""Find what is wrong with a replay: requests without a recording, recordings not asked for, another end of the run. Pure.

Each fault is reported once, by its cause. What the run delivered is compared in `expected`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.cassettes.cassette import Finding
from engine.cassettes.recording import Recording, no_json
from engine.cassettes.replay import Replayed, asked, beginning, difference, nearest
from engine.core.http import Response
from engine.core.ledger import Subject
from engine.core.request import Request
from engine.core.response import Refusal, read
from engine.core.retry import TOO_MANY, UNAUTHORIZED, Patience
from engine.language.effective import Vendor
from engine.language.text.mistakes import Mistake, Position, counted
from engine.replaced import replace

MOST_SHOWN = 3
MOST_NAMES = 8


def at_one_place(findings: Iterable[Finding]) -> list[Finding]:
    """Join the findings at one place into one."""
    found: dict[tuple[str, int, int], Finding] = {}
    for finding in findings:
        at = (finding.mistake.file, finding.mistake.at.line, finding.mistake.at.column)
        first = found.setdefault(at, finding)
        if first is not finding:
            detail = (*found[at].mistake.detail, f"also: {finding.mistake.message}")
            found[at] = replace(first, mistake=replace(first.mistake, detail=detail))
    return list(found.values())


def judged(vendor: Vendor, replayed: Replayed) -> list[Finding]:
    """Find the requests that were not recorded; if there are none, a wrong end of the run and the recordings it did not ask for."""
    unknown = {(one.endpoint.name, one.http): one for one in replayed.unknown}
    again = {asked(one.http) for one in unknown.values()}
    broken = {asked(one.request): found for one in _heard(replayed) if asked(one.request) in again and (found := _not_json(replayed, one))}
    rest = [one for one in unknown.values() if asked(one.http) not in broken]
    if broken:
        broken |= {asked(one.request): found for one in replayed.unused if (found := _not_json(replayed, one))}
    return [*broken.values(), *_unknown(replayed, rest)] or [*_ended(vendor, replayed)]


def _heard(replayed: Replayed) -> Iterator[Recording]:
    """Give the recordings that answered a request."""
    answers = {id(one.answer) for one in replayed.heard}
    return (one for one in replayed.cassette.recordings if id(one.response) in answers)


def _not_json(replayed: Replayed, recording: Recording) -> Finding | None:
    """Find where a successful answer stops being JSON: a run takes it for damaged and asks again."""
    if not 200 <= recording.response.status < 300:
        return None
    fault = no_json(recording.response.body.decode("utf-8", "replace"))
    if fault is None:
        return None
    lines = tuple(replayed.cassette.texts[Path(recording.file).name].split("\n"))
    at = Position(recording.body + fault.line - 1, fault.column)
    return Finding(Mistake("the body is not JSON", at, fault.why, "error", recording.file), lines)


def _unknown(replayed: Replayed, wanted: list[Request]) -> Iterator[Finding]:
    """Show the requests that were not recorded, each beside the recording most like it."""
    for request in wanted[:MOST_SHOWN]:
        yield _again(replayed, request) or _beside(replayed, request)
    if len(wanted) > MOST_SHOWN:
        rest = f"{counted(len(wanted) - MOST_SHOWN, 'more request')} without a recording, to be shown once these are mended"
        yield Finding(Mistake(rest, Position(1, 1), None, "error", str(replayed.cassette.folder)))


def _again(replayed: Replayed, request: Request) -> Finding | None:
    """Name the refusal after which the run asked the same again; None where there was none."""
    wanted = asked(request.http)
    before = [one.answer for one in replayed.heard if isinstance(one.answer, Response) and asked(one.request.http) == wanted]
    recording = next((one for one in replayed.cassette.recordings if before and one.response is before[-1]), None)
    reading = read(request.chain, before[-1]) if before else None
    if recording is None or not isinstance(reading, Refusal):
        return None
    name, status = _next_name(replayed, recording), recording.response.status
    hint = f"record what is answered then in a file whose name comes later, such as {name}"
    if reading.means == "refresh" or (reading.means is None and status == UNAUTHORIZED):
        hint = f"the credential is renewed and the request sent anew: {hint}"
    elif reading.means == "again":
        hint += f"; a run gives up after {Patience().incomplete} of these"
    elif reading.means is None and status != TOO_MANY:
        hint += f"; a run gives up after {Patience().attempts} of these"
    message = f"`{request.endpoint.name}` asks again because of {reading.words}, and no second answer is recorded"
    line = f"HTTP {status}"
    at = Position(recording.answer, 1, len(line))
    detail = (f"{request.http.method} {request.http.url}",)
    return Finding(Mistake(message, at, hint, "error", recording.file, detail), ("",) * (recording.answer - 1) + (line,))


def _next_name(replayed: Replayed, recording: Recording) -> str:
    """Propose a file name that sorts after another: `040-notes_2.http`."""
    stem = Path(recording.file).stem
    return next(name for number in range(2, 10_000) if (name := f"{stem}_{number}.http") not in replayed.cassette.texts)


def _beside(replayed: Replayed, request: Request) -> Finding:
    message = f"`{request.endpoint.name}` asks for what is not recorded"
    near = nearest(request.http, replayed.unused) or nearest(request.http, replayed.cassette.recordings)
    if near is None:
        hint = "no recording looks like it"
        return Finding(Mistake(message, Position(1, 1), hint, "error", str(replayed.cassette.folder), beginning(request.http)))
    detail = difference(near.request, request.http)
    if not any(row.startswith(("+", "-")) for row in detail):
        message = f"`{request.endpoint.name}` asks once more than it was recorded"
        hint = "record it as often as it is asked, each in a file of its own"
        return Finding(Mistake(message, Position(1, 1), hint, "error", near.file, detail))
    return Finding(Mistake(message, Position(1, 1), "- is the nearest recording, + is asked", "error", near.file, detail))


def _ended(vendor: Vendor, replayed: Replayed) -> Iterator[Finding]:
    """Find a wrong end of the run, or one that left recordings unused; then the recordings not asked for."""
    broken = {one.file: found for one in replayed.unused if (found := _not_json(replayed, one))}
    left = [one for one in replayed.unused if one.file not in broken]
    outcome = _outcome(vendor, replayed, left)
    if outcome is not None:
        yield outcome
    yield from broken.values()
    if outcome is None:
        yield from _unused(replayed, left)


def _outcome(vendor: Vendor, replayed: Replayed, left: list[Recording]) -> Finding | None:
    report, cassette = replayed.report, replayed.cassette
    person = report.subject
    detail = [f"{one.name}: {one.outcome} ({one.reason})" for one in report.entries if not one.outcome.whole]
    if person.subject is not Subject.MATCHED:
        detail = [f"the person is {person.subject}: {person.reason}", *_looked_up(vendor, replayed)]
    elif report.cut is not None:
        detail.insert(0, report.cut)
    if report.defect is not None:
        detail.insert(0, report.defect)
    detail = detail[:10]
    if left:
        names = [Path(one.file).name for one in left]
        more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
        detail.append(f"it does not ask for {counted(len(names), 'recording')}: {', '.join(names[:MOST_SHOWN])}{more}")
    if int(report.exit_code) != cassette.setup.exit:
        place = "person" if person.subject is not Subject.MATCHED and "exit" not in cassette.document.value else "exit"
        return cassette.finding(
            f"the run ends with exit code {int(report.exit_code)}, not {cassette.setup.exit}", place, detail=tuple(detail)
        )
    if not left or (person.subject is Subject.MATCHED and report.cut is None):
        return None
    if person.subject is Subject.MATCHED:
        return cassette.finding("the run ends before it asks for everything that was recorded", detail=tuple(detail))
    return cassette.finding(f"the person is {person.subject}: {person.reason}", "person", detail=tuple(detail[1:]), key=True)


def _looked_up(vendor: Vendor, replayed: Replayed) -> Iterator[str]:
    """Name the recordings that answered the look-up."""
    answers = {id(one.answer) for one in replayed.heard if one.request.endpoint in vendor.lookups}
    names = [Path(one.file).name for one in replayed.cassette.recordings if id(one.response) in answers]
    if names:
        yield f"the look-up was answered by {', '.join(names[:MOST_SHOWN])}"


def _unused(replayed: Replayed, unused: list[Recording]) -> Iterator[Finding]:
    for recording in unused[:MOST_SHOWN]:
        line = f"{recording.request.method} {recording.request.url}"
        hint = "remove the file, or find out why the run does not ask"
        yield Finding(Mistake("the run does not ask for this recording", Position(1, 1, len(line)), hint, "error", recording.file), (line,))
    if len(unused) > MOST_SHOWN:
        rest = f"{counted(len(unused) - MOST_SHOWN, 'more recording')} that the run does not ask for"
        detail = tuple(Path(one.file).name for one in unused[MOST_SHOWN : MOST_SHOWN + MOST_NAMES])
        yield Finding(Mistake(rest, Position(1, 1), None, "error", str(replayed.cassette.folder), detail))
