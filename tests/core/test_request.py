"""From words to requests: each value where it belongs and nowhere else, each page from the one before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.core.chain import Chain, Unresolved
from engine.core.http import HttpRequest, Response
from engine.core.ledger import Subject
from engine.core.pagination import LED_BACK, SAME_AGAIN, UNPROVEN_END, Broken, ListEnd, Next, Progress, again, follow, may_go_on
from engine.core.request import described, halved, opening
from engine.core.response import Page, Unreadable
from engine.core.subject import LookupResult
from engine.core.window import Window
from engine.replaced import replace
from engine.runner.client import Answered
from tests.core.specs import HEAD, ROW, endpoint, first, vendor

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 29, tzinfo=UTC))


def test_each_place_has_its_own_encoding():
    """One segment in a path, percent-encoded in a query, as it is in a header; a list repeats its name."""
    request = first("get: /p/<USER_ID>\nparams: {q: is <EMAIL>, x: [a b, '&']}\nheaders: {X-Version: <VERSION>}")
    assert request.http.url == "https://api.acme.example/v1/p/u%201?q=is%20a%40x.io&x=a%20b&x=%26"
    assert request.http.headers == (("X-Version", "v7"),)
    assert request.endpoint.name == "it"


def test_nothing_shows_what_was_asked_of_whom_or_answered():
    """An address, a row, a body and a header can hold the person or a secret: a log or a traceback shows none of it."""
    request = first("get: /p/<USER_ID>\nparams: {x: <EMAIL>}\nheaders: {X-Version: <VERSION>}")
    sent = HttpRequest("POST", "https://CANARY", (("Authorization", "CANARY"),), b"CANARY")
    answer, page = Response(200, {"set-cookie": "CANARY"}, b"CANARY"), Page(["CANARY"], 1, cursor="CANARY", link="CANARY", more="CANARY")
    found = LookupResult(Subject.MATCHED, rows=((("USER_ID", "CANARY"),),))
    answered = Answered(page, answer, datetime(2026, 1, 1, tzinfo=UTC), 0.0)
    shown = repr((replace(request, chain=replace(request.chain, endpoint=None)), Next(None, "CANARY"), sent, answer, page, found, answered))
    assert "Response(status=200" in shown
    assert [one for one in ("CANARY", "u 1", "u%201", "a@x.io", "a%40x.io") if one in shown] == []


def test_a_window_is_written_in_the_form_that_is_asked_for():
    """Days, and RFC 3339 where nothing is said."""
    made = opening(
        Chain(endpoint("get: /p/<USER_ID>\nparams: {from: <FROM.date>, to: <TO>}\nwindow: {step: 28d, since: 1mo}"), ROW, WINDOW)
    )
    assert made.http.url.endswith("?from=2026-01-01&to=2026-01-29T00%3A00%3A00Z")


@pytest.mark.parametrize(
    ("words", "row", "message"),
    [
        ("get: /p/<USER_ID>", (), "<USER_ID> has no value"),
        ("get: /p/<USER_ID>", (("USER_ID", ""),), "<USER_ID> has no value"),
        ("get: /p/<USER_ID>", (("USER_ID", ".."),), "cannot stand in a path"),
        ("get: /p\nheaders: {X-A: <USER_ID>}", (("USER_ID", "a\r\nB: c"),), "cannot stand in a header"),
        ("get: /p\nheaders: {X-A: <USER_ID>}", (("USER_ID", "ü"),), "cannot stand in a header"),
        ("get: /p\nparams: {a: <USER_ID>}", (), "<USER_ID> has no value"),
    ],
)
def test_a_value_that_is_missing_or_unfit_is_an_error_and_never_left_out(words, row, message):
    """Nothing is sent without its value; the message names it and does not repeat it."""
    with pytest.raises(Unresolved, match=message) as caught:
        first(words, row)
    assert "\r\n" not in str(caught.value)


def test_a_record_s_word_with_a_meaning_of_its_own_stands_in_no_path():
    """`me` would be whoever the credential belongs to; in a query it is a text, and what the author wrote may stand."""
    spec = vendor("a: {get: /p/<USER_ID>}\nb: {get: /q/<a.id>}\nc: {get: /q, params: {of: <a.id>}}\nd: {for: {X: [me]}, get: /q/<X>}\n")
    for word in ("me", "Me", ".", ".."):
        with pytest.raises(Unresolved, match=r"a record's <a\.id> is a word with a meaning of its own"):
            opening(Chain(spec.endpoints["b"], (("a.id", word),)))
    assert opening(Chain(spec.endpoints["b"], (("a.id", "men"),))).http.url.endswith("/q/men")
    assert opening(Chain(spec.endpoints["c"], (("a.id", "me"),))).http.url.endswith("/q?of=me")
    assert opening(Chain(spec.endpoints["d"], spec.endpoints["d"].rows[0])).http.url.endswith("/q/me")


def test_the_version_is_written_out_at_load():
    """One segment in a path, percent-encoded in a query, as it is in a header and a check: no chain has to know it."""
    words = "it: {get: /<VERSION>/p, params: {v: <VERSION>}, headers: {X-Own: v <VERSION>}, echo: {v: <VERSION>}}\n"
    spec = vendor(words, HEAD.replace("version: v7", "version: 2026-10/b 1\nheaders: {X-Version: <VERSION>}"))
    request = opening(Chain(spec.endpoints["it"]))
    assert request.http.url == "https://api.acme.example/v1/2026-10%2Fb%201/p?v=2026-10%2Fb%201"
    assert request.http.headers == (("X-Version", "2026-10/b 1"), ("X-Own", "v 2026-10/b 1"))
    assert described(request, {}) == "GET /2026-10%2Fb%201/p?v=2026-10/b 1"
    assert opening(Chain(spec.verify)).http.headers == (("X-Version", "2026-10/b 1"),)
    assert str(spec.endpoints["it"].echo[0][1]) == "2026-10/b 1"


def test_a_form_is_applied_to_the_value():
    """The md5 of the address stands in the path."""
    assert first("get: /p/<EMAIL.md5>").http.url.endswith(
        "/c14cdea5b61f0eb28a53db0a0efdc4ad"[:0] + first("get: /p/<EMAIL.md5>").http.url[-33:]
    )
    assert len(first("get: /p/<EMAIL.md5>").http.url.rsplit("/", 1)[1]) == 32


def test_the_first_request_carries_page_size_and_first_numbers():
    """Size is sent, and where pages are counted their first number."""
    assert first("get: /p\nrecords: r\npagination: {page: {page: 1}, size: {n: 50}}").http.url.endswith("?page=1&n=50")
    assert first("get: /p\nrecords: r\npagination: {offset: start, size: {n: 50}}").http.url.endswith("?n=50&start=0")


def test_a_described_request_names_nobody():
    """Identifiers and captured values stay placeholders; `for` values and windows are shown."""
    one = endpoint(
        "for: {TYPE: [a]}\nget: /p/<USER_ID>/<TYPE>\nparams: {e: <EMAIL>, from: <FROM.date>, to: <TO.date>}\nwindow: {step: 1d, since: 1d}\nrecords: r\npagination: {cursor: c, param: c, size: {n: 5}}"
    )
    made = opening(Chain(one, (*ROW, ("TYPE", "a")), WINDOW))
    assert described(made, {"TYPE": "a"}) == "GET /p/<USER_ID>/a?e=<EMAIL>&from=2026-01-01&to=2026-01-29&n=5"
    assert described(first("get: /p"), {}) == "GET /p"


CASES = yaml.safe_load((Path(__file__).parent / "data" / "pagination.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["given"]))
def test_the_next_page_follows_from_the_answer(case):
    """How pages are asked for, what an answer says, what is asked next; the same mark twice is a list that goes round."""
    pagination, then = case["given"]["pagination"], case["then"]
    answer = dict(case["given"]["answer"])
    request = first(f"get: /p\nrecords: r\npagination: {pagination}")
    page = Page([], answer.pop("count", 1), **answer)
    found = follow(request, page, set(), Progress(**case["given"].get("progress", {})))
    if then is None:
        assert found is None
    elif isinstance(found, Broken):
        assert found.words == then
    else:
        assert isinstance(found, Next)
        assert found.request.http.url.endswith(then)
        assert found.request.page == 2
        name = "page token" if "cursor" in pagination else "link" if "link" in pagination else "page"
        again = follow(request, page, {found.mark}, Progress(page.count))
        assert again == (Broken(f"the vendor gave the same {name} twice") if page.count or page.more else ListEnd(SAME_AGAIN))


@pytest.mark.parametrize(
    ("size", "count", "progress", "ends"),
    [
        (None, 0, Progress(3), True),
        (5, 0, Progress(3, announced=True), True),
        (5, 3, Progress(5, announced=True, met=True), True),
        (5, 3, Progress(5, announced=True), False),
        (5, 5, Progress(5, announced=True, met=True), False),
        (None, 3, Progress(5, announced=True, met=True), False),
        (5, 3, Progress(5), True),
        (None, 3, Progress(5), True),
        (5, 3, Progress(3), False),
    ],
)
def test_the_same_page_again_is_an_end_or_a_circle(size, count, progress, ends):
    """An end if it is empty, or shorter than asked for with the total met, or shorter than an earlier page where no total is told."""
    request = first("get: /p\nrecords: r\npagination: {cursor: c, param: after" + (f", size: {{n: {size}}}}}" if size else "}"))
    assert again(request, Page([], count), progress, "words", last=True) == (ListEnd(SAME_AGAIN) if ends else Broken("words"))
    assert again(request, Page([], count, more=1), progress, "words", last=True) == Broken("words")
    back = ListEnd(SAME_AGAIN) if not count else ListEnd(LED_BACK) if ends and progress.met else Broken("words")
    assert again(request, Page([], count), progress, "words", last=False) == back


def test_a_way_on_that_leads_to_the_page_itself_is_the_last_one():
    """A short page whose cursor is its own ends the list; one that leads back to an earlier page goes round."""
    request, page = first("get: /p\nrecords: r\npagination: {cursor: c, param: after}"), Page([], 1, cursor="x")
    assert follow(request, page, {"cursor x"}, Progress(2, mark="cursor x")) == ListEnd(SAME_AGAIN)
    assert follow(request, page, {"cursor x"}, Progress(2, mark="cursor y")) == Broken("the vendor gave the same page token twice")


def test_an_empty_page_after_others_proves_no_end_without_a_total():
    """The end is believed, and said to be unproven; the first page has nothing before it, a total proves more."""
    request = replace(first("get: /p\nrecords: r\npagination: {offset: start}"), received=3, page=2)
    assert follow(request, Page([], 0), set()) == ListEnd(UNPROVEN_END)
    assert follow(request, Page([], 0), set(), Progress(3, announced=True)) is None
    assert follow(replace(request, received=0, page=1), Page([], 0), set()) is None


def test_a_full_first_page_that_lacks_the_way_on_is_asked_for_at_half_its_size():
    """In a query and in a body; not where no size is asked for, where it is one, or where something tells the end."""
    request = first("get: /p\nparams: {q: x}\nrecords: r\npagination: {cursor: c, param: after, size: {n: 5}}")
    half = halved(request)
    assert half.http.url.endswith("/p?q=x&n=2")
    assert (half.page, half.received, half.size, described(half, {})) == (1, 0, 2, "GET /p?q=x&n=2")
    assert follow(half, Page([], 2, cursor="y"), set()).request.http.url.endswith("/p?q=x&n=2&after=y")
    posted = first("post: /p\nbody: {page: {x: 1}}\nrecords: r\npagination: {cursor: c, param: page.after, size: {page.n: 4}}")
    assert halved(posted).http.body == b'{"page":{"x":1,"n":2}}'
    assert halved(first("get: /p\nrecords: r\npagination: {cursor: c, param: after}")) is None
    assert halved(first("get: /p\nrecords: r\npagination: {cursor: c, param: after, size: {n: 1}}")) is None
    assert halved(first("get: /p")) is None
    assert may_go_on(request, Page([], 5, lacks=True))
    for page in (Page([], 4, lacks=True), Page([], 5), Page([], 5, lacks=True, more=False)):
        assert not may_go_on(request, page)
    assert not may_go_on(replace(request, page=2), Page([], 5, lacks=True))
    assert not may_go_on(replace(request, size=None), Page([], 5, lacks=True))


def test_a_page_token_that_no_address_could_carry_ends_the_list():
    """It is not cut: half a token is another one."""
    request = first("get: /p\nrecords: r\npagination: {cursor: c, param: after}")
    assert follow(request, Page([], 1, cursor="x" * 65_537), set()) == Broken("`c` holds a page token that no address could carry")


def test_without_pagination_there_is_no_next_page():
    """A single answer is the whole list."""
    assert follow(first("get: /p"), Page([], 1, cursor="x"), set()) is None


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_the_cursor_replaces_the_one_before_and_nothing_else(one, two):
    """Following twice leaves one cursor, whatever is in it, and every other parameter as it was."""
    request = first("get: /p\nparams: {after_all: y}\nrecords: r\npagination: {cursor: c, param: after}")
    for cursor in (one, two):
        found = follow(request, Page([], 1, cursor=cursor), set())
        request = found.request
    assert request.http.url.count("&after=") == 1
    assert "after_all=y" in request.http.url
    assert request.received == 2


def test_a_word_of_the_account_s_with_a_meaning_of_its_own_stands_in_no_path():
    """What `discover` found is the vendor's word, as a record's is."""
    head = HEAD.replace("verify:", "discover: {site: {get: /site, capture: {KEY: key}}}\nverify:")
    spec = vendor("a: {get: /p/<KEY>}\n", head)
    with pytest.raises(Unresolved, match=r"the account's <KEY> is a word with a meaning of its own"):
        opening(Chain(spec.endpoints["a"], (("KEY", "Me"),)))
    assert opening(Chain(spec.endpoints["a"], (("KEY", "mel"),))).http.url.endswith("/p/mel")


def test_a_path_begins_behind_the_host():
    """Also where nothing stands between: what would be a label of a host elsewhere is a segment here."""
    spec = vendor("a: {get: /<USER_ID>/x}\n", HEAD.replace("base_url: https://api.acme.example/v1", "base_url: https://api.acme.example"))
    assert opening(Chain(spec.endpoints["a"], ROW)).http.url == "https://api.acme.example/u%201/x"


def test_a_link_header_that_cannot_be_read_is_no_end():
    """It holds `next` in some form: there is more, and nothing says where."""
    request = first("get: /p\nrecords: r\npagination: {link: header}")
    assert follow(request, Page([], 1, link=Unreadable()), set()) == Broken("the `Link` header holds `next` and cannot be read")
