"""The integration page: every fact of Zoom's, every shipped spec, and no text that becomes markup."""

from __future__ import annotations

import re

import pytest
import yaml

from engine.catalogue import load_file
from engine.core.retry import Patience
from engine.explain.blocks import Heading, Hyperlink, InlineCode, Items, Listing, Paragraph, TableBlock, joined, prose
from engine.explain.body_text import body_text
from engine.explain.connecting import every_scope, rate_words, rates_words, since_words
from engine.explain.docs_page import webpage
from engine.explain.markdown import code, markdown
from engine.explain.markdown import plain as escaped
from engine.explain.page import page
from engine.language.expressions.lossless_json import Number
from engine.language.load import check
from engine.language.model.body import mapped, parse_body
from engine.language.model.units import parse_duration, parse_rate
from engine.replaced import replace
from tests.conftest import ROOT
from tests.explain.reading import harmless, plain
from tests.language.test_zoom import CLASSIC, GRANULAR, PATHS

SPECS = sorted((ROOT / "specs").glob("*.yaml"))
ZOOM = load_file(ROOT / "specs" / "zoom.yaml")
FORMS = {"markdown": lambda vendor: plain(markdown(page(vendor))), "html": lambda vendor: harmless(webpage(page(vendor))).text}
MINIMAL = """
spec: 1
vendor: acme
base_url: https://api.example.com/v1
auth: {headers: {X-Key: <SECRET>}}
verify: {get: /me}
access:
  lookup: {get: /people, params: {q: <PHONE.digits>}, match: phone, capture: {ID: id}}
  endpoints:
    lists: {get: /people/<ID>/lists, records: lists, fields: none}
    entries: {get: /lists/<lists.id>/entries, records: entries, match: {owner.id: <ID>}, fields: [id, text]}
"""

# The facts of Zoom's integration page, in the order in which it gives them; each a pattern that the page must hold.
FACTS = {
    "connects by OAuth 2.0, authorization code": r"Zoom is connected by OAuth 2\.0 with the authorization code grant",
    "client id and secret": r"client ID and the client secret",
    "where they are obtained": r"Where to get the credentials.*marketplace\.zoom\.us.*Copy Client ID and Client Secret",
    "refresh token flow keeps it alive": r"refresh token flow keeps the connection alive: when an access token expires",
    "what becomes public can be used by others": r"a third party too, if they become public",
    "stored encrypted": r"keeps them encrypted \(AES-256-GCM; with\W+insecure-storage\W+it does not\)",
    "scopes are approved by you": r"You approve the scopes .* let Habeas read the objects that an access request needs",
    "new apps have granular scopes": r"granular scopes below, which every newly created app has",
    "older apps may keep classic ones": r"classic scopes, and may keep them when it is upgraded",
    "granular, in order": r"Granular scopes\W+" + r"\W+".join(map(re.escape, GRANULAR)) + r"\W+Classic",
    "classic, in order": r"Classic scopes\W+" + r"\W+".join(map(re.escape, CLASSIC)) + r"\W+Endpoints",
    "authorize": r"Request authorization\W+GET https://zoom\.us/oauth/authorize\b",
    "token": r"Get and refresh the access token\W+POST https://zoom\.us/oauth/token\b",
    "verify": r"Verify the connection and its access to the requested scopes\W+GET https://api\.zoom\.us/v2/users\b",
    "version": r"version 2 \( ?v2 ?\)",
    "a limit per account and period": r"how many requests one account may make in a period of time",
    "beyond it: 429": r"Beyond that, a request fails with HTTP 429",
    "waits, backs off, asks again": r"429 interrupts.*waits.*exponential backoff.*asks again",
    "checks the person by e-mail": r"Check whether Zoom knows a person by the data subject's e-mail address",
    "only then goes on": r"If the person matches",
    "settings": r"Retrieve Settings by user id",
    "meetings": r"Retrieve Meetings by user id",
    "webinars": r"Retrieve Webinars by user id",
    "recordings": r"Retrieve Cloud recordings by user id",
    "phone profile": r"Retrieve Zoom Phone profile by user id",
    "phone profile settings": r"Retrieve Zoom Phone profile settings by user id",
    "call logs": r"Retrieve Zoom Phone call logs by user id",
    "voicemails": r"Retrieve Zoom Phone voicemails by user id",
    "phone recordings": r"Retrieve Zoom Phone recordings by user id",
    "all fields, and a choice": r"all available fields are returned.*--only and --without choose which objects and fields",
    "direct contact access": r"Direct contact access",
    "the person's address": r"GET https://api\.zoom\.us/v2/users/\{EMAIL\}",
    "direct contact deletion": r"Direct contact deletion",
    "no legal advice": r"no legal advice. Ask a lawyer",
}


@pytest.mark.parametrize("form", FORMS)
def test_zooms_page_carries_every_fact(form):
    """Flows, scopes in their order, every address, version, limits, steps, direct contact, disclaimer: in both forms."""
    text = FORMS[form](ZOOM)
    assert [fact for fact, pattern in FACTS.items() if not re.search(pattern, text, re.IGNORECASE)] == []
    assert [path for path in PATHS if f"GET {path.replace('<', '{').replace('>', '}')}" not in text] == []
    assert all(gap in text for gap in ZOOM.gaps)
    assert all(f"Retrieve {one.title}" in text for one in ZOOM.endpoints.values())


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.stem)
def test_every_shipped_spec_renders(file):
    """In both forms, with every address that is asked, and a title in plain words for every endpoint."""
    vendor = load_file(file)
    for form in FORMS.values():
        text = form(vendor)
        assert all(one.title in text for one in vendor.endpoints.values())
        assert vendor.title in text
    assert [name for name, one in vendor.endpoints.items() if one.title == name] == []


def test_an_html_page_can_be_read_by_everybody():
    """One first heading, no level left out, captions and heads of tables, colours for light, dark and paper."""
    text = webpage(page(ZOOM))
    read = harmless(text)
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert len(read.named("table")) == len(read.named("caption")) == 3
    assert all(one.get("scope") in ("col", "row") for one in read.named("th"))
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


@pytest.mark.parametrize(("ink", "paper"), [("#1d2430", "#fff"), ("#556070", "#fff"), ("#e4e8ee", "#14181e"), ("#a3adba", "#14181e")])
def test_what_is_written_can_be_told_from_the_paper(ink, paper):
    """WCAG asks for a contrast of 4.5 at least."""

    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(one * 2 for one in colour[1:])
        parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
        linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert ink in webpage(page(ZOOM))
    high, low = sorted((light(ink), light(paper)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


HOSTILE = '<script>alert(1)</script> **x** [a](javascript:b) `c` | d & "e" \\ # f'


def test_no_text_of_a_spec_becomes_markup():
    """A title, a gap and an instruction of angle brackets, stars, bars and quotes are read as themselves."""
    vendor = replace(ZOOM, title=HOSTILE, gaps=(HOSTILE, "1. no list", "- none either"), direct_contact={})
    read = harmless(webpage(page(vendor)))
    assert read.text.count("<script>alert(1)</script> **x**") > 2
    lines = [line for line in markdown(page(vendor)).splitlines() if "alert" in line]
    assert lines
    for line in lines:
        assert not re.search(r"(?<!\\)[<>|[\]]", re.sub(r"^\||\|$| \| |<https://[^>]*>|`[^`]*`", "", line.replace(r"\`", "")))
    assert "- 1\\. no list" in markdown(page(vendor))
    assert "- \\- none either" in markdown(page(vendor))


def test_direct_contact_says_who_is_asked_for_what_and_what_follows():
    """An address stands with the page that publishes it, else the operator's is meant; silence blocks or is told to the person."""
    full = (ROOT / "tests/language/full.spec").read_bytes()
    text = markdown(page(check(full, "full.yaml")[0]))
    asked = "Asked for is: tickets. The answer is due within 21 days, a reminder follows every 7 days; then the person is told"
    assert asked in text
    assert "The vendor publishes the address `privacy@acme.example` at <https://acme.example/privacy>." in text
    assert "due within 14 days, a reminder follows every 5 days; then the release waits. The operator names the address" in text


@pytest.mark.parametrize(
    ("text", "written"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("``x", "``` ``x ```"), ("a\n b", "`a b`")],
)
def test_a_code_span_ends_where_it_should(text, written):
    """However many backticks are in it."""
    assert code(text) == written
    assert escaped("a *b*\nc") == "a \\*b\\* c"


def test_a_spec_of_few_words_has_a_page_too():
    """A key, no scopes, no limits, no gaps, no titles; records that lead to others, and what is kept of them."""
    vendor = check(MINIMAL.encode(), "acme.yaml")[0]
    text = FORMS["markdown"](vendor)
    assert "a key, sent in the header X-Key" in text
    assert "by the data subject's phone number" in text
    assert "Retrieve lists by id. It is only the way to what is asked next" in text
    assert "Retrieve entries, once per record of lists. Kept is only what agrees in owner.id. Returned are the fields id and text." in text
    assert "GET https://api.example.com/v1/lists/{lists.id}/entries" in text
    assert "No number is declared" in text
    assert "has no version" in text
    assert "Scopes" not in text
    assert "Direct contact" not in text


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        ("client_credentials", "Get the access token, each time anew"),
        ("account_credentials", "and the account ID"),
    ],
)
def test_each_grant_is_described_as_it_is(grant, words):
    """What nobody consents to says so, and is not called a refresh."""
    auth = f"auth: {{oauth2: {{grant: {grant}, token_url: https://api.example.com/t, scopes: [a b, c]}}, basic: '<SECRET>:'}}"
    vendor = check(MINIMAL.replace("auth: {headers: {X-Key: <SECRET>}}", auth).encode(), "acme.yaml")[0]
    text = FORMS["html"](vendor)
    assert words in text
    assert "refresh token flow" not in text
    assert "sent by HTTP Basic" in text
    assert "An app holds one family" not in text


def test_scopes_that_are_listed_nowhere_are_taken_from_the_requests():
    """The first alternative of each is what is needed."""
    granted = MINIMAL.replace("verify: {get: /me}", "verify: {get: /me, granted_by: [read me, all]}")
    assert "Scopes" in FORMS["markdown"](check(granted.encode(), "acme.yaml")[0])


def test_values_are_written_in_words():
    """Limits, spans and lists as people say them."""
    assert rate_words(parse_rate("100/10s")) == "100 in 10 seconds"
    assert rate_words(parse_rate("50/min each")) == "50 per minute for each request line"
    assert rates_words([parse_rate("1/h"), parse_rate("10 at once")]) == "1 per hour and 10 at once"
    assert rates_words([]) == "no limit declared"
    assert since_words(parse_duration("90m")) == "of the last 90 minutes"
    assert since_words(parse_duration("1mo")) == "of the last 1 month"
    assert joined(["a", "b", "c"]) == (InlineCode("a"), ", ", InlineCode("b"), " or ", InlineCode("c"))
    assert prose("see https://a.example/b, or http://127.0.0.1/c.") == (
        "see ",
        Hyperlink("https://a.example/b"),
        ", or ",
        InlineCode("http://127.0.0.1/c"),
        ".",
    )


def test_the_page_gives_the_engines_own_numbers(habeas):
    """The share that is used by default, and how long is waited."""
    text = FORMS["markdown"](ZOOM)
    assert "75 % of them" in text
    assert "default: 75" in re.sub(r"\s+", " ", habeas("run", "--help").stdout)
    assert f"{Patience().wait_max:.0f} seconds" in text


def test_the_command_writes_a_new_file_or_prints(habeas, tmp_path):
    """A file that is there is not written over; a format that is none, and a folder that is none, are said."""
    out = tmp_path / "zoom.html"
    assert habeas("docs", "zoom", "--format", "html", "--out", str(out)).returncode == 0
    harmless(out.read_text("utf-8"))
    before = out.read_bytes()
    for words in (("--out", str(out)), ("--format", "pdf"), ("--out", str(tmp_path / "no" / "x.md"))):
        told = habeas("docs", "zoom", *words)
        assert told.returncode == 2
        assert told.stderr.startswith("error: ")
    assert out.read_bytes() == before
    printed = habeas("docs", str(ROOT / "specs" / "zoom.yaml"))
    assert printed.stdout == markdown(page(ZOOM))
    assert str(ROOT) not in printed.stdout


PROVEN = """
    - {get: /people, params: {q: <EMAIL>}, match: email, capture: {ID: id}}
    - {get: /leads, params: {q: <EMAIL>}, match: mail, capture: {ID: id}}
    - {get: "/phones/<PHONE.digits>", match: {phone: <PHONE>, kind: person}, capture: {ID: id}}"""


def test_what_each_look_up_compares_is_told_for_what_it_is_asked_by():
    """An e-mail address is not said to agree with a phone number."""
    whole = MINIMAL.replace(" {get: /people, params: {q: <PHONE.digits>}, match: phone, capture: {ID: id}}", PROVEN)
    text = FORMS["markdown"](check(whole.encode(), "acme.yaml")[0])
    assert "in the answer: email or mail for the e-mail address, phone and kind for the phone number." in text
    assert "in the answer: phone." in FORMS["markdown"](check(MINIMAL.encode(), "acme.yaml")[0])


def test_what_belongs_to_the_account_is_called_by_its_title_or_its_name():
    """And where there are no scopes, none are verified."""
    shops = "discover: {shop_list: {get: /shops, capture: {SHOP: id}}, other: {get: /other, title: the tags, capture: {TAG: id}}}"
    whole = MINIMAL.replace("verify: {get: /me}", f"verify: {{get: /me}}\n{shops}").replace("{q: <PHONE", "{a: <SHOP>, b: <TAG>, q: <PHONE")
    text = FORMS["markdown"](check(whole.encode(), "acme.yaml")[0])
    assert "not to a person: the account's shop list and the tags." in text
    assert "The tags" in text
    assert "Verify the connection" in text
    assert "requested scopes" not in text


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.stem)
def test_the_contents_lead_to_every_section_request_and_search(file):
    """In their order; what is leapt to is there once, and a list of contents is told as one to those who hear it."""
    vendor = load_file(file)
    text = webpage(page(vendor))
    read = harmless(text)
    contents = text[text.index("<nav") : text.index("</nav>")]
    leaps = re.findall(r'href="#([^"]+)"', contents)
    assert read.named("nav") == [{"aria-labelledby": "contents"}]
    assert ["contents", *leaps] == read.places
    asked = {f"asked-{one.name}" for one in (*vendor.discover.values(), *vendor.lookups, *vendor.endpoints.values())}
    searches = {f"body-{one.name}" for one in vendor.requests() if one.body is not None}
    assert asked | searches == {one for one in leaps if one.startswith(("asked-", "body-"))}
    words = re.findall(r">([^<]+)</a>", contents[contents.index('href="#asked-') :])
    rows = words[: len(asked)]
    assert len(rows) == len(set(rows)), "two requests are called the same"
    assert re.findall(r"<h[23] id=\"([^\"]+)\"", text) == ["contents", *(one for one in leaps if one not in asked | searches)]


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.stem)
def test_a_search_is_shown_with_its_body(file):
    """Each reads back as what the spec sends, and is led to from its request; in both forms."""
    vendor = load_file(file)
    listings = {one.anchor: one.text for one in page(vendor) if isinstance(one, Listing)}
    searches = [one for one in vendor.requests() if one.body is not None]
    assert list(listings) == [f"body-{one.name}" for one in searches]
    for one in searches:
        text = listings[f"body-{one.name}"]
        assert yaml.safe_load(text) == mapped(one.body, lambda template: re.sub(r"[ ]+(?=\n)", "", str(template)))
        assert f"```yaml\n{text}\n```\n" in markdown(page(vendor))
        if one.name != "verify":
            assert webpage(page(vendor)).count(f'<a href="#body-{one.name}">its body</a>') == 1


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"query": "{ a }"}, "query: '{ a }'"),
        ({"query": "{ a\n  b }"}, "query: |-\n  { a\n    b }"),
        ({"query": "a  \nb\n"}, "query: |\n  a\n  b"),
        ({"a": {"b": ["<EMAIL>", "no"]}}, "a:\n  b: [<EMAIL>, 'no']"),
        ({"list": [{"id": "<ID>", "of": ["x"]}]}, "list:\n  - id: <ID>\n    of: [x]"),
        (["x", "y"], "[x, y]"),
        ({}, "{}"),
        ({"a": "\x1b[0m"}, 'a: "\\e[0m"'),
    ],
)
def test_a_body_is_written_as_a_spec_writes_it(content, text):
    """A query keeps its lines, what means something to YAML is quoted, and nothing in it acts on a terminal."""
    quoted = mapped(parse_body(content), str)
    assert body_text(parse_body(content)) == text
    assert yaml.safe_load(text) == mapped(quoted, lambda one: one) or "  \n" in str(content.get("query"))


def test_a_number_of_a_body_keeps_its_digits():
    """As the vendor will get it."""
    assert body_text({"a": Number("1.10"), "b": 3, "c": None, "d": True}) == "a: 1.10\nb: 3\nc: null\nd: true"


def test_a_search_says_where_its_pages_are_asked_for():
    """The places of its body, for every way to the next page; a search of one page says nothing."""
    search = "lists: {post: /lists, body: {of: <ID>, page: {limit: 100}}, records: lists, pagination: PAGES}"
    whole = MINIMAL.replace("lists: {get: /people/<ID>/lists, records: lists, fields: none}", search)
    told = {
        "{cursor: next, param: page.after, size: {page.limit: 100}}": "Its pages are asked for in page.limit and page.after",
        "{page: {number: 1}}": "Its pages are asked for in number",
        "{offset: skip}": "Its pages are asked for in skip",
        "{link: next}": None,
        "none": None,
    }
    for pages, words in told.items():
        text = FORMS["markdown"](check(whole.replace("PAGES", pages).encode(), "acme.yaml")[0])
        assert ("Its pages are asked for" in text) == (words is not None)
        assert words is None or words in text


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.stem)
def test_a_scope_is_a_whole(file):
    """Wherever one is named, in the instructions too, no line ends in it: not at a hyphen, not at a colon."""
    vendor = load_file(file)
    text = webpage(page(vendor))
    for scope in (one for one in every_scope(vendor) if not one.isalnum()):
        written = r"(?:<wbr>)?".join(map(re.escape, scope))
        every = [found for found in re.findall(rf"(?:<code[^>]*>)?(?<![\w:.-]){written}(?![\w:-]|\.\w)", text) if "http" not in found]
        assert every
        assert all(found.startswith('<code class="whole') for found in every), scope


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("read:org", '<code class="whole">read:<wbr>org</code>'),
        ("--without", '<code class="whole">--without</code>'),
        ("a" * 35, f'<code class="whole long">{"a" * 35}</code>'),
        ("GET https://a.example/b/{C}", "<code>GET https://a.example/<wbr>b/<wbr>{C}</code>"),
    ],
)
def test_code_says_where_it_may_be_broken(text, written):
    """One word nowhere on a page wide enough for it, an address between its segments."""
    assert written in webpage((Heading(1, "x"), Paragraph((InlineCode(text),))))


def test_a_page_without_sections_has_no_contents():
    """And one whose tables have no places lists its sections alone."""
    assert "<nav" not in webpage((Heading(1, "x"), Paragraph(("y",))))
    text = webpage((Heading(1, "x"), Heading(2, "A & B"), TableBlock("c", ("d",), ((("e",),),)), Heading(3, "f"), Items((("g",),))))
    assert '<a href="#a-b">A &amp; B</a>\n<ul>\n<li><a href="#f">f</a>\n</li></ul></li></ul>\n</nav>' in text


def test_scopes_are_found_in_prose_as_whole_words():
    """The longer one first; a word of English that is a scope too stays a word."""
    line = prose("Add read:user:admin, read:user and content; see x.read:user.", ["read:user", "read:user:admin", "content"])
    assert line == ("Add ", InlineCode("read:user:admin"), ", ", InlineCode("read:user"), " and content; see x.read:user.")
