"""What the desk tells who works at it: why something is missing, what is under way, what left, and what a colleague's act did to a choice."""

from __future__ import annotations

import json

import msgspec

from engine.case.acts import Gap, IdentifierRefused, Released, TakenIn, VendorAsked
from engine.case.folder import open_case
from engine.portal.errand import ErrandLine, ErrandOrder, path_of
from tests.case.acts_kit import NOW
from tests.case.package_kit import approved, built, give_all, open_here
from tests.case.test_commands import ADA, PERSON, home_of
from tests.portal.conftest import OFFICE
from tests.portal.test_values import AT as VALUES
from tests.portal.test_values import listed, looked

AT = "/case/DSR-17"
OTHER = "/case/DSR-20"
REFUSED = "in the run at slack somebody else answered; nothing was taken"


def with_slack(ran):
    """Open a case to practise with in which nothing was fetched yet."""
    assert ran("case", "new", "DSR-20", "--simulated", "--vendor", "slack", stdin=PERSON).returncode == 0
    return open_case(home_of(ran), "DSR-20")


def test_a_refused_identifier_is_not_asked_for_again(desk, ran):
    """Who would fetch again would get somebody else again: the page says why, and leads to where another identifier is named."""
    case = with_slack(ran)
    assert f'<a href="{OTHER}/run">Fetch it</a>' in desk.see(OTHER)
    case.act(IdentifierRefused(kind="email", reason=REFUSED, vendor="slack"), NOW)
    page = desk.see(OTHER)
    assert "Slack: nothing taken in, since what it was asked by was refused" in page
    assert REFUSED in page
    assert f'<a href="{OTHER}/person">Choose another identifier there, then fetch again</a>' in page
    assert "Fetch it" not in page
    shown = ran("case", "show", "DSR-20").stdout
    assert f"  slack: nothing taken in, since what it was asked by was refused ({REFUSED})\n" in shown
    assert "    habeas case name DSR-20 && habeas case name DSR-20 --ask slack=email\n" in shown
    open_case(home_of(ran), "DSR-20").act(VendorAsked(vendor="slack", by_kind="email"), NOW)
    assert "Fetch it" in desk.see(OTHER)


def test_a_letter_names_no_address_that_may_be_somebody_elses(desk, ran):
    """Where a service that was asked by e-mail led to somebody else, whoever sends a letter fills the address in, and is told why."""
    (home_of(ran) / "office.yaml").write_text("controller: Acme AB\ncontact: privacy@acme.example\n")
    case = with_slack(ran)
    case.act(IdentifierRefused(kind="username", reason=REFUSED, vendor="slack"), NOW)
    assert "names no address" not in ran("case", "acknowledge", "DSR-20").stdout
    case = open_case(home_of(ran), "DSR-20")
    letter = case.folder / f"{case.lines[-1].act.letter}.eml"
    assert f"To: {ADA}\n" in letter.read_text()
    assert "It names no address" not in desk.see(OTHER)
    case.act(IdentifierRefused(kind="email, username", reason=REFUSED, vendor="slack"), NOW)
    case.act(VendorAsked(vendor="slack", by_kind="email"), NOW)
    why = "It names no address: a service asked by e-mail may have led to somebody else. Send it to one that is known to be the person"
    assert why in ran("case", "acknowledge", "DSR-20").stdout
    case = open_case(home_of(ran), "DSR-20")
    assert "\nTo:" not in (case.folder / f"{case.lines[-1].act.letter}.eml").read_text()
    assert why in desk.see(OTHER)


def test_why_something_is_missing_stands_beside_it(desk, ran):
    """Whoever writes the sentence for the person has to know what happened; the shell says the same."""
    why = "3 of 3 files failed: HTTP 418"
    gaps = (Gap("files", "partial", why),)
    with_slack(ran).act(TakenIn(vendor="slack", folder="runs/slack", proof="0", subject="matched", gaps=gaps), NOW)
    page = desk.see(OTHER)
    assert page.count(why) == 2  # in the way, and at the gap
    shown = ran("case", "show", "DSR-20").stdout
    assert f"  slack: files is partial ({why})\n" in shown
    assert "What a run did not get a later one may:\n    habeas case run DSR-20 --vendor slack\n" in shown


def test_what_may_still_come_is_not_offered_as_a_gap(desk, ran):
    """A service that was not asked yet can be done without, behind a fold; what is missing of an answer is accepted in the open."""
    with_slack(ran)
    page = desk.see(OTHER)
    assert "<summary>Do without it</summary>" in page
    assert "Accept this gap" not in page
    assert "Accept what has a sentence" not in page
    assert "Accept what has a sentence" in desk.see(AT)


def test_a_fetch_that_runs_is_said_where_the_case_is(desk, ran, monkeypatch):
    """The overview and the fetch do not contradict each other."""
    assert "A fetch is under way" not in desk.see(AT)
    said(ran)
    monkeypatch.setattr("engine.portal.errand._lives", lambda _: True)
    assert f'A fetch is under way. <a href="{AT}/run">' in desk.see(AT)


def said(ran, *lines: ErrandLine, at: tuple[str, ...] = ("zoom=http://127.0.0.1:8903",)) -> None:
    """Leave what a process said, as it leaves it."""
    case = open_here(ran)
    path = path_of(case, "run")
    path.parent.mkdir(mode=0o700, exist_ok=True)
    order = ErrandOrder(home=str(home_of(ran)), reference="DSR-17", kind="run", began=NOW, vendors=("zoom",), at=at)
    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in (order, *lines)))
    path.chmod(0o600)


def test_a_fetch_that_ended_says_first_what_came_of_each_service(desk, ran):
    """Kinds of record are folded away; that something is missing is said by the heading; where the simulator is need not be typed again."""
    kinds = [ErrandLine(f"zoom/kind_{n}: complete, 1 record", NOW, kind=True) for n in range(3)]
    said(ran, *kinds, ErrandLine("zoom: taken in, the person was found; missing: kind_9", NOW), ErrandLine("", NOW, ended=False))
    page = desk.see(f"{AT}/run")
    before, _, folded = page.partition("<summary>Each kind of record</summary>")
    assert "zoom: taken in, the person was found; missing: kind_9" in before
    assert "zoom/kind_1" not in before
    assert "zoom/kind_1" in folded
    assert "<li></li>" not in page
    assert 'value="zoom=http://127.0.0.1:8903"' in page
    assert "HABEAS_ZOOM_TOKEN" in page


def test_an_address_of_what_is_not_asked_this_time_is_no_mistake(desk, ran, monkeypatch):
    """The field holds the addresses of the last fetch, and only one service is asked again."""
    monkeypatch.delenv("HABEAS_ZOOM_TOKEN", raising=False)
    with_slack(ran)
    page = desk.see(f"{OTHER}/run")
    sent = desk.send(f"{OTHER}/run", page, vendor="zoom", at="slack=http://127.0.0.1:1 zoom=http://127.0.0.1:1")
    assert sent.status == 303, sent.text
    desk.wait("run", "DSR-20")
    assert "Zoom: nothing was taken in" in desk.see(f"{OTHER}/run")


def test_who_is_asked_by_what_names_the_identifier(desk, ran):
    """The page shows what a service is asked by now, and any identifier can be chosen; the log names its kind, and no other change."""
    assert ran("case", "name", "DSR-17", stdin="email: second@example.com\n").returncode == 0
    at = f"{AT}/person"
    page = desk.see(at)
    assert "Zoom, now by mara.lindqvist@example.com" in page
    before = open_here(ran).case.n
    assert desk.send(at, page, do="ask", vendor="zoom", kind="email:1").status == 303
    page = desk.see(at)
    assert "Zoom, now by second@example.com" in page
    assert [line.act for line in open_here(ran).lines[before:]] == [VendorAsked(vendor="zoom", by_kind="email")]
    assert desk.send(at, page, do="ask", vendor="zoom", kind="email:0").status == 303
    page = desk.see(at)
    assert "Zoom, now by mara.lindqvist@example.com" in page
    for wrong in ("email:2", "email:-1", "phone:0", "email:²"):
        assert "names no identifier of the person" in desk.send(at, page, do="ask", vendor="zoom", kind=wrong).text
    assert desk.send(at, page, do="ask", vendor="zoom", kind="email:0").status == 303
    assert open_here(ran).case.n == before + 2  # what is so already is no act


def test_a_choice_that_a_colleague_moved_off_the_page_is_named(desk, ran):
    """One gives a value, another one's form withholds it: it is refused, and says which value that was, the choice, and what holds now."""
    page = looked(desk)
    first, second = (row["values"][0] for row in listed(ran)[:2])
    assert ran("review", "give", "DSR-17", f"value:{first['value']}").returncode == 0
    fields = {f"d-{first['value']}": "mask", f"d-{second['value']}": "give"}
    answer = desk.send(VALUES, page, **fields)
    assert answer.status == 409
    _, _, note = answer.text.partition("You chose for these too, and this page no longer shows them")
    told = note.partition("</ul>")[0]
    assert f"<bdi>{first['shown']}</bdi>: you chose mask; now: give (act " in told
    assert second["shown"] not in told
    assert "You chose for these too" not in desk.see(VALUES)


def test_a_case_that_was_released_and_opened_again_says_so(desk, ran):
    """Who comes new to it must not think that nothing left; before, the page of fetches says what a fetch would do."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    assert "was released on" not in desk.see(AT)
    built(ran)
    approved(ran)
    case = open_here(ran)
    case.act(Released(package=str(case.case.approved), folder="releases/1/DSR-17"), NOW)
    assert "What is fetched now opens the case again" in desk.see(f"{AT}/run")
    assert "opened again since" not in desk.see(AT)
    with_gap = TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject="matched", gaps=(Gap("meetings", "denied"),))
    open_here(ran).act(with_gap, NOW)
    assert "A package was released on Sun 29 Nov 2026, and the case was opened again since" in desk.see(AT)


def test_a_letter_that_was_written_is_offered_to_be_sent(desk, ran):
    """Nothing is sent by itself: the case says so right after, whichever letter it is; the next act takes it off the page."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    note = "The letter is written, and not sent by itself"
    assert note not in desk.see(AT)
    assert desk.send(AT, desk.see(AT), do="extend", why="much").status == 303
    number = open_here(ran).case.n
    page = desk.see(AT)
    assert note in page
    assert f'<a href="{AT}/letter/letters/{number}-extend.eml">Save it</a>' in page
    assert "It was extended on " in page
    assert desk.send(AT, page, do="identified", why="called back").status == 303
    assert note not in desk.see(AT)
    assert desk.send(AT, desk.see(AT), do="deny", why="no right").status == 303
    assert note in desk.see(AT)


def test_how_long_an_extension_lasts_is_said_before_it_is_written(desk):
    """The button names the day."""
    assert "<h3>Take longer, until " in desk.see(AT)


def test_a_package_says_before_it_is_made_what_it_would_lack(desk, ran):
    """What is still in the way of its approval, and that nobody is named who answers; where both are settled, neither is said."""
    give_all(ran)
    page = desk.see(f"{AT}/package")
    assert "Nobody is named who answers" in page
    assert "not approved before this is settled" not in page
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    with_gap = TakenIn(vendor="slack", folder="runs/slack", proof="0", subject="matched", gaps=(Gap("meetings", "denied"),))
    case = open_here(ran)
    case.act(VendorAsked(vendor="slack"), NOW)
    page = desk.see(f"{AT}/package")
    assert "Nobody is named who answers" not in page
    assert "<li>Slack: nothing taken in</li>" in page
    assert with_gap.gaps


def test_whole_records_that_are_withheld_are_no_nothing(desk, ran):
    """A package of which only whole records are kept back says how many."""
    assert ran("review", "hold", "DSR-17", "zoom/meetings").returncode == 0
    give_all(ran)
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    made = json.loads(ran("package", "build", "DSR-17", "--json").stdout)
    assert made["held"] == 60
    assert "60 whole records" in desk.see(f"{AT}/package")
