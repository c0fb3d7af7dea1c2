"""What is called like a secret, what only tells about one, and what looks like a token; tests/anonymise holds the long tables."""

from __future__ import annotations

import pytest

from engine.core.secret_patterns import describes_a_secret, is_secret_name, is_token, pieces

NAMES = [
    ("access_token", True, False),
    ("hostKey_2", True, False),
    ("recording_play_passcode", True, False),
    ("next_page_token", False, False),
    ("password_policy", True, True),
    ("require_password_for_meetings", True, True),
    ("credentials", True, False),
    ("topic", False, False),
    ("tokens", False, False),
]


@pytest.mark.parametrize(("name", "secret", "described"), NAMES)
def test_a_name_says_whether_a_secret_stands_under_it(name, secret, described):
    """A page token lets nobody in, and a length or a date of a secret is none."""
    assert (is_secret_name(name), describes_a_secret(name)) == (secret, described)


def test_a_name_is_read_in_words():
    """However a program writes it."""
    assert pieces("hostKey_2") == ("host", "key", "2")


@pytest.mark.parametrize(("text", "token"), [("Bearer " + "a1" * 10, True), ("ghost_town_tours", False), ("gh" + "p_" + "a1" * 10, True)])
def test_a_token_is_known_by_its_beginning(text, token):
    """Whatever follows."""
    assert is_token(text) is token
