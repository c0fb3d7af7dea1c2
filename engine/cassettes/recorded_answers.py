"""Find the recorded answer to a request for `habeas simulate`: by path, query and body, whatever its host. Pure.

A window up to now has other days than when it was recorded: a recording that differs from the request in dates and times only
answers too, with the request's dates and times in place of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from engine.cassettes.cassette import Cassette
from engine.cassettes.playback import body_of
from engine.cassettes.recording import Recording
from engine.core.http import Response
from engine.core.identity import Identifier

ORIGIN = re.compile(r"https?://[^/?#]*")
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)|(?<![\w.-])1[4-9]\d{8}(?:\d{3})?(?![\w.-])"
)
RequestKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class RecordedMatch:
    """An answer and its cassette's name. `strayed`: it is another person's, as the cassette of the last look-up has none."""

    response: Response
    cassette: str
    strayed: bool = False


@dataclass(frozen=True, slots=True)
class Differing:
    """A request that several cassettes answer differently. Until a look-up says whose to use, the first of them answers."""

    request: str
    cassettes: tuple[str, ...]


class RecordedAnswers:
    """The recordings of several cassettes. A request that one cassette recorded several times is answered by these in turn.

    After a look-up, the cassette of the person it names answers first; before, the first cassette that has the request.
    """

    def __init__(self, cassettes: Iterable[Cassette]) -> None:
        """Take the cassettes in order."""
        self._cassettes = tuple(_Own(one) for one in cassettes)
        self._turns: Counter[tuple[str, RequestKey]] = Counter()
        self._current: _Own | None = None

    def answer(self, method: str, url: str, body: bytes | None) -> RecordedMatch | None:
        """Give the answer to a request, None where no recording fits."""
        wanted = key(method, url, body)
        alike = timeless(wanted)
        order = [one for one in (self._current, *self._cassettes) if one is not None]
        holds = next((one for one in order if wanted in one.exact or (one is self._current and alike in one.alike)), None)
        holds = holds or next((one for one in order if alike in one.alike), None)
        if holds is None:
            return None
        strayed = self._current is not None and holds is not self._current and alike not in holds.lookups
        if alike in holds.lookups:
            self._current = holds
        name, found = (wanted, holds.exact[wanted]) if wanted in holds.exact else (alike, holds.alike[alike])
        recording = found[self._turns[holds.name, name] % len(found)]
        self._turns[holds.name, name] += 1
        return RecordedMatch(recording.response if name is wanted else _now(recording, wanted), holds.name, strayed)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Name the cassettes whose person an earlier one has too: they answer only what that one lacks."""
        first: dict[tuple[Identifier, ...], str] = {}
        return tuple(one.name for one in self._cassettes if first.setdefault(one.person, one.name) != one.name)

    @property
    def differing(self) -> tuple[Differing, ...]:
        """List the requests to which the cassettes of different people have different answers."""
        played = [one for one in self._cassettes if one.name not in self.hidden]
        found = []
        for name in dict.fromkeys(name for one in played for name in one.alike):
            holding = [one for one in played if name in one.alike]
            told = {tuple((one.response.status, body_of(one.response.body)) for one in cassette.alike[name]) for cassette in holding}
            if len(told) > 1:
                found.append(Differing(" ".join(part for part in name if part), tuple(one.name for one in holding)))
        return tuple(found)


class _Own:
    """The recordings of one cassette by key (`exact`) and by key without times (`alike`); `lookups` are the keys that name its person."""

    def __init__(self, cassette: Cassette) -> None:
        self.name, self.exact, self.alike = cassette.name, dict[RequestKey, list[Recording]](), dict[RequestKey, list[Recording]]()
        self.person = tuple(cassette.setup.person.identifiers.values())
        names = [one.value.casefold() for one in self.person]
        for recording in cassette.recordings:
            name = key(recording.request.method, recording.request.url, recording.request.body)
            self.exact.setdefault(name, []).append(recording)
            self.alike.setdefault(timeless(name), []).append(recording)
        self.lookups = {timeless(name) for name in self.exact if any(one in f"{name[1]} {name[2]}".casefold() for one in names)}


def key(method: str, url: str, body: bytes | None) -> RequestKey:
    """Give the key of a request: method, path with query, body."""
    return method, unquote(ORIGIN.sub("", url)), body_of(body) if body else ""


def timeless(name: RequestKey) -> RequestKey:
    """Put `*` in place of every date and time in a key."""
    return name[0], MOMENT.sub("*", name[1]), MOMENT.sub("*", name[2])


def _now(recording: Recording, wanted: RequestKey) -> Response:
    """Put the dates and times of a request into a recorded answer, wherever it repeats those it was recorded with."""
    recorded = key(recording.request.method, recording.request.url, recording.request.body)
    then, now = (MOMENT.findall(one[1] + "\n" + one[2]) for one in (recorded, wanted))
    text, response = recording.response.body, recording.response
    for old, new in zip(then, now, strict=True):
        text = text.replace(f'"{old}"'.encode(), f'"{new}"'.encode())
    return Response(response.status, response.headers, text)
