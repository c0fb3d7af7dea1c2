"""The package page: made, approved and sealed by the functions of the shell; each state names the one act that comes next."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from engine.case.acts import Approved, Decided, Identified, Released
from engine.case.releases import BuiltPackage
from engine.portal.package_page import kept_back_words
from tests.case.acts_kit import NOW
from tests.case.invented import decided
from tests.case.package_kit import bag_of, built, give_all, open_here
from tests.case.test_commands import PERSON, home_of
from tests.portal.cases_kit import lines, served_with

AT = "/case/DSR-17/package"
PACKAGE = re.compile(r'name="package" value="([0-9a-f]{64})"')
OFFICE = "controller: Acme AB\ncontact: privacy@acme.example\n"


def test_a_package_is_made_approved_and_released(desk, ran):
    """From nothing looked at to the passphrase, which stands in that one answer and in no other page or line."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    assert "nobody has looked at what was found" in desk.see(AT)
    give_all(ran)
    assert "Make the package" in desk.see(AT)
    assert desk.send(AT, desk.see(AT), do="build").status == 303
    desk.wait("build")
    page = desk.see(AT)
    assert bag_of(ran).is_dir()
    assert str(bag_of(ran) / "index.html") in page
    assert "No. What was withheld was looked for in every file that is text, and in every name: it stands nowhere." in page
    assert "Not looked for: what was left out only because it is told elsewhere, is not personal or was not asked for." in page
    (sha256,) = PACKAGE.findall(page)
    assert desk.send(AT, page, do="approve", package=sha256, also_given="yes").status == 303
    page = desk.see(AT)
    assert "Next: release it" in page
    sealed = desk.send(AT, page, do="release", seal="page")
    assert sealed.status == 200
    (passphrase,) = re.findall(r"<pre>(.+?)</pre>", sealed.text)
    acts = [line.act for line in open_here(ran).lines]
    assert [type(act) for act in acts[-2:]] == [Approved, Released]
    assert acts[-2].package == acts[-1].package == sha256
    assert (bag_of(ran).parent / "DSR-17.html").is_file()
    for path in (AT, "/case/DSR-17", "/case/DSR-17/log"):
        assert passphrase not in desk.see(path)
    assert "Seal it again" in desk.see(AT)
    again = desk.send(AT, desk.see(AT), do="release", seal="page")
    assert re.findall(r"<pre>(.+?)</pre>", again.text) not in ([], [passphrase])
    assert open_here(ran).case.n == len(acts)


def test_what_is_asked_after_the_approval_keeps_a_package_from_leaving(desk, ran):
    """The page says what is outstanding since then, and has no button; a form that was made up is refused all the same."""
    (home_of(ran) / "office.yaml").write_text(OFFICE + "signature: Pat\n")
    (home_of(ran) / "contacts.yaml").write_text("owners:\n  hris: {title: the HR system, to: hr@acme.example}\n")
    give_all(ran)
    built(ran)
    page = desk.see(AT)
    assert desk.send(AT, page, do="approve", package=PACKAGE.findall(page)[0], also_given="yes").status == 303
    assert ran("contact", "send", "DSR-17", "hris", "access").returncode == 0
    page = desk.see(AT)
    assert "It cannot leave yet" in page
    assert "the HR system: a mail to be sent by hand was written, no answer yet (access)" in page
    assert 'value="release"' not in page
    assert desk.send(AT, page, do="release", seal="none").status in (409, 422)
    assert not [*bag_of(ran).parent.glob("DSR-17.*")]


def test_what_stands_in_the_way_is_a_sentence_and_no_button(desk, ran):
    """Undecided values, a gap, an identity that nobody showed; a form that was made up is refused all the same."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    before = desk.see(AT)
    for words in ("build", "approve", "release", "x"):
        assert desk.send(AT, before, do=words, seal="page", n=str(open_here(ran).case.n)).status == 422
    assert ran("review", "list", "DSR-17").returncode == 3
    assert ran("review", "give", "DSR-17", "undecided").returncode == 0
    assert desk.send(AT, desk.see(AT), do="build").status == 303
    desk.wait("build")
    page = desk.see(AT)
    assert "It cannot be approved yet" in page
    assert "who asks is not shown to be the person" in page
    assert 'value="approve"' not in page
    sha256 = re.findall(r"<dd>([0-9a-f]{64})</dd>", page)[0]
    n = str(open_here(ran).case.n)
    sent = desk.send(AT, page, do="approve", package=sha256, n=n)
    assert (sent.status, "Nothing was approved" in sent.text) == (422, True)
    assert desk.send(AT, page, do="approve", package="0" * 64, n=n).status == 422
    assert not any(isinstance(line.act, Approved) for line in open_here(ran).lines)


def test_a_decision_after_the_approval_takes_it_back(desk, ran):
    """The package no longer holds what was decided: the page says so, and offers to make it anew."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    desk.send(AT, desk.see(AT), do="build")
    desk.wait("build")
    page = desk.see(AT)
    assert desk.send(AT, page, do="approve", package=PACKAGE.findall(page)[0], also_given="yes").status == 303
    case = open_here(ran)
    number = max(n for n, act in case.case.decisions.items() if isinstance(act, Decided))
    case.act(case.case.decisions[number], NOW)
    page = desk.see(AT)
    assert "changed what it holds" in page
    assert "Make the package" in page
    assert desk.send(AT, page, do="release", seal="page").status == 422
    assert desk.send(AT, page, do="release", seal="x", n=str(case.case.n)).status == 422


def test_a_case_without_anything_has_no_package(desk, ran):
    """Nothing was fetched; a withdrawn case has none either."""
    assert ran("case", "new", "DSR-16", stdin=PERSON).returncode == 0
    assert "nothing was fetched" in desk.see("/case/DSR-16/package")
    open_here(ran).act(Identified(how="x"), NOW)
    assert ran("case", "withdraw", "DSR-17").returncode == 0
    assert "The case is withdrawn" in desk.see(AT)


def refused(serve, habeas, tmp_path, records, masked):
    """Mask something that stands elsewhere too, and try to make a package; gives the portal, and the page that tells of it."""
    portal = served_with(serve, habeas, tmp_path, records)
    (portal.home / "office.yaml").write_text(OFFICE)
    decided(habeas, "mask", masked)
    open_here(habeas).act(Identified(how="by letter"), NOW)
    assert portal.send(AT, portal.see(AT), do="build").status == 303
    portal.wait("build")
    return portal, portal.see(AT)


def test_what_would_slip_out_leads_to_where_it_is_decided(serve, habeas, tmp_path):
    """A value that is withheld in one field stands in a text: no package is made, both kinds are a link away, and then it is made."""
    records = {"notes": lines({"id": 1, "team": "Blue Whale Team"}), "talks": lines({"id": 2, "text": "About the Blue Whale Team."})}
    portal, page = refused(serve, habeas, tmp_path, records, "acme/notes.team")
    assert "Next: decide about what would slip out" in page
    table = page.partition("Withheld in</th>")[2].partition("</table>")[0]
    assert re.findall(r'href="([^"]+)"', table) == ["/case/DSR-17/acme/notes", "/case/DSR-17/acme/talks"]
    assert "team" in table
    assert ("“Notes”" in table, "“Talks”" in table) == (True, True)
    assert "<bdi>Blue Whale Team</bdi>" in table
    assert not re.search(r'(?:href|action)="[^"]*Blue', page)
    assert "Make the package again" in page
    decided(habeas, "mask", "acme/talks.text")
    assert portal.send(AT, portal.see(AT), do="build").status == 303
    portal.wait("build")
    assert "slip out</h2>" not in portal.see(AT)
    assert bag_of(habeas).is_dir()


def test_what_would_slip_out_is_named_and_found(serve, habeas, tmp_path):
    """Among many records only the value itself tells what to look for; it is sent as a form, and stands in no address."""
    records = {"notes": lines({"id": 1, "text": "call +46701740605"}), "talks": lines({"id": 2, "line": "46701740605"})}
    _, page = refused(serve, habeas, tmp_path, records, "undecided")
    assert '<bdi>+46701740605</bdi> <button aria-label="Find it: +46701740605">Find it</button>' in page
    assert '<input type="hidden" name="q" value="+46701740605">' in page
    assert not re.search(r'(?:href|action)="[^"]*46701740605', page)


def test_what_is_given_elsewhere_is_named_beside_both_places(serve, habeas, tmp_path):
    """Which value is meant, also one that was withheld by its place alone: on the page, and in no file, act or address."""
    records = {
        "notes": lines({"id": 1, "team": "Red Fox Team"}, {"id": 2, "team": "Blue Whale Team", "line": "+46701740605"}),
        "talks": lines({"id": 3, "text": "The Blue Whale Team", "line": "46701740605"}),
    }
    portal = served_with(serve, habeas, tmp_path, records)
    (portal.home / "office.yaml").write_text(OFFICE)
    decided(habeas, "mask", "acme/notes:2#/team")
    decided(habeas, "mask", "acme/notes:2#/line")
    assert habeas("review", "give", "DSR-17", "acme/talks.text", "acme/talks.line", "--because", "known_to_them").returncode == 0
    give_all(habeas)
    open_here(habeas).act(Identified(how="by letter"), NOW)
    built(habeas)
    page = portal.see(AT)
    table = page.partition("given at another by decision")[2].partition("</table>")[0]
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split('<tr role="row">')[2:]]
    assert sorted(rows) == [
        "+46701740605 Find it line, Acme: “Notes” Acme: “Talks”",
        "Blue Whale Team Find it team, Acme: “Notes” Acme: “Talks”",
    ]
    assert page.index("given at another by decision") < page.index('name="also_given"')
    folder = bag_of(habeas).parent
    raw = (folder / "built.json").read_text() + (open_here(habeas).folder / "log.jsonl").read_text()
    assert not re.search(r"Whale|701740605", raw)
    assert not re.search(r'(?:href|action)="[^"]*(?:Whale|46701740605)', page)
    told = json.loads((folder / "built.json").read_text())
    del told["given_too"]  # as an older version wrote it
    (folder / "built.json").write_text(json.dumps(told))
    page = portal.see(AT)
    assert "withheld at acme/notes#/team (" in page
    assert "Whale" not in page


KEPT = [
    ({"withheld": 2, "held": 1, "held_files": 3}, "2 places inside records, 1 whole record and 3 files"),
    ({"withheld": 0, "held": 0, "held_files": 1}, "1 file"),
    ({"withheld": 1, "held": 0, "held_files": 1}, "1 place inside records and 1 file"),
    ({"withheld": 0, "held": 0, "held_files": 0}, "no place inside records, no whole record and no file"),
    ({"withheld": 0, "held": 2}, "2 whole records"),
    ({"withheld": 0}, "no place inside records and no whole record"),
]


@pytest.mark.parametrize(("counts", "words"), KEPT)
def test_all_that_is_held_counts_as_withheld(counts, words):
    """A file that is held is withheld as a value is; of files an older package says nothing, and then the page does not either."""
    raw = msgspec.json.encode({"sha256": "0", "stands_on": 3, "records": 1, "files": 0, **counts})
    assert kept_back_words(msgspec.json.decode(raw, type=BuiltPackage)) == words
