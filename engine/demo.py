"""`make demo`: a simulated Zoom in a process of its own; connect, verify, run, answer a request with a package, ask for a deletion.

Each step is the command that a person would type; a program presses Allow in the browser's place.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OUT = Path(".demo")
CASE = OUT / "state" / "cases" / "DEMO-1"
HABEAS = (sys.executable, "-m", "engine")
PORT = 8917
OFFICE = """\
controller: Kvarnholm AB (invented), Example Street 4, Stockholm
contact: privacy@example.com
signature: Signe Aalto
authority: the data protection authority of your country
"""
CONTACTS = "owners: {zoom: {to: it@kvarnholm.example}}\n"  # who runs the account in the house, since Zoom has no API that deletes


def main() -> int:
    """Run the demo; gives 0, or the exit code of the first command that fails."""
    shutil.rmtree(OUT, ignore_errors=True)
    with subprocess.Popen([*HABEAS, "simulate", "zoom", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout is not None
            line = simulator.stdout.readline()
            return the_whole_way(json.loads(line)) if line else simulator.wait()
        finally:
            simulator.terminate()


def the_whole_way(up: Mapping[str, Any]) -> int:
    """Connect, verify, fetch once; then a case of the same person, from its opening to a released package, and one about deletion."""
    at = ["--at", up["address"]]
    habeas = Demo(up)
    print(f"A simulated Zoom listens on {up['address']}, in a process of its own. Connections are kept in {OUT / 'state'}.", flush=True)
    for words in (
        ["connect", "zoom", *at, *redirect()],
        ["verify", "zoom", *at],
        ["run", "zoom", *at, "--email", up["people"][0], "--out", str(OUT), "--ref", "DEMO-1"],
        ["case", "new", "DEMO-1", "--vendor", "zoom", "--simulated"],
        ["case", "run", "DEMO-1", "--files", "--at", f"zoom={up['address']}"],
        ["case", "identified", "DEMO-1", "--how", "asked from the address that we hold"],
        ["review", "list", "DEMO-1", "--most", "8"],
    ):
        code = habeas(*words)
        if code and words[0] != "review":  # 3: values wait for a decision, as they should
            return code
    (OUT / "state" / "office.yaml").write_text(OFFICE, "utf-8")
    for words in (*habeas.decisions(), ["package", "build", "DEMO-1"], ["package", "approve", "DEMO-1"], ["package", "release", "DEMO-1"]):
        code = habeas(*words)
        if code:
            return code
    bag = CASE / "releases" / "1" / "DEMO-1"
    print(f"\nTo open it: {bag / 'index.html'}, or {bag}.html with the passphrase, in any browser.")
    print(f"To check it: habeas package verify {bag}, or without Habeas as its README.txt says.")
    return the_deletion(habeas)


def the_deletion(habeas: Demo) -> int:
    """Ask whoever answers for Zoom to delete the same person's data, and show the mail that is to be sent."""
    (OUT / "state" / "contacts.yaml").write_text(CONTACTS, "utf-8")
    for words in (
        ["case", "new", "DEMO-2", "--right", "deletion", "--vendor", "zoom", "--simulated"],
        ["case", "identified", "DEMO-2", "--how", "asked from the address that we hold"],
        ["contact", "send", "DEMO-2", "zoom", "deletion"],
    ):
        code = habeas(*words)
        if code:
            return code
    (mail,) = (OUT / "state" / "cases" / "DEMO-2" / "mails").iterdir()
    print(f"\n{mail.read_text('utf-8')}")
    print("To go on when an answer came: habeas contact answer DEMO-2 zoom deleted, then habeas case conclude DEMO-2 writes the letter.")
    print(f"To go on with these cases: export HABEAS_HOME={OUT / 'state'} PATH={Path(sys.executable).parent}:$PATH", flush=True)
    return 0


class Demo:
    """Runs commands as a person would type them, and shows what was typed."""

    def __init__(self, up: Mapping[str, Any]) -> None:
        """Take where the simulated Zoom is, and its people; the first one asks."""
        self._person = f"email: {up['people'][0]}\n"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")} | {
            "HABEAS_HOME": str(OUT / "state"),
            "HABEAS_ZOOM_CLIENT_ID": up["client_id"],
            "HABEAS_ZOOM_CLIENT_SECRET": up["client_secret"],
            "BROWSER": f"{shlex.quote(sys.executable)} -m engine.simulate.browser %s",
        }

    def __call__(self, *words: str) -> int:
        """Run a command; gives its exit code."""
        print(f"\n$ habeas {shlex.join(words)}\n", flush=True)
        person = self._person if words[:2] == ("case", "new") else None
        return subprocess.run([*HABEAS, *words], env=self._environment, input=person, text=True, check=False).returncode

    def decisions(self) -> list[list[str]]:
        """Give what a reviewer might decide: a person that is met is named by a number, what is left is known to whoever asks."""
        listed = [*HABEAS, "review", "list", "DEMO-1", "--json", "--most", "1000"]
        rows = json.loads(subprocess.run(listed, env=self._environment, capture_output=True, check=False).stdout)["rows"]
        values = (value for row in rows if row["undecided"] for value in row["values"])
        met = next(value["value"] for value in values if value["shown"].replace(" ", "").isalpha() and " " in value["shown"])
        return [["review", "alias", "DEMO-1", f"value:{met[:8]}"], ["review", "give", "DEMO-1", "undecided"]]


def redirect() -> list[str]:
    """Give `--redirect-uri` with a free port where the usual one is taken: on loopback with PKCE any will do (RFC 8252)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            with socket.socket() as other:
                other.bind(("127.0.0.1", 0))
                return ["--redirect-uri", f"http://127.0.0.1:{other.getsockname()[1]}/callback"]
    return []


if __name__ == "__main__":
    sys.exit(main())
