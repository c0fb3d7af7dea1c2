"""The sealed file of a connection: authenticated, and whatever stands in it never raises anything but its own error."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.connections import described
from engine.connection.keys import StoreKey
from engine.connection.oauth_client import oauth_transport
from engine.connection.store import KeptConnection
from engine.connection.stored import FORMAT, PLAIN, Damaged, StoreError, seal, unseal
from tests.connection.vendor import NAME, Acme

KEY = StoreKey(bytes(range(32)))


RECORD = Acme().record()


SECRETS = [RECORD.tokens.access, RECORD.tokens.refresh, RECORD.client.secret]


def test_a_record_comes_back_as_it_was_and_shows_no_secret():
    """Encrypted with authentication; neither the file nor any repr holds a secret."""
    raw = seal(RECORD, KEY, "default")
    found, sealed = unseal(raw, {KEY.id: KEY}.get, "a file")
    assert found == RECORD
    shown = raw.decode() + repr(found) + repr(sealed) + repr(KEY) + repr(RECORD.client) + repr(RECORD.tokens)
    shown += base64.b64decode(sealed.data).decode("latin-1")
    assert not [one for one in SECRETS if one in shown]
    assert unseal(seal(RECORD, None, "default"), {}.get, "a file")[0] == RECORD


def test_a_serial_number_that_the_head_does_not_bear_out_is_damaged():
    """Which of two files is newer is told by the head, so the record must say the same."""
    raw = seal(Acme().record(), None, "default")
    assert unseal(raw, lambda _: None, "f")[0].serial == 1
    with pytest.raises(Damaged):
        unseal(raw.replace(b'"serial":1', b'"serial":2'), lambda _: None, "f")


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_random_bytes_are_only_ever_a_store_error(raw):
    """A token file that holds anything at all never raises anything but its own error."""
    with pytest.raises(StoreError, match="a file"):
        unseal(raw, {KEY.id: KEY}.get, "a file")


WHOLE = seal(RECORD, KEY, "default")


@given(st.integers(0, len(WHOLE) - 2), st.integers(0, 255), st.booleans())
def test_a_file_that_was_changed_in_one_byte_or_cut_is_refused(place, byte, cut):
    """Nothing of it can be exchanged; white space at its end aside."""
    raw = WHOLE[:place] if cut else WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    if raw == WHOLE:
        return
    with pytest.raises(StoreError):
        unseal(raw, {KEY.id: KEY}.get, "a file")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_json_that_is_no_connection_is_refused_whatever_it_says(value):
    """Also where it pretends to be one, in plain text."""
    for pretended in (value, {"habeas": "connection", "format": value}, plain(value)):
        with pytest.raises(StoreError):
            unseal(json.dumps(pretended).encode(), {KEY.id: KEY}.get, "a file")


def plain(value):
    data = base64.b64encode(json.dumps(value).encode()).decode()
    return {
        "habeas": "connection",
        "format": 1,
        "vendor": "acme",
        "name": "default",
        "cipher": "none",
        "key": "",
        "nonce": "",
        "data": data,
    }


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"format": FORMAT + 1, "more": 1}, "written by a newer Habeas"),
        ({"cipher": "ROT13"}, "does not know"),
        ({"vendor": "zoom"}, "damaged"),
        ({"name": "emea"}, "damaged"),
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


VALUE = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9) | st.lists(st.text(max_size=3), max_size=2)
)
WRITTEN = json.loads(msgspec.json.encode(RECORD))


@given(st.sampled_from([(), ("bound",), ("tokens",), ("client",)]), st.integers(0, 20), VALUE)
def test_a_plain_record_with_any_value_anywhere_is_refused_or_can_be_shown(place, number, value):
    """Nobody seals it, so anything may stand in it; what is accepted never fails later."""
    changed = json.loads(json.dumps(WRITTEN))
    inner = changed
    for step in place:
        inner = inner[step]
    inner[sorted(inner)[number % len(inner)]] = value
    try:
        record, sealed = unseal(json.dumps(plain(changed)).encode(), {}.get, "a file")
    except StoreError:
        return
    described(KeptConnection(NAME, record, encrypted=sealed.cipher != PLAIN))
    oauth_transport(record.bound, None)
    seal(record, KEY, "default")


@pytest.mark.parametrize(
    ("name", "value"),
    [("created", 1e300), ("created", -1e300), ("serial", 1 << 60), ("serial", -1), ("bound", {"hosts": [], "token_url": "http://["})],
)
def test_a_plain_record_that_nothing_can_be_done_with_is_damaged(name, value):
    """It would end the list of all connections, or its own removal, as a defect of ours."""
    with pytest.raises(StoreError, match="a file is damaged"):
        unseal(json.dumps(plain({**WRITTEN, name: value})).encode(), {}.get, "a file")
