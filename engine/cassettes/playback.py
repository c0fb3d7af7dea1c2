"""The transport of a replay: answers each request with the next recording of it, and finds the nearest one to a request without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher, ndiff

from engine.cassettes.recording import Recording
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.language.expressions import lossless_json
from engine.net.hosts import Hosts

UNKNOWN = NoAnswer("forbidden", "no recording answers this request")
ALIKE = 0.6
MOST_LINES = 20
MOST_COMPARED = 200
LONGEST = 300
MOST_MATCHED = 2000


def body_of(body: bytes | None) -> str:
    """Write a JSON body so that equal content gives equal text; any other body as text."""
    if body is None:
        return ""
    try:
        return json.dumps(lossless_json.loads(body), sort_keys=True)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def asked(request: HttpRequest) -> tuple[str, str, str]:
    """Give the key of a recording: method, address, body."""
    return request.method, request.url, body_of(request.body)


def fits(recorded: HttpRequest, request: HttpRequest) -> bool:
    """Whether a request has every header that was recorded."""
    sent = {name.lower(): value for name, value in request.headers}
    return all(sent.get(name.lower()) == value for name, value in recorded.headers)


class Playback:
    """The recordings of one cassette, as the transport of a run."""

    simulated = True

    def __init__(self, recordings: Iterable[Recording], hosts: Hosts) -> None:
        """Take the recordings in order, and the hosts to which a run may send its credential."""
        self._left: dict[tuple[str, str, str], list[Recording]] = {}
        self._hosts = hosts
        for recording in recordings:
            self._left.setdefault(asked(recording.request), []).append(recording)

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        """Give the next recorded answer, or UNKNOWN. A host that the real transport would refuse is refused here too."""
        await asyncio.sleep(0)
        refusal = self._hosts.refusal(request.url, credentialed=True)
        if refusal:
            return NoAnswer("forbidden", f"{refusal}: the credential was not sent there")
        recorded = self._left.get(asked(request), [])
        found = next((one for one in recorded if fits(one.request, request)), None)
        if found is None:
            return UNKNOWN
        recorded.remove(found)
        return found.response

    @property
    def unused(self) -> tuple[Recording, ...]:
        """Give the recordings that nobody asked for."""
        return tuple(sorted((one for left in self._left.values() for one in left), key=lambda one: one.file))


def nearest(request: HttpRequest, recordings: Iterable[Recording]) -> Recording | None:
    """Find the recording most similar to a request, None where none is similar."""
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2("\n".join(_written(request))[:MOST_MATCHED])
    best, score = None, ALIKE
    for recording in recordings:
        matcher.set_seq1("\n".join(_written(recording.request))[:MOST_MATCHED])
        if matcher.real_quick_ratio() > score and matcher.quick_ratio() > score and matcher.ratio() > score:
            best, score = recording, matcher.ratio()
    return best


def difference(recorded: HttpRequest, request: HttpRequest) -> tuple[str, ...]:
    """Show a small diff: `-` was recorded, `+` is asked."""
    names = {name.lower() for name, _ in recorded.headers}
    sent = HttpRequest(request.method, request.url, tuple(one for one in request.headers if one[0].lower() in names), request.body)
    rows = [row.rstrip() for row in ndiff(_written(recorded), _written(sent)) if not row.startswith("?")]
    return tuple(rows if len(rows) <= MOST_LINES else [*_changed(rows)][:MOST_LINES])


def _changed(rows: list[str]) -> Iterator[str]:
    yield from (row for index, row in enumerate(rows) if index == 0 or not row.startswith(" "))


def _written(request: HttpRequest) -> list[str]:
    """Write a request over several lines to compare it: path, each parameter, each header, body. Long ones are cut."""
    path, _, query = request.url.partition("?")
    lines = [f"{request.method} {path}", *(f"  {pair}" for pair in query.split("&") if pair)]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body is not None:
        try:
            lines += json.dumps(lossless_json.loads(request.body), indent=2, ensure_ascii=False).split("\n")
        except (ValueError, RecursionError):
            lines.append(request.body.decode("utf-8", "replace"))
    return [line[:LONGEST] for line in lines[:MOST_COMPARED]]
