"""The installation's key: made once, sealed, covered by `rekey`, and missed when it is missing."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from pathlib import Path

import pytest

from engine.connection import sealed_file
from engine.connection.file_store import FileStore
from engine.connection.signing_key import FILE, PUBLIC, SigningKey, signing_key
from engine.connection.stored import StoreError
from engine.connection.vault import Vault
from engine.errors import NotConnected
from tests.forked import apart


def key(home, **environ: str) -> SigningKey:
    """Give the key of an installation, as a new process would."""
    return signing_key(Vault(home, environ))


def test_it_is_made_once_and_sealed(tmp_path):
    """A second process finds the same one; its secret stands in no file, and no text shows it."""
    found = key(tmp_path)
    assert key(tmp_path) == found
    assert repr(found) == f"SigningKey({found.fingerprint})"
    for path in tmp_path.rglob("*"):
        raw = path.read_bytes() if path.is_file() else b""
        assert found.secret not in raw
        assert base64.b64encode(found.secret) not in raw
        assert not path.is_file() or path.stat().st_mode & 0o077 == 0


def test_rekey_keeps_it(tmp_path):
    """It is encrypted anew with the store's new key, and is the same key."""
    found, before = key(tmp_path), (tmp_path / FILE).read_bytes()
    asyncio.run(FileStore(Vault(tmp_path, {})).reseal())
    assert (tmp_path / FILE).read_bytes() != before
    assert key(tmp_path) == found


def _keys_change(home: Path) -> None:
    for _ in range(4):
        asyncio.run(FileStore(Vault(home, {})).reseal())


def _packages_are_signed(home: Path) -> None:
    assert len({key(home) for _ in range(8)}) == 1


def test_it_is_made_and_read_while_keys_change(tmp_path):
    """Processes that sign for the first time meet a `rekey`: each has the same key, and it can be read with what is there afterwards."""
    at_once = apart()
    others = [at_once.Process(target=one, args=(tmp_path,)) for one in (_keys_change, _packages_are_signed, _packages_are_signed)]
    for one in others:
        one.start()
    for one in others:
        one.join()
    assert [one.exitcode for one in others] == [0, 0, 0]
    assert len(json.loads((tmp_path / "key.json").read_text())["keys"]) == 1
    assert key(tmp_path).public == (tmp_path / PUBLIC).read_text().strip()


def test_a_file_that_is_sealed_anew_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    """Between the reading of it and of its key a `rekey` ended."""
    found, read = key(tmp_path), sealed_file.read_private

    def meanwhile(path: Path) -> bytes | None:
        raw = read(path)
        monkeypatch.setattr(sealed_file, "read_private", read)
        asyncio.run(FileStore(Vault(tmp_path, {})).reseal())
        return raw

    monkeypatch.setattr(sealed_file, "read_private", meanwhile)
    assert key(tmp_path) == found
    assert sealed_file.read_private is read


def test_a_key_that_is_lost_is_not_replaced(tmp_path):
    """Packages would suddenly be signed by a stranger: it is said, and what to do."""
    key(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(NotConnected, match=r"signing.sealed is missing: put a copy back; if there is none, move .*signing.pub away"):
        key(tmp_path)
    assert not (tmp_path / FILE).exists()
    (tmp_path / PUBLIC).unlink()
    key(tmp_path)


def test_a_key_that_is_damaged_is_said(tmp_path):
    """Whichever half was changed."""
    key(tmp_path)
    public, sealed = (tmp_path / PUBLIC).read_bytes(), (tmp_path / FILE).read_bytes()
    (tmp_path / PUBLIC).write_bytes(public.replace(b"AAAA", b"AAAB", 1))
    with pytest.raises(StoreError, match="is not the public half"):
        key(tmp_path)
    (tmp_path / PUBLIC).write_bytes(public)
    (tmp_path / FILE).write_bytes(sealed.replace(b'"data":"', b'"data":"A', 1))
    with pytest.raises(StoreError, match="is damaged"):
        key(tmp_path)
    (tmp_path / FILE).write_bytes(sealed)
    (tmp_path / "key.json").unlink()
    with pytest.raises(StoreError, match="encrypted with another key"):
        key(tmp_path, HABEAS_KEY=base64.b64encode(bytes(32)).decode())


def test_a_public_half_that_was_not_written_is_written_by_the_next_call(tmp_path):
    """A process may be killed between the two."""
    found = key(tmp_path)
    (tmp_path / PUBLIC).unlink()
    assert key(tmp_path) == found
    assert (tmp_path / PUBLIC).read_text() == f"{found.public}\n"


def test_ssh_keygen_gives_the_same_fingerprint(tmp_path):
    """So that a person can compare it with any tool."""
    found = key(tmp_path)
    told = subprocess.run(["ssh-keygen", "-l", "-f", str(tmp_path / PUBLIC)], capture_output=True, text=True, check=True).stdout
    assert found.fingerprint in told
