"""What is a secret is decided once: `check` finds it and `record` removes it, by the name it stands under or by its own look."""

from __future__ import annotations

import pytest

from engine.cassettes.leaks import find_leaks
from engine.core.secret_patterns import describes_a_secret, is_secret_name, is_token
from tests.anonymise.kit import replaced, replaced_under

SECRETS = [
    *("access_token", "refreshToken", "id-token", "authtoken", "bearerToken", "csrf_token", "pushToken", "token", "Token", "bot_token"),
    *("secret", "client_secret", "ClientSecret", "signingsecret", "webhook-secret", "secrets_secret", "secret_key"),
    *("api_key", "apiKey", "apikey", "X-Api-Key", "privateKey", "access-key", "hostKey", "auth_key"),
    *("password", "h323_password", "pmiPassword", "passwd", "passwort", "recording_play_passcode", "pass_phrase", "passphrase", "pwd"),
    *("authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "session_id", "JSESSIONID", "X-Session-Id", "jwt", "nonce", "otp"),
    *("pin_code", "pinCode", "credential", "credentials", "zak", "zpk", "sig", "signature", "X-Amz-Signature", "X-Acme-Signature"),
]
DESCRIBED = [
    *("token_type", "tokenCount", "token_expires_at", "password_policy", "require_password_for_meetings", "credential_id"),
    *("default_password_for_meetings", "secret_last_updated", "signature_status", "otp_required"),
]
HARMLESS = [
    *("next_page_token", "nextPageToken", "sync_token", "page_token", "continuation-token", "cursor", "after"),
    *("tokens", "tokenizer", "secretary", "passed", "compass", "keyboard", "key", "author", "session", "signed_at", "design", "pinned"),
]
TOKENS = [
    *("xox" + "b-12345678", "xapp" + "-12345678", "gh" + "p_" + "a1" * 10, "github" + "_pat_" + "a1" * 10, "gl" + "pat-" + "a1" * 10),
    *("shp" + "at_" + "0a" * 10, "pat" + "-na1-" + "0a" * 10, "0a" * 16 + "-us" + "12", "00D" + "x" * 12 + "!" + "y" * 20),
    *("sk" + "_live_" + "a1" * 10, "pk" + "_test_" + "a1" * 10, "rk" + "_live_" + "a1" * 10, "sk" + "-" + "a1" * 12),
    *("wh" + "sec_" + "a1" * 10, "AK" + "IA" + "A1" * 8, "AI" + "za" + "a1" * 16, "ya" + "29." + "a1" * 10, "1//0" + "a1" * 10),
    *("SG" + "." + "a1" * 10 + "." + "a1" * 10, "key" + "-" + "0a" * 16, "npm" + "_" + "a1" * 16, "lin" + "_api_" + "a1" * 10),
    *("ntn" + "_" + "a1" * 10, "secret" + "_" + "a1" * 16, "ATA" + "TT3" + "a1" * 10, "sq0" + "atp-" + "a1" * 10),
    *("dop" + "_v1_" + "0a" * 16, "pypi" + "-" + "a1" * 10, "ey" + "J" + "a1" * 6 + "." + "a1" * 6 + "." + "a1" * 6),
    "Bearer " + "a1" * 10,
]
WORDS = ["secret_santa", "key-account-manager", "pat-a-cake", "pypi-server", "npm_config", "risk_live_show", "ghost_town_tours", "Basic"]


@pytest.mark.parametrize("name", SECRETS)
def test_what_stands_under_a_secrets_name_is_found_and_removed(name):
    """In JSON, in an address and in a header; as a word that would stay anywhere else, too."""
    assert (is_secret_name(name), describes_a_secret(name)) == (True, False)
    assert [one.what for one in find_leaks(f'{{"{name}": "active"}}')] == ["a secret"]
    assert [one.what for one in find_leaks(f"https://a.example/x?{name}=active")] == ["a secret in an address"]
    assert [one.what for one in find_leaks(f"{name}: active")][:1] == (["a header that proves who asks"] if "_" not in name else [])
    assert replaced_under(name, "active") == "removed"


@pytest.mark.parametrize("name", DESCRIBED)
def test_what_only_tells_about_a_secret_passes(name):
    """A count, a type or a date may be published; where a run is recorded, a text goes all the same, and a number stays a number."""
    assert (is_secret_name(name), describes_a_secret(name)) == (True, True)
    assert find_leaks(f'{{"{name}": "active"}}') == ()
    assert replaced_under(name, "active") == "removed"
    assert replaced_under(name, 12) == 12


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_only_looks_like_a_secrets_is_none(name):
    """Page tokens lead to the next page, and longer words are other words."""
    assert not is_secret_name(name)
    assert find_leaks(f'{{"{name}": "active"}}') == ()
    assert replaced_under(name, "active") == "active"


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:6])
def test_a_token_is_found_and_removed_wherever_it_stands(token):
    """By its look alone, under a name that tells nothing."""
    assert is_token(token)
    assert len(find_leaks(f'{{"note": "{token}"}}')) == 1
    assert replaced(token) == "removed"


@pytest.mark.parametrize("text", WORDS)
def test_words_that_begin_like_a_token_are_words(text):
    """Nothing that a person may write by chance is taken for a token where it is published."""
    assert find_leaks(f'{{"note": "{text}"}}') == ()
