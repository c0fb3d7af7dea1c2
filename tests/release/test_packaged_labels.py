"""The labels that come with Habeas: of every vendor, held against all that was recorded, and no specs to any command."""

from __future__ import annotations

import re
import shutil
from functools import cache

import pytest

import engine
from engine.case.answer import labels_of as labels_in
from engine.cassettes.labelled import check_labels, recorded_fields
from engine.catalogue import load
from engine.release.labels import LEAST_LABELLED, Labels, innermost, laid_over, left_beneath, unlabelled
from engine.release.load_labels import load_labels, untitled
from engine.spec_files import LABELS, contents, folder, labels_beside, packaged, spec_path, vendor_line

VENDORS = sorted(vendor_line(path)[0] for path in packaged())
PAST = re.compile(r"[a-z]+(_[a-z]+)+|[a-z]+[A-Z][a-z]+")


ENGLISH = re.compile(r"\b(the|of|is|by|with|from|not|and|at|to|are)\b")
TO_THE_OPERATOR = re.compile(
    r"\b(scopes?|tokens?|APIs?|this file|connect as|ask again|look before|[Tt]he person|[Tt]he member|[Aa] person|[Dd]ie Person|der Person|Herausgabe)\b"
)
PRODUCTS = "GitHub|HubSpot|YouTube|PayPal|WhatsApp|WeChat|RingCentral"


@cache
def labels_of(vendor: str, language: str = "en") -> Labels:
    """Read the packaged labels of a vendor in one language, and in that alone."""
    path = labels_beside(spec_path(vendor), vendor, language)
    assert path is not None
    beneath = None if language == "en" else labels_of(vendor)
    return load_labels(contents(path), str(path), vendor, recorded_fields(load(vendor), spec_path(vendor)), beneath)


@pytest.mark.parametrize("vendor", VENDORS)
def test_nine_in_ten_recorded_fields_have_a_label(vendor):
    """Of each vendor's, and no label is of a field that nothing recorded has."""
    fields = recorded_fields(load(vendor), spec_path(vendor))
    assert len(innermost(fields)) > 150
    assert len(unlabelled(labels_of(vendor), fields)) <= (1 - LEAST_LABELLED) * len(innermost(fields))


@pytest.mark.parametrize("vendor", VENDORS)
def test_all_that_has_a_label_reads_in_german(vendor):
    """Every field, what holds it, every code and every kind of record: nobody gets an answer in two languages."""
    fields, german = recorded_fields(load(vendor), spec_path(vendor)), labels_of(vendor, "de")
    assert list(left_beneath(german, labels_of(vendor), fields)) == []
    assert unlabelled(german, fields) == unlabelled(labels_of(vendor), fields)
    assert untitled(german, load(vendor).endpoints, "German") is None
    assert list(german.gaps) == list(load(vendor).gaps)
    assert [text for text in german.words() if ENGLISH.search(text)] == []


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_what_cannot_be_had_is_said_to_the_person(vendor, language):
    """Not to whoever runs the spec: nobody reads of scopes and tokens, of themselves as of somebody else, or what they should do before handing over."""
    told = [labels_of(vendor, language).gaps.get(text, text) for text in load(vendor).gaps]
    assert [text for text in told if TO_THE_OPERATOR.search(text)] == []


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_labels_are_short_and_plain(vendor, language):
    """They begin with a capital, end without a full stop, fit beside a value, and hold no name that only programs use."""
    labels = labels_of(vendor, language)
    tables = (labels.ends, *labels.whole.values())
    every = [label for table in tables for label in (*table.exact.values(), *(label for _, label in table.patterns))]
    for label in every:
        assert label.text == "*" or re.match(r"[A-ZÄÖÜ0-9]", label.text), label
        assert not label.text.endswith((".", ":", ",")), label
        assert len(label.text) <= 90, label
        assert not PAST.search(re.sub(PRODUCTS, "", label.text)), label
        for meaning in label.codes.values():
            assert not meaning.endswith("."), label
            assert len(meaning) <= 90, label


ZOOM = [
    ("meetings", "type", 2, "Kind of meeting", "scheduled"),
    ("meetings", "type", 8, "Kind of meeting", "repeated at a fixed time"),
    ("webinars", "type", 9, "Kind of webinar", "repeated at a fixed time"),
    ("recordings", "type", "99", "Recording of", "uploaded file"),
    ("recordings", "recording_files.recording_type", "audio_only", "File > Kind of recording", "sound only"),
    ("phone_call_history", "result", "no_answer", "How it ended", "not answered"),
    ("phone_call_logs", "callee_number_type", 1, "What the called number is", "an extension"),
    ("phone_call_history", "caller_number_type", "anonymous_number", "What the caller's number is", "a hidden number"),
    ("lookup", "type", 2, "Kind of account", "licensed"),
    ("lookup", "login_types", 101, "Ways to sign in", "the company's own sign-in"),
    ("settings", "in_meeting.waiting_room", True, "In meetings > Waiting room", None),
]


@pytest.mark.parametrize(("endpoint", "path", "value", "label", "meaning"), ZOOM)
def test_zooms_codes_are_explained(endpoint, path, value, label, meaning):
    """As its documents explain them."""
    assert labels_of("zoom").of(endpoint, tuple(path.split(".")), value) == (label, meaning)


OTHERS = [
    (
        "github",
        "issues",
        "author_association",
        "MEMBER",
        "What the author is to the repository",
        "a member of the organization that owns it",
    ),
    ("github", "commits", "repository.owner.login", "ada", "Repository > Owner > User name", None),
    ("hubspot", "contact", "propertiesWithHistory.shoe_size.value", "43", "Over time > shoe_size > Entry", None),
    ("hubspot", "contact", "properties.shoe_size", "43", "shoe_size", None),
    ("hubspot", "email_events", "type", "SPAMREPORT", "What happened", "reported as unwanted"),
    ("mailchimp", "lookup", "status", "cleaned", "Subscription", "taken out, since mails could not be delivered"),
    ("mailchimp", "lookup", "interests.0af1", True, "Has chosen the interest 0af1", None),
    ("salesforce", "consents", "PrivacyConsentStatus", "OptOut", "Consent", "refused"),
    ("shopify", "orders", "billingAddress.zip", "04177", "Invoice address > Postal code", None),
    (
        "shopify",
        "lookup",
        "defaultPhoneNumber.smsMarketingConsent.state",
        "PENDING",
        "Telephone number > Advertising by text message > State",
        "not yet confirmed",
    ),
    ("slack", "billing", "billable_info.U1.billing_active", True, "The workspace pays for this member", None),
]


@pytest.mark.parametrize(("vendor", "endpoint", "path", "value", "label", "meaning"), OTHERS)
def test_other_vendors_fields_are_explained(vendor, endpoint, path, value, label, meaning):
    """What holds a field stands before it; names that differ from person to person are told as they are."""
    assert labels_of(vendor).of(endpoint, tuple(path.split(".")), value) == (label, meaning)


def test_check_counts_them(habeas):
    """One line for each language of a vendor, behind that of its cassettes; no mistake and no note of theirs."""
    done = habeas("check", "--strict", "mailchimp")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-3] == "mailchimp: 239 of 239 recorded fields have a label"
    assert done.stdout.splitlines()[-2] == "mailchimp: 239 of 239 recorded fields have a label in German"


def test_labels_are_no_specs_to_any_command(habeas, tmp_path):
    """A folder of labels in `HABEAS_SPECS` changes no vendor, each command says what the file is, and a vendor may be called labels."""
    for path in (folder("specs") / LABELS).glob("*.yaml"):
        shutil.copy(path, tmp_path)
    assert habeas("plan", "zoom", HABEAS_SPECS=str(tmp_path)).returncode == 0
    assert habeas("plan", "labels", HABEAS_SPECS=str(tmp_path)).returncode == 2
    for words in (("check",), ("plan",), ("docs",)):
        done = habeas(*words, str(folder("specs") / LABELS / "zoom.yaml"))
        assert done.returncode == 2
        assert "these are labels, and no spec" in done.stdout + done.stderr
    assert "labels is a folder" in habeas("check", str(folder("specs") / LABELS)).stderr
    spec = (folder("specs") / "mailchimp.yaml").read_text("utf-8").replace("vendor: mailchimp", "vendor: labels")
    (tmp_path / "labels.yaml").write_text(spec, "utf-8")
    assert habeas("plan", "labels", HABEAS_SPECS=str(tmp_path)).returncode == 0


@pytest.fixture
def own(tmp_path):
    """A vendor of one's own beside its cassettes: Mailchimp's."""
    (tmp_path / "specs" / LABELS).mkdir(parents=True)
    shutil.copy(folder("specs") / "mailchimp.yaml", tmp_path / "specs")
    shutil.copytree(folder("fixtures") / "mailchimp", tmp_path / "fixtures" / "mailchimp")
    return tmp_path / "specs" / LABELS / "mailchimp.yaml"


def test_more_than_one_in_ten_is_a_note_and_strictly_a_mistake(own, habeas):
    """With the names of what is missing, in the file of the labels."""
    spec = str(own.parent.parent / "mailchimp.yaml")
    own.write_text("labels: 1\nvendor: mailchimp\neverywhere: {id: Identifier}\n")
    done = habeas("check", spec)
    assert done.returncode == 0
    assert re.search(
        r"note: \d+ recorded fields of 239 have no label, more than one in ten\n +--> \S+/labels/mailchimp.yaml:1:1", done.stdout
    )
    assert re.search(r"\nmailchimp: \d+ of 239 recorded fields have a label\n", done.stdout)
    assert habeas("check", "--strict", spec).returncode == 2


def test_a_mistake_in_labels_is_one_of_check(own, habeas):
    """At its place in its own file; nothing is counted then. Without labels nothing is said of them."""
    spec = own.parent.parent / "mailchimp.yaml"
    vendor = load(spec)
    own.write_text("labels: 1\nvendor: mailchimp\nendpoints:\n  lookup: {emial_address: E-mail address}\n")
    done = habeas("check", str(spec))
    assert done.returncode == 2
    assert "no recorded record of `lookup` has `emial_address`" in done.stdout
    assert "did you mean `email_address`?" in done.stdout
    assert "have a label" not in done.stdout
    assert [mistake.file for mistake in engine.check(spec) if mistake.level == "error"] == [str(own)]
    own.unlink()
    assert check_labels(vendor, spec) == ((), None)


@pytest.mark.parametrize(("name", "hint"), [("mailchip.yaml", "did you mean `mailchimp`?"), ("mailchimp.yml", "named for its vendor")])
def test_labels_that_nothing_reads_are_a_mistake(own, habeas, name, hint):
    """A misspelt name; a file that is no labels is not ours to judge."""
    spec = str(own.parent.parent / "mailchimp.yaml")
    own.with_name(name).write_text("labels: 1\nvendor: mailchimp\neverywhere: {id: Identifier}\n")
    own.with_name("kinds.yaml").write_text("red: 1\n")
    done = habeas("check", spec)
    assert done.returncode == 2
    assert "so nothing reads them" in done.stdout
    assert hint in done.stdout
    assert "kinds.yaml" not in done.stdout


def test_labels_that_cannot_be_read_are_a_mistake(own, habeas):
    """Not UTF-8, or too large."""
    spec = str(own.parent.parent / "mailchimp.yaml")
    own.write_bytes(b"labels: 1\nvendor: mailchimp\neverywhere: {id: \xff}\n")
    assert "not UTF-8 text" in habeas("check", spec).stdout


def test_labels_of_another_language_stand_over_the_english_ones(own, habeas):
    """A field, a code and a kind of record read in German where the German file names them, else in English; `check` reads both."""
    labels = labels_in("zoom", "de")
    assert labels.of("meetings", ("topic",)) == ("Thema", None)
    assert labels.of("meetings", ("type",), 2) == ("Art der Besprechung", "geplant")
    assert labels.titles["recordings"] == "Aufzeichnungen in der Cloud"
    assert labels_in("zoom", "en") == labels_in("zoom")
    spec, german = str(own.parent.parent / "mailchimp.yaml"), own.with_name("mailchimp.de.yaml")
    own.write_bytes((folder("specs") / LABELS / "mailchimp.yaml").read_bytes())
    german.write_text("labels: 1\nvendor: mailchimp\ntitles: {events: Ereignisse}\neverywhere: {email_address: E-Mail-Adresse}\n")
    labels = laid_over(load_labels(german.read_bytes(), str(german)), labels_of("mailchimp"))
    assert labels.of("lookup", ("email_address",)) == ("E-Mail-Adresse", None)
    assert labels.of("lookup", ("status",), "cleaned") == ("Subscription", "taken out, since mails could not be delivered")
    assert habeas("check", spec).returncode == 0
    german.write_text("labels: 1\nvendor: mailchimp\ntitles: {event: Ereignisse}\neverywhere: {email_adress: E-Mail-Adresse}\n")
    said = habeas("check", spec).stdout
    assert "error: there is no endpoint `event`" in said
    assert "error: no recorded record has `email_adress`" in said
    assert "labels/mailchimp.de.yaml:4:" in said
    german.rename(own.with_name("mailchimp.fr.yaml"))
    assert "no spec beside this folder has labels of this name, so nothing reads them" in habeas("check", spec).stdout


def test_what_german_labels_leave_out_is_a_note_and_strictly_a_mistake(own, habeas):
    """Fields that would read in English, and kinds of records without a title, in the file that lacks them."""
    spec, german = str(own.parent.parent / "mailchimp.yaml"), own.with_name("mailchimp.de.yaml")
    own.write_bytes((folder("specs") / LABELS / "mailchimp.yaml").read_bytes())
    german.write_text("labels: 1\nvendor: mailchimp\ntitles: {events: Ereignisse}\neverywhere: {email_address: E-Mail-Adresse}\n")
    done = habeas("check", spec)
    assert done.returncode == 0
    noted = r"note: \d+ recorded fields of 239 have no label in German, more than one in ten\n +--> \S+/labels/mailchimp.de.yaml:1:1"
    assert re.search(noted, done.stdout)
    assert re.search(r"note: 21 kinds of records without a title in German\n +--> \S+/labels/mailchimp.de.yaml:1:1", done.stdout)
    assert re.search(
        r"\nmailchimp: 239 of 239 \S+ fields have a label\nmailchimp: \d+ of 239 recorded fields have a label in German\n", done.stdout
    )
    assert habeas("check", "--strict", spec).returncode == 2
    assert "note: 7 sentences of the spec's `gaps` not said in German" in done.stdout
    german.write_bytes((folder("specs") / LABELS / "mailchimp.de.yaml").read_bytes())
    assert habeas("check", "--strict", spec).returncode == 0
    german.write_text(german.read_text("utf-8").replace("leaves no trace in this API", "leaves no trace"), "utf-8")
    done = habeas("check", spec)
    assert done.returncode == 2
    assert re.search(r"error: the spec says no such sentence under `gaps`\n +--> \S+/labels/mailchimp.de.yaml:30:3", done.stdout)
    german.write_bytes((folder("specs") / LABELS / "mailchimp.de.yaml").read_bytes())
    own.unlink()
    done = habeas("check", "--strict", spec)
    assert (done.returncode, "239 of 239 recorded fields have a label in German" in done.stdout) == (0, True)
