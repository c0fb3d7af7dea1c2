"""Each mistake that can be made in a spec, as a pair of files: the spec, and the exact text that explains it."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.catalogue import load_file
from engine.language import recovery
from engine.language.load import check, load
from engine.language.text.mistakes import Mistake, Position, SpecError, did_you_mean
from engine.language.text.syntax import syntax
from engine.spec_files import contents

HERE = Path(__file__).parent
PAIRS = sorted(HERE.glob("*.yaml"))
HINT = re.compile(r"\^ |^ += ", re.MULTILINE)
SILENT = ["bad_window_since", "removed_host", "template_in_a_name", "too_long_a_step"]
SEVERAL = {
    *("alias", "endpoint_twice", "body_with_two_bad_texts", "mistakes_in_two_endpoints", "several_at_once"),
    *("first_draft_of_a_search", "first_draft_with_jmespath", "first_draft_with_colons"),
    *("note_family_without_scope", "setting_of_a_taken_variable", "note_unlisted_scope_by_default"),
}
ZOOM = (HERE.parent.parent / "specs" / "zoom.yaml").read_bytes()


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_mistake_is_explained_to_the_letter(path):
    """What is printed is the file beside the spec: place, line, caret, and what was meant."""
    raw = path.read_bytes()
    expected = path.with_suffix(".err").read_text("utf-8")
    if path.stem.startswith("note_"):
        notes = check(raw, path.name)[1]
        assert "\n".join(note.show(raw.decode().splitlines()) for note in notes) + "\n" == expected
        return
    with pytest.raises(SpecError) as caught:
        load(raw, path.name)
    assert f"{caught.value}\n" == expected
    assert caught.value.exit_code == 2


def test_each_of_many_mistakes_is_explained_on_one_screen_and_once():
    """In 24 lines of 100 columns, in one message; several stand only where several mistakes are made."""
    assert len(PAIRS) >= 240
    for path in PAIRS:
        told = path.with_suffix(".err").read_text("utf-8").splitlines()
        assert len(told) <= 24, path.stem
        assert max(map(len, told)) <= 100, path.stem
        messages = sum(line.startswith(("error: ", "note: ")) for line in told)
        assert (messages > 1) is (path.stem in SEVERAL), path.stem


def test_nearly_every_mistake_says_what_to_write():
    """A hint stands behind the caret, or below it; the others say it in so many words."""
    silent = [path.stem for path in PAIRS if not HINT.search(path.with_suffix(".err").read_text("utf-8"))]
    assert silent == SILENT


ROUNDS = [
    (
        "first_draft_of_a_search",
        [
            ("paging: {}}", "paging: {after: null}}"),
            ("{contacts.list[].id: <EMAIL>}", "email"),
            ("      paginations: none\n", ""),
            ("      for: {TICKET: [<tickets.id>]}\n", ""),
            ("/tickets/<TICKET>/notes", "/notes"),
        ],
    ),
    (
        "first_draft_with_jmespath",
        [
            ("[orders][0]", '"[orders][0]"'),
            ("*.tickets", '"*.tickets"'),
            ("      rate: calls\n", ""),
            ("USERID", "USER_ID"),
            ("callls", "calls"),
        ],
    ),
    (
        "first_draft_with_colons",
        [("{filter: owner: x}", '{filter: "owner: x"}'), ("data: orders", "data.orders"), ("      window: {step: 28d, since: 6mo}\n", "")],
    ),
]


@pytest.mark.parametrize(("name", "mended"), ROUNDS)
def test_whoever_mends_all_that_is_told_is_done(name, mended):
    """Every mistake of a file comes at once, those behind a line that is no YAML too: there is no second round."""
    text = (HERE / f"{name}.yaml").read_text("utf-8")
    for old, new in mended:
        assert old in text
        text = text.replace(old, new, 1)
    assert load(text.encode(), "x.yaml").endpoints


def positions_lie_inside(error: SpecError, text: str) -> None:
    lines = text.splitlines() or [""]
    assert error.mistakes
    for one in error.mistakes:
        assert 1 <= one.at.line <= len(lines) + 1
        assert one.at.column >= 1


def never_another_error(raw: bytes) -> None:
    """Load whatever it is: a vendor, or a SpecError with places."""
    try:
        load(raw, "x.yaml")
    except SpecError as error:
        positions_lie_inside(error, raw.decode("utf-8", "replace"))
        assert str(error)


LINES = ZOOM.decode().splitlines()
ODD = st.sampled_from(
    [
        "!x",
        "&a",
        "*a",
        "<<",
        "''",
        "[]",
        "{}",
        "[[",
        "}",
        "\t",
        "<X>",
        "<a.b>",
        "none",
        "1",
        "-1",
        "null",
        "a..b",
        "x: y",
        ": ",
        "#",
        "%",
        "@",
        "`",
        "9" * 400,
        "😀",
    ]
)


@given(st.data())
def test_a_mutated_spec_is_never_met_with_anything_but_its_own_error(data):
    """Lines deleted, doubled, swapped, indented, or with odd words in them."""
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["delete", "double", "swap", "indent", "odd", "cut"]))
        if kind == "delete":
            del lines[index]
        elif kind == "double":
            lines.insert(index, lines[index])
        elif kind == "swap":
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[index], lines[other] = lines[other], lines[index]
        elif kind == "indent":
            lines[index] = "  " + lines[index]
        elif kind == "odd":
            head, colon, _ = lines[index].partition(":")
            lines[index] = head + colon + " " + data.draw(ODD)
        else:
            lines[index] = lines[index][: data.draw(st.integers(0, len(lines[index])))]
    never_another_error("\n".join(lines).encode())


@given(st.binary(max_size=300))
def test_bytes_are_never_met_with_anything_but_its_own_error(raw):
    """Any bytes at all."""
    never_another_error(raw)


@given(
    st.recursive(
        st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["spec", "vendor", "access", "lookup", "get", "auth", "oauth2", "match", "x"]), inner, max_size=4
            )
        ),
        max_leaves=20,
    )
)
def test_any_tree_of_values_is_never_met_with_anything_but_its_own_error(value):
    """YAML of the right form and the wrong content."""
    never_another_error(yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass"))


def test_what_cannot_be_mended_in_time_hides_no_other_mistake_and_ends(monkeypatch):
    """Looking for further mistakes in a spec with mistakes of form has an end; the first ones are told all the same."""
    monkeypatch.setattr(recovery, "MOST_ROUNDS", 0)
    with pytest.raises(SpecError) as caught:
        load(ZOOM.replace(b"records: webinars", b"record: webinars"), "x.yaml")
    assert [one.message for one in caught.value.mistakes] == ["unknown key `record` in endpoint `webinars`"]


@pytest.mark.parametrize(
    "raw",
    [
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((98 + i, 98 + i) + (97 + i,) * 9) for i in range(12)),
        b"[" * 5000,
        b"a: " + b"{a: " * 1000,
        b"- " * 5000,
        b"? " * 500,
        b"a: " + b"'" * 3001,
        b"spec: 1\n" * 20000,
        b"x: \xed\xa0\x80",
        b"\x00",
        b"%YAML 9.9\n---\nspec: 1\n",
        b'x: "\\ud800"\n',
    ],
    ids=range(11),
)
def test_bombs_go_off_harmlessly(raw):
    """Aliases of aliases, nesting without end, and other traps are mistakes like any other."""
    with pytest.raises(SpecError):
        load(raw, "x.yaml")


@pytest.mark.parametrize(
    ("raw", "words"), [(b"~", "`~` is YAML's word for no value"), (b"*x", "a spec is a map"), (b"!!int 1", "a spec is a map")]
)
def test_a_file_that_is_one_word_is_no_spec(raw, words):
    """What YAML knows and a spec does not is left out, though nothing stands around it."""
    with pytest.raises(SpecError, match=words):
        load(raw, "x.yaml")


def test_a_hundred_megabytes_are_refused_without_being_read(tmp_path):
    """A file over 256 KiB is no spec; memory does not grow by its size."""
    path = tmp_path / "big.yaml"
    with path.open("wb") as stream:
        stream.truncate(100 * 2**20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SpecError, match="larger than 256 KiB"):
        load_file(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_file_that_cannot_be_read_is_a_mistake_of_its_own(tmp_path):
    """A folder in the place of a file is said to be one."""
    with pytest.raises(SpecError, match="cannot be read"):
        contents(tmp_path)


def test_of_a_line_without_end_the_part_around_the_place_is_shown():
    """A caret still stands under the word that is meant, and nothing is wider than a terminal."""
    line = f"x: [{'a, ' * 200}wrong, {'b, ' * 200}]"
    shown = Mistake("too much", Position(1, line.index("wrong") + 1, 5), "less").show([line]).splitlines()
    assert shown[2].startswith("1| ...")
    assert shown[2].endswith("...")
    assert shown[2][shown[3].index("^") :].startswith("wrong")
    assert shown[3].endswith("^^^^^ less")
    assert max(map(len, shown)) <= 100
    assert Mistake("too much", Position(1, 500)).show(["x" * 1000]).splitlines()[3].endswith("^")


def test_what_is_long_goes_on_in_the_next_line():
    """A message and a hint of many words, each under its beginning."""
    shown = Mistake("word " * 40, Position(12, 3, 1), "hint " * 40).show([""] * 11 + ["a: b"]).splitlines()
    assert max(map(len, shown)) <= 100
    assert shown[1].startswith("       word")
    assert sum(line.startswith("     hint") for line in shown) == 2
    assert Mistake("gone", Position(7, 1), "see there").show([]) == "error: gone\n --> :7:1\n  = see there"


def test_control_characters_do_not_reach_the_terminal():
    """An escape sequence in a spec is shown as question marks."""
    with pytest.raises(SpecError) as caught:
        load(b'spec: 1\nvendor: "a\\e[31m"\n\xc2\x9b: 1\n', "x.yaml")
    assert "\x1b" not in str(caught.value)
    assert "\x9b" not in str(caught.value)


def test_the_nearest_word_is_named_or_all_where_they_are_few():
    """A far-off word among many gets no hint."""
    assert did_you_mean("recods", ["records", "key"]) == "did you mean `records`?"
    assert did_you_mean("zzz", ["a", "b"]) == "known here: a, b"
    assert did_you_mean("zzz", [str(number) for number in range(40)]) is None
    assert did_you_mean("zzz", []) is None


def test_a_thousand_mistakes_are_told_without_a_search_for_more():
    """Each of them once; what else might be wrong would cost a wait that grows with their square."""
    raw = (HERE / "bad_jmespath.yaml").read_bytes().replace(b"key: a..b", b"key: a") + b"".join(b"k%d: v\n" % one for one in range(1000))
    with pytest.raises(SpecError) as error:
        load(raw, "a.yaml")
    assert len(error.value.mistakes) == 1000


def test_what_a_parser_may_say_tomorrow_is_told_as_it_is():
    """A problem that we have no words for keeps its own; a place outside the text is its beginning."""
    mark = yaml.Mark("x", 0, 0, 2, "a: b", 2)
    told = syntax(yaml.MarkedYAMLError(problem="found a new thing", problem_mark=mark), ["a: b"])
    assert (told.message, told.at) == ("not YAML: found a new thing", Position(1, 3))
    assert syntax(yaml.reader.ReaderError("x", 99, 1, "utf-8", "no"), ["a"]).at == Position(1, 1)
