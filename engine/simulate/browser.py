"""Stand in for a browser and a person: open the simulator's consent page, press Allow, follow the redirect.

For demos and tests: BROWSER="python -m engine.simulate.browser %s" habeas connect zoom --at http://127.0.0.1:8900
"""

from __future__ import annotations

import re
import sys
import urllib.error
import urllib.parse
import urllib.request

SECONDS = 60.0


def allow(url: str) -> str:
    """Give consent; gives the title of the page that the browser ends at. Raises OSError where a page cannot be opened."""
    consent = urllib.parse.urlencode({"consent": "allow"}).encode()
    with urllib.request.urlopen(url, timeout=SECONDS) as page:  # noqa: S310  a simulator's address
        form = 'method="post"' in page.read().decode()
    if not form:
        return "no consent was asked for"
    try:
        page = urllib.request.urlopen(url, consent, timeout=SECONDS)  # noqa: S310
    except urllib.error.HTTPError as refused:
        page = refused
    with page:
        title = re.search(r"<title>(.*?)</title>", page.read().decode())
    return title[1] if title else ""


def main() -> int:
    """Open the last argument, an address on this machine; gives 0 where it ends connected."""
    url = sys.argv[-1]
    if urllib.parse.urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        print("only a simulator on this machine is given consent", file=sys.stderr)
        return 2
    try:
        return 0 if allow(url) == "Connected" else 1
    except (urllib.error.URLError, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
