"""The portal is killed at any moment: no act that was answered is lost, the log holds, and no session outlives it."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

import pytest

from engine.case.acts import Identified
from engine.case.log import checked
from tests.case.package_kit import open_here
from tests.case.test_commands import home_of
from tests.moments import few
from tests.portal.served import TOKEN
from tests.process import HABEAS, environment

AT = "/case/DSR-17"
LINK = re.compile(r"http://\S+/enter/\S+")


@contextmanager
def portal(home) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a portal of its own; gives it and its link."""
    with subprocess.Popen(
        [*HABEAS, "portal"], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        said = ""
        while (link := LINK.search(said)) is None:
            assert process.stdout is not None
            assert process.poll() is None
            said += process.stdout.readline()
        try:
            yield process, link[0]
        finally:
            process.kill()


def asked(link: str, method: str, path: str, body: str | None = None, cookie: str = "") -> tuple[int, str, str]:
    """Ask the portal something; gives the status, the text and the cookie that was set."""
    place = urlsplit(link)
    line = HTTPConnection(str(place.hostname), place.port, timeout=60)
    told = {"Origin": f"http://{place.netloc}", "Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    try:
        line.request(method, path, body, {**told, **({"Cookie": cookie} if cookie else {})})
        answer = line.getresponse()
        return answer.status, answer.read().decode(), (answer.headers["Set-Cookie"] or "").partition(";")[0]
    finally:
        line.close()


@pytest.mark.parametrize("moment", few(range(20), 1, 7))
def test_no_act_that_was_answered_is_lost(ran, moment):
    """Acts are sent one after the other; a killed portal leaves all that were answered, at most one more, and a log that holds."""
    home, answered = home_of(ran), 0
    before = open_here(ran).case.n
    with portal(home) as (process, link):
        _, _, cookie = asked(link, "GET", urlsplit(link).path)
        token = TOKEN.findall(asked(link, "GET", AT, None, cookie)[1])[-1]
        with suppress(OSError, HTTPException):
            for number in range(moment + 2):
                form = {"token": token, "n": before + number, "do": "identified", "why": f"evidence {number}"}
                if number == moment:
                    _killed_while(process, link, form, cookie)
                assert asked(link, "POST", AT, urlencode(form), cookie)[0] == 303
                answered += 1
        assert process.wait(60) == -signal.SIGKILL
    log, faults = checked(open_here(ran).folder)
    assert (faults, log is not None) == ([], True)
    acts = [line.act for line in open_here(ran).lines[before:]]
    assert acts == [Identified(how=f"evidence {number}") for number in range(len(acts))]
    assert answered <= len(acts) <= answered + 1
    with portal(home) as (_, link):
        assert asked(link, "GET", AT, None, cookie)[0] == 403
        _, _, fresh = asked(link, "GET", urlsplit(link).path)
        assert asked(link, "GET", AT, None, fresh)[0] == 200


def _killed_while(process: subprocess.Popen[str], link: str, form: dict[str, object], cookie: str) -> None:
    """Send a form and kill the portal before anybody reads the answer."""
    place = urlsplit(link)
    line = HTTPConnection(str(place.hostname), place.port, timeout=60)
    told = {"Origin": f"http://{place.netloc}", "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    line.request("POST", AT, urlencode(form), told)
    process.kill()
    with suppress(OSError, HTTPException):
        line.getresponse()
    line.close()
