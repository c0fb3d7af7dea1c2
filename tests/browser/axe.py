"""What axe-core finds on a page: its rules for WCAG 2.0 to 2.2, levels A and AA."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from selenium import webdriver

from tests.conftest import ROOT

FETCHED = ROOT / ".venv"  # make test-browser fetches it
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOK = """
const done = arguments[arguments.length - 1]
axe.run(document, {runOnly: {type: "tag", values: arguments[0]}, resultTypes: ["violations"], preload: false}).then(
  found => done(found.violations.map(one => [one.id, one.nodes.map(node => node.html.slice(0, 160)).slice(0, 3)])),
  error => done([[String(error), []]]))
"""
CUT = """
return [...document.querySelectorAll("main *")]
  .filter(one => !one.matches("input, select, textarea, iframe, .vh, .vh *") && getComputedStyle(one).overflowX !== "visible")
  .filter(one => one.scrollWidth > one.clientWidth + 1)
  .map(one => ["cut", one.outerHTML.slice(0, 160)])
"""
PICTURES = os.environ.get("HABEAS_TEST_PICTURES")  # a folder: what was seen is kept there as whole pages, to be looked at
SIZES = {"desk": (1280, "light"), "telephone": (390, "dark")}


def shown(browser: webdriver.Chrome, width: int, scheme: str, media: str = "screen", height: int = 900) -> None:
    """Show the page at a width, in the light or in the dark, on a screen or on paper."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def kept(browser: webdriver.Chrome, name: str, media: str = "screen") -> None:
    """Keep pictures of the whole page that is open, on a desk and a telephone, in the light and the dark, or as it is on paper."""
    sizes = [(width, scheme) for width, _ in SIZES.values() for scheme in ("light", "dark")] if media == "screen" else [(673, media)]
    for width, scheme in sizes if PICTURES else ():
        shown(browser, width, scheme, media)
        height = browser.execute_script("return document.documentElement.scrollHeight")
        shown(browser, width, scheme, media, height)  # else what sticks to the lower edge would lie in the middle of the picture
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        (Path(PICTURES or "") / f"{name}-{width}-{scheme}.png").write_bytes(base64.b64decode(taken["data"]))


def cut(browser: webdriver.Chrome) -> list:
    """Give what of the page that is open runs over its box, so that it is read only by moving it."""
    return browser.execute_script(CUT)


def violations(browser: webdriver.Chrome) -> list:
    """Look at the page that is open, which must let the judge in: its own policy runs nothing."""
    if not browser.execute_script("return !!window.axe"):
        (script,) = FETCHED.glob("axe-core-*.js")
        browser.execute_script(script.read_text("utf-8"))
    return browser.execute_async_script(LOOK, LEVELS)
