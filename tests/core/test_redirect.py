"""The address at which the browser ends: whose it is, and what it says."""

from __future__ import annotations

import pytest

from engine.core.redirect import AuthorizationCode, Expected, NoCode, completed, read_redirect

BACK = "http://127.0.0.1:8917/callback"
EXPECTED = Expected(BACK, "st", frozenset({"zoom.us"}))


def test_the_code_is_taken_from_the_vendors_answer():
    """With the state of this connect, and the issuer where it is sent (RFC 9207)."""
    assert read_redirect(f"{BACK}?code=C1&state=st", EXPECTED) == AuthorizationCode("C1")
    assert read_redirect(completed(f" {BACK}?state=st&code=C1&iss=https%3A%2F%2Fzoom.us ", BACK), EXPECTED) == AuthorizationCode("C1")
    assert read_redirect("https://a.example?code=C&state=st", Expected("https://a.example:443/", "st", frozenset())) == AuthorizationCode(
        "C"
    )


@pytest.mark.parametrize(
    ("url", "part", "foreign"),
    [
        (f"{BACK}?code=C&state=other", "its state is another", True),
        (f"{BACK}?code=C", "its state is another", True),
        (f"{BACK}?code=C&state=%C3%A9", "its state is another", True),
        (f"{BACK}?code=C&state=st&iss=https://evil.example", "iss is foreign", True),
        (f"{BACK}?code=C&state=st&iss=http://zoom.us", "iss is foreign", True),
        (f"{BACK}?code=C&state=st&iss=https://zoom.us:99999", "iss is foreign", True),
        (f"{BACK}?code=C&state=st&iss=", "iss is foreign", True),
        (f"{BACK}?code=C&state=st&code=D", "twice", True),
        ("http://127.0.0.1:8918/callback?code=C&state=st", "does not begin with", True),
        ("http://127.0.0.1:8917/other?code=C&state=st", "does not begin with", True),
        ("https://127.0.0.1:8917/callback?code=C&state=st", "does not begin with", True),
        ("http://[", "does not begin with", True),
        ("C1", "does not begin with", True),
        (f"{BACK}?error=access_denied&state=st", "declined (access_denied)", False),
        (f"{BACK}?error=server_error&state=st", "refused the consent (server_error)", False),
        (f"{BACK}?error=%3Cscript%3E&state=st", "refused the consent", False),
        (f"{BACK}?state=st", "no code", False),
        (f"{BACK}?state=st&code=a%20b", "no code", False),
    ],
)
def test_an_answer_that_is_not_the_vendors_is_not_used(url, part, foreign):
    """Another state, issuer, port or path; a refusal; a code that is none. None of its text is repeated."""
    found = read_redirect(url, EXPECTED)
    assert isinstance(found, NoCode)
    assert part in found.words
    assert found.foreign is foreign
    assert found.again is (foreign and "iss" not in part)
    assert "script" not in found.words


@pytest.mark.parametrize(
    "text",
    [
        f"{BACK}?code=C1&state=st",
        f"  <{BACK}?code=C1&state=st>\t",
        f'"{BACK}?code=C1&state=st"',
        f"< {BACK}?code=C1&state=st >",
        "http://localhost:8917/callback?code=C1&state=st",
        "http://[::1]:8917/callback?code=C1&state=st",
        "HTTP://LOCALHOST:8917/callback?code=C1&state=st",
        "code=C1&state=st",
        "?state=st&code=C1",
        "<?state=st&code=C1>",
        f"{BACK}?code=C1&state=st#_=_",
        f"{BACK}?code=C1&state=st&more={'x' * 60_000}",
    ],
)
def test_what_a_person_pastes_is_understood(text):
    """With the signs that mails and chats put around an address, as another name of this machine, or as its query alone."""
    assert read_redirect(completed(text, BACK), EXPECTED) == AuthorizationCode("C1")


@pytest.mark.parametrize("text", ["", "<>", "code", "https://localhost:8917/callback?code=C1&state=st", "/callback?code=C1&state=st"])
def test_what_is_no_address_of_ours_stays_as_it_is(text):
    """It is refused, and another may follow."""
    found = read_redirect(completed(text, BACK), EXPECTED)
    assert isinstance(found, NoCode)
    assert found.again


def test_localhost_is_no_name_of_another_machine():
    """An address that is registered elsewhere is not met by one of this machine."""
    found = read_redirect("https://localhost/done?code=C&state=st", Expected("https://acme.example/done", "st", frozenset()))
    assert isinstance(found, NoCode)
