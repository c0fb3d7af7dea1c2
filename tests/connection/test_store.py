"""The store: sealed, private, whole, and never in the way of a later version."""

from __future__ import annotations

import os
import stat

import pytest

from engine.connection.keys import StoreKey
from engine.connection.private_files import MOST_BYTES
from engine.connection.state_folder import home
from engine.connection.stored import ROOM, Name, StoreError, seal
from engine.connection.vault import Vault
from engine.core.oauth import Tokens
from engine.errors import NotConnected, UsageError
from engine.replaced import replace
from tests.connection.vendor import NAME, Acme, files, vault
from tests.disk import in_place, noted

KEY = StoreKey(bytes(range(32)))


RECORD = Acme().record()


WHOLE = seal(RECORD, KEY, "default")


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


@pytest.mark.parametrize("where", ["file", "folder", "home", "key"])
def test_what_others_can_read_is_not_used(where, tmp_path):
    """The sentence holds the command that mends it."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    path = {"file": store.path(NAME), "folder": store.folder, "home": store.home, "key": store.keys.path}[where]
    path.chmod(0o644 if path.is_file() else 0o755)
    works = {"read": lambda: store.read(NAME), "names": store.names, "write": lambda: store.write(NAME, RECORD)}
    for work in {"file": ("read",), "key": ("read", "write")}.get(where, works):
        with pytest.raises(NotConnected, match=f"can be read by others: chmod 0?[67]00 {path}$"):
            works[work]()


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
    with pytest.raises(StoreError, match=r"holds the connection acme/default: name it acme\.default\.json"):
        store.read(Name("zoom"))


@pytest.mark.parametrize("plain", [False, True])
def test_two_files_of_one_vendor_that_were_exchanged_are_refused(plain, tmp_path):
    """A person's request would go to another account; the sentence says which file is whose."""
    store, other = vault(tmp_path), Name("acme", "emea")
    store.write(NAME, RECORD, plain=plain)
    store.write(other, RECORD, plain=plain)
    first, second = store.path(NAME), store.path(other)
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    for name, holds in ((NAME, other), (other, NAME)):
        with pytest.raises(StoreError, match=f"holds the connection {holds}: name it {holds.file}.json"):
            store.read(name)
    (store.folder / "acme.default.new").write_bytes(second.read_bytes())
    (store.folder / "acme.default.new").chmod(0o600)
    second.unlink()
    with pytest.raises(StoreError, match="holds the connection"):
        store.recover(NAME)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"tokens": Tokens("a" * 300_000, 0.0)}, "too large"),
        ({"secret": "k" * 70_000}, "a secret is too long"),
        ({"created": 1e300}, "the clock is wrong"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(change, part, tmp_path):
    """What was there before is still there."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    before = store.path(NAME).read_bytes()
    with pytest.raises(StoreError, match=part) as error:
        store.write(NAME, replace(RECORD, **change))
    assert "nothing was changed" in str(error.value)
    assert store.path(NAME).read_bytes() == before
    key = store.reserve(NAME)
    with pytest.raises(StoreError):
        store.renew(NAME, replace(RECORD, **change), key)
    assert store.read(NAME) == RECORD


def test_the_room_that_is_reserved_holds_every_renewal(tmp_path):
    """The longest secrets and the longest tokens, of characters that grow when they are written."""
    store, long = vault(tmp_path), "\\" * (16 << 10)
    fixed = replace(RECORD, secret="k" * 60_000)
    store.write(NAME, fixed)
    key = store.reserve(NAME)
    room = (store.folder / "acme.default.new").stat().st_size
    renewed = replace(fixed, tokens=Tokens(long, 1.0, long, 2.0, "s" * (16 << 10)), serial=2)
    store.renew(NAME, renewed, key)
    assert store.read(NAME) == renewed
    assert store.path(NAME).stat().st_size <= room == ROOM < MOST_BYTES


@pytest.mark.parametrize("how", ["renewed", "made", "made by connect"])
async def test_what_is_stored_is_on_the_disk_before_it_has_its_name(how, tmp_path, monkeypatch):
    """A power cut leaves the connection of before, or the whole new one: the vendor may have ended the one before already."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    if how == "renewed":
        key = store.reserve(NAME)
        steps = noted(monkeypatch)
        store.renew(NAME, RECORD, key)
    elif how == "made":
        steps = noted(monkeypatch)
        store.write(NAME, RECORD)
    else:
        async with files(store).placing(NAME, plain=False) as place, place.opened() as put:
            steps = noted(monkeypatch)
            await put(RECORD)
    assert steps == in_place(store.path(NAME))


async def test_a_new_connection_replaces_the_old_one_in_the_eyes_of_those_who_use_it(tmp_path):
    """Its serial is higher, so that a run in progress takes it over."""
    store = vault(tmp_path)
    for number in range(2):
        if number:
            store.reserve(NAME)
        async with files(store).placing(NAME, plain=False) as place, place.opened() as put:
            await put(RECORD)
    assert store.read(NAME).serial == 2
    assert store.recover(NAME) is False, "what became of the old token says nothing about the new one"


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
            "newer": seal(replace(RECORD, serial=5), KEY, "default"),
            "older": seal(replace(RECORD, serial=0), KEY, "default"),
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
    path.write_bytes(seal(RECORD, StoreKey(bytes(32)), "default"))
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


def test_a_link_to_the_state_folder_is_followed_once_and_what_it_leads_to_is_checked(monkeypatch, tmp_path):
    """A disk of its own is often named by a link; a link inside the folder is not ours."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir(0o700)
    link.symlink_to(real)
    store = Vault(home({"HABEAS_HOME": str(link)}), {})
    store.write(NAME, RECORD)
    assert store.read(NAME) == RECORD
    assert store.home == real
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".local").symlink_to(real)
    assert home({}) == real / "state" / "habeas"
    real.chmod(0o755)
    with pytest.raises(NotConnected, match=f"{real} can be read by others: chmod 700 {real}"):
        store.read(NAME)
    real.chmod(0o700)
    store.folder.rename(tmp_path / "elsewhere")
    store.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotConnected, match="is a link"):
        store.names()


def test_a_state_folder_that_cannot_be_named_is_a_sentence():
    """A user who does not exist."""
    with pytest.raises(UsageError, match="HABEAS_HOME names no folder: ~nosuchuser/x"):
        home({"HABEAS_HOME": "~nosuchuser/x"})
