"""Stand-ins: the same value always becomes the same one, its form stays, and nobody can tell back from it."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import uuid
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.anonymise.stand_ins import StandIns, Traces
from engine.anonymise.text_shape import TextShape
from engine.cassettes.leaks import find_leaks
from engine.core.identity import identify
from engine.errors import Refused
from tests.anonymise.kit import BASE, EMAIL, KEY, NOW, answers, asked, composed, exchange, replaced

FORMS = {
    "an address": ("Tom.O-Brien+news@acme-corp.io", r"[A-Z][a-z]+\.[a-z]-[a-z]+\+[a-z]+@example\.(com|org|net)"),
    "a phone number": ("+49 30 12345678", r"\+1[2-9]\d\d55501\d\d"),
    "an American one": ("(212) 867-5309", r"\([2-9]\d\d\) 555-01\d\d"),
    "an id": ("KDcuGIm1QgePTO8WbOqwIQ", r"[A-Z]{2}[a-z]{2}[A-Z]{2}[a-z]\d[A-Z][a-z]{2}[A-Z]{3}\d[A-Z][a-z][A-Z][a-z]{2}[A-Z]{2}"),
    "an id in base64": ("/ajXp112QmuoKj4854875==", r"/[a-z]{2}[A-Z][a-z]\d{3}[A-Z][a-z]{3}[A-Z][a-z]\d{7}=="),
    "an id with a prefix": ("cus_9s6XKzkNRiz8i3", r"\w{3}_\d\w+"),
    "digits": ("0049301", r"0\d{6}"),
    "hexadecimal": ("deadbeef01234567", r"[0-9a-f]{16}"),
    "a host": ("mail.acme-corp.io", r"[a-z]+\.example\.com"),
    "a name": ("Mara LINDQVIST", r"[A-Z][a-z]+ [A-Z]+"),
    "a handle": ("mara_lindqvist84", r"[a-z]+_[a-z]+\d\d"),
    "a sentence": ("She asked about the divorce, twice.", r"[A-Z][a-z]+( [a-z]+)+"),
    "a time zone": ("Europe/Berlin", r"Etc/\w+([+-]\d)?"),
    "a language": ("sr_RS", r"[a-z]{2}_[A-Z]{2}"),
    "mailto": ("mailto:tom@acme-corp.io", r"mailto:[a-z]+@example\.(com|org|net)"),
    "an address of the web": (
        "https://acme-corp.io:8443/u/tom?x=9#top",
        r"https://[a-z]+\.example\.com:8443/[a-z]/[a-z]+\?x=9#top|https://.*",
    ),
    "JSON in a text": ('{"who": "Mara", "n": 3}', r'\{"who":"[A-Z][a-z]+","n":3\}'),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_stays(form):
    """An address stays an address, a number a number, an id keeps its alphabet and length; nothing of the value itself stays."""
    value, pattern = FORMS[form]
    made = replaced(value)
    assert re.fullmatch(pattern, made), made
    assert made != value
    assert find_leaks(made) == ()


@pytest.mark.parametrize(
    "value",
    ["2026-02-28", "2026-02-28T23:59:59Z", "2026-02-28 23:59", "2026-02-28T23:59:59.123+02:00", "20260228T235959Z", "28/02/2026", "28.2.2026", "Sat, 28 Feb 2026 23:59:59 GMT"],
)  # fmt: skip
def test_moments_stay_moments(value):
    """A date keeps its way of writing, and is a date that exists."""
    made = replaced(value)
    assert made != value
    assert re.sub(r"[A-Z][a-z]{2}", "Mon", re.sub(r"\d+", "9", made)) == re.sub(r"[A-Z][a-z]{2}", "Mon", re.sub(r"\d+", "9", value))
    if re.match(r"\d{4}-", value):
        assert datetime.fromisoformat(made)


def test_ids_numbers_and_addresses_of_machines_stay_valid():
    """A uuid keeps its version, an IP address goes to the networks for documentation, a number keeps its digits."""
    made = replaced(
        {
            "u": "550e8400-e29b-41d4-a716-446655440000",
            "v4": "85.12.3.4",
            "v6": "2a02:8108::1",
            "n": 4711.25,
            "big": 9007199254740993,
            "neg": -12345,
        }
    )
    assert uuid.UUID(made["u"]).version == 4
    assert made["v4"].rpartition(".")[0] in ("192.0.2", "198.51.100", "203.0.113")
    assert ipaddress.ip_address(made["v6"]) in ipaddress.ip_network("2001:db8::/32")
    assert re.fullmatch(r"\d{4}\.\d\d", str(made["n"])) or made["n"]
    assert len(str(made["big"])) == 16
    assert re.fullmatch(r"-\d{5}", str(made["neg"]))


def test_what_says_nothing_of_a_person_stays():
    """Enumerations, booleans, small numbers, the spec's own words, the total and what is asked by."""
    kept = {"status": "active", "type": 2, "on": True, "none": None, "kind": "cloud_recording", "empty": "", "at": "09:30", "n": "42"}
    assert replaced(kept) == kept
    body = answers(composed(exchange({"items": [], "total": 123456})))[0]
    assert body == {"items": [], "total": 123456}


def test_the_same_value_is_the_same_everywhere():
    """In another exchange, as a number and as text, in a path, as a key, in capitals, hashed: it joins."""
    md5 = hashlib.md5(EMAIL.encode()).hexdigest()
    first = exchange(
        {"items": [{"id": 88776655, "email": EMAIL, "name": "Mara Lindqvist", "phone": "+493012345678"}]},
        f"{BASE}/people/{EMAIL.replace('@', '%40')}/notes",
    )
    second = exchange(
        {"items": [{"of": "88776655", "by": {EMAIL: 1}, "said": EMAIL.upper(), "h": md5, "tel": "493012345678", "last": "LINDQVIST"}]},
        f"{BASE}/notes/88776655",
    )
    cassette = composed(first, second)
    one, other = (body["items"][0] for body in answers(cassette))
    assert other["of"] == str(one["id"])
    assert list(other["by"]) == [one["email"]]
    assert other["said"] == one["email"].upper()
    assert other["h"] == hashlib.md5(one["email"].encode()).hexdigest()
    assert other["tel"] == one["phone"].removeprefix("+")
    assert other["last"] == one["name"].split()[1].upper()
    assert asked(cassette)[0] == f"{BASE}/people/{one['email'].replace('@', '%40')}/notes"
    assert asked(cassette)[1] == f"{BASE}/notes/{one['id']}"


def test_one_key_gives_one_recording_and_another_key_another():
    """The same key repeats every byte; with another one nothing is the same."""
    body = {"items": [{"email": EMAIL, "id": "KDcuGIm1QgePTO8WbOqwIQ", "n": 8877665544}]}
    assert composed(exchange(body)).texts == composed(exchange(body)).texts
    other = composed(exchange(body), key=b"another key of thirty-two bytes!!")
    assert not set(answers(other)[0]["items"][0].values()) & set(answers(composed(exchange(body)))[0]["items"][0].values())


@given(
    st.lists(
        st.one_of(st.emails(), st.text(min_size=4, max_size=20), st.integers(min_value=10_000).map(str)),
        min_size=2,
        max_size=30,
        unique_by=str.casefold,
    )
)
@example(["0@A.Ac", "HTTP://["])
@example(["0@A.Ac", "http://[no.address]/x"])
def test_two_values_never_become_one(values):
    """What told records apart still does."""
    made = answers(composed(exchange({"items": values})))[0]["items"]
    assert len(set(made)) == len(set(values))


def test_field_names_stay_and_keys_that_are_data_do_not():
    """A name that is spelt as a field's stays, unless it names somebody; keys of a table of equal rows are data."""
    body = {
        "favouriteColour": "blue",
        "x-custom-1": 1,
        "by": {"tomasz": {"n": 1}, "annika": {"n": 2}},
        "mara_notes": 1,
        "tom@acme.io": 2,
        "a b": 3,
    }
    made = answers(composed(exchange({"items": [body]})))[0]["items"][0]
    names = list(made)
    assert names[:3] == ["favouriteColour", "x-custom-1", "by"]
    assert not {"mara_notes", "tom@acme.io", "a b"} & set(names)
    assert not {"tomasz", "annika"} & set(made["by"])
    assert names[4].endswith(("@example.com", "@example.org", "@example.net"))


@pytest.mark.parametrize("name", ["active", "user", "notes", "Admin_User"])
def test_somebody_who_is_called_as_the_trade_calls_things_is_refused(name):
    """Nothing could be proven of a person whose username stands in every recording."""
    with pytest.raises(Refused, match="words that stand in every recording"):
        composed(exchange({"items": []}), person={"USERNAME": identify("username", name)})


def test_a_vendors_name_stays_where_its_own_spec_says_it():
    """The engine knows no vendor: the name of another one is replaced like any other word."""
    assert replaced("acme") == "acme"
    assert replaced("zoom") not in ("zoom", "")


def test_no_stand_in_looks_like_a_token_by_chance():
    """A few signs that stay and a few letters could: such an outcome is rolled again."""
    stand_ins = StandIns(KEY, Traces(), NOW)
    made = [stand_ins.of(f"logs-call-logs-call-logs-{number}", TextShape.OPAQUE) for number in range(20_000)]
    assert not [one for one in made if find_leaks(one)]


def test_a_part_of_a_long_value_that_every_request_holds_is_no_trace():
    """A vendor's error repeats the query; the words of the query are the spec's, what stands behind them is the person's."""
    query = "select fields(standard) from note where parentid = "
    traces = Traces(query)
    traces.add(f"{query}'anna.svensson@acme.example' failed at column 48 of the whole query that was sent")
    assert not traces.hit(f"{query}'somebody else'")
    assert traces.hit(f"{query}'anna.svensson@acme.example' failed")
    bare = Traces()
    bare.add(f"{query}'anna.svensson@acme.example' failed at column 48 of the whole query that was sent")
    assert bare.hit(f"{query}'somebody else'")
