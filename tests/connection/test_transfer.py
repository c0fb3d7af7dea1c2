"""A connection that moves to another machine: sealed on its way, and used in one place only."""

from __future__ import annotations

import json as jsonlib
import re
import stat
from pathlib import Path

import pytest

from engine.connection import transfer
from engine.connection.stored import seal
from engine.connection.transfer import packed, unpacked
from engine.errors import UsageError
from tests.connection.commands import Command
from tests.connection.settled import ENVIRON, SETTLED, settled
from tests.connection.settled import record as settled_record
from tests.connection.vendor import NAME, SPEC, Acme, vault

WORDS = "correct horse battery"
GIVEN = {"HABEAS_PASSPHRASE": WORDS}
RECORD = Acme().record()
COST = transfer.COST


@pytest.fixture(autouse=True)
def _quick_guesses(monkeypatch):
    """Let a passphrase cost nothing here: what it costs is held once."""
    monkeypatch.setattr(transfer, "COST", 2)


def test_each_guess_of_a_passphrase_costs_64_mebibytes():
    """Whoever has the file cannot try many passphrases at once."""
    assert COST * transfer.BLOCK * 128 == 64 << 20


@pytest.mark.parametrize("shape", ["acme", "settled"])
async def test_a_connection_moves_and_is_used_in_one_place_only(shape, tmp_path):
    """There it is renewed; here it is refused with the reason, skipped by a check, and removed without revoking it."""
    acme = Acme() if shape == "acme" else settled()
    async with acme.up():
        for name in ("here", "there"):
            (tmp_path / name).mkdir()
        here, there = (Command(tmp_path / name, acme, SPEC if shape == "acme" else SETTLED) for name in ("here", "there"))
        store, file = vault(tmp_path / "here"), tmp_path / "moved"
        made = acme.record() if shape == "acme" else settled_record(acme)
        store.write(NAME, made)
        done = await here("connections", "export", "acme", "--out", str(file), **GIVEN)
        assert (done.code, "acme/default is in" in done.out) == (0, True), done
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        text = file.read_text()
        assert not [one for one in (made.tokens.access, made.tokens.refresh, made.client.secret, WORDS) if one in text]
        assert (await there("connections", "import", str(file), **GIVEN)).code == 0
        checked = await there("connections", "check", "--all", **ENVIRON)
        assert (checked.code, "alive" in checked.out) == (0, True), checked
        refused = await here("verify", "acme")
        assert (refused.code, "acme/default was exported and is used elsewhere" in refused.err + refused.out) == (4, True), refused
        skipped = await here("connections", "check", "--all")
        assert (skipped.code, "it was exported, and is used elsewhere" in skipped.out) == (0, True), skipped
        assert "not used here" in (await here("connections", "list")).out
        removed = await here("connections", "remove", "acme")
        assert "the vendor was not asked, because it was exported" in removed.out
        assert acme.log.count("revoke") == 0
        assert (await there("connections", "check", "--all", **ENVIRON)).code == 0


async def test_a_file_that_was_lost_is_written_again_and_an_import_undoes_an_export(tmp_path):
    """What was exported is still sealed here; it goes back only where it came from."""
    async with Acme().up() as acme:
        habeas, store = Command(tmp_path, acme), vault(tmp_path)
        store.write(NAME, acme.record())
        for name in ("first", "second"):
            assert (await habeas("connections", "export", "acme", "--out", str(tmp_path / name), **GIVEN)).code == 0
        taken = await habeas("connections", "export", "acme", "--out", str(tmp_path / "first"), **GIVEN)
        assert taken.code == 2
        assert (await habeas("connections", "import", str(tmp_path / "second"), **GIVEN)).code == 0
        assert (await habeas("verify", "acme")).code == 0
        again = await habeas("connections", "import", str(tmp_path / "second"), **GIVEN)
        assert (again.code, "there is a connection acme/default already" in again.err) == (4, True)
        other = await habeas("connections", "import", str(tmp_path / "second"), "--as", "acme/emea", **GIVEN)
        assert (other.code, "acme/emea is stored here." in other.out) == (0, True)


@pytest.mark.parametrize(
    ("change", "passphrase", "words"),
    [
        (lambda raw: raw, "another passphrase", "another passphrase, or damaged"),
        (lambda raw: raw.replace(b'"default"', b'"emea"'), WORDS, "another passphrase, or damaged"),
        (lambda raw: raw[: len(raw) // 2], WORDS, "is no exported connection"),
        (lambda raw: b"{}", WORDS, "is no exported connection"),
        (lambda raw: seal(RECORD, None, "default"), WORDS, "is no exported connection"),
        (
            lambda raw: jsonlib.dumps({**jsonlib.loads(raw), "connection": jsonlib.loads(seal(RECORD, None, "default"))}).encode(),
            WORDS,
            "is not sealed",
        ),
    ],
)
def test_only_what_was_sealed_with_the_passphrase_is_taken(change, passphrase, words):
    """Anybody could have written it otherwise; nothing of it is repeated."""
    with pytest.raises(UsageError, match=words):
        unpacked(change(packed(RECORD, NAME, WORDS)), passphrase, "the file")
    assert unpacked(packed(RECORD, NAME, WORDS), WORDS, "the file") == (NAME, RECORD)


def test_what_the_page_about_connections_names_exists():
    """Its commands and their options are those of the command line."""
    page = (Path(__file__).parents[2] / "docs" / "connections.md").read_text()
    reference = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    commands = set(re.findall(r"habeas (?:connections )?[a-z]+", page))
    assert {"habeas connections export", "habeas connections import", "habeas connections check"} <= commands
    assert [name for name in commands if f"`{name}" not in reference and f"## {name}" not in reference] == []
    assert [option for option in re.findall(r"--[a-z-]+", page) if option not in reference] == []


async def test_a_short_passphrase_exports_nothing(tmp_path):
    """Whoever has the file can try as many as they like."""
    acme = Acme()
    store = vault(tmp_path)
    store.write(NAME, acme.record())
    done = await Command(tmp_path, acme)("connections", "export", "acme", "--out", str(tmp_path / "f"), HABEAS_PASSPHRASE="short")
    assert (done.code, (tmp_path / "f").exists(), store.read(NAME).moved) == (2, False, None)
