"""A sealed package, in a real browser, from the disk and without a network: a person types the passphrase and saves the zip."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from engine.package import seal_page
from engine.package.seal import seal
from tests.package import bags
from tests.package.bags import SEALED_WORDS as WORDS

PASSPHRASE = "ABCDE-FGHJK-LMNPQ-RSTUV"
SECONDS = 30


@pytest.fixture
def sealed(tmp_path, monkeypatch) -> Callable[[str], Path]:
    """Seal a small package into a page of several chunks."""
    monkeypatch.setattr(seal_page, "CHUNK", 1000)
    bag = bags.bag(tmp_path)

    def make(language: str) -> Path:
        seal(bag, tmp_path / "DSR-17.html", "page", language, PASSPHRASE)
        seal(bag, tmp_path / "DSR-17.zip", "none", language)
        return tmp_path / "DSR-17.html"

    return make


def type_in(browser, page: Path, passphrase: str, before: str = "") -> None:
    """Open the page, type and press the button, as soon as it can be pressed."""
    browser.get(page.as_uri())
    browser.execute_script(before)
    WebDriverWait(browser, SECONDS).until(lambda driver: driver.find_element(By.TAG_NAME, "button").is_enabled())
    browser.find_element(By.ID, "passphrase").send_keys(passphrase)
    browser.find_element(By.TAG_NAME, "button").click()


def said(browser) -> str:
    """Wait until the page says that it will not open, and give what it says."""
    WebDriverWait(browser, SECONDS).until(lambda driver: "stop" in driver.find_element(By.ID, "said").get_attribute("class"))
    assert not browser.find_element(By.TAG_NAME, "section").is_displayed()
    return browser.find_element(By.ID, "said").text


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_passphrase_opens_it_and_the_zip_is_saved(language, browser, sealed, tmp_path):
    """Typed in small letters and with blanks; what is saved is the zip to the byte, and the page says how to go on.

    One is a browser of some years ago, which decodes by hand.
    """
    page = sealed(language)
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path / "saved")})
    browser.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    type_in(browser, page, f" {PASSPHRASE.lower().replace('-', ' ')} ", "delete Uint8Array.fromBase64" if language == "de" else "")
    link = browser.find_element(By.CSS_SELECTOR, "section a")
    WebDriverWait(browser, SECONDS).until(lambda _: link.is_displayed())
    assert link.text == WORDS[language]["save"].replace("{name}", "DSR-17.zip")
    assert browser.switch_to.active_element.text == WORDS[language]["done"]
    link.click()
    saved = tmp_path / "saved/DSR-17.zip"
    WebDriverWait(browser, SECONDS).until(lambda _: saved.exists())
    assert saved.read_bytes() == (tmp_path / "DSR-17.zip").read_bytes()
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.get_log("browser") == []


def test_a_wrong_passphrase_says_so(browser, sealed):
    """And the field is marked for those who hear the page; the right one opens it then."""
    type_in(browser, sealed("en"), "ABCDE-FGHJK-LMNPQ-RSTUW")
    assert said(browser) == WORDS["en"]["wrong"]
    field = browser.find_element(By.ID, "passphrase")
    assert field.get_attribute("aria-invalid") == "true"
    field.clear()
    field.send_keys(PASSPHRASE)
    WebDriverWait(browser, SECONDS).until(lambda driver: driver.find_element(By.TAG_NAME, "button").is_enabled())
    browser.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(browser, SECONDS).until(lambda driver: driver.find_element(By.TAG_NAME, "section").is_displayed())


def moved(text: str) -> str:
    """Let two chunks change places."""
    return text.replace('id="c2"', 'id="cx"').replace('id="c3"', 'id="c2"').replace('id="cx"', 'id="c3"')


SPOILED = {
    "changed": (lambda text: re.sub(r'(id="c3">.{50})(.)', lambda at: at[1] + ("A" if at[2] != "A" else "B"), text), "changed", "3"),
    "moved": (moved, "changed", "2"),
    "cut": (lambda text: text[: text.index('id="c4"') + 200], "cut", "4"),
    "left out": (lambda text: re.sub(r'<script type="text/plain" id="c2">.*?</script>\n', "", text), "cut", "2"),
    "fewer": (lambda text: re.sub(r'"count":\d+', '"count":2', text), "wrong", "0"),
    "shorter": (lambda text: re.sub(r'"size":\d+', '"size":1000', text), "wrong", "0"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_was_cut_or_changed_is_refused(how, browser, sealed):
    """The sentence says which part; nothing is offered to be saved."""
    spoil, word, number = SPOILED[how]
    page = sealed("en")
    text = page.read_text("utf-8")
    count = re.findall(r'"count":(\d+)', text)[0]
    page.write_text(spoil(text), "utf-8")
    type_in(browser, page, PASSPHRASE)
    assert said(browser) == WORDS["en"][word].replace("{n}", number).replace("{count}", count)
