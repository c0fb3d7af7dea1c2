"""The after-check finds what a reader takes for the withheld value, and does not refuse what is only called like it."""

from __future__ import annotations

import json

import pytest

from engine.release.after_check import AfterCheck
from engine.release.ruling import Ruling
from engine.release.withheld import WithheldTexts
from tests.release.test_after_check import MAIL, NAME, NUMBER, as_csv, as_html, leaks, texts

HYPHENED = "Shea O'Connell"
OTHERWISE = [
    (NUMBER, "\u0664\u0661\u0665 \u0665\u0665\u0665 \u0660\u0661\u0664\u0662"),
    (NUMBER, "\u202a+1 415\u2060 555\u201401\u206042\u202c"),
    (MAIL, "bea@\u200bacme.example"),
    (NAME, "jose perez-gross"),
    (NAME, "JOS\u00c9 P\u00c9REZ\u2014GROSS"),
    (NAME, "jos\u00e9_p\u00e9rez_gross"),
    (NAME, "Jos\u00e9 P\u00e9rez Gro\u00df"),
    (NAME, "Jo\u00ads\u00e9 P\u00e9\u200brez-\u2060Gro\u00df\ufe0f"),
    (NAME, "<p><b>Jos\u00e9</b> P\u00e9rez-Gro\u00df</p>"),
    (NAME, "Jos\u00e9<br/>P\u00e9rez-Gro\u00df"),
    (NAME, "&lt;em class=&quot;x&quot;&gt;Jos\u00e9&lt;/em&gt; P\u00e9rez-Gro\u00df"),
    ("Bea Miller", "call_bea_miller_2024.mp4"),
    ("Bea Miller", "bea.miller"),
    ("Bea Miller", "Bea-Miller"),
    ("Bea_Miller", "Bea Miller"),
    ("Bea Miller", "".join(f"&#{ord(letter)}" for letter in "Bea Miller")),
    ("Bea Miller", "".join(f"&#x0000000{ord(letter):x};" for letter in "Bea Miller")),
    (HYPHENED, "Shea O\u2019Connell"),
    ("Shea O\u2019Connell", HYPHENED),
    ("Ines Vargao", "In\u00eas Varg\u00e3o"),
]
OTHERS = [
    ("Bea Miller", "Bea, Miller and Cem"),
    ("Bea Miller", "BeaMiller"),
    ("12 3456", "12-3456"),
    ("Bea Miller", "Bea < 3 and 4 > Miller"),
]


def written(kind: str, text: str) -> str:
    """Write a text as a format does."""
    return {"json": json.dumps({"n": text}), "csv": as_csv(text), "html": as_html(text), "text": text}[kind]


@pytest.mark.parametrize("kind", ["json", "csv", "html", "text"])
@pytest.mark.parametrize(("value", "text"), OTHERWISE)
def test_what_a_reader_takes_for_the_value_is_found(kind, value, text):
    """Without its accents, with signs that nobody sees, other dashes and digits, tags between its words, joined as programs join words."""
    assert len(leaks(written(kind, text), kind, value, pointer="/caller_number")) == 1


@pytest.mark.parametrize("kind", ["json", "csv", "html", "text"])
@pytest.mark.parametrize(("value", "text"), OTHERS)
def test_what_a_reader_takes_for_something_else_is_not_the_value(kind, value, text):
    """A refusal for nothing would be answered by switching the check off."""
    assert leaks(written(kind, text), kind, value, pointer="/caller_number") == []


def test_what_was_given_by_decision_is_known_without_its_accents_too():
    """What stands elsewhere is the same value, however it is written: it is to be confirmed, and not refused."""
    told = texts(NAME)
    told.given("Jose Perez Gross")
    assert [one.confirm for one in AfterCheck(told).check("f", "json", [b'{"n":"JOSE PEREZ-GROSS"}'])] == [True]
    assert AfterCheck(texts(NAME), own=["Jose\u0301 Perez-Gro\u00df"]).check("f", "json", [b'{"n":"jose perez-gross"}'])[0].confirm


@pytest.mark.parametrize("value", ["A" + "\u200b" * 7, "\u0301" * 8, "a\u00ad\u00ad\u00ad\u00ad\u00ad"])
def test_a_value_of_which_nobody_sees_enough_is_compared_as_a_whole(value):
    """What is left of it is a letter, or nothing, which stands everywhere."""
    check = AfterCheck(texts(value))
    assert check.compared_whole == 1
    assert check.check("f", "json", [b'{"n":"A letter, a word","b":""}']) == []


NAMED = [
    ("json", '{"reception_name":"x"}', True),
    ("json", '[\n{"id":"reception-2","reception_name":"x"}\n]\n', False),
    ("json", '{"x":"Reception", "y":1}', False),
    ("json", '{"reception":"x","who":"the reception"}', False),
    ("json", '{"dear reception":"x"}', False),
    ("json", '{"n":"{\\"reception\\":1}"}', False),
    ("csv", "reception_name,b\r\nx,y\r\n", True),
    ("csv", "reception_name,b\r\nx,reception\r\n", False),
]


@pytest.mark.parametrize(("kind", "line", "confirm"), NAMED)
def test_a_caller_who_is_called_like_a_field_does_not_stop_every_package(kind, line, confirm):
    """Programs name fields: what is called so there is a coincidence, where it stands nowhere else. A name that no field is known by is refused."""
    called = texts("Reception", person=True)
    check = AfterCheck(called, names=["reception_name", "callee_*"])
    assert [one.confirm for one in check.check("f", kind, [line.encode()])] == [confirm]
    assert [one.confirm for one in AfterCheck(called).check("f", kind, [line.encode()])] == [False]


TITLES = [
    ("Account Manager", ["account_manager"]),
    ("Account Manager", ["users.account_manager_id"]),
    ("Time Zone", ["time_zone"]),
    ("time_zone", ["time_zone"]),
    ("Calendar Assistant", []),
]
OF_TITLES = [
    ("json", '{{"NAME":"x"}}', True),
    ("json", '{{"the_NAME_id":"x"}}', True),
    ("csv", "NAME,b\r\nx,y\r\n", True),
    ("json", '{{"NAME":"x","who":"VALUE"}}', False),
    ("json", '{{"dear VALUE":"x"}}', False),
    ("csv", "NAME,b\r\nx,VALUE\r\n", False),
]


@pytest.mark.parametrize(("value", "names"), TITLES)
@pytest.mark.parametrize(("kind", "line", "confirm"), OF_TITLES)
@pytest.mark.parametrize("person", [False, True])
def test_a_title_of_several_words_that_names_a_field_does_not_stop_every_package(value, names, kind, line, confirm, person):
    """Joined as programs join words it stands in the head of every table; where it stands as a value too it is refused."""
    said = line.format().replace("NAME", value.lower().replace(" ", "_")).replace("VALUE", value)
    check = AfterCheck(texts(value, person=person), names=names)
    assert [one.confirm for one in check.check("f", kind, [said.encode()])] == [confirm]


@pytest.mark.parametrize("name", ["miller_bea", "bea_x_miller", "bea", "beamiller", "x"])
def test_a_person_whose_words_stand_together_in_no_name_of_a_field_is_refused_in_one(name):
    """Records that are kept under the names of people have them where fields have theirs."""
    check = AfterCheck(texts("Bea Miller", person=True), names=[name])
    assert [one.confirm for one in check.check("f", "json", [b'{"bea_miller":1}'])] == [False]


OF_A_CALLER = [
    ("/caller_department", False),
    ("/people/0/jobTitle", False),
    ("/cost_center", False),
    ("/caller_name", True),
    ("/names/3", True),
]


@pytest.mark.parametrize(("pointer", "person"), OF_A_CALLER)
def test_the_department_of_a_caller_is_nobodys_name(pointer, person):
    """`Research` there is a common word, and compared as a whole value; as a name it is looked for in every text."""
    found = WithheldTexts()
    found.withheld("zoom", "calls", Ruling(pointer, "mask", "third_party", "others[0]", "who", "Research"), "Research")
    (told,) = found.found.values()
    assert told.person == person
    leaked = AfterCheck(found).check("f", "json", [b'{"topic":"Research on tea"}'])
    assert bool(leaked) == person
    assert AfterCheck(found).check("f", "json", [b'{"topic":"Research"}'])
