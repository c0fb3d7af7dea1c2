"""One name, one source; what is asked for is there; no page token and no text takes a value's place: mistakes, and what is none."""

from __future__ import annotations

import pytest

from engine.language.text.mistakes import SpecError
from tests.core.specs import HEAD, vendor

LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
DISCOVER = """settings: {ORG: o}
discover:
  lists: {get: /lists, records: items}
  props: {for: {OBJ: [a]}, get: /props/<OBJ>, capture: {PROPS: names}}
verify:"""
TOP = HEAD.replace("verify:", DISCOVER).replace("{get: /me}", "{get: /me/<ORG>}")
IT = "it: {for: {OBJ: [a]}, get: /p/<OBJ>/<USER_ID>/<lists.id>, params: {f: <PROPS>}}\n"
PAGES = "records: items, pagination: "
QUERY = "x: {{post: /g, body: {{query: '{}', variables: {{i: <USER_ID>}}}}}}\n"


def mistakes(endpoints: str, head: str = TOP) -> list[str]:
    """Give what is wrong, in words."""
    try:
        vendor(IT + endpoints, head)
    except SpecError as error:
        return [one.message for one in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("EMAIL", "`for` gives <EMAIL>, which exists already"),
        ("FROM", "`for` gives <FROM>, which exists already"),
        ("SECRET", "`for` gives <SECRET>, which exists already"),
        ("USER_ID", "<USER_ID> has two sources, `for` is one of them"),
        ("ORG", "<ORG> has two sources, `for` is one of them"),
        ("PROPS", "<PROPS> has two sources, `for` is one of them"),
    ],
)
def test_for_takes_no_other_value_s_name(name, words):
    """The person's own would be hidden by it: everybody would be answered with what the spec's author wrote."""
    assert mistakes(f"x: {{for: {{{name}: [b]}}, get: /x/<{name}>/<EMAIL>}}\n") == [words]
    assert words in mistakes("", TOP.replace(LOOKUP, LOOKUP.replace("{get: /people", f"{{for: {{{name}: [b]}}, get: /<{name}>/people")))


def test_a_name_of_for_may_be_everybody_s():
    """A look-up, `discover` and an endpoint each have a row of their own."""
    own = LOOKUP.replace("{get: /people", "{for: {OBJ: [a]}, get: /<OBJ>/people")
    assert mistakes("x: {for: {OBJ: [a]}, get: /x/<OBJ>/<EMAIL>}\n", TOP.replace(LOOKUP, own)) == []


def test_what_is_captured_once_per_record_is_many_values():
    """It would be nobody's in particular: the record is asked with instead."""
    fan_out = TOP.replace("lists, records: items}", "lists, records: items}\n  each: {get: /lists/<lists.id>, capture: {KEY: key}}")
    assert mistakes("x: {get: /x/<KEY>/<USER_ID>}\n", fan_out) == [
        "`each` is asked once per record of `lists`, so <KEY> would be many values"
    ]


@pytest.mark.parametrize(
    ("endpoints", "kinds", "words"),
    [
        ("x: {for: {OBJ: [a, b]}, get: /x/<OBJ>/<EMAIL>, params: {f: <PROPS>}}\n", None, ["`props` discovers nothing for `b`"]),
        (
            """x: {for: {OBJ: [a, b]}, get: /x/<OBJ>/<EMAIL>, records: items}
y: {get: /y/<OBJ>/<x.id>, params: {f: <PROPS>}, records: items}
z: {get: /z/<OBJ>/<y.id>, params: {f: <PROPS>}}
""",
            None,
            ["`props` discovers nothing for `b`, with which `x` is asked"],
        ),
        ("x: {get: /x/<EMAIL>, params: {f: <PROPS>}}\n", "[a, c]", ["`props` discovers nothing for `c`, with which `lookup` is asked"]),
        ("x: {for: {OBJ: [a]}, get: /x/<OBJ>/<EMAIL>, params: {f: <PROPS>}}\n", "[a, c]", []),
        ("x: {get: /x/<EMAIL>, params: {f: <PROPS>}}\n", "[a]", []),
    ],
)
def test_what_is_discovered_for_each_kind_is_there_for_every_kind(endpoints, kinds, words):
    """Also for one that came down from a parent, or from the look-up; each is said once."""
    own = LOOKUP if kinds is None else LOOKUP.replace("{get: /people", f"{{for: {{OBJ: {kinds}}}, get: /<OBJ>/people")
    assert mistakes(endpoints, TOP.replace(LOOKUP, own)) == words


def test_a_name_that_only_one_look_up_gives_is_not_known():
    """Another one may find the person."""
    two = "lookup: [{for: {KIND: [a]}, get: /<KIND>/<EMAIL>, match: email}, {get: /people/<USERNAME>, match: name}]"
    found = mistakes("x: {get: /x/<KIND>/<EMAIL>}\n", TOP.replace(LOOKUP, two))
    assert "unknown name `<KIND>`" in found
    both = two.replace("{get: /people/", "{for: {KIND: [b]}, get: /<KIND>/")
    assert "unknown name `<KIND>`" not in mistakes("x: {get: /x/<KIND>/<EMAIL>}\n", TOP.replace(LOOKUP, both))


@pytest.mark.parametrize(
    ("endpoint", "taken"),
    [
        (f"get: /g, params: {{user: <USER_ID>}}, {PAGES}{{cursor: next, param: user}}", "user"),
        (f"get: /g, params: {{user: [x, '<USER_ID>']}}, {PAGES}{{page: {{user: 1}}}}", "user"),
        (f"get: /g, params: {{user: <lists.id>}}, {PAGES}{{offset: user}}", "user"),
        (f"get: /g, params: {{user: <USER_ID>}}, {PAGES}{{link: next, size: {{user: 5}}}}", "user"),
        (f"get: /g, params: {{cursor: '*', u: <USER_ID>}}, {PAGES}{{cursor: next, param: cursor}}", None),
        (f"post: /g, body: {{v: {{user: <USER_ID>}}}}, {PAGES}{{cursor: next, param: v}}", "v"),
        (f"post: /g, body: {{v: {{user: <USER_ID>}}}}, {PAGES}{{cursor: next, param: v.user}}", "v.user"),
        (f"post: /g, body: {{v: [<USER_ID>]}}, {PAGES}{{offset: v}}", "v"),
        (f"post: /g, body: {{v: {{after: null, n: 5, u: <USER_ID>}}}}, {PAGES}{{cursor: next, param: v.after, size: {{v.n: 9}}}}", None),
        (f"post: /g, body: {{v: {{after: first, u: <USER_ID>}}}}, {PAGES}{{cursor: next, param: v.after}}", None),
    ],
)
def test_what_asks_for_the_next_page_takes_no_value_s_place(endpoint, taken):
    """The second page would be everybody's."""
    words = f"`{taken}` holds what this request asks with: the next page would be asked without it"
    assert mistakes(f"x: {{{endpoint}}}\n") == ([words] if taken else [])


@pytest.mark.parametrize("body", ["", ", body: [{u: <USER_ID>}]", ", body: {u: <USER_ID>}", ", body: {v: <USER_ID>}"])
def test_in_a_post_a_page_token_has_a_place(body):
    """A map of the body; without one there is none."""
    assert mistakes(f"x: {{post: /g/<USER_ID>{body}, {PAGES}{{cursor: next, param: v.after}}}}\n") == [
        "`v.after` is no place in the body of this `post`"
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("<USERNAME>", "`<USERNAME>` is what the person is called, and no address"),
        ("<EMAIL.lower>/x", "`<EMAIL.lower>` is what the person is called, and no address"),
        ("<USER_ID>.evil.example/x", "`<USER_ID>` is an address here: nothing can grow onto it"),
        ("<lists.url><USER_ID>", "`<lists.url>` is an address here: nothing can grow onto it"),
        ("<USER_ID>", None),
        ("<lists.url>/x/<USER_ID>", None),
    ],
)
def test_a_request_line_that_is_a_value_is_an_address(line, words):
    """One that the vendor gave, as it is or with a path behind it."""
    assert mistakes(f"x: {{get: {line}}}\ny: {{post: {line}}}\n") == ([words] * 2 if words else [])


@pytest.mark.parametrize(
    ("query", "writes"),
    [
        ("query ($i: ID!) { customer(id: $i) { subscription { mutation } } }", False),
        ("{ a } fragment mutation_of on X { b }", False),
        ('# mutation\n{ a(b: "} mutation {") }', False),
        ('{ a(b: """} mutation { " """) }', False),
        ("mutation ($i: ID!) { delete(id: $i) { id } }", True),
        (",mutation { a }", True),
        ("query A { a } mutation B { b }", True),
        ('"""about""" subscription { a }', True),
    ],
)
def test_a_graphql_document_only_reads(query, writes):
    """Each definition begins with a word; what stands deeper, in texts or in comments is none."""
    text = query.replace("\n", "\n\n    ").replace("'", "''")
    found = ["a GraphQL `mutation` or `subscription`: a spec only reads"] if writes else []
    assert mistakes(QUERY.format(text)) == found
    assert mistakes(QUERY.format(text).replace("body: {", "body: [{").replace("}}}", "}}]}")) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("body: {query: \"from:'<EMAIL>'\"}", "`<EMAIL>` stands between quotes, and `quotes` is missing"),
        ("body: {query: \"a LIKE '%<EMAIL>'\"}", "a value stands in a pattern, where `%`, `_` or `*` in it would stand for anything"),
        ("params: {q: \"contains(mail, '<EMAIL>')\"}", "a value stands in a pattern, where `%`, `_` or `*` in it would stand for anything"),
        ("params: {q: \"mail = '<EMAIL>' and name like x\"}, quotes: double", None),
        ("body: {query: \"{ a(b: '<EMAIL>') }\"}", "`<EMAIL>` stands in the text of a GraphQL query, where it could change it"),
        ("params: {q: \"a = 'x\\\\' and b = <EMAIL>\"}, quotes: double", "a `\\` stands in a text in which values stand between quotes"),
        ("params: {q: \"a = 'x\\\\' and b = '<EMAIL>'\"}, quotes: double", "a `\\` stands in a text in which values stand between quotes"),
        ("params: {q: \"a = '\\\\<EMAIL>'\"}, quotes: backslash", "a `\\` stands in a text in which values stand between quotes"),
        ("params: {q: \"a = '\\\\\\\\<EMAIL>'\"}, quotes: backslash", None),
        ("params: {q: \"a = '\\\\n<EMAIL>\\\\'\"}, quotes: backslash", None),
        ('params: {q: "a\\\\<EMAIL>"}', None),
    ],
)
def test_a_value_between_quotes_stays_there(words, found):
    """A text called `query` is GraphQL only if it holds a brace; a backslash of the author's own does nothing unknown to a quote."""
    assert mistakes(f"x: {{post: /g, {words}}}\n") == ([found] if found else [])
