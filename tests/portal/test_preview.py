"""The package before it leaves: its own pages, locked down; whatever came from a vendor or an owner is a file to be saved."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.case.package_kit import bag_of, built, give_all, open_here
from tests.case.test_commands import home_of
from tests.portal.test_package_page import OFFICE

AT = "/case/DSR-17/preview"


@pytest.fixture
def made(desk, ran):
    """A case whose package was made, with a file of an owner that is a page with a script."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    hostile = home_of(ran).parent / "hostile.html"
    hostile.write_text("<script>alert(1)</script>")
    assert ran("case", "add", "DSR-17", str(hostile), "--vendor", "hris").returncode == 0
    give_all(ran)
    built(ran)
    return desk


def test_its_own_pages_are_shown_locked_down(made, ran):
    """The bytes of the bag, under a policy that runs nothing, sends nothing and is framed by the portal only."""
    for name, kind in {"index.html": "text/html", "style.css": "text/css", "README.txt": "text/plain"}.items():
        answer = made.ask("GET", f"{AT}/{name}")
        assert answer.status == 200
        assert answer.text == (bag_of(ran) / name).read_bytes().decode()
        assert answer.headers["Content-Type"].startswith(kind)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox allow-same-origin" in policy
        assert "script" not in policy
        assert "frame-ancestors 'self'" in policy
        assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    page = made.ask("GET", "/case/DSR-17/package")
    assert (
        f'<iframe class="screen" width="100%" height="640" title="Preview of the package" src="{AT}/index.html" sandbox="allow-same-origin">'
        in page.text
    )
    assert page.headers["Content-Security-Policy"].endswith("; frame-src 'self'")
    assert page.headers["X-Frame-Options"] == "DENY"


def test_what_came_from_elsewhere_is_saved_and_not_shown(made, ran):
    """Also where it is a page: as an attachment, of no kind that a browser would show."""
    names = [str(path.relative_to(bag_of(ran))) for path in (bag_of(ran) / "data").rglob("*") if path.is_file()]
    assert any(name.endswith(".html") for name in names)
    for name in [*(name for name in names if name.endswith(".html")), names[0]]:
        answer = made.ask("GET", f"{AT}/{name}")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_only_what_the_bag_holds_is_sent(made):
    """No other file of the case or the machine, whichever way it is written."""
    for name in (
        "../built.json",
        "../../../log.jsonl",
        "/etc/passwd",
        "read",
        "x.html",
        "..",
        "a/../index.html",
        "index.html/",
        "\0",
        "con",
    ):
        for told in (quote(name, safe="/"), quote(name, safe="")):
            assert made.ask("GET", f"{AT}/{told}").status in (400, 404, 422), told


def test_a_link_in_the_bag_leads_nowhere(made, ran):
    """Whoever put one there gets no file of the machine."""
    (bag_of(ran) / "read" / "x.html").symlink_to("/etc/hostname")
    assert made.ask("GET", f"{AT}/read/x.html").status == 422


def test_without_a_package_nothing_is_shown(desk, ran):
    """Nor what is sealed before it was released."""
    assert desk.ask("GET", f"{AT}/index.html").status == 422
    assert desk.ask("GET", "/case/DSR-17/sealed").status == 422
    assert desk.ask("GET", f"{AT}/index.html", Cookie=None).status == 403
    assert open_here(ran).case.n
