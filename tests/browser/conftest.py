"""A headless Chromium; Debian's chromium and chromium-driver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,600",
)

RESET = (
    ("Network.clearBrowserCookies", {}),
    ("Network.emulateNetworkConditions", {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}),
    ("Emulation.clearDeviceMetricsOverride", {}),
    ("Emulation.setEmulatedMedia", {"media": "", "features": []}),
    ("Emulation.setScriptExecutionDisabled", {"value": False}),
    ("Emulation.setScrollbarsHidden", {"hidden": False}),
    ("Page.setBypassCSP", {"enabled": False}),
    ("Page.setDownloadBehavior", {"behavior": "default"}),
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    """Start a headless Chromium with a profile of its own: to start it takes seconds, so that tests share it, one after the other."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for one in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(one)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_script_timeout(600)  # judging a page of thousands of lines takes as long as the machine's other work lets it
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(chromium) -> Iterator[webdriver.Chrome]:
    """Give the browser as if it had just been started: nothing of an earlier test is open, kept, set or logged."""
    yield chromium
    first, *others = chromium.window_handles
    for handle in others:
        chromium.switch_to.window(handle)
        chromium.close()
    chromium.switch_to.window(first)
    for command, values in RESET:
        chromium.execute_cdp_cmd(command, values)
    chromium.get("about:blank")
    chromium.get_log("browser")
