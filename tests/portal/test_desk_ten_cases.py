"""What somebody stumbled over who knew docs/desk.md alone and worked off ten cases of different state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.case.acts import Gap, TakenIn
from engine.portal.errand import read_errand
from engine.portal.titles import reason_words
from tests.case.acts_kit import NOW
from tests.case.invented import decided
from tests.case.package_kit import give_all, open_here
from tests.case.test_commands import PERSON
from tests.portal.cases_kit import lines, served_with
from tests.portal.test_desk_first_day import opened
from tests.portal.test_titles import visible
from tests.portal.test_values import looked

AT = "/case/DSR-17"
TITLES = {"meetings": "“Meetings”", "sms": "“SMS”"}


def called(vendor: str, endpoint: str | None) -> str:
    """Call a kind of record of Zoom as people do."""
    return TITLES.get(endpoint, endpoint) if endpoint is not None else vendor


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("optional: needs a:b or c:d", "the connection lacks a permission that it need not have: a:b or c:d"),
        ("sms is excluded: optional: needs a:b", "“SMS” is left out: the connection lacks a permission that it need not have: a:b"),
        ("meetings is denied: HTTP 403", "“Meetings” is denied: HTTP 403"),
        ("meetings is partial, so some of it was never asked for", "“Meetings” is partial, so some of it was never asked for"),
        ("left out by order", "by order"),
        ("the person is unproven: nobody was seen", "the person is unproven: nobody was seen"),
    ],
)
def test_a_reason_names_kinds_of_record_and_permissions_for_people(reason, said):
    """A manifest says it with the names of a spec; what names none stays as it is."""
    assert reason_words(reason, "zoom", called) == said


@pytest.mark.waits
def test_a_fetch_calls_what_it_fetches_what_people_call_it(desk, zoom, monkeypatch, ran):
    """While it is under way there is no run yet that would tell the titles; what came of each service is told with them too."""
    monkeypatch.setenv("HABEAS_ZOOM_TOKEN", zoom.token)
    assert desk.send(f"{AT}/run", desk.see(f"{AT}/run"), vendor="zoom", at=f"zoom={zoom.address}").status == 303
    desk.wait("run")
    errand = read_errand(open_here(ran), "run")
    said = [line.said for line in errand.lines if line.process is None and line.said]
    assert all(line.startswith("Zoom") for line in said)
    assert any(
        line.startswith("Zoom, “Past meetings and webinars, hosted or attended”: left out, 0 records: the connection") for line in said
    )
    assert said[-1].startswith("Zoom: taken in, the person was found; missing: files of “Cloud recordings”, ")


def test_records_say_that_a_kind_was_left_out_and_for_which_permission(desk):
    """`excluded` is a word of manifests."""
    looked(desk)
    page = visible(desk.see(f"{AT}/records"))
    assert "left out" in page
    assert "excluded" not in page
    assert "optional: needs" not in page


def test_a_vendor_without_a_spec_is_called_what_its_run_calls_it(serve, habeas, tmp_path):
    """A run that was made elsewhere has a title in its manifest; every page says that, and not the name of a spec that is not here."""
    portal = served_with(serve, habeas, tmp_path, {"notes": lines({"id": 1, "text": "x"})})
    case = open_here(habeas)
    case.act(TakenIn(vendor="acme", folder=case.case.vendors["acme"].run.folder, proof="0", gaps=(Gap("notes", "denied"),)), NOW)
    for path in ("", "/log", "/run"):
        page = visible(portal.see(f"{AT}{path}"))
        assert "Acme" in page, path
        assert "acme" not in page, path


def test_for_a_deletion_no_page_speaks_of_a_fetch_or_a_package(office, ran):
    """None is made of it, here or in the shell: it would tell the person of nothing but what was never asked."""
    at = opened(ran, "DSR-21", "--right", "deletion")
    assert ran("case", "identified", "DSR-21", "--how", "called back").returncode == 0
    assert ran("case", "excuse", "DSR-21", "hris", "--say", "It has to be kept.").returncode == 0
    for path in ("run", "values", "records", "files", "search", "package"):
        assert "A deletion is asked for: n" in office.see(f"{at}/{path}"), path
    assert "Make the package" not in office.see(f"{at}/package")
    assert "a letter answers that" in office.send(f"{at}/package", office.see(at), do="build").text
    assert "nothing is fetched for it" in office.send(f"{at}/run", office.see(at), vendor="zoom").text
    refused = ran("package", "build", "DSR-21")
    assert (refused.returncode, "habeas case conclude DSR-21" in refused.stderr) == (2, True)


def test_a_last_day_that_has_passed_is_said_to_have_passed(desk, ran):
    """In the list a case is late although days are left, since nobody said that the request arrived; the case itself says so too."""
    assert ran("case", "new", "DSR-16", "--regime", "ccpa", stdin=PERSON).returncode == 0
    assert "passed" not in desk.see("/case/DSR-16")
    desk.now += timedelta(days=25)
    assert ", not said that it arrived" in desk.see("/")
    assert ", a day that has passed</h3>" in desk.see("/case/DSR-16")


@pytest.mark.parametrize("part", ["values", "records", "files", "search"])
def test_the_button_that_has_it_looked_through_does_so_on_every_page(desk, part):
    """Whoever begins at Files is not told of a policy that nobody changed, and at Search the page is not just shown again."""
    page = desk.see(f"{AT}/{part}")
    assert "Look through it" in page
    sent = desk.send(f"{AT}/{part}", page, do="look")
    assert (sent.status, sent.headers["Location"]) == (303, f"{AT}/{part}")
    assert "Look through it" not in desk.see(f"{AT}/{part}")


def test_what_would_slip_out_is_shown_where_only_its_place_was_decided(serve, habeas, tmp_path):
    """It is in no list of what was found: without its text nobody could tell which of all records the page speaks of."""
    records = {"notes": lines(*({"id": number, "team": "The Blue Whale Team"} for number in (1, 2)))}
    portal = served_with(serve, habeas, tmp_path, records)
    decided(habeas, "mask", "acme/notes:1#/team")
    give_all(habeas)
    assert portal.send(f"{AT}/package", portal.see(f"{AT}/package"), do="build").status == 303
    portal.wait("build")
    page = portal.see(f"{AT}/package")
    assert "decide about what would slip out" in page
    assert 'name="q" value="The Blue Whale Team"' in page
    assert "withheld by its field" not in page


def test_a_case_of_systems_without_an_interface_alone_leads_to_their_owners(office, ran):
    """Where nothing can be fetched from, no page says that it should be: who answers is asked at Letters."""
    at = opened(ran, "DSR-21")
    for path in ("values", "records", "files", "search", "package"):
        page = office.see(f"{at}/{path}")
        assert "Owners are asked at" in page, path
        assert "Fetch it" not in page, path
    assert "Next: fetch" not in office.see(f"{at}/run")
    assert "Next: fetch" in office.see(f"{opened(ran, 'DSR-22', '--vendor', 'slack')}/run")


def test_what_time_asked_for_names_an_answer_as_the_letters_do(office, ran):
    """NONE and DATA are the words of mails."""
    at = f"{AT}/contacts"
    assert office.send(at, office.see(f"{at}?ask=hris/access"), do="send", vendor="hris", purpose="access").status == 303
    assert office.upload(at, office.see(at), [], do="answer", vendor="hris", purpose="access", word="none").status == 303
    told = visible(office.send("/letters", office.see("/letters"), do="tick").text)
    assert "the HR system (access) answered: nothing is held" in told


def test_what_an_owner_keeps_stands_beside_the_answer_that_it_is_deleted(office, ran):
    """Whoever reads `deleted` alone would write the person that nothing is left."""
    at = opened(ran, "DSR-21", "--right", "deletion")
    assert ran("case", "identified", "DSR-21", "--how", "called back").returncode == 0
    letters = f"{at}/contacts"
    assert office.send(letters, office.see(f"{letters}?ask=hris/deletion"), do="send", vendor="hris", purpose="deletion").status == 303
    told = {"do": "answer", "vendor": "hris", "purpose": "deletion", "word": "deleted"}
    assert office.upload(letters, office.see(letters), [], **told, kept="payslips", why="tax law").status == 303
    assert "<p>Kept: payslips, since: tax law</p>" in office.see(letters)
    assert "answered: deleted, but for what is kept" in office.see(at)


def test_an_owner_who_never_answers_can_be_done_without(office, ran):
    """The page that says that the release waits for them says how it need not."""
    at = f"{opened(ran, 'DSR-21')}/contacts"
    assert office.send(at, office.see(f"{at}?ask=hris/access"), do="send", vendor="hris", purpose="access").status == 303
    assert "do without it" not in office.see(at)
    office.now += timedelta(days=60)
    assert office.send("/letters", office.see("/letters"), do="tick").status == 200
    assert "No answer in time: the release waits." in office.see(at)
    assert 'If no answer will come, <a href="/case/DSR-21#gaps">do without it</a>' in office.see(at)
