"""A service may be called like a page of the portal: both can be reached, and neither is taken for the other."""

from __future__ import annotations

import re

import pytest

from engine.portal.addresses import PAGES
from engine.portal.places import OF_A_CASE
from tests.case.package_kit import open_here
from tests.portal.cases_kit import AT, lines, served_with
from tests.portal.test_record import SHA256

MAIL = "jo@example.com"


def test_every_page_of_a_case_is_known():
    """A page that is added under a name that a service may have makes this test fail."""
    firsts = {path.split("/")[3] for path in PAGES if path.startswith("/case/{reference}/")}
    assert {first for first in firsts if not first.startswith("{")} == OF_A_CASE


@pytest.mark.parametrize("vendor", ["values", "files", "letter", "search"])
def test_a_service_that_is_called_like_a_page_is_worked_like_any_other(serve, habeas, tmp_path, vendor):
    """From the list of kinds to a decision, each link leads to the service; the page of that name is there as ever."""
    portal = served_with(
        serve, habeas, tmp_path, {"notes": lines({"id": 1, "mail": MAIL})}, {"notes/000001-1.txt": b"hello"}, vendor=vendor
    )
    kinds = portal.see(f"{AT}/records")
    (service,) = re.findall(rf'<h2><a href="({AT}/[^"]+)">', kinds)
    (kind,) = re.findall(rf'<a href="({service}/[^"?]+)">', kinds)
    assert "<h1>Records" in portal.see(service)
    (record,) = re.findall(rf'<a href="({kind}/1)">', portal.see(kind))
    page = portal.see(record)
    assert MAIL in page
    (field,) = re.findall(r'name="(d-\d+)" value="mask"', page)
    sent = portal.send(record, page, record=SHA256.findall(page)[0], **{field: "mask"})
    assert (sent.status, sent.headers["Location"]) == (303, record)
    assert portal.send(kind, portal.see(kind), **{"d-1": "hold"}).headers["Location"].startswith(f"{kind}?")
    (file,) = re.findall(rf'<a href="({AT}/files/[^"]+)"', portal.see(f"{AT}/files"))
    assert portal.see(file) == "hello"
    assert open_here(habeas).lines[-1].act.target.vendor == vendor
    assert "Values to decide" in portal.see(f"{AT}/values")
    found = portal.send(f"{AT}/search", portal.see(f"{AT}/search"), q=MAIL)
    assert f'href="{record}"' in found.text
