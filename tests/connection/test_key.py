"""The key of the store: where it is, how it is changed, and that it is never replaced by accident."""

from __future__ import annotations

import base64
import json
import os
import sys
from contextlib import suppress

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from engine.connection.keys import Keys, OsKeyring, StoreKey
from engine.connection.manage import remove
from engine.connection.stored import Name, StoreError
from engine.errors import NotConnected, UsageError
from tests.connection.vendor import NAME, Acme, files, keep, vault
from tests.forked import run

KEY = StoreKey(bytes(range(32)))


OTHER = base64.b64encode(bytes(32)).decode()


RECORD = Acme().record()


def first_format(record, key: StoreKey) -> bytes:
    """Give a connection's file as the first version of the store wrote it."""
    head = ["connection", 1, "acme", "default", "AES-256-GCM", key.id]
    data = AESGCM(key.secret).encrypt(bytes(12), msgspec.json.encode(record), msgspec.json.encode(head))
    texts = [base64.b64encode(raw).decode() for raw in (bytes(12), data)]
    named = zip(("habeas", "format", "vendor", "name", "cipher", "key", "nonce", "data"), [*head, *texts], strict=True)
    return json.dumps(dict(named)).encode()


FIRST_FORMAT = first_format(RECORD, KEY)


def test_the_first_format_is_read(tmp_path):
    """As it was written by the first version; what is written now is format 2."""
    store = vault(tmp_path, HABEAS_KEY=KEY.text)
    store.write(NAME, RECORD)
    assert json.loads(store.path(NAME).read_bytes())["format"] == 2
    store.path(NAME).write_bytes(FIRST_FORMAT)
    assert store.read(NAME) == RECORD


def test_the_key_of_the_environment_goes_before_all(tmp_path):
    """No key file is made; without the variable nothing can be read, and the sentence says so."""
    store = vault(tmp_path, HABEAS_KEY=KEY.text)
    store.write(NAME, RECORD)
    assert not store.keys.path.exists()
    assert store.keys.where() == "HABEAS_KEY"
    assert vault(tmp_path, HABEAS_KEY=KEY.text).read(NAME) == RECORD
    for environ in ({}, {"HABEAS_KEY": OTHER}):
        with pytest.raises(StoreError, match="set HABEAS_KEY to it"):
            vault(tmp_path, **environ).read(NAME)


@pytest.mark.parametrize("text", ["secret", OTHER[:-4], "é" * 32, OTHER + OTHER])
def test_a_key_that_is_none_says_how_one_is_made(text, tmp_path):
    """32 bytes in base64, nothing else; the text itself is not repeated."""
    with pytest.raises(UsageError) as error:
        vault(tmp_path, HABEAS_KEY=text)
    assert "openssl rand -base64 32" in str(error.value)
    assert text not in str(error.value)


async def test_another_key_for_all_can_be_broken_off_at_any_moment(tmp_path):
    """From a key file to a fresh one, to HABEAS_KEY, and from that to another; the old key opens nothing any more."""
    store = vault(tmp_path)
    other = Name("acme", "emea")
    store.write(NAME, RECORD)
    store.write(other, RECORD, plain=True)
    old = store.keys.path.read_bytes()
    store.keys.begin_rekey()
    assert vault(tmp_path).read(NAME) == RECORD  # broken off here: both keys are known
    assert await files(store).reseal() == (1, 1)
    assert vault(tmp_path).read(NAME) == vault(tmp_path).read(other) == RECORD
    assert store.keys.path.read_bytes() != old
    assert len(json.loads(store.keys.path.read_bytes())["keys"]) == 1
    moved = vault(tmp_path, HABEAS_KEY=KEY.text)
    assert await files(moved).reseal() == (1, 1)
    assert not store.keys.path.exists()
    assert vault(tmp_path, HABEAS_KEY=KEY.text).read(NAME) == RECORD
    with pytest.raises(StoreError):
        await files(vault(tmp_path, HABEAS_KEY=OTHER)).reseal()
    assert await files(vault(tmp_path, HABEAS_KEY=OTHER, HABEAS_OLD_KEY=KEY.text)).reseal() == (1, 1)
    assert vault(tmp_path, HABEAS_KEY=OTHER).read(NAME) == RECORD


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b'{"format":2,"keys":{"a":"b"}}',
        b'{"format":1,"keys":{}}',
        b"\xff",
        b'{"format":1,"keys":{"x":"eA=="}}',
        b"[" * 100_000,
        b'{"x":' + b"[" * 100_000,
        b'{"format":1,"keys":{"KEY":"no base64"}}',
        b'{"format":1,"keys":{"KEY":""}}',
    ],
)
def test_a_damaged_key_file_is_named_and_never_replaced(raw, tmp_path):
    """A fresh key in its place would make every connection unreadable for good."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    (name,) = json.loads(store.keys.path.read_bytes())["keys"]
    store.keys.path.write_bytes(raw := raw.replace(b"KEY", name.encode()))
    for work in (lambda: store.read(NAME), lambda: store.write(NAME, RECORD)):
        with pytest.raises(NotConnected) as error:
            work()
        assert b'"x"' in raw or f"{store.keys.path} is damaged" in str(error.value)
    assert store.keys.path.read_bytes() == raw


async def test_a_key_file_that_is_gone_is_never_replaced_while_it_is_needed(tmp_path):
    """Put back, it opens everything again; a connection that nobody can read may be removed, and then the store begins anew."""
    store, other = vault(tmp_path), Name("acme", "emea")
    store.write(NAME, RECORD)
    path, kept = store.keys.path, store.keys.path.read_bytes()
    path.unlink()
    gone = f"{path} is gone, and connections are encrypted with its key: put a copy of it back, and no fresh key is made; "
    gone += "if there is none, remove them (habeas connections remove NAME --no-revoke) and connect again"
    for work in (
        lambda: files(vault(tmp_path)).ready(),
        lambda: keep(vault(tmp_path), other, RECORD),
        lambda: files(vault(tmp_path)).reseal(),
    ):
        with pytest.raises(NotConnected) as error:
            await work()
        assert str(error.value) == gone
        assert not path.exists()
    with pytest.raises(StoreError) as unreadable:
        vault(tmp_path).read(NAME)
    assert str(unreadable.value) == (
        f"{store.path(NAME)} is encrypted with another key than the ones at hand: {path}, which names it, is gone: "
        "put a copy of that file back; nothing was changed"
    )
    path.write_bytes(kept)
    path.chmod(0o600)
    assert vault(tmp_path).read(NAME) == RECORD
    path.unlink()
    await remove(files(vault(tmp_path)), NAME, revoke=False)
    await files(vault(tmp_path)).ready()
    assert path.exists()


async def test_a_key_of_the_environment_is_no_key_file_that_is_gone(tmp_path):
    """Beside a connection that has HABEAS_KEY, another may have a key of the store's own; one without encryption needs none."""
    vault(tmp_path, HABEAS_KEY=KEY.text).write(NAME, RECORD)
    vault(tmp_path).write(Name("acme", "plain"), RECORD, plain=True)
    await files(vault(tmp_path)).ready()
    assert vault(tmp_path).keys.path.exists()


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("given", {}, "set HABEAS_KEY to it"),
        ("given", {"HABEAS_KEY": OTHER}, "set HABEAS_KEY to it"),
        ("given, by rekey", {"HABEAS_KEY": OTHER}, "set HABEAS_OLD_KEY to it"),
        ("file", {"HABEAS_KEY": OTHER}, "key.json, which names it, is gone: put a copy of that file back;"),
        ("other file", {}, "key.json, which names it, holds another one: put a copy of that file back;"),
        ("file, by rekey", {"HABEAS_KEY": OTHER}, "is gone: put a copy of that file back, or set HABEAS_OLD_KEY to the key;"),
        ("first format", {}, "is gone: put a copy of that file back, or set HABEAS_KEY to it;"),
        ("first format, by rekey", {"HABEAS_KEY": OTHER}, "is gone: put a copy of that file back, or set HABEAS_OLD_KEY to it;"),
    ],
)
async def test_a_key_that_lacks_is_looked_for_where_it_was(before, now, words, tmp_path):
    """The variable only where the key was in one, or where that is not known; in `rekey` HABEAS_KEY is the new key."""
    store = vault(tmp_path, **({"HABEAS_KEY": KEY.text} if before.startswith("given") else {}))
    store.write(NAME, RECORD)
    store.keys.path.unlink(missing_ok=True)
    if before.startswith("first format"):
        (store.path(NAME)).write_bytes(FIRST_FORMAT)
    if before.startswith("other"):
        Keys(store.home, {}).current()
    work = files(vault(tmp_path, **now)).reseal() if before.endswith("rekey") else None
    with pytest.raises(StoreError) as error:
        await work if work is not None else vault(tmp_path, **now).read(NAME)
    assert words in str(error.value)
    assert str(error.value).endswith("; nothing was changed")


SCALARS = st.none() | st.integers() | st.text(max_size=9)


@given(
    st.binary(max_size=60)
    | st.dictionaries(st.sampled_from(["format", "keys"]), st.just(1) | SCALARS | st.dictionaries(st.text(max_size=4), SCALARS)).map(
        lambda one: json.dumps(one).encode()
    )
)
def test_a_key_file_of_any_bytes_never_raises_anything_but_a_sentence(tmp_path, raw):
    """Reading, writing and saying where the key is; the file stays as it is."""
    keys = Keys(tmp_path, {}, OsKeyring(5.0))
    keys.path.write_bytes(raw)
    keys.path.chmod(0o600)
    for work in (keys.current, keys.where, lambda: keys.find("a"), keys.outdated):
        with suppress(NotConnected):
            work()
    assert keys.path.read_bytes() == raw


FAKE_RING = """
import json, os, signal, sys, threading
import keyring.backend
class Ring(keyring.backend.KeyringBackend):
    __module__ = os.environ.get("RING_MODULE", "keyring.backends.fake")
    priority = 9
    path = os.environ["FAKE_RING"]
    def _all(self): return json.load(open(self.path)) if os.path.exists(self.path) else {}
    def get_password(self, service, name):
        open(self.path + ".asked", "a").write(".")
        if os.environ.get("RING_INTERRUPTED"): os.kill(os.getpid(), signal.SIGINT)
        if os.environ.get("RING_SILENT"): threading.Event().wait()
        if os.environ.get("RING_LOCKED"): raise RuntimeError("locked")
        return self._all().get(service + name)
    def set_password(self, service, name, value):
        if os.environ.get("RING_LOCKED"): raise RuntimeError("locked")
        json.dump({**self._all(), service + name: value}, open(self.path, "w"))
    def delete_password(self, service, name):
        kept = self._all(); kept.pop(service + name); json.dump(kept, open(self.path, "w"))
"""


def ring(tmp_path, code, **environ):
    """Run a piece of code where the OS has a keyring."""
    (tmp_path / "fakering.py").write_text(FAKE_RING)
    given = {"PYTHON_KEYRING_BACKEND": "fakering.Ring", "FAKE_RING": str(tmp_path / "ring.json"), "PYTHONPATH": f"{tmp_path}:."}
    head = "import asyncio, pathlib, signal\nfrom tests.connection.test_key import *\nstore = vault(pathlib.Path(sys.argv[1]))\n"
    head += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # who runs the tests in the background ignores it
    done = run(
        [sys.executable, "-c", head + code, str(tmp_path)],
        env={**os.environ, **given, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_the_keyring_of_the_os_keeps_the_key_where_there_is_one(tmp_path):
    """Nothing of the key is in the store; a locked keyring says so and loses nothing; rekey leaves no old key behind."""
    assert ring(tmp_path, "store.write(NAME, RECORD); print(store.keys.where())") == "keyring"
    (secret,) = json.loads((tmp_path / "ring.json").read_text()).values()
    assert secret not in vault(tmp_path).keys.path.read_text()
    assert ring(tmp_path, "print(store.read(NAME).vendor)") == "acme"
    assert "keyring" in ring(tmp_path, "store.read(NAME)", RING_LOCKED="1")
    assert "keyring" in ring(tmp_path, "store.read(NAME)", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    assert ring(tmp_path, "print(asyncio.run(files(store).reseal()), store.read(NAME).vendor)") == "(1, 0) acme"
    assert len(json.loads((tmp_path / "ring.json").read_text())) == 1
    assert secret not in (tmp_path / "ring.json").read_text()


def test_a_keyring_that_cannot_be_used_leaves_the_file(tmp_path):
    """Locked, or of another desktop: then a file only its owner can read."""
    assert ring(tmp_path, "store.write(NAME, RECORD); print(store.keys.where())", RING_LOCKED="1") == "file"


def test_the_keyring_is_asked_once_for_a_key(tmp_path):
    """It may ask a person each time; what another process changed since is asked for all the same."""
    code = "store.write(NAME, RECORD)\nfor _ in range(5): store.read(NAME); store.reserve(NAME)\n"
    code += "print(asyncio.run(files(vault(pathlib.Path(sys.argv[1]))).reseal()), store.read(NAME).vendor)"
    assert ring(tmp_path, code) == "(1, 0) acme"
    asked = (tmp_path / "ring.json.asked").read_text()
    assert len(asked) == 4, "whether it is kept; by rekey for the old one, and whether the new one is kept; for the new one"


def test_a_keyring_that_does_not_answer_is_not_waited_for_for_ever(tmp_path):
    """The sentence says what to do; a key that could not be put away is not written into a file unasked."""
    ask = "store.keys._keyring._seconds = 0.2\n"
    words = "the OS keyring did not answer: unlock it, or set HABEAS_KEY"
    assert ring(tmp_path, ask + "store.write(NAME, RECORD)", RING_SILENT="1").endswith(words)
    assert not vault(tmp_path).keys.path.exists()
    assert ring(tmp_path, "store.write(NAME, RECORD); print(store.keys.where())") == "keyring"
    assert ring(tmp_path, ask + "store.read(NAME)", RING_SILENT="1").endswith(words)


def test_ctrl_c_ends_the_wait_for_a_keyring_inside_an_event_loop_too(tmp_path):
    """At once, not when the keyring answers."""
    assert ring(tmp_path, "store.write(NAME, RECORD); print(store.keys.where())") == "keyring"
    code = "async def work(): store.read(NAME)\nasyncio.run(work())"
    assert ring(tmp_path, code, RING_SILENT="1", RING_INTERRUPTED="1") == "KeyboardInterrupt"


def emptied(tmp_path) -> None:
    """Begin with an empty store again."""
    (tmp_path / "state" / "key.json").unlink()
    vault(tmp_path).path(NAME).unlink()


@pytest.mark.parametrize("module", ["keyrings.alt.file", "fakering"])
def test_a_keyring_that_is_not_of_the_os_is_not_called_so(module, tmp_path):
    """Some write plain text into a file: then the key is in our own file, and that is said. Nor are they used in a chain."""
    assert ring(tmp_path, "store.write(NAME, RECORD); print(store.keys.where())", RING_MODULE=module) == "file"
    assert not (tmp_path / "ring.json").exists()
    chain = "import fakering; store.write(NAME, RECORD); print(store.keys.where())"
    environ = {"PYTHON_KEYRING_BACKEND": "keyring.backends.chainer.ChainerBackend"}
    emptied(tmp_path)
    assert ring(tmp_path, chain, RING_MODULE=module, **environ) == "file"
    emptied(tmp_path)
    assert ring(tmp_path, chain, **environ) == "keyring"


def test_two_first_keys_at_once_are_one(tmp_path):
    """Whoever comes second takes the key of the first."""
    first, second = Keys(tmp_path, {}), Keys(tmp_path, {})
    assert first.current().id == second.current().id
