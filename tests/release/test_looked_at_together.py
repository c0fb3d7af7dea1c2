"""Values that are looked at together, passed over or remembered are ruled about as if each were looked at by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import loads
from engine.release import compiled, telling
from engine.release.apply import PolicyInForce, PolicyOnParts
from engine.release.decision import Decisions
from engine.release.finders import Finders
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
