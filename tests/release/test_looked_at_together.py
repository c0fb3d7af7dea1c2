"""Values that are looked at together, passed over or remembered are ruled about as if each were looked at by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import loads
from engine.release import compiled, telling
from engine.release import met as met_module
from engine.release.apply import PolicyInForce, PolicyOnParts
from engine.release.decision import Decision, Decisions
from engine.release.finders import Finders
from engine.release.met import NamingRecords, met
from engine.release.own import Own
from engine.release.policy import Policy
from engine.release.telling import HOLDER, LAST
from engine.release.vocabulary import Vocabulary
from tests.release.policies import ADA
from tests.release.test_laws import DECISIONS, LINES, POLICIES, SEVERAL

NAMES = ["Bea Stone", "Deb Abe", "+14155550142", "fee.bad", "hooks", "Ann Download"]
FINDERS = Finders(Vocabulary(NAMES))
BEGINNINGS = ["https://", "http://", "", "HTTPS://", "https://bea:pw@", "see https://", "https://1//0", "DE89https://"]
HOSTS = ["example.com", "hooks.slack.com", "api.acme.example", "xn--bea", "10.0.0.1", "example.com:8080", "bea.stone"]
STEPS = [
    *("v2", "phone", "download", "bea-stone", "Bea_Stone", "Deb", "Abe", "services", "T00B", "4242424242424242", "2026", "12", "~x"),
    *(
        "pin=1234",
        "?pwd=abc",
        "me%40example.com",
        "a@b.example",
        "DE89370400440532013000",
        "1//0",
        "tel",
        "0",
        "",
        "ghp_0123456789abcdefgh",
    ),
]
LASTS = [
    *("14155550142", "4155550142a", "5c6e433715ba2bdd177219d3", "a1", "7", "0123456", "12345678", "de89370400440532013000", "ab12", "1-23"),
    *("ad1400080001001234567890", "be68539007547034", "bc12", "131052-308", "131052-3081", "123456-7890", "ae070331234567890123456"),
    *("01234567-123456", "abc", "deb", "4242424242424242", "a4242424242424242", "0123456789abcdef0123456789abcdef-us1", "1a-999999", "0-0"),
]
ADDRESSES = st.builds(
    lambda begins, host, steps, last: begins + "/".join([host, *steps, last]),
    st.sampled_from(BEGINNINGS),
    st.sampled_from(HOSTS),
    st.lists(st.sampled_from(STEPS), max_size=4),
    st.one_of(st.sampled_from(LASTS), st.from_regex(LAST, fullmatch=True)),
)
FIND = {
    "policy": "1",
    "vendor": "acme",
    "find": {kind: {"do": "ask"} for kind in ("emails", "phones", "known_people", "cards", "ibans", "national_ids")},
}


def one_by_one(kind):
    """Give a policy in force that reads field by field and remembers nothing of values."""

    class FieldByField(kind):
        def _read_alike(self, rules, digest=""):
            self._telling.clear()
            return self._read_apart(rules, digest, None)

    return FieldByField


@pytest.fixture(autouse=True)
def _soon_new(monkeypatch):
    """Two values make a field one of which most values are new, five fill what is remembered."""
    monkeypatch.setattr(compiled, "MOST_NEW", 1)
    monkeypatch.setattr(telling, "MOST_SILENT", 5)


@given(LINES, st.sampled_from(SEVERAL), POLICIES, DECISIONS, st.sampled_from([PolicyInForce, PolicyOnParts]), st.booleans())
def test_fields_read_together_are_ruled_as_one_by_one(lines, several, words, decisions, kind, every):
    """Whatever was read before, in whichever order; asked once for a reviewer and once for a package."""
    policy, decided = Policy.model_validate({**words, "others": [several, *words.get("others", [])]}), Decisions(decisions)
    quick = kind(policy, Own(ADA), finder=FINDERS, decisions=decided, every=every)
    slow = one_by_one(kind)(policy, Own(ADA), finder=FINDERS, decisions=decided, every=every)
    for line in [*lines, *lines[::-1], *lines]:
        for digest in ("other", "sha"):
            record = loads(line.encode())
            assert sorted_(quick.rulings("calls", record, digest)) == sorted_(slow.rulings("calls", record, digest))


@given(LINES, st.sampled_from(SEVERAL), POLICIES, st.sampled_from([PolicyInForce, PolicyOnParts]))
def test_what_a_rule_withholds_is_ruled_the_same_whatever_is_found_in_it(lines, several, words, kind):
    """It goes as a whole, and the rule is the reason: so it need not be looked through."""
    policy = Policy.model_validate({**words, "others": [several, *words.get("others", [])]})
    looking, passing = (kind(policy, Own(ADA), finder=finder) for finder in (FINDERS, None))
    for line in lines:
        record = loads(line.encode())
        found = looking.rulings("calls", record)
        for one in passing.rulings("calls", record):
            named = any(FINDERS(step) for step in one.pointer.split("/"))  # what is found in the name of a field is ruled about besides
            if one.kind in ("who", "secret", "number") and one.withholds and not named:
                assert [other for other in found if other.pointer == one.pointer] == [one]


def sorted_(rulings):
    """Sort by place, since what is read together comes together."""
    return sorted(rulings, key=lambda one: (one.pointer, one.rule, one.value))


LEG = {"leg_id": "5c6e433715ba2bdd177219d3", "codec": "opus"}
LISTS = [
    [LEG, LEG, {**LEG, "codec": "Bea Stone"}],
    [LEG, {**LEG, "leg_id": "+14155550142"}],
    [LEG, {"codec": "opus", "leg_id": "Bea Stone"}],
    [LEG, {**LEG, "to": "Bea Stone"}],
    [LEG, {"leg_id": "x", "codec": {"name": "Bea Stone"}}],
    [LEG, {"leg_id": ["Bea Stone"], "codec": "opus"}],
    [LEG, ["leg_id", "codec"], "Bea Stone"],
    [LEG, [{**LEG, "codec": "Bea Stone"}]],
    [LEG, None, {**LEG, "codec": "Bea Stone"}],
    ["Bea Stone", LEG],
]


@pytest.mark.parametrize("legs", LISTS)
@pytest.mark.parametrize("before", [0, 3])
def test_an_item_of_a_list_is_read_however_silent_those_beside_it_are(legs, before):
    """Behind items that tell nothing stands a name, in another form, deeper, or in a field of which most values are new."""
    quick, slow = (kind(Policy.model_validate(FIND), Own([]), finder=FINDERS) for kind in (PolicyInForce, one_by_one(PolicyInForce)))
    for number in range(before):
        assert quick.rulings("calls", {"legs": [{**LEG, "leg_id": f"{number}a{part}"} for part in "bcde"]}) == []
    found = quick.rulings("calls", {"legs": legs})
    assert found
    assert found == slow.rulings("calls", {"legs": legs})


@given(st.lists(ADDRESSES, min_size=1, max_size=6))
def test_an_address_that_ends_with_a_number_of_a_program_is_looked_at_as_a_whole(addresses):
    """What is passed over because its beginning tells nothing holds nothing."""
    used = PolicyInForce(Policy.model_validate(FIND), Own([]), finder=FINDERS)
    for address in addresses:
        expected = PolicyInForce(Policy.model_validate(FIND), Own([]), finder=FINDERS)._told_by(address)
        assert used._telling[address] == expected
        assert bool(used.rulings("calls", {"address": address})) is bool(expected)


@pytest.mark.parametrize("steps", ["services", "services/T0", "workflows"])
def test_the_end_of_an_address_may_complete_a_token(steps):
    """It is a secret, though neither its beginning nor its end is one."""
    used = PolicyInForce(Policy.model_validate(FIND), Own([]), finder=FINDERS)
    assert [one.do for one in used.rulings("calls", {"url": f"https://hooks.slack.com/{steps}/5c6e433715ba2bdd177219d3"})] == ["mask"]


def test_a_side_has_the_number_of_its_place_in_the_record():
    """The same person behind another one, and behind nobody: who comes first is the first group."""
    words = {"policy": "1", "vendor": "acme", "others": [{"in": "calls", "who": one, "do": "mask"} for one in ("caller_*", "callee_*")]}
    used = PolicyInForce(Policy.model_validate(words), Own([]))
    caller, callee = {"caller_name": "Bea", "caller_email": "bea@example.com"}, {"callee_name": "Cem", "callee_email": "cem@example.com"}
    nobody = dict.fromkeys(caller, "")
    for record, groups in ((caller | callee, [0, 0, 1, 1]), (nobody | callee, [0, 0]), (callee | caller, [0, 0, 1, 1])):
        assert [one.group for one in used.rulings("calls", record)] == groups


@given(st.from_regex(HOLDER, fullmatch=True), st.from_regex(LAST, fullmatch=True))
def test_any_address_of_that_form(holder, last):
    """The form itself lets nothing through."""
    address, in_force = f"{holder}/{last}", PolicyInForce(Policy.model_validate(FIND), Own([]), finder=FINDERS)
    assert in_force._telling[address] == in_force._told_by(address)


SIDED = st.dictionaries(
    st.sampled_from([f"{side}_{name}" for side in ("caller", "callee") for name in ("name", "email", "number", "mail")] + ["id", "topic"]),
    st.sampled_from(
        ["Ada Brook", "ada@example.com", "Bea Stone", "bea@example.com", "+14155550142", "1021", 1021, "", None, ["Bea Stone"]]
    ),
    min_size=1,
)
SAME_FORM = st.fixed_dictionaries(
    {f"{side}_{name}": st.sampled_from(["Ada Brook", "bea@example.com", "Bea Stone", ""]) for side in ("caller", "callee") for name in "ab"}
)
TWICE = [{}, {"once": [{"in": ["earlier", "calls"], "by": "id"}]}, {"once": [{"in": ["calls", "later"], "by": "topic"}]}]


@given(
    st.one_of(st.lists(SIDED, max_size=6), st.lists(SAME_FORM, max_size=8)),
    st.sampled_from([*SEVERAL, {"in": "calls", "who": "caller_*", "do": "alias"}, {"in": "calls", "who": ["caller_*", "callee_*"]}]),
    POLICIES,
    DECISIONS,
    st.sampled_from(TWICE),
)
def test_who_is_who_follows_from_the_records_that_name_somebody_new(records, several, words, decisions, twice):
    """From these alone, where nothing but who stands on a side decides what happens to it; all facts, in the order of their first record."""
    policy = Policy.model_validate({**words, **twice, "others": [several, *words.get("others", [])]})
    every, new = told_by(policy, [*records, *records[::-1]], Decisions(decisions), {(0, "Bea Stone"): 0, (0, "1021"): 0} if twice else {})
    assert new == every


BEA = {"caller_name": "Bea Stone", "caller_email": "bea@example.com"}
MINE = {"callee_name": "Ada Brook", "callee_email": "ada@example.com"}
CEM = {"callee_name": "Cem Aydin", "callee_email": "cem@example.com"}
DEE = {"caller_name": "Dee Moss", "caller_email": "dee@example.com"}
HOLD = Decision(act=1, operation="hold", because="third_party", record="sha")
BESIDE = [
    ({"others": [SEVERAL[0]], "find": {"emails": {"do": "mask"}}}, [BEA | CEM, DEE | MINE, BEA | MINE], []),
    ({"others": [{"in": "calls", "who": "caller_*"}], **TWICE[1]}, [BEA | {"id": "1021"}, BEA | {"id": "1"}], []),
    ({"others": [{"in": "calls", "who": "caller_*"}]}, [BEA, BEA], [HOLD]),
]


@pytest.mark.parametrize(("words", "records", "decisions"), BESIDE)
def test_who_was_named_in_a_record_of_which_less_was_said_is_told_by_the_next(words, records, decisions):
    """There it was not sure who is the person, the record was told before, or held: what stands beside a side decides about it."""
    policy = Policy.model_validate({"policy": "1", "vendor": "acme", **words})
    every, new = told_by(policy, records, Decisions(decisions), {(0, "1021"): 0} if "once" in words else {})
    assert new == every
    assert tuple((f"/{name}", text) for name, text in BEA.items()) in every


def test_a_side_of_which_it_was_not_sure_who_it_is_is_judged_anew_in_the_next_record():
    """There the person stands beside it; what was asked about in an earlier record is masked, as if that one had not been read."""
    policy = Policy.model_validate({"policy": "1", "vendor": "acme", "others": [SEVERAL[0]]})
    used = PolicyInForce(policy, Own(ADA))
    for record, does in ((BEA | CEM, ["ask"] * 4), (BEA | MINE, ["mask"] * 2), (BEA | CEM, ["ask"] * 4)):
        assert [one.do for one in used.rulings("calls", record)] == does


def told_by(policy, records, decisions, told):
    """Give the facts of all records, and of those that name somebody new, or must be read all the same; the first record is `sha`."""
    naming, pairs = NamingRecords(), [("calls", record) for record in records]
    list(met(PolicyInForce(policy, Own(ADA)), pairs, naming))
    in_force = PolicyOnParts(policy, Own(ADA), told=told, finder=FINDERS, decisions=decisions)
    every, new = dict[Any, None](), dict[Any, None]()
    for at, ((endpoint, record), names) in enumerate(naming.among(pairs)):
        facts = facts_of_sides(in_force.rulings(endpoint, record, "other" if at else "sha", only_people=True))
        every |= facts
        new |= facts if names or not in_force.rules_by_sides(endpoint) else {}
    return list(every), list(new)


def facts_of_sides(rulings):
    """Give what aliases learn from a record: what stands together on each side."""
    sides = dict[int, list[tuple[str, str]]]()
    for one in rulings:
        if one.group is not None:
            sides.setdefault(one.group, []).append((one.pointer, one.value))
    return dict.fromkeys(map(tuple, sides.values()))


def test_behind_as_many_as_can_be_noted_every_record_may_name_somebody(monkeypatch):
    """Memory is bounded; nobody is passed over for it."""
    monkeypatch.setattr(met_module, "MOST_NOTED", 2)
    naming = NamingRecords()
    for place in (1, 4, 6):
        naming.note(place)
    assert [record for record, new in naming.among(range(10)) if new] == [1, 4, 6, 7, 8, 9]
