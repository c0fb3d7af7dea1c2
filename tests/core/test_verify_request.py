"""The `verify` request: built with all that is known of the account, and what its answer shows."""

from __future__ import annotations

import pytest

from engine.core.account import Account
from engine.core.http import Malformed, NoAnswer, Response
from engine.core.ledger import ChainEnd, Outcome
from engine.core.response import Page, Refusal, Unusable
from engine.core.retry import GiveUp
from engine.core.verify_request import NotAsked, VerifyAnswer, credential_lives, read_verify, verify_request
from engine.language.load import load
from engine.language.model.spec import RuleSpec

SPEC = """
spec: 1
vendor: acme
base_url: https://<SHOP>.acme.example/v1
hosts: [.acme.example]
settings: {SHOP: the shop's name}
auth: {headers: {X-Key: <SECRET>}}
discover: {realm: {get: /realm, capture: {REALM: id}}}
verify: {get: /me, params: {realm: <REALM>}}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints: {notes: {get: /people/<USER_ID>/notes, records: notes}}
"""
ACME = load(SPEC.encode(), "acme.yaml")


def test_it_is_sent_with_the_connections_values_and_the_discovered_ones():
    """Both stand in its address."""
    account = Account(ACME, (("SHOP", "north"),))
    account.values["REALM", ()] = "r1"
    request = verify_request(ACME, account)
    assert not isinstance(request, NotAsked)
    assert request.http.url == "https://north.acme.example/v1/me?realm=r1"


@pytest.mark.parametrize(
    ("given", "values", "words"),
    [
        ((), {("REALM", ()): "r1"}, "<SHOP> has no value"),
        ((("SHOP", "north"),), {}, "`realm` was not found out: HTTP 404"),
        ((("SHOP", "a.b"),), {("REALM", ()): "r1"}, "the value of <SHOP> is no part of a host: letters, digits and - only"),
    ],
)
def test_where_a_value_is_missing_it_says_which(given, values, words):
    """Nothing is sent then."""
    account = Account(ACME, given)
    account.values.update(values)
    account.ends["realm", ()] = ChainEnd(Outcome.FAILED, "HTTP 404")
    assert verify_request(ACME, account) == NotAsked(words)


DENIED, UNMENDED = (RuleSpec.model_validate({"status": "403", "means": "denied", **more}) for more in ({}, {"granted_by": "none"}))


@pytest.mark.parametrize(
    ("answer", "shows"),
    [
        (Page((), 0), VerifyAnswer(alive=True, words="the vendor answers", answered=True)),
        (Page((b"{}", b' {"id":1}'), 2), VerifyAnswer(alive=True, words="the vendor answers", answered=True, count=2)),
        (Page((b"{}",), 1, alone=True), VerifyAnswer(alive=True, words="the vendor answers", answered=True, odd=True)),
        (Page((b"[]", b'""', b"0", b"false"), 4), VerifyAnswer(alive=True, words="the vendor answers", answered=True, odd=True)),
        (Refusal("denied", "HTTP 403"), VerifyAnswer(alive=True, words="HTTP 403", denied=True)),
        (Refusal("denied", "HTTP 403", rule=DENIED), VerifyAnswer(alive=True, words="HTTP 403", denied=True)),
        (Refusal("denied", "HTTP 403", rule=UNMENDED), VerifyAnswer(alive=True, words="HTTP 403")),
        (Refusal(None, "HTTP 500"), VerifyAnswer(None, "HTTP 500")),
        (Unusable("no records"), VerifyAnswer(None, "no records")),
        (Malformed("no JSON"), VerifyAnswer(None, "no JSON")),
        (GiveUp("it is gone", dead=True), VerifyAnswer(alive=False, words="it is gone", given_up=True)),
        (GiveUp("HTTP 503, 6 times"), VerifyAnswer(None, "HTTP 503, 6 times", given_up=True)),
    ],
)
def test_what_an_answer_shows(answer, shows):
    """A page and a refusal for a scope come from a living connection; nothing else proves life, and only a refused credential death."""
    assert read_verify(answer) == shows


@pytest.mark.parametrize(
    ("answer", "reading", "lives"),
    [
        (Response(200, {}, b"{}"), Page((), 0), True),
        (Response(403, {}, b"{}"), Refusal("denied", "HTTP 403"), True),
        (Response(200, {}, b"<"), Malformed("no JSON"), False),
        (Response(401, {}, b"{}"), Refusal(None, "HTTP 401"), False),
        (Response(429, {}, b"{}"), Refusal(None, "HTTP 429"), False),
        (Response(500, {}, b"{}"), Refusal(None, "HTTP 500"), False),
        (Response(503, {}, b"{}"), Refusal(None, "HTTP 503"), False),
        (Response(404, {}, b"{}"), Refusal(None, "HTTP 404"), True),
        (Response(200, {}, b"{}"), Refusal("wait", "busy"), False),
        (Response(200, {}, b"{}"), Refusal("exhausted", "used up"), False),
        (Response(400, {}, b"{}"), Refusal("refresh", "HTTP 400"), False),
        (NoAnswer("reset", "the connection was reset"), None, False),
    ],
)
def test_whether_a_refused_credential_lives(answer, reading, lives):
    """Only where the vendor took it for `verify`."""
    assert credential_lives(answer, reading) is lives
