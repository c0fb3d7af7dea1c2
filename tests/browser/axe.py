"""What axe-core finds on a page: its rules for WCAG 2.0 to 2.2, levels A and AA."""

from __future__ import annotations

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
SIZES = {"desk": (1280, "light"), "telephone": (390, "dark")}


def shown(browser: webdriver.Chrome, width: int, scheme: str, media: str = "screen") -> None:
    """Show the page at a width, in the light or in the dark, on a screen or on paper."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def cut(browser: webdriver.Chrome) -> list:
    """Give what of the page that is open runs over its box, so that it is read only by moving it."""
    return browser.execute_script(CUT)


def violations(browser: webdriver.Chrome) -> list:
    """Look at the page that is open, which must let the judge in: its own policy runs nothing."""
    if not browser.execute_script("return !!window.axe"):
        (script,) = FETCHED.glob("axe-core-*.js")
        browser.execute_script(script.read_text("utf-8"))
    return browser.execute_async_script(LOOK, LEVELS)
