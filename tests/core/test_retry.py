"""When a request is sent again, as data; and every form in which a vendor says when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.core.after import refilled_after, retry_after
from engine.core.http import Malformed, NoAnswer, Response
from engine.core.retry import Done, GiveUp, Patience, Refresh, Tried, Verdict, Wait, backoff, decide
from engine.replaced import replace

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASES, SEQUENCES, REFILLS = (
    yaml.safe_load((Path(__file__).parent / "data" / name).read_text("utf-8")) for name in ("retry.yaml", "tries.yaml", "refills.yaml")
)


def answer_of(given: dict) -> Response | NoAnswer | Malformed:
    if "no_answer" in given:
        return NoAnswer(given["no_answer"], "reason")
    if given.get("malformed"):
        return Malformed("reason", given.get("headers", {}))
    return Response(given["status"], given.get("headers", {}), b"")


def shown(verdict: Verdict) -> str:
    if isinstance(verdict, Wait):
        return f"{'hold' if verdict.shared else 'wait'} {round(verdict.seconds, 3)}" + (" incomplete" if verdict.incomplete else "")
    if isinstance(verdict, GiveUp):
        return f"give up: {verdict.words}" + (f", again at {verdict.again_at:%Y-%m-%d %H:%M:%S}" if verdict.again_at else "")
    return {Refresh(): "refresh", Done(): "done"}[verdict]


def test_every_way_of_sending_again_is_counted():
    """A wait in the bucket, a wait alone and a renewed credential are a retry each."""
    tried = Tried().after(Wait(1.0, shared=True)).after(Wait(1.0, shared=False))
    assert (Tried().retries, tried.retries, replace(tried, refreshed=True).retries) == (0, 2, 3)
    unfinished = replace(tried, seconds=7.0).after(Wait(4.0, shared=False, incomplete=True))
    later = replace(unfinished, seconds=12.0).after(Wait(8.0, shared=False, incomplete=True))
    assert (unfinished.retries, later.retries, later.incomplete_at) == (3, 4, 7.0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["given"]))
def test_what_follows_an_answer(case):
    """Each answer has one consequence, whatever the clock and the dice of the machine."""
    given, before = case["given"], set(Tried.__struct_fields__)
    tried = Tried(**{name: given[name] for name in before & set(given)})
    verdict = decide(tried, answer_of(given), given.get("means"), NOW, given.get("jitter", 0.5), Patience())
    assert shown(verdict) == case["then"]


@pytest.mark.parametrize("case", SEQUENCES, ids=lambda case: str(case["given"]))
def test_what_follows_several_answers(case):
    """Being told to wait and failing are counted apart, in whatever order they come."""
    tried, verdict = Tried(), Done()
    for part in case["given"]:
        status, _, times = str(part).partition(" x")
        for _ in range(int(times or 1)):
            assert not isinstance(verdict, GiveUp)
            verdict = decide(tried, Response(int(status), {}, b""), None, NOW, 0.5, Patience())
            if isinstance(verdict, Refresh):
                tried = replace(tried, refreshed=True)
            elif isinstance(verdict, Wait):
                tried = tried.after(verdict)
    assert shown(verdict) == case["then"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "Tue, 24 Nov 2026 11:59:00 GMT"}, 0.0),
        ({"retry-after": "Tuesday, 24-Nov-26 12:01:00 GMT"}, 60.0),
        ({"retry-after": "Tue Nov 24 12:01:00 2026"}, 60.0),
        ({"retry-after": "2026-11-24T13:00:00+01:00"}, 0.0),
        ({"retry-after": "2026-11-24T12:00:30"}, 30.0),
        ({"retry-after": "2026-11-24T12:05:00Z", "date": "Tue, 24 Nov 2026 12:04:00 GMT"}, 60.0),
        ({"retry-after": "garbage"}, None),
        ({"retry-after": "garbage", "x-ratelimit-reset": "7"}, 7.0),
        ({"x-ratelimit-reset": "2026-11-24T12:00:20Z"}, 20.0),
        ({"x-ratelimit-reset": "garbage"}, None),
        ({"x-ratelimit-reset": "3", "x-daily-ratelimit-reset": "8"}, 8.0),
        ({"retry-after": "99999999999"}, 316224000.0),
        ({"retry-after": "6457", "x-ratelimit-reset": "7"}, 6.457),
        ({"retry-after": "6457", "x-ratelimit-reset": "8"}, 6457.0),
        ({"retry-after": "30000", "x-ratelimit-reset": "60"}, 30000.0),
        ({"x-ratelimit-reset": "1795521595"}, 0.0),
        ({"ratelimit": '"a";r=0;t=5, "b";t=9'}, 9.0),
    ],
)
def test_when_the_vendor_lets_us_go_on(headers, seconds):
    """Seconds, floats, HTTP dates, ISO dates, epochs; a date counts from the vendor's own clock."""
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize("case", REFILLS, ids=lambda case: str(case["given"]))
def test_when_a_limit_that_was_used_up_is_filled_again(case):
    """A good answer may tell that nothing is left: only its own reset counts, and only a near one."""
    assert refilled_after(case["given"], NOW) == case["then"]


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-reset", "x-ratelimit-remaining", "ratelimit", "date"]), st.text(max_size=40)
    )
)
def test_no_header_makes_it_stumble(headers):
    """Whatever stands in a header, the answer is a sane number of seconds or none."""
    seconds = retry_after(headers, NOW)
    assert seconds is None or 0 <= seconds <= 316224000
    seconds = refilled_after({**headers, "x-ratelimit-remaining": "0"}, NOW)
    assert 0 <= seconds <= 60


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_has_full_jitter_and_a_bound(attempts, jitter):
    """It lies between nothing and the doubled wait, and never above the longest."""
    patience = Patience()
    assert 0 <= backoff(attempts, jitter, patience) < patience.wait_max


def test_what_is_final_says_so():
    """Asking again cannot help where an answer is too large or an address forbidden."""
    assert [kind for kind in ("dns", "reset", "too_large", "forbidden") if NoAnswer(kind, "x").final] == ["too_large", "forbidden"]


def test_who_gives_up_says_when_it_can_go_on():
    """Where the vendor told."""
    assert GiveUp("no").said == "no"
    assert GiveUp("no", NOW).said == f"no; it can go on at {NOW:%Y-%m-%d %H:%M:%S} UTC"


@pytest.mark.parametrize("moment", ["99999999999", "Tue, 24 Nov 9999 11:01:00 GMT"])
def test_a_moment_of_another_age_is_told_to_nobody(moment):
    """The limit is used up; when more is allowed is not known."""
    found = decide(Tried(), Response(429, {"retry-after": moment}, b""), None, NOW, 0.5, Patience())
    assert isinstance(found, GiveUp)
    assert (found.exhausted, found.again_at) == (True, None)
