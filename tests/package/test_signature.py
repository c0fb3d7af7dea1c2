"""Signatures of OpenSSH's format: ours and those of ssh-keygen, and who may make them."""

from __future__ import annotations

import base64
import subprocess
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.package.signature import NoSignature, parse_signature, parse_signers, sign_bytes, signer_of
from tests.package.bags import KEY, NOW, OTHER

MESSAGE = b"what is signed"
OURS = sign_bytes(KEY, MESSAGE)
BLOB = base64.b64encode(KEY.blob).decode()


@pytest.mark.parametrize("hashed", ["sha256", "sha512"])
def test_a_signature_of_ssh_keygen_is_read(hashed, tmp_path):
    """By either hash that OpenSSH knows."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(tmp_path / "key"), "-n", "habeas-package", "-O", f"hashalg={hashed}"]
    told = subprocess.run(words, input=MESSAGE, capture_output=True, check=True).stdout
    found = parse_signature(told)
    assert (found.namespace, found.hash) == ("habeas-package", hashed)
    assert found.covers(MESSAGE)
    assert not found.covers(MESSAGE + b".")


@given(st.integers(0, len(OURS) - 1), st.integers(1, 255))
def test_no_changed_signature_covers_the_message(at, change):
    """A byte that is changed anywhere makes another signature, or none; only blanks around it do not matter."""
    raw = bytearray(OURS.encode())
    raw[at] ^= change
    try:
        found = parse_signature(bytes(raw))
    except NoSignature:
        return
    assert not found.covers(MESSAGE) or found == parse_signature(OURS.encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_signature_or_a_sentence(raw):
    """Nothing else is raised, between the marks or without them."""
    marks = b"-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n"
    for text in (raw, marks % raw, marks % base64.b64encode(raw), marks % base64.b64encode(b"SSHSIG\0\0\0\1" + raw)):
        with pytest.raises(NoSignature):
            parse_signature(text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [lines[0], f"!{lines[1]}", *lines[2:]], "is cut or changed"),
        (
            lambda lines: [lines[0], lines[1].replace("U1NIU0lHAAAAAQ", "U1NIU0lHAAAAAg"), *lines[2:]],
            "is of a version or kind that is not known",
        ),
        (lambda lines: [lines[0], lines[1].replace("U1NIU0lH", "U1NIU0lI"), *lines[2:]], "is of a version or kind that is not known"),
    ],
    ids=["a sign that is none of base64", "another version", "another beginning"],
)
def test_what_no_reader_of_ssh_takes_is_no_signature(change, words):
    """Though what is signed in it is right."""
    with pytest.raises(NoSignature, match=words):
        parse_signature("\n".join(change(OURS.splitlines())).encode())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"sha512", b"sha384", "is of a version or kind that is not known"),
        (b"\0\0\0\x0bssh-ed25519\0\0\0\x40", b"\0\0\0\x0bssh-ed25518\0\0\0\x40", "another kind of key than ssh-ed25519"),
        (b"\0\0\0\x0bssh-ed25519\0\0\0\x20", b"\0\0\0\x0bssh-ed25518\0\0\0\x20", "another kind of key than ssh-ed25519"),
    ],
    ids=["another hash", "a signature of another kind", "a key of another kind"],
)
def test_what_a_signature_is_made_by_is_known_or_it_is_none(old, new, words):
    """Hash, signature and key each by itself, and without a traceback when it is checked."""
    raw = base64.b64decode("".join(OURS.splitlines()[1:-1]))
    assert raw.count(old) == 1
    with pytest.raises(NoSignature, match=words):
        parse_signature(b"-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n" % base64.b64encode(raw.replace(old, new)))


def test_what_stands_behind_a_signature_is_none_of_it():
    """Bytes that no part of it has room for."""
    raw = base64.b64decode("".join(OURS.splitlines()[1:-1]))
    for text in (raw + b"\0", raw + b"\0\0\0\0", raw[:-1]):
        with pytest.raises(NoSignature, match="is cut or changed"):
            parse_signature(b"-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n" % base64.b64encode(text))


def test_a_signature_is_no_longer_than_what_is_read():
    """A text of many lines between the marks is not decoded at all."""
    lines = OURS.splitlines()
    with pytest.raises(NoSignature, match="does not stand between"):
        parse_signature("\n".join([*lines[:-1], *[""] * (1 << 16), lines[-1]]).encode())


def test_a_key_counts_from_its_first_moment_to_its_last():
    """Both moments that a line names are in its time."""
    for option in ("valid-after", "valid-before"):
        signers = list(parse_signers(f'ada {option}="{NOW:%Y%m%d%H%M%S}Z" ssh-ed25519 {BLOB}'))
        assert signer_of(parse_signature(OURS.encode()), signers, NOW)[1] is None


def test_another_kind_of_key_is_said(tmp_path):
    """Such as ECDSA."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(tmp_path / "key")], check=True)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(tmp_path / "key"), "-n", "habeas-package"]
    told = subprocess.run(words, input=MESSAGE, capture_output=True, check=True).stdout
    with pytest.raises(NoSignature, match="another kind of key than ssh-ed25519"):
        parse_signature(told)


LINES = {
    f"ada@acme.example ssh-ed25519 {BLOB}": None,
    f"ada@acme.example,bob ssh-ed25519 {BLOB} a comment": None,
    f'"ada lovelace" namespaces="file,habeas-*" ssh-ed25519 {BLOB}': None,
    f'ada valid-after="20261129Z",valid-before="20261201120000Z" ssh-ed25519 {BLOB}': None,
    f'ada namespaces="git" ssh-ed25519 {BLOB}': "the key of ada is known for git only",
    f'ada valid-before="20261128Z" ssh-ed25519 {BLOB}': "the key of ada is not valid after 2026-11-28 00:00:00Z",
    f'ada valid-after="202611291201Z" ssh-ed25519 {BLOB}': "the key of ada is not valid before 2026-11-29 12:01:00Z",
    f'ada valid-before="20261128Z" ssh-ed25519 {BLOB}\neve ssh-ed25519 {BLOB}': None,
}


@pytest.mark.parametrize("text", LINES)
def test_who_may_sign_what_and_when(text):
    """As ssh-keygen reads the file; of several lines for a key one that allows it is enough."""
    signer, refusal = signer_of(parse_signature(OURS.encode()), list(parse_signers(f"# who\n\n{text}\n")), NOW)
    assert signer is not None
    assert refusal == LINES[text]


def test_a_key_that_is_not_listed_is_nobodys():
    """Whatever its line in the package says."""
    signers = list(parse_signers(OTHER.allowed_signers("ada")))
    assert signer_of(parse_signature(OURS.encode()), signers, NOW) == (None, None)


def test_a_time_without_a_zone_is_local():
    """As ssh-keygen(1) has it."""
    (signer,) = parse_signers(f'ada valid-after="20261129" ssh-ed25519 {BLOB}')
    assert signer.valid_after == datetime(2026, 11, 29).astimezone(UTC)


def test_local_time_is_that_of_the_system(monkeypatch):
    """In Tokyo a day begins nine hours earlier, and one with a Z does not."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        found = list(parse_signers(f'ada valid-after="20261129" ssh-ed25519 {BLOB}\nada valid-after="20261129Z" ssh-ed25519 {BLOB}'))
    time.tzset()
    assert [signer.valid_after for signer in found] == [datetime(2026, 11, 28, 15, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ada", "1: expects principals, options and a key"),
        ("ada ssh-ed25519 ", "1: `ssh-ed25519` is not understood"),
        ("ada ssh-ed25519 !!!", "1: "),
        (f"ada ssh-ed25519 {BLOB[:8]}!{BLOB[8:]}", "1: "),
        ("ada ssh-ed25519 AAAA", "1: holds no whole key"),
        (f"ada cert-authority ssh-ed25519 {BLOB}", "1: `cert-authority ssh-ed25519"),
        (f'ada valid-before="soon" ssh-ed25519 {BLOB}', "1: `soon` is no time"),
        (f'ada valid-before="20261399Z" ssh-ed25519 {BLOB}', "1: "),
    ],
)
def test_a_line_that_is_not_understood_is_said(line, words):
    """With its number: a restriction that is not understood is not left out."""
    with pytest.raises(ValueError, match=words.replace("(", r"\(")) as told:
        list(parse_signers(line))
    assert str(told.value).startswith(words)
