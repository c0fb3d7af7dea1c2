"""The policies that come with Habeas, on everything that the cassettes of their vendors recorded."""

from __future__ import annotations

import json
from functools import cache

import pytest

from engine.cassettes.recorded import CassetteRecords, recorded_runs
from engine.errors import UsageError
from engine.release.apply import PolicyInForce
from engine.release.learn import learn
from engine.release.load_policy import load_policy
from engine.release.never import is_secret_field
from engine.release.own import Fact, Own
from engine.release.policy import Policy
from engine.release.record_values import fields_in
from engine.release.ruling import Ruling
from engine.release.survey import survey
from engine.spec_files import cassettes_folder, contents, folder, packaged, packaged_policies, policy_path, spec_path, vendor_line

VENDORS = [path.stem for path in packaged_policies()]
MARA = (
    Fact("email", "mara@example.com"),
    Fact("display_name", "Mara Lindqvist"),
    Fact("number", "+12025550142"),
    Fact("extension_number", "1021"),
    Fact("id", "KDcuGIm1QgePTO8WbOqwIQ"),
)
ASK = ("ask", "third_party")


@cache
def packaged_policy(vendor: str) -> Policy:
    """Read a packaged policy."""
    path = policy_path(vendor)
    return load_policy(contents(path), str(path))[0]


@cache
def runs_of(vendor: str) -> tuple[CassetteRecords, ...]:
    """Read what a vendor's cassettes recorded."""
    return tuple(recorded_runs(cassettes_folder(spec_path(vendor), vendor)))


def test_every_vendor_has_a_policy():
    """Of its own name, and every policy a spec."""
    assert sorted(VENDORS) == sorted(vendor_line(path)[0] for path in packaged())
    assert all(packaged_policy(vendor).vendor == vendor for vendor in VENDORS)


def test_the_packaged_policies_have_no_mistake(habeas):
    """Held against all that was recorded, by the command that authors use."""
    done = habeas("policy", "check")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "7 policies: 0 mistakes, 0 notes"
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[:-1]] == VENDORS


@pytest.mark.parametrize("vendor", VENDORS)
def test_other_people_are_asked_about_and_never_withheld_unasked(vendor):
    """What the person knows already is theirs to have; nothing is masked but secrets and protected numbers."""
    policy = packaged_policy(vendor)
    assert {rule.do for rule in policy.others} == {"ask"}
    assert policy.leave_out == ()
    assert {rule.do for rule in policy.files.values()} <= {"ask"}
    assert (policy.never.secrets.do, policy.never.protected_numbers.do) == ("mask", "mask")


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_recorded_secret_is_given(vendor):
    """Every text under a secret's name is masked or left out, but for those that the policy names as none."""
    policy = packaged_policy(vendor)
    spared = {(path.endpoint, path.steps) for path in policy.never.secrets.but}
    for run in runs_of(vendor):
        pairs = [(endpoint, record) for endpoint, of_it in run.records.items() for record in of_it]
        own, told = learn(policy, [Fact(*one) for one in run.identifiers], pairs)
        in_force = PolicyInForce(policy, own, told=told)
        for endpoint, record in pairs:
            withheld = [one.pointer for one in in_force.rulings(endpoint, record) if one.withholds]
            for path in fields_in(record):
                value = record.get(path[0]) if len(path) == 1 else None
                if isinstance(value, str) and value and is_secret_field(path[0]) and (endpoint, path) not in spared:
                    assert "" in withheld or f"/{path[0]}" in withheld, (endpoint, path)


@pytest.mark.parametrize("vendor", VENDORS)
def test_something_is_told_of_what_the_vendor_has(vendor):
    """Categories and who runs the service are facts; purpose, retention and the rest are the operator's."""
    information = packaged_policy(vendor).information
    told = {name for name in type(information).model_fields if getattr(information, name) is not None}
    assert told == {"categories", "recipients"}
    assert set(information.categories or ()) == set(information.recipients or ()) == {"en", "de"}


def zoom(endpoint: str, record: object) -> dict[str, tuple[str, str]]:
    """Say what the packaged policy of Zoom says of a record."""
    found: list[Ruling] = PolicyInForce(packaged_policy("zoom"), Own(MARA)).rulings(endpoint, record)
    return {one.pointer: (one.do, one.because) for one in found}


ZOOM = [
    (
        "prefixes: who called is asked about",
        "phone_call_history",
        {
            "caller_name": "Bea Stone",
            "caller_email": "bea@example.com",
            "caller_ext_type": "user",
            "caller_device_public_ip": "192.0.2.7",
            "callee_name": "Mara Lindqvist",
            "callee_email": "mara@example.com",
            "callee_device_public_ip": "192.0.2.8",
            "direction": "inbound",
        },
        {"/caller_name": ASK, "/caller_email": ASK, "/caller_device_public_ip": ASK},
    ),
    (
        "prefixes: whom she called by a number",
        "phone_call_logs",
        {"caller_number": "1021", "caller_name": "Mara Lindqvist", "callee_number": "+12025550199", "callee_number_type": 2},
        {"/callee_number": ASK},
    ),
    (
        "a voicemail without any e-mail address",
        "phone_voicemails",
        {"caller_name": "Bea Stone", "caller_number": "+12025550199", "callee_name": "Mara Lindqvist", "callee_number": "1021"},
        {"/caller_name": ASK, "/caller_number": ASK},
    ),
    (
        "a voicemail told by numbers alone",
        "phone_voicemails_trash",
        {"caller_number": "+12025550199", "callee_number": "+12025550142"},
        {"/caller_number": ASK},
    ),
    (
        "objects: who took the call for her",
        "phone_recordings",
        {
            "caller_number": "+12025550199",
            "callee_number": "+12025550142",
            "accepted_by": {"name": "Cem Kaya", "extension_number": "1044"},
            "outgoing_by": {"name": "Mara Lindqvist", "extension_number": "1021"},
        },
        {"/caller_number": ASK, "/accepted_by/name": ASK, "/accepted_by/extension_number": ASK},
    ),
    (
        "lists: who may hear her voicemails",
        "phone_profile",
        {
            "policy": {
                "voicemail_access_members": [{"access_user_id": "KDcuGIm1QgePTO8WbOqwIQ"}, {"access_user_id": "xyzuGIm1QgePTO8WbOqwIQ"}]
            }
        },
        {"/policy/voicemail_access_members/1/access_user_id": ASK},
    ),
    (
        "lists: a message to two people",
        "phone_sms",
        {
            "sender": {"display_name": "Mara Lindqvist", "owner": {"id": "KDcuGIm1QgePTO8WbOqwIQ"}, "phone_number": "12025550142"},
            "to_members": [{"display_name": "Bea", "phone_number": "12025550199"}, {"phone_number": "12025550198"}],
        },
        {"/to_members/0/display_name": ASK, "/to_members/0/phone_number": ASK, "/to_members/1/phone_number": ASK},
    ),
    (
        "passcodes, and addresses with one",
        "recordings",
        {"recording_play_passcode": "abc", "share_url": "https://zoom.us/rec/share/x?pwd=abc", "topic": "Retro"},
        {"/recording_play_passcode": ("mask", "security"), "/share_url": ("mask", "security")},
    ),
    (
        "the passcode of meetings",
        "settings",
        {"schedule_meeting": {"pmi_password": "12", "require_password_for_pmi_meetings": "all"}},
        {"/schedule_meeting/pmi_password": ("mask", "security")},
    ),
]


@pytest.mark.parametrize(("endpoint", "record", "expected"), [one[1:] for one in ZOOM], ids=[one[0] for one in ZOOM])
def test_the_persons_own_side_of_a_call_is_recognised(endpoint, record, expected):
    """In Zoom's three shapes: prefixes, objects and lists; by address, number, extension or name."""
    assert zoom(endpoint, record) == expected


def test_a_call_that_three_endpoints_tell_is_given_once():
    """By the history; of its parts and its older form only what they alone tell is given, and never a field less than was recorded."""
    policy = packaged_policy("zoom")
    call = {"call_id": "c1", "caller_name": "Mara Lindqvist", "direction": "outbound"}
    records = [
        ("phone_call_history", {**call, "id": "h1"}),
        ("phone_call_elements", {**call, "call_element_id": "e1", "talk_time": 3}),
        ("phone_call_logs", {**call, "charge": "0.02"}),
        ("phone_call_logs", {**call, "call_id": "c2"}),
    ]
    own, told = learn(policy, MARA, records)
    in_force = PolicyInForce(policy, own, told=told)
    found = [{one.pointer: one.because for one in in_force.rulings(*one)} for one in records]
    repeated = {"/caller_name": "duplicate", "/direction": "duplicate"}
    assert found == [{}, repeated, repeated, {}]


def test_an_address_for_somebody_else_is_asked_about_though_the_number_is_hers():
    """A parcel for a sister carries the number of who ordered it."""
    own = Own([Fact("displayName", "Ada Brook"), Fact("phoneNumber", "+12025550142")])
    record = {
        "shippingAddress": {"name": "Bea Brook", "phone": "+12025550142"},
        "billingAddress": {"name": "Ada Brook", "phone": "+12025550142"},
    }
    found = PolicyInForce(packaged_policy("shopify"), own).rulings("orders", record)
    assert [(one.pointer, one.do, one.maybe_own) for one in found] == [
        ("/shippingAddress/name", "ask", True),
        ("/shippingAddress/phone", "ask", True),
    ]


def test_a_survey_counts_the_strongest_of_what_happens_to_a_field():
    """A field that holds others is not counted itself."""
    policy = packaged_policy("slack")
    found = survey(policy, [([Fact("id", "U0ADA000001")], {"files": [{"user": "U0ADA000001"}, {"user": "U0BEA000002", "a": {"b": 1}}]})])
    assert found == {("files", ("user",)): "ask", ("files", ("a",)): None, ("files", ("a", "b")): None}


def test_policies_are_no_specs_to_any_command(habeas, tmp_path):
    """A folder of policies among the specs of `HABEAS_SPECS` changes no vendor, and `check` says what the file is."""
    for path in packaged_policies():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert habeas("plan", "zoom", HABEAS_SPECS=str(tmp_path)).returncode == 0
    done = habeas("check", str(folder("specs") / "policies" / "zoom.yaml"))
    assert done.returncode == 2
    assert "this is a policy, and no spec" in done.stdout
    assert "habeas policy check reads it" in done.stdout


def test_a_policy_of_ones_own_is_checked(habeas, tmp_path):
    """By its path; in each of the three forms in which `check` prints."""
    own = tmp_path / "zoom.yaml"
    own.write_text("policy: 1\nvendor: zoom\nself: [lookup.emial]\n")
    done = habeas("policy", "check", str(own))
    assert done.returncode == 2
    assert "no recorded record has `lookup.emial`" in done.stdout
    assert "did you mean `lookup.email`?" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 policy: 1 mistake, 0 notes"
    [told] = json.loads(habeas("policy", "check", str(own), "--format", "json").stdout)
    assert (told["line"], told["column"], told["level"]) == (3, 8, "error")
    assert habeas("policy", "check", str(own), "--format", "github").stdout.startswith("::error file=")
    assert habeas("policy", "check", "--format", "xml").returncode == 2


def test_a_field_that_only_ones_own_account_has_is_known_from_a_run(habeas, tmp_path):
    """Named by the folder of the run or the vendor's in it; what is no run is refused."""
    run = tmp_path / "request-17" / "zoom"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("{}")
    (run / "lookup.jsonl").write_text('{"badge": {"number": 7}}\n')
    (run / "lookup.pages.jsonl").write_text("no record\n")
    own = tmp_path / "zoom.yaml"
    own.write_text("policy: 1\nvendor: zoom\nself: [lookup.badge.number]\n")
    assert habeas("policy", "check", str(own)).returncode == 2
    for folder_ in (run, run.parent):
        assert habeas("policy", "check", str(own), "--run", str(folder_)).returncode == 0
    assert "is no folder of a run at zoom" in habeas("policy", "check", str(own), "--run", str(tmp_path)).stderr
    assert "name its policy" in habeas("policy", "check", "--run", str(run)).stderr
    (run / "lookup.jsonl").write_text("{\n")
    assert "cannot be read as records" in habeas("policy", "check", str(own), "--run", str(run)).stderr


def test_a_policy_of_a_broken_spec_says_whose_mistake_it_is(habeas, tmp_path):
    """The spec is to be mended first."""
    (tmp_path / "acme.yaml").write_text("spec: 1\nvendor: acme\n")
    own = tmp_path / "own"
    own.write_text("policy: 1\nvendor: acme\n")
    done = habeas("policy", "check", str(own), HABEAS_SPECS=str(tmp_path))
    assert done.returncode == 2
    assert "the spec of `acme` has mistakes of its own" in done.stdout


SPEC = """# yaml-language-server: $schema=habeas.schema.json
spec: 1
vendor: {vendor}
base_url: https://api.acme.example
auth: {{headers: {{Authorization: <SECRET>}}}}
verify: {{get: /users}}
rate_limits: {{all: 10/s}}
gaps: none
access:
  lookup: {{get: /users/<EMAIL>, match: email, capture: {{USER_ID: id}}}}
  endpoints:
    notes: {{get: /users/<USER_ID>/notes}}
"""


@pytest.mark.parametrize(
    ("spec", "policy", "found"),
    [
        ("specs/acme.yaml", "specs/policies/acme.yaml", True),
        ("specs/ours.yaml", "specs/policies/acme-2026.yaml", True),
        ("acme.yaml", "policy.yaml", True),
        ("acme.yaml", "policies/acme.yaml", True),
        ("specs/acme.yaml", "policies/acme.yaml", False),
        ("acme.yaml", "elsewhere/acme.yaml", False),
    ],
)
@pytest.mark.parametrize("vendor", ["acme", "zoom"])
def test_the_spec_beside_a_policy_is_what_it_is_held_against(habeas, tmp_path, spec, policy, found, vendor):
    """In its folder, or beside the folder `policies`; before a packaged one of the same vendor. Elsewhere only packaged ones are known."""
    for name in (spec, policy):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / spec).write_text(SPEC.format(vendor=vendor))
    (tmp_path / policy).parent.joinpath("broken.yaml").mkdir()
    (tmp_path / policy).write_text(f"policy: 1\nvendor: {vendor}\nleave_out: [{{what: [notes.text], because: trade_secret}}]\n")
    done = habeas("policy", "check", str(tmp_path / policy))
    unknown = f"no spec of a vendor `{vendor}`" if vendor == "acme" else "`notes`"
    assert (unknown not in done.stdout) is found, done.stdout


def test_a_policy_of_a_broken_spec_beside_it_names_that_file(habeas, tmp_path):
    """Its vendor's name would mean no spec, or another one."""
    (tmp_path / "acme.yaml").write_text("spec: 1\nvendor: acme\n")
    (tmp_path / "policy.yaml").write_text("policy: 1\nvendor: acme\n")
    done = habeas("policy", "check", str(tmp_path / "policy.yaml"))
    assert done.returncode == 2
    assert "the spec of `acme` has mistakes of its own" in done.stdout
    assert f"habeas check {tmp_path / 'acme.yaml'}" in " ".join(done.stdout.split())


def test_a_spec_is_no_policy_and_one_sentence_says_so(habeas, tmp_path):
    """By the command, too: nothing is said of its words, nor of what is wrong with it as a spec."""
    (tmp_path / "acme.yaml").write_text("spec: 1\nvendor: acme\n")
    for spec in (folder("specs") / "zoom.yaml", tmp_path / "acme.yaml"):
        done = habeas("policy", "check", str(spec))
        assert done.returncode == 2
        assert done.stdout.splitlines()[0] == "error: this is a spec, and no policy"
        assert done.stdout.splitlines()[-1] == "1 policy: 1 mistake, 0 notes"


def test_a_policy_that_is_not_there_is_named(habeas):
    """With what was meant."""
    done = habeas("policy", "check", "zoon")
    assert done.returncode == 2
    assert "no policy is called `zoon`; did you mean `zoom`?" in done.stderr
    with pytest.raises(UsageError):
        policy_path("")
