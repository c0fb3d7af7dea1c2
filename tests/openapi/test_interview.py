"""The questions of `habeas new`: each answer is checked at once, and together they make a spec that loads."""

from __future__ import annotations

import io

import pytest

from engine.cli.new.interview import interview
from engine.cli.new.questions import Questions
from engine.errors import UsageError
from engine.language.load import check
from engine.language.schema import LINE
from tests.openapi.answers import ANSWERS, EXPECTED


def answered(*, again: bool = False, **changes: str | None) -> str:
    lines = [value for value in {**ANSWERS, **changes}.values() if value is not None]
    text = interview("acme", LINE, io.StringIO("".join(f"{line}\n" for line in lines)), again=again)
    check(text.encode(), "acme.yaml")
    return text


def test_answers_make_a_spec():
    """One answer a line, and what was not asked is a TODO."""
    assert answered() == EXPECTED


def test_oauth_a_search_and_an_address_by_account():
    """The other ways to connect, to look up and to page."""
    text = answered(
        base="https://<SHOP>.acme.example.com/admin",
        docs="The shop's name\nhttps://docs.acme.example.com",
        way="oauth2",
        key="https://<SHOP>.acme.example.com/authorize\nhttps://acme.example.com/token\n\nread write",
        lookup='POST /search\n{"filter": {"address": "<EMAIL>", "limit": 50, "strict": true, "note": null}}',
        pages="page",
        cursor="page\n1",
        param=None,
        paged="cursor\npaging.next\nafter\nlimit=10",
    )
    for line in (
        "base_url: https://<SHOP>.acme.example.com/admin",
        'hosts: [".acme.example.com"]',
        'settings: {SHOP: "The shop\'s name"}',
        "    scopes: [read, write]",
        "    post: /search",
        "    body: {filter: {address: <EMAIL>, limit: 50, strict: true, note: null}}",
        "    pagination: {page: {page: 1}, size: {limit: 100}}",
        "pagination: {cursor: paging.next, param: after, size: {limit: 10}}",
    ):
        assert line in text.splitlines(), line


@pytest.mark.parametrize(("told", "line"), [("@", 'records: "@"}'), ("data.people", "records: data.people}"), ("", '"1"}}')])
def test_where_the_people_stand_makes_a_proof_of_verify(told, line):
    """What `verify` lists shows that the connection sees people; where it lists none, nothing is written."""
    text = answered(people=told)
    assert next(row for row in text.splitlines() if row.startswith("verify: ")).endswith(line)
    assert check(text.encode(), "acme.yaml")[0].lists_people is bool(told)


def test_no_question_says_twice_what_enter_means(capsys):
    """Enter is the answer in brackets, or what the question says of it, or nothing."""
    keys = "https://acme.example/a\nhttps://acme.example/t\n\n"
    answered(way="oauth2", key=keys, pages="", cursor=None, param=None, size=None, paged=None, endpoint_paged=None)
    prompts = [line for line in capsys.readouterr().out.splitlines() if "Enter" in line]
    assert len(prompts) >= 8
    assert [line for line in prompts if line.count("Enter") > 1 or line.endswith("]: ")] == []


@pytest.mark.parametrize(
    ("kind", "given", "line"), [("link", "header", "{link: header}"), ("offset", "start", "{offset: start}"), ("none", None, None)]
)
def test_each_kind_of_pages_can_be_chosen(kind, given, line):
    """A link, an offset, or none at all."""
    none = kind == "none"
    text = answered(
        pages=kind,
        cursor=given,
        param=None,
        size=None if none else "",
        paged=None if none else "yes",
        endpoint_paged=None if none else "no",
    )
    assert (f"pagination: {line}" in text) is (line is not None)
    assert ("      pagination: none" in text) is (not none)


def test_basic_and_an_address_without_a_known_host():
    """A password way; where the host is a value, the hosts are asked for."""
    text = answered(base="https://<DOMAIN>/api\nthe domain\n.acme.example.com, acme.example.org", way="basic", key="any:<SECRET>")
    assert "hosts: [.acme.example.com, acme.example.org]" in text.replace('"', "")
    assert "# TODO hosts: the key may go to every host below .acme.example.com" in text
    assert 'basic: "any:<SECRET>"' in text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base": "http://acme.example.com"}, "is no https address of a public host"),
        ({"base": "https://api.acme.example.com/v1?x=1"}, "a query does not stand in the request line"),
        ({"base": ""}, "this cannot be left out"),
        ({"docs": "nowhere"}, "is no https address"),
        ({"way": "fax"}, "one of: oauth2, key, basic"),
        ({"key": "X-Api-Key"}, "write it as `Name: value`"),
        ({"key": "X-Api-Key: secret"}, "does not say where the key stands"),
        ({"verify": "users"}, "neither a path nor an https address"),
        ({"verify": "/users/<USER_ID>"}, "unknown name `<USER_ID>`"),
        ({"people": "users[["}, "is no JMESPath expression"),
        ({"lookup": "/users/{email}"}, "is not how a value is written: write <EMAIL>"),
        ({"lookup": "/users"}, "the look-up asks for nobody"),
        ({"lookup": "/users/<EMIAL>"}, "the look-up asks for nobody"),
        ({"lookup": "POST /search\nemail"}, "write a JSON object"),
        ({"lookup": 'POST /search\n{"a": "x"}'}, "the look-up asks for nobody"),
        ({"match": "a[["}, "is no JMESPath expression"),
        ({"capture": "id"}, "write NAME=path"),
        ({"capture": "EMAIL=id"}, "<EMAIL> exists already"),
        ({"capture": "user_id=id"}, "is not a NAME in capitals"),
        ({"pages": "scroll"}, "one of: none, cursor"),
        ({"size": "100"}, "write PARAMETER=MOST"),
        ({"size": "limit=many"}, "is not a whole number"),
        ({"endpoint": "/users/<USERID>/meetings"}, "unknown name `<USERID>` (did you mean `USER_ID`?)"),
        ({"endpoint": "POST /users"}, "only the look-up is asked for here with POST"),
        ({"endpoint_name": "lookup"}, "`lookup` is taken"),
        ({"endpoint_name": "Meetings"}, "is not a name in lower case"),
        ({"another_name": "users_meetings"}, "`users_meetings` is taken"),
        ({"endpoint_paged": "perhaps"}, "one of: yes, no"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_each_answer_is_checked_at_once(wrong, words, capsys):
    """From a pipe a wrong one ends it, at a terminal it is asked again, in the language's own words."""
    with pytest.raises(UsageError) as caught:
        answered(**wrong)
    assert words in str(caught.value)
    assert str(caught.value).endswith("nothing was written")
    capsys.readouterr()
    name, value = next(iter(wrong.items()))
    again = f"{value}\n{ANSWERS[name]}" if "POST" not in value or name != "lookup" else f"{value}\n" + '{"email": "<EMAIL>"}'
    text = answered(again=True, **{name: again})
    assert words in capsys.readouterr().out
    assert ("post: /search" in text) is (name == "lookup" and "POST" in value)


SEARCH = {
    "lookup": 'POST /search\n{"q": "<EMAIL>"}',
    "pages": "cursor",
    "cursor": "paging.next",
    "size": "page.limit=50",
    "endpoint_paged": None,
}


def test_the_places_of_a_search_by_post_are_made_and_stay_its_own(capsys):
    """A map that a place stands in is put into the body; requests by GET page in their own way, or in none."""
    text = answered(**SEARCH, param="page.after", paged="none")
    assert "    body: {q: <EMAIL>, page: {limit: 50}}" in text
    assert "    pagination: {cursor: paging.next, param: page.after, size: {page.limit: 50}}" in text
    assert "\npagination:" not in text
    with pytest.raises(UsageError, match=r"`q` in the body is no map, so `q.after` has no place there; nothing was written"):
        answered(**SEARCH, param="q.after", paged="none")
    assert answered(again=True, **SEARCH, param="q.after\npage.after", paged="none") == text
    bare = answered(**{**SEARCH, "size": ""}, param="page.after", paged="none")
    assert "    body: {q: <EMAIL>, page: {after: null}}" in bare
    assert "is no map" in capsys.readouterr().out


def test_the_top_is_about_parameters_and_not_about_a_search_by_post():
    """A look-up that does not page, beside lists that do, says so."""
    text = answered(lookup=SEARCH["lookup"], pages="none\nlink", cursor="header", param=None, size="", paged=None)
    assert "\npagination: {link: header}\n" in text
    assert "    pagination: none\n" in text
    one = answered(lookup=SEARCH["lookup"], records="", pages="link", cursor="header", param=None, size="", paged=None)
    assert "\npagination: {link: header}\n" in one


def test_pages_that_the_language_refuses_are_asked_again(capsys):
    """What holds for each answer and not for all of them is told at once, and is no dead end."""
    wrong = {**SEARCH, "param": "x." * 200 + "y", "size": "", "paged": "none"}
    with pytest.raises(UsageError, match=r"How the look-up's list goes on: .*; nothing was written"):
        answered(**wrong)
    text = answered(again=True, **{**wrong, "paged": "none\nnone"})
    assert "pagination" not in text.partition("TODO answers")[0].partition("rate_limits")[2]


@pytest.mark.parametrize("word", ["<", "back"])
def test_one_can_return_to_the_question_before(word, capsys):
    """As often as wanted, also over answers that held together; it is said once, at the start."""
    assert answered(again=True, base=f"{word}\nAcme\n{ANSWERS['base']}") == EXPECTED
    assert answered(again=True, end=f"{word}\n{word}\n{word}\n/users/<USER_ID>/x\n{word}\n/users/<USER_ID>\nuser\n\n") == EXPECTED
    assert answered(again=True, name=f"{word}\nAcme") == EXPECTED
    told = capsys.readouterr().out
    assert told.count("With < or back you return to the question before") == 3
    assert answered(base=ANSWERS["base"], name="back").count("title: back") == 1


def test_a_list_that_is_the_whole_answer_is_at(capsys):
    """`@` is offered, and taken however it is quoted."""
    text = answered(endpoint_records='"@"')
    assert '      records: "@"' in text
    assert "@: the answer is the list" in capsys.readouterr().out


def test_answers_that_do_not_hold_together_can_be_mended():
    """At a terminal the last question is asked again, and those before it can be reached."""
    else_where = "https://<ELSE>.acme.example.com/authorize\nhttps://acme.example.com/token\n\n"
    text = answered(again=True, way="oauth2", key=f"{else_where}\n<\n<\n<\n<\nkey\n{ANSWERS['key']}")
    assert text == EXPECTED


def test_answers_that_end_too_early_write_nothing():
    """The question that was left open is named."""
    with pytest.raises(UsageError, match=r"the answers ended before the spec did, at: How lists go on.*nothing was written"):
        answered(
            pages=None,
            cursor=None,
            param=None,
            size=None,
            paged=None,
            endpoint=None,
            endpoint_name=None,
            endpoint_records=None,
            endpoint_paged=None,
            another=None,
            another_name=None,
            another_records=None,
            end=None,
        )


def test_answers_that_contradict_each_other_are_no_spec():
    """A key that may not go where the requests go is told before anything else is asked."""
    with pytest.raises(UsageError, match=r"these answers do not hold together: .*; nothing was written"):
        answered(key="https://<ELSE>.acme.example.com/authorize\nhttps://acme.example.com/token\n\n", way="oauth2")


def test_what_is_no_text_is_no_answer():
    """Bytes that are not UTF-8 are asked for again, or end it."""
    source = io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"base: .*is not"):
        Questions(source, again=False).ask(
            "base", lambda text: text if text.isascii() else (_ for _ in ()).throw(ValueError("it is not ASCII"))
        )


@pytest.mark.parametrize("pages", ["", "none"])
def test_enter_is_no_silent_gap(pages):
    """That lists have no pages is said in so many words; what is not known is a TODO."""
    text = answered(pages=pages, cursor=None, param=None, size=None, paged=None, endpoint_paged=None)
    assert ("# TODO pagination: how does a list go on?" in text) is (pages == "")
    assert "pagination:" not in text.replace("# TODO pagination:", "")


def test_what_is_not_known_of_a_search_is_a_todo_there():
    """The look-up by POST is asked about separately."""
    text = answered(lookup=SEARCH["lookup"], pages="\nnone", cursor=None, param=None, size=None, paged=None, endpoint_paged=None)
    assert "    # TODO pagination: how does a list go on?" in text
