"""What an authorization server says, and what follows from it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.http import NoAnswer, Response
from engine.core.oauth import (
    MOST_CAPTURED,
    NoToken,
    Tokens,
    WantedFromToken,
    due,
    grant_ended,
    read_tokens,
)
from engine.language.expressions.select import parse_select
from engine.language.model.spec import TokenRefusalsSpec
from engine.replaced import replace

NOW = 1_800_000_000.0
OLD = Tokens("old", NOW - 3600, "old-refresh", NOW - 1, "a b")


def refusals(*rules: dict[str, object], **paths: str) -> TokenRefusalsSpec:
    return TokenRefusalsSpec.model_validate({**paths, "rules": [*rules]})


ZOOM = WantedFromToken(
    refusals=refusals({"status": ["400", "401"], "message": "Invalid Token!", "means": "invalid_grant"}, message="reason")
)


def answer(body: object, status: int = 200, **headers: str) -> Response:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers, text)


def test_a_token_answer_is_read_as_rfc_6749_writes_it():
    """Access and refresh token, lifetime and scopes; what a vendor adds is not kept."""
    found = read_tokens(
        answer(
            {
                "access_token": "A",
                "token_type": "bearer",
                "refresh_token": "R",
                "expires_in": 3599,
                "scope": "x y",
                "api_url": "https://api",
            }
        ),
        NOW,
    )
    assert found == Tokens("A", NOW, "R", NOW + 3599, "x y")
    assert isinstance(found, Tokens)
    assert found.granted == {"x", "y"}
    assert "'A'" not in repr(found)


@pytest.mark.parametrize(
    ("body", "refresh", "scope"),
    [
        ({"access_token": "A"}, "old-refresh", "a b"),
        ({"access_token": "A", "refresh_token": "", "scope": ""}, "old-refresh", "a b"),
        ({"access_token": "A", "refresh_token": None, "scope": None}, "old-refresh", "a b"),
        ({"access_token": "A", "refresh_token": "R", "scope": ["c", "d"]}, "R", "c d"),
        ({"access_token": "A", "refresh_token": "R", "scope": [1]}, "R", "a b"),
    ],
)
def test_what_a_refresh_leaves_out_stays_as_it_was(body, refresh, scope):
    """RFC 6749 section 6: an absent refresh token or scope means the one that we have."""
    found = read_tokens(answer(body), NOW, OLD)
    assert isinstance(found, Tokens)
    assert (found.refresh, found.scope) == (refresh, scope)


@pytest.mark.parametrize(
    ("told", "expires"),
    [
        (3600, 3600),
        ("3600", 3600),
        (3600.5, 3600.5),
        (0, None),
        (-5, None),
        ("soon", None),
        (None, None),
        (True, None),
        (10**30, None),
        ([], None),
    ],
)
def test_a_lifetime_that_is_no_positive_number_says_nothing(told, expires):
    """Then the token is used until the vendor refuses it."""
    found = read_tokens(answer({"access_token": "A", "expires_in": told}), NOW)
    assert isinstance(found, Tokens)
    assert found.expires_at == (None if expires is None else NOW + expires)


@pytest.mark.parametrize(
    ("reply", "kind", "part"),
    [
        (answer(b"<html>busy</html>"), "unusable", "no access token"),
        (answer([]), "unusable", "no access token"),
        (answer({}), "unusable", "no access token"),
        (answer({"access_token": "a b"}), "unusable", "no access token"),
        (answer({"access_token": 7}), "unusable", "no access token"),
        (answer({"access_token": "a", "token_type": "mac"}), "unusable", "not bearer"),
        (answer({"access_token": "a", "token_type": 1}), "unusable", "not bearer"),
        (answer({"access_token": "a", "refresh_token": "r\n"}), "unusable", "refresh token"),
        (answer({"access_token": "a", "refresh_token": 3}), "unusable", "refresh token"),
        (answer({"error": "invalid_grant"}), "dead", "HTTP 200, invalid_grant"),
        (answer({"reason": "Invalid Token!", "error": "invalid_grant"}, 400), "dead", "HTTP 400, invalid_grant"),
        (answer({"reason": "Invalid Token!", "error": "invalid_request"}, 400), "dead", "HTTP 400, invalid_request"),
        (answer({"reason": "Invalid Token!"}, 401), "dead", "HTTP 401"),
        (answer({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 401), "client", "invalid_client"),
        (answer({"error": "unauthorized_client"}, 400), "client", "unauthorized_client"),
        (answer({"error": "temporarily_unavailable"}, 503), "passing", "HTTP 503"),
        (answer({"error": "invalid_grant"}, 500), "passing", "HTTP 500"),
        (answer({"error": "invalid_client"}, 502), "passing", "HTTP 502"),
        (answer({"error": "invalid_request"}, 429), "passing", "HTTP 429, invalid_request"),
        (answer({"error": "invalid_client"}, 429), "passing", "HTTP 429, invalid_client"),
        (answer({"error": "invalid_grant"}, 408), "passing", "HTTP 408, invalid_grant"),
        (answer({"access_token": "A", "error": "invalid_grant"}), "dead", "HTTP 200, invalid_grant"),
        (answer({"access_token": "A" * 16385}), "unusable", "no access token"),
        (answer({"access_token": "A", "refresh_token": "R" * 16385}), "unusable", "refresh token"),
        (answer(b"<html>not here", 403), "unusable", "HTTP 403"),
        (answer(b"", 429, **{"retry-after": "7"}), "passing", "HTTP 429"),
        (answer(b"", 408), "passing", "HTTP 408"),
        (answer(b"", 502, **{"x-ratelimit-reset": "2400"}), "passing", "HTTP 502"),
        (answer(b"", 503, **{"retry-after": "7", "x-ratelimit-reset": "2400"}), "passing", "HTTP 503"),
        (answer({"error": "Has Blanks"}, 400), "unusable", "HTTP 400"),
        (answer({"error": {"code": 1}}, 404), "unusable", "HTTP 404"),
        (answer(b"", 302, location="https://evil.example/"), "unusable", "redirects"),
        (NoAnswer("timeout", "no answer in time"), "passing", "no answer in time"),
        (NoAnswer("too_large", "an answer over 1 MiB"), "unusable", "over 1 MiB"),
    ],
)
def test_only_what_says_that_the_grant_is_gone_ends_it(reply, kind, part):
    """Dead is terminal; a refused client is the operator's to mend; 429, 5xx and the network pass; the rest says nothing."""
    found = read_tokens(reply, NOW, None, ZOOM)
    assert isinstance(found, NoToken)
    assert found.kind == kind
    assert part in found.words
    assert found.seconds == (7.0 if isinstance(reply, Response) and reply.headers.get("retry-after") else None)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"reason": "Invalid Token!"}, "unusable", "HTTP 400"),
        ({"reason": "Invalid Token!", "error": "invalid_request"}, "unusable", "HTTP 400, invalid_request"),
        ({"error": "invalid_request"}, "unusable", "HTTP 400, invalid_request"),
        ({"error": "temporarily_unavailable"}, "passing", "HTTP 400, temporarily_unavailable"),
    ],
)
def test_without_rules_only_the_words_of_rfc_6749_are_known(body, kind, words):
    """Another vendor's words say nothing: a request that is called invalid has not ended a grant."""
    assert read_tokens(answer(body, 400), NOW) == NoToken(kind, words)


@pytest.mark.parametrize(
    ("rule", "body", "status", "kind", "words"),
    [
        ({"code": "E7", "means": "invalid_grant"}, {"fault": {"code": "E7"}}, 400, "dead", "HTTP 400, E7"),
        ({"code": "7", "means": "invalid_client"}, {"fault": {"code": 7}}, 403, "client", "HTTP 403, 7"),
        ({"code": "E8", "means": "invalid_grant"}, {"fault": {"code": "E7"}}, 400, "unusable", "HTTP 400"),
        ({"code": "E7", "means": "temporarily_unavailable"}, {"fault": {"code": "E7"}}, 403, "passing", "HTTP 403, E7"),
        (
            {"message": "blocked", "means": "invalid_request"},
            {"text": "Blocked.", "error": "invalid_grant"},
            400,
            "unusable",
            "invalid_grant",
        ),
        ({"status": "403", "means": "invalid_client"}, {}, 403, "client", "HTTP 403"),
        ({"status": "503", "means": "invalid_grant"}, {}, 503, "passing", "HTTP 503"),
        ({"code": "E7", "means": "invalid_grant"}, {"fault": {"code": "E7"}}, 200, "dead", "HTTP 200, E7"),
    ],
)
def test_what_a_vendor_says_in_other_words_is_what_the_spec_says_it_is(rule, body, status, kind, words):
    """Before the standard's own words, and never against what passes: 429 and 5xx."""
    wanted = WantedFromToken(refusals=refusals(rule, code="fault.code", message="text"))
    found = read_tokens(answer(body, status), NOW, None, wanted)
    assert isinstance(found, NoToken)
    assert (found.kind, words in found.words) == (kind, True)


def test_a_rule_never_costs_an_answer_with_a_token():
    """The vendor has rotated the tokens already."""
    wanted = WantedFromToken(refusals=refusals({"message": "ok", "means": "invalid_grant"}, message="text"))
    assert read_tokens(answer({"access_token": "A", "text": "ok"}), NOW, None, wanted) == Tokens("A", NOW)


@pytest.mark.parametrize(
    ("body", "status", "ended"),
    [
        ({"error": "invalid_grant"}, 400, True),
        ({"error": "invalid_grant"}, 503, False),
        ({"reason": "Invalid Token!", "error": "invalid_request"}, 401, True),
        ({"error": "invalid_request"}, 400, False),
        ({"error": "invalid_client"}, 401, False),
        (b"[", 400, False),
    ],
)
def test_a_revocation_was_not_needed_only_where_the_grant_is_said_to_be_gone(body, status, ended):
    """Any other refusal may leave it alive (RFC 7009)."""
    assert grant_ended(answer(body, status), ZOOM.refusals) is ended


KEPT = Tokens("old", NOW - 3600, "R", NOW - 1, "a b")


@pytest.mark.parametrize(
    ("body", "status", "kept", "lost"),
    [
        ({"refresh_token": "R", "access_token": "A", "token_type": "mac"}, 200, KEPT, False),
        ({"refresh_token": "R", "access_token": "A", "token_type": 7}, 200, KEPT, False),
        ({"refresh_token": "R"}, 200, KEPT, False),
        ({"refresh_token": "R", "access_token": "a b"}, 201, KEPT, False),
        ({"refresh_token": "R", "access_token": "A" * 16385}, 200, KEPT, False),
        ({"refresh_token": "R", "access_token": "A", "error": "server_error"}, 200, KEPT, False),
        ({"refresh_token": "R", "error": "invalid_grant"}, 200, KEPT, False),
        ({"refresh_token": "old-refresh"}, 200, None, True),
        ({"refresh_token": "R" * 16385, "access_token": "A"}, 200, None, True),
        ({"refresh_token": ["R"]}, 200, None, True),
        ({"refresh_token": "R"}, 400, None, False),
        ({"refresh_token": "R", "access_token": "A"}, 500, None, True),
        ({"refresh_token": "R", "error": "server_error"}, 503, None, True),
        ({"refresh_token": "old-refresh", "error": "server_error"}, 500, None, False),
        ({"refresh_token": "R", "access_token": "A"}, 302, None, False),
        (b"<html>", 200, None, True),
        (b"<html>", 403, None, True),
        (b"<html>", 502, None, True),
        (b"<html>", 429, None, False),
        (b"<html>", 503, None, False),
        (b"", 302, None, False),
        ({"error": "invalid_grant"}, 400, None, False),
    ],
)
def test_a_new_refresh_token_is_kept_whatever_else_is_wrong_with_the_answer(body, status, kept, lost):
    """The vendor has spent the old one; what could not be read at all may have held one."""
    found = read_tokens(answer(body, status), NOW, OLD)
    assert isinstance(found, NoToken)
    assert (found.kept, found.lost) == (kept, lost)


def test_a_first_answer_with_a_refresh_token_alone_gives_a_token_that_is_due():
    """It has to be renewed before it is used; a value that the spec needs and that lacks leaves nothing to keep."""
    found = read_tokens(answer({"refresh_token": "R"}), NOW)
    assert isinstance(found, NoToken)
    assert found.kept == Tokens("", NOW, "R", NOW)
    assert found.kept is not None
    assert due(found.kept, NOW)
    for body in ({"refresh_token": "R", "access_token": "A"}, {"refresh_token": "R"}, {"refresh_token": "R", "a": 1}):
        lacking = read_tokens(answer(body), NOW, None, WANTED)
        assert isinstance(lacking, NoToken)
        assert lacking.kept is None
    whole = read_tokens(answer({"refresh_token": "R", "a": 1, "b": [2]}), NOW, None, WANTED)
    assert isinstance(whole, NoToken)
    assert whole.kept == Tokens("", NOW, "R", NOW, captured=(("A", "1"), ("B", "2")))
    again = read_tokens(answer({"refresh_token": "R", "a": 1}), NOW, OLD, WANTED)
    assert isinstance(again, NoToken)
    assert again.kept == replace(OLD, refresh="R")


@pytest.mark.parametrize(
    "body", [b'\xef\xbb\xbf{"access_token":"A","refresh_token":"R"}', b'{"access_token":"A","refresh_token":"R","name":"M\xfcller"}']
)
def test_what_is_not_utf_8_beside_the_tokens_does_not_cost_them(body):
    """A byte order mark, or a name in another encoding."""
    found = read_tokens(Response(200, {}, body), NOW, OLD)
    assert isinstance(found, Tokens)
    assert (found.access, found.refresh) == ("A", "R")


@pytest.mark.parametrize("said", ["null", "Undefined", " ", "*", None, 0, False, []])
def test_a_refresh_token_that_says_there_is_none_leaves_the_earlier_one(said):
    """A vendor that does not rotate would be asked with `null` otherwise, and the connection end."""
    found = read_tokens(answer({"access_token": "A", "refresh_token": said}), NOW, OLD)
    assert isinstance(found, Tokens)
    assert found.refresh == OLD.refresh
    first = read_tokens(answer({"access_token": "A", "refresh_token": said}), NOW)
    assert isinstance(first, Tokens)
    assert first.refresh is None
    spoilt = read_tokens(answer({"token_type": "mac", "refresh_token": said}), NOW, OLD)
    assert isinstance(spoilt, NoToken)
    assert (spoilt.kept, spoilt.lost) == (None, True)


@pytest.mark.parametrize("kind", ["Bearer", "bearer ", " BEARER\t"])
def test_blanks_around_the_kind_of_a_token_do_not_cost_the_answer(kind):
    """It is the kind that is meant."""
    assert read_tokens(answer({"access_token": "A", "token_type": kind}), NOW) == Tokens("A", NOW)


@pytest.mark.parametrize(
    ("kind", "lost"), [("reset", True), ("timeout", True), ("truncated", True), ("too_large", True), ("dns", False), ("refused", False)]
)
def test_an_answer_is_lost_where_the_question_was_sent(kind, lost):
    """A host that could not be reached has given nothing away."""
    found = read_tokens(NoAnswer(kind, "why"), NOW, OLD)
    assert isinstance(found, NoToken)
    assert found.lost is lost


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The code has expired", ': "The code has expired"'),
        ("  two\n lines\t\x1b[31mred  ", ': "two lines [31mred"'),
        ("x " * 200, f': "{"x " * 100}..."'),
        ("nobody@acme.example may not", ': "... may not"'),
        ("token eyJhbGciOiJIUzI1NiJ9.x is spent, abc12345", ': "token ... is spent, ..."'),
        ('ü"', ""),
        ("", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_a_description_is_shown_cleaned_and_cut(text, shown):
    """In the characters of the standard, without what could be an address or a token."""
    found = read_tokens(answer({"error": "invalid_grant", "error_description": text}, 400), NOW)
    assert found == NoToken("dead", f"HTTP 400, invalid_grant{shown}")


@pytest.mark.parametrize("more", [{"error": None}, {"error": ""}, {"token_type": None}, {"error": None, "token_type": "Bearer"}])
def test_a_member_that_says_nothing_does_not_cost_a_good_answer(more):
    """The vendor has rotated the tokens already: to refuse its answer would lose the connection."""
    found = read_tokens(answer({"access_token": "A", "refresh_token": "R", **more}), NOW, OLD)
    assert found == Tokens("A", NOW, "R", None, "a b")


@pytest.mark.parametrize(
    ("scope", "kept"),
    [
        ("a \x1b[31mred b", "a b"),
        ("a:b, c\td", "a:b c d"),
        (["a", "b\x07"], "a"),
        ('a "b" c\\d', "a"),
        ("a \ud800 b\ud800", "a"),
        ("\x1b]0;x\x07", "a b"),
        ("x" * 16384, "x" * 16384),
        ("x " * 8193, None),
    ],
)
def test_a_scope_is_made_of_the_standards_characters_only(scope, kept):
    """It is printed; what is no scope is dropped whole, and a list that is too long to keep is not told at all."""
    found = read_tokens(answer({"access_token": "A", "scope": scope}), NOW, OLD)
    assert isinstance(found, Tokens)
    assert found.scope == kept


@given(st.binary(max_size=200), st.integers(100, 599))
def test_no_answer_makes_the_reader_fail(body, status):
    """Whatever bytes come, tokens or a reason."""
    assert isinstance(read_tokens(Response(status, {}, body), NOW), (Tokens, NoToken))


@pytest.mark.parametrize(
    ("life", "left", "expected"),
    [(3600, 61, False), (3600, 60, True), (3600, -5, True), (100, 11, False), (100, 10, True), (None, 0, False)],
)
def test_a_token_is_due_shortly_before_its_end(life, left, expected):
    """A minute, or a tenth of a short life; a life that is not told has no end."""
    tokens = Tokens("A", NOW, expires_at=None if life is None else NOW + life)
    assert due(tokens, NOW + (life or 0) - left) is expected


WANTED = WantedFromToken({"A": parse_select("a"), "B": parse_select("b[0]")})


def test_what_is_captured_is_a_bounded_scalar_and_stays_until_another_comes():
    """A number, and true, as it is written; without it the first answer is none, and a refresh keeps the earlier one."""
    first = read_tokens(answer({"access_token": "T", "a": 7, "b": ["x"]}), NOW, None, WANTED)
    assert isinstance(first, Tokens)
    assert first.captured == (("A", "7"), ("B", "x"))
    later = read_tokens(answer({"access_token": "T", "a": True, "b": []}), NOW, first, WANTED)
    assert isinstance(later, Tokens)
    assert later.captured == (("A", "true"), ("B", "x"))
    assert read_tokens(answer({"access_token": "T", "a": 1}), NOW, None, WANTED) == NoToken(
        "unusable", "the vendor's token answer holds no usable <B>"
    )
    for word in ("null", "Undefined", "*", False):
        assert read_tokens(answer({"access_token": "T", "a": word}), NOW, None, WANTED).words.endswith("<A>")
    never = WantedFromToken({"A": parse_select("a")}, lambda _name, _value: False)
    assert read_tokens(answer({"access_token": "T", "a": 1}), NOW, None, never).words.endswith("<A>")


def test_what_is_captured_is_bounded_as_a_whole():
    """So that the room that lies ready on the disk always takes it."""
    many = WantedFromToken({f"N{number}": parse_select("a") for number in range(100)})
    found = read_tokens(answer({"access_token": "T", "a": "x" * 254}), NOW, None, many)
    assert isinstance(found, NoToken)
    later = read_tokens(answer({"access_token": "T", "a": "x" * 254}), NOW, OLD, many)
    assert isinstance(later, Tokens)
    assert 0 < len(str(dict(later.captured))) <= MOST_CAPTURED
