"""Letters about a case: the packaged ones in both languages, the operator's own, and what each must know before it is written."""

from __future__ import annotations

import re

import pytest

from engine.case.letters import packaged
from tests.case.test_commands import PERSON, TODAY, files, home_of, state


def test_letters_of_both_languages(habeas):
    """Each packaged letter is filled in whole, in both languages, `.txt` and `.eml`."""
    home = home_of(habeas)
    for language in ("en", "de"):
        reference = f"DSR-{language}"
        habeas("case", "new", reference, "--simulated", "--language", language, "--received", str(TODAY), stdin=PERSON)
        (home / "office.yaml").write_text("controller: Acme GmbH\nsignature: Pat Privacy\ncontact: privacy@acme.example\n")
        for words in (["acknowledge"], ["extend", "--why", "many systems"], ["deny", "--why", "not you"]):
            assert habeas("case", words[0], reference, *words[1:]).returncode == 0
        written = files(home / "cases" / reference / "letters")
        assert sorted(written) == [
            f"{n}-{kind}.{end}" for n, kind in ((2, "acknowledge"), (3, "extend"), (4, "deny")) for end in ("eml", "txt")
        ]
        for text in (raw.decode() for name, raw in written.items() if name.endswith(".txt")):
            assert "<" not in text
            assert ("Datenschutz-Grundverordnung (EU)" in text, "General Data Protection" in text) == (language == "de", language == "en")
            assert "Pat Privacy\nAcme GmbH\nprivacy@acme.example" in text


LETTERS = [
    ("Subject: x\n\n<NAMME>\n", "acknowledge.txt:3: <NAMME> is no placeholder; there are <NAME>"),
    ("Hello\n", "acknowledge.txt:1: a letter begins with `Subject: ...`"),
    ("Subject: x\n\n<WHY>\n", "acknowledge.txt:3: <WHY> has no value in this letter"),
    ("Subject: x\n\n<SIGNATURE>\n", "write `controller: ...` into"),
]


@pytest.mark.parametrize(("text", "says"), LETTERS)
def test_the_operators_own_letter_is_checked(opened, text, says):
    """A letter with a placeholder that means nothing is not written, and the message names its line."""
    folder = home_of(opened) / "letters/en"
    folder.mkdir(parents=True)
    (folder / "acknowledge.txt").write_text(text)
    done = opened("case", "acknowledge", "DSR-17")
    assert done.returncode == 2
    assert says in done.stderr
    assert [one["did"] for one in state(opened)["acts"]] == ["opened", "asked"]


def test_a_letter_to_an_address_that_is_not_known_says_what_to_do(opened):
    """The person's address is the person's: no office file has it."""
    folder = home_of(opened) / "letters/en"
    folder.mkdir(parents=True)
    (folder / "acknowledge.txt").write_text("Subject: x\n\n<ADDRESS>\n")
    assert "add the person's with habeas case name" in opened("case", "acknowledge", "DSR-17").stderr


@pytest.mark.parametrize("kind", ["acknowledge", "deliver", "deny", "extend"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_paragraph_of_a_letter_is_one_line(language, kind):
    """Whoever prints or mails it breaks lines where the page ends; a line that ends in the middle of a sentence would stay short."""
    lines = [line for line in packaged(language, kind).splitlines()[1:] if line]
    assert not [line for line in lines if line[-1] not in ".,:>"]


@pytest.mark.parametrize("kind", ["ask_access", "ask_deletion", "remind_access", "remind_deletion"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_letter_to_an_owner_is_right_for_a_system_whose_name_is_a_plural(language, kind):
    """`All that The parking permits holds` was wrong: the name of a system is the subject of no verb."""
    text = packaged(language, kind)
    assert re.findall(r"(\w+) <SYSTEM>([ ,]\w*)", text) == [("from", ",") if language == "en" else ("bei", " über")]
    assert text.count("<SYSTEM>") == 1


def test_a_letter_with_a_last_day_waits_while_the_clock_stands_still(habeas):
    """Nobody can be told a last day then; the message says which command lets the clock go on."""
    habeas("case", "new", "DSR-40", "--simulated", "--regime", "uk", stdin=PERSON)
    assert habeas("case", "pause", "DSR-40", "--why", "proof of identity").stdout.endswith("habeas case resume DSR-40 lets it go on.\n")
    assert "no last day while the clock stands still" in habeas("case", "show", "DSR-40").stdout
    (home_of(habeas) / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@acme.example\n")
    done = habeas("case", "acknowledge", "DSR-40")
    assert done.returncode == 2
    assert "<DUE> is not known while the clock stands still: habeas case resume DSR-40; nothing was written" in done.stderr


def test_a_letter_of_nobody_says_where_the_name_is_written(opened):
    """Who begins has no office file: the packaged letter says what to write into which file."""
    done = opened("case", "acknowledge", "DSR-17")
    assert "nobody is named who answers (<SIGNATURE>): write `controller: ...` into" in done.stderr
    assert "office.yaml; nothing was written" in done.stderr
