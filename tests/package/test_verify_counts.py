"""What a package could say that is not so: counts, names and references that do not fit, and signatures that were made for something else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.package import bag_check
from engine.package import signature as signature_module
from engine.package.bag_names import BAG_INFO, BAGIT, COMPLETENESS, HEAD, INDEX, MANIFEST, SIGNATURE, TAG_MANIFEST
from engine.package.bag_source import BagFault, FolderSource
from engine.package.signature import sign_bytes
from engine.package.verify_bag import PackageVerdict, Signed, verify
from tests.package.bags import KEY, MEETINGS, NOW, zipped
from tests.package.test_verify import document, file, kind, line, manifest, tag, texts, without

NOT_SO: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "device in capitals": (line("data/Com1"), [f"{MANIFEST}:6: data/Com1 has a name that Windows keeps for a device"]),
    "alike in the manifest": (
        line("data/zoom/Meetings.json"),
        ["data/zoom/Meetings.json is missing", f"{MEETINGS} and data/zoom/Meetings.json are the same name on many systems"],
    ),
    "another tag manifest": (
        file("tagmanifest-sha512.txt", b""),
        ["tagmanifest-sha512.txt is not of this profile: its manifests are of sha256, and every file is in the bag"],
    ),
    "a profile more": (
        tag(BAG_INFO, lambda text: f"{text}BagIt-Profile-Identifier: urn:x\n"),
        [f"{BAG_INFO} says urn:habeas:package:1, urn:x for bagit-profile-identifier, where urn:habeas:package:1 is right"],
    ),
    "a reference more": (tag(BAG_INFO, lambda text: f"{text}External-Identifier: DSR-18\n"), [f"{BAG_INFO} names "]),
    "a service twice": (
        document(HEAD, lambda told: told["services"].append(told["services"][0])),
        [f"{HEAD} and {COMPLETENESS} name different services"],
    ),
    "found fewer": (kind(0, found=2), [f"{COMPLETENESS} counts 2 records of zoom/meetings as found, 2 as given and 1 as withheld"]),
    "a record less": (file(MEETINGS, b"[\n{}\n]\n"), [f"{MEETINGS} holds 1 record, where {COMPLETENESS} says 2"]),
    "ended twice": (file(MEETINGS, b"[\n{},\n{}\n]\n]\n"), [f"{MEETINGS} holds no record of its own in line 5"]),
    "a record more": (file(MEETINGS, b"[\n{},\n{},\n{}\n]\n"), [f"{MEETINGS} holds 3 records, where {COMPLETENESS} says 2"]),
    "one file less": (
        lambda folder: without(next((folder / "data/zoom/files").glob("recordings-*")).relative_to(folder).as_posix())(folder),
        [f"data/zoom/files holds 0 files of recordings, where {COMPLETENESS} says 1"],
    ),
}


@pytest.mark.parametrize("what", NOT_SO)
def test_what_is_not_so_is_named_in_a_folder_and_in_a_zip(what, bag, signers, tmp_path):
    """Each by a sentence that says where, and by nothing else; in both forms the same."""
    spoil, expected = NOT_SO[what]
    spoil(bag)
    found = texts(bag, signers)
    assert [told[: len(words)] for told, words in zip(found, expected, strict=True)] == expected
    assert texts(zipped(bag, tmp_path / "it.zip"), signers) == found


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "".join(f"{each[:64].upper()} *{each[66:]}\n" for each in text.splitlines()),
    ],
    ids=["no end of the last line", "CRLF", "CR", "capitals and a star"],
)
def test_a_manifest_that_is_written_another_way_says_the_same(change, bag, signers):
    """As other programs write it, and RFC 8493 lets them."""
    manifest(change)(bag)
    assert texts(bag, signers) == []
    (bag / "data/zoom").joinpath(MEETINGS.rpartition("/")[2]).write_bytes(b"[\n{},\n{}\n]\n\n")
    assert [told.partition(":")[0] for told in texts(bag, signers)] == [f"{MEETINGS} was changed"]


@pytest.mark.parametrize(("namespace", "shown"), [("git", "git"), ("habeas\x1b[2J", "habeas\\x1b[2J")])
def test_a_signature_for_something_else_is_none_of_a_package(namespace, shown, bag, monkeypatch, signers):
    """Whoever has a key known for everything signed these very bytes, but not as a package: it says what for."""
    allowed = bag.parent / "for-everything"
    allowed.write_text(f"ada {signers.read_text().partition(' ')[2].partition(' ')[2]}")
    assert verify(bag, allowed, now=NOW).signed.state == "known"
    with monkeypatch.context() as patch:
        patch.setattr(signature_module, "NAMESPACE", namespace)
        (bag / SIGNATURE).write_text(sign_bytes(KEY, (bag / TAG_MANIFEST).read_bytes()))
    verdict = verify(bag, allowed, now=NOW)
    assert (verdict.signed.state, verdict.exit_code) == ("bad", 3)
    assert verdict.signed.text.startswith(f"The signature is bad: it was made for `{shown}`, and not for ")


def test_a_file_as_long_as_is_read_is_read(bag):
    """One byte more is a fault, and nothing of it is read."""
    size = (bag / BAGIT).stat().st_size
    source = FolderSource(bag)
    assert bag_check.read_bounded(source, BAGIT, size) == (bag / BAGIT).read_bytes()
    assert source.faults == []
    assert bag_check.read_bounded(source, BAGIT, size - 1) is None
    assert [fault.kind for fault in source.faults] == ["bag"]


@pytest.mark.parametrize(("faults", "more"), [(100, []), (101, ["and 1 more."])])
def test_of_many_faults_a_hundred_are_told(faults, more):
    """And how many more there are."""
    found = tuple(BagFault("bag", f"{number} is wrong") for number in range(faults))
    verdict = PackageVerdict(None, False, None, 0, 0, None, Signed("none", "It is not signed."), found)
    assert verdict.lines()[100:-2] == ["99 is wrong.", *more]
    assert verdict.lines()[-2].endswith(f"{faults} faults.")


def test_of_a_changed_package_only_its_list_is_signed(bag, signers):
    """A known signer did not sign what stands there now, and the sentence does not say so."""
    assert verify(bag, signers, now=NOW).signed.text.startswith("It is signed by ")
    (bag / INDEX).write_text("changed")
    verdict = verify(bag, signers, now=NOW)
    assert (verdict.signed.state, verdict.exit_code) == ("known", 3)
    assert verdict.signed.text.startswith("The list of its files is signed by ")
