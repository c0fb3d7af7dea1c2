"""Connections without encryption: marked in the list, and never taken from anybody but this store."""

from __future__ import annotations

import base64
import contextlib
import json

import msgspec
import pytest

from engine.connection.keys import StoreKey
from engine.connection.stored import Damaged, Name, StoreError, seal
from tests.connection.commands import Command
from tests.connection.test_key import FIRST_FORMAT, KEY, OTHER, first_format
from tests.connection.vendor import NAME, Acme, files, keep, keeper, vault

EMEA = Name("acme", "emea")
RECORD = Acme().record()
GIVEN = {"HABEAS_KEY": KEY.text}


def first_plain(record) -> bytes:
    """Give a connection without encryption, as the first version wrote it and as anybody can write it."""
    head = {"habeas": "connection", "format": 1, "vendor": "acme", "name": "default", "cipher": "none", "key": "", "nonce": ""}
    return json.dumps({**head, "data": base64.b64encode(msgspec.json.encode(record)).decode()}).encode()


PLANTED = {
    "of the first format": first_plain(RECORD),
    "without a mark": seal(RECORD, None, "default"),
    "marked with another key": seal(RECORD, StoreKey(bytes(32)), "default", plain=True),
    "with a mark of its own": seal(RECORD, StoreKey(bytes(32)), "default", plain=True).replace(
        StoreKey(bytes(32)).id.encode(), KEY.id.encode()
    ),
}


@pytest.mark.parametrize("raw", PLANTED.values(), ids=list(PLANTED))
@pytest.mark.parametrize("end", [".json", ".new"])
async def test_a_sealed_store_takes_no_plain_record_that_it_did_not_make(end, raw, tmp_path):
    """Whoever can write a file into the folder must not decide which account is asked."""
    store = vault(tmp_path, **GIVEN)
    store.write(NAME, RECORD)
    path = store.folder / f"{NAME.file}{end}"
    path.write_bytes(raw.replace(b'"serial":1', b'"serial":9'))
    path.chmod(0o600)
    if end == ".json":
        with pytest.raises(StoreError, match=r"not encrypted, and this store|another key|is damaged"):
            store.read(NAME)
    else:
        with contextlib.suppress(StoreError):
            store.recover(NAME)
        assert store.find(NAME)[1].cipher != "none"


async def test_what_the_store_made_itself_is_taken(tmp_path):
    """With --insecure-storage beside encrypted ones: renewed, renamed and rekeyed it stays readable, and is as it was."""
    async with Acme().up() as acme:
        store = vault(tmp_path, **GIVEN)
        store.write(EMEA, RECORD)
        await keep(store, NAME, acme.record(life=-1), plain=True)
        await keeper(store, acme)[0].refresh()
        assert vault(tmp_path, **GIVEN).read(NAME).serial == 2
        await files(store).rename(NAME, Name("acme", "apac"))
        again = vault(tmp_path, HABEAS_KEY=OTHER, HABEAS_OLD_KEY=KEY.text)
        assert await files(again).reseal() == (1, 1)
        found, sealed = vault(tmp_path, HABEAS_KEY=OTHER).find(Name("acme", "apac"))
        assert (found.serial, sealed.cipher) == (2, "none")
        raw = json.loads(store.path(Name("acme", "apac")).read_bytes())
        raw["data"] = base64.b64encode(base64.b64decode(raw["data"]).replace(b"api.acme.example", b"api.evil.example")).decode()
        store.path(Name("acme", "apac")).write_bytes(json.dumps(raw).encode())
        with pytest.raises(Damaged):
            vault(tmp_path, HABEAS_KEY=OTHER).find(Name("acme", "apac"))


async def test_a_store_without_a_key_takes_plain_records_and_marks_them_when_it_gets_one(tmp_path):
    """What it kept before its first key stays readable; what comes later is not taken."""
    store = vault(tmp_path)
    store.write(NAME, RECORD, plain=True)
    store.path(NAME).write_bytes(first_plain(RECORD))
    assert store.read(NAME) == RECORD
    assert not store.keys.path.exists()
    await files(store).ready()
    assert vault(tmp_path).find(NAME)[1].key == store.keys.current_id()
    store.path(NAME).write_bytes(first_plain(RECORD))
    with pytest.raises(StoreError, match="habeas connections rekey takes it over; else habeas connections remove acme/default --no-revoke"):
        vault(tmp_path).read(NAME)
    assert await files(vault(tmp_path)).reseal() == (0, 1)
    assert vault(tmp_path).read(NAME) == RECORD


async def test_the_first_format_is_sealed_anew_at_its_next_renewal(tmp_path):
    """Its serial number stands in the sealed head then, and nowhere else can another be put."""
    async with Acme().up() as acme:
        store = vault(tmp_path, **GIVEN)
        store.write(NAME, acme.record(life=-1))
        made = store.read(NAME)
        store.path(NAME).write_bytes(first_format(made, KEY))
        kept, _ = keeper(store, acme)
        await kept.refresh()
        head = json.loads(store.path(NAME).read_bytes())
        assert (head["format"], head["serial"], store.read(NAME).serial) == (2, 2, 2)
        for changes in ({"serial": 9}, {"format": 1}, {"kept": "file"}):
            store.path(NAME).write_bytes(json.dumps({**head, **changes}).encode())
            with pytest.raises(StoreError):
                store.read(NAME)
    assert b"serial" not in FIRST_FORMAT


async def test_the_list_marks_what_is_not_encrypted(tmp_path):
    """In its line and below; programs read `encrypted`."""
    acme = Acme()
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    store.write(EMEA, RECORD, plain=True)
    habeas = Command(tmp_path, acme)
    out = (await habeas("connections", "list")).out
    lines = {line.split()[0]: line for line in out.splitlines() if line.startswith("acme/")}
    assert lines["acme/emea"].endswith("; NOT ENCRYPTED")
    assert "NOT ENCRYPTED" not in lines["acme/default"]
    assert "\nNOT ENCRYPTED: acme/emea: whoever can read the file can use the connection. To encrypt it, connect again.\n" in out
    told = json.loads((await habeas("connections", "list", "--json")).out)["connections"]
    assert [facts["encrypted"] for facts in told] == [True, False]
    assert "NOT ENCRYPTED" not in "".join(facts["state"] for facts in told)
