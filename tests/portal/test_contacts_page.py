"""Letters in the portal: seen before they are sent, answered with files, stopped; mails close a question by token and sender together."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from urllib.parse import quote

import pytest

from engine.case import acts
from tests.case.package_kit import open_here
from tests.case.test_commands import ADA, PERSON, home_of
from tests.portal.test_acting import AT, asked


def test_an_owner_is_asked_and_answers_with_a_file(office, ran):
    """The letter is shown before it is written, then as it was; the answer brings its file into the case, and can be stopped."""
    at = f"{AT}/contacts"
    assert "Nobody was asked by mail" in office.see(at)
    draft = office.see(f"{at}?ask=hris/access")
    assert "hr@acme.example" in draft
    assert ADA in draft
    assert open_here(ran).case.vendors.get("hris") is None
    assert office.send(at, draft, do="send", vendor="hris", purpose="access").status == 303
    sent = [line.act for line in open_here(ran).lines[-2:]]
    assert [type(act) for act in sent] == [acts.MailSending, acts.MailSent]
    page = office.see(at)
    assert f"Save {sent[0].mail}" in page
    saved = office.ask("GET", f"{AT}/letter/{sent[0].mail}")
    assert saved.text == (open_here(ran).folder / sent[0].mail).read_bytes().decode()
    assert office.send(at, page, do="send", vendor="hris", purpose="access").status == 422
    assert office.upload(at, page, [], do="answer", vendor="hris", purpose="access", word="data").status == 422
    content = b"a,b\n1,2\n"
    done = office.upload(at, page, [("../../etc/p\u00e4ss wd.CSV", content)], do="answer", vendor="hris", purpose="access", word="data")
    assert done.status == 303
    took, answered = (line.act for line in open_here(ran).lines[-2:])
    assert (took.proof, took.kind, answered.answer) == (hashlib.sha256(content).hexdigest(), "file", "answered_data")
    assert [path.name for path in sorted((open_here(ran).folder / took.folder).iterdir())] == ["about.json", "file-1.csv"]
    assert json.loads((open_here(ran).folder / took.folder / "about.json").read_text())["name"] == "../../etc/p\u00e4ss wd.CSV"
    assert "Answered, with data." in office.see(at)
    page = office.see(at)
    assert office.send(at, page, do="stop", vendor="hris", purpose="access", why="settled").status == 303
    assert open_here(ran).lines[-1].act == acts.ContactStopped(vendor="hris", why="settled", purpose="access")
    assert not list((home_of(ran) / "uploads").iterdir())


def test_a_mail_that_a_person_sends_is_not_called_sent(office, ran):
    """Nobody knows whether it left: every page says that it was written, and the file to send stands beside the question."""
    at = f"{AT}/contacts"
    assert office.send(at, office.see(f"{at}?ask=hris/access"), do="send", vendor="hris", purpose="access", by_hand="yes").status == 303
    page, mail = office.see(at), open_here(ran).lines[-2].act.mail
    assert f'<a class="go" href="{AT}/letter/{mail}">Save the mail</a>' in page
    for path in (at, "/letters", AT):
        assert "a mail was written, to be sent by you; no answer yet" in office.see(path).lower()
        assert "asked, no answer yet" not in office.see(path).lower()
    assert "The letter to the owner of the HR system about access was written, to be sent by hand" in office.see(f"{AT}/log")
    office.upload(at, page, [], do="answer", vendor="hris", purpose="access", word="none")
    assert "Save the mail</a>" not in office.see(at)


def test_a_mail_is_taken_in_by_its_token_and_its_sender(office, ran):
    """What came closes the question only where both fit; else the page says that somebody has to read it, and what it is shown as is text."""
    at = f"{AT}/contacts"
    asked(ran, "contact", "send", "DSR-17", "hris", "access")
    token = re.search(r"HABEAS-[0-9A-Z]{4}-[0-9A-Z]{4}", (open_here(ran).folder / "mails").glob("*.eml").__next__().read_text())
    assert token is not None
    mail = f"From: {{}}\nSubject: Re: {token[0]}\nContent-Type: text/plain\n\n{{}}\n"
    stranger = office.upload(at, office.see(at), [("x.eml", mail.format("eve@evil.example", "<script>NONE</script>").encode())], do="mail")
    assert (stranger.status, "its sender is not who was asked" in stranger.text) == (200, True)
    page = office.see(at)
    assert "&lt;script&gt;NONE&lt;/script&gt;" in page
    assert "Answered, to be read." in page
    done = office.upload("/letters", office.see("/letters"), [("y.eml", mail.format("hr@acme.example", "NONE").encode())], do="mail")
    assert (done.status, "answered: none" in done.text) == (200, True)
    assert open_here(ran).case.vendors["hris"].contact == "answered_none"
    none = office.upload(at, office.see(at), [("z.eml", b"\x00\xff")], do="mail")
    assert "belongs to no question" in none.text


def test_time_is_asked_what_it_asks_for(office, ran):
    """The same as `habeas tick`: a reminder is due, and the page says so."""
    asked(ran, "contact", "send", "DSR-17", "hris", "access")
    office.now = open_here(ran).lines[-1].at.replace(year=2027)
    sent = office.send("/letters", office.see("/letters"), do="tick")
    assert (sent.status, "did not answer in time" in sent.text) == (200, True)
    assert isinstance(open_here(ran).lines[-1].act, acts.OwnerLate)
    assert office.send("/letters", office.see("/letters"), do="x").status == 422
    assert "DSR-17" in office.see("/letters")


def test_a_file_and_a_run_of_elsewhere_are_taken_in(office, ran, tmp_path):
    """A system without a letter gives a file; a finished run is taken from a folder of this machine, by its user only."""
    at = f"{AT}/contacts"
    page = office.see(at)
    assert office.upload(at, page, [("a.txt", b"x"), ("b", b"y")], do="file", vendor="payroll").status == 303
    assert [line.act.vendor for line in open_here(ran).lines[-2:]] == ["payroll", "payroll"]
    page, n = office.see(at), open_here(ran).case.n
    for vendor, files in (("payroll", []), ("../x", [("a", b"x")]), ("", [("a", b"x")])):
        assert office.upload(at, page, files, do="file", vendor=vendor).status == 422
    assert open_here(ran).case.n == n
    run = open_here(ran).folder / "runs" / "zoom"
    shutil.copytree(run, tmp_path / "elsewhere")
    assert office.send(at, page, do="add", folder=str(tmp_path / "nothing")).status == 422
    assert office.send(at, page, do="add", folder=str(tmp_path / "elsewhere")).status == 303
    took = open_here(ran).lines[-1].act
    assert isinstance(took, acts.TakenIn)
    assert took.folder == "runs/zoom-2"


def test_a_deletion_is_concluded(office, ran):
    """When every owner has answered, the letter that says what was deleted is written, and the case is closed."""
    words = ("case", "new", "DSR-20", "--right", "deletion", "--vendor", "zoom")
    assert ran(*words, stdin=PERSON).returncode == 0
    at = "/case/DSR-20/contacts"
    assert "who asks is not shown" in office.send(at, office.see(at), do="send", vendor="zoom", purpose="deletion", early="yes").text
    asked(ran, "case", "identified", "DSR-20", "--how", "by letter")
    page = office.see(f"{at}?ask=zoom/deletion")
    assert office.send(at, page, do="send", vendor="zoom", purpose="deletion").status == 303
    page = office.see(at)
    done = office.upload(at, page, [], do="answer", vendor="zoom", purpose="deletion", word="deleted", kept="bills", why="tax law")
    assert done.status == 303
    assert office.send("/case/DSR-20", office.see("/case/DSR-20"), do="conclude").status == 303
    last = open_here(ran, "DSR-20").lines[-1].act
    assert isinstance(last, acts.Concluded)
    assert "bills" in office.ask("GET", f"/case/DSR-20/letter/{last.letter}.eml").text


@pytest.mark.parametrize("name", ["log.jsonl", "person.sealed", "../DSR-17/log.jsonl", "letters/../log.jsonl", "mails/9-x-access.eml", "x"])
def test_only_letters_are_letters(office, name):
    """No other file of a case, nor of the machine, is sent as one."""
    assert office.ask("GET", f"{AT}/letter/{quote(name, safe='/')}").status in (404, 422)
    assert office.ask("GET", f"{AT}/letter/{quote(name, safe='')}").status in (404, 422)
