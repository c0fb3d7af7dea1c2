"""A person hidden in every place of an exchange and in every writing: nothing of them may be left."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.anonymise.proof import prove
from engine.anonymise.stand_ins import readings, squeezed
from engine.core.http import HttpRequest, Response
from engine.core.identity import identify
from engine.runner.recorder import Exchange
from tests.anonymise.kit import BASE, EMAIL, composed, exchange

PHONE = "+493012345678"
PLANTED = {"email": EMAIL, "phone": PHONE, "name": "Mara Lindqvist", "id": "KDcuGIm1QgePTO8WbOqwIQ", "user": "mlindqvist84"}
WRITINGS = {
    "as it is": lambda text: text,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "every byte percent-encoded": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "hex": lambda text: text.encode().hex(),
    "in HTML": lambda text: f"<p>Dear <b>{html.escape(text)}</b>,</p>",
    "as HTML numbers": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "with escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "in a sentence": lambda text: f"ask {text} about the divorce",
    "in brackets": lambda text: f"Someone <{text}>",
    "in JSON": lambda text: json.dumps({"of": [text, {"to": text}]}),
    "in JSON in JSON": lambda text: json.dumps({"of": json.dumps({"of": text})}),
    "in an address": lambda text: (
        f"https://files.acme.example/of/{quote(text, safe='')}/x?who={quote(text, safe='')}#{quote(text, safe='')}"
    ),
    "in a foreign address": lambda text: f"https://user:{quote(text, safe='')}@{hashlib.md5(text.encode()).hexdigest()}.storage.io/a",
    "in mailto": lambda text: f"mailto:{text}?cc={text}",
    "md5": lambda text: hashlib.md5(text.lower().encode()).hexdigest(),
    "sha256 in capitals": lambda text: hashlib.sha256(text.lower().encode()).hexdigest().upper(),
    "with a full width": lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text),
    "joined": lambda text: f"x_{text}_y",
}
PLACES = {
    "a value": lambda text: exchange({"items": [{"id": 5, "seen": text}]}),
    "a key": lambda text: exchange({"items": [{"by": {text: {"n": 1}}}]}),
    "a list": lambda text: exchange({"items": [{"of": [[text]]}]}),
    "a segment": lambda text: exchange({"items": []}, f"{BASE}/people/{quote(text, safe='')}/notes"),
    "a parameter": lambda text: exchange({"items": []}, f"{BASE}/people/u1/notes?who={quote(text, safe='')}"),
    "a parameter's name": lambda text: exchange({"items": []}, f"{BASE}/people/u1/notes?{quote(text, safe='')}=1"),
    "a header": lambda text: exchange(
        {"items": []}, headers={"x-user": text, "set-cookie": f"u={text}", "x-ratelimit-user": text, "retry-after": text}
    ),
    "a link": lambda text: exchange(
        {"items": []}, headers={"link": f'<{BASE}/people/{quote(text, safe="")}?a={quote(text, safe="")}>; rel="next"'}
    ),
    "the media type": lambda text: exchange({"items": []}, headers={"content-type": f"application/json; name={text}"}),
    "a request's header": lambda text: Exchange(
        HttpRequest("GET", f"{BASE}/people/u1/notes", (("X-On-Behalf", text),)), Response(200, {}, b"{}"), "notes"
    ),
    "a request's body": lambda text: Exchange(
        HttpRequest("POST", f"{BASE}/s", (), json.dumps({"q": text, text: 1}).encode()), Response(200, {}, b"{}"), "notes"
    ),
    "a page that is no JSON": lambda text: exchange(f"<html>{text}</html>", status=502),
    "JSON that is cut": lambda text: exchange('{"items": [{"who": "' + text.replace('"', ""), status=200),
    "a message": lambda text: exchange({"code": 9, "message": f"no licence for {text}!"}, status=400),
    "a code": lambda text: exchange({"code": text, "message": text}, status=400),
    "a page token": lambda text: exchange({"items": [], "next": text}),
    "a total": lambda text: exchange({"items": [], "total": text}),
}
KNOWN = exchange({"items": [{"id": PLANTED["id"], "email": EMAIL, "phone": PHONE, "name": PLANTED["name"], "user": PLANTED["user"]}]})


def left(texts, values) -> list[str]:
    """Name what a stranger finds of some values: in any reading, in any case, with every sign left out."""
    found = []
    for name, text in texts.items():
        whole = {squeezed(one) for part in [text, *text.split('"'), *text.split("/"), *text.split("&")] for one in readings(part)}
        found += [f"{name}: {value}" for value in values if any(squeezed(value) in one for one in whole)]
    return found


def forms(value: str) -> list[str]:
    """Give the forms that name the same person."""
    small = value.lower().encode()
    return [value, hashlib.md5(small).hexdigest(), hashlib.sha256(small).hexdigest(), hashlib.sha1(small).hexdigest()]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("writing", WRITINGS)
def test_nothing_is_left_of_a_person_anywhere(place, writing):
    """Each value of a person, in each writing and each place, is gone; and what is left can be proven to be clean."""
    for kind, value in PLANTED.items():
        cassette = composed(KNOWN, PLACES[place](WRITINGS[writing](value)), exchange({"items": []}))
        assert left(cassette.texts, forms(value)) == [], kind
        prove(cassette, cassette.texts)


def test_nothing_is_left_of_values_in_parts():
    """A name in two fields, an address in two, a number in groups: each part goes."""
    body = {
        "items": [
            {"first": "Mara", "last": "Lindqvist", "local": "mara.lindqvist", "domain": "acme-corp.io", "groups": ["+49", "3012", "345678"]}
        ]
    }
    cassette = composed(exchange(body))
    assert left(cassette.texts, ["mara", "lindqvist", "acme-corp", "345678", EMAIL]) == []
    prove(cassette, cassette.texts)


def test_numbers_that_tell_are_replaced():
    """An id, a phone number and a moment stay numbers of their length, and become others."""
    body = {"items": [{"id": 8839228812345, "phone": 493012345678, "at": 1700000000, "half": 52.520008, "n": 3, "year": 2024}]}
    cassette = composed(exchange(body))
    text = "".join(cassette.texts.values())
    assert not any(one in text for one in ("8839228812345", "493012345678", "1700000000", "520008"))
    assert '"n": 3' in text
    assert '"year": 2024' in text
    prove(cassette, cassette.texts)


def test_secrets_go_whatever_they_look_like():
    """Tokens, passwords, cookies, signed addresses: each becomes the word `removed`, numbers too."""
    body = {
        "items": [
            {
                "access_token": "abc",
                "password": "true-love",
                "host_key": 123456,
                "otp": 7,
                "clientSecret": "x1",
                "jwt": "eyJhbGciOi.eyJzdWIiOiIx.sig",
            },
            {"url": f"{BASE}/f?sig=AbCdEf123&X-Amz-Signature=00ff&token=tok&Expires=1700000000", "note": "xoxb-123456789-abcdefgh"},
            {"api_key": "k", "session_id": "s-1", "token_count": 7, "requires_password": True},
        ]
    }
    cassette = composed(exchange(body), secrets=("the-very-secret-1",))
    text = "".join(cassette.texts.values())
    assert text.count("removed") == 12
    assert '"token_count": 7' in text
    prove(cassette, cassette.texts)


def test_a_key_that_was_used_is_found_wherever_it_came_back():
    """A vendor that repeats the token in its answer does not get it into the recording."""
    cassette = composed(
        exchange({"items": [{"seen": "Bearer the-very-secret-1 was used"}, {"x": "the-very-secret-1"}]}), secrets=("the-very-secret-1",)
    )
    assert "secret-1" not in "".join(cassette.texts.values())


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=30))
PLANTS = st.sampled_from([(value, writing) for value in PLANTED.values() for writing in WRITINGS])


@st.composite
def planted(draw):
    """Give any JSON with a person in it somewhere, and what was planted."""
    value, writing = draw(PLANTS)
    text = WRITINGS[writing](value)
    leaf = st.one_of(SCALARS, st.just(text))
    inner = st.recursive(
        leaf,
        lambda one: st.lists(one, max_size=4) | st.dictionaries(st.one_of(st.text(max_size=12), st.just(text)), one, max_size=4),
        max_leaves=12,
    )
    return value, {"items": [draw(inner), {"it": draw(st.sampled_from([text, [text], {text: 1}]))}]}


@given(planted())
def test_no_planted_value_survives_in_any_json(found):
    """Whatever the JSON, whatever the writing: nothing is left, and it can be proven."""
    value, body = found
    cassette = composed(KNOWN, exchange(body))
    assert left(cassette.texts, forms(value)) == []
    prove(cassette, cassette.texts)


@pytest.mark.parametrize("name", ["mara", "Mara_Lindqvist", "o'neil-84", "Ünal.Ö", "12345678", "x" * 40])
def test_a_username_goes_too(name):
    """What is asked for by username is replaced in requests and answers, whatever it looks like."""
    one = exchange(
        {"items": [{"login": name, "said": f"{name} said so", "at": f"https://acme.example/{quote(name)}"}]},
        f"{BASE}/people/{quote(name, safe='')}/notes",
    )
    cassette = composed(one, person={"USERNAME": identify("username", name)})
    assert left(cassette.texts, [name]) == []
    prove(cassette, cassette.texts)
