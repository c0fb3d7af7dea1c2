"""What people read in the log of a case: a sentence for every act, that names no word of a program and nothing personal."""

from __future__ import annotations

import re

import pytest

from engine.case import acts
from engine.case.act_sentences import SENTENCES, sentence
from engine.case.acts import KINDS, Gap, LogLine, Target
from engine.case.words import ASKED, BY_HAND
from tests.case.acts_kit import NOW, OPENED

SHA = "65c8ad01" + "0" * 56
MAIL = {"vendor": "hris", "message_id": "m", "purpose": "access"}
LEFT = "We did not fetch these."
CASES = [
    (OPENED, "The case was opened: a copy of the data is asked for"),
    (acts.VendorAsked(vendor="zoom"), "Added to the case: zoom"),
    (acts.VendorAsked(vendor="zoom", by_kind="email"), "At zoom the person is asked for by the e-mail address that was chosen"),
    (acts.Named(kinds=("email", "name"), digests=()), "What is known of the person was changed; known now: e-mail address, name"),
    (acts.IdentifierRefused(kind="email", reason="two at"), "An identifier was refused (email): two at"),
    (acts.Identified(how="by letter"), "Who asks was shown to be the person: by letter"),
    (acts.Acknowledged(letter="letters/1"), "The letter that the request arrived was written"),
    (acts.Extended(why="much"), "The answer takes longer, and the letter that says so was written: much"),
    (acts.Paused(why="a question"), "The clock was stopped: a question"),
    (acts.Resumed(), "The clock goes on"),
    (acts.Denied(why="no right", ground="exempt"), "The request was denied, and the letter that says so was written: no right"),
    (acts.Withdrawn(), "The person took the request back"),
    (acts.TakenIn(vendor="hris", folder="f", proof="p", kind="file"), "What came from hris was taken in"),
    (
        acts.TakenIn(vendor="zoom", folder="f", proof="p", subject="matched", gaps=(Gap("meetings", "denied"), Gap("x.files", "y"))),
        "What was fetched at zoom was taken in: the person was found; missing: meetings, files of x",
    ),
    (
        acts.TakenIn(vendor="zoom", folder="f", proof="p", subject="no_match"),
        "What was fetched at zoom was taken in: the person is not known there; nothing is missing",
    ),
    (acts.Excused(vendor="zoom", say=LEFT), f"It was accepted that nothing is had of zoom: {LEFT}"),
    (
        acts.Excused(vendor="zoom", endpoint=acts.OTHERS, say=LEFT),
        f"It was accepted that at zoom the person was not asked for by all that they are known by: {LEFT}",
    ),
    (
        acts.Excused(vendor="zoom", endpoint=acts.EARLIER, say=LEFT),
        f"It was accepted that what zoom gave when the person was still known there is not in the answer: {LEFT}",
    ),
    (
        acts.Excused(vendor="zoom", endpoint="meetings", say=LEFT),
        f"It was accepted to go without what is missing of meetings at zoom: {LEFT}",
    ),
    (
        acts.Excused(vendor="zoom", endpoint="meetings.files", say=LEFT),
        f"It was accepted to go without what is missing of the files of meetings at zoom: {LEFT}",
    ),
    (acts.MailSending(**MAIL), "A letter to the owner of hris about access was written"),
    (acts.MailSending(**MAIL, reminder=True), "A reminder to the owner of hris about access was written"),
    (acts.MailSent(**MAIL), "The letter to the owner of hris about access was sent"),
    (acts.MailSent(**MAIL, by_hand=True), "The letter to the owner of hris about access was written, to be sent by hand"),
    (acts.MailUnsent(**MAIL), "The mail server did not take the letter to the owner of hris about access: it was not sent"),
    (acts.Bounced(**MAIL), "The letter to the owner of hris about access came back"),
    (acts.OwnerAnswered(vendor="hris", answer="answered_none"), "The owner of hris, asked about access, answered that nothing is held"),
    (
        acts.OwnerAnswered(vendor="hris", answer="answered_deleted", purpose="deletion", kept="payslips", why="the law"),
        "The owner of hris, asked about deletion, answered that it is deleted; kept is payslips, because: the law",
    ),
    (
        acts.MailNoted(vendor="hris", purpose="access", kind="stranger", proof="p"),
        "A mail about hris (access) came from somebody who was not asked",
    ),
    (
        acts.OwnerLate(vendor="hris", purpose="access", late="skip", say=LEFT),
        "The owner of hris did not answer about access in time: the release goes on without it",
    ),
    (
        acts.OwnerLate(vendor="hris", purpose="access", late="block", say=LEFT),
        "The owner of hris did not answer about access in time: the release waits",
    ),
    (acts.ContactStopped(vendor="hris", why="sold"), "The owner of hris is not asked any more: sold"),
    (acts.ContactStopped(vendor="hris", purpose="deletion"), "The owner of hris is not asked about deletion any more"),
    (
        acts.Decided(operation="mask", target=Target(value=SHA), because="third_party"),
        "Decided to mask every place of the value 65c8ad01, since: another person",
    ),
    (
        acts.Decided(
            operation="give", target=Target(vendor="zoom", endpoint="m", field="topic"), because="known_to_them", note="as agreed"
        ),
        "Decided to give the field zoom/m.topic in all records, since: known to them (as agreed)",
    ),
    (
        acts.Decided(operation="drop", target=Target(vendor="zoom", endpoint="m", record=SHA, pointer="/topic"), because="not_personal"),
        "Decided to leave /topic of the record 65c8ad01 of zoom/m out, since: not about them",
    ),
    (
        acts.Decided(operation="hold", target=Target(vendor="zoom", endpoint="m", record=SHA), because="trade_secret"),
        "Decided to hold the record 65c8ad01 of zoom/m back, since: trade secret",
    ),
    (
        acts.Decided(operation="hold", target=Target(vendor="zoom", endpoint="m"), because="duplicate"),
        "Decided to hold all records of zoom/m back, since: told elsewhere in this answer",
    ),
    (
        acts.Decided(operation="hold", target=Target(vendor="zoom", endpoint="m", file="files/m/1.mp4"), because="privilege"),
        "Decided to hold the file zoom/files/m/1.mp4 back, since: confidential, with a lawyer",
    ),
    (
        acts.Decided(operation="alias", target=Target(value=SHA), because="third_party"),
        "Decided to replace every place of the value 65c8ad01 by a number, since: another person",
    ),
    (acts.Undone(act=12), "Decision 12 was taken back"),
    (acts.Ruled(vendor="zoom", policy=SHA), "The policy for zoom was put in force"),
    (acts.Approved(package=SHA), "The package 65c8ad01 was approved"),
    (acts.Approved(package=SHA, also_given=2), "The package 65c8ad01 was approved, and that 2 places may give what is withheld elsewhere"),
    (acts.Released(package=SHA, folder="releases/1"), "The package 65c8ad01 was released"),
    (acts.Delivered(how="by post"), "The letter that the package is on its way was written: by post"),
    (acts.Concluded(), "The letter that says what was deleted was written, and the case is closed"),
    (acts.Closed(), "The case was closed"),
    (acts.Purged(what=("raw", "received"), files=2, size=9), "Raw, received was deleted after its time: 2 files"),
]


@pytest.mark.parametrize(("act", "told"), CASES)
def test_an_act_is_told_as_a_sentence(act, told):
    """What was done, of what, and why."""
    assert sentence(LogLine(n=1, at=NOW, by="ana", act=act, sha256="")) == told


@pytest.mark.parametrize(("act", "told"), CASES)
def test_a_sentence_is_right_for_a_system_whose_name_is_a_plural(act, told):
    """`The door badges belongs to the case` was wrong: no verb that tells one from several stands behind the name of a system."""
    said = sentence(LogLine(n=1, at=NOW, by="ana", act=act, sha256=""), lambda vendor, kind=None: kind or "the door badges")
    assert ("the door badges" in said) == (getattr(act, "vendor", None) is not None and "zoom/" not in told)
    assert not re.search(r"(?<!of )(?<!for )(?<!at )(?<!from )the door badges (?:is|was|has|does|belongs|holds|knows|gives|wants)\b", said)


def test_how_far_a_question_is_is_right_for_a_system_whose_name_is_a_plural():
    """It stands behind the name and a colon."""
    assert [words for words in (*ASKED.values(), *BY_HAND.values()) if re.match(r"(?:is|was|has|does) ", words)] == []


def test_every_act_has_a_sentence():
    """A new act without one makes this test fail, and so does one without an example."""
    assert set(SENTENCES) == set(KINDS.values()) == {type(act) for act, _ in CASES}


def test_no_sentence_holds_a_word_of_the_log():
    """Neither the word of an act that is two words in one, nor a code with a low line, but for what a person typed."""
    said = " ".join(told for _, told in CASES)
    assert re.findall(r"[a-z]+_[a-z]+", said) == []
