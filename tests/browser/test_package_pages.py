"""The pages of a package in a real browser: everybody can read them, nothing leaves the screen, nothing runs but the search."""

from __future__ import annotations

import base64
import re

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from engine.catalogue import load_file
from engine.explain.docs_page import webpage
from engine.explain.page import page
from engine.explain.run_folder import timeline
from engine.explain.waterfall import waterfall
from engine.package.pages import write_pages
from tests.browser.axe import SIZES, cut, kept, shown, violations
from tests.conftest import ROOT
from tests.explain.runs import answer as requested
from tests.explain.runs import folder
from tests.package.answers import answer, full, given, kind, meeting, service

LONG = "x" * 300
ODD = {
    "a": LONG,
    "name": "שלום \u202e עולם",
    "b": "</script><b>",
    "c": "🙂" * 80,
    "d": "\ud83d",
    "e": "line\nline",
    "f": None,
    "g": ["a", LONG],
}
WIDTHS = (320, 390, 700, 1000, 1280, 1600)
SIDEWAYS = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def wide(number: int, fields: int) -> dict:
    return {f"field_{at}": f"{at} of {number}, and a few words" for at in range(fields)}


def written(tmp_path):
    """Write every kind of page once; gives their paths by what they are."""
    package = tmp_path / "package"
    package.mkdir()
    found = full(tmp_path)
    odd = kind([given(ODD), given(ODD | {"a": "b", "c": LONG, "g": []})], endpoint="odd", title=LONG)
    table = kind([given(wide(at, 12)) for at in range(30)], endpoint="table", title="Twelve columns")
    lists = kind([given(wide(at, 20) | ODD | {"n": at}) for at in range(3)], endpoint="lists", title="Lists")
    many = kind([meeting(at) for at in range(2500)], endpoint="many", title="Many")
    more = service(odd, table, lists, many, vendor="other", title="Other")
    write_pages(answer(*found.services, more), package)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    write_pages(answer(language="de", simulated=True), nothing)
    (tmp_path / "docs.html").write_text(webpage(page(load_file(ROOT / "specs" / "zoom.yaml"))), "utf-8")
    lines = [requested(2.0, 0.5, waited=1.0, status=403, page=2, retries=2), requested(1.0)]
    (tmp_path / "trace.html").write_text(waterfall(timeline(folder(tmp_path / "run", {"meetings": lines}))), "utf-8")
    names = ["zoom-meetings-1", "zoom-meetings-files", "zoom-profile-1", "zoom-recordings-1"]
    names += ["other-odd-1", "other-table-1", "other-lists-1", "other-many-2", "other-many-search"]
    pages = {name: package / "read" / f"{name}.html" for name in names}
    return (
        {"index": package / "index.html", "nothing": nothing / "index.html"}
        | pages
        | {name: tmp_path / f"{name}.html" for name in ("docs", "trace")}
    )


def test_everybody_can_read_every_kind_of_page(browser, tmp_path):
    """By axe-core's rules of WCAG 2.2 AA, on a desk in the light and on a telephone in the dark; no text is cut, none scrolls sideways, nor on paper."""
    faults = []
    for name, path in written(tmp_path).items():
        for size, (width, scheme) in SIZES.items():
            browser.get(path.as_uri())
            shown(browser, width, scheme)
            faults += [(name, size, found) for found in (*violations(browser), *(cut(browser) if name not in ("docs", "trace") else ()))]
            faults += [(name, size, "sideways")] if browser.execute_script(SIDEWAYS) > 0 else []
        kept(browser, f"package-{name}")
        kept(browser, f"package-{name}", "print")
        shown(browser, 673, "light", "print")
        faults += [(name, "paper", "sideways")] if name != "trace" and browser.execute_script(SIDEWAYS) > 0 else []
        shown(browser, 1280, "light")
        assert browser.get_log("browser") == []
    assert faults == []


def test_the_judge_can_find_something(browser, tmp_path):
    """A page without a language, with a picture that has no words, is not passed."""
    path = tmp_path / "bad.html"
    path.write_text("<html><img src='data:,'><a href='#'></a></html>", "utf-8")
    browser.get(path.as_uri())
    assert {one for one, _ in violations(browser)} >= {"html-has-lang", "image-alt"}


def test_on_paper_a_list_of_fields_begins_below_its_heading(browser, tmp_path):
    """The rows of a long record follow one another from page to page: no page is left with a heading alone."""
    write_pages(answer(service(kind([given(wide(1, 45))]))), tmp_path)
    browser.get((tmp_path / "read" / "zoom-meetings-1.html").as_uri())
    made = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})["data"])
    assert len(re.findall(rb"/Type /Page\b", made)) == 2


def test_without_scripts_everything_can_be_read_but_the_search(browser, tmp_path):
    """The first page leads to the records, a record stands at its place, and a search says that it needs one."""
    pages = written(tmp_path)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(pages["index"].as_uri())
    browser.find_element(By.CSS_SELECTOR, "a[aria-label='Read Meetings']").click()
    assert browser.current_url.endswith("/read/zoom-meetings-1.html")
    assert "Möte 49" in browser.find_element(By.ID, "r50").text
    browser.get(f"{pages['other-many-2'].as_uri()}#r2000")
    assert browser.find_element(By.CSS_SELECTOR, ":target").get_attribute("id") == "r2000"
    browser.get(pages["other-many-search"].as_uri())
    assert "needs JavaScript" in browser.find_element(By.TAG_NAME, "main").text


def test_a_search_finds_the_last_record_and_leads_to_it(browser, tmp_path):
    """By its keys alone: typed, told, drawn, followed; what a vendor sent stays text."""
    browser.get(written(tmp_path)["other-many-search"].as_uri())
    told = browser.find_element(By.ID, "told")
    assert told.text == "2,500 of 2,500 records have this text. The first 200 are shown."
    assert len(browser.find_elements(By.CSS_SELECTOR, "#rows tr")) == 200
    text = browser.find_element(By.ID, "text")
    text.send_keys("MÖTE 2499")
    assert told.text == "1 of 2,500 records have this text. The first 1 are shown."
    text.send_keys(Keys.TAB)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.current_url.endswith("/read/other-many-3.html#r2500")
    assert "Möte 2499" in browser.find_element(By.CSS_SELECTOR, ":target").text
    assert browser.get_log("browser") == []


def test_a_search_draws_no_markup(browser, tmp_path):
    """Of a topic that ends a script and begins another."""
    topic = "</script><script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
    write_pages(answer(service(kind([meeting(at, topic=f"{topic} {at}") for at in range(1001)]))), tmp_path)
    browser.get((tmp_path / "read" / "zoom-meetings-search.html").as_uri())
    assert browser.title == "Search: Meetings, Zoom, DSR-17"
    assert f"{topic} 0" in browser.find_element(By.ID, "rows").text
    assert browser.get_log("browser") == []


def test_odd_texts_stay_on_the_page(browser, tmp_path):
    """Three hundred characters without a blank, in a heading, a table and a list, at any width."""
    pages = written(tmp_path)
    for name in ("other-odd-1", "other-table-1", "other-lists-1", "index", "zoom-meetings-files"):
        browser.get(pages[name].as_uri())
        for width in WIDTHS:
            shown(browser, width, "light")
            assert browser.execute_script(SIDEWAYS) <= 0, (name, width)


MARKS = """
const marks = [...document.querySelectorAll(".head .bar span")].map(one => one.getBoundingClientRect()).filter(one => one.width)
return [marks.length > 1, marks.some((one, at) => at && one.left < marks[at - 1].right + 2), marks.at(-1).right > innerWidth]
"""


def test_the_marks_of_a_timeline_stand_apart(browser, tmp_path):
    """At any width, on a telephone and beside the numbers of a desk, and however long their words are, to the last one."""
    for number, seconds in enumerate((0.0095, 1.0, 1.9, 100, 450, 1000, 1900, 4000)):
        lines = [requested(seconds * 0.9, seconds * 0.1), requested(0.0, seconds / 3)]
        path = tmp_path / f"{number}.html"
        path.write_text(waterfall(timeline(folder(tmp_path / str(number), {"meetings": lines}))), "utf-8")
        browser.get(path.as_uri())
        for width in (*WIDTHS, 900, 1100, 1920):
            shown(browser, width, "light")
            assert browser.execute_script(MARKS) == [True, False, False], (seconds, width)
