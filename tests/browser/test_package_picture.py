"""The picture of README.md: the first page of the sample package, made by `make pictures`, and only then."""

from __future__ import annotations

import base64
import os

from tests.browser.axe import shown
from tests.package.sample import SAMPLE
from tests.process import ROOT

PICTURE = ROOT / "docs" / "pictures" / "package.png"
WIDTH, HEIGHT = 1100, 840
LARGEST = 200_000  # bytes


def test_the_picture_shows_what_is_there(browser, tmp_path):
    """The page can be shown so; the picture lies where README.md has it, and is small."""
    browser.get((SAMPLE / "index.html").as_uri())
    shown(browser, WIDTH, "light")
    browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": 1}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip, "optimizeForSpeed": False})
    (PICTURE if os.environ.get("HABEAS_TEST_DOCS") else tmp_path / PICTURE.name).write_bytes(base64.b64decode(taken["data"]))
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < LARGEST
