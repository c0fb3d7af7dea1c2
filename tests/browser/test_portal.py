"""The portal in a real browser: everybody can use every page, empty and error states included, and what a browser defends is defended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from engine.case.acts import Identified
from tests.browser.axe import SIZES, cut, kept, shown, violations
from tests.browser.test_package_pages import SIDEWAYS
from tests.case.acts_kit import NOW
from tests.case.conftest import fetched_once, ran
from tests.case.package_kit import give_all, open_here
from tests.case.test_commands import PERSON, home_of
from tests.portal.conftest import desk, empty, serve

__all__ = ["desk", "empty", "fetched_once", "ran", "serve"]
AT = "/case/DSR-17"
SECONDS = 60
BETWEEN = (320, 1100)  # the narrowest that WCAG 1.4.10 asks for, and a window between a telephone and a desk


@pytest.fixture
def judged(browser) -> Iterator:
    """Let the judge into pages whose policy runs no script."""
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    return browser


def come_in(browser, portal) -> str:
    """Open the link in the browser; gives the address of the portal."""
    browser.get(portal.guard.link)
    return f"http://{portal.host}"


def followed(browser, press: Callable[[], None]) -> None:
    """Press what leads to another page, and wait until that is there: a click returns before it is."""
    browser.execute_script("window.here = true")
    press()
    wait = WebDriverWait(browser, SECONDS, ignored_exceptions=[WebDriverException])
    wait.until(lambda driver: driver.execute_script("return !window.here && document.readyState === 'complete'"))


def faults(browser, name: str) -> list:
    """Judge the page that is open, on a desk in the light and on a telephone in the dark: by the rules, and that no text is cut."""
    found = []
    for width in BETWEEN:
        shown(browser, width, "light")
        found += [(name, width, "sideways")] if browser.execute_script(SIDEWAYS) > 0 else []
    for size, (width, scheme) in SIZES.items():
        shown(browser, width, scheme)
        found += [(name, size, fault) for fault in (*violations(browser), *cut(browser))]
        found += [(name, size, "sideways")] if browser.execute_script(SIDEWAYS) > 0 else []
    kept(browser, name)
    return found


def test_everybody_can_use_every_page(judged, desk, ran):
    """By axe-core's rules of WCAG 2.2 AA, on a desk in the light and on a telephone in the dark; and none scrolls sideways."""
    assert ran("case", "new", "DSR-16", "--regime", "ccpa", stdin=PERSON).returncode == 0
    assert ran("case", "new", "DSR-15", "--vendor", "slack", stdin=PERSON).returncode == 0
    assert ran("case", "new", "DSR-14", stdin=PERSON).returncode == 0
    log = home_of(ran) / "cases" / "DSR-14" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"gdpr", b"ccpa"))
    desk.guard._link = "again"
    at, found = come_in(judged, desk), []
    for name, path in {
        "cases": "/",
        "ended": "/?show=ended",
        "due": "/due",
        "case": AT,
        "values-not-looked": f"{AT}/values",
        "no-values": "/case/DSR-16/values",
        "empty-case": "/case/DSR-16",
        "log": f"{AT}/log",
        "broken": "/case/DSR-14",
        "nothing": "/nothing",
    }.items():
        judged.get(at + path)
        found += faults(judged, name)
    judged.get(f"{at}{AT}/values")
    followed(judged, judged.find_element(By.CSS_SELECTOR, ".next button").click)
    found += faults(judged, "values")
    for name, choice in {"values-chosen": "?show=undecided&kind=emails", "values-none": "?show=hand&kind=phones"}.items():
        judged.get(f"{at}{AT}/values{choice}")
        found += faults(judged, name)
    judged.get(f"{at}{AT}/values?kind=emails")
    Select(judged.find_element(By.NAME, "all")).select_by_value("mask")
    followed(judged, judged.find_element(By.CLASS_NAME, "main").click)
    found += faults(judged, "values-all-asked")
    followed(judged, judged.find_element(By.NAME, "sure").click)
    found += faults(judged, "values-all-decided")
    assert "values were decided together last." in judged.page_source
    judged.get(at + AT)
    open_here(ran).act(Identified(how="by a colleague"), NOW, by="ana")
    *_, say = judged.find_elements(By.NAME, "say")
    followed(judged, lambda: say.send_keys("Too large to send.", Keys.TAB, Keys.ENTER))
    assert "the case was changed meanwhile" in judged.page_source
    found += faults(judged, "stale")
    assert found == []


def test_everybody_can_use_the_package_page(judged, desk, ran):
    """From nothing decided to the passphrase, each state of the page; all of it by the buttons that are there."""
    (home_of(ran) / "office.yaml").write_text("controller: Acme AB\ncontact: privacy@acme.example\n")
    desk.guard._link = "again"
    at, found = come_in(judged, desk), []

    def look(name: str) -> None:
        found.extend(faults(judged, name))

    judged.get(f"{at}{AT}/package")
    look("package-undecided")
    assert ran("review", "list", "DSR-17").returncode == 3
    assert ran("review", "give", "DSR-17", "undecided").returncode == 0
    judged.get(f"{at}{AT}/package")
    look("package-to-make")
    followed(judged, judged.find_element(By.CSS_SELECTOR, "[value=build]").click)
    look("package-under-way")
    desk.wait("build")
    judged.get(f"{at}{AT}/package")
    look("package-blocked")
    run = open_here(ran).folder / "runs" / "zoom"
    topics = [
        [json.loads(line)["topic"] for line in (run / f"{name}.jsonl").read_bytes().splitlines()] for name in ("meetings", "recordings")
    ]
    line = next(number for number, topic in enumerate(topics[0], 1) if topic in topics[1] and len(topic) > 8)
    assert ran("review", "give", "DSR-17", "zoom/recordings.topic").returncode == 0
    assert ran("review", "mask", "DSR-17", f"zoom/meetings:{line}#/topic", "--because", "privilege").returncode == 0
    give_all(ran)
    judged.get(f"{at}{AT}/package")
    look("package-to-make-anew")
    followed(judged, judged.find_element(By.CLASS_NAME, "main").click)
    desk.wait("build")
    judged.get(f"{at}{AT}/package")
    look("package-to-approve")
    assert f"<bdi>{topics[0][line - 1]}</bdi>" in judged.page_source
    for box in judged.find_elements(By.CSS_SELECTOR, "[type=checkbox]"):
        box.click()
    followed(judged, judged.find_element(By.CLASS_NAME, "main").click)
    look("package-to-release")
    followed(judged, judged.find_element(By.CLASS_NAME, "main").click)
    look("sealed")
    judged.get(f"{at}{AT}/package")
    look("released")
    judged.get(f"{at}{AT}")
    look("case-released")
    assert open_here(ran).case.state == "released"
    assert found == []


def test_everybody_can_use_the_pages_of_an_empty_portal(judged, empty):
    """Nothing open, nothing due, a link that was used, a session that ended."""
    at, found = come_in(judged, empty), []
    for name, path in {"no-cases": "/", "no-due": "/due", "used": "/enter/dice-1"}.items():
        judged.get(at + path)
        found += faults(judged, name)
    judged.get(at)
    followed(judged, judged.find_element(By.CLASS_NAME, "plain").click)
    assert "You are signed out." in judged.page_source
    found += faults(judged, "out")
    assert found == []


def test_a_case_is_worked_by_keys_alone(browser, desk, ran):
    """From the list to an act: Tab and Enter, and the first Tab stop of a page leads to its content."""
    desk.guard._link = "again"
    at = come_in(browser, desk)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "To the content"
    browser.get(at + AT)
    why = browser.find_element(By.NAME, "why")
    followed(browser, lambda: why.send_keys("passport seen at the desk", Keys.ENTER))
    assert "Shown: passport seen at the desk" in browser.page_source
    assert open_here(ran).case.identified == "passport seen at the desk"


def test_no_page_of_another_site_reaches_the_portal(browser, desk, ran, tmp_path):
    """A form that another site sends is refused and does nothing, and a frame of it shows nothing: Chromium says so itself."""
    desk.guard._link = "again"
    at, before = come_in(browser, desk), open_here(ran).case.n
    page = tmp_path / "evil.html"
    page.write_text(
        f'<form method="post" action="{at}{AT}"><input name="do" value="withdraw"><input name="n" value="{before}"><button>Win</button></form>'
    )
    browser.get(page.as_uri())
    followed(browser, browser.find_element(By.TAG_NAME, "button").click)
    assert "Nothing was written." in browser.page_source
    assert open_here(ran).case.n == before
    page.write_text(f'<iframe src="{at}{AT}"></iframe>')
    browser.get(page.as_uri())
    browser.switch_to.frame(0)
    assert "DSR-17" not in browser.page_source
    browser.switch_to.default_content()
    assert any("frame-ancestors" in line["message"] or "X-Frame-Options" in line["message"] for line in browser.get_log("browser"))


def test_what_became_markup_all_the_same_runs_nothing(browser, desk):
    """Were a value not escaped, the policy still runs no script and fetches nothing; and no script reads the cookie."""
    desk.guard._link = "again"
    browser.get(f"{come_in(browser, desk)}{AT}")
    assert browser.execute_script("return document.cookie") == ""
    told = "document.body.insertAdjacentHTML('beforeend', arguments[0]); return document.title"
    title = browser.execute_script(told, "<img src='/style.css' onerror='document.title = 1'><iframe srcdoc='<script>1</script>'></iframe>")
    assert browser.title == title
    assert any("Content Security Policy" in line["message"] for line in browser.get_log("browser"))
