"""The store: sealed, private, whole, and never in the way of a later version."""

from __future__ import annotations

import base64
import json
import os
import stat

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.connection.key import Key
from engine.connection.manage import rename
from engine.connection.place import held
from engine.connection.record import FORMAT, Name, StoreError, seal, unseal
from engine.connection.vault import home
from engine.errors import NotConnected, UsageError
from tests.connection.vendor import NAME, Acme, vault

KEY = Key(bytes(range(32)))


RECORD = Acme().record()


SECRETS = [RECORD.tokens.access, RECORD.tokens.refresh, RECORD.client.secret]


def test_a_record_comes_back_as_it_was_and_shows_no_secret():
    """Encrypted with authentication; neither the file nor any repr holds a secret."""
    raw = seal(RECORD, KEY)
    found, sealed = unseal(raw, {KEY.id: KEY}.get, "a file")
    assert found == RECORD
    shown = raw.decode() + repr(found) + repr(sealed) + repr(KEY) + repr(RECORD.client) + repr(RECORD.tokens)
    shown += base64.b64decode(sealed.data).decode("latin-1")
    assert not [one for one in SECRETS if one in shown]
    assert unseal(seal(RECORD, None), {}.get, "a file")[0] == RECORD


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_random_bytes_are_only_ever_a_store_error(raw):
    """A token file that holds anything at all never raises anything but its own error."""
    with pytest.raises(StoreError, match="a file"):
        unseal(raw, {KEY.id: KEY}.get, "a file")


WHOLE = seal(RECORD, KEY)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(WHOLE) - 2), st.integers(0, 255), st.booleans())
def test_a_file_that_was_changed_in_one_byte_or_cut_is_refused(place, byte, cut):
    """Nothing of it can be exchanged; white space at its end aside."""
    raw = WHOLE[:place] if cut else WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    if raw == WHOLE:
        return
    with pytest.raises(StoreError):
        unseal(raw, {KEY.id: KEY}.get, "a file")


@settings(max_examples=200, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_json_that_is_no_connection_is_refused_whatever_it_says(value):
    """Also where it pretends to be one, in plain text."""
    for pretended in (value, {"habeas": "connection", "format": value}, plain(value)):
        with pytest.raises(StoreError):
            unseal(json.dumps(pretended).encode(), {KEY.id: KEY}.get, "a file")


def plain(value):
    data = base64.b64encode(json.dumps(value).encode()).decode()
    return {"habeas": "connection", "format": 1, "vendor": "acme", "cipher": "none", "key": "", "nonce": "", "data": data}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"format": FORMAT + 1, "more": 1}, "written by a newer Habeas"),
        ({"cipher": "ROT13"}, "does not know"),
        ({"vendor": "zoom"}, "damaged"),
        ({"key": "another"}, "encrypted with another key"),
        ({"habeas": "something"}, "no connection of Habeas"),
        ({"cipher": "none"}, "damaged"),
    ],
)
def test_a_foreign_file_is_named_and_nothing_is_changed(change, part):
    """A newer version, another cipher, key, vendor or kind of file: each a sentence of its own."""
    raw = json.dumps({**json.loads(WHOLE), **change}).encode()
    with pytest.raises(StoreError) as error:
        unseal(raw, {KEY.id: KEY}.get, "the file /x/acme.default.json")
    assert part in str(error.value)
    assert "/x/acme.default.json" in str(error.value)
    assert "nothing was changed" in str(error.value)


def test_what_is_written_belongs_to_its_owner_alone(tmp_path):
    """Folder 0700, file 0600, whatever the umask."""
    before = os.umask(0)
    try:
        store = vault(tmp_path)
        store.write(NAME, RECORD)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (store.home, store.folder, store.path(NAME), store.keys.path)}
    assert modes == {"state": 0o700, "connections": 0o700, "acme.default.json": 0o600, "key.json": 0o600}


@pytest.mark.parametrize("where", ["file", "folder", "key"])
def test_what_others_can_read_is_not_used(where, tmp_path):
    """The sentence holds the command that mends it."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    path = {"file": store.path(NAME), "folder": store.folder, "key": store.keys.path}[where]
    path.chmod(0o644 if path.is_file() else 0o755)
    with pytest.raises(NotConnected, match=f"can be read by others: chmod 0?[67]00 {path}"):
        store.read(NAME) if where != "folder" else store.write(NAME, RECORD)


def test_a_link_or_a_pipe_in_the_place_of_a_file_is_not_followed(tmp_path):
    """Nothing is read through a link, and nothing waits at a pipe."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    store.path(NAME).rename(tmp_path / "elsewhere")
    store.path(NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotConnected):
        store.read(NAME)
    store.path(NAME).unlink()
    os.mkfifo(store.path(NAME), 0o600)
    with pytest.raises(NotConnected, match="no file"):
        store.read(NAME)


def test_a_file_under_another_vendors_name_is_refused(tmp_path):
    """A credential does not change its vendor by being renamed by hand."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    store.path(NAME).rename(store.path(Name("zoom")))
    with pytest.raises(StoreError, match="holds a connection of acme"):
        store.read(Name("zoom"))


async def test_a_new_name_keeps_the_connection_and_what_has_it_already(tmp_path):
    """Renaming onto another connection is refused."""
    store, new = vault(tmp_path), Name("acme", "emea")
    store.write(NAME, RECORD)
    await rename(store, NAME, new)
    assert store.names() == [new]
    assert store.read(new) == RECORD
    store.write(NAME, RECORD)
    with pytest.raises(UsageError, match="there is a connection acme/emea already"):
        await rename(store, NAME, new)
    with pytest.raises(NotConnected, match="no connection acme/apac: habeas connect acme --connection apac"):
        await rename(store, Name("acme", "apac"), new)
    assert store.names() == [NAME, new]


async def test_a_new_connection_replaces_the_old_one_in_the_eyes_of_those_who_use_it(tmp_path):
    """Its serial is higher, so that a run in progress takes it over."""
    store = vault(tmp_path)
    for _ in range(2):
        with held(store, NAME, plain=False) as place:
            async with place.opened() as put:
                put(RECORD)
    assert store.read(NAME).serial == 2


@pytest.mark.parametrize(
    ("left", "serial", "lost"),
    [
        (b"", 1, True),
        (b" " * 65536, 1, True),
        (WHOLE[:50] + b" " * 100, 1, True),
        ("newer", 5, False),
        ("older", 1, False),
        (None, 1, False),
    ],
)
def test_what_a_killed_process_left_is_taken_over_or_understood(left, serial, lost, tmp_path):
    """Whole and newer: in its place. Blank or cut: an answer was lost. Older: rubbish."""
    store = vault(tmp_path, HABEAS_KEY=KEY.text)
    store.write(NAME, RECORD)
    if left is not None:
        words = {
            "newer": seal(msgspec.structs.replace(RECORD, serial=5), KEY),
            "older": seal(msgspec.structs.replace(RECORD, serial=0), KEY),
        }
        path = store.folder / "acme.default.new"
        path.write_bytes(words.get(left, left) if isinstance(left, str) else left)
        path.chmod(0o600)
    assert store.recover(NAME) is lost
    assert store.read(NAME).serial == serial


def test_what_another_version_or_key_left_is_not_overwritten(tmp_path):
    """It may be the only token that lives."""
    store = vault(tmp_path, HABEAS_KEY=KEY.text)
    store.write(NAME, RECORD)
    path = store.folder / "acme.default.new"
    path.write_bytes(seal(RECORD, Key(bytes(32))))
    path.chmod(0o600)
    with pytest.raises(StoreError, match="another key"):
        store.recover(NAME)
    assert path.exists()


def test_names_are_those_of_connections_only(tmp_path):
    """Other files in the folder are nobody's connection."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    for name in ("notes.json", "acme.default.json.5.part", "Acme.x.json", "acme..json", "acme.a b.json"):
        (store.folder / name).write_text("")
    assert store.names() == [NAME]
    assert store.names("zoom") == []


def test_the_state_folder_is_where_the_environment_says(monkeypatch, tmp_path):
    """HABEAS_HOME, then XDG, then the home folder; a relative XDG path does not count."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home({"HABEAS_HOME": "/a"}).as_posix() == "/a"
    assert home({"XDG_STATE_HOME": "/b"}).as_posix() == "/b/habeas"
    assert home({"XDG_STATE_HOME": "b"}) == home({}) == tmp_path / ".local" / "state" / "habeas"
