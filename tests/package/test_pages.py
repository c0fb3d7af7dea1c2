"""The pages of a package: what they say in every state, in both languages; that they agree with the answer, and lead nowhere else."""

from __future__ import annotations

import re
from datetime import date

import pytest

from engine.errors import DiskError
from engine.package.content import RECEIVED, CaseAnswer, Sender
from engine.package.index_page import INFORMATION
from engine.package.pages import write_pages
from engine.package.summary import files_of, withheld
from engine.pages.languages import number_words
from engine.release.policy import Information
from engine.replaced import replace
from tests.package.answers import answer, file, full, given, kind, masked, meeting, service
from tests.package.reading import pages_of, safe

NOBODY = service(subject="no_match", title="HubSpot", vendor="hubspot", how="Searched for your e-mail address; nobody has it.")
UNPROVEN = service(subject="unproven", title="Slack", vendor="slack")
SILENT = service(subject="none", title="Payfair", vendor="payfair", asked=None)
REFUSED = kind(endpoint="recordings", title="Recordings", outcome="denied")
FOUND = service(kind([meeting(1), meeting(2)]))
HELD = service(kind(held={"privilege": 2}))
ALL_TOLD = dict.fromkeys(("purpose", "categories", "recipients", "retention", "source", "transfers", "automated_decisions"), "Told.")

# What the first page says: of each state in English and in German; what begins with `!` it does not say.
STATES = {
    "no service": (
        answer(),
        [
            "No service was searched. This package holds no data, and does not say whether we hold any about you.",
            "Found Nothing.",
            "Nothing held We can say this of no service.",
            "Not obtained No service was searched.",
            "Withheld Nothing.",
            "!Every service answered",
        ],
        ["Kein Dienst wurde durchsucht.", "Gefunden Nichts.", "Nicht erhalten Kein Dienst wurde durchsucht.", "Zurückgehalten Nichts."],
    ),
    "nobody anywhere": (
        answer(NOBODY, service(subject="no_match", title="Zoom", asked=None)),
        [
            "No, we found no data about you under the details you gave. 2 services were searched",
            "At HubSpot and Zoom nobody is known by your details.",
            "Not obtained Nothing. Every service answered in full.",
            "HubSpot Searched for your e-mail address; nobody has it.",
            "Zoom It was searched for your details, and nobody has them.",
            "No service was found to know you.",
            "so there is no use of it to describe.",
            "!Yes, we hold",
        ],
        [
            "Nein, unter Ihren Angaben fanden wir keine Daten über Sie. 2 Dienste wurden durchsucht",
            "Bei HubSpot und Zoom ist niemand mit Ihren Angaben bekannt.",
            "Nichts. Jeder Dienst hat vollständig geantwortet.",
        ],
    ),
    "nobody, but nothing was said of more": (
        answer(service(subject="no_match", not_asked=("chat messages",))),
        [
            "No, we found no data about you under the details you gave. One service was searched",
            "Nothing of what we asked for. What we did not ask services for, and what they give to nobody, is named below.",
            "Zoom: chat messages This was not asked for, or the service gives it to nobody.",
            "At Zoom nobody is known",
            "!answered in full",
        ],
        ["Nichts von dem, wonach wir fragten.", "Zoom: chat messages Danach wurde nicht gefragt", "Bei Zoom ist niemand mit Ihren Angaben bekannt", "Ein Dienst wurde durchsucht"],
    ),
    "nobody, unproven": (
        answer(NOBODY, UNPROVEN),
        [
            "We found no data about you, but we cannot say that we hold none.",
            "Not obtained Slack: whether it knows you.",
            "that does not prove that it knows nobody.", "At HubSpot nobody is known by your details.",
            "!No, we found",
        ],
        ["können aber nicht sagen, dass wir keine haben", "Slack: ob Sie dort bekannt sind.", "das beweist aber nicht"],
    ),
    "no answer at all": (
        answer(SILENT),
        ["we cannot say that we hold none", "Payfair: everything.", "nobody wrote down why. Please ask us.", "!No, we found"],
        ["Payfair: alles.", "niemand hat aufgeschrieben, warum"],
    ),
    "accepted as missing": (
        answer(service(subject="none", title="Payfair", why="Payfair gives data by letter only.")),
        ["Payfair: everything Payfair gives data by letter only.", "we cannot say that we hold none"],
        ["Payfair: alles Payfair gives data by letter only."],
    ),
    "known, nothing there": (
        answer(service(kind())),
        ["We know you, by the details you gave, but found no records about you.", "Every service answered in full.", "Meetings none none none"],
        ["aber wir fanden keine Datensätze über Sie.", "Meetings keine keine keine"],
    ),
    "everything denied": (
        answer(service(REFUSED)),
        [
            "We know you, by the details you gave, but obtained no records about you.",
            "Not obtained Zoom: Recordings.",
            "Recordings not obtained none none",
            "The service refused to give this. Please ask us what happens next.",
            "Found Nothing.",
            "!answered in full",
        ],
        ["aber wir erhielten keine Datensätze", "Recordings nicht erhalten keine keine", "Der Dienst hat dies verweigert."],
    ),
    "everything withheld": (
        answer(HELD),
        [
            "Yes, we hold data about you, but none of it is in this package. Below is why.",
            "Found Zoom: 2 records. None of it is in this package.",
            "Withheld 2 whole records.",
            "Confidential, with a lawyer none 2 none",
            "Together none 2 none",
            "!This package is your copy",
        ],
        ["aber nichts davon ist in diesem Paket.", "Nichts davon ist in diesem Paket.", "2 ganze Datensätze.", "keine 2 keine"],
    ),
    "nothing missing, nothing withheld": (
        answer(service(kind([given({"id": 1})]), information=ALL_TOLD)),
        [
            "This package is your copy of it, in full. Nothing was shortened",
            "Found Zoom: 1 record. All of it is in this package.",
            "Nothing. Every service answered in full.",
            "Nothing is withheld: no place inside a record, no record, no file.",
            "Purposes Zoom: Told.",
            "!Missing: nobody",
            "!but for what is named below",
        ],
        ["Dieses Paket ist Ihre vollständige Kopie davon.", "Zoom: 1 Datensatz. Alles davon", "Nichts ist zurückgehalten", "Zwecke Zoom: Told."],
    ),
    "some": (
        answer(FOUND, service(REFUSED, vendor="b", title="Brightdesk", subject="none")),
        [
            "in full but for what is named below as withheld or not obtained.",
            "Zoom: 2 records. All of it is in this package, but for 2 places inside the records that are withheld.",
            "Nothing held We can say this of no service. Not obtained",
            "Not obtained Brightdesk: Recordings.",
            "Withheld 2 places inside the records.",
            "Security 2 none none This is a password",
            "Missing: nobody wrote it down for Zoom and Brightdesk.",
            "write to".capitalize(),
        ],
        ["vollständig bis auf das, was unten", "Alles davon ist in diesem Paket, bis auf 2 Stellen in den Datensätzen, die zurückgehalten sind.", "2 Stellen in den Datensätzen.", "Sicherheit 2 keine keine", "Fehlt: Für Zoom und Brightdesk"],
    ),
    "only a part": (
        answer(service(kind([given({"id": 1})], outcome="partial", expected=3))),
        ["Meetings 1, not all 1 none", "Only a part of this could be obtained.", "The service says that there are 3 records.", "in full but for"],
        ["Meetings 1, nicht alle 1 keine", "Der Dienst sagt, dass es 3 Datensätze gibt."],
    ),
    "a part of the time": (
        answer(service(kind([given({"id": 1})], covered=(date(2026, 5, 28), date(2026, 11, 28)), outcome="complete"), information=ALL_TOLD)),
        [
            "in full but for what is named below",
            "Meetings from 28 May 2026 to 28 November 2026 1 1 none",
            "Zoom: Meetings, before 28 May 2026 This was not asked for, or the service gives it to nobody.",
            "Nothing of what we asked for.",
        ],
        ["Meetings vom 28. Mai 2026 bis zum 28. November 2026 1 1 keine", "Zoom: Meetings, vor dem 28. Mai 2026"],
    ),
    "a part of the time that ended earlier": (
        answer(service(kind([given({"id": 1})], covered=(date(2026, 5, 28), date(2026, 11, 27)), outcome="complete"), information=ALL_TOLD)),
        [
            "in full but for what is named below",
            "Meetings from 28 May 2026 to 27 November 2026 1 1 none",
            "Zoom: Meetings, before 28 May 2026 and after 27 November 2026 This was not asked for, or the service gives it to nobody.",
            "Nothing of what we asked for.",
        ],
        ["Meetings vom 28. Mai 2026 bis zum 27. November 2026 1 1 keine", "Zoom: Meetings, vor dem 28. Mai 2026 und nach dem 27. November 2026"],
    ),
    "known, and nothing was asked for": (
        answer(service()),
        ["but obtained no records about you", "Zoom: everything.", "nobody wrote down why"],
        ["aber wir erhielten keine Datensätze", "Zoom: alles."],
    ),
    "unproven, so nothing was asked for": (
        answer(replace(UNPROVEN, kinds=(kind(outcome="failed"),))),
        ["Not obtained Slack: whether it knows you. Why", "Meetings not obtained none none", "!Slack: Meetings"],
        ["Nicht erhalten Slack: ob Sie dort bekannt sind. Warum"],
    ),
    "found where nobody is known": (
        answer(replace(NOBODY, kinds=(kind([given({"id": 1})]),))),
        ["Found HubSpot: 1 record.", "Meetings 1 1 none"],
        ["HubSpot: 1 Datensatz."],
    ),
    "left out": (
        answer(service(kind(outcome="excluded"))),
        ["Meetings left out none none", "Zoom: Meetings This was left out: our connection to the service does not reach it, or we chose not to ask. Write to us if you want it."],
        ["Meetings ausgelassen keine keine", "Dies wurde ausgelassen: Unsere Verbindung zu dem Dienst reicht nicht dahin, oder wir haben nicht danach gefragt."],
    ),
    "an outcome that nobody knows": (
        answer(service(kind(outcome="odd"))),
        ["could not be obtained, and nobody wrote down why.", "!answered in full"],
        ["niemand hat aufgeschrieben, warum."],
    ),
    "a file that could not be had": (
        answer(service(kind([given({"id": 1})], files=(file(why="Gone."),)))),
        ["Zoom: 1 file of Meetings.", "Meetings without 1 file 1 1 none", "Each is named with its reason in the list of files.", "Zoom: 1 record. All of it is in this package."],
        ["Zoom: 1 Datei zu Meetings.", "Jede ist mit ihrem Grund"],
    ),
    "an owner's file that could not be had": (
        answer(service(subject="none", files=(file(),))),
        ["Zoom: 1 file of Files that were sent to us.", "we cannot say that we hold none", "Files that were sent to us without 1 file none none none"],
        ["Zoom: 1 Datei zu Dateien, die uns geschickt wurden."],
    ),
    "a rehearsal": (
        answer(FOUND, simulated=True),
        ["This is a rehearsal", "Nobody's data are in this package."],
        ["Dies ist eine Übung", "niemandes Daten"],
    ),
    "nobody says who answers": (
        answer(FOUND, sender=Sender(), name=None, identifiers=()),
        ["Who answers is not written here.", "Whom to write to is missing here.", "The data protection authority where you live or work", "!To ."],
        ["Wer antwortet, steht hier nicht.", "An wen Sie schreiben können, fehlt hier."],
    ),
    "another law": (
        answer(FOUND, law="California Consumer Privacy Act"),
        ["Law: California Consumer Privacy Act.", "You may ask us to correct or delete these data, and to look again", "!GDPR", "!object to their use"],
        ["Gesetz: California Consumer Privacy Act.", "!DSGVO"],
    ),
    "called Complete": (
        answer(FOUND, name="Complete", identifiers=("<b>&\u202e",)),
        ["To Complete, <b>&", "in full but for what is named below", "!in full. Nothing was shortened"],
        ["An Complete, <b>&"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("state", STATES)
def test_the_first_page_says_how_it_is(state, language, tmp_path):
    """In each state the sentences that are true, and not the others; every page is well formed, and the README says the same."""
    found, english, german = STATES[state]
    pages = pages_of(replace(found, language=language), tmp_path)
    read = safe(pages)
    text = read["index.html"].text
    for sentence in english if language == "en" else german:
        assert (sentence.removeprefix("!") in text) == (not sentence.startswith("!")), sentence
    lead = (english if language == "en" else german)[0]
    assert not lead.startswith(("Yes,", "No,", "We ", "Ja,", "Nein,")) or " ".join(lead.split()[:8]) in " ".join(
        pages["README.txt"].split()
    )


@pytest.mark.parametrize("state", STATES)
def test_a_row_of_the_answer_is_never_left_out(state, tmp_path):
    """Found, nothing held, not obtained, withheld and questions stand there in every state, and so does every section."""
    read = safe(pages_of(STATES[state][0], tmp_path))["index.html"]
    for place in ("found", "nothing", "missing", "withheld", "processing", "reading", "checking", "rights"):
        assert place in read.places
    for term in ("Found", "Nothing held", "Not obtained", "Withheld", "Questions"):
        assert f" {term} " in read.text or f"\n{term} " in read.text


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_number_is_a_sum_of_the_answer(language, tmp_path):
    """Records found and given, places, records and files withheld, by reason and together; 1,250 is 1.250 in German."""
    held = [meeting(number, language) for number in range(1250)]
    found = replace(
        full(tmp_path, language), services=(*full(tmp_path).services, service(kind(held, endpoint="big"), vendor="other", title="Other"))
    )
    text = safe(pages_of(found, tmp_path / "out"))["index.html"].text

    def words(number: int) -> str:
        return number_words(number, language) if number else {"en": "none", "de": "keine"}[language]

    kinds = [one for each in found.services for one in each.kinds]
    records, given_, places = (
        sum(numbers) for numbers in zip(*((one.found, one.given, sum(one.places.values())) for one in kinds), strict=True)
    )
    assert (records, given_, places) == (1302, 1301, 1300)
    total = {"en": "Together", "de": "Zusammen"}[language]
    assert f"{total} {words(records)} {words(given_)} {words(places)} " in text
    for count in withheld(found).values():
        assert f" {words(count.places)} {words(count.records)} {words(count.files)} " in text
    files = [one for each in found.services for one in files_of(each) if one.source]
    assert f"{len(files)} {'Dateien' if language == 'de' else 'files'}" in text
    assert ("1.250" in text, "1,250" in text) == (language == "de", language == "en")


def test_the_same_answer_makes_the_same_bytes(tmp_path):
    """All files are told, in their order, and nothing else is written."""
    found = full(tmp_path)
    first, second = pages_of(found, tmp_path / "a"), pages_of(found, tmp_path / "b")
    assert first == second
    assert list(first) == sorted(str(path.relative_to(tmp_path / "a")) for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(first["style.css"].encode()) < 8192


def test_an_answer_that_does_not_add_up_is_refused(tmp_path):
    """A record that is neither given nor held, or one that was said to be given and is not there: nothing would say that it is missing."""
    wrong = ({"found": 3}, {"given": 2, "found": 2}, {"given": 0, "found": 0}, {"withheld": ()})
    for number, changed in enumerate(wrong):
        with pytest.raises(ValueError, match="records"):
            pages_of(answer(service(kind([meeting(1)], **changed))), tmp_path / str(number))


def test_a_page_that_cannot_be_written_is_the_disks(tmp_path):
    """A folder that is none, and a page that is there already."""
    with pytest.raises(DiskError):
        write_pages(answer(), tmp_path / "no")
    write_pages(answer(), tmp_path)
    with pytest.raises(DiskError):
        write_pages(answer(), tmp_path)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_readme_is_short(language, tmp_path):
    """Some forty lines; it says how to check, and with which lines."""
    text = pages_of(full(tmp_path, language), tmp_path / "out")["README.txt"]
    assert text.count("\n") <= 56
    assert "    sha256sum --check --quiet manifest-sha256.txt tagmanifest-sha256.txt\n" in text
    assert "ssh-keygen -Y verify -f signers.txt" in text
    assert "<" not in text.replace(".sig < tag", "")
    assert max(map(len, text.splitlines())) < 100


def test_files_are_listed_with_where_they_are_and_why_not(tmp_path):
    """A file that is here is led to by a name of ours, one that is not says which decision or which failure that was."""
    pages = pages_of(full(tmp_path), tmp_path / "out")
    text = safe(pages)["read/zoom-meetings-files.html"].text
    assert "3 files; in this package: 1." in text
    assert "../x\\u202e.mp3 1 audio/mpeg 5 bytes meetings-0001.mp3" in text
    assert "recording.mp4 2 audio/mpeg 1,250,000 bytes [withheld: another person] This is another person's data" in text
    assert "recording.mp4 none not said not said Not obtained. Zoom did not answer for this file." in text
    assert f'href="../data/brightdesk/files/{RECEIVED}-0001.pdf"' in pages["read/brightdesk-received-files.html"]
    assert 'href="zoom-meetings-1.html#r2"' in pages["read/zoom-meetings-files.html"]


def test_a_file_leads_to_the_page_of_its_record(tmp_path):
    """The thousandth stands on the first page, the next on the second."""
    files = tuple(file(record=number) for number in (1000, 1001))
    pages = pages_of(answer(service(kind([meeting(number) for number in range(1001)], files=files))), tmp_path)
    safe(pages)
    assert re.findall(r'href="(zoom-[^"]+)"', pages["read/zoom-meetings-files.html"]) == [
        "zoom-meetings-1.html#r1000",
        "zoom-meetings-2.html#r1001",
    ]


def test_on_paper_no_link_leaves_a_word_behind(tmp_path):
    """What leads elsewhere on the first page is left out whole there."""
    text = pages_of(full(tmp_path), tmp_path / "out")["index.html"]
    assert re.findall(r'<span class="screen"><a [^>]*>read</a> and <a [^>]*>files</a></span> <span class="soft">meetings.json, .csv', text)


def test_what_must_be_told_is_what_a_policy_may_tell():
    """The names of both are the same, in their order."""
    assert tuple(Information.model_fields) == INFORMATION


def test_a_file_nobody_explained_says_so(tmp_path):
    """Without a name, without a reason."""
    text = pages_of(answer(service(kind([given({"id": 1})], files=(file(name=""),)))), tmp_path)["read/zoom-meetings-files.html"]
    assert "without a name" in text
    assert "Not obtained, and nobody wrote down why. Please ask us." in text


HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(1)>" onload="x\u202e\x00{{ 7*7 }} {n}'


def test_no_text_becomes_markup(tmp_path):
    """Not of a vendor, not of a case: names, reasons, kinds of record, fields, labels, values, files."""
    place = masked("/a", "[withheld: security]")
    record = given({HOSTILE: HOSTILE, "a": "[withheld: security]", "b": [HOSTILE], "c": {HOSTILE: {HOSTILE: 1}}}, place)
    many = kind(
        [record, given({"id": HOSTILE}), *(given({"id": number, "n": HOSTILE}) for number in range(1000))], title=HOSTILE, why=HOSTILE
    )
    sender = Sender(controller=HOSTILE, contact=HOSTILE, authority=HOSTILE)
    files = (file(name=HOSTILE, why=HOSTILE, media_type=HOSTILE, record=1), file(name=HOSTILE, because="security", why=HOSTILE))
    found = answer(
        service(many, kind(endpoint="x", title=HOSTILE, outcome=HOSTILE), title=HOSTILE, why=HOSTILE, not_asked=(HOSTILE,), information={"purpose": HOSTILE}, files=files),
        service(subject="no_match", title=HOSTILE, vendor="b", how=HOSTILE),
        name=HOSTILE, reference=HOSTILE, identifiers=(HOSTILE,), sender=sender, law=HOSTILE, engine=HOSTILE,
    )  # fmt: skip
    pages = pages_of(found, tmp_path)
    read = safe(pages)
    assert len(read) == 6
    for name, text in pages.items():
        assert name == "README.txt" or "<img" not in text
        assert name == "README.txt" or text.count("<script>") == name.endswith("-search.html")
        assert "\0" not in text
        assert "\u202e" not in text
        assert name in ("README.txt", "style.css") or "{{ 7*7 }} {n}" in text


def test_half_a_character_does_no_harm_anywhere(tmp_path):
    """It is written as its escape."""
    half = "\ud83d x"
    found: CaseAnswer = answer(
        service(kind([given(b'{"a": "\\ud83d x", "\\ud83d": 1}')], title=half), title=half), name=half, reference=half
    )
    pages = pages_of(found, tmp_path)
    assert "\\ud83d x" in pages["index.html"]
    assert "\\ud83d x" in pages["read/zoom-meetings-1.html"]
    safe(pages)
