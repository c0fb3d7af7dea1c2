"""Packages of vendors that send what no vendor should: what is withheld is in no byte, and what is missing is said."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
import urllib.parse
from unittest.mock import patch

import pytest

from engine.case import acts
from engine.package.seal import seal
from tests.case.acts_kit import NOW
from tests.case.invented import decided, opened_with, page, run_folder
from tests.case.package_kit import approved, bag_of, built, give_all, open_here
from tests.case.test_commands import files, home_of, state

OTHER = "Zacharias Quellwasser"
LONG = "x" * 11_000
HOLD = acts.Decided(operation="hold", target=acts.Target(vendor="acme", endpoint="calls"), because="privilege")


def line(record: object) -> bytes:
    """Write a record as a line."""
    return json.dumps(record).encode() + b"\n"


def plainly(text: str) -> str:
    """Write a text so that capitals, width, accents and what stands between letters and digits make no difference."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))


def ways_to_read(raw: bytes) -> list[str]:
    """Give what a patient reader could make of the bytes of a file: its escapes undone, again and again."""
    text, found = raw.decode("utf-8", "replace"), []
    for _ in range(4):
        found.append(text)
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text).replace("\\", "")
        text = html.unescape(urllib.parse.unquote(text, errors="replace"))
    for word in re.findall(rb"[A-Za-z0-9+/_-]{8,}", raw)[:5000]:
        found.append(base64.b64decode(word.translate(bytes.maketrans(b"-_", b"+/"))[: len(word) // 4 * 4]).decode("utf-8", "replace"))
    return [plainly(one) for one in found]


def holding(habeas, value: str) -> list[str]:
    """Name the files of the package in which a value stands, searched without the package's own search; words turned round too."""
    wanted = {plainly(value), plainly(" ".join(reversed(value.split())))}
    everything = {**files(bag_of(habeas)), **{f"name of {name}": name.encode() for name in files(bag_of(habeas))}}
    return [name for name, raw in everything.items() if any(one in text for text in ways_to_read(raw) for one in wanted)]


HOSTILE = [
    ("a list", {"l": ["a", OTHER, OTHER]}, ["/l/1", "/l/2"]),
    ("a place in a list that is its own value", {"l": [0, 1, 2], "w": OTHER}, ["/l/0", "/l/1", "/w"]),
    ("prototypes", {"__proto__": {"constructor": OTHER}, "toString": 1}, ["/__proto__/constructor"]),
    ("a script in a name", {"</script><b>": OTHER, "<!--": 1}, ["/<~1script><b>"]),
    ("half a character", {"l": ["\ud800", OTHER], "n": "\udc00"}, ["/l/1"]),
    ("a longer cell than a page shows", {"n": LONG + OTHER}, ["/n"]),
    ("words of ours", {"n": f"[withheld: another person] person 3 {OTHER}", "m": "[withheld: another person]"}, ["/n"]),
    ("JSON in JSON", {"n": json.dumps({"a": json.dumps({"b": OTHER})})}, ["/n"]),
    ("an address", {"n": "https://a.example/?q=" + urllib.parse.quote(OTHER)}, ["/n"]),
    ("a number", {"n": 49301234567890, "m": -0.0}, ["/n"]),
    ("other signs", {"n": "Ｚａｃｈａｒｉａｓ Ｑｕｅｌｌｗａｓｓｅｒ"}, ["/n"]),
]  # fmt: skip


@pytest.mark.parametrize("operation", ["mask", "drop", "alias"])
@pytest.mark.parametrize(("record", "places"), [one[1:] for one in HOSTILE], ids=[one[0] for one in HOSTILE])
def test_what_is_withheld_is_in_no_byte_whatever_it_stands_in(habeas, tmp_path, record, places, operation):
    """Searched by other means than the package's own: in names, pages, tables and documents. All else is there, and is verified."""
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line(record) + line({"kept": "Kept Sentence"})}))
    decided(habeas, operation, *(f"acme/calls:1#{place}" for place in places))
    give_all(habeas)
    built(habeas)
    assert holding(habeas, OTHER) == []
    assert holding(habeas, "49301234567890") == []
    assert holding(habeas, "Kept Sentence")
    told = json.loads((bag_of(habeas) / "data/completeness.json").read_text())["services"][0]["kinds"][0]
    assert sum(told["places"].values()) == len(places)
    assert json.loads(habeas("package", "verify", str(bag_of(habeas)), "--json").stdout)["faults"] == []


def test_a_place_that_the_log_cannot_name_is_refused_in_words(habeas, tmp_path):
    """Half a character in the name of a field: the whole record can be decided about, and is then in no byte."""
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"\ud800": OTHER}) + line({"n": 1})}))
    done = habeas("review", "mask", "DSR-17", "acme/calls:1#/\ud800", "--because", "third_party")
    assert done.returncode == 2
    assert "decide on the whole record" in done.stderr
    decided(habeas, "hold", "acme/calls:1")
    give_all(habeas)
    built(habeas)
    assert holding(habeas, OTHER) == []


@pytest.mark.parametrize("vendor", ["acme", "files", "completeness"])
def test_a_value_that_is_withheld_once_and_stands_elsewhere_is_refused_whatever_the_vendor_is_called(habeas, tmp_path, vendor):
    """Also where only the data hold it, since a page shows the beginning of so long a text."""
    records = line({"who": OTHER}) + line({"note": LONG + " " + OTHER})
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": records}, vendor=vendor))
    decided(habeas, "mask", f"{vendor}/calls:1#/who")
    give_all(habeas)
    done = habeas("package", "build", "DSR-17")
    assert done.returncode == 5
    assert "; stands in " in done.stderr
    assert f"in data/{vendor}/calls.json, line 3" in done.stderr
    assert OTHER not in done.stderr


def test_the_name_of_a_file_that_is_withheld_leaves_no_more_than_the_file(habeas, tmp_path):
    """An owner called it after somebody: neither list nor table says so."""
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"n": 1})}))
    letter = tmp_path / f"{OTHER}.txt"
    letter.write_text("hello")
    assert habeas("case", "add", "DSR-17", str(letter), "--vendor", "hris").returncode == 0
    decided(habeas, "hold", "hris/received/hris/1/file-1.txt")
    give_all(habeas)
    built(habeas)
    assert holding(habeas, OTHER) == []
    assert "another person" in (bag_of(habeas) / "data/hris/files/list.csv").read_text()


def delete(path) -> None:
    """Take a file away."""
    path.unlink()


def cut(path) -> None:
    """Leave the first line."""
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])


def other_record(path) -> None:
    """Say of a file that it belongs to another record: one that is not withheld."""
    path.write_bytes(path.read_bytes().replace(b'"record_line": 1', b'"record_line": 2'))


def other_bytes(path) -> None:
    """Change the last byte."""
    path.write_bytes(path.read_bytes()[:-2] + b"}\n")


LOST = [
    ("runs/acme/calls.files.jsonl", delete),
    ("runs/acme/calls.files.jsonl", cut),
    ("runs/acme/calls.files.jsonl", other_record),
    ("runs/acme/calls.jsonl", delete),
    ("runs/acme/calls.jsonl", cut),
    ("runs/acme/manifest.json", other_bytes),
    ("runs/acme/files/calls/a.txt", delete),
    ("runs/acme/files/calls/a.txt", other_bytes),
    ("received/hris/1/file-1.txt", delete),
    ("received/hris/1/file-1.txt", other_bytes),
    ("received/hris/1/about.json", delete),
]


@pytest.mark.parametrize(("name", "change"), LOST, ids=[f"{change.__name__} {name}" for name, change in LOST])
def test_nothing_that_was_taken_in_is_lost_unsaid(habeas, tmp_path, name, change):
    """A run or a file that is no longer as it was taken in is refused: neither left out, nor given as another record's."""
    records = line({"n": 1}) + line({"n": 2})
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": records}, {"calls/a.txt": b"hello", "calls/b.txt": b"world"}))
    letter = tmp_path / "letter.txt"
    letter.write_text("hello")
    assert habeas("case", "add", "DSR-17", str(letter), "--vendor", "hris").returncode == 0
    give_all(habeas)
    change(home_of(habeas) / "cases/DSR-17" / name)
    done = habeas("package", "build", "DSR-17")
    assert done.returncode in (2, 3, 5), done.stdout
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr
    assert not bag_of(habeas).exists()


def test_a_file_that_is_in_doubt_is_told_of_as_such(habeas, tmp_path):
    """It is given, the first page does not say that nothing is missing, and the list says why."""
    doubt = {"reason": "it is shorter than was announced"}
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"n": 1})}, {"calls/a.txt": b"hello"}, listed=doubt))
    give_all(habeas)
    built(habeas)
    assert (bag_of(habeas) / "data/acme/files/calls-0001.txt").read_bytes() == b"hello"
    assert "it is in doubt whether it is whole" in page(habeas, "read/acme-calls-files.html")
    assert "Every service answered in full" not in page(habeas)
    assert "1 file of Calls" in page(habeas)


def test_by_what_nobody_has_a_word_for_is_still_a_sentence(habeas, tmp_path):
    """A vendor's own kind of identifier."""
    subject = {"outcome": "matched", "identified_by": ["EMAIL", "EMPLOYEE_ID", "BADGE"]}
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"n": 1})}, subject=subject))
    give_all(habeas)
    built(habeas)
    how = json.loads((bag_of(habeas) / "data/completeness.json").read_text())["services"][0]["how"]
    assert how == "Searched for your e-mail address and other details."


def test_an_excuse_for_what_a_later_run_changed_is_not_repeated(habeas, tmp_path):
    """It was denied, and is now there in part: the sentence about the refusal would be untrue."""
    for outcome in ("denied", "partial"):
        ends = {"calls": {"title": "Calls", "outcome": outcome, "records": 1}}
        opened_with(habeas, run_folder(tmp_path / outcome, {"calls": line({"n": 1})}, endpoints=ends))
        if outcome == "denied":
            assert habeas("case", "excuse", "DSR-17", "acme/calls", "--say", "They refused.").returncode == 0
    assert habeas("case", "excuse", "DSR-17", "acme", "--say", "They gave a part.").returncode == 0
    give_all(habeas)
    built(habeas)
    assert "They refused." not in page(habeas)
    assert "They gave a part." in page(habeas)


@pytest.mark.parametrize("name", ["more", "lookup"])
def test_records_of_which_the_manifest_says_nothing_are_not_left_out(habeas, tmp_path, name):
    """The answer would say that it is whole."""
    ends = {"calls": {"title": "Calls", "outcome": "complete", "records": 1}}
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"n": 1}), name: line({"n": 2})}, endpoints=ends))
    give_all(habeas)
    done = habeas("package", "build", "DSR-17")
    assert done.returncode == 5
    assert f"runs/acme/{name}.jsonl holds records of which the manifest beside it says nothing" in done.stderr


@pytest.fixture
def ready(habeas, tmp_path):
    """A small case whose package is approved."""
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"n": 1})}))
    give_all(habeas)
    approved(habeas)
    return habeas


def nothing_left(habeas) -> bool:
    """Whether no sealed package lies there, and none is recorded."""
    return not [*bag_of(habeas).parent.glob("DSR-17.*")] and "released" not in [one["did"] for one in state(habeas)["acts"]]


@pytest.mark.parametrize("act", [acts.Denied(why="excessive"), acts.Withdrawn()], ids=["denied", "withdrawn"])
def test_what_was_approved_does_not_leave_a_case_that_ended(ready, act):
    """Denied or withdrawn after the approval."""
    open_here(ready).act(act, NOW)
    done = ready("package", "release", "DSR-17", "--seal", "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert nothing_left(ready)


def test_what_cannot_be_recorded_is_not_handed_over(ready):
    """Somebody else decides while it is sealed: no word of a package to hand over, and none lies there."""
    case = open_here(ready)

    def meanwhile(*given: object) -> object:
        case.act(HOLD, NOW)
        return seal(*given)

    with patch("engine.case.release.seal", meanwhile):
        done = ready("package", "release", "DSR-17", "--seal", "none")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert nothing_left(ready)


def test_only_what_was_built_is_approved(ready):
    """A page that was changed after the build is found before anybody approves it."""
    open_here(ready).act(HOLD, NOW)
    built(ready)
    (bag_of(ready) / "index.html").write_text("nothing is missing")
    done = ready("package", "approve", "DSR-17")
    assert (done.returncode, done.stdout) == (5, "")
    assert "is not the package that was built: index.html was changed" in done.stderr
    assert state(ready)["state"] == "reviewing"


def test_what_was_not_searched_is_not_called_clean(habeas, tmp_path):
    """A picture among the files; and a value that is given elsewhere by decision."""
    records = line({"who": OTHER}) + line({"who": OTHER, "n": 1})
    others = {
        "calls/a.png": b"hello",
        "calls/b.csv": OTHER.encode("utf-16"),
        "calls/c.txt": "Müller".encode("latin-1"),
        "calls/d.txt": "Müller".encode(),
    }
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": records}, others))
    decided(habeas, "mask", "acme/calls:1#/who")
    decided(habeas, "give", "acme/calls:2#/who", because="known_to_them")
    give_all(habeas)
    done = habeas("package", "build", "DSR-17")
    assert done.returncode == 0, done.stderr
    assert "none of it was found" not in done.stdout
    assert "something of it stands in it all the same" in done.stdout
    assert "Then: habeas package approve DSR-17 --also-given" in done.stdout
    assert "Not searched, being no text in UTF-8: 3 files of those handed over." in done.stdout


WHOLE = {
    "a.csv": b"name;of\r\nBea;x\r\n",
    "b.tsv": b"name\tof\r\nx\tBea",
    "c.json": b'{"n":"Bea"}',
    "d.html": b"<td>Bea</td>",
    "e.csv": b"n,of\r\nBea came,x\r\n",
}


def test_a_short_value_is_compared_with_the_cells_of_a_file_that_is_given(habeas, tmp_path):
    """It was said of short values that they were; whatever parts the cells, and not where it is only a part of one."""
    given = {f"calls/{name}": raw for name, raw in WHOLE.items()}
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"who": "Bea"})}, given))
    decided(habeas, "mask", "acme/calls:1#/who")
    give_all(habeas)
    said = habeas("package", "build", "DSR-17").stdout
    assert [f"calls-{number:04}." in said for number in range(1, 6)] == [True, True, True, True, False]


LATE = b"a" * (1 << 18)
HIDDEN = {
    "a mail in Base64": ("eml", b"Content-Transfer-Encoding: base64\n\n" + base64.b64encode(OTHER.encode())),
    "a mail's subject": ("eml", LATE[:-4] + b"\nSubject: =?utf-8?B?" + base64.b64encode(OTHER.encode()) + b"?=\n\nhello"),
    "other letters far behind": ("txt", LATE + b"a" + "M\u00fcller".encode("latin-1")),
    "half a letter at the end": ("txt", b"M\xc3"),
}


@pytest.mark.parametrize(("ending", "raw"), HIDDEN.values(), ids=HIDDEN.keys())
def test_a_file_in_which_a_value_could_hide_is_told_of_as_not_searched(habeas, tmp_path, ending, raw):
    """However far behind it is no text: somebody must look there."""
    given = {
        f"calls/a.{ending}": raw,
        "calls/b.eml": b"Subject: plain\n\nhello",
        "calls/c.tsv": LATE[1:] + "M\u00fcller".encode(),
        "calls/d.srt": b"hi",
    }
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"n": 1})}, given))
    give_all(habeas)
    assert "Not searched, being no text in UTF-8: 1 file of those handed over." in habeas("package", "build", "DSR-17").stdout


def test_another_key_than_the_package_names_does_not_sign_it(ready):
    """It was replaced after the build: who checks as the first page says would be told that it is a forgery."""
    for part in home_of(ready).glob("signing.*"):
        part.unlink()
    done = ready("package", "release", "DSR-17", "--seal", "none")
    assert (done.returncode, done.stdout) == (5, "")
    assert "is another one than when" in done.stderr
    assert nothing_left(ready)
    approved(ready)
    assert ready("package", "release", "DSR-17", "--seal", "none").returncode == 0
    assert ready("package", "verify", str(bag_of(ready))).returncode == 0


def test_every_file_is_searched_and_each_that_holds_a_value_is_named(habeas, tmp_path):
    """Data, table and page."""
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"who": OTHER}) + line({"note": f"met {OTHER}"})}))
    decided(habeas, "mask", "acme/calls:1#/who")
    give_all(habeas)
    done = habeas("package", "build", "DSR-17")
    assert done.returncode == 5
    for name in ("data/acme/calls.json", "data/acme/calls.csv", "read/acme-calls-1.html"):
        assert f"in {name}, line " in done.stderr.partition("; stands ")[2]


def test_a_value_in_a_file_that_was_given_is_to_be_confirmed(habeas, tmp_path):
    """A file is given as it is, by a decision: what stands in it is named, and does not stop the build."""
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"who": OTHER})}, {"calls/a.txt": OTHER.encode()}))
    decided(habeas, "mask", "acme/calls:1#/who")
    give_all(habeas)
    done = habeas("package", "build", "DSR-17")
    assert done.returncode == 0, done.stderr
    assert "stands in data/acme/files/calls-0001.txt, line 1" in done.stdout
    assert habeas("package", "approve", "DSR-17").returncode == 3
    assert habeas("package", "approve", "DSR-17", "--also-given").returncode == 0
