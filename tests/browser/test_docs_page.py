"""The integration page of every vendor, in a real browser: on a desk, on a telephone, on paper."""

from __future__ import annotations

import pytest

from engine.catalogue import load_file
from engine.explain.docs_page import webpage
from engine.explain.page import page
from tests.conftest import ROOT

SPECS = sorted((ROOT / "specs").glob("*.yaml"))
WIDTHS = {"desk": (1400, "screen"), "tablet": (800, "screen"), "telephone": (390, "screen"), "paper": (700, "print")}
BROKEN = """
return [...document.querySelectorAll("code.whole")]
  .filter(one => new Set([...one.getClientRects()].map(rect => Math.round(rect.top))).size > 1)
  .map(one => [one.textContent, one.classList.contains("long")])
"""
OUTSIDE = """
const room = document.documentElement.clientWidth
return [...document.querySelectorAll("main *")]
  .filter(one => !one.closest("pre") && !(arguments[0] && one.closest(".across")))
  .filter(one => getComputedStyle(one).clipPath === "none" && !one.closest("thead"))
  .filter(one => one.getBoundingClientRect().right > room + 1)
  .map(one => one.outerHTML.slice(0, 80))
"""
LEAPS = """
return [...document.querySelectorAll("nav a")].filter(one => {
  one.click()
  const place = document.querySelector(":target").getBoundingClientRect()
  return place.top < -1 || place.top > innerHeight
}).map(one => one.textContent)
"""


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.stem)
def test_no_line_ends_in_a_scope_and_nothing_leaves_the_page(file, browser, tmp_path):
    """Only what is wider than a telephone is broken there, between its parts; every line of the contents leads where it says."""
    path = tmp_path / "page.html"
    path.write_text(webpage(page(load_file(file))), "utf-8")
    browser.get(path.as_uri())
    for name, (width, media) in WIDTHS.items():
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": name == "telephone"}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
        broken = browser.execute_script(BROKEN)
        assert [text for text, long in broken if not (long and name == "telephone")] == [], name
        assert browser.execute_script(OUTSIDE, name in ("desk", "tablet")) == [], name
        assert name != "telephone" or browser.execute_script(LEAPS) == [], name
    assert browser.get_log("browser") == []
