"""The probe of a connection: asked for at `connect`, kept sealed, and looked up where nobody is found."""

from __future__ import annotations

import json

import msgspec
import pytest

from engine.cli import connect as command
from engine.cli import prompt_secret
from engine.connection.stored import StoredConnection
from engine.replaced import replace
from tests.connection.commands import Command, redirect
from tests.connection.vendor import NAME, SPEC, Acme, spec, vault

HER = "her@acme.example"
NOBODY = ("run", "acme", "--email", "nobody@acme.example", "--json", "--out")


async def test_a_probe_is_kept_sealed_and_proves_in_each_run_that_nobody_means_nobody(tmp_path):
    """Without one: unproven, exit 3. It stands in no file as it is, and `--probe` goes before it."""
    async with Acme().up() as acme:
        habeas = Command(tmp_path, acme)
        done = await habeas("connect", "acme", "--redirect-uri", redirect())
        assert "A run that finds nobody would end UNPROVEN, exit code 3: nothing shows that this connection sees people" in done.out
        assert "(verify was answered; no probe is set). To prove it, name a known colleague" in done.out
        ended = await habeas(*NOBODY, str(tmp_path / "a"))
        told = json.loads(ended.out)
        assert (ended.code, told["subject"]["outcome"], told["subject"]["proof"]) == (3, "unproven", None)
        done = await habeas("connect", "acme", "--redirect-uri", redirect(), "--probe", HER)
        assert (done.code, "A run that finds nobody would prove it: the probe was found (verify was answered" in done.out) == (0, True)
        assert vault(tmp_path).read(NAME).probe == {"email": HER}
        assert HER.encode() not in vault(tmp_path).path(NAME).read_bytes()
        for words, code, outcome in (((), 0, "no_match"), (("--probe", "nobody@acme.example"), 3, "unproven")):
            ended = await habeas(*NOBODY, str(tmp_path / f"b{code}"), *words)
            assert (ended.code, json.loads(ended.out)["subject"]["outcome"]) == (code, outcome)
            assert HER not in ended.out
        again = await habeas("connect", "acme", "--redirect-uri", redirect())
        assert (again.code, vault(tmp_path).read(NAME).probe) == (0, {"email": HER})
        assert (await habeas("connect", "acme", "--redirect-uri", redirect(), "--probe", "")).code == 0
        assert vault(tmp_path).read(NAME).probe == {}


async def test_a_probe_proves_for_its_own_kind_of_identifier_only(tmp_path):
    """By a user name nobody would still be unproven; what verify promises is what a run keeps."""
    by_name = "{get: /handles/<USERNAME>, match: name, capture: {USER_ID: id}}"
    text = SPEC.replace("lookup: {get", f"lookup: [{by_name}, {{get").replace("means: absent}]}}\n", "means: absent}]}}]\n", 1)
    async with Acme(scope="people.read files.read notes.read").up() as acme:
        vault(tmp_path).write(NAME, acme.record())
        habeas = Command(tmp_path, acme, text)
        told = json.loads((await habeas("verify", "acme", "--json", "--probe", HER)).out)
        assert (told["proof"], told["proof_for"]) == ("probe", ["email"])
        assert "A run by email that finds nobody would prove it" in (await habeas("verify", "acme", "--probe", HER)).out


async def test_verify_says_what_nobody_would_be_worth(tmp_path):
    """Exit 0 with the consequence; `--json` too. A probe can come from standard input."""
    async with Acme(scope="people.read files.read notes.read").up() as acme:
        vault(tmp_path).write(NAME, acme.record())
        habeas = Command(tmp_path, acme)
        done = await habeas("verify", "acme")
        assert (done.code, "would end UNPROVEN" in done.out, "no record is lost" in done.out) == (0, True, False)
        told = json.loads((await habeas("verify", "acme", "--json")).out)
        assert (told["proof"], told["proof_for"]) == (None, [])
        told = json.loads((await habeas("verify", "acme", "--json", "--probe", "-", stdin=f"{HER}\n")).out)
        assert (told["proof"], told["proof_for"]) == ("probe", ["email"])
        done = await habeas("verify", "acme", "--probe", "nobody@acme.example")
        assert "the probe was not found by the look-up" in done.out


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ("nonsense", "--probe: the e-mail address does not have exactly one @"),
        ("phone=+15550100200", "--probe: acme finds people by email: --probe EMAIL"),
        ("", "--probe: the e-mail address is empty"),
    ],
)
async def test_what_is_no_probe_is_refused_before_anything_is_sent(probe, words, tmp_path):
    """Exit 2, whichever command."""
    async with Acme().up() as acme:
        vault(tmp_path).write(NAME, acme.record())
        habeas = Command(tmp_path, acme)
        for command_words in (("verify", "acme"), ("run", "acme", "--email", HER), ("connect", "acme"))[: 2 if not probe else 3]:
            done = await habeas(*command_words, "--probe", probe)
            assert (done.code, words in done.err) == (2, True), done
        assert acme.log == []


def test_a_connection_of_before_has_no_probe():
    """It stays readable."""
    record = Acme().record()
    old = {name: value for name, value in msgspec.json.decode(msgspec.json.encode(record)).items() if name != "probe"}
    assert msgspec.json.decode(msgspec.json.encode(old), type=StoredConnection).probe == {}
    assert HER not in repr(replace(record, probe={"email": HER}))


@pytest.mark.parametrize(
    ("before", "typed", "kept"),
    [
        ({}, [""], {}),
        ({}, ["nonsense", HER], {"email": HER}),
        ({"email": "old@acme.example"}, [""], {"email": "old@acme.example"}),
        ({"email": "old@acme.example"}, [HER], {"email": HER}),
    ],
)
def test_a_person_at_the_terminal_is_asked_for_one(before, typed, kept, monkeypatch, capsys):
    """Enter: none, or the stored one; what is no address is asked for again."""
    asked, lines = [], iter(typed)

    def shown(words: str) -> str:
        asked.append(words)
        return next(lines)

    monkeypatch.setattr(prompt_secret, "is_asked", lambda: True)
    monkeypatch.setattr(prompt_secret, "_shown", shown)
    record = Acme().record()
    found = command.with_probe(spec(), record, replace(record, probe=before), None)
    assert found.probe == kept
    assert len(asked) == len(typed)
    assert asked[0].endswith("(Enter keeps the stored one): " if before else "(Enter: none): ")
    assert ("does not have exactly one @" in capsys.readouterr().err) == (len(typed) == 2)
