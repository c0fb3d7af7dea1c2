"""The acting half of the portal in a real browser: everybody can use it, two people release by keys alone, and a browser defends what it shows."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import msgspec
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from engine.connection.private_files import prepare
from engine.portal.errand import ErrandLine, ErrandOrder, path_of
from engine.portal.users import add_user
from tests.browser.test_portal import AT, SECONDS, come_in, faults, followed, judged
from tests.case.acts_kit import NOW
from tests.case.conftest import fetched_once, ran
from tests.case.package_kit import bag_of, built, give_all, open_here
from tests.case.test_commands import PERSON, home_of
from tests.portal.conftest import OFFICE, desk, empty, office, serve

__all__ = ["desk", "empty", "fetched_once", "judged", "office", "ran", "serve"]
WORDS = "correct horse battery"
MOST_TABS = 400


def people(portal) -> None:
    """Add somebody who reviews and somebody who approves."""
    for name, role in (("ana", "review"), ("bo", "approve")):
        add_user(portal.home, name, role, f"{WORDS} {name}", bytes(16))


def press(browser, *keys: str) -> None:
    """Press keys where the focus is."""
    ActionChains(browser, duration=0).send_keys(*keys).perform()


def tab_to(browser, words: str) -> None:
    """Go to a link, a button or a field by Tab alone; `words` are its text, its label or its name."""
    told = "const one = document.activeElement; return [one.innerText, one.ariaLabel, one.name, one.labels && one.labels[0]?.innerText]"
    for _ in range(MOST_TABS):
        press(browser, Keys.TAB)
        if any((text or "").strip().startswith(words) for text in browser.execute_script(told)):
            return
    raise AssertionError(words)


def sign_in(browser, name: str) -> None:
    """Sign in by keys."""
    tab_to(browser, "name")
    press(browser, name, Keys.TAB)
    followed(browser, lambda: press(browser, f"{WORDS} {name}", Keys.ENTER))


def go(browser, words: str) -> None:
    """Follow a link, or press a button, by keys."""
    tab_to(browser, words)
    followed(browser, lambda: press(browser, Keys.ENTER))


def test_everybody_can_use_every_acting_page(judged, office, ran):
    """By axe-core's rules of WCAG 2.2 AA, each with its empty and its error state; and none scrolls sideways."""
    office.guard._link = "again"
    at, found = come_in(judged, office), []
    assert ran("case", "new", "DSR-16", stdin=PERSON).returncode == 0

    def look(name: str, path: str | None = None) -> None:
        if path is not None:
            judged.get(at + path)
        found.extend(faults(judged, name))

    look("new", "/new")
    judged.find_element(By.NAME, "reference").send_keys("DSR-17")
    followed(judged, judged.find_element(By.CLASS_NAME, "main").click)
    look("new-refused")
    look("letters-none", "/letters")
    look("signatures-none", "/signatures")
    look("kept-unsaid", "/kept")
    look("year", "/year")
    look("person", f"{AT}/person")
    look("run", f"{AT}/run")
    look("run-first", "/case/DSR-16/run")
    look("contacts-none", f"{AT}/contacts")
    look("contacts-nobody", f"{AT}/contacts?ask=zoom/deletion")
    look("draft", f"{AT}/contacts?ask=hris/access")
    followed(judged, judged.find_element(By.CSS_SELECTOR, ".next .main").click)
    judged.execute_script("document.querySelector('details').open = true")
    look("contacts-asked")
    look("letters", "/letters")
    followed(judged, judged.find_element(By.CSS_SELECTOR, "button[value=tick]").click)
    look("told")
    look("decide-none", "/case/DSR-16/decide")
    give_all(ran)
    look("decide", f"{AT}/decide")
    built(ran)
    look("preview", f"{AT}/preview/index.html")
    look("signatures", "/signatures")
    judged.find_element(By.NAME, "file").send_keys(str(__file__))
    followed(judged, judged.find_element(By.CSS_SELECTOR, "main button").click)
    look("signatures-refused")
    assert ran("case", "withdraw", "DSR-17").returncode == 0
    (home_of(ran) / "office.yaml").write_text(OFFICE + "retention: {raw: 30d}\n")
    office.now += timedelta(days=40)
    look("kept", "/kept")
    look("decide-over", f"{AT}/decide")
    people(office)
    look("sign-in", AT)
    judged.find_element(By.NAME, "name").send_keys("ana")
    judged.find_element(By.NAME, "passphrase").send_keys("x")
    followed(judged, judged.find_element(By.CLASS_NAME, "main").click)
    look("sign-in-wrong")
    assert found == []


@contextmanager
def fetching(ran) -> Iterator[Callable[[str, bool | None], None]]:
    """Be the process that fetches: hold the lock of its file, and say in it how far it is."""
    case = open_here(ran)
    path = path_of(case, "run")
    prepare(path.parent)
    order = ErrandOrder(home=str(home_of(ran)), reference="DSR-17", kind="run", began=NOW, vendors=("zoom",))
    with path.open("wb", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(msgspec.json.encode(order) + b"\n")
        path.chmod(0o600)
        yield lambda said, ended=None: file.write(msgspec.json.encode(ErrandLine(said, NOW, ended)) + b"\n")


def test_a_run_that_is_under_way_is_shown_anew_by_itself(judged, office, ran):
    """The page follows the fetch to its end without a script, and stays as it is for whoever asks for that."""
    office.guard._link = "again"
    at, found = come_in(judged, office), []
    with fetching(ran) as tell:
        tell("zoom/meetings: complete, 60 records", None)
        judged.get(f"{at}{AT}/run")
        assert "60 records" in judged.page_source
        judged.find_element(By.LINK_TEXT, "Keep it as it is").click()
        found += faults(judged, "run-under-way")
        judged.get(f"{at}{AT}/run")
        tell("zoom/webinars: complete, 20 records", None)
        tell("ended", True)
    WebDriverWait(judged, SECONDS).until(lambda driver: "The fetch ended" in driver.page_source)
    assert "20 records" in judged.page_source
    assert judged.find_element(By.CSS_SELECTOR, "[value=zoom]").is_selected()  # its files are missing
    found += faults(judged, "run-ended")
    assert found == []


def test_two_people_take_a_case_from_sign_in_to_release_by_keys_alone(browser, desk, ran):
    """One reviews and decides, the other approves: Tab, arrows, Space and Enter; the log names who did what."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    people(desk)
    browser.get(f"http://{desk.host}/")
    sign_in(browser, "ana")
    go(browser, "DSR-17")
    tab_to(browser, "why")
    followed(browser, lambda: press(browser, "passport seen at the desk", Keys.ENTER))
    for _ in browser.find_elements(By.NAME, "say"):
        tab_to(browser, "say")
        press(browser, "Too large to send.")
    followed(browser, lambda: press(browser, Keys.TAB, Keys.ENTER))
    assert not browser.find_elements(By.NAME, "say")
    go(browser, "Values")
    go(browser, "Look through it")
    tab_to(browser, "d-")
    press(browser, Keys.SPACE)
    followed(browser, lambda: press(browser, Keys.ENTER))
    go(browser, "Log")
    go(browser, "Take a decision back")
    tab_to(browser, "target")
    press(browser, "undecided", Keys.TAB, "give", Keys.TAB, "known")
    followed(browser, lambda: press(browser, Keys.TAB, "as agreed", Keys.ENTER))
    go(browser, "Package")
    go(browser, "Make the package")
    WebDriverWait(browser, SECONDS).until(lambda driver: "What it holds" in driver.page_source)
    assert "the role of ana is to review" in browser.page_source
    go(browser, "Sign out")
    sign_in(browser, "bo")
    go(browser, "DSR-17")
    go(browser, "Package")
    for box in [element.get_attribute("name") for element in browser.find_elements(By.CSS_SELECTOR, "[type=checkbox]")]:
        tab_to(browser, str(box))
        press(browser, Keys.SPACE)
    go(browser, "Approve the package")
    go(browser, "Sign out")
    sign_in(browser, "ana")
    go(browser, "DSR-17")
    go(browser, "Package")
    go(browser, "Seal and release")
    assert "Write the passphrase down now" in browser.page_source
    case = open_here(ran).case
    assert (case.state, case.approved_by) == ("released", "bo")
    assert {line.by for line in open_here(ran).lines if line.n > 3} == {"ana", "bo"}


def test_the_package_is_shown_and_runs_nothing(browser, desk, ran):
    """In its frame and in a tab: the style is there, a script that got into it is not run, nothing is sent, and no data file is shown."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    built(ran)
    index = bag_of(ran) / "index.html"
    evil = "<script>document.title = 'ran'; parent.document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
    form = "<form action='/leave' method='post'><button id='go'>x</button></form>"
    policy = index.read_text().partition("<meta http-equiv")[2].partition(">")[0]
    index.write_text(index.read_text().replace(f"<meta http-equiv{policy}>", "").replace("</body>", f"{evil}{form}</body>"))
    desk.guard._link = "again"
    at = come_in(browser, desk)
    browser.get(f"{at}{AT}/package")
    title = browser.title
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    assert browser.find_element(By.TAG_NAME, "h1").text.startswith("Your data")
    assert (
        browser.find_element(By.TAG_NAME, "h1").value_of_css_property("font-family").startswith(("system", '"', "-apple", "Segoe", "sans"))
    )
    browser.find_element(By.ID, "go").click()
    browser.switch_to.default_content()
    assert browser.title == title
    browser.get(f"{at}{AT}/preview/index.html")
    assert browser.title != "ran"
    browser.find_element(By.ID, "go").click()
    browser.get(f"{at}/")
    assert "DSR-17" in browser.page_source
    told = json.dumps(browser.get_log("browser"))
    assert "sandboxed" in told


def test_no_page_of_another_site_shows_a_package_or_signs_in(browser, desk, ran, tmp_path):
    """A frame of the preview is refused by its policy, and a form that signs somebody in is refused by its origin."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    built(ran)
    desk.guard._link = "again"
    at = come_in(browser, desk)
    page = tmp_path / "evil.html"
    page.write_text(f'<iframe src="{at}{AT}/preview/index.html"></iframe>')
    browser.get(page.as_uri())
    browser.switch_to.frame(0)
    assert "Your data" not in browser.page_source
    browser.switch_to.default_content()
    people(desk)
    page.write_text(
        f'<form method="post" action="{at}/signin"><input name="name" value="ana"><input name="passphrase" value="{WORDS} ana"><button>x</button></form>'
    )
    browser.get(page.as_uri())
    followed(browser, browser.find_element(By.TAG_NAME, "button").click)
    assert "sent by another site" in browser.page_source
    assert [cookie for cookie in browser.get_cookies() if desk.guard.session(cookie["value"], {})] == []


def test_a_cookie_is_for_http_and_for_this_site_only(browser, desk):
    """Chromium keeps it from scripts and sends it with no request that another site began."""
    desk.guard._link = "again"
    come_in(browser, desk)
    (cookie,) = browser.get_cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
