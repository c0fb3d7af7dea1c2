"""Secrets and what looks like a real person are found in every writing; invented people and documentation pass."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest

from engine.cassettes.leaks import find_leaks

MAIL, PHONE, IP = "an e-mail address of a real domain", "a phone number that could be somebody's", "a public IP address"
FOUND = [
    ("Authorization: Bearer x", "a header that proves who asks"),
    ("cookie: a=b", "a header that proves who asks"),
    ("X-Api-Key: x", "a header that proves who asks"),
    ('{"access_token": "x"}', "a secret"),
    ('{"refreshToken":"x"}', "a secret"),
    ('{"apiKey": "x"}', "a secret"),
    ('{"client_secret": 12345}', "a secret"),
    ('{"h323_password": "x"}', "a secret"),
    ("https://a.example/x?access_token=x", "a secret in an address"),
    ("https://a.example/x?a=b&X-Amz-Signature=00ff", "a secret in an address"),
    ("it said Bearer " + "abcdefgh" * 3, "a credential"),
    ("eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0" + ".c2ln", "a signed token (JWT)"),
    ("-----BEGIN RSA " + "PRIVATE KEY-----", "a private key"),
    *(
        (prefix + "A1b2C3d4" * 5, "a vendor's token")
        for prefix in ("xox" + "b-", "gh" + "p_", "github" + "_pat_", "s" + "k_live_", "AI" + "za")
    ),
    ("shp" + "at_" + "0a1b2c3d" * 4, "a vendor's token"),
    ("0a1b2c3d" * 4 + "-us" + "12", "a vendor's token"),
    ("00D" + "x" * 12 + "!" + "y" * 20, "a vendor's token"),
    ("grace@acme.io", MAIL),
    ("grace.o'hara+tag@mail.acme.io", MAIL),
    ("zoë@bücher.de", MAIL),
    ("grace@example.com.acme.io", MAIL),
    ("+1 202 736 2000", PHONE),
    ("call (202) 736-2000 now", PHONE),
    ("202-736-2000", PHONE),
    ('{"mobilePhone": "2027362000"}', PHONE),
    ('{"caller_number": 12027362000}', PHONE),
    ("+46 70 123 45 67", PHONE),
    ("8.8.4.4", IP),
    ('{"client_ip": "8.8.4.4"}', IP),
    ("2606:4700::1111", IP),
]
FINE = [
    '{"access_token": "removed", "password": "", "secret": null, "has_password": true, "password_policy": {"min": 8}}',
    '{"next_page_token": "abc", "nextPageToken": "abc", "sync_token": "abc", "page_token": "x"}',
    "https://a.example/x?next_page_token=abc&access_token=removed",
    "ada@example.com ada@mail.example.org ada@acme.example x@acme.test y@nowhere.invalid",
    '{"ssh_url": "git@github.com:acme/tea.git", "image": "logo@2x.png"}',
    "+12025550142, (202) 555-0142, 202-555-0142, +44 7700 900123, +61 491 570 006, +15550100200",
    '{"phone_user_id": "2027362000", "phone": "12025550142", "id": 12027362000, "phones": []}',
    "2026-11-24T12:00:00+01:00 2026-11-24T12:00:00+0100 12:30:45",
    "192.0.2.10 198.51.100.7 203.0.113.9 10.1.2.3 127.0.0.1 2001:db8::10 ::1",
    "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36",
    '{"app_version": "5.17.1.2"}',
]


@pytest.mark.parametrize(("text", "what"), FOUND)
def test_each_kind_is_found_where_it_stands(text, what):
    """One finding, of that kind, inside the line it stands in."""
    found = find_leaks(f"GET https://a.example/\n\nHTTP 200\n\n{text}\n")
    assert [one.what for one in found] == [what]
    assert (found[0].line, found[0].column + found[0].width - 1 <= len(text)) == (5, True)


@pytest.mark.parametrize("text", FINE)
def test_what_is_invented_passes(text):
    """Reserved domains, numbers and networks, stand-ins for secrets, page tokens, versions and times."""
    assert find_leaks(text) == ()


@pytest.mark.parametrize(
    "hidden", [lambda t: "".join(f"\\u{ord(c):04x}" for c in t), quote, lambda t: quote(quote(t)), lambda t: t.replace("@", "\\u0040")]
)
def test_escapes_hide_nothing(hidden):
    """JSON's escapes and percent-encoding, once or twice, are seen through."""
    text = f"x {hidden('grace@acme.io')} y"
    assert [(one.what, one.line) for one in find_leaks(f"\n{text}\n")] == [(MAIL, 2)]


def test_json_inside_json_is_read_too():
    """A body that holds another one as a text hides nothing in it."""
    text = json.dumps({"raw": json.dumps({"access_token": "x", "mail": "grace@acme.io"})})
    assert {one.what for one in find_leaks(text)} == {"a secret", MAIL}


def test_a_finding_never_repeats_what_it_found():
    """Neither kind nor remedy holds a part of the text."""
    assert all("grace" not in f"{one}" for one in find_leaks("grace@acme.io grace@acme.io"))


@pytest.mark.parametrize("piece", ["a", '"', "1.", "+1 ", "eyJ", "\\u0041", "%41", "a@", ":1", '"phone', '\\\\"', '"a_'])
def test_a_megabyte_is_read_in_seconds(piece):
    """No text makes the search take a square of its size."""
    started = time.process_time()
    find_leaks(piece * (2**20 // len(piece)))
    assert time.process_time() - started < 10
