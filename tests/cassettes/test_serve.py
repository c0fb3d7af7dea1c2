"""`habeas simulate` plays a vendor from its cassettes: the run that its greeting names works, with a token or a connection."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.cassettes.cassette import read_cassette
from engine.cassettes.serve import RecordedAnswers
from engine.core.identity import FORM
from tests.cassettes.test_broken import HERE
from tests.conftest import ROOT
from tests.connection.commands import BROWSER, redirect

ACME = HERE / "acme" / "specs" / "acme.yaml"
CASSETTES = HERE / "acme" / "fixtures" / "acme" / "cassettes"


@contextmanager
def simulated(*words: str) -> Iterator[str]:
    """Serve until the end, and give what was greeted with."""
    command = [sys.executable, "-m", "engine", "simulate", *words, "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not (lines[0].startswith("{") or len(re.findall("  habeas run", "".join(lines))) == 2):
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            lines.append(line)
        try:
            yield "".join(lines)
        finally:
            process.terminate()


def of_a_stranger(habeas, spec: Path, folder: Path) -> tuple[int, dict]:
    """Ask a simulator of a spec for somebody who is in no cassette; gives the exit code and the manifest."""
    with simulated(str(spec), "--json") as text:
        up = json.loads(text)
        words = ("run", str(spec), "--email", "zoe@example.com", "--at", up["address"], "--out", str(folder / "out"), "--json")
        done = habeas(*words, **up["token"])
    return done.returncode, json.loads(done.stdout)


def exports(text: str, number: int) -> dict[str, str]:
    """Read the nth line of exports of a greeting."""
    line = re.findall(r"^  export (.*)$", text, re.MULTILINE)[number]
    return dict(pair.split("=", 1) for pair in line.split() if not pair.startswith("HABEAS_HOME"))


def test_the_greeting_is_enough_to_run_with_a_token(habeas, tmp_path):
    """People with what is to be seen of them, exports, and a command that ends complete, linked pages and all."""
    with simulated(str(ACME)) as text:
        assert text.startswith("Acme as it was recorded in 4 cassettes listens on http://127.0.0.1:")
        assert "  --email ada@example.com     A person with two pages of notes.\n" in text
        words = re.findall(r"^  habeas (.*)$", text, re.MULTILINE)[0].split()
        done = habeas(*words, "--out", str(tmp_path / "out"), "--json", **exports(text, 0))
    found = json.loads(done.stdout)
    assert (done.returncode, found["simulated"]) == (0, True)
    assert {name: one["records"] for name, one in found["endpoints"].items()} == {"profile": 1, "notes": 3}


def test_a_connection_can_be_made_to_it(habeas, tmp_path):
    """The vendor's consent page and token address are played too, and a credential that dies once is renewed."""
    with simulated(str(ACME), "--json") as text:
        up = json.loads(text)
        given = {**up["connect"], "HABEAS_ACME_AT": up["address"], "BROWSER": BROWSER}
        connected = habeas("connect", str(ACME), "--redirect-uri", redirect(), **given)
        assert connected.returncode == 0, connected.stderr
        done = habeas("run", str(ACME), "--email", "cem@example.com", "--out", str(tmp_path / "out"), "--json", **given)
    found = json.loads(done.stdout)["endpoints"]
    assert (done.returncode, found["profile"]["retries"], found["notes"]["outcome"]) == (3, 1, "denied")


def test_a_client_may_prove_itself_in_the_form_where_the_spec_says_so(habeas, acme):
    """`client_auth: post` is played too."""
    spec = acme / "specs" / "acme.yaml"
    spec.write_text(spec.read_text("utf-8").replace("oauth2:", "oauth2:\n    client_auth: post", 1))
    with simulated(str(spec), "--json") as text:
        up = json.loads(text)
        given = {**up["connect"], "HABEAS_ACME_AT": up["address"], "BROWSER": BROWSER}
        done = habeas("connect", str(spec), "--redirect-uri", redirect(), **given)
    assert done.returncode == 0, done.stderr


def test_a_stranger_is_refused_and_an_unknown_request_is_said(habeas):
    """Without the credential nothing is told; what was never recorded is refused as no rule can mean it."""
    with simulated(str(ACME), "--json") as text:
        up = json.loads(text)
        for headers, status in (({}, 401), ({"Authorization": f"Bearer {up['token']['HABEAS_ACME_TOKEN']}"}, 418)):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(urllib.request.Request(f"{up['address']}/v1/nothing", headers=headers), timeout=60)
            with caught.value as answer:
                assert answer.code == status


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("simulate", "acne"), "no spec is called `acne`"),
        (("simulate", str(ACME), "--faults", "storm"), "know no faults"),
    ],
)
def test_what_cannot_be_played_is_said(habeas, words, why):
    """Neither simulator nor recordings, or faults that nothing could have: exit code 2."""
    done = habeas(*words)
    assert (done.returncode, why in done.stderr) == (2, True)


def test_a_vendor_without_recordings_cannot_be_played(habeas, tmp_path):
    """The message names the folder in which cassettes are looked for."""
    spec = tmp_path / "acme.yaml"
    spec.write_bytes(ACME.read_bytes())
    done = habeas("simulate", str(spec))
    assert (done.returncode, "no cassette in" in done.stderr, "fixtures/acme/cassettes" in done.stderr) == (2, True, True)


def test_a_stranger_is_answered_as_the_vendor_answered_somebody_it_did_not_know(habeas, tmp_path):
    """A look-up that was recorded of nobody answers for everybody who is in no cassette: the run ends as it would at the vendor."""
    code, found = of_a_stranger(habeas, ACME, tmp_path)
    assert (code, found["subject"]["outcome"]) == (0, "no_match")


def test_a_stranger_stands_where_the_answer_repeats_who_is_not_known(tmp_path):
    """In a path, a query or a body, as often as it is named; the person of a cassette is no stranger."""
    folder = tmp_path / "nobody"
    (folder / "expected").mkdir(parents=True)
    (folder / "expected" / "manifest.json").write_text('{"subject": {"outcome": "no_match"}}')
    found = shelf(
        folder,
        'POST https://a.example/find\n\n{"a": "ada@example.com", "b": "ada@example.com"}\n\nHTTP 404\n\n{"error": "no ada@example.com"}\n',
    )

    def of(first: str, second: str) -> bytes | None:
        answer = found.answer("POST", "/find", json.dumps({"a": first, "b": second}).encode())
        return answer and answer.response.body

    assert of("zoe@example.org", "zoe@example.org") == b'{"error": "no zoe@example.org"}'
    assert of("zoe@example.org", "kim@example.org") is None
    assert of("ada@example.com", "ada@example.com") == b'{"error": "no ada@example.com"}'
    assert found.answer("POST", "/find/zoe@example.org", None) is None


@pytest.mark.parametrize(
    ("known", "address", "asked", "answered"),
    [
        ("ada@example.com", "/members/MD5", "/members/{md5}", True),
        (
            "o'neil@example.com",
            "/query?q=Email%20%3D%20%27o%5C%27neil%40example.com%27",
            "/query?q=Email%20%3D%20%27zoe%40example.org%27",
            True,
        ),
        (
            "o'neil@example.com",
            "/query?q=Email%20%3D%20%27o%27%27neil%40example.com%27",
            "/query?q=Email%20%3D%20%27zoe%40example.org%27",
            True,
        ),
        ("ada@example.com", "/members/MD5", "/members/{md5}/notes", False),
    ],
)
def test_a_stranger_is_known_in_every_form_in_which_a_look_up_writes_people(tmp_path, known, address, asked, answered):
    """As a digest in a path, and between the quotes of a query language, which writes quotes of its own in two ways."""
    folder = tmp_path / "nobody"
    (folder / "expected").mkdir(parents=True)
    (folder / "expected" / "manifest.json").write_text('{"subject": {"outcome": "no_match"}}')
    address = address.replace("MD5", FORM["md5"](known))
    found = shelf(folder, f"GET https://a.example{address}\n\nHTTP 404\n\n{{}}\n", person=known)
    assert (found.answer("GET", asked.format(md5=FORM["md5"]("zoe@example.org")), None) is not None) is answered


def shelf(folder: Path, *recordings: str, person: str = "ada@example.com") -> RecordedAnswers:
    """Put recordings onto a shelf."""
    folder.mkdir(exist_ok=True)
    setup = (CASSETTES / "whole" / "cassette.yaml").read_text("utf-8").replace("ada@example.com", person)
    (folder / "cassette.yaml").write_text(setup, "utf-8")
    for number, text in enumerate(recordings):
        (folder / f"{number}.http").write_text(text)
    cassette, findings = read_cassette(folder)
    assert cassette is not None, findings
    return RecordedAnswers([cassette])


def test_where_only_moments_differ_the_recording_answers_with_todays(tmp_path):
    """A window that reaches to now is asked for with other days; what the answer repeats of them is today's."""
    recorded = 'GET https://a.example/calls?from=2026-11-01&to=2026-11-25\n\nHTTP 200\n\n{"from": "2026-11-01", "at": "2026-11-03"}\n'
    found = shelf(tmp_path / "one", recorded).answer("GET", "/calls?from=2027-01-01&to=2027-01-20", None)
    assert found is not None
    assert found.response.body == b'{"from": "2027-01-01", "at": "2026-11-03"}'
    assert shelf(tmp_path / "two", recorded).answer("GET", "/mails?from=2027-01-01&to=2027-01-20", None) is None


def test_what_was_recorded_twice_is_answered_in_turns(tmp_path):
    """A second run meets the same refusal first, and the same answer after it."""
    parts = [f"GET https://a.example/x\n\nHTTP {status}\n\n{{}}\n" for status in (401, 200)]
    found = shelf(tmp_path / "cassette", *parts)
    assert [answer.response.status for _ in range(4) if (answer := found.answer("GET", "/x", None))] == [401, 200, 401, 200]


def test_the_host_does_not_matter_and_the_body_does(tmp_path):
    """Under --at only path, query and body arrive."""
    found = shelf(tmp_path / "cassette", 'POST https://acme.my.example/q\n\n{"a": 1, "b": 2}\n\nHTTP 200\n\n{}\n')
    assert found.answer("POST", "http://127.0.0.1:1/q", b'{"b":2,"a":1}') is not None
    assert found.answer("POST", "/q", b'{"a": 2}') is None


def two_people(folder: Path) -> RecordedAnswers:
    """Put two people onto a shelf, whose account answers each in its own way; the third cassette is the first's again."""
    cassettes = []
    for number, name in enumerate(("ada", "bea", "ada")):
        place = folder / f"cassette{number}"
        place.mkdir()
        setup = (CASSETTES / "whole" / "cassette.yaml").read_text("utf-8").replace("ada@", f"{name}@")
        (place / "cassette.yaml").write_text(setup, "utf-8")
        (place / "1.http").write_text(f"GET https://a.example/people?email={name}%40example.com\n\nHTTP 200\n\n{{}}\n")
        (place / "2.http").write_text(f'GET https://a.example/log?from=2026-11-01\n\nHTTP 200\n\n{{"of": {number}}}\n')
        (place / "3.http").write_text(f"GET https://a.example/only/{number}\n\nHTTP 200\n\n{{}}\n")
        cassette, findings = read_cassette(place)
        assert cassette is not None, findings
        cassettes.append(cassette)
    return RecordedAnswers(cassettes)


def test_what_two_people_share_is_answered_as_of_who_was_looked_up_last(tmp_path):
    """Nobody's answers are mixed with another's, whatever today's date is; what only another has is said to be so."""
    found = two_people(tmp_path)

    def of(url: str) -> tuple[str, bool]:
        answer = found.answer("GET", url, None)
        assert answer is not None
        return answer.cassette, answer.strayed

    assert of("/log?from=2026-11-01") == ("cassette0", False)
    for name, cassette in (("bea", "cassette1"), ("ada", "cassette0")):
        assert of(f"/people?email={name}%40example.com") == (cassette, False)
        assert of("/log?from=2026-11-01") == of("/log?from=2027-02-03") == (cassette, False)
    assert of("/only/1") == ("cassette1", True)


def test_requests_that_cassettes_answer_differently_are_listed(tmp_path):
    """At the start, with the cassettes that do; a second cassette of one person is not played, and says nothing here."""
    found = two_people(tmp_path)
    assert [(one.request, one.cassettes) for one in found.differing] == [("GET /log?from=*", ("cassette0", "cassette1"))]
    assert found.hidden == ("cassette2",)


def test_the_greeting_says_what_cannot_be_told_apart(acme):
    """Which requests, whose cassette is meant for some endpoints only, and what to do without a browser."""
    bea = acme / "fixtures/acme/cassettes/nothing"
    (bea / "cassette.yaml").write_text((bea / "cassette.yaml").read_text("utf-8") + "only: [profile]\n", "utf-8")
    (bea / "020-verify.http").write_text('GET https://api.acme.example/v1/me\n\nHTTP 200\n\n{"id": "somebody else"}\n', "utf-8")
    with simulated(str(acme / "specs" / "acme.yaml")) as text:
        assert "  --email bea@example.com --only profile  A person without notes" in text
        assert "\n  GET /v1/me  (whole, nothing, nobody, refused)\n" in text
        assert "--no-browser" in text


def test_what_is_not_recorded_never_ends_a_run_as_complete(habeas, acme, tmp_path):
    """Even where the spec takes a 404 for somebody who does not exist: the run is incomplete and soon over."""
    spec = acme / "specs" / "acme.yaml"
    shutil.rmtree(acme / "fixtures/acme/cassettes/nobody")
    spec.write_text(spec.read_text("utf-8").replace("{status: 404, code: nobody, means: absent}", "{status: [404, 418], means: absent}"))
    code, found = of_a_stranger(habeas, spec, tmp_path)
    assert (code, found["subject"]["outcome"]) == (3, "unproven")
    assert "HTTP 421" in found["subject"]["reason"]
