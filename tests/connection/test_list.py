"""What `connections list` and `show` tell of a store, whatever state it is in."""

from __future__ import annotations

import base64
import json

import pytest

from engine.connection.stored import Name
from tests.connection.commands import Command
from tests.connection.vendor import NAME, Acme, vault

GIVEN = base64.b64encode(bytes(range(32))).decode()


async def test_the_list_says_of_each_connection_where_its_key_is(tmp_path):
    """HABEAS_KEY was set after the first connection was made: its key still lies beside it, until rekey."""
    acme = Acme()
    record = acme.record()
    vault(tmp_path).write(NAME, record)
    vault(tmp_path, HABEAS_KEY=GIVEN).write(Name("acme", "emea"), record)
    vault(tmp_path).write(Name("acme", "plain"), record, plain=True)
    habeas = Command(tmp_path, acme)
    path = vault(tmp_path).keys.path
    done = await habeas("connections", "list", HABEAS_KEY=GIVEN)
    assert done.code == 0, done
    assert f"The key of acme/default is in {path}, on the same disk: it protects only copies of the store" in done.out
    assert "The key of acme/emea is in HABEAS_KEY: without it nobody can use the connections" in done.out
    assert "New connections get another key than acme/default, in HABEAS_KEY: habeas connections rekey gives it to all." in done.out
    told = json.loads((await habeas("connections", "list", "--json", HABEAS_KEY=GIVEN)).out)
    assert told["key"] == "HABEAS_KEY"
    assert [(one["key"], one["key_is_current"]) for one in told["connections"]] == [("file", False), ("HABEAS_KEY", True), (None, None)]
    assert json.loads((await habeas("connections", "show", "acme", "--json", HABEAS_KEY=GIVEN)).out)["key"] == "file"
    assert (await habeas("connections", "rekey", HABEAS_KEY=GIVEN)).code == 0
    done = await habeas("connections", "list", HABEAS_KEY=GIVEN)
    assert "The key is in HABEAS_KEY" in done.out
    assert "on the same disk" not in done.out
    assert "another key" not in done.out


@pytest.mark.parametrize("word", ["show", "remove"])
async def test_a_connection_that_is_not_there_names_the_list(word, tmp_path):
    """Whoever mistyped a name wants to see the names, not to connect."""
    done = await Command(tmp_path, Acme())("connections", word, "acme/emae")
    assert (done.code, done.err) == (4, "error: there is no connection acme/emae: habeas connections list shows what there is\n")


def test_a_renewal_keeps_the_key_that_the_connection_has(tmp_path):
    """Only rekey changes it: else a run with HABEAS_KEY would lock out those without."""
    record = Acme().record()
    vault(tmp_path).write(NAME, record)
    given = vault(tmp_path, HABEAS_KEY=GIVEN)
    given.renew(NAME, record, given.reserve(NAME))
    assert vault(tmp_path).read(NAME) == record


@pytest.mark.parametrize(
    "words", [("connections", "list"), ("connections", "show", "acme"), ("verify", "acme"), ("connections", "remove", "acme")]
)
async def test_a_store_that_others_can_enter_is_not_used(words, tmp_path):
    """Exit 4 with the command that mends it; nothing is asked of the vendor."""
    acme = Acme()
    store = vault(tmp_path)
    store.write(NAME, acme.record())
    store.folder.chmod(0o777)
    done = await Command(tmp_path, acme)(*words)
    assert (done.code, done.out, done.err) == (
        4,
        "",
        f"error: {store.folder} can be read by others: chmod 700 {store.folder}\n",
    )
    assert store.path(NAME).exists()


@pytest.mark.parametrize(
    ("raw", "code", "part"),
    [
        (b'{"x":' + b"[" * 100_000, 4, "key.json is damaged"),
        (b'{"format":1,"keys":{"KEY":"%%"}}', 4, "key.json is damaged"),
        (None, 2, "HABEAS_HOME names no folder: ~nosuchuser/x"),
    ],
)
async def test_a_store_that_cannot_be_read_is_a_sentence(raw, code, part, tmp_path):
    """Never a defect of ours, and no advice that does not help."""
    store, acme = vault(tmp_path), Acme()
    store.write(NAME, acme.record())
    habeas = Command(tmp_path, acme)
    if raw is None:
        habeas.environ["HABEAS_HOME"] = "~nosuchuser/x"
    else:
        store.keys.path.write_bytes(raw.replace(b"KEY", next(iter(json.loads(store.keys.path.read_bytes())["keys"])).encode()))
    done = await habeas("verify", "acme")
    assert (done.code, part in done.err, "openssl" in done.err) == (code, True, False), done
