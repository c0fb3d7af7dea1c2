"""What is said of who signed a package, how a manifest is read, and how much is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.package import bag_check
from engine.package import signature as signature_module
from engine.package.bag import sign
from engine.package.bag_names import (
    BAGIT,
    INDEX,
    SIGNATURE,
    TAG_MANIFEST,
)
from engine.package.bag_source import BagFault, FolderSource
from engine.package.signature import sign_bytes
from engine.package.verify_bag import PackageVerdict, Signed, verify
from tests.package.bags import KEY, MEETINGS, NOW, OTHER
from tests.package.test_verify import manifest, texts

SIGNED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "nobody": (lambda folder: (folder / SIGNATURE).unlink(), "none", "It is not signed: "),
    "a stranger": (lambda folder: sign(folder, OTHER, folder.parent), "unknown", f"It is signed by an unknown key, {OTHER.fingerprint}: "),
    "garbage": (lambda folder: (folder / SIGNATURE).write_text("hello") and None, "bad", "The signature is bad: "),
    "something else": (
        lambda folder: (folder / SIGNATURE).write_text(sign_bytes(KEY, b"else")) and None,
        "bad",
        f"The signature is bad: key {KEY.fingerprint} signed something else",
    ),
}


@pytest.mark.parametrize("who", SIGNED)
def test_who_signed_is_told_apart(who, bag, signers):
    """Nobody, a stranger, and a signature that is none: each is another sentence, and none is exit 0."""
    spoil, state, words = SIGNED[who]
    spoil(bag)
    verdict = verify(bag, signers, now=NOW)
    assert (verdict.signed.state, verdict.exit_code) == (state, 3)
    assert verdict.signed.text.startswith(words)
    assert verdict.faults == ()


def test_the_line_in_the_package_makes_nobody_known(bag):
    """Whoever replaced the package replaced that line as well."""
    verdict = verify(bag, now=NOW)
    assert (verdict.signed.state, verdict.exit_code) == ("unknown", 3)
    assert "--signers FILE" in verdict.signed.text


def test_a_key_that_was_ended_does_not_count(bag, tmp_path):
    """The line says until when it held."""
    signers = tmp_path / "ended"
    signers.write_text(KEY.allowed_signers("ada").replace("namespaces", 'valid-before="20261128Z",namespaces'))
    verdict = verify(bag, signers, now=NOW)
    assert (verdict.signed.state, verdict.exit_code) == ("refused", 3)
    assert verdict.signed.text == "The signature does not count: the key of ada is not valid after 2026-11-28 00:00:00Z."


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
