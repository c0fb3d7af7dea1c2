"""One mistake stays one message, and hides no other: what gave a name is broken, so what asks for the name is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.language.load import load
from engine.language.text.mistakes import SpecError

SPECS = Path(__file__).parent.parent.parent / "specs"
BUCKET = ("bucket: audit\n", "bucket: audti\n")
NO_BUCKET = "`audti` is no bucket of `rate_limits`"


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("salesforce", [("{ID: Id, KIND", "{ID: , KIND")], ["`ID` has no value"]),
        ("salesforce", [("{INSTANCE: instance_url}", "{INSTANCE: 'a['}")], ["`a[` is no JMESPath expression"]),
        ("salesforce", [("for: {OBJECT: [Contact,", "for: {OBJECT: [{a: b},")], ["`OBJECT` expects a text here"]),
        ("salesforce", [("settings: {LOGIN_HOST:", "settings: {login:")], ["`login` is not a NAME in capitals: A-Z, 0-9, _"]),
        ("hubspot", [("[contacts, companies,", "[contacts, {a: b},")], ["`OBJECT` expects a text here"]),
        ("hubspot", [("    capture: {PROPERTIES:", "    captur: {PROPERTIES:")], ["unknown key `captur` in `properties`"]),
        ("mailchimp", [("audiences, get: /lists,", "audiences, gett: /lists,")], ["unknown key `gett` in `lists`"]),
        ("github", [("{LOGIN: author.login}", "{LOGIN: 'a['}"), BUCKET], ["`a[` is no JMESPath expression", NO_BUCKET]),
        (
            "github",
            [("match: login\n      capture", "match: login\n      captures"), BUCKET],
            ["unknown key `captures` in `lookup`", NO_BUCKET],
        ),
        (
            "github",
            [("      match: login\n", "      match: 'a['\n"), ("author:<LOGIN> org", "author:<LOGON> org")],
            ["unknown name `<LOGON>`"],
        ),
        (
            "github",
            [("Not Found, means: absent", "Not Found, means: absnt"), BUCKET],
            ["`absnt` is not one of the values of `means`", NO_BUCKET],
        ),
        (
            "github",
            [("      capture: {LOGIN: login}\n", "")],
            ["<LOGIN> is captured by one look-up and not by the other"] * 2,
        ),
    ],
)
def test_a_broken_giver_is_one_mistake_and_others_are_found_beside_it(name, changes, words):
    """In each of several look-ups, in `discover`, in a token answer, in settings and in one rule of a list."""
    text = (SPECS / f"{name}.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(SpecError) as caught:
        load(text.encode(), "x.yaml")
    found = [one.message for one in caught.value.mistakes]
    assert [one for one in found if one in words] == words
    assert len(found) <= max(2, len(words))
