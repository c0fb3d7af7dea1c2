"""Mails that come in, each read for what it is: only a whole one-word answer is taken for one, and nothing hostile raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contact import reading
from engine.contact.note import OFFICE
from engine.contact.reading import read_mail
from engine.contact.token import LETTERS, make_token, tokens
from tests.contact.mails import OTHER, OWNER, TOKEN, answer, bounce

BODIES = [
    ("NONE\n", "NONE"),
    ("none.\n", "NONE"),
    ("  DATA  \n\n> > quoted\n", "DATA"),
    ("DELETED\n\n-- \nBob\nDELETED by Acme\n", "DELETED"),
    ("NONE\n\nOn Mon, 30 Nov 2026 at 09:00, Office wrote:\n> DELETED\n", "NONE"),
    ("NONE\n\nFrom: Office <privacy@office.example>\nSent: Monday\nSubject: x\n\nAnswer DELETED\n", "NONE"),
    ("not deleted\n", None),
    ("We have NOT\nDELETED\n", None),
    ("DELETED\n\nexcept the invoices\n", None),
    ("DATA (part 1 of 2)\n", None),
    ("> DELETED\nno, we keep it\n", None),
    ("NONE DELETED\n", None),
    ("From: now on we keep\nNONE\n", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "word"), BODIES)
def test_a_word_counts_only_where_it_is_all_that_is_said(text, word):
    """Quotes and signatures aside, one more line makes it a text that a person has to read."""
    told = read_mail(answer(text))
    assert (told.kind, told.word, told.sender, told.tokens) == ("answer", word, OWNER, frozenset({TOKEN}))


def raw(headers: str, body: str = "NONE\n") -> bytes:
    return (headers + "\n\n" + body).replace("\n", "\r\n").encode("latin-1")


KINDS = {
    "bounce": (bounce(), "bounce"),
    "delayed": (bounce(action="delayed", status="4.4.1"), "delayed"),
    "out of office": (answer("I am away", Auto_Submitted="auto-replied"), "automatic"),
    "no automatic reply": (answer("NONE", Auto_Submitted="no"), "answer"),
    "an old one": (answer("I am away", X_Autoreply="yes"), "automatic"),
    "encrypted": (raw(f'Subject: {TOKEN}\nContent-Type: multipart/encrypted; boundary="b"', "--b\n\nx\n--b--\n"), "encrypted"),
    "smime": (raw(f"Subject: {TOKEN}\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data", "MIAG"), "encrypted"),
    "headers without end": (b"Subject: " + TOKEN.encode() + b"\r\n" + b"X: y\r\n" * 2_000_000, "unreadable"),
    "10,000 parts": (raw('Content-Type: multipart/mixed; boundary="b"', "--b\n\nx\n" * 10_000 + "--b--\n"), "unreadable"),
    "no mail": (b"\x00\xff" * 100, "answer"),
    "empty": (b"", "unreadable"),
}


@pytest.mark.parametrize("name", KINDS)
def test_mails_are_told_apart(name):
    """By RFC 3464, RFC 3834 and what they are made of."""
    mail, kind = KINDS[name]
    assert read_mail(mail).kind == kind


def test_a_bounce_tells_of_whom_and_which():
    """The token is that of the mail which came back, the recipient whom it did not reach."""
    told = read_mail(bounce())
    assert (told.tokens, told.recipient) == (frozenset({TOKEN}), OWNER)


def nested(depth: int) -> bytes:
    return b"Subject: " + TOKEN.encode() + b"\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"\r\nNONE\r\n"


@pytest.mark.parametrize("depth", [1, 50, 5000])
def test_a_mail_in_a_mail_in_a_mail_is_no_answer(depth):
    """What an attached mail says is not what its sender says, however deep it lies."""
    told = read_mail(nested(depth))
    assert told.word is None
    assert TOKEN in told.tokens


SENDERS = {
    "it@acme.example": OWNER,
    "IT <IT@Acme.Example>": OWNER,
    '"Bob, IT" <it@acme.example>': None,
    "it@acme.example, eve@evil.example": None,
    "it@acme.example <eve@evil.example>": None,
    "it@acme.example\r\n <eve@evil.example>": None,
    "eve@evil.example (it@acme.example)": None,
    "<it@acme.example>eve@evil.example": None,
    "": None,
}


@pytest.mark.parametrize("written", SENDERS)
def test_a_sender_is_one_plain_address_or_nobody(written):
    """Whatever could be read in two ways names nobody, and two From headers do neither."""
    assert read_mail(f"From: {written}\r\nSubject: {TOKEN}\r\n\r\nNONE\r\n".encode()).sender == SENDERS[written]
    assert read_mail(f"From: {written}\r\nFrom: {OWNER}\r\n\r\nNONE\r\n".encode()).sender is None


def test_attachments_are_taken_as_bytes_and_their_names_are_only_told(monkeypatch):
    """The ending is the only thing of a name that is kept; office files and archives are said to be ones; a large one is not taken."""
    monkeypatch.setattr(reading, "LARGEST", 1000)
    office = b"PK\x03\x04" + b"x" * 20 + b"[Content_Types].xml"
    files = (("../../etc/pass wd.csv", b"a,b\n"), ("x.docx", office), ("bomb.zip", b"PK\x03\x04..."), ("big.csv", b"0" * 1001))
    told = read_mail(answer("DATA\n", files=files))
    assert [(one.suffix, one.note) for one in told.attachments] == [
        (".csv", None),
        (".docx", OFFICE),
        (".zip", "an archive: it stays closed"),
    ]
    assert (told.attachments[0].content, told.too_large, told.word) == (b"a,b\n", True, "DATA")


@pytest.mark.parametrize("charset", ["utf-16", "no-such", "", "idna", "rot13", "us-ascii"])
def test_a_wrong_charset_loses_nothing(charset):
    """An answer in a charset that does not exist or does not fit is read as far as it goes."""
    told = read_mail(raw(f"From: {OWNER}\nSubject: {TOKEN}\nContent-Type: text/plain; charset={charset}"))
    assert told.kind == "answer"
    assert told.word in ("NONE", None)


def test_html_alone_is_read_by_a_person():
    """No word is looked for between tags."""
    assert read_mail(raw(f"From: {OWNER}\nSubject: {TOKEN}\nContent-Type: text/html", "<p>NONE</p>")).word is None


def test_a_signed_answer_is_an_answer():
    """Its signature is no file, and is not said to have been checked."""
    body = '--b\nContent-Type: text/plain\n\nNONE\n--b\nContent-Type: application/pgp-signature; name="s.asc"\n\nx\n--b--\n'
    told = read_mail(raw(f'From: {OWNER}\nSubject: {TOKEN}\nContent-Type: multipart/signed; boundary="b"', body))
    assert (told.word, told.attachments, told.signed) == ("NONE", (), True)


@given(
    st.binary(max_size=400),
    st.lists(st.sampled_from([b"Subject: ", b"From: ", b"Content-Type: multipart/mixed; boundary=b", b"--b", b"\r\n", b"=?utf-8?q?=?="])),
)
def test_no_bytes_at_all_raise(tail, head):
    """Whatever comes in is read as something."""
    assert read_mail(b"\r\n".join(head) + tail).kind


def test_a_token_is_forty_bits_of_dice_and_found_as_it_is_typed():
    """Eight of 32 letters; small letters are the same, a part of a longer word is none, and two are two."""
    drawn = iter([5, 13, 1, 17, 0, 0, 22, 29])
    assert make_token(lambda below: next(drawn) % below) == "HABEAS-7F3K-22QX"
    assert len(set(LETTERS)) == 32
    assert tokens("Re: habeas-7f3k-22qx!", f"x{TOKEN}", f"{TOKEN}9", f"<{OTHER}.1@x>") == {TOKEN, OTHER}
