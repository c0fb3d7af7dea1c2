"""The pictures of docs/desk.md: made from the portal itself by `make pictures`, and only then; they show nobody but invented people."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from selenium.webdriver.common.by import By

from engine.portal.users import add_user
from tests.browser.axe import shown
from tests.browser.test_package_pages import SIDEWAYS
from tests.browser.test_portal import AT, followed
from tests.case.conftest import fetched_once, ran
from tests.case.package_kit import built, give_all, names_of_others, withhold_value
from tests.case.test_commands import PERSON
from tests.conftest import ROOT
from tests.portal.conftest import desk, empty, office, serve

__all__ = ["desk", "empty", "fetched_once", "office", "ran", "serve"]
FOLDER = ROOT / "docs" / "pictures"
MAKE = os.environ.get("HABEAS_TEST_DOCS")  # set by `make pictures`
NAMES = ("cases", "letter", "values", "package")
WIDTH = 1100
LARGEST = 150_000  # bytes


def test_the_pictures_show_what_is_there(browser, office, ran, tmp_path):
    """Each page that the document shows can be shown so; the pictures lie beside it, and are small."""
    folder = FOLDER if MAKE else tmp_path
    for reference, days, law in (("DSR-14", 40, "gdpr"), ("DSR-15", 25, "gdpr"), ("DSR-16", 20, "ccpa")):
        received = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
        assert ran("case", "new", reference, "--received", received, "--regime", law, "--vendor", "slack", stdin=PERSON).returncode == 0
    add_user(office.home, "ana", "review", "correct horse battery", bytes(16))
    browser.get(f"http://{office.host}/signin")
    browser.find_element(By.NAME, "name").send_keys("ana")
    browser.find_element(By.NAME, "passphrase").send_keys("correct horse battery")
    followed(browser, browser.find_element(By.CLASS_NAME, "main").click)
    at = f"http://{office.host}"

    def picture(name: str, path: str, height: int) -> None:
        browser.get(at + path)
        assert urlsplit(browser.current_url).path == path.partition("?")[0]
        shown(browser, WIDTH, "light")
        browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        assert browser.execute_script(SIDEWAYS) <= 0, name
        assert browser.save_screenshot(str(folder / f"desk-{name}.png"))

    picture("cases", "/", 660)
    picture("letter", f"{AT}/contacts?ask=hris/access", 560)
    browser.get(f"{at}{AT}/values")
    followed(browser, browser.find_element(By.CSS_SELECTOR, ".next button").click)
    picture("values", f"{AT}/values", 690)
    withhold_value(ran, names_of_others(ran)[0])
    give_all(ran, datetime.now(UTC))  # the request came today, and no package is made before it came
    built(ran)
    picture("package", f"{AT}/package", 760)
    for name in NAMES:
        file = Path(FOLDER / f"desk-{name}.png")
        assert file.read_bytes().startswith(b"\x89PNG")
        assert file.stat().st_size < LARGEST
