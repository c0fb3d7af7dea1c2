"""What a hostile bag could do to those who verify it: each thing is named, nothing is followed, unpacked, written or waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.package import bag_check
from engine.package.bag import sha256_of, sign
from engine.package.bag_names import BAG_INFO, BAGIT, COMPLETENESS, HEAD, INDEX, INFORMATION, MANIFEST, SIGNATURE, TAG_MANIFEST, WITHHELD
from engine.package.content import RECEIVED
from engine.package.records import WHOLE_RECORD
from engine.package.signature import sign_bytes
from engine.package.verify_bag import verify
from tests.package.bags import KEY, MEETINGS, NOW, close, edit, zipped
from tests.package.bags import bag as make_bag
from tests.package.test_bag import bytes_of


def texts(path: Path, signers: Path | None = None) -> list[str]:
    """Give the sentences about what is wrong."""
    verdict = verify(path, signers, now=NOW)
    assert verdict.exit_code == 3 or not verdict.faults
    return [fault.text for fault in verdict.faults]


def resum(folder: Path, name: str) -> None:
    """Write the sum of a tag file anew, and sign again."""
    lines = (folder / TAG_MANIFEST).read_text().splitlines()
    kept = [line for line in lines if line.split()[1] != name]
    (folder / TAG_MANIFEST).write_text("\n".join([*kept, f"{sha256_of(folder / name)}  {name}", ""]))
    sign(folder, KEY, folder.parent)


def manifest(change: Callable[[str], str], name: str = MANIFEST) -> Callable[[Path], None]:
    """Change a manifest; the tag manifest and the signature are right again."""

    def act(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_text()).encode("utf-8", "surrogateescape"))
        if name != TAG_MANIFEST:
            resum(folder, name)

    return act


def line(name: str) -> Callable[[Path], None]:
    """Add a line to the manifest."""
    return manifest(lambda text: f"{text}{'0' * 64}  {name}\n")


def tag(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    """Change a tag file; its sum and the signature are right again."""
    return manifest(change, name)


def document(name: str, change: Callable) -> Callable[[Path], None]:
    """Change a document, and close and sign the package again."""

    def act(folder: Path) -> None:
        edit(folder / name, change)
        close(folder)

    return act


def file(name: str, content: bytes, *, again: bool = True) -> Callable[[Path], None]:
    """Write a file, and close and sign the package again."""

    def act(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        if again:
            close(folder)

    return act


def retold(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    """Change the text of a file, and close and sign the package again."""

    def act(folder: Path) -> None:
        (folder / name).write_text(change((folder / name).read_text()))
        close(folder)

    return act


def without(name: str) -> Callable[[Path], None]:
    """Take a file away, with its folder where nothing else lies there, and close and sign the package again."""

    def act(folder: Path) -> None:
        (folder / name).unlink()
        with suppress(OSError):
            (folder / name).parent.rmdir()
        close(folder)

    return act


def kind(number: int, **values: object) -> Callable[[Path], None]:
    """Change what completeness.json says of a kind of record."""
    return document(COMPLETENESS, lambda told: told["services"][0]["kinds"][number].update(values))


NOT_NAMED = "has a name of other characters than letters, digits, `.`, `_` and `-`"
ODD: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "parent": (line("../x"), [f"{MANIFEST}:6: ../x leaves the bag"]),
    "inner parent": (line("data/../../x"), [f"{MANIFEST}:6: data/../../x leaves the bag"]),
    "absolute": (line("/etc/passwd"), [f"{MANIFEST}:6: /etc/passwd leaves the bag"]),
    "drive": (line("C:/x"), [f"{MANIFEST}:6: C:/x leaves the bag"]),
    "backslash": (line("data\\..\\x"), [f"{MANIFEST}:6: data\\..\\x leaves the bag"]),
    "nul": (line("data/a\0b"), [f"{MANIFEST}:6: data/a\\x00b leaves the bag"]),
    "encoded line feed": (line("data/a%0Ab"), [f"{MANIFEST}:6: data/a\\nb {NOT_NAMED}"]),
    "encoded return": (line("data/a%0db"), [f"{MANIFEST}:6: data/a\\rb {NOT_NAMED}"]),
    "encoded per cent": (line("data/a%25b"), [f"{MANIFEST}:6: data/a%b {NOT_NAMED}"]),
    "home": (line("~/x"), [f"{MANIFEST}:6: ~/x {NOT_NAMED}"]),
    "dot": (line("data/./x"), [f"{MANIFEST}:6: data/./x {NOT_NAMED}"]),
    "turned": (line("data/\u202egpj.exe"), [f"{MANIFEST}:6: data/\\u202egpj.exe {NOT_NAMED}"]),
    "another end of line": (line(f"data/a\u2028{'0' * 64}  data/b"), [f"{MANIFEST}:6: data/a\\u2028{'0' * 64}  data/b {NOT_NAMED}"]),
    "empty line": (manifest(lambda text: f"{text}\n"), [f"{MANIFEST}:6 is no sha256 and name of a file"]),
    "terminal": (line("data/\x1b[2J"), [f"{MANIFEST}:6: data/\\x1b[2J {NOT_NAMED}"]),
    "long": (line("data/" + "x" * 5000), [f"{MANIFEST}:6: data/{'x' * 112}... has a name of more than 200 characters"]),
    "a dot at the end": (line("data/x."), [f"{MANIFEST}:6: data/x. {NOT_NAMED}"]),
    "device": (line("data/aux.json"), [f"{MANIFEST}:6: data/aux.json has a name that Windows keeps for a device"]),
    "device in capitals": (line("data/Com1"), [f"{MANIFEST}:6: data/Com1 has a name that Windows keeps for a device"]),
    "no sum": (manifest(lambda text: f"{text}what\n"), [f"{MANIFEST}:6 is no sha256 and name of a file"]),
    "short sum": (manifest(lambda text: f"{text}00  data/x\n"), [f"{MANIFEST}:6 is no sha256 and name of a file"]),
    "not utf-8": (line("data/\udcff"), [f"{MANIFEST}:6: data/\\ufffd {NOT_NAMED}"]),
    "twice": (
        manifest(lambda text: text + text.splitlines()[0] + "\n"),
        [f"{MANIFEST}:6 lists {COMPLETENESS} a second time"],
    ),
    "alike": (
        file("data/zoom/Meetings.json", b"[\n]\n"),
        [f"{MEETINGS} and data/zoom/Meetings.json are the same name on many systems"],
    ),
    "alike in the manifest": (
        line("data/zoom/Meetings.json"),
        ["data/zoom/Meetings.json is missing", f"{MEETINGS} and data/zoom/Meetings.json are the same name on many systems"],
    ),
    "other manifest": (
        manifest(lambda text: f"{text}{'0' * 64}  data/x.json\n", TAG_MANIFEST),
        [f"{TAG_MANIFEST} lists data/x.json, which belongs into the other manifest", "data/x.json is missing"],
    ),
    "version": (
        tag(BAGIT, lambda text: text.replace("1.0", "0.97")),
        [f"{BAGIT} begins with `BagIt-Version: 0.97`: this profile is BagIt-Version: 1.0 in UTF-8"],
    ),
    "no bag": (lambda folder: (folder / BAGIT).unlink(), [f"{BAGIT} is missing"]),
    "no manifest": (lambda folder: (folder / MANIFEST).unlink(), [f"{MANIFEST} is missing"]),
    "fetch": (
        file("fetch.txt", b"http://127.0.0.1/x 1 data/x\n"),
        ["fetch.txt is not of this profile: its manifests are of sha256, and every file is in the bag"],
    ),
    "md5": (
        file("manifest-md5.txt", b""),
        ["manifest-md5.txt is not of this profile: its manifests are of sha256, and every file is in the bag"],
    ),
    "another tag manifest": (
        file("tagmanifest-sha512.txt", b""),
        ["tagmanifest-sha512.txt is not of this profile: its manifests are of sha256, and every file is in the bag"],
    ),
    "oxum": (
        tag(BAG_INFO, lambda text: text.replace("Payload-Oxum: ", "Payload-Oxum: 1")),
        [],
    ),
    "profile": (
        tag(BAG_INFO, lambda text: text.replace("urn:habeas:package:1", "urn:habeas:package:2")),
        [f"{BAG_INFO} says urn:habeas:package:2 for bagit-profile-identifier, where urn:habeas:package:1 is right"],
    ),
    "a profile more": (
        tag(BAG_INFO, lambda text: f"{text}BagIt-Profile-Identifier: urn:x\n"),
        [f"{BAG_INFO} says urn:habeas:package:1, urn:x for bagit-profile-identifier, where urn:habeas:package:1 is right"],
    ),
    "a reference more": (
        tag(BAG_INFO, lambda text: f"{text}External-Identifier: DSR-18\n"),
        [f"{BAG_INFO} names 2 External-Identifiers, where one is right"],
    ),
    "no reference": (
        tag(BAG_INFO, lambda text: text.replace("External-Identifier", "Internal-Identifier")),
        [f"{BAG_INFO} names no External-Identifier, where one is right: the reference of the request in {HEAD}"],
    ),
    "a line that goes on by a tab": (tag(BAG_INFO, lambda text: text.replace("Identifier: DSR", "Identifier:\n\tDSR")), []),
    "another reference": (
        document(HEAD, lambda told: told.update(reference="DSR-18")),
        [f"{COMPLETENESS} is of DSR-17, and {HEAD} of DSR-18", f"{BAG_INFO} is of DSR-17, and {HEAD} of DSR-18"],
    ),
    "no page": (
        without(INDEX),
        [f"{INDEX} is missing: it is what a person opens"],
    ),
    "no document": (without(WITHHELD), [f"{WITHHELD} is missing"]),
    "deep": (file(HEAD, b"[" * 100_000), [f"{HEAD} is not as this profile has it: "]),
    "not json": (file(INFORMATION, b"\xff"), [f"{INFORMATION} is not as this profile has it: "]),
    "unknown field": (
        document(HEAD, lambda told: told.update(host="zoom.acme.example")),
        [f"{HEAD} is not as this profile has it: Object contains unknown field `host`"],
    ),
    "a service twice": (
        document(HEAD, lambda told: told["services"].append(told["services"][0])),
        [f"{HEAD} and {COMPLETENESS} name different services"],
    ),
    "another service": (
        document(INFORMATION, lambda told: told[0].update(vendor="slack")),
        [f"{INFORMATION} and {COMPLETENESS} name different services"],
    ),
    "service twice": (
        document(COMPLETENESS, lambda told: told["services"].append(told["services"][0])),
        [f"{COMPLETENESS} tells of zoom{kind} more than once" for kind in ("", "/calls", "/meetings", "/recordings")],
    ),
    "kind twice": (
        document(COMPLETENESS, lambda told: told["services"][0]["kinds"].append(told["services"][0]["kinds"][2])),
        [f"{COMPLETENESS} tells of zoom/calls more than once"],
    ),
    "found more": (kind(0, found=4), [f"{COMPLETENESS} counts 4 records of zoom/meetings as found, 2 as given and 1 as withheld"]),
    "found fewer": (kind(0, found=2), [f"{COMPLETENESS} counts 2 records of zoom/meetings as found, 2 as given and 1 as withheld"]),
    "a record less": (file(MEETINGS, b"[\n{}\n]\n"), [f"{MEETINGS} holds 1 record, where {COMPLETENESS} says 2"]),
    "ended twice": (file(MEETINGS, b"[\n{},\n{}\n]\n]\n"), [f"{MEETINGS} holds no record of its own in line 5"]),
    "a record more": (file(MEETINGS, b"[\n{},\n{},\n{}\n]\n"), [f"{MEETINGS} holds 3 records, where {COMPLETENESS} says 2"]),
    "empty with records": (kind(0, outcome="empty"), [f"{COMPLETENESS} calls zoom/meetings empty, and counts 3 records as found"]),
    "a count told twice": (
        retold(COMPLETENESS, lambda told: told.replace('"given":', '"given":0,"given":', 1)),
        [f"{COMPLETENESS} says something twice: readers differ in which they take"],
    ),
    "records lost": (
        without(MEETINGS),
        [f"{MEETINGS} is missing: 2 records should stand there"],
    ),
    "records of nobody": (file("data/zoom/chats.json", b"[\n]\n"), ["data/zoom/chats.json is told of in no document"]),
    "file of nobody": (file("data/zoom/files/chats-0001.txt", b""), ["data/zoom/files/chats-0001.txt is told of in no document"]),
    "records named as the list": (file("data/zoom/files.json", b"[\n]\n"), ["data/zoom/files.json is told of in no document"]),
    "list of nobody": (file("data/slack/files/list.csv", b""), ["data/slack/files/list.csv is told of in no document"]),
    "loose file": (file("data/notes.txt", b""), ["data/notes.txt is told of in no document"]),
    "one file more": (
        file("data/zoom/files/recordings-0002.mp4", b""),
        [f"data/zoom/files holds 2 files of recordings, where {COMPLETENESS} says 1"],
    ),
    "one file less": (
        lambda folder: without(next((folder / "data/zoom/files").glob("recordings-*")).relative_to(folder).as_posix())(folder),
        [f"data/zoom/files holds 0 files of recordings, where {COMPLETENESS} says 1"],
    ),
    "withheld more": (
        document(WITHHELD, lambda told: told[-1].update(count=7)),
        [f"{WITHHELD} counts 7 files of zoom/recordings withheld, {COMPLETENESS} 1"],
    ),
    "withheld for another reason": (
        kind(0, places={"trade_secret": 1}),
        [
            f"{WITHHELD} counts 1 places of zoom/meetings withheld for third_party, {COMPLETENESS} 0",
            f"{WITHHELD} counts 0 places of zoom/meetings withheld for trade_secret, {COMPLETENESS} 1",
        ],
    ),
    "withheld whole, and it is a field": (
        document(WITHHELD, lambda told: next(one for one in told if one["path"] == WHOLE_RECORD).update(path="topic")),
        [
            f"{WITHHELD} counts 1 fields held whole of zoom/meetings withheld for third_party, {COMPLETENESS} 0",
            f"{WITHHELD} counts 0 records of zoom/meetings withheld for third_party, {COMPLETENESS} 1",
        ],
    ),
    "an owner's file withheld": (
        document(COMPLETENESS, lambda told: told["services"][0]["files"].update(withheld=2)),
        [f"{WITHHELD} counts 0 files of zoom/{RECEIVED} withheld, {COMPLETENESS} 2"],
    ),
    "not a list": (file(MEETINGS, b'{"topic":1}\n'), [f"{MEETINGS} does not begin with a line `[`"]),
    "two in a line": (file(MEETINGS, b'[\n{"a":1},{"a":2}\n]\n'), [f"{MEETINGS} holds no record of its own in line 2"]),
    "no comma": (file(MEETINGS, b"[\n{}\n{}\n]\n"), [f"{MEETINGS} holds no record of its own in line 3"]),
    "comma at the end": (file(MEETINGS, b"[\n{},\n]\n"), [f"{MEETINGS} holds no record of its own in line 3"]),
    "cut": (file(MEETINGS, b"[\n{},\n{}\n"), [f"{MEETINGS} does not end with a line `]`: it is cut"]),
    "more behind": (file(MEETINGS, b"[\n{},\n{}\n]\n{}\n"), [f"{MEETINGS} holds no record of its own in line 5"]),
    "numbers": (file(MEETINGS, b"[\n1,\n2\n]\n"), [f"{MEETINGS} holds no record of its own in line 2"]),
    "records too deep": (file(MEETINGS, b"[\n" + b'{"a":' * 100_000 + b"\n]\n"), [f"{MEETINGS} holds no record of its own in line 2"]),
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_wrong_is_named_in_a_folder_and_in_a_zip(what, bag, signers, tmp_path):
    """Each by a sentence that says where, and by nothing else; in both forms the same."""
    spoil, expected = ODD[what]
    spoil(bag)
    found = texts(bag, signers)
    if what == "oxum":
        size = sum(path.stat().st_size for path in (bag / "data").rglob("*") if path.is_file())
        expected = [f"{BAG_INFO} says 1{size}.5 for payload-oxum, where {size}.5 is right"]
    assert [told[: len(words)] for told, words in zip(found, expected, strict=True)] == expected
    assert texts(zipped(bag, tmp_path / "it.zip"), signers) == found
    assert verify(bag, signers, now=NOW).signed.state in (["bad"] if what == "other manifest" else ["known", "none"])


def test_half_a_character_is_a_record_as_any_other(bag, signers):
    """Services send it, as an escape; what is no JSON around it stays none."""
    file(MEETINGS, b'[\n{"topic":"\\ud800","more":"\\\\ud800"},\n{"\\udfff":1}\n]\n')(bag)
    assert texts(bag, signers) == []
    file(MEETINGS, b'[\n{"topic":"\\ud8"},\n{}\n]\n')(bag)
    assert texts(bag, signers) == [f"{MEETINGS} holds no record of its own in line 2"]


def test_a_valid_package_is_valid_however_it_is_zipped(bag, signers, tmp_path):
    """At the top of the zip or in a folder, deflated or stored."""
    for path in (bag, zipped(bag, tmp_path / "a.zip", ""), zipped(bag, tmp_path / "b.zip", "another name/")):
        verdict = verify(path, signers, now=NOW)
        assert (verdict.faults, verdict.signed.state, verdict.exit_code) == ((), "known", 0)
        assert verdict.sha256 == sha256_of(bag / TAG_MANIFEST)


@given(st.data())
def test_a_byte_that_is_changed_anywhere_is_noticed(tmp_path_factory, data):
    """Whichever file it stands in: the signature covers everything."""
    folder = tmp_path_factory.mktemp("bag")
    it = make_bag(folder)
    who = folder / "who"
    who.write_text(KEY.allowed_signers("ada"))
    name = data.draw(st.sampled_from(sorted(bytes_of(it))))
    raw = bytearray((it / name).read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    (it / name).write_bytes(raw)
    verdict = verify(it, who, now=NOW)
    assert verdict.exit_code == 3 or (
        name == SIGNATURE and bytes(raw).split() == (sign_bytes(KEY, (it / TAG_MANIFEST).read_bytes())).encode().split()
    )


def test_links_and_devices_are_not_followed(bag, signers):
    """A pipe would never end, and a link leads out of the package: each is named and not opened."""
    (bag / "data/zoom/link.json").symlink_to("/etc/passwd")
    (bag / "data/out").symlink_to("/etc", target_is_directory=True)
    os.mkfifo(bag / "data/pipe")
    (bag / INDEX).unlink()
    (bag / INDEX).symlink_to("/etc/passwd")
    link = "is a link: a package holds none, and it was not followed"
    found = sorted(texts(bag, signers))
    assert found == sorted(
        [
            f"data/out {link}",
            f"data/zoom/link.json {link}",
            f"{INDEX} {link}",
            f"{INDEX} is missing",
            "data/pipe is neither file nor folder",
        ]
    )


@pytest.mark.parametrize("name", [MEETINGS, "data/zoom/files/recordings-0001.mp4", INDEX])
def test_a_file_that_cannot_be_read_is_named(name, bag, monkeypatch):
    """Such as one of a disk that fails: the others are checked all the same."""
    real = os.open

    def fail(path: Path, *more: int, **named: int) -> int:
        if str(path).endswith(name):
            raise OSError(5, "Input/output error")
        return real(path, *more, **named)

    monkeypatch.setattr(os, "open", fail)
    assert texts(bag) == [f"{name} cannot be read: it is cut or changed"]


def test_a_manifest_that_cannot_be_read_is_named(bag, monkeypatch):
    """And nothing is said of files that it may list."""
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *more: real(path if not str(path).endswith(f"/{MANIFEST}") else "/proc/self/mem/x", *more))
    assert texts(bag) == [f"{MANIFEST} cannot be read: it is cut or changed"]


def test_a_document_beyond_all_measure_is_not_read(bag):
    """It would fill the memory; so would a manifest."""
    with (bag / HEAD).open("r+b") as stream:
        stream.truncate(33 << 20)
    close(bag)
    assert texts(bag) == [f"{HEAD} is longer than {32 << 20} bytes: it was not read"]
    with (bag / MANIFEST).open("r+b") as stream:
        stream.truncate(33 << 20)
    assert texts(bag) == [f"{MANIFEST} is longer than {32 << 20} bytes: it was not read"]


def test_a_manifest_of_too_many_lines_is_not_read_to_its_end(bag, monkeypatch):
    """As many are read as a package may hold files."""
    monkeypatch.setattr(bag_check, "MOST_LINES", 3)
    assert f"{MANIFEST}:4 is one line too many" in texts(bag)


def test_a_list_of_files_may_lie_beside_them(bag, signers):
    """In their folder, since a kind of record may be called `files` itself; or beside it."""
    for name in ("data/zoom/files/list.csv", "data/zoom/files.csv"):
        file(name, b"file\r\n")(bag)
    assert texts(bag, signers) == []
