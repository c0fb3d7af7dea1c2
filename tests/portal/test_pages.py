"""The pages of the portal, each with its empty and its error state; every act is the one line of the log that the shell would write."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta

from engine.case.act_sentences import sentence
from engine.case.acting import excuses
from engine.case.acts import Acknowledged, Excused, Identified
from engine.case.folder import open_case
from engine.case.words import blocks
from engine.portal.titles import system_titles
from tests.case.acts_kit import NOW
from tests.case.package_kit import open_here
from tests.case.test_commands import PERSON, home_of
from tests.portal.served import SEEN

AT = "/case/DSR-17"
OFFICE = "controller: Acme AB\ncontact: privacy@acme.example\nsignature: The privacy team\nauthority: IMY, Stockholm\n"


def test_without_a_case_the_pages_say_how_one_is_opened(empty):
    """Nothing is open, nothing is due, nothing ended."""
    empty.enter()
    assert "No case is open." in empty.see("/")
    assert "habeas case new DSR-1" in empty.see("/")
    assert "Nothing is due." in empty.see("/due")
    assert "No case was released or ended yet." in empty.see("/?show=ended")


def test_the_list_says_what_must_be_done_first(desk, ran):
    """Law, last day, days left, state, what is in the way and the way to it."""
    page = desk.see("/")
    told = json.loads(ran("case", "show", "DSR-17", "--json").stdout)
    assert f'<a href="{AT}">DSR-17</a>' in page
    assert "1 case is open, none late." in page
    assert told["blocks"][0] in page
    assert f"and {len(told['blocks']) - 1} more" in page
    assert f'<a href="{AT}#identity">' in page
    assert "Later" in page


def test_the_lists_say_what_is_asked_for_and_lead_to_what_was_given(desk, ran):
    """A deletion is told from a copy of the data, and a service that gave something leads to its records."""
    assert ran("case", "new", "DSR-16", "--right", "deletion", "--vendor", "slack", stdin=PERSON).returncode == 0
    assert desk.see("/").count("General Data Protection Regulation (EU), deletion") == 1
    assert "General Data Protection Regulation (EU), deletion" in desk.see("/due")
    assert f'<a href="{AT}/zoom">Zoom</a>' in desk.see(AT)
    assert 'href="/case/DSR-16/slack"' not in desk.see("/case/DSR-16")


def test_what_is_late_stands_first_and_says_so(desk, ran):
    """Cases are grouped by how urgent they are: late, within seven days, later."""
    assert ran("case", "new", "DSR-16", "--regime", "lgpd", stdin=PERSON).returncode == 0
    desk.now += timedelta(days=26)
    page = desk.see("/")
    assert page.index("Late") < page.index("DSR-16") < page.index("Due within seven days") < page.index("DSR-17")
    assert " late</span>" in page
    assert "2 cases are open, 1 late." in page
    due = desk.see("/due")
    assert due.index("DSR-16") < due.index("DSR-17")


def test_every_last_day_is_due(desk, ran):
    """That it arrived, the answer, and that it takes longer: each with its day, until it is done or over."""
    assert ran("case", "new", "DSR-16", "--regime", "ccpa", stdin=PERSON).returncode == 0
    page = desk.see("/due")
    assert page.index("say that it arrived") < page.index("say that it takes longer") < page.rindex(">answer<")
    desk.now += timedelta(days=300)
    assert "takes longer" not in desk.see("/due")
    assert "unacknowledged" not in desk.see("/")


def test_ended_cases_are_shown_when_asked_for(desk, ran):
    """A withdrawn case waits for nothing: it is in no list of what is open."""
    assert ran("case", "withdraw", "DSR-17").returncode == 0
    assert "Show the 1 that was released or ended" in desk.see("/")
    assert AT in desk.see("/?show=ended")
    assert "DSR-17" not in desk.see("/due")
    assert "Next:" not in desk.see(AT)


def test_a_broken_log_hides_no_other_case(desk, ran):
    """The case is told with what is wrong; its own page is an error with the same sentence."""
    assert ran("case", "new", "DSR-16", stdin=PERSON).returncode == 0
    log = home_of(ran) / "cases" / "DSR-16" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"gdpr", b"ccpa"))
    for path in ("/", "/due"):
        page = desk.see(path)
        assert "DSR-16 cannot be read" in page
        assert "habeas case check-log DSR-16" in page
        assert f'href="{AT}"' in page
    answer = desk.ask("GET", "/case/DSR-16")
    assert answer.status == 422
    assert "log.jsonl:" in answer.text


def test_a_case_shows_what_the_shell_shows(desk, ran):
    """Every condition with what settles it, each service with its numbers, each gap, and the acts."""
    page = desk.see(AT)
    told, called = json.loads(ran("case", "show", "DSR-17", "--json").stdout), system_titles(home_of(ran), open_here(ran))
    blocked = list(blocks(open_here(ran).case, "DSR-17", None, called))
    assert len(blocked) == len(told["blocks"]) > 1
    for block in blocked:
        assert block.what in page
    for gap in told["vendors"]["zoom"]["gaps"]:
        assert f'value="zoom/{gap["endpoint"]}"' in page
    for line in open_here(ran).lines:
        assert sentence(line, called) in page
    assert "known by 1 email address" in page or "known by" in page
    assert "Mara" not in page
    assert "example.com" not in page


def test_an_act_is_the_line_that_the_shell_writes(desk, ran):
    """Identity, a gap and a letter: the same act, by the same function, and the page leads back to the case."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    sent = desk.send(AT, desk.see(AT), do="identified", why=" passport seen ")
    assert (sent.status, sent.headers["Location"]) == (303, AT)
    sent = desk.send(AT, desk.see(AT), do="excuse", what="zoom/recordings.files", say="Too large to send.")
    assert sent.status == 303
    assert desk.send(AT, desk.see(AT), do="acknowledge").status == 303
    done = [line.act for line in open_here(ran).lines[-3:]]
    assert done[:2] == [Identified(how="passport seen"), Excused(vendor="zoom", endpoint="recordings.files", say="Too large to send.")]
    assert isinstance(done[2], Acknowledged)
    assert done[2].letter is not None
    assert (open_here(ran).folder / f"{done[2].letter}.eml").is_file()
    page = desk.see(AT)
    assert "Shown: passport seen" in page
    assert "Accepted: Too large to send." in page


def test_a_stale_form_shows_what_changed_and_wins_nothing(desk, ran):
    """Somebody else acted since the page was made: 409, their act is told, what was typed is kept, the new page may be sent."""
    page = desk.see(AT)
    open_here(ran).act(Identified(how="by a colleague"), NOW, by="ana")
    before = open_here(ran).case.n
    answer = desk.send(AT, page, do="excuse", what="zoom/recordings.files", say="As I typed it.")
    assert answer.status == 409
    assert f"Act {before}, by ana: Who asks was shown to be the person: by a colleague" in answer.text
    assert ">As I typed it.</textarea>" in answer.text
    assert open_here(ran).case.n == before
    assert set(SEEN.findall(answer.text)) == {str(before)}
    assert desk.send(AT, answer.text, do="excuse", what="zoom/recordings.files", say="As I typed it.").status == 303


def test_all_gaps_that_have_a_sentence_are_accepted_together(desk, ran):
    """One form holds the sentences of all gaps: each that has one is accepted, in one go; one that has none stays a gap."""
    before = open_here(ran).case.n
    what = [f"zoom/{gap.endpoint}" for gap in open_here(ran).case.vendors["zoom"].open_gaps]
    assert len(what) > 2
    page = desk.see(AT)
    assert [page.count(f'name="what" value="{one}"') for one in what] == [1] * len(what)
    assert len(re.findall(r"<form[^>]*>(?:(?!</form>).)*name=\"say\"", page, re.DOTALL)) == 1
    say = [f"It is not had: {number}." for number in range(len(what) - 1)]
    assert desk.send(AT, page, do="excuse", what=what, say=[*say, " "]).status == 303
    case = open_here(ran)
    told = [(f"{line.act.vendor}/{line.act.endpoint}", line.act.say) for line in case.lines[before:]]
    assert told == list(zip(what, say, strict=False))
    assert [f"zoom/{gap.endpoint}" for gap in case.case.vendors["zoom"].open_gaps] == what[-1:]
    assert "<button>Accept this gap</button>" in desk.see(AT)


def test_the_sentence_of_an_accepted_gap_can_be_said_otherwise(desk, ran):
    """The person reads the last one; both stand in the log, and what was written about another gap goes along with it."""
    first, second, *_ = (f"zoom/{gap.endpoint}" for gap in open_here(ran).case.vendors["zoom"].open_gaps)
    assert "Say it otherwise" not in desk.see(AT)
    assert desk.send(AT, desk.see(AT), do="excuse", what=first, say="Badly said.").status == 303
    page = desk.see(AT)
    assert page.count("<summary>Say it otherwise</summary>") == 1
    assert re.search(
        rf'name="again" value="{first}"><div class="fields"><label>What the person will read instead [^<]*<textarea name="instead"', page
    )
    assert desk.send(AT, page, do="excuse", again=first, instead="Better said.", what=second, say="Of the second.").status == 303
    told = open_here(ran).case.vendors["zoom"].excused
    assert [told[one.partition("/")[2]].say for one in (first, second)] == ["Better said.", "Of the second."]
    page = desk.see(AT)
    assert ("Accepted: Better said." in page, "Accepted: Badly said." in page) == (True, False)
    assert "Badly said." in desk.see(f"{AT}/log")


def test_the_sentence_about_a_service_that_is_left_out_can_be_said_otherwise(desk, ran):
    """It is the only gap then, and accepted."""
    assert ran("case", "new", "DSR-20", "--vendor", "slack", stdin=PERSON).returncode == 0
    at = "/case/DSR-20"
    assert desk.send(at, desk.see(at), do="excuse", what="slack", say="We have no access.").status == 303
    page = desk.see(at)
    assert desk.send(at, page, do="excuse", again="slack", instead="We have no access there any more.").status == 303
    stale = desk.send(at, page, do="excuse", again="slack", instead="As I typed it.")
    assert (stale.status, ">As I typed it.</textarea>" in stale.text) == (409, True)
    assert "Accepted: We have no access there any more." in desk.see(at)
    empty = desk.send(at, desk.see(at), do="excuse", again="slack", instead=" ")
    assert (empty.status, "what the person will read is missing" in empty.text) == (422, True)


def test_an_empty_sentence_is_wanted_where_the_button_was_pressed(desk, ran):
    """Who replaces an accepted sentence by none is not sent to those of the other gaps, and who accepts none not to the accepted one."""
    first, *_ = (f"zoom/{gap.endpoint}" for gap in open_here(ran).case.vendors["zoom"].open_gaps)
    assert desk.send(AT, desk.see(AT), do="excuse", what=first, say="Said.").status == 303
    page = desk.see(AT)
    assert f'<button name="replace" value="{first}"' in page
    assert "aria-invalid" not in page
    replaced = desk.send(AT, page, do="excuse", again=first, instead=" ", replace=first)
    assert (replaced.status, "what the person will read instead is missing" in replaced.text) == (422, True)
    assert re.findall(r'name="(\w+)"[^>]* aria-invalid="true"', replaced.text) == ["instead"]
    assert "<details open><summary>Say it otherwise</summary>" in replaced.text
    accepted = desk.send(AT, page, do="excuse", again=first, instead=" ")
    assert set(re.findall(r'name="(\w+)"[^>]* aria-invalid="true"', accepted.text)) == {"say"}
    unknown = desk.send(AT, page, do="excuse", again=f"{first}_", instead="Typed.", replace=first)
    assert (unknown.status, "aria-invalid" in unknown.text) == (422, False)


def test_no_sentence_is_lost_that_was_written_about_a_gap(desk, ran):
    """A stale form comes back with each sentence at its gap; of a gap that a colleague accepted meanwhile it is shown beside it."""
    page, case = desk.see(AT), open_here(ran)
    first, second, *_ = (f"zoom/{gap.endpoint}" for gap in case.case.vendors["zoom"].open_gaps)
    case.acts(excuses(case, first, "A colleague's sentence."), NOW, by="ana")
    before = open_here(ran).case.n
    answer = desk.send(AT, page, do="excuse", what=[first, second], say=["Mine of the first.", "Mine of the second."])
    assert answer.status == 409
    assert 'You typed, and nothing here asks for it any more: <bdi class="said">Mine of the first.</bdi>' in answer.text
    assert "Accepted: A colleague&#39;s sentence." in answer.text
    assert re.search(rf'value="{second}"><div class="fields"><label>[^<]*<textarea[^>]*>Mine of the second\.</textarea>', answer.text)
    refused = desk.send(AT, answer.text, do="excuse", what=[second, "zoom/nothing"], say=["Mine of the second.", "x"])
    assert (refused.status, open_here(ran).case.n) == (422, before)
    assert ">Mine of the second.</textarea>" in refused.text
    assert desk.send(AT, refused.text, do="excuse", what=second, say="Mine of the second.").status == 303


def test_what_cannot_be_done_is_said_in_the_page(desk, ran):
    """An empty field, an act that is none, a number that is none: nothing is written, and the page says why."""
    page, before = desk.see(AT), open_here(ran).case.n
    empty = desk.send(AT, page, do="identified", why="  ")
    assert (empty.status, "by which evidence is missing" in empty.text) == (422, True)
    assert desk.send(AT, page, do="nothing").status == 422
    assert "nothing is missing there" in desk.send(AT, page, do="excuse", what="zoom/nothing", say="x").text
    assert "cannot be closed now" in desk.send(AT, page, do="close").text
    assert "does not let the clock stand still" in desk.send(AT, page, do="pause", why="x").text
    for n in ("", "x", "-1", "9" * 30, "²"):
        assert desk.send(AT, page, do="withdraw", n=n).status == 409
    assert open_here(ran).case.n == before


def test_what_would_be_refused_is_no_button(desk, ran):
    """A case that was withdrawn has no form but the one that signs out."""
    assert 'value="withdraw"' in desk.see(AT)
    assert 'value="close"' not in desk.see(AT)
    assert desk.send(AT, desk.see(AT), do="withdraw").status == 303
    assert desk.see(AT).count("<form") == 1
    assert open_here(ran).case.state == "withdrawn"


def test_the_log_is_shown_page_by_page(desk, ran):
    """Every act stands on one of the pages, the newest first; a page that is none is the nearest."""
    case = open_here(ran)
    for at in range(120):
        case.act(Identified(how=f"evidence {at}"), NOW)
    first, second = desk.see(f"{AT}/log"), desk.see(f"{AT}/log?p=2")
    assert first.index("evidence 119") < first.index("evidence 118")
    called = system_titles(home_of(ran), case)
    assert sum(sentence(line, called) in first + second for line in open_here(ran).lines) == len(open_here(ran).lines)
    assert "Page 1 of 2" in first
    for odd in ("0", "-1", "99", "x", "9" * 40, "%C2%B2"):
        assert "Page" in desk.see(f"{AT}/log?p={odd}")


def test_two_portals_on_one_folder_show_the_same(desk, ran, serve):
    """The portal holds nothing: what one did the other shows."""
    other = serve(home_of(ran))
    other.enter()
    assert desk.send(AT, desk.see(AT), do="identified", why="passport seen").status == 303
    assert "Shown: passport seen" in other.see(AT)


def test_a_case_that_vanishes_is_told(desk, ran):
    """Its folder was moved away while the page was open: the form writes nothing, and says that there is no such case."""
    page = desk.see(AT)
    shutil.move(home_of(ran) / "cases" / "DSR-17", home_of(ran) / "away")
    assert desk.ask("GET", AT).status == 404
    sent = desk.send(AT, page, do="withdraw")
    assert (sent.status, "there is no case DSR-17" in sent.text) == (404, True)
    shutil.move(home_of(ran) / "away", home_of(ran) / "cases" / "DSR-17")
    assert open_case(home_of(ran), "DSR-17").case.state != "withdrawn"


def test_words_of_people_are_text(desk, ran):
    """Markup in a sentence that somebody wrote into the log is shown as it was typed."""
    assert desk.send(AT, desk.see(AT), do="identified", why="<script>alert(1)</script>\"'><b>").status == 303
    page = desk.see(AT) + desk.see(f"{AT}/log")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert open_here(ran).case.identified is not None
