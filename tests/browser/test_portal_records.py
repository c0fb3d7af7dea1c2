"""The pages that show records and files in a real browser: everybody can use them, and what a vendor sent runs nothing."""

from __future__ import annotations

import io
import struct
import wave
import zlib

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from engine.case.acts import Decided, Identified
from tests.browser.test_portal import AT, SECONDS, come_in, faults, followed, judged
from tests.case.acts_kit import NOW
from tests.case.conftest import fetched_once, ran
from tests.case.package_kit import open_here
from tests.portal.cases_kit import lines, served_with
from tests.portal.conftest import desk, empty, serve
from tests.portal.test_hostile import HOSTILE
from tests.portal.test_values import looked

__all__ = ["desk", "empty", "fetched_once", "judged", "ran", "serve"]
ACTIVE = b"<script>document.title = 'ran'</script><svg onload=\"document.title = 'ran'\">"


def sound() -> bytes:
    """Give a tenth of a second of silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as stream:
        stream.setparams((1, 2, 8000, 800, "NONE", ""))
        stream.writeframes(bytes(1600))
    return made.getvalue()


def picture() -> bytes:
    """Give a picture of one point."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\x0b\x5c\x8f")) + chunk(b"IEND", b"")


FILES = {
    "notes/000001-1.wav": sound(),
    "notes/000001-2.png": picture(),
    "notes/000001-3.txt": ACTIVE,
    "notes/000001-4.html": ACTIVE,
    "notes/000001-5.svg": ACTIVE,
}


@pytest.fixture
def hostile(serve, habeas, tmp_path):
    """Serve a case of hostile records and files; its link opens it again."""
    long = {"text": "word " * 9000 + "jo@example.com"}
    records = {"notes": lines(*HOSTILE.values(), long), "nothing": b""}
    portal = served_with(serve, habeas, tmp_path, records, FILES)
    portal.guard._link = "again"
    return portal


def test_everybody_can_use_the_pages_of_records(judged, desk, ran):
    """Kinds, records and one record in every state, by axe-core's rules, on a desk and on a telephone; none scrolls sideways."""
    looked(desk)
    desk.guard._link = "again"
    at, found = come_in(judged, desk), []
    for name, path in {
        "records": "/records",
        "service": "/zoom",
        "kind": "/zoom/phone_call_history",
        "kind-waiting": "/zoom/phone_call_logs?show=undecided",
        "record": "/zoom/phone_call_history/17",
        "record-settings": "/zoom/settings/1",
        "no-record": "/zoom/recordings/3000",
        "no-files": "/files",
        "search": "/search",
    }.items():
        judged.get(at + AT + path)
        found += faults(judged, name)
    judged.find_element(By.NAME, "q").send_keys("Lindqvist")
    followed(judged, judged.find_element(By.CSS_SELECTOR, "[role=search] button").click)
    found += faults(judged, "search-found")
    judged.get(f"{at}{AT}/zoom/phone_call_history/17")
    open_here(ran).act(Identified(how="by a colleague"), NOW, by="ana")
    judged.find_element(By.CSS_SELECTOR, "input[value=mask]").find_element(By.XPATH, "..").click()
    followed(judged, judged.find_element(By.CLASS_NAME, "main").click)
    assert "the case was changed meanwhile" in judged.page_source
    found += faults(judged, "record-stale")
    followed(judged, judged.find_element(By.CSS_SELECTOR, "[value=stay].vh ~ .save [value=stay]").click)
    assert "Undo" in judged.page_source
    found += faults(judged, "record-decided")
    assert found == []


def test_everybody_can_use_the_pages_of_a_hostile_case(judged, hostile):
    """Whatever a vendor sent: the pages stay readable, by keys too, and nothing of it runs."""
    at, found = come_in(judged, hostile), []
    paths = {
        "hostile-list": "/acme/notes",
        "files": "/files",
        "long": "/acme/notes/15",
        "text": "/acme/notes/15?value=0",
        "none": "/acme/nothing",
    }
    paths |= {f"hostile-{number}": f"/acme/notes/{number}" for number in (1, 2, 3, 4, 7, 12, 14)}
    for name, path in paths.items():
        judged.get(at + AT + path)
        found += faults(judged, name)
    assert found == []
    assert not [line for line in judged.get_log("browser") if "alert" in line["message"]]


def test_a_record_is_decided_by_keys_alone(browser, hostile, habeas):
    """Tab to a row, arrows to choose, Enter saves and stays; the last Tab stops save and go on."""
    browser.get(f"{come_in(browser, hostile)}{AT}/acme/notes/1")
    before = open_here(habeas).case.n
    browser.find_element(By.CSS_SELECTOR, ".acts input:checked").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    followed(browser, lambda: browser.switch_to.active_element.send_keys(Keys.ENTER))
    assert [line.act.operation for line in open_here(habeas).lines[before:] if isinstance(line.act, Decided)] == ["mask"]
    assert browser.current_url.endswith("/acme/notes/1")
    followed(browser, lambda: browser.find_element(By.CSS_SELECTOR, "[aria-label^='Undo act']").send_keys(Keys.ENTER))
    assert "to decide" in browser.find_element(By.TAG_NAME, "main").text


def test_files_are_shown_without_running_anything(browser, hostile, tmp_path):
    """A sound can be heard and a picture seen, text that is a page stays text, and a page is saved, not opened."""
    browser.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    at = f"{come_in(browser, hostile)}{AT}/files/acme/notes"
    browser.get(f"{at}/1")
    length = "const film = document.querySelector('video, audio'); return film && film.readyState ? film.duration : 0"
    wait = WebDriverWait(browser, SECONDS)  # no listener of a test is called in a sandbox either
    assert wait.until(lambda driver: driver.execute_script(length)) == pytest.approx(0.1)
    browser.get(f"{at}/2")
    assert browser.execute_script("return origin") == "null"
    assert browser.execute_script("return document.querySelector('img').naturalWidth") == 1
    browser.get(f"{at}/3")
    assert "<script>" in browser.find_element(By.TAG_NAME, "pre").text
    assert browser.title != "ran"
    for number in (4, 5):
        browser.get(f"{at}/{number}")
        assert browser.title != "ran"
        assert browser.current_url.endswith("/3")
