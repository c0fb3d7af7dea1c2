"""What the simulated Zoom answers is what Zoom's documents say it answers, with values as people have them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest_asyncio
from aiohttp import web

from engine.simulate.serve import SimulatorOptions, module
from tests.conftest import ROOT
from tests.simulate.shapes import answer_of, documented, fits, leaves, misfits
from tests.whole.runs import data, fetch

SERVER = module("zoom")
Answers = list[tuple[str, Any]]
RESERVED = re.compile(
    r"\+1[2-9]\d\d55501\d\d|\+44(7700900|2079460|1614960|1632960)\d{3}|\+448081570\d{3}|\+467017406(0[5-9]|[1-9]\d)"
    r"|\+49(3023125|4066969|6990009|2214710|8999998)\d{3}|\+33(1990|63998)\d{4,5}"
)
"""The numbers that regulators keep for fiction, of the countries that occur."""


@pytest_asyncio.fixture
async def answers(aiohttp_server, tmp_path) -> AsyncIterator[Answers]:
    """Every good answer to a whole run for two people: one has everything, the other's authentication settings have their other shape."""
    given: Answers = []

    async def note(request: web.Request, response: web.StreamResponse) -> None:
        if isinstance(response, web.Response) and response.content_type == "application/json" and response.status == 200:
            assert isinstance(response.body, bytes)
            given.append((answer_of(request.path), json.loads(response.body)))

    app = SERVER.application(SimulatorOptions(limits=False, scopes="all"))
    app.on_response_prepare.append(note)
    server = await aiohttp_server(app)
    token = app[SERVER.STATE].provider.issue()["access_token"]
    for number, email in enumerate((data().FULL, "ines.varga@example.org")):
        report = await fetch(str(server.make_url("/")).rstrip("/"), token, email, tmp_path / str(number))
        assert report.exit_code == 0
    return given


async def test_a_whole_run_is_answered_as_documented(answers):
    """Records and what surrounds them: each path is documented, each value of its type and one of those that are listed."""
    assert {name for name, _ in answers} == set(documented())
    assert [told for name, value in answers for told in misfits(name, value)] == []


async def test_nothing_stands_for_a_value(answers):
    """No string is a word for its own field, or one that people put where a value is to come."""
    words = re.compile(r"(?i)värde|lorem|todo|foo|dummy|placeholder|xxx|\b(string|test|example value|somebody|unknown)\b")
    strings = [(path, value) for _, body in answers for path, value in leaves(body) if isinstance(value, str) and path != "next_page_token"]
    assert len(strings) > 5000
    assert [(path, value) for path, value in strings if words.search(value) and "download" not in path and not opaque(value)] == []
    names = {(path.rsplit(".", 1)[-1].strip("[]").replace("_", " "), value.lower()) for path, value in strings}
    assert [value for name, value in names if value == name and " " in name] == []


def opaque(value: str) -> bool:
    """Whether a text is an id, a token or an address made of one: any letters may stand in it."""
    return " " not in value and (len(value) > 20 or "://" in value)


async def test_whoever_is_called_can_be_called_nowhere(answers):
    """Every number is one that is kept for fiction, an extension, or withheld; every address is invented."""
    for _, body in answers:
        for path, value in leaves(body):
            if isinstance(value, str):
                for number in re.findall(r"\+\d{7,}", value):
                    assert RESERVED.fullmatch(number), (path, number)
                if re.search(r"(caller|callee|did|phone)_number$", path) and "phone_numbers" not in path and value:
                    plain = value.replace(" ", "")
                    assert RESERVED.fullmatch("+" + plain.removeprefix("+")) or re.fullmatch(r"\d{4}", plain), (path, value)
                for domain in re.findall(r"[^\s@]@([\w.-]+\w)", value):
                    assert domain in ("example.com", "example.org", "xmpp.zoom.us") or domain.endswith(".example"), (path, value)


async def test_the_people_are_of_the_world_and_the_texts_hold_what_texts_hold(answers):
    """Names of several scripts, marks and apostrophes; a number, an address, a card, an account, a secret in free text."""
    told = [(path, value) for _, body in answers for path, value in leaves(body) if isinstance(value, str)]
    names = {value for path, value in told if path.endswith(("caller_name", "callee_name", "display_name", ".name"))}
    scripts = {unicodedata.name(letter).split(" ")[0] for name in names for letter in name if letter.isalpha()}
    assert {"LATIN", "ARABIC", "HEBREW", "CYRILLIC", "CJK", "HANGUL"} <= scripts
    assert any("'" in name for name in names)
    assert any(unicodedata.decomposition(letter) for name in names for letter in name)
    texts = "\n".join(value for path, value in told if path.endswith((".agenda", ".message", ".topic")))
    for pattern in (
        r"\+\d[\d ]{9,}",
        r"[\w.]+@[\w.]+\.example",
        r"(?:\d{4} ){3}\d{4}",
        r"DE\d\d(?: \d{4}){4} \d\d",
        r"zak=\w+",
        r"passcode \d+",
    ):
        assert re.search(pattern, texts), pattern
    card = [int(digit) for digit in re.search(r"(?<!\d )(?:\d{4} ){3}\d{4}", texts)[0] if digit.isdigit()]
    assert sum(digit if place % 2 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(card)) % 10 == 0
    iban = re.search(r"DE\d\d(?: \d{4}){4} \d\d", texts)[0].replace(" ", "")
    assert int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1
    assert all(re.search(r"\?pwd=[\w-]{20}", value) for path, value in told if path == "meetings[].join_url")


async def test_a_call_is_told_alike_by_everything_that_tells_it(answers):
    """Call logs, history, steps, recordings and voicemails name the same sides, times and files; a voicemail has no address."""
    lists = {name: [one for _, body in answers for one in body.get(name, [])] for name in ("call_elements", "recordings", "voice_mails")}
    logs = {one["id"]: one for name, body in answers if name.endswith("call_logs") for one in body["call_logs"]}
    history = {one["id"]: one for name, body in answers if name.endswith("call_history") for one in body["call_logs"]}
    assert len(logs) == len(history) == 48
    for key, told in history.items():
        log = logs[key.partition("-")[2]]
        assert (log["call_id"], log["date_time"], log["call_end_time"]) == (told["call_id"], told["start_time"], told["end_time"])
        assert (log["caller_name"], log["callee_did_number"]) == (told["caller_name"], told["callee_did_number"])
        assert (log["has_recording"], log["has_voicemail"]) == ("recording_id" in told, "voicemail_id" in told)
        assert log["direction"] == told["direction"]
    for step in lists["call_elements"]:
        told = history[step["call_history_uuid"]]
        assert {name: step[name] for name in step if name in told} == {name: told[name] for name in told if name in step}
    assert {told.get("recording_id") for told in history.values()} - {None} == {one["id"] for one in lists["recordings"]}
    kept = {one["id"] for one in lists["voice_mails"]}
    assert kept <= {told.get("voicemail_id") for told in history.values()}
    assert kept
    for file in (*lists["recordings"], *lists["voice_mails"]):
        log, told = logs[file["call_log_id"]], history[file["call_history_id"]]
        assert (file["caller_name"], file["callee_name"]) == (log["caller_name"], log["callee_name"])
        assert (file["caller_number"], file["callee_number"]) == (log["caller_number"], log["callee_number"])
        assert file["id"] in (told.get("recording_id"), told.get("voicemail_id"))
        assert not any("@" in value for _, value in leaves(file) if isinstance(value, str))


def test_the_account_is_the_same_each_time_and_made_when_it_is_looked_at():
    """By index and day alone; of a hundred thousand calls only those that are asked for are told."""
    today, lists = date(2026, 11, 24), ("call_logs", "call_history", "call_elements", "recordings", "voice_mails", "voice_mails_trash")
    first, second = (data().Account(12, 100_000, today) for _ in range(2))
    person = first.people[data().FULL]
    assert [len(first.phone(person, name)) for name in lists] == [100_000, 100_000, 100_000, 37_500, 25_000, 2]
    for name in lists:
        assert first.phone(person, name)[-1] == second.phone(second.people[data().FULL], name)[-1]
    last = first.phone(person, "recordings").between(date(2026, 11, 23), today)
    assert 0 < len(last) < 1000
    assert {one["date_time"][:10] for one in last} == {"2026-11-23"}
    assert first.user(person) == second.user(person)


def test_what_does_not_fit_is_seen():
    """An unknown path, a wrong type, a value that is not listed, a boolean for a number, a date for a moment."""
    answer = "/users"
    for value, told in (
        ({"users": [{"nick": "x"}]}, "not documented"),
        ({"users": [{"pmi": "1"}]}, "'1' is none"),
        ({"users": [{"type": 3}]}, "3 is none"),
        ({"users": [{"type": True}]}, "True is none"),
        ({"users": [{"login_types": ["a"]}]}, "'a' is none"),
        ({"users": [{"created_at": "2026-11-02"}]}, "is none"),
        ({"users": ["mara"]}, "not documented"),
        ({"users": None}, "None is none"),
    ):
        assert [told in found for found in misfits(answer, value)] == [True], value
    assert list(misfits(answer, {"users": [{"type": 1, "login_types": [0, 101], "created_at": "2026-11-02T08:00:00Z"}]})) == []
    assert fits("2026-11-02", "date", frozenset())


def test_what_is_recorded_is_as_documented():
    """The good answers in Zoom's cassettes have the documented paths, types and values too."""
    told, seen = [], set()
    for path in sorted((ROOT / "fixtures" / "zoom" / "cassettes").glob("*/*.http")):
        request, status, body = path.read_text("utf-8").split("\n\n", 2)
        if status == "HTTP 200":
            answer = answer_of(urlsplit(request.splitlines()[0].split(" ")[1]).path)
            seen.add(answer)
            told += [f"{path.parent.name}/{path.name}: {found}" for found in misfits(answer, json.loads(body))]
    assert told == []
    assert seen == set(documented())
