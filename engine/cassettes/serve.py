"""Serve a vendor's cassettes on 127.0.0.1 as a simulator, with an OAuth provider where the vendor has one.

A run with `--at` sends every request for the vendor's hosts here, path unchanged, and follows the links of answers here too.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from msgspec import Struct

from engine.cassettes.cassette import Cassette, read_cassette
from engine.cassettes.recording import Recording
from engine.cassettes.replay import body_of
from engine.core.http import Response
from engine.core.identity import FORM, Identifier
from engine.language.effective import Vendor
from engine.replaced import replace
from engine.simulate.authorization_server import Provider
from engine.simulate.serve import listen
from engine.sink import MANIFEST
from engine.spec_files import cassettes_folder

ORIGIN = re.compile(r"https?://[^/?#]*")
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)|(?<![\w.-])1[4-9]\d{8}(?:\d{3})?(?![\w.-])"
)
NOBODY = re.compile(rb'"outcome": *"no_match"')
WHO = r"(?P<who>[^\s&\"'/?#<>]{1,254})"
RequestKey = tuple[str, str, str]


class RecordedMatch(Struct, frozen=True):
    """An answer and its cassette's name. `strayed`: it is another person's, as the cassette of the last look-up has none."""

    response: Response
    cassette: str
    strayed: bool = False


class Differing(Struct, frozen=True):
    """A request that several cassettes answer differently. Until a look-up says whose to use, the first of them answers."""

    request: str
    cassettes: tuple[str, ...]


class RecordedAnswers:
    """The recordings of several cassettes. A request that one cassette recorded several times is answered by these in turn.

    After a look-up, the cassette of the person it names answers first; before, the first cassette that has the request. The look-up of a
    stranger is answered as that of a person whom the vendor did not know.
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
            return self._stranger(alike)
        strayed = self._current is not None and holds is not self._current and alike not in holds.lookups
        if alike in holds.lookups:
            self._current = holds
        name, found = (wanted, holds.exact[wanted]) if wanted in holds.exact else (alike, holds.alike[alike])
        recording = found[self._turns[holds.name, name] % len(found)]
        self._turns[holds.name, name] += 1
        return RecordedMatch(recording.response if name is wanted else _now(recording, wanted), holds.name, strayed)

    def _stranger(self, wanted: RequestKey) -> RecordedMatch | None:
        for own in self._cassettes:
            for name, pattern in own.strangers.items():
                found = pattern.fullmatch(_joined(wanted))
                if found is not None:
                    self._current = own
                    response = own.alike[name][0].response
                    return RecordedMatch(replace(response, body=_renamed(response.body, own.person, found["who"])), own.name)
        return None

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
        names = [text.casefold() for one in self.person for text in _written(one.value)]
        for recording in cassette.recordings:
            name = key(recording.request.method, recording.request.url, recording.request.body)
            self.exact.setdefault(name, []).append(recording)
            self.alike.setdefault(timeless(name), []).append(recording)
        self.lookups = {timeless(name) for name in self.exact if any(one in f"{name[1]} {name[2]}".casefold() for one in names)}
        unknown = NOBODY.search(cassette.expected.get(MANIFEST, b"")) is not None
        self.strangers = {name: found for name in self.lookups if unknown and (found := _for_anybody(name, names)) is not None}


def _written(value: str) -> tuple[str, ...]:
    """Give the forms in which a look-up may name somebody: as given, between the quotes of a query language, as a digest."""
    quoted = (value.replace("'", "\\'"), value.replace("'", "''"))
    return (*dict.fromkeys((value, *quoted)), FORM["md5"](value), FORM["sha256"](value))


def _joined(name: RequestKey) -> str:
    return "\n".join(name)


def _for_anybody(name: RequestKey, people: Sequence[str]) -> re.Pattern[str] | None:
    """Give the pattern of a look-up with anybody in the place of the person it names."""
    text = _joined(name)
    person = next((one for one in people if one in text.casefold()), None)
    if person is None:
        return None
    parts = re.split(re.escape(person), text, flags=re.IGNORECASE)
    return re.compile(re.escape(parts[0]) + WHO + "(?P=who)".join(map(re.escape, parts[1:])))


def _renamed(body: bytes, people: Iterable[Identifier], who: str) -> bytes:
    """Put a stranger into an answer that repeats whom it does not know."""
    for person in people:
        body = re.sub(re.escape(person.value.encode()), lambda _: json.dumps(who)[1:-1].encode(), body, flags=re.IGNORECASE)
    return body


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


CALLBACK = "http://127.0.0.1:8917/callback"
LONGEST = 500
UNKNOWN = "habeas simulate: nothing like this was recorded; the terminal it runs in says what was asked"
UNMATCHED = (418, 421, 423, 424, 406, 411, 417, 501)  # the first that no rule of the spec names; all but the last are never asked again


class Served(Struct, frozen=True):
    """What the greeting tells: the address, environment variables by name, and the people who can be asked for."""

    address: str
    token: dict[str, str]
    connect: dict[str, str]
    settings: dict[str, str]
    people: tuple[KnownPerson, ...]
    differing: tuple[Differing, ...] = ()
    hidden: tuple[str, ...] = ()


class KnownPerson(Struct, frozen=True):
    """A person who can be asked for, with the options of the recorded run and what its cassette shows."""

    identifiers: tuple[Identifier, ...]
    since: str | None
    about: str
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    probe: tuple[Identifier, ...] = ()


def recorded(vendor: Vendor, spec: Path) -> tuple[Cassette, ...]:
    """Give the cassettes of a spec that can be read, complete runs first."""
    folder = cassettes_folder(spec, vendor.name)
    folders = sorted(one for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []
    cassettes = [cassette for one in folders if (cassette := read_cassette(one)[0]) is not None]
    return tuple(sorted(cassettes, key=lambda cassette: (cassette.setup.exit, -len(cassette.recordings), cassette.name)))


class Recorded:
    """The simulator of one vendor, made of its cassettes."""

    def __init__(self, vendor: Vendor, cassettes: tuple[Cassette, ...], notice: Callable[[str], None]) -> None:
        """Take the cassettes. `notice` gets a line for each request that was not recorded, or for another person only."""
        self.vendor, self.cassettes, self.notice = vendor, cassettes, notice
        self.shelf, self.secret = RecordedAnswers(cassettes), secrets.token_urlsafe(16)
        self.provider = Provider(time.time, " ".join(self._scopes()), self._redirects(), {})
        self.provider.posted = vendor.auth.oauth2 is not None and vendor.auth.oauth2.client_auth == "post"
        for place, value in self._captured().items():
            _put(self.provider.extra, place, value)

    def _scopes(self) -> tuple[str, ...]:
        granted = next((one.setup.granted for one in self.cassettes if one.setup.granted is not None), None)
        return granted if granted is not None else next(iter(self.vendor.families.values()), ())

    def _redirects(self) -> tuple[str, ...]:
        oauth2 = self.vendor.auth.oauth2
        return tuple({CALLBACK, (oauth2.redirect_uri if oauth2 is not None else None) or CALLBACK})

    def _captured(self) -> dict[str, str]:
        """Give the values that a token answer holds besides the token, by their dotted places."""
        oauth2, told = self.vendor.auth.oauth2, self._first("captured")
        return {select.text: told[name] for name, select in oauth2.capture.items() if name in told} if oauth2 is not None else {}

    def _first(self, word: str) -> dict[str, str]:
        return next((dict(found) for one in self.cassettes if (found := getattr(one.setup, word))), {})

    def served(self, address: str) -> Served:
        """Tell how to talk to it."""
        upper = f"HABEAS_{self.vendor.name.upper()}"
        settings = {f"{upper}_{name}": value for name, value in self._first("settings").items()}
        people = self._people()
        if self.vendor.auth.oauth2 is None:
            found = {f"{upper}_SECRET": self.secret}
            return Served(address, found, found, settings, people, self.shelf.differing, self.shelf.hidden)
        client = {f"{upper}_CLIENT_ID": self.provider.client_id, f"{upper}_CLIENT_SECRET": self.provider.client_secret}
        told = {f"{upper}_{name}": value for name, value in self._first("captured").items()}
        token = {f"{upper}_TOKEN": str(self.provider.issue()["access_token"]), **told}
        return Served(address, token, client, settings, people, self.shelf.differing, self.shelf.hidden)

    def _people(self) -> tuple[KnownPerson, ...]:
        """Give each person once, as in their first cassette."""
        found: dict[tuple[Identifier, ...], KnownPerson] = {}
        for cassette in self.cassettes:
            setup = cassette.setup
            names = tuple(setup.person.identifiers.values())
            probe = tuple(setup.probe.identifiers.values()) if setup.probe is not None else ()
            found.setdefault(names, KnownPerson(names, setup.since, setup.about, setup.only, setup.without, probe))
        return tuple(found.values())

    async def serve(self, port: int, ready: Callable[[Served], None]) -> None:
        """Serve until cancelled; `ready` hears how to talk to it. Raises UsageError for a busy port."""
        await listen(self.application(), port, lambda address: ready(self.served(address)))

    def application(self) -> web.Application:
        """Build the application."""
        app = web.Application(client_max_size=1 << 20)
        oauth2 = self.vendor.auth.oauth2
        if oauth2 is not None:
            if oauth2.authorization_url is not None:
                app.router.add_route("*", _path(oauth2.authorization_url), self.provider.authorize)
            app.router.add_post(_path(oauth2.token_url), self.provider.token)
            if oauth2.revocation_url is not None:
                app.router.add_post(_path(oauth2.revocation_url), self.provider.revoke)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return web.json_response({"message": "this is not the simulator's credential"}, status=401)
        body = await request.read()
        found = self.shelf.answer(request.method, request.raw_path, body)
        asked = f"{request.method} {request.raw_path}{f' {shown}' if (shown := body.decode('utf-8', 'replace')[:LONGEST]) else ''}"
        if found is None:
            self.notice(f"not recorded: {asked}")
            return web.json_response({"habeas": UNKNOWN}, status=self._unmatched())
        if found.strayed:
            self.notice(f"not recorded of this person, answered as in the cassette {found.cassette}: {asked}")
        response = found.response
        headers = {name.title(): value for name, value in response.headers.items() if name not in ("content-length", "transfer-encoding")}
        return web.Response(status=response.status, body=response.body, headers={"Content-Type": "application/json", **headers})

    def _unmatched(self) -> int:
        """Choose a status for unknown requests that no rule of the spec gives a meaning to."""
        named = {status for one in self.vendor.requests() for rule in one.refusals.rules for status in rule.status}
        return next((one for one in UNMATCHED if one not in named), UNMATCHED[-1])

    def _known(self, request: web.Request) -> bool:
        """Whether a request has the simulator's credential in a header, also as Basic."""
        sent = [*request.headers.values()]
        for value in sent:
            scheme, _, rest = value.partition(" ")
            if self.secret in value or self.provider.scopes_of(value if rest else f"Bearer {value}") is not None:
                return True
            if scheme.lower() == "basic" and self.secret.encode() in _decoded(rest):
                return True
        return False


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def _path(address: str) -> str:
    """Give the path of an address, without its query."""
    return re.sub(r"^https?://[^/?#]*", "", str(address)).partition("?")[0] or "/"


def _put(answer: dict[str, Any], place: str, value: str) -> None:
    """Put a value at a dotted place of a map."""
    *outer, last = place.split(".")
    for name in outer:
        answer = answer.setdefault(name, {})
    answer[last] = value
