"""The consent, in a real browser: from `habeas connect` over the vendor's page to the last page, as a person goes it.

Run by `make test-browser`; needs Debian's chromium and chromium-driver.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import ROOT, Simulator
from tests.connection.commands import redirect

SECONDS = 30


def connect(up: Simulator, home: Path, uri: str) -> tuple[subprocess.Popen[str], str]:
    """Start `habeas connect zoom`; gives it when it listens, and the address it would open in the browser."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")} | {
        "HABEAS_HOME": str(home),
        "HABEAS_ZOOM_CLIENT_ID": up.ready.client_id,
        "HABEAS_ZOOM_CLIENT_SECRET": up.ready.client_secret,
        "BROWSER": "true",
    }
    words = ["connect", "zoom", "--at", up.address, "--redirect-uri", uri]
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-m", "engine", *words], cwd=ROOT, env=environ, stdout=pipe, stderr=pipe, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "/oauth/authorize?" in line:
            return process, line.strip()
    message = f"no address was printed: {process.communicate()}"
    raise AssertionError(message)


@pytest.mark.parametrize(
    ("button", "title", "words", "code"),
    [
        ("Allow", "Connected", "Habeas is connected; it goes on in the terminal. You can close this page.", 0),
        ("Decline", "Not connected", "Not connected: the consent was declined (access_denied). You can close this page.", 4),
    ],
)
def test_a_person_is_led_from_the_vendors_page_to_the_last_one(button, title, words, code, browser, simulate, tmp_path):
    """They read what was decided; the page holds neither code nor state, loads nothing and complains of nothing."""
    process, url = connect(simulate(), tmp_path / "state", redirect())
    try:
        browser.get(url)
        assert browser.find_element(By.TAG_NAME, "h1").text == "Allow this application to read the account's data?"
        browser.find_element(By.XPATH, f"//button[text()='{button}']").click()
        WebDriverWait(browser, SECONDS).until(lambda driver: driver.title == title)
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == code, err
    assert browser.find_element(By.TAG_NAME, "p").text == words
    assert ("connected, the vendor answers" in out) is (code == 0)
    assert ("not connected: the consent was declined" in err) is (code == 4)
    answer = dict(parse_qsl(urlsplit(browser.current_url).query))
    secret = [answer[name] for name in ("code", "state") if name in answer]
    assert len(secret) == (2 if code == 0 else 1)
    assert not [one for one in secret if one in browser.page_source]
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)")
    assert [one for one in loaded if one != "/favicon.ico"] == []
    complaints = [one["message"] for one in browser.get_log("browser")]
    assert [one for one in complaints if "favicon" not in one and "status of 400" not in one] == []
    save = os.environ.get("HABEAS_SCREENSHOTS")
    if save:
        browser.save_screenshot(str(Path(save) / f"{title.lower().replace(' ', '-')}.png"))
