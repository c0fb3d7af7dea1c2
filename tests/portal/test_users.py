"""People sign in by name: their acts bear it, roles hold, four eyes are four, and whoever guesses learns nothing."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
from types import MappingProxyType
from urllib.parse import urlencode

import pytest

from engine.case.acts import Approved, Decided, Identified
from engine.errors import UsageError
from engine.portal import sign_in, users
from engine.portal.guard import parse_origin
from engine.portal.sign_in import TRIES, WITHIN, SignIn
from engine.portal.users import FILE, add_user, is_passphrase, read_users
from tests.case.acts_kit import NOW
from tests.case.package_kit import bag_of, give_all, open_here
from tests.case.test_commands import home_of
from tests.portal.served import TOKEN, ServedPortal
from tests.portal.test_guard import PROXY
from tests.portal.test_package_page import OFFICE, PACKAGE
from tests.process import HABEAS, environment

AT = "/case/DSR-17"
SALT = bytes(16)
WORDS = "correct horse battery"
COST = users.COST


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Let a passphrase cost little; what it costs is a test of its own."""
    monkeypatch.setattr(users, "COST", MappingProxyType({"n": 2, "r": 8, "p": 1}))


def added(portal: ServedPortal, **roles: str) -> None:
    """Add people by their roles."""
    for name, role in roles.items():
        add_user(portal.home, name, role, f"{WORDS} {name}", SALT)


def enter(portal: ServedPortal, name: str) -> None:
    """Sign in as somebody."""
    assert portal.sign_in(name, f"{WORDS} {name}").status == 303


def test_the_command_line_adds_changes_lists_and_removes(habeas, tmp_path):
    """The passphrase is shown once and kept as a digest, in a file for its owner's eyes only."""
    home = home_of(habeas)
    done = habeas("portal", "adduser", "ana", "--role", "review")
    assert done.returncode == 0
    assert done.stdout.endswith("If it is lost: habeas portal changeuser ana --passphrase\n")
    (passphrase,) = re.findall(r"^ +([0-9A-Z-]{20,})$", done.stdout, re.MULTILINE)
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    assert passphrase not in (home / FILE).read_text()
    assert is_passphrase(read_users(home)["ana"], passphrase)
    assert habeas("portal", "changeuser", "ana", "--role", "approve").returncode == 0
    assert is_passphrase(read_users(home)["ana"], passphrase)
    assert habeas("portal", "changeuser", "ana", "--passphrase").returncode == 0
    assert not is_passphrase(read_users(home)["ana"], passphrase)
    assert json.loads(habeas("portal", "users", "--json").stdout) == {"users": [{"name": "ana", "role": "approve"}]}
    assert "ana" in habeas("portal", "users").stdout
    assert habeas("portal", "removeuser", "ana").returncode == 0
    assert "Nobody was added" in habeas("portal", "users").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("adduser", "Ana", "--role", "review"),
        ("adduser", "a b", "--role", "review"),
        ("adduser", "../x", "--role", "review"),
        ("adduser", "x" * 33, "--role", "review"),
        ("adduser", "bo", "--role", "admin"),
        ("adduser", "ana", "--role", "approve"),
        ("changeuser", "ana"),
        ("changeuser", "ana", "--role", "admin"),
        ("changeuser", "bo", "--role", "review"),
        ("removeuser", "bo"),
    ],
)
def test_what_does_not_fit_changes_nothing(habeas, words):
    """A name that cannot stand in a log, a role that is none, somebody who is there or is not: exit code 2, and the file as it was."""
    assert habeas("portal", "adduser", "ana", "--role", "review").returncode == 0
    before = (home_of(habeas) / FILE).read_bytes()
    done = habeas("portal", *words)
    assert (done.returncode, "nothing was changed" in done.stderr) == (2, True)
    assert (home_of(habeas) / FILE).read_bytes() == before


def test_a_passphrase_costs_what_a_guess_should():
    """32 MB and the time for them; the digest is not the passphrase, and the same words under another salt are another digest."""
    assert COST == {"n": 1 << 15, "r": 8, "p": 1}
    assert COST["n"] * COST["r"] * 128 == 32 << 20 < users.ROOM
    assert users.digest_of(WORDS, SALT) != users.digest_of(WORDS, bytes(15) + b"x")


def test_from_the_first_user_on_the_link_opens_nothing(desk):
    """A session that the link had opened ends, the link itself is dead, and who asks for a page is asked who it is."""
    page = desk.see(AT)
    added(desk, ana="review")
    asked = desk.ask("GET", AT)
    assert (asked.status, "Sign in to Habeas" in asked.text, "DSR-17" in asked.text) == (403, True, False)
    sent = desk.send(AT, page, do="withdraw")
    assert (sent.status, "Nothing was written." in sent.text) == (403, True)
    desk.guard._link = "again"
    assert desk.ask("GET", "/enter/again").status == 403
    assert desk.ask("GET", "/signin").status == 200
    enter(desk, "ana")
    assert "ana. <button" in desk.see(AT)


def test_without_users_nobody_signs_in(empty):
    """The page says how one comes in instead."""
    assert empty.ask("GET", "/signin").status == 403
    assert empty.sign_in("ana", "x").status == 403


def test_who_guesses_learns_nothing(empty):
    """A wrong passphrase and a name that nobody has get the same answer; the right one opens, in whatever case the name is written."""
    added(empty, ana="review")
    wrong, nobody = empty.sign_in("ana", "x"), empty.sign_in("bo", "x")
    assert (wrong.status, nobody.status) == (403, 403)
    assert wrong.text.replace('value="ana"', "") == nobody.text.replace('value="bo"', "")
    assert WORDS not in wrong.text
    assert empty.sign_in(" Ana ", f"{WORDS} ana").status == 303
    assert not is_passphrase(None, "")


def test_a_name_that_nobody_has_takes_as_long(monkeypatch):
    """The digest is made all the same, from as many bytes."""
    made = []
    monkeypatch.setattr(users, "digest_of", lambda passphrase, salt: made.append((passphrase, len(salt))) or b"")
    is_passphrase(None, "x")
    is_passphrase(users.PortalUser("review", SALT.hex(), "00"), "x")
    assert made == [("x", 16), ("x", 16)]


def test_five_tries_a_minute_and_no_sixth(empty):
    """Not even the right passphrase, for this name; a minute later it opens again; other names are not held up."""
    added(empty, ana="review", bo="review")
    for _ in range(TRIES):
        assert empty.sign_in("ana", "x").status == 403
    late = empty.sign_in("ana", f"{WORDS} ana")
    assert (late.status, "wait a minute" in late.text) == (429, True)
    assert empty.sign_in("bo", f"{WORDS} bo").status == 303
    for _ in range(TRIES):
        assert empty.sign_in("nobody", "x").status == 403
    assert empty.sign_in("nobody", "x").status == 429
    empty.seconds += WITHIN
    enter(empty, "ana")


def test_what_was_tried_is_forgotten(tmp_path):
    """The memory of tries is that of a minute, and of a hundred names."""
    seconds = [0.0]
    tries = SignIn(tmp_path, lambda: seconds[0])
    assert all(tries.may_try(f"name-{number}") for number in range(sign_in.MOST_NAMES))
    assert not tries.may_try("yet-another")
    seconds[0] = WITHIN
    assert tries.may_try("ana")
    assert list(tries._tries) == ["ana"]
    assert sign_in.TRIES == 5


@pytest.mark.parametrize(
    "body", ["", "name=ana", "passphrase=x", "name=%ff&passphrase=x", "name=" + "a" * 5000 + "&passphrase=" + "x" * 5000]
)
def test_an_odd_form_opens_nothing(empty, body):
    """Empty, not UTF-8, far too long: no session."""
    added(empty, ana="review")
    answer = empty.ask("POST", "/signin", body)
    assert answer.status in (400, 403)
    assert "Set-Cookie" not in answer.headers


def test_another_site_cannot_sign_somebody_in(empty):
    """Neither by a form of its own, nor under another host."""
    added(empty, ana="review")
    body = f"name=ana&passphrase={WORDS.replace(' ', '+')}+ana"
    assert empty.ask("POST", "/signin", body, Origin="http://evil.example").status == 403
    assert empty.ask("POST", "/signin", body, Origin=None).status == 403
    assert empty.ask("POST", "/signin", body, Host="evil.example").status == 403
    assert empty.ask("POST", "/signin", body).status == 303


@pytest.mark.parametrize("how", ["removed", "changed"])
def test_who_is_removed_or_changed_is_out(empty, how):
    """The session ends with the next request, and the cookie never opens again."""
    added(empty, ana="review", bo="approve")
    enter(empty, "ana")
    assert empty.ask("GET", "/").status == 200
    if how == "removed":
        users.remove_user(empty.home, "ana")
    else:
        users.change_user(empty.home, "ana", None, ("another", SALT))
    assert empty.ask("GET", "/").status == 403
    users.change_user(empty.home, "bo", "review", None)
    assert empty.ask("GET", "/").status == 403


def test_a_file_that_others_can_read_or_that_is_damaged_lets_nobody_in(empty):
    """The portal fails closed, with the sentence that mends it."""
    added(empty, ana="review")
    enter(empty, "ana")
    (empty.home / FILE).chmod(0o644)
    assert (empty.ask("GET", "/").status, "chmod 600" in empty.ask("GET", "/").text) == (422, True)
    (empty.home / FILE).chmod(0o600)
    (empty.home / FILE).write_text("[]")
    assert "is damaged" in empty.ask("GET", "/").text
    assert empty.sign_in("ana", f"{WORDS} ana").status == 422
    with pytest.raises(UsageError, match="damaged"):
        read_users(empty.home)


def test_acts_bear_the_name(desk, ran):
    """What somebody does stands in the log under the name that they signed in with."""
    added(desk, ana="review")
    enter(desk, "ana")
    assert desk.send(AT, desk.see(AT), do="identified", why="passport seen").status == 303
    last = open_here(ran).lines[-1]
    assert (last.by, last.act) == ("ana", Identified(how="passport seen"))
    assert desk.send(f"{AT}/values", desk.see(f"{AT}/values"), do="look").status == 303
    page = desk.see(f"{AT}/decide")
    sent = desk.send(f"{AT}/decide", page, target="undecided", operation="give", because="known_to_them")
    assert sent.status == 303
    assert {line.by for line in open_here(ran).lines[-3:]} == {"ana"}


def test_two_people_release_and_one_cannot(desk, ran):
    """Who decided does not approve, who reviews has not the role, and who decided nothing since the last approval does."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    give_all(ran)
    added(desk, ana="review", bo="approve", cy="approve")
    enter(desk, "bo")
    case = open_here(ran)
    number = max(n for n, act in case.case.decisions.items() if isinstance(act, Decided))
    case.act(case.case.decisions[number], NOW, by="bo")
    at = f"{AT}/package"
    assert desk.send(at, desk.see(at), do="build").status == 303
    desk.wait("build")
    page = desk.see(at)
    assert "the portal wants four eyes, and bo decided something in this case" in page
    assert 'value="approve"' not in page
    sha256 = re.findall(r"<dd>([0-9a-f]{64})</dd>", page)[0]
    refused = desk.send(at, page, do="approve", package=sha256, also_given="yes", n=str(open_here(ran).case.n))
    assert (refused.status, "four eyes" in refused.text) == (422, True)
    enter(desk, "ana")
    page = desk.see(at)
    assert "the role of ana is to review" in page
    assert desk.send(at, page, do="approve", package=sha256, also_given="yes", n=str(open_here(ran).case.n)).status == 422
    assert not any(isinstance(line.act, Approved) for line in open_here(ran).lines)
    enter(desk, "cy")
    page = desk.see(at)
    assert desk.send(at, page, do="approve", package=PACKAGE.findall(page)[0], also_given="yes").status == 303
    assert open_here(ran).case.approved_by == "cy"
    enter(desk, "ana")
    sealed = desk.send(at, desk.see(at), do="release", seal="page")
    assert sealed.status == 200
    assert open_here(ran).lines[-1].by == "ana"
    saved = desk.ask("GET", f"{AT}/sealed")
    assert saved.text == (bag_of(ran).parent / "DSR-17.html").read_text()
    assert saved.headers["Content-Disposition"] == 'attachment; filename="DSR-17.html"'


def test_who_signs_out_is_out(empty):
    """The cookie opens nothing any more, and the page asks who comes next."""
    added(empty, ana="review")
    enter(empty, "ana")
    left = empty.ask("POST", "/leave", f"token={TOKEN.findall(empty.see('/'))[-1]}")
    assert (left.status, "You are signed out." in left.text, 'name="passphrase"' in left.text) == (200, True, True)
    assert empty.ask("GET", "/").status == 403


def test_behind_a_proxy_people_sign_in_over_tls_only(serve, tmp_path):
    """Host and Origin are the proxy's, exactly; the cookie travels encrypted only."""
    portal = serve(tmp_path, parse_origin(PROXY))
    added(portal, ana="review")
    body = urlencode({"name": "ana", "passphrase": f"{WORDS} ana"})
    own = portal.host
    for host, origin in (
        (own, PROXY),
        (own, f"http://{own}"),
        ("dsr.acme.example", "http://dsr.acme.example"),
        ("dsr.acme.example", f"{PROXY}.evil.example"),
    ):
        assert portal.ask("POST", "/signin", body, Host=host, Origin=origin).status == 403
    answer = portal.ask("POST", "/signin", body, Host="dsr.acme.example", Origin=PROXY)
    assert answer.status == 303
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert answer.headers["Set-Cookie"].startswith("__Host-habeas=")


def test_the_portal_says_where_people_sign_in(tmp_path):
    """No link is printed any more, as it opens nothing."""
    add_user(tmp_path, "ana", "review", WORDS, SALT)
    with subprocess.Popen([*HABEAS, "portal"], env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while "/signin" not in said:
            said += process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=60)[0]
    assert (process.returncode, "/enter/" in said) == (0, False)
