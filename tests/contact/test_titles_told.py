"""What the operator calls a system of the house stands in the log, from the act that brings the system into the case: a package goes by the log."""

from __future__ import annotations

import html
import re

import pytest

from engine.case.acts import MailSending, OwnerAnswered, TakenIn, VendorAsked
from engine.case.answer import service_without_run
from engine.case.fold import VendorPart
from engine.portal.titles import system_titles
from tests.case.conftest import fetched_once, ran
from tests.case.package_kit import bag_of, built, give_all, open_here
from tests.case.test_commands import PERSON, home_of
from tests.portal.conftest import OFFICE, OWNERS

__all__ = ["fetched_once", "ran"]
TITLE = "the HR system"


@pytest.fixture
def owned(ran):
    """Give the commands of a case that was run, in a house with owners."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    (home_of(ran) / "contacts.yaml").write_text(OWNERS)
    return ran


def asked(habeas, *words: str, stdin: str | None = None) -> None:
    """Call a command that ends well."""
    done = habeas(*words, stdin=stdin)
    assert done.returncode == 0, done.stderr


def titles(habeas, reference: str = "DSR-17") -> list[tuple[type, str]]:
    """Give the acts that say what a system is called."""
    every = [(type(line.act), getattr(line.act, "title", None)) for line in open_here(habeas, reference).lines]
    return [(kind, title) for kind, title in every if title is not None]


def test_a_package_calls_a_system_what_the_operator_does(owned):
    """The first page, the README and the gaps say the title, and it need not stand in contacts.yaml any more when the package is built."""
    asked(owned, "contact", "send", "DSR-17", "hris", "access")
    assert titles(owned) == [(MailSending, TITLE)]
    asked(owned, "contact", "send", "DSR-17", "hris", "access", "--again")
    assert titles(owned) == [(MailSending, TITLE)]  # once is enough
    asked(owned, "contact", "answer", "DSR-17", "hris", "declined")
    asked(owned, "case", "excuse", "DSR-17", "hris", "--say", "Its owner declines.")
    give_all(owned)
    (home_of(owned) / "contacts.yaml").unlink()
    built(owned)
    for name in ("index.html", "README.txt"):
        text = html.unescape(re.sub(r"<[^>]*>", " ", (bag_of(owned) / name).read_text("utf-8")))
        assert TITLE in " ".join(text.split()), name
        assert not re.search(r"\bhris\b", text), name
    assert system_titles(home_of(owned), open_here(owned))("hris", None) == TITLE


def test_each_act_that_brings_a_system_into_a_case_says_what_it_is_called(owned, tmp_path):
    """A case that is opened on it, a file of it, an answer of an owner who was not asked; a vendor that contacts.yaml gives no title, none."""
    asked(owned, "case", "new", "DSR-18", "--vendor", "hris", "--vendor", "zoom", stdin=PERSON)
    assert titles(owned, "DSR-18") == [(VendorAsked, TITLE)]
    file = tmp_path / "staff.csv"
    file.write_text("a,b\n")
    asked(owned, "case", "add", "DSR-17", str(file), "--vendor", "hris")
    assert titles(owned) == [(TakenIn, TITLE)]
    asked(owned, "case", "new", "DSR-19", stdin=PERSON)
    asked(owned, "contact", "answer", "DSR-19", "hris", "none")
    assert titles(owned, "DSR-19") == [(OwnerAnswered, TITLE)]
    (home_of(owned) / "contacts.yaml").write_text("owners: 1\n")  # a file is taken in all the same
    asked(owned, "case", "add", "DSR-19", str(file), "--vendor", "payroll")


def test_another_title_is_told_by_the_next_act(owned, tmp_path):
    """What the portal says of a case is what its package will say: a title that was changed holds from the next act of the system on."""
    file = tmp_path / "staff.csv"
    file.write_text("a,b\n")
    asked(owned, "case", "add", "DSR-17", str(file), "--vendor", "hris")
    (home_of(owned) / "contacts.yaml").write_text(OWNERS.replace(TITLE, "Personio"))
    assert system_titles(home_of(owned), open_here(owned))("hris", None) == TITLE
    asked(owned, "case", "add", "DSR-17", str(file), "--vendor", "hris")
    assert system_titles(home_of(owned), open_here(owned))("hris", None) == "Personio"


def test_a_log_of_before_is_read_and_goes_by_the_spec(owned):
    """An act without a title is what older logs hold; a service that no run asked goes by its spec then, and any other by its name."""
    case = open_here(owned)
    assert VendorPart().title is None
    assert service_without_run(case, "slack", VendorPart()).title == "Slack"
    assert service_without_run(case, "hris", VendorPart()).title == "hris"
    assert service_without_run(case, "hris", VendorPart(title=TITLE)).title == TITLE
