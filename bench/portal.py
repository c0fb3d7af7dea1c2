"""What looking costs in the portal: `python -m bench.portal`, a case of 100,000 invented calls. Bounded, 127.0.0.1 only.

The portal runs in a process of its own, so that its memory is the engine's alone; Chromium is Debian's (chromium, chromium-driver).
"""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from bench.case import make_case
from bench.findings import RECORDS, people
from engine.case.deciding import look_through
from engine.cli.formatting import table

AT = "/case/DSR-17"
KIND = f"{AT}/zoom/phone_call_logs"
TIMES = 11
CLIENTS, EACH = 10, 40
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900")
TOOK = "return performance.getEntriesByType('navigation')[0].duration"


def case(home: Path) -> None:
    """Make the case: its records, its log, its findings."""
    name, address, _ = people()[1]
    look_through(make_case(home, address, name), home, datetime.now(UTC)).findings.__exit__()


@contextmanager
def portal(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the case; gives the process and the link."""
    command = [sys.executable, "-u", "-m", "engine", "portal", "--port", "0"]
    with subprocess.Popen(command, env={**os.environ, "HABEAS_HOME": str(home)}, stdout=subprocess.PIPE, text=True) as up:
        try:
            yield up, next(line.strip() for line in up.stdout or () if "/enter/" in line)
        finally:
            up.terminate()


def memory(up: subprocess.Popen[str], name: str) -> float:
    """Give what a process takes, in MB."""
    told = Path(f"/proc/{up.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", told)[1]) / 1024


def spent(up: subprocess.Popen[str]) -> float:
    """Give the CPU that a process used, in seconds."""
    told = Path(f"/proc/{up.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def in_chromium(link: str) -> tuple[str, dict[str, float]]:
    """Open pages, each several times, from the request to the end of loading; the median, in milliseconds. Gives the cookie too."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for switch in SWITCHES:
        options.add_argument(switch)
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        browser.get(link)
        at = link.partition("/enter/")[0]
        pages = {
            "first": f"{KIND}?p=1",
            "last": f"{KIND}?p=2000",
            "record": f"{KIND}/99950",
            "values": f"{AT}/values",
            "kinds": f"{AT}/zoom",
        }
        took = {name: statistics.median(_opened(browser, at + path) for _ in range(TIMES)) for name, path in pages.items()}
        (cookie,) = browser.get_cookies()
        return f"{cookie['name']}={cookie['value']}", took
    finally:
        browser.quit()


def _opened(browser: webdriver.Chrome, address: str) -> float:
    browser.get(address)
    assert "Calls" in browser.page_source or "Values to decide" in browser.page_source
    return float(browser.execute_script(TOOK))


def at_once(link: str, cookie: str) -> dict[str, float]:
    """Let ten clients ask pages by turns, one question after another each; milliseconds."""
    host = urlsplit(link).netloc
    paths: list[Callable[[random.Random], str]] = [
        lambda dice: f"{KIND}?p={dice.randrange(1, 2001)}",
        lambda dice: f"{KIND}/{dice.randrange(1, RECORDS)}",
        lambda dice: f"{AT}/values?p={dice.randrange(1, 100)}",
        lambda _: f"{AT}/records",
    ]

    def client(number: int) -> list[float]:
        dice, took = random.Random(number), []
        line = HTTPConnection(host, timeout=60)
        for turn in range(EACH):
            begun = time.perf_counter()
            line.request("GET", paths[(turn + number) % len(paths)](dice), headers={"Cookie": cookie})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200
            took.append(1000 * (time.perf_counter() - begun))
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        every = sorted(one for took in pool.map(client, range(CLIENTS)) for one in took)
    return {"p50": every[len(every) // 2], "p99": every[int(len(every) * 0.99)]}


def search(link: str, cookie: str, words: str) -> float:
    """Search all records for what stands in none of them; milliseconds."""
    host, headers = urlsplit(link).netloc, {"Cookie": cookie}
    line = HTTPConnection(host, timeout=60)
    line.request("GET", f"{AT}/search", headers=headers)
    token = re.search(r'name="token" value="([^"]+)"', line.getresponse().read().decode())[1]
    begun = time.perf_counter()
    form = {**headers, "Origin": f"http://{host}", "Content-Type": "application/x-www-form-urlencoded"}
    line.request("POST", f"{AT}/search", urlencode({"token": token, "q": words}), form)
    assert "stands in no record" in line.getresponse().read().decode()
    return 1000 * (time.perf_counter() - begun)


def measured(home: Path) -> list[tuple[str, str, str]]:
    """Measure everything."""
    with portal(home) as (up, link):
        cookie, took = in_chromium(link)
        opened = memory(up, "VmRSS")
        before = spent(up)
        many = at_once(link, cookie)
        cpu = 1000 * (spent(up) - before) / (CLIENTS * EACH)
        busy = memory(up, "VmHWM")
        found = search(link, cookie, "nobody has written this")
    return [
        _row(f"first 50 of {RECORDS:,} records, Chromium", took["first"], 200),
        _row("last 50 of them, Chromium", took["last"], 200),
        _row("one record of 59 fields, Chromium", took["record"], 200),
        _row("`values`, Chromium", took["values"], 300),
        ("kinds of record, Chromium", f"{took['kinds']:.0f} ms", ""),
        ("ten clients at once, median", f"{many['p50']:.0f} ms", ""),
        _row("ten clients at once, p99", many["p99"], 500),
        ("CPU of the server for one of their pages", f"{cpu:.0f} ms", ""),
        ("server, after the pages above", f"{opened:.0f} MB", ""),
        _row("server, at most, with ten clients", busy, 90, "MB"),
        ("search of all records for what is not there", f"{found:.0f} ms", ""),
    ]


def _row(what: str, value: float, budget: float, unit: str = "ms") -> tuple[str, str, str]:
    return what, f"{value:.0f} {unit}", f"<= {budget:.0f} {unit}  {'ok' if value <= budget else 'OVER'}"


def main(kept: str | None) -> int:
    """Print the table; a folder that is named keeps the case for the next time."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(kept or name)
        if not (home / "cases").exists():
            subprocess.run(
                [sys.executable, "-m", "bench.portal", "case", str(home)], env={**os.environ, "HABEAS_HOME": str(home)}, check=True
            )
        rows = measured(home)
    print(table(("what", "measured", "budget"), rows))
    return 1 if any("OVER" in row[-1] for row in rows) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["case"]:
        case(Path(sys.argv[2]))
    else:
        sys.exit(main(*sys.argv[1:2] or [None]))
